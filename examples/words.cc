// Counts words with several threads that share one dict.
#include <cstdio>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
#include <weft/weft.hpp>

static void count(weft::runtime &runtime, const weft::dict &counts, const std::string &text)
{
    weft::thread self(runtime);
    std::istringstream words(text);
    for (std::string word; words >> word; self.safepoint()) {
        weft::ref counter = counts.set_default(word, weft::ref::take(self, weft_atomic_int_new(self, 0)));
        weft::check(weft_atomic_int_add(self, counter.get(), 1, nullptr));
    }
}

int main()
{
    weft::runtime runtime;
    weft::thread self(runtime);
    const weft::dict counts(self);
    {
        std::vector<std::thread> threads;
        weft::blocking away(self); // while this thread waits, it is in nobody's way
        for (const char *text : {"the warp and the weft", "the weft crosses the warp"})
            threads.emplace_back([&runtime, &counts, text] { count(runtime, counts, text); });
        for (std::thread &thread : threads)
            thread.join();
    }
    const weft::ref the = counts["the"];
    std::int64_t number = 0;
    weft::check(weft_atomic_int_get(self, the.get(), &number));
    std::printf("%zu words, \"the\" %lld times\n", counts.size(),
                static_cast<long long>(number)); // 5 words, "the" 4 times
    return counts.size() == 5 && number == 4 ? 0 : 1;
}
