#include "stagefunnel/digest.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "parallel.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

constexpr std::int32_t kMaxRows = 12;

/// A state is which stages were visited, the last one, the one before the closing run of one outcome, and
/// whether a win was entered from work in progress or opened the journey.
class StateTable {
  public:
    StateTable() = default;
    explicit StateTable(const Pipeline& pipeline)
        : n_rows_(static_cast<std::size_t>(pipeline.n_rows())), states_(n_states(pipeline)) {
        for (std::size_t row = 0; row < n_rows_; ++row) {
            outcome_[row] = static_cast<std::uint8_t>(pipeline.outcome_of(static_cast<std::int32_t>(row)));
        }
    }

    static std::size_t n_states(const Pipeline& pipeline) {
        const auto n = static_cast<std::size_t>(pipeline.n_rows());
        return (std::size_t{1} << n) * n * (n + 1) * 2;
    }

    /// Reads the items of a range; items without a listed row have no state.
    template <class Code>
    void scan(const Journeys& journeys, const std::int32_t* row_of_code, const Code* codes, std::size_t first,
              std::size_t last) {
        constexpr std::uint8_t kNothing = 3;  // the outcome before the first visit
        for (std::size_t item = first; item < last; ++item) {
            std::size_t visited = 0, stage = n_rows_, before_run = n_rows_, won_entry = 0;
            std::uint8_t outcome = kNothing;
            const std::size_t end = journeys.offsets[item + 1];
            for (std::size_t i = journeys.offsets[item]; i < end; ++i) {
                const std::int32_t row = row_of_code[codes[i]];
                if (row == Pipeline::kUnlisted) continue;
                const auto next = static_cast<std::size_t>(row);
                const std::uint8_t next_outcome = outcome_[next];
                before_run = next_outcome != outcome ? stage : before_run;
                const bool entered = next_outcome == kWon && (outcome == kOpen || outcome == kNothing);
                won_entry |= static_cast<std::size_t>(entered);
                visited |= std::size_t{1} << next;
                stage = next;
                outcome = next_outcome;
            }
            if (visited == 0) continue;
            Digest::State& state =
                states_[((visited * (n_rows_ + 1) + before_run) * n_rows_ + stage) * 2 + won_entry];
            if (state.items++ == 0) state.example = static_cast<std::uint32_t>(item);
        }
    }

    void merge(const StateTable& other) {
        for (std::size_t i = 0; i < states_.size(); ++i) {
            if (states_[i].items == 0) states_[i].example = other.states_[i].example;
            states_[i].items += other.states_[i].items;
        }
    }

    [[nodiscard]] Digest digest() const {
        Digest digest;
        std::copy_if(states_.begin(), states_.end(), std::back_inserter(digest.states),
                     [](const Digest::State& state) { return state.items > 0; });
        return digest;
    }

  private:
    static constexpr auto kOpen = static_cast<std::uint8_t>(Outcome::open);
    static constexpr auto kWon = static_cast<std::uint8_t>(Outcome::won);

    std::size_t n_rows_ = 0;
    std::array<std::uint8_t, kMaxRows> outcome_{};
    std::vector<Digest::State> states_;
};

}  // namespace

std::optional<Digest> digest_of(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    // Clearing and reading a table of all states has to cost less than the items do.
    constexpr std::size_t kStatesAnItem = 4;
    if (pipeline.n_rows() > kMaxRows ||
        journeys.n_items() * kStatesAnItem <= StateTable::n_states(pipeline)) {
        return std::nullopt;
    }
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads,
                              [&](std::size_t first, std::size_t last) {
                                  StateTable table(pipeline);
                                  table.scan(journeys, pipeline.row_of_code(), codes, first, last);
                                  return table;
                              })
            .digest();
    });
}

}  // namespace stagefunnel
