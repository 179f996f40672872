// What libFuzzer calls with each of its inputs.

#include <cstddef>
#include <cstdint>

#include "check_log.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A log of several partitions takes a hundred times as long as others. If such inputs were kept and
    // changed further, soon nearly all would be of that kind.
    constexpr std::size_t kSeveralPartitions = 8192;
    const std::size_t n_rows = stagefunnel::fuzz::check_log({data, size});
    constexpr int kKeep = 0, kForget = -1;
    return n_rows < kSeveralPartitions ? kKeep : kForget;
}
