// Runs a fuzzed property without a fuzzer, over inputs that are the same on every machine:
//
//     stagefunnel_fuzz_inputs 20000              that many, from the first on, after the chosen ones
//     stagefunnel_fuzz_inputs 1000 500000        so many from the 500,000th on
//     stagefunnel_fuzz_inputs crash-1 crash-2    files, as libFuzzer leaves them
//     stagefunnel_fuzz_inputs for 3600           small ones for so many seconds; each minute says how many
//     stagefunnel_fuzz_inputs for 60 1000000     the same from the 1,000,000th small one on
//     stagefunnel_fuzz_inputs kernels 20000      the kernels in place of logs; what follows is as above

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "check_log.hpp"
#include "kernels.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;

/// Input `number`: up to 1,000 bytes. The first inputs are short, since these are easiest to understand.
Bytes input_of(std::uint64_t number) {
    std::mt19937_64 random(number);
    const std::uint64_t longest = std::min<std::uint64_t>(1'000, 40 + number / 4);
    Bytes bytes(random() % longest);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

/// Small input `number`, up to 64 bytes, by SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable
/// pseudorandom number generators", 2014): to seed a larger generator takes longer than to try the input.
Bytes small_input_of(std::uint64_t number) {
    std::uint64_t state = number;
    const auto next = [&state] {
        std::uint64_t z = state += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    };
    next();
    Bytes bytes(next() % 65);
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
        const std::uint64_t word = next();
        std::memcpy(bytes.data() + i, &word, std::min<std::size_t>(8, bytes.size() - i));
    }
    return bytes;
}

/// Bytes that a log is drawn from first, then what numbers the layouts, keys and times.
Bytes begun_with(Bytes bytes, std::uint64_t number) {
    std::mt19937_64 random(number);
    for (int i = 0; i < 300; ++i) bytes.push_back(static_cast<std::uint8_t>(random()));
    return bytes;
}

/// Inputs at the seams, which random ones reach seldom; their first bytes are the choices of `draw_log`.
std::vector<Bytes> chosen_inputs() {
    std::vector<Bytes> inputs{{}};
    constexpr std::uint8_t kLengths = 16, kByLength = 2, kLargest = 255, kPartitions = 3;
    for (std::uint8_t length = 0; length < kLengths; ++length) {
        for (std::uint8_t by_turns = 0; by_turns < 2; ++by_turns) {
            inputs.push_back(begun_with({kByLength, length, 0, by_turns}, inputs.size()));
            inputs.push_back(begun_with({kByLength, length, length, by_turns}, inputs.size()));
        }
    }
    for (std::uint8_t n_partitions = 0; n_partitions < 2; ++n_partitions) {
        for (std::uint8_t beside = 0; beside < 3; ++beside) {
            for (std::uint8_t n_items = 0; n_items < 4; ++n_items) {
                inputs.push_back(
                    begun_with({kLargest, kPartitions, n_partitions, beside, n_items}, inputs.size()));
            }
        }
    }
    return inputs;
}

enum class Fuzzed : std::uint8_t { logs, kernels };

bool holds(Fuzzed fuzzed, const Bytes& bytes, std::string_view kind, std::uint64_t number) {
    try {
        if (fuzzed == Fuzzed::kernels) {
            stagefunnel::fuzz::check_kernel(bytes);
        } else {
            stagefunnel::fuzz::check_log(bytes);
        }
        return true;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%.*s %llu of %zu bytes: %s\n", static_cast<int>(kind.size()), kind.data(),
                     static_cast<unsigned long long>(number), bytes.size(), error.what());
        return false;
    }
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

int run_files(Fuzzed fuzzed, const std::vector<std::string>& names) {
    bool all_hold = true;
    std::uint64_t number = 0;
    for (const std::string& name : names) {
        std::ifstream file(name, std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "%s cannot be read\n", name.c_str());
            return 2;
        }
        const Bytes bytes(std::istreambuf_iterator<char>(file), {});
        all_hold = holds(fuzzed, bytes, "file", ++number) && all_hold;
    }
    return all_hold ? 0 : 1;
}

int run_numbered(Fuzzed fuzzed, std::uint64_t n, std::uint64_t first) {
    const std::vector<Bytes> chosen = first == 0 ? chosen_inputs() : std::vector<Bytes>();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (!holds(fuzzed, chosen[i], "chosen input", i)) return 1;
    }
    for (std::uint64_t i = 0; i < n; ++i) {
        // A sanitizer ends the process without a word about the input, so say now and then which one it is.
        if (i % std::max<std::uint64_t>(1, n / 10) == 0) {
            std::printf("input %llu\n", static_cast<unsigned long long>(first + i));
            std::fflush(stdout);
        }
        if (!holds(fuzzed, input_of(first + i), "input", first + i)) return 1;
    }
    std::printf("%llu inputs hold\n", static_cast<unsigned long long>(n + chosen.size()));
    return 0;
}

int run_for(Fuzzed fuzzed, std::chrono::seconds time, std::uint64_t first) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + time;
    Clock::time_point next_word = Clock::now();
    std::uint64_t number = first;
    for (Clock::time_point now = next_word; now < end; now = Clock::now()) {
        if (now >= next_word) {
            std::printf("%llu small inputs hold\n", static_cast<unsigned long long>(number - first));
            std::fflush(stdout);
            next_word = now + std::chrono::minutes(1);
        }
        for (int i = 0; i < 1'000; ++i, ++number) {
            if (!holds(fuzzed, small_input_of(number), "small input", number)) return 1;
        }
    }
    std::printf("%llu small inputs hold, the next is %llu\n", static_cast<unsigned long long>(number - first),
                static_cast<unsigned long long>(number));
    return 0;
}

}  // namespace

int main(int count, char** texts) {
    std::vector<std::string> arguments(texts + 1, texts + count);
    Fuzzed fuzzed = Fuzzed::logs;
    if (!arguments.empty() && arguments[0] == "kernels") {
        fuzzed = Fuzzed::kernels;
        arguments.erase(arguments.begin());
    }
    if (arguments.size() > 1 && arguments[0] == "for") {
        const std::uint64_t first = arguments.size() > 2 ? number_in(arguments[2]).value_or(0) : 0;
        return run_for(fuzzed, std::chrono::seconds(number_in(arguments[1]).value_or(60)), first);
    }
    if (arguments.empty()) {
        std::fputs("give a number of inputs, or files\n", stderr);
        return 2;
    }
    const std::optional<std::uint64_t> n = number_in(arguments[0]);
    if (!n) return run_files(fuzzed, arguments);
    return run_numbered(fuzzed, *n, arguments.size() > 1 ? number_in(arguments[1]).value_or(0) : 0);
}
