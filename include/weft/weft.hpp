// weft.hpp - Weft for C++17: references that cannot leak, guards, exceptions, range-for. Header only.
//
//     weft::runtime runtime;
//     weft::thread self(runtime);
//     weft::list numbers(self, {1, 2.5, "three"});
//     for (weft::ref item : numbers)
//         std::cout << item.repr() << '\n';
//
// A weft::ref owns one reference. It may be copied, moved, returned, stored in any container and destroyed on any OS thread:
// it finds the calling thread's membership in its object's runtime, and if there is none (the thread was never attached, or no
// longer is) attaches for as long as it takes. Everything else must be called by an attached thread, as in C.
// Whatever fails throws weft::error. The C functions are there as ever: ref::get() and thread::get() give what they take.
//
// The runtime must outlive every ref and every attached thread.
#ifndef WEFT_HPP
#define WEFT_HPP

#include "weft/weft.h"

#include <initializer_list>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

// ---- errors -----------------------------------------------------------------------------------------------------

/// A call that failed: its status, and its message as what().
class error : public std::runtime_error {
public:
    error(weft_status status, const std::string &message) : std::runtime_error(message), status_(status) {}

    weft_status status() const noexcept
    {
        return status_;
    }

private:
    weft_status status_;
};

/// Throws the calling OS thread's last error, and clears it.
[[noreturn]] inline void throw_last()
{
    const error e(weft_error_status(), weft_error_message());
    weft_error_clear();
    throw e;
}

/// The result of a C function that gives a negative weft_status when it fails.
template <class Number> Number check(Number result)
{
    if (result < 0)
        throw_last();
    return result;
}

inline void check(weft_status status)
{
    if (status != WEFT_OK)
        throw_last();
}

// ---- runtimes and threads ---------------------------------------------------------------------------------------

/// Owns a runtime; frees it unless a thread is still attached.
class runtime {
public:
    explicit runtime(const weft_config *config = nullptr) : runtime_(weft_runtime_new(config))
    {
        if (!runtime_)
            throw_last();
    }

    runtime(runtime &&other) noexcept : runtime_(std::exchange(other.runtime_, nullptr)) {}

    runtime &operator=(runtime &&other) noexcept
    {
        std::swap(runtime_, other.runtime_);
        return *this;
    }

    ~runtime()
    {
        if (runtime_)
            (void)weft_runtime_free(runtime_);
    }

    weft_runtime *get() const noexcept
    {
        return runtime_;
    }

private:
    weft_runtime *runtime_;
};

namespace detail {

/// What weft.hpp knows of the calling OS thread: where it was attached last, and whether it is in a blocking region.
struct membership {
    weft_thread *self;
    membership *outer;
    bool blocked;
};

inline thread_local membership *innermost = nullptr;

inline membership *find(const weft_runtime *runtime) noexcept
{
    membership *m = innermost;
    while (m && m->self->runtime != runtime)
        m = m->outer;
    return m;
}

/// Gives a reference up from wherever that may be. Never throws.
inline void drop_elsewhere(weft_runtime *runtime, weft_object *object) noexcept
{
    membership *m = find(runtime);
    if (m && m->blocked) {
        (void)weft_block_end(m->self);
        weft_decref(m->self, object);
        (void)weft_block_begin(m->self);
        return;
    }
    if (weft_thread *self = m ? m->self : weft_thread_current(runtime)) {
        weft_decref(self, object);
        return;
    }
    if (weft_thread *self = weft_thread_attach(runtime)) {
        weft_decref(self, object);
        (void)weft_thread_detach(self);
    }
}

inline void drop(weft_runtime *runtime, weft_object *object) noexcept
{
    const membership *m = innermost;
    if (WEFT_LIKELY(m && m->self->runtime == runtime && !m->blocked))
        weft_decref(m->self, object);
    else
        drop_elsewhere(runtime, object);
}

/// The calling OS thread's membership; throws if there is none.
inline weft_thread *self_in(weft_runtime *runtime)
{
    const membership *m = find(runtime);
    weft_thread *self = m ? m->self : weft_thread_current(runtime);
    if (!self)
        throw error(WEFT_ERROR_THREAD, "weft.hpp: the calling thread is not attached to the object's runtime");
    if (m && m->blocked)
        throw error(WEFT_ERROR_THREAD, "weft.hpp: the calling thread is in a blocking region");
    return self;
}

} // namespace detail

/// The calling OS thread is attached to the runtime for as long as this lives. Lives on that thread's stack; several end in
/// reverse order.
class thread {
public:
    explicit thread(const runtime &r) : thread(r.get()) {}

    explicit thread(weft_runtime *r) : owned_(true), membership_{weft_thread_attach(r), detail::innermost, false}
    {
        if (!membership_.self)
            throw_last();
        detail::innermost = &membership_;
    }

    /// Makes use of a membership that is there already, in a function that C code calls; it stays.
    explicit thread(weft_thread *self) noexcept : owned_(false), membership_{self, detail::innermost, false}
    {
        detail::innermost = &membership_;
    }

    thread(const thread &) = delete;
    thread &operator=(const thread &) = delete;

    ~thread()
    {
        detail::innermost = membership_.outer;
        if (owned_)
            (void)weft_thread_detach(membership_.self);
    }

    weft_thread *get() const noexcept
    {
        return membership_.self;
    }

    operator weft_thread *() const noexcept
    {
        return membership_.self;
    }

    /// See weft_safepoint: every loop that may run long calls it.
    void safepoint() const
    {
        weft_safepoint(membership_.self);
    }

private:
    friend class blocking;

    bool owned_;
    detail::membership membership_;
};

/// The thread may block, and is in nobody's way, while this lives. No object may be touched; a ref that is destroyed leaves
/// the region for that.
class blocking {
public:
    explicit blocking(thread &t) : thread_(t)
    {
        check(weft_block_begin(t.get()));
        t.membership_.blocked = true;
    }

    blocking(const blocking &) = delete;
    blocking &operator=(const blocking &) = delete;

    ~blocking()
    {
        thread_.membership_.blocked = false;
        (void)weft_block_end(thread_.get());
    }

private:
    thread &thread_;
};

// ---- references -------------------------------------------------------------------------------------------------

template <class T, class = void> struct converter;

/// Owns one reference to an object, or is empty.
class ref {
public:
    ref() noexcept = default;

    /// Takes over a reference that a C function gave, and throws if that gave NULL.
    static ref take(weft_thread *self, weft_object *object)
    {
        if (!object)
            throw_last();
        return ref(self->runtime, object);
    }

    /// The same, but NULL makes an empty one.
    static ref take_or_empty(weft_thread *self, weft_object *object) noexcept
    {
        return object ? ref(self->runtime, object) : ref();
    }

    /// Another reference to an object that the caller knows to be alive.
    static ref borrow(weft_thread *self, weft_object *object)
    {
        if (!object)
            throw error(WEFT_ERROR_VALUE, "weft::ref::borrow: no object");
        weft_incref(self, object);
        return ref(self->runtime, object);
    }

    ref(const ref &other) : runtime_(other.runtime_), object_(other.object_)
    {
        if (object_)
            weft_incref(detail::self_in(runtime_), object_);
    }

    ref(ref &&other) noexcept : runtime_(other.runtime_), object_(std::exchange(other.object_, nullptr)) {}

    ref &operator=(const ref &other)
    {
        ref copy(other);
        swap(copy);
        return *this;
    }

    ref &operator=(ref &&other) noexcept
    {
        ref moved(std::move(other));
        swap(moved);
        return *this;
    }

    ~ref()
    {
        if (object_)
            detail::drop(runtime_, object_);
    }

    void swap(ref &other) noexcept
    {
        std::swap(runtime_, other.runtime_);
        std::swap(object_, other.object_);
    }

    void reset() noexcept
    {
        ref().swap(*this);
    }

    /// Borrowed: valid as long as this holds it.
    weft_object *get() const noexcept
    {
        return object_;
    }

    /// Gives the reference to the caller; this is empty then.
    [[nodiscard]] weft_object *release() noexcept
    {
        return std::exchange(object_, nullptr);
    }

    explicit operator bool() const noexcept
    {
        return object_ != nullptr;
    }

    /// The calling OS thread's membership in the object's runtime; throws if there is none.
    weft_thread *self() const
    {
        if (!object_)
            throw error(WEFT_ERROR_VALUE, "weft::ref: empty");
        return detail::self_in(runtime_);
    }

    /// The same object?
    bool is(const ref &other) const noexcept
    {
        return object_ == other.object_;
    }

    bool is_none() const noexcept
    {
        return object_ == &weft_none;
    }

    /// weft_equal, weft_compare, weft_hash, weft_repr, weft_copy, weft_deep_copy.
    bool equals(const ref &other) const
    {
        return check(weft_equal(self(), object_, other.object_)) == 1;
    }

    int compare(const ref &other) const
    {
        int order = 0;
        check(weft_compare(self(), object_, other.object_, &order));
        return order;
    }

    std::uint64_t hash() const
    {
        std::uint64_t value = 0;
        check(weft_hash(self(), object_, &value));
        return value;
    }

    std::string repr() const;

    ref copy() const
    {
        weft_thread *s = self();
        return take(s, weft_copy(s, object_));
    }

    ref deep_copy() const
    {
        weft_thread *s = self();
        return take(s, weft_deep_copy(s, object_));
    }

    /// Its value as a C++ type: bool, any integer that it fits, double (from an int too), std::string, std::string_view (as
    /// long as the object lives), std::vector of any of these (of a list or tuple), ref. Throws WEFT_ERROR_TYPE, _OVERFLOW.
    template <class T> T as() const
    {
        return converter<T>::from(*this);
    }

    /// Calls it with these arguments.
    template <class... Arguments> ref operator()(const Arguments &...arguments) const;

    /// Attributes of an open instance; get throws WEFT_ERROR_KEY.
    ref attribute(std::string_view name) const;
    template <class T> void set_attribute(std::string_view name, const T &value) const;

protected:
    ref(weft_runtime *runtime, weft_object *object) noexcept : runtime_(runtime), object_(object) {}

private:
    weft_runtime *runtime_ = nullptr;
    weft_object *object_ = nullptr;
};

// ---- conversions ------------------------------------------------------------------------------------------------
//
// converter<T> has `static ref to(weft_thread *, const T &)` and `static T from(const ref &)`; a program may add its own.

/// A new object with this value.
template <class T> ref make(weft_thread *self, const T &value)
{
    return converter<std::decay_t<T>>::to(self, value);
}

inline ref none(weft_thread *self)
{
    return ref::borrow(self, &weft_none);
}

template <class T> struct converter<T, std::enable_if_t<std::is_base_of_v<ref, T>>> {
    static ref to(weft_thread *, const T &value)
    {
        if (!value)
            throw error(WEFT_ERROR_VALUE, "weft::ref: empty");
        return value;
    }

    static T from(const ref &object)
    {
        return T(object);
    }
};

template <> struct converter<std::nullptr_t> {
    static ref to(weft_thread *self, std::nullptr_t)
    {
        return none(self);
    }
};

template <> struct converter<bool> {
    static ref to(weft_thread *self, bool value)
    {
        return ref::borrow(self, weft_bool(value));
    }

    static bool from(const ref &object)
    {
        if (!object || !weft_is_bool(object.get()))
            throw error(WEFT_ERROR_TYPE, "weft::ref::as: bool expected");
        return object.get() == &weft_true;
    }
};

template <class T> struct converter<T, std::enable_if_t<std::is_integral_v<T>>> {
    static ref to(weft_thread *self, T value)
    {
        if constexpr (std::is_unsigned_v<T> && sizeof(T) >= sizeof(std::int64_t)) {
            if (value > static_cast<T>(std::numeric_limits<std::int64_t>::max()))
                throw error(WEFT_ERROR_OVERFLOW, "weft::make: the integer does not fit in 64 bits with a sign");
        }
        return ref::take(self, weft_int_new(self, static_cast<std::int64_t>(value)));
    }

    static T from(const ref &object)
    {
        std::int64_t value = 0;
        check(weft_int_value(object.self(), object.get(), &value));
        const T result = static_cast<T>(value);
        const bool fits = std::is_unsigned_v<T> ? value >= 0 && static_cast<std::uint64_t>(result) == static_cast<std::uint64_t>(value)
                                                : static_cast<std::int64_t>(result) == value;
        if (!fits)
            throw error(WEFT_ERROR_OVERFLOW, "weft::ref::as: the int does not fit");
        return result;
    }
};

template <class T> struct converter<T, std::enable_if_t<std::is_floating_point_v<T>>> {
    static ref to(weft_thread *self, T value)
    {
        return ref::take(self, weft_float_new(self, static_cast<double>(value)));
    }

    static T from(const ref &object)
    {
        if (object && weft_is_int(object.get()))
            return static_cast<T>(weft_int_get(object.get()));
        double value = 0;
        check(weft_float_value(object.self(), object.get(), &value));
        return static_cast<T>(value);
    }
};

template <> struct converter<std::string_view> {
    static ref to(weft_thread *self, std::string_view value)
    {
        return ref::take(self, weft_str_new(self, value.data() ? value.data() : "", value.size()));
    }

    static std::string_view from(const ref &object)
    {
        std::size_t size = 0;
        const char *text = weft_str_utf8(object.self(), object.get(), &size);
        if (!text)
            throw_last();
        return {text, size};
    }
};

template <> struct converter<std::string> {
    static ref to(weft_thread *self, const std::string &value)
    {
        return converter<std::string_view>::to(self, value);
    }

    static std::string from(const ref &object)
    {
        return std::string(converter<std::string_view>::from(object));
    }
};

template <> struct converter<const char *> {
    static ref to(weft_thread *self, const char *value)
    {
        if (!value)
            throw error(WEFT_ERROR_VALUE, "weft::make: a string is NULL");
        return converter<std::string_view>::to(self, value);
    }
};

template <> struct converter<char *> : converter<const char *> {};

/// Anything that has a converter, for lists of values of several types: {1, 2.5, "three"}.
class value {
public:
    template <class T, class = std::enable_if_t<!std::is_same_v<std::decay_t<T>, value>>>
    value(const T &of) // NOLINT: implicit on purpose
        : of_(&of), to_([](weft_thread *self, const void *p) { return make(self, *static_cast<const T *>(p)); })
    {
    }

    value(const char *text) : of_(text), to_(&text_to) {} // NOLINT: the pointer itself may be gone by then

    ref to(weft_thread *self) const
    {
        return to_(self, of_);
    }

private:
    static ref text_to(weft_thread *self, const void *p)
    {
        return make(self, static_cast<const char *>(p));
    }

    const void *of_; // lives until the end of the full expression, as the initializer_list that this stands in
    ref (*to_)(weft_thread *self, const void *of);
};

// ---- containers -------------------------------------------------------------------------------------------------

namespace detail {

/// Marks the end of an iteration, whatever it is over.
struct end_of_iteration {};

/// A range-for iterator: Source has `bool next(Item &)`.
template <class Source, class Item> class iterator {
public:
    explicit iterator(Source source) : source_(std::move(source))
    {
        there_ = source_.next(item_);
    }

    const Item &operator*() const noexcept
    {
        return item_;
    }

    iterator &operator++()
    {
        there_ = source_.next(item_);
        return *this;
    }

    bool operator!=(end_of_iteration) const noexcept
    {
        return there_;
    }

private:
    Source source_;
    Item item_;
    bool there_ = false;
};

} // namespace detail

/// A tuple.
class tuple : public ref {
public:
    tuple(weft_thread *self, std::initializer_list<value> items) : ref(of(self, items)) {}

    template <class T> tuple(weft_thread *self, const std::vector<T> &items) : ref(of(self, items)) {}

    /// Of a ref that is one: WEFT_ERROR_TYPE if not.
    explicit tuple(ref object) : ref(std::move(object))
    {
        (void)size();
    }

    std::size_t size() const
    {
        return static_cast<std::size_t>(check(weft_tuple_size(self(), get())));
    }

    ref operator[](std::size_t index) const
    {
        weft_thread *s = self();
        weft_object *item = weft_tuple_get(s, get(), static_cast<std::int64_t>(index));
        if (!item)
            throw_last();
        return borrow(s, item);
    }

    struct source {
        const tuple *of;
        std::size_t index;

        bool next(ref &item)
        {
            if (index >= of->size())
                return false;
            item = (*of)[index++];
            return true;
        }
    };

    using iterator = detail::iterator<source, ref>;

    iterator begin() const
    {
        return iterator(source{this, 0});
    }

    detail::end_of_iteration end() const noexcept
    {
        return {};
    }

private:
    static ref to(weft_thread *self, const value &v)
    {
        return v.to(self);
    }

    template <class T> static ref to(weft_thread *self, const T &v)
    {
        return make(self, v);
    }

    template <class Items> static ref of(weft_thread *self, const Items &items)
    {
        std::vector<ref> held;
        std::vector<weft_object *> objects;
        held.reserve(items.size());
        objects.reserve(items.size());
        for (const auto &item : items) {
            held.push_back(to(self, item));
            objects.push_back(held.back().get());
        }
        return take(self, weft_tuple_new(self, objects.data(), objects.size()));
    }
};

/// A list. Iteration goes by index: it sees what is appended meanwhile.
class list : public ref {
public:
    explicit list(weft_thread *self) : ref(take(self, weft_list_new(self, 0))) {}

    list(weft_thread *self, std::initializer_list<value> items) : ref(take(self, weft_list_new(self, items.size())))
    {
        for (const value &item : items)
            append(item.to(self));
    }

    template <class T>
    list(weft_thread *self, const std::vector<T> &items) : ref(take(self, weft_list_new(self, items.size())))
    {
        for (const auto &item : items)
            append(static_cast<const T &>(item));
    }

    explicit list(ref object) : ref(std::move(object))
    {
        (void)size();
    }

    std::size_t size() const
    {
        return static_cast<std::size_t>(check(weft_list_size(self(), get())));
    }

    ref operator[](std::size_t index) const
    {
        weft_thread *s = self();
        return take(s, weft_list_get(s, get(), static_cast<std::int64_t>(index)));
    }

    template <class T> void set(std::size_t index, const T &item) const
    {
        weft_thread *s = self();
        check(weft_list_set(s, get(), static_cast<std::int64_t>(index), make(s, item).get()));
    }

    template <class T> void append(const T &item) const
    {
        weft_thread *s = self();
        check(weft_list_append(s, get(), make(s, item).get()));
    }

    template <class T> void insert(std::size_t index, const T &item) const
    {
        weft_thread *s = self();
        check(weft_list_insert(s, get(), static_cast<std::int64_t>(index), make(s, item).get()));
    }

    /// The last one, or that at `index`; WEFT_ERROR_INDEX if there is none.
    ref pop(std::int64_t index = -1) const
    {
        weft_thread *s = self();
        return take(s, weft_list_pop(s, get(), index));
    }

    void clear() const
    {
        check(weft_list_clear(self(), get()));
    }

    struct source {
        const list *of;
        std::size_t index;

        bool next(ref &item)
        {
            if (index >= of->size())
                return false;
            weft_thread *s = of->self();
            item = take_or_empty(s, weft_list_get(s, of->get(), static_cast<std::int64_t>(index++)));
            if (item)
                return true;
            if (weft_error_status() != WEFT_ERROR_INDEX)
                throw_last();
            weft_error_clear(); // it has become shorter since
            return false;
        }
    };

    using iterator = detail::iterator<source, ref>;

    iterator begin() const
    {
        return iterator(source{this, 0});
    }

    detail::end_of_iteration end() const noexcept
    {
        return {};
    }
};

/// A dict. Iteration gives pairs: for (auto &[key, value] : dict).
class dict : public ref {
public:
    explicit dict(weft_thread *self) : ref(take(self, weft_dict_new(self))) {}

    dict(weft_thread *self, std::initializer_list<std::pair<value, value>> entries) : dict(self)
    {
        for (const auto &e : entries)
            set(e.first.to(self), e.second.to(self));
    }

    explicit dict(ref object) : ref(std::move(object))
    {
        (void)size();
    }

    std::size_t size() const
    {
        return static_cast<std::size_t>(check(weft_dict_size(self(), get())));
    }

    /// Its value, or an empty ref if the key is not there.
    template <class Key> ref find(const Key &key) const
    {
        weft_thread *s = self();
        weft_object *found = nullptr;
        (void)check(weft_dict_get(s, get(), make(s, key).get(), &found));
        return take_or_empty(s, found);
    }

    /// Throws WEFT_ERROR_KEY if it is not there.
    template <class Key> ref operator[](const Key &key) const
    {
        ref found = find(key);
        if (!found)
            throw error(WEFT_ERROR_KEY, "weft::dict: the key is not there");
        return found;
    }

    template <class Key, class T> void set(const Key &key, const T &item) const
    {
        weft_thread *s = self();
        check(weft_dict_set(s, get(), make(s, key).get(), make(s, item).get()));
    }

    /// The value that was taken out, or an empty ref.
    template <class Key> ref pop(const Key &key) const
    {
        weft_thread *s = self();
        weft_object *found = nullptr;
        (void)check(weft_dict_pop(s, get(), make(s, key).get(), &found));
        return take_or_empty(s, found);
    }

    /// The key's value, which is `fallback` from now on if it had none.
    template <class Key, class T> ref set_default(const Key &key, const T &fallback) const
    {
        weft_thread *s = self();
        weft_object *found = nullptr;
        (void)check(weft_dict_set_default(s, get(), make(s, key).get(), make(s, fallback).get(), &found));
        return take(s, found);
    }

    template <class Key> bool contains(const Key &key) const
    {
        weft_thread *s = self();
        return check(weft_dict_contains(s, get(), make(s, key).get())) == 1;
    }

    void clear() const
    {
        check(weft_dict_clear(self(), get()));
    }

    using entry = std::pair<ref, ref>;

    struct source {
        const dict *of;
        std::size_t position;

        bool next(entry &item)
        {
            weft_thread *s = of->self();
            weft_object *key = nullptr, *found = nullptr;
            if (check(weft_dict_next(s, of->get(), &position, &key, &found)) == 0)
                return false;
            item.first = take(s, key);
            item.second = take(s, found);
            return true;
        }
    };

    using iterator = detail::iterator<source, entry>;

    iterator begin() const
    {
        return iterator(source{this, 0});
    }

    detail::end_of_iteration end() const noexcept
    {
        return {};
    }
};

/// A set, or a frozen set that is given as a ref.
class set : public ref {
public:
    explicit set(weft_thread *self) : ref(take(self, weft_set_new(self, nullptr))) {}

    set(weft_thread *self, std::initializer_list<value> items) : set(self)
    {
        for (const value &item : items)
            (void)add(item.to(self));
    }

    explicit set(ref object) : ref(std::move(object))
    {
        (void)size();
    }

    std::size_t size() const
    {
        return static_cast<std::size_t>(check(weft_set_size(self(), get())));
    }

    template <class T> bool contains(const T &item) const
    {
        weft_thread *s = self();
        return check(weft_set_contains(s, get(), make(s, item).get())) == 1;
    }

    /// True if it is new.
    template <class T> bool add(const T &item) const
    {
        weft_thread *s = self();
        return check(weft_set_add(s, get(), make(s, item).get())) == 1;
    }

    /// True if it was there.
    template <class T> bool remove(const T &item) const
    {
        weft_thread *s = self();
        return check(weft_set_remove(s, get(), make(s, item).get())) == 1;
    }

    void clear() const
    {
        check(weft_set_clear(self(), get()));
    }

    struct source {
        const set *of;
        std::size_t position;

        bool next(ref &item)
        {
            weft_thread *s = of->self();
            weft_object *found = nullptr;
            if (check(weft_set_next(s, of->get(), &position, &found)) == 0)
                return false;
            item = take(s, found);
            return true;
        }
    };

    using iterator = detail::iterator<source, ref>;

    iterator begin() const
    {
        return iterator(source{this, 0});
    }

    detail::end_of_iteration end() const noexcept
    {
        return {};
    }
};

/// Range-for over anything that weft_iterate takes: for (weft::ref item : weft::each(object)).
class each : public ref {
public:
    explicit each(const ref &object) : ref(take(object.self(), weft_iterate(object.self(), object.get()))) {}

    struct source {
        const each *of;

        bool next(ref &item)
        {
            weft_thread *s = of->self();
            weft_object *found = nullptr;
            if (check(weft_next(s, of->get(), &found)) == 0)
                return false;
            item = take(s, found);
            return true;
        }
    };

    using iterator = detail::iterator<source, ref>;

    iterator begin() const
    {
        return iterator(source{this});
    }

    detail::end_of_iteration end() const noexcept
    {
        return {};
    }
};

/// A cell.
class cell : public ref {
public:
    explicit cell(weft_thread *self) : ref(take(self, weft_cell_new(self, nullptr))) {}

    template <class T> cell(weft_thread *self, const T &item) : ref(take(self, weft_cell_new(self, make(self, item).get())))
    {
    }

    explicit cell(ref object) : ref(std::move(object))
    {
        if (!get() || !weft_is_cell(get()))
            throw error(WEFT_ERROR_TYPE, "weft::cell: cell expected");
    }

    /// What it holds; WEFT_ERROR_KEY if it is empty.
    ref load() const
    {
        weft_thread *s = self();
        return take(s, weft_cell_get(s, get()));
    }

    template <class T> void store(const T &item) const
    {
        weft_thread *s = self();
        check(weft_cell_set(s, get(), make(s, item).get()));
    }

    /// What it held, or an empty ref.
    template <class T> ref exchange(const T &item) const
    {
        weft_thread *s = self();
        weft_object *old = nullptr;
        check(weft_cell_swap(s, get(), make(s, item).get(), &old));
        return take_or_empty(s, old);
    }

    /// Stores `desired` if it holds the object `expected`; either may be empty.
    bool compare_exchange(const ref &expected, const ref &desired) const
    {
        return check(weft_cell_replace(self(), get(), expected.get(), desired.get())) == 1;
    }
};

template <class T> struct converter<std::vector<T>> {
    static ref to(weft_thread *self, const std::vector<T> &items)
    {
        return list(self, items);
    }

    static std::vector<T> from(const ref &object)
    {
        std::vector<T> items;
        if (object && weft_is_tuple(object.get())) {
            for (const ref &item : tuple(object))
                items.push_back(item.as<T>());
        } else {
            for (const ref &item : list(object))
                items.push_back(item.as<T>());
        }
        return items;
    }
};

// ---- what needs them --------------------------------------------------------------------------------------------

inline std::string ref::repr() const
{
    weft_thread *s = self();
    return take(s, weft_repr(s, object_)).as<std::string>();
}

template <class... Arguments> ref ref::operator()(const Arguments &...arguments) const
{
    weft_thread *s = self();
    const tuple packed(s, {value(arguments)...});
    return take(s, weft_call(s, object_, packed.get()));
}

inline ref ref::attribute(std::string_view name) const
{
    weft_thread *s = self();
    return take(s, weft_attribute_get(s, object_, make(s, name).get()));
}

template <class T> void ref::set_attribute(std::string_view name, const T &item) const
{
    weft_thread *s = self();
    check(weft_attribute_set(s, object_, make(s, name).get(), make(s, item).get()));
}

/// A C++ function `ref f(weft_thread *self, const tuple &bound, const tuple &arguments)` as C calls it: what it throws
/// becomes Weft's error (WEFT_ERROR_MEMORY for std::bad_alloc, WEFT_ERROR_USER for what is not a weft::error).
template <auto Function> weft_object *function(weft_thread *self, weft_object *bound, weft_object *arguments) noexcept
{
    try {
        const thread here(self);
        const tuple b(ref::borrow(self, bound)), a(ref::borrow(self, arguments));
        ref result = Function(self, b, a);
        return result ? result.release() : none(self).release();
    } catch (const error &e) {
        (void)weft_error_set(e.status(), "%s", e.what());
    } catch (const std::bad_alloc &) {
        (void)weft_error_set(WEFT_ERROR_MEMORY, "out of memory");
    } catch (const std::exception &e) {
        (void)weft_error_set(WEFT_ERROR_USER, "%s", e.what());
    } catch (...) {
        (void)weft_error_set(WEFT_ERROR_USER, "an exception of an unknown type");
    }
    return nullptr;
}

/// A closure of such a function and the values bound to it.
template <auto Function>
ref make_closure(weft_thread *self, std::string_view name, std::initializer_list<value> bound = {})
{
    const tuple values(self, bound);
    return ref::take(self, weft_closure_new(self, &function<Function>, make(self, name).get(), values.get()));
}

// ---- locks ------------------------------------------------------------------------------------------------------

/// The object's lock, held while this lives: weft_lock.
class lock_guard {
public:
    explicit lock_guard(const ref &object) : self_(object.self()), object_(object)
    {
        weft_lock(self_, object_.get());
    }

    lock_guard(const lock_guard &) = delete;
    lock_guard &operator=(const lock_guard &) = delete;

    ~lock_guard()
    {
        weft_unlock(self_, object_.get());
    }

private:
    weft_thread *self_;
    ref object_;
};

/// A critical section on one object or two: weft_critical_begin. Lives on the stack.
class critical_section {
public:
    explicit critical_section(const ref &object) : self_(object.self()), first_(object)
    {
        weft_critical_begin(self_, &section_, first_.get());
    }

    critical_section(const ref &a, const ref &b) : self_(a.self()), first_(a), second_(b)
    {
        if (!second_)
            throw error(WEFT_ERROR_VALUE, "weft::critical_section: empty");
        weft_critical_begin2(self_, &section_, first_.get(), second_.get());
    }

    critical_section(const critical_section &) = delete;
    critical_section &operator=(const critical_section &) = delete;

    ~critical_section()
    {
        weft_critical_end(self_, &section_);
    }

private:
    weft_thread *self_;
    ref first_, second_;
    weft_critical section_;
};

/// weft_mutex: a thread that waits for it counts as blocked.
class mutex {
public:
    mutex() noexcept = default;
    mutex(const mutex &) = delete;
    mutex &operator=(const mutex &) = delete;

    /// Holds the mutex while it lives.
    class guard {
    public:
        guard(weft_thread *self, mutex &m) : mutex_(m)
        {
            check(weft_mutex_lock(self, &m.mutex_));
        }

        guard(const guard &) = delete;
        guard &operator=(const guard &) = delete;

        ~guard()
        {
            weft_mutex_unlock(&mutex_.mutex_);
        }

    private:
        mutex &mutex_;
    };

    bool try_lock() noexcept
    {
        return weft_mutex_try_lock(&mutex_);
    }

    void unlock() noexcept
    {
        weft_mutex_unlock(&mutex_);
    }

private:
    weft_mutex mutex_ = {0};
};

} // namespace weft

#endif
