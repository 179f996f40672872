#pragma once

#include <cstdint>
#include <span>

#include "choices.hpp"

namespace stagefunnel::fuzz {

// Each draws one small case and holds the core against a slow way that follows the definitions.
void check_stream(Choices& choices);
void check_sequence(Choices& choices);
void check_quantiles(Choices& choices);
void check_incidence(Choices& choices);
void check_absorbing_chain(Choices& choices);
void check_origin(Choices& choices);
void check_body(Choices& choices);
void check_counts(Choices& choices);

/// Reads the first byte as the choice of a kernel, and the others as its case.
///
/// @throws std::logic_error with the promise that does not hold.
void check_kernel(std::span<const std::uint8_t> bytes);

}  // namespace stagefunnel::fuzz
