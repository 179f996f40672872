// Runs a fuzzed property without a fuzzer, over inputs that are the same on every machine:
//
//     stagefunnel_fuzz_inputs 20000              that many, from the first on, after the chosen ones
//     stagefunnel_fuzz_inputs 1000 500000        so many from the 500,000th on
//     stagefunnel_fuzz_inputs crash-1 crash-2    files, as libFuzzer leaves them
//     stagefunnel_fuzz_inputs kernels 20000      the kernels in place of logs; what follows is as above

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
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

bool holds(Fuzzed fuzzed, const Bytes& bytes, const std::string& name) {
    try {
        if (fuzzed == Fuzzed::kernels) {
            stagefunnel::fuzz::check_kernel(bytes);
        } else {
            stagefunnel::fuzz::check_log(bytes);
        }
        return true;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s of %zu bytes: %s\n", name.c_str(), bytes.size(), error.what());
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
    for (const std::string& name : names) {
        std::ifstream file(name, std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "%s cannot be read\n", name.c_str());
            return 2;
        }
        all_hold = holds(fuzzed, Bytes(std::istreambuf_iterator<char>(file), {}), name) && all_hold;
    }
    return all_hold ? 0 : 1;
}

int run_numbered(Fuzzed fuzzed, std::uint64_t n, std::uint64_t first) {
    const std::vector<Bytes> chosen = first == 0 ? chosen_inputs() : std::vector<Bytes>();
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (!holds(fuzzed, chosen[i], "chosen input " + std::to_string(i))) return 1;
    }
    for (std::uint64_t i = 0; i < n; ++i) {
        // A sanitizer ends the process without a word about the input, so say now and then which one it is.
        if (i % std::max<std::uint64_t>(1, n / 10) == 0) {
            std::printf("input %llu\n", static_cast<unsigned long long>(first + i));
            std::fflush(stdout);
        }
        if (!holds(fuzzed, input_of(first + i), "input " + std::to_string(first + i))) return 1;
    }
    std::printf("%llu inputs hold\n", static_cast<unsigned long long>(n + chosen.size()));
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
    if (arguments.empty()) {
        std::fputs("give a number of inputs, or files\n", stderr);
        return 2;
    }
    const std::optional<std::uint64_t> n = number_in(arguments[0]);
    if (!n) return run_files(fuzzed, arguments);
    return run_numbered(fuzzed, *n, arguments.size() > 1 ? number_in(arguments[1]).value_or(0) : 0);
}
