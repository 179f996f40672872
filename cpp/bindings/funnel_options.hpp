#pragma once

#include <functional>
#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"

namespace stagefunnel::bindings::funnel_calls {

inline funnel::Options options_of(funnel::Kind kind, funnel::LostThenWon lost_then_won,
                                  const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                                  const std::optional<Array<double>>& amount, unsigned threads) {
    funnel::Options options{.kind = kind,
                            .lost_then_won = lost_then_won,
                            .group = {},
                            .n_groups = n_groups,
                            .amount = {},
                            .threads = threads};
    if (group) options.group = as_span(*group);
    if (amount) options.amount = as_span(*amount);
    return options;
}

// The states of millions of items are not copied.
using MaybeStates = std::optional<std::reference_wrapper<const funnel::ItemStates>>;

inline const funnel::ItemStates* states_or_null(const MaybeStates& item_states) {
    return item_states ? &item_states->get() : nullptr;
}

}  // namespace stagefunnel::bindings::funnel_calls
