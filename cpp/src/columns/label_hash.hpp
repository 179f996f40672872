#pragma once

// A hash of stage labels that nobody outside the process can know. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/hashing.hpp"

namespace stagefunnel::columns::inline internal {

/// Hashes labels for a table of std, so that no labels make it slow.
class LabelHash {
  public:
    std::size_t operator()(const std::string& label) const { return hash_text(texts_, label).low; }
    std::size_t operator()(std::int64_t label) const {
        return spread_(static_cast<std::uint64_t>(label)) >> 32U;  // the upper bits are the mixed ones
    }

  private:
    TextHash texts_;
    Spread spread_ = Spread::of_process();
};

}  // namespace stagefunnel::columns::inline internal
