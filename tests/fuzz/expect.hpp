#pragma once

#include <stdexcept>
#include <string>

namespace stagefunnel::fuzz {

/// Ends the run of this input; the compiler does not take it away as it may take an `assert`.
inline void expect(bool holds, const char* promise) {
    if (!holds) throw std::logic_error(std::string("this does not hold: ") + promise);
}

}  // namespace stagefunnel::fuzz
