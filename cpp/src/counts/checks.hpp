#pragma once

// What holds of every block of counts. Internal to the core.

#include <cstddef>

#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::counts {

/// @throws std::invalid_argument if the columns of a block do not fit together, a label lies out of range or
/// a
///     sample does not rise.
void check_block(const Block& block, std::size_t n_labels);

}  // namespace stagefunnel::counts
