#include "stagefunnel/questions/funnel/chain.hpp"

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/parallel.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/united_items.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::funnel {
namespace {

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
          reader_(deals.journeys, deals.pipeline, codes, options),
          united_(deals.pipeline),
          counts_(1, deals.pipeline, amounts_of(options)) {}

    void count(std::span<const std::uint32_t> deals) {
        united_.clear();
        for (const std::uint32_t deal : deals) {
            const bool has_moved = !deals_.moved.empty() && deals_.moved[deal] != 0;
            if (reader_.read(deal)) united_.see(reader_, deals_.journeys.first_row[deal], has_moved);
        }
        united_.count(counts_.counts, 0, 1);
        moved_out_ += static_cast<std::int64_t>(united_.has_moved_out());
    }

    [[nodiscard]] std::int64_t moved_out() const { return moved_out_; }
    [[nodiscard]] PartialCounts take() { return std::move(counts_); }

  private:
    const ChainPart& deals_;
    ItemReader<Mask, Code> reader_;
    ItemUnion<Mask> united_;
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
        ItemReader<Mask, Code> reader(deals.journeys, deals.pipeline, codes, options);
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
    const ByKey deals_of =
        by_key(links.lead, leads.journeys.n_items(), [&](std::size_t i) { return links.deal[i]; });
    std::vector<std::uint8_t> is_counted(leads.journeys.n_items(), 0);
    const auto count = [&]<class Mask>(const auto* lead_codes, const auto* deal_codes) {
        OriginPartial origin = parallel_merge(
            leads.journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
                ItemReader<Mask, std::decay_t<decltype(*lead_codes)>> lead(leads.journeys, leads.pipeline,
                                                                           lead_codes, options);
                LeadCounter<Mask, std::decay_t<decltype(*deal_codes)>> counter(deals, deal_codes, options);
                std::int64_t converted = 0;
                for (std::size_t i = first; i < last; ++i) {
                    if (!lead.read(i)) continue;
                    is_counted[i] = 1;
                    converted += static_cast<std::int64_t>(lead.passed_a_won_stage());
                    counter.count(deals_of.of(i));
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
