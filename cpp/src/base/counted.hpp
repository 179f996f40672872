#pragma once

// Numbers in the texts of errors. Internal to the core.

#include <cstdint>
#include <string>

namespace stagefunnel {

/// Returns a number with its noun, for example "1 row" and "2 rows".
inline std::string counted(std::uint64_t n, const std::string& noun) {
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace stagefunnel
