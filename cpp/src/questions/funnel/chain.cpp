#include "stagefunnel/questions/funnel/chain.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/parallel.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/ruled_stages.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::funnel {
namespace {

/// Reads one item after another under the rules of a funnel.
template <class Mask, class Code>
class ChainPartReader {
  public:
    ChainPartReader(const ChainPart& part, const Code* codes, const Options& options)
        : part_(part), codes_(codes), options_(options), stages_(part.pipeline) {}

    /// Reads an item; returns false if no count has it.
    bool read(std::size_t item) {
        stages_.clear();
        scan::JourneyEnd& end = end_.emplace(part_.pipeline);
        const Journeys& journeys = part_.journeys;
        scan::for_each_visit(codes_, journeys.offsets[item], journeys.offsets[item + 1],
                             part_.pipeline.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                 stages_.visit(options_.kind, end, row, part_.pipeline.outcome_of(row),
                                               time_for_rules<Mask>(part_.pipeline, journeys, i));
                                 end.visit(row);
                             });
        if (end.empty() || is_left_out(end, options_.lost_then_won)) return false;
        stages_.fill_end(options_.kind, end);
        return true;
    }

    [[nodiscard]] const scan::JourneyEnd& end() const { return *end_; }
    [[nodiscard]] std::size_t n_words() const { return stages_.seen.n_words(); }
    [[nodiscard]] std::uint64_t visited(std::size_t w) const { return stages_.seen.word(w); }
    [[nodiscard]] std::uint64_t passed(std::size_t w) const { return stages_.own(options_.kind).word(w); }
    [[nodiscard]] std::uint64_t reached(std::size_t w) const { return passed(w) | stages_.filled.word(w); }
    [[nodiscard]] std::uint64_t beyond(std::size_t w) const { return stages_.beyond(*end_, w); }
    [[nodiscard]] std::uint64_t began_beyond(std::size_t w) const { return stages_.began_beyond(*end_, w); }
    [[nodiscard]] std::uint64_t beyond_absent(std::size_t w) const { return stages_.beyond_absent(w); }
    [[nodiscard]] bool passed_a_won_stage() const {
        const auto n_open = static_cast<std::size_t>(part_.pipeline.n_open());
        const auto n_won = static_cast<std::size_t>(part_.pipeline.n_won());
        for (std::size_t w = 0; w < n_words(); ++w) {
            if ((passed(w) & scan::bits_below(n_open + n_won, w) & ~scan::bits_below(n_open, w)) != 0)
                return true;
        }
        return false;
    }

  private:
    const ChainPart& part_;
    const Code* codes_;
    const Options& options_;
    StagesOf<Mask> stages_;
    std::optional<scan::JourneyEnd> end_;
};

/// How a lead stands through its deals: the better outcome decides, then the furthest stage that a deal
/// visited, then which deal came first.
class Standing {
  public:
    /// @param first_row first row of the deal in the input.
    void see(const scan::JourneyEnd& end, std::uint32_t first_row) {
        const Outcome outcome = end.outcome();
        reopened_ = reopened_ || (outcome == Outcome::won && end.any_lost());
        const std::int32_t row = outcome == Outcome::lost ? end.before_run() : end.last();
        // A won stage is further than all stages in progress.
        const std::int32_t furthest = end.any_won() ? end.beyond_limit() : end.furthest();
        const Place place{rank_of(outcome), furthest, -static_cast<std::int64_t>(first_row)};
        if (place > best_) {
            best_ = place;
            row_ = row;
        }
    }
    void see_moved() { moved_ = true; }

    /// Whether all deals of the lead that a count has are in another pipeline now.
    [[nodiscard]] bool has_moved_out() const { return moved_ && std::get<Rank>(best_) == Rank::none; }

    void count(Counts& counts) const {
        const Rank rank = std::get<Rank>(best_);
        if (rank == Rank::won) {
            ++counts.won(0);
            counts.reopened_won(0) += static_cast<std::int64_t>(reopened_);
        } else if (rank == Rank::open) {
            ++counts.open(0);
            ++counts.open_at(0, row_);
        } else if (rank == Rank::lost) {
            ++counts.lost(0);
            if (row_ >= 0) ++counts.lost_from(0, row_);
        }
    }

  private:
    enum class Rank : std::uint8_t { none, lost, open, won };

    static Rank rank_of(Outcome outcome) {
        if (outcome == Outcome::open) return Rank::open;
        return outcome == Outcome::won ? Rank::won : Rank::lost;
    }

    using Place = std::tuple<Rank, std::int32_t, std::int64_t>;

    Place best_{Rank::none, -1, std::numeric_limits<std::int64_t>::min()};
    std::int32_t row_ = -1;
    bool reopened_ = false;
    bool moved_ = false;
};

/// The deals of each lead as compressed sparse rows, made by a counting sort of the links.
struct DealsOfLeads {
    std::vector<std::uint64_t> offsets;  // lead i has the deals [offsets[i], offsets[i + 1])
    std::vector<std::uint32_t> deals;

    DealsOfLeads(std::size_t n_leads, const Links& links)
        : offsets(n_leads + 1, 0), deals(links.deal.size()) {
        for (const std::uint32_t lead : links.lead) ++offsets[lead + 1];
        for (std::size_t lead = 0; lead < n_leads; ++lead) offsets[lead + 1] += offsets[lead];
        std::vector<std::uint64_t> next(offsets.begin(), offsets.end() - 1);
        for (std::size_t i = 0; i < links.lead.size(); ++i) deals[next[links.lead[i]]++] = links.deal[i];
    }
};

struct OriginPartial {
    PartialCounts counted;
    std::int64_t converted = 0;
    std::int64_t moved_out = 0;

    void merge(const OriginPartial& other) {
        counted.merge(other.counted);
        converted += other.converted;
        moved_out += other.moved_out;
    }
};

/// Unites the deals of one lead after another and counts them as one item.
template <class Mask, class Code>
class LeadCounter {
  public:
    LeadCounter(const ChainPart& deals, const Code* codes, const Options& options)
        : deals_(deals),
          reader_(deals, codes, options),
          n_rows_(static_cast<std::size_t>(deals.pipeline.n_rows())),
          counts_(1, deals.pipeline, amounts_of(options)) {}

    void count(std::span<const std::uint32_t> deals) {
        Mask visited(n_rows_), passed(n_rows_), reached(n_rows_), beyond(n_rows_), moved_past(n_rows_),
            absent(n_rows_);
        Standing standing;
        for (const std::uint32_t deal : deals) {
            if (!reader_.read(deal)) continue;
            for (std::size_t w = 0; w < reader_.n_words(); ++w) {
                visited.add(w, reader_.visited(w));
                passed.add(w, reader_.passed(w));
                reached.add(w, reader_.reached(w));
                beyond.add(w, reader_.beyond(w));
                moved_past.add(w, reader_.beyond(w) & ~reader_.began_beyond(w));
                absent.add(w, reader_.beyond_absent(w));
            }
            if (deals_.moved.empty() || deals_.moved[deal] == 0) {
                standing.see(reader_.end(), deals_.journeys.first_row[deal]);
            } else {
                standing.see_moved();
            }
        }
        Counts& c = counts_.counts;
        const auto add = [](CountMatrix& counts, std::uint64_t rows, std::size_t w) {
            scan::for_each_bit(rows, w, [&](Eigen::Index row) { ++counts(0, row); });
        };
        for (std::size_t w = 0; w < reader_.n_words(); ++w) {
            add(c.visited, visited.word(w), w);
            add(c.passed, passed.word(w), w);
            add(c.assumed, reached.word(w) & ~passed.word(w), w);
            add(c.skipped, beyond.word(w) & ~visited.word(w), w);
            add(c.began_beyond, beyond.word(w) & ~visited.word(w) & ~moved_past.word(w), w);
            add(c.beyond, beyond.word(w) & visited.word(w), w);
            add(c.beyond_absent, absent.word(w), w);
        }
        standing.count(c);
        moved_out_ += static_cast<std::int64_t>(standing.has_moved_out());
    }

    [[nodiscard]] std::int64_t moved_out() const { return moved_out_; }
    [[nodiscard]] PartialCounts take() { return std::move(counts_); }

  private:
    const ChainPart& deals_;
    ChainPartReader<Mask, Code> reader_;
    std::size_t n_rows_;
    PartialCounts counts_;
    std::int64_t moved_out_ = 0;
};

/// Adds up the amounts of the deals that came of a counted lead.
///
/// @param has_counted_lead 1 for each deal of such a lead, else 0.
template <class Mask, class Code>
PartialCounts add_amounts(const ChainPart& deals, const Code* codes,
                          std::span<const std::uint8_t> has_counted_lead, const Options& options) {
    return parallel_merge(has_counted_lead.size(), options.threads, [&](std::size_t first, std::size_t last) {
        PartialCounts partial(1, deals.pipeline, Amounts::summed);
        ChainPartReader<Mask, Code> reader(deals, codes, options);
        for (std::size_t deal = first; deal < last; ++deal) {
            if (has_counted_lead[deal] == 0 || !reader.read(deal)) continue;
            const double amount = options.amount[deal];
            for (std::size_t w = 0; w < reader.n_words(); ++w) {
                scan::for_each_bit(reader.reached(w), w, [&](Eigen::Index row) {
                    if (std::isnan(amount)) {
                        ++partial.counts.amount_missing(0, row);
                    } else {
                        partial.sums[static_cast<std::size_t>(row)] += to_fixed(amount);
                    }
                });
            }
        }
        return partial;
    });
}

void check(const ChainPart& leads, const ChainPart& deals, const Links& links, const Options& options) {
    leads.pipeline.check(leads.journeys);
    deals.pipeline.check(deals.journeys);
    check_options(deals.journeys, options);
    if (!options.group.empty()) throw std::invalid_argument("a chain cannot be counted by group");
    if (links.lead.size() != links.deal.size()) throw std::invalid_argument("links differ in length");
    if (!deals.moved.empty() && deals.moved.size() != deals.journeys.n_items())
        throw std::invalid_argument("moved must be one per deal");
    for (std::size_t i = 0; i < links.lead.size(); ++i) {
        if (links.lead[i] >= leads.journeys.n_items() || links.deal[i] >= deals.journeys.n_items())
            throw std::invalid_argument("a link names a place without an item");
    }
}

}  // namespace

OriginCounts count_origin(const ChainPart& leads, const ChainPart& deals, const Links& links,
                          const Options& options) {
    check(leads, deals, links, options);
    const DealsOfLeads of_lead(leads.journeys.n_items(), links);
    std::vector<std::uint8_t> is_counted(leads.journeys.n_items(), 0);
    const auto count = [&]<class Mask>(const auto* lead_codes, const auto* deal_codes) {
        OriginPartial origin = parallel_merge(
            leads.journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
                ChainPartReader<Mask, std::decay_t<decltype(*lead_codes)>> lead(leads, lead_codes, options);
                LeadCounter<Mask, std::decay_t<decltype(*deal_codes)>> counter(deals, deal_codes, options);
                std::int64_t converted = 0;
                for (std::size_t i = first; i < last; ++i) {
                    if (!lead.read(i)) continue;
                    is_counted[i] = 1;
                    converted += static_cast<std::int64_t>(lead.passed_a_won_stage());
                    counter.count(
                        std::span(of_lead.deals)
                            .subspan(of_lead.offsets[i], of_lead.offsets[i + 1] - of_lead.offsets[i]));
                }
                return OriginPartial{counter.take(), converted, counter.moved_out()};
            });
        if (!options.amount.empty()) {
            std::vector<std::uint8_t> has_counted_lead(deals.journeys.n_items(), 0);
            for (std::size_t i = 0; i < links.lead.size(); ++i)
                has_counted_lead[links.deal[i]] |= is_counted[links.lead[i]];
            origin.counted.merge(add_amounts<Mask>(deals, deal_codes, has_counted_lead, options));
        }
        return OriginCounts{std::move(origin.counted).finish(), origin.converted, origin.moved_out};
    };
    const std::int32_t n_rows = std::max(leads.pipeline.n_rows(), deals.pipeline.n_rows());
    const bool has_rules = leads.pipeline.has_rules() || deals.pipeline.has_rules();
    return scan::with_stage_set(n_rows, has_rules, [&]<class Mask>() {
        return scan::with_codes(leads.journeys, [&](const auto* lead_codes) {
            return scan::with_codes(deals.journeys, [&](const auto* deal_codes) {
                return count.template operator()<Mask>(lead_codes, deal_codes);
            });
        });
    });
}

}  // namespace stagefunnel::funnel
