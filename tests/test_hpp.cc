// test_hpp.cc - weft.hpp: references, guards, conversions, containers, exceptions, in both flavours.
#include "weft/weft.hpp"

#include <cstring>
#include <thread>

#include "harness.h"

namespace {

// Live objects of the runtime.
std::int64_t live(weft_thread *self)
{
    std::int64_t count = 0;
    CHECK_INT(weft_world_stop(self), WEFT_OK);
    CHECK_INT(weft_heap_walk(
                  self,
                  [](weft_object *, void *arg) {
                      ++*static_cast<std::int64_t *>(arg);
                      return 0;
                  },
                  &count),
              0);
    CHECK_INT(weft_world_start(self), WEFT_OK);
    return count;
}

// The call throws a weft::error with this status and `part` in its message.
template <class Call> void check_throws(Call call, weft_status status, const char *part)
{
    try {
        call();
        test_check(false, "it throws", __FILE__, __LINE__);
    } catch (const weft::error &e) {
        CHECK_INT(e.status(), status);
        if (!CHECK(std::strstr(e.what(), part) != nullptr))
            CHECK_STR(e.what(), part);
        CHECK_INT(weft_error_status(), WEFT_OK);
    }
}

} // namespace

TEST_CASE(hpp, references are counted as they are copied and moved and dropped)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        weft::ref a = weft::make(self, 1000);
        weft_object *o = a.get();
        CHECK_INT(weft_refcount(self, o), 1);
        weft::ref b = a, c;
        CHECK(b.is(a) && !c && c.get() == nullptr);
        CHECK_INT(weft_refcount(self, o), 2);
        c = b;
        CHECK_INT(weft_refcount(self, o), 3);
        weft::ref d = std::move(b);
        CHECK(!b && d.is(a)); // NOLINT: what a moved one is
        CHECK_INT(weft_refcount(self, o), 3);
        c = std::move(d);
        CHECK_INT(weft_refcount(self, o), 2);
        weft::ref &same = c;
        c = same;
        CHECK_INT(weft_refcount(self, o), 2);
        c.reset();
        CHECK(!c);
        CHECK_INT(weft_refcount(self, o), 1);
        weft_object *raw = a.release();
        CHECK(!a && raw == o);
        a = weft::ref::borrow(self, raw);
        CHECK_INT(weft_refcount(self, o), 2);
        weft_decref(self, raw);
        std::vector<weft::ref> many(100, a);
        CHECK_INT(weft_refcount(self, o), 101);
    }
    CHECK_INT(live(self), 0);
}

TEST_CASE(hpp, values are converted to objects and back)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        CHECK_INT(weft::make(self, 5).as<int>(), 5);
        CHECK_INT(weft::make(self, std::int64_t{INT64_MIN}).as<std::int64_t>(), INT64_MIN);
        CHECK(weft::make(self, UINT32_MAX).as<unsigned>() == UINT32_MAX);
        CHECK(weft::make(self, std::uint64_t{INT64_MAX}).as<std::uint64_t>() == INT64_MAX);
        CHECK(weft::make(self, 0.1).as<double>() == 0.1);
        CHECK(weft::make(self, 7).as<double>() == 7.0);
        CHECK(weft::make(self, true).as<bool>() && !weft::make(self, false).as<bool>());
        CHECK(weft::make(self, nullptr).is_none() && weft::none(self).is_none());
        const weft::ref text = weft::make(self, "gr\xC3\xB6\xC3\x9F"
                                                "er");
        CHECK(text.as<std::string_view>() == "gr\xC3\xB6\xC3\x9F"
                                             "er");
        CHECK(weft::make(self, std::string(3, '\0')).as<std::string>() == std::string(3, '\0'));
        CHECK(weft::make(self, std::string_view()).as<std::string>().empty());
        const weft::ref numbers = weft::make(self, std::vector<int>{1, 2, 3});
        CHECK(weft_is_list(numbers.get()));
        CHECK((numbers.as<std::vector<int>>() == std::vector<int>{1, 2, 3}));
        CHECK((weft::tuple(self, {4, 5}).as<std::vector<double>>() == std::vector<double>{4, 5}));
        const weft::ref nested = weft::make(self, std::vector<std::vector<std::string>>{{"a"}, {}});
        CHECK_STR(nested.repr().c_str(), "[['a'], []]");
        CHECK(text.as<weft::ref>().is(text));
    }
    CHECK_INT(live(self), 0);
}

TEST_CASE(hpp, what fails throws its status and message)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        const weft::ref number = weft::make(self, 1000), empty;
        check_throws([&] { (void)number.as<std::string>(); }, WEFT_ERROR_TYPE, "str expected, got int");
        check_throws([&] { (void)number.as<bool>(); }, WEFT_ERROR_TYPE, "bool expected");
        check_throws([&] { (void)number.as<signed char>(); }, WEFT_ERROR_OVERFLOW, "does not fit");
        check_throws([&] { (void)weft::make(self, -1).as<unsigned>(); }, WEFT_ERROR_OVERFLOW, "does not fit");
        check_throws([&] { (void)weft::make(self, -1).as<std::uint64_t>(); }, WEFT_ERROR_OVERFLOW, "does not fit");
        check_throws([&] { (void)weft::make(self, UINT64_MAX); }, WEFT_ERROR_OVERFLOW, "does not fit");
        check_throws([&] { (void)weft::make(self, "\xFF"); }, WEFT_ERROR_VALUE, "malformed UTF-8");
        check_throws([&] { (void)weft::make(self, empty); }, WEFT_ERROR_VALUE, "empty");
        check_throws([&] { (void)empty.repr(); }, WEFT_ERROR_VALUE, "empty");
        check_throws([&] { (void)weft::list(number); }, WEFT_ERROR_TYPE, "list expected, got int");
        check_throws([&] { (void)weft::tuple(number); }, WEFT_ERROR_TYPE, "tuple expected");
        check_throws([&] { (void)weft::dict(number); }, WEFT_ERROR_TYPE, "dict expected");
        check_throws([&] { (void)weft::cell(number); }, WEFT_ERROR_TYPE, "cell expected");
        check_throws([&] { (void)weft::list(self, {1, 2})[2]; }, WEFT_ERROR_INDEX, "");
        check_throws([&] { (void)weft::list(self).pop(); }, WEFT_ERROR_INDEX, "");
        check_throws([&] { (void)weft::dict(self)["key"]; }, WEFT_ERROR_KEY, "not there");
        check_throws([&] { (void)weft::dict(self)[weft::list(self)]; }, WEFT_ERROR_TYPE, "not hashable");
        check_throws([&] { weft::thread again(runtime); }, WEFT_ERROR_THREAD, "");
        check_throws([&] { (void)weft::ref::take(self, weft_weak_new(self, nullptr, nullptr, nullptr)); },
                     WEFT_ERROR_VALUE, "NULL");
    }
    CHECK_INT(live(self), 0);
}

TEST_CASE(hpp, running out of memory in the middle leaves nothing)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    int done = 0, failures = 0; // a few allocations may fail without the caller being told
    for (std::uint64_t n = 1; done < 4 && n < 100; n++) {
        CHECK_INT(weft_fail_allocation(self, n, false), WEFT_OK);
        try {
            const weft::list l(self, {1000, 2.5, "three", weft::tuple(self, {4000, "five"})});
            const weft::dict d(self, {{"key", l}, {"other", 1000}});
            (void)d.repr();
            done++;
        } catch (const weft::error &e) {
            CHECK_INT(e.status(), WEFT_ERROR_MEMORY);
            failures++;
        }
        CHECK_INT(weft_fail_allocation(self, 0, false), WEFT_OK);
        CHECK_INT(live(self), 0);
    }
    CHECK(done == 4 && failures > 10);
}

TEST_CASE(hpp, lists and tuples and dicts are used and iterated)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        weft::list l(self, {1, 2.5, "three", nullptr, true});
        CHECK_STR(l.repr().c_str(), "[1, 2.5, 'three', none, true]");
        CHECK_INT(weft::list(self, {5}).size(), 1);
        CHECK_INT(weft::list(self, {}).size(), 0);
        l.append(weft::tuple(self, {7}));
        l.set(0, "one");
        l.insert(1, l[0]);
        CHECK_STR(l.pop().repr().c_str(), "(7,)");
        CHECK_STR(l.pop(0).repr().c_str(), "'one'");
        CHECK_INT(l.size(), 5);
        std::string all;
        for (const weft::ref &item : l)
            all += item.repr() + ";";
        CHECK_STR(all.c_str(), "'one';2.5;'three';none;true;");
        int seen = 0;
        for (weft::ref item : l) { // what is appended meanwhile is seen, what is removed is not
            if (seen++ == 0)
                l.append(item);
            else
                l.clear();
        }
        CHECK_INT(seen, 2);
        const weft::tuple t(self, {1, "two"});
        CHECK_INT(t.size(), 2);
        CHECK_STR(t[1].repr().c_str(), "'two'");
        all.clear();
        for (weft::ref item : t)
            all += item.repr() + ";";
        CHECK_STR(all.c_str(), "1;'two';");
        weft::dict d(self, {{"a", 1}, {2, "b"}});
        d.set(t, l);
        CHECK_INT(d.size(), 3);
        CHECK_INT(d["a"].as<int>(), 1);
        CHECK(d[t].is(l));
        CHECK(!d.find("b") && d.contains(2) && !d.contains(2.5));
        CHECK_INT(d.set_default("a", 5).as<int>(), 1);
        CHECK_INT(d.set_default("b", 5).as<int>(), 5);
        CHECK_INT(d.pop("b").as<int>(), 5);
        CHECK(!d.pop("b"));
        all.clear();
        for (const auto &[key, item] : d)
            all += key.repr() + "=" + item.repr() + ";";
        CHECK_STR(all.c_str(), "'a'=1;2='b';(1, 'two')=[];");
        d.clear();
        CHECK_INT(d.size(), 0);
        const weft::set set(self, {1, "two", 1});
        CHECK_INT(set.size(), 2);
        CHECK(set.contains("two") && !set.contains(2) && set.add(3) && !set.add(3) && set.remove(1) && !set.remove(1));
        all.clear();
        for (weft::ref item : set)
            all += item.repr() + ";";
        CHECK_STR(all.c_str(), "'two';3;");
        check_throws([&] { (void)weft::set(t); }, WEFT_ERROR_TYPE, "set");
        all.clear();
        for (weft::ref item : weft::each(weft::make(self, "abc")))
            all += item.as<std::string>() + ";";
        CHECK_STR(all.c_str(), "a;b;c;");
        check_throws([&] { (void)weft::each(weft::make(self, 5)); }, WEFT_ERROR_TYPE, "");
        check_throws(
            [&] {
                for (weft::ref item : weft::each(set))
                    set.clear();
            },
            WEFT_ERROR_BUSY, "");
    }
    CHECK_INT(live(self), 0);
}

TEST_CASE(hpp, objects are compared and hashed and copied)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        const weft::list a(self, {1, weft::list(self, {2})}), b(a.copy()), c(a.deep_copy());
        CHECK(a.equals(b) && a.equals(c) && !a.is(b));
        CHECK(a[1].is(b[1]) && !a[1].is(c[1]));
        CHECK(weft::make(self, 1).compare(weft::make(self, 2)) < 0);
        CHECK(weft::make(self, "x").hash() == weft::make(self, "x").hash());
        check_throws([&] { (void)a.hash(); }, WEFT_ERROR_TYPE, "not hashable");
        weft::cell cell(self, 5);
        CHECK_INT(cell.load().as<int>(), 5);
        cell.store("six");
        const weft::ref six = cell.exchange(7);
        CHECK_STR(six.repr().c_str(), "'six'");
        CHECK(!cell.compare_exchange(six, weft::ref()) && cell.compare_exchange(cell.load(), weft::ref()));
        check_throws([&] { (void)cell.load(); }, WEFT_ERROR_KEY, "empty");
        const weft::ref thing = weft::ref::take(self, weft_instance_new(self, weft_open_type(self, "Thing")));
        thing.set_attribute("x", 1000);
        CHECK_INT(thing.attribute("x").as<int>(), 1000);
        check_throws([&] { (void)thing.attribute("y"); }, WEFT_ERROR_KEY, "no attribute y");
    }
    CHECK_INT(live(self), 0);
}

// ---- functions --------------------------------------------------------------------------------------------------

static weft::ref add(weft_thread *self, const weft::tuple &bound, const weft::tuple &arguments)
{
    return weft::make(self, bound[0].as<int>() + arguments[0].as<int>());
}

static weft::ref misbehave(weft_thread *, const weft::tuple &, const weft::tuple &arguments)
{
    switch (arguments[0].as<int>()) {
    case 0:
        throw std::bad_alloc();
    case 1:
        throw std::runtime_error("of my own");
    case 2:
        throw 5;
    default:
        return {};
    }
}

TEST_CASE(hpp, a function in C++ is called and what it throws arrives)
{
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        const weft::ref plus = weft::make_closure<add>(self, "add", {1000}),
                        bad = weft::make_closure<misbehave>(self, "bad");
        CHECK_STR(plus.repr().c_str(), "<closure add>");
        CHECK_INT(plus(5).as<int>(), 1005);
        check_throws([&] { (void)plus("five"); }, WEFT_ERROR_TYPE, "int expected, got str");
        check_throws([&] { (void)plus(); }, WEFT_ERROR_INDEX, "");
        check_throws([&] { (void)bad(0); }, WEFT_ERROR_MEMORY, "out of memory");
        check_throws([&] { (void)bad(1); }, WEFT_ERROR_USER, "of my own");
        check_throws([&] { (void)bad(2); }, WEFT_ERROR_USER, "unknown type");
        CHECK(bad(3).is_none());
        check_throws([&] { (void)weft::make(self, 5)(); }, WEFT_ERROR_TYPE, "cannot be called");
    }
    CHECK_INT(live(self), 0);
}

// ---- threads ----------------------------------------------------------------------------------------------------

TEST_CASE(hpp, a reference may be dropped anywhere)
{
    weft::runtime runtime;
    weft::runtime other;
    weft::thread self(runtime);
    weft::ref moved = weft::list(self, {1000});
    {
        weft::thread inner(other); // the innermost membership is of another runtime
        weft::ref foreign = weft::make(inner, 2000), local = weft::make(self, 3000);
        const weft::ref copy = local;
        CHECK_INT(weft_refcount(self, local.get()), 2);
        weft::thread nested(static_cast<weft_thread *>(self));
        CHECK_PTR(foreign.self(), inner.get());
        CHECK_PTR(local.self(), self.get());
        foreign.reset();
        CHECK_INT(live(inner), 0);
    }
    {
        weft::blocking away(self);
        moved.reset(); // in a blocking region
        check_throws([&] { (void)weft::make(self, 1000); }, WEFT_ERROR_THREAD, "");
    }
    CHECK_INT(live(self), 0);
    moved = weft::list(self, {1000});
    {
        std::thread never_attached([held = std::move(moved)]() mutable {
            check_throws([&] { const weft::ref copy = held; }, WEFT_ERROR_THREAD, "not attached");
            held.reset();
        });
        weft::blocking away(self);
        never_attached.join();
    }
    self.safepoint();
    CHECK_INT(live(self), 0);
    check_throws(
        [&] {
            weft::ref held = weft::make(self, 1000);
            weft::blocking away(self);
            const weft::ref copy = held;
        },
        WEFT_ERROR_THREAD, "blocking region");
    CHECK_INT(live(self), 0);
}

TEST_CASE(stress_hpp, threads share containers and locks)
{
    const int rounds = test_scale(5000);
    weft::runtime runtime;
    weft::thread self(runtime);
    {
        const weft::list shared(self), pair(self);
        const weft::cell total(self, 0);
        weft::mutex mutex;
        std::int64_t plain = 0;
        std::vector<std::thread> threads;
        {
            weft::blocking away(self);
            for (int i = 0; i < 4; i++)
                threads.emplace_back([&] {
                    weft::thread here(runtime);
                    for (int k = 0; k < rounds; k++, here.safepoint()) {
                        shared.append(k);
                        {
                            const weft::mutex::guard held(here, mutex);
                            plain++;
                        }
                        {
                            const weft::critical_section both(total, pair);
                            total.store(total.load().as<int>() + 1);
                        }
                    }
                });
            for (std::thread &t : threads)
                t.join();
        }
        CHECK_INT(shared.size(), 4 * rounds);
        CHECK_INT(plain, 4 * rounds);
        CHECK_INT(total.load().as<int>(), 4 * rounds);
        CHECK(mutex.try_lock());
        CHECK(!mutex.try_lock());
        mutex.unlock();
        const weft::lock_guard locked(pair);
    }
    self.safepoint();
    CHECK_INT(live(self), 0);
}
