#include <array>

#include "kernels.hpp"

namespace stagefunnel::fuzz {

void check_kernel(std::span<const std::uint8_t> bytes) {
    constexpr std::array kKernels{check_stream,          check_sequence, check_quantiles, check_incidence,
                                  check_absorbing_chain, check_origin,   check_body,      check_counts};
    Choices choices(bytes);
    choices.of(kKernels)(choices);
}

}  // namespace stagefunnel::fuzz
