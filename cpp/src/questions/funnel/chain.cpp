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
    CountVector converted;
    CountVector moved_out;

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
          counts_(options.n_groups, deals.pipeline, amounts_of(options)),
          moved_out_(CountVector::Zero(options.n_groups)) {}

    void count(std::span<const std::uint32_t> deals, Eigen::Index group) {
        united_.clear();
        for (const std::uint32_t deal : deals) {
            const bool has_moved = !deals_.moved.empty() && deals_.moved[deal] != 0;
            if (reader_.read(deal)) united_.see(reader_, deals_.journeys.first_row[deal], has_moved);
        }
        united_.count(counts_.counts, group, 1);
        moved_out_(group) += static_cast<std::int64_t>(united_.has_moved_out());
    }

    [[nodiscard]] OriginPartial take(CountVector converted) {
        return {std::move(counts_), std::move(converted), std::move(moved_out_)};
    }

  private:
    const ChainPart& deals_;
    ItemReader<Mask, Code> reader_;
    ItemUnion<Mask> united_;
    PartialCounts counts_;
    CountVector moved_out_;
};

constexpr std::int32_t kNoLead = -1;

/// Returns the group of each deal that came of a counted lead, and `kNoLead` of the others.
std::vector<std::int32_t> groups_of_deals(const Links& links, std::size_t n_deals,
                                          std::span<const std::uint8_t> is_counted, const Options& options) {
    std::vector<std::int32_t> group(n_deals, kNoLead);
    for (std::size_t i = 0; i < links.lead.size(); ++i) {
        if (is_counted[links.lead[i]] == 0) continue;
        const std::int32_t own = options.group.empty() ? 0 : options.group[links.lead[i]];
        std::int32_t& of_deal = group[links.deal[i]];
        if (of_deal != kNoLead && of_deal != own)
            throw std::invalid_argument("a deal with an amount came of leads of several groups");
        of_deal = own;
    }
    return group;
}

/// Adds up the amounts of the deals that have a group.
template <class Mask, class Code>
PartialCounts add_amounts(const ChainPart& deals, const Code* codes, std::span<const std::int32_t> group,
                          const Options& options) {
    const auto n_rows = static_cast<std::size_t>(deals.pipeline.n_rows());
    return parallel_merge(group.size(), options.threads, [&](std::size_t first, std::size_t last) {
        PartialCounts partial(options.n_groups, deals.pipeline, Amounts::summed);
        ItemReader<Mask, Code> reader(deals.journeys, deals.pipeline, codes, options);
        for (std::size_t deal = first; deal < last; ++deal) {
            if (group[deal] == kNoLead || !reader.read(deal)) continue;
            const auto g = static_cast<std::size_t>(group[deal]);
            const double amount = options.amount[deal];
            for (std::size_t w = 0; w < reader.n_words(); ++w) {
                scan::for_each_bit(reader.reached(w), w, [&](Eigen::Index row) {
                    if (std::isnan(amount)) {
                        ++partial.counts.amount_missing(group[deal], row);
                    } else {
                        partial.sums[g * n_rows + static_cast<std::size_t>(row)] += to_fixed(amount);
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
    Options of_leads = options, of_deals = options;
    of_leads.amount = {};
    of_deals.group = {};
    of_deals.n_groups = 1;
    check_options(leads.journeys, of_leads);
    check_options(deals.journeys, of_deals);
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
                CountVector converted = CountVector::Zero(options.n_groups);
                for (std::size_t i = first; i < last; ++i) {
                    if (!lead.read(i)) continue;
                    is_counted[i] = 1;
                    const Eigen::Index group = options.group.empty() ? 0 : options.group[i];
                    converted(group) += static_cast<std::int64_t>(lead.passed_a_won_stage());
                    counter.count(deals_of.of(i), group);
                }
                return counter.take(std::move(converted));
            });
        if (!options.amount.empty()) {
            const std::vector<std::int32_t> group =
                groups_of_deals(links, deals.journeys.n_items(), is_counted, options);
            origin.counted.merge(add_amounts<Mask>(deals, deal_codes, group, options));
        }
        return OriginCounts{std::move(origin.counted).finish(), std::move(origin.converted),
                            std::move(origin.moved_out), std::move(is_counted)};
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
