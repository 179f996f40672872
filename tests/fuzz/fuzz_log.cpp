// What libFuzzer calls with each of its inputs.

#include <cstddef>
#include <cstdint>

#include "check_log.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    stagefunnel::fuzz::check_log({data, size});
    return 0;
}
