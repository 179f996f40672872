// What libFuzzer calls with each of its inputs.

#include <cstddef>
#include <cstdint>

#include "kernels.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    stagefunnel::fuzz::check_kernel({data, size});
    return 0;
}
