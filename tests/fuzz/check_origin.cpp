// Leads in the stages of their deals: each deal is counted alone, and leads are united by hand.

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "expect.hpp"
#include "kernels.hpp"
#include "stagefunnel/questions/funnel/chain.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::fuzz {
namespace {

constexpr std::size_t kLeadCodes = 4, kDealCodes = 6;

testing::CodedRows draw_log(Choices& choices, std::size_t n_items, std::size_t n_codes) {
    testing::CodedRows rows;
    rows.n_labels = n_codes;
    for (std::size_t item = 0; item < n_items; ++item) {
        for (std::size_t i = 1 + choices.below(4); i > 0; --i) {
            const std::uint8_t byte = choices.byte();
            rows.add(item + 1, byte % (n_codes + 1), byte / 16);
        }
    }
    return rows;
}

/// Counts a log with each of its items as a group of its own.
funnel::Counts count_each(const Journeys& journeys, const Pipeline& pipeline, funnel::Options options) {
    std::vector<std::int32_t> group(journeys.n_items());
    std::iota(group.begin(), group.end(), 0);
    options.group = group;
    options.n_groups = static_cast<std::int32_t>(group.size());
    return funnel::count_funnel(journeys, pipeline, options);
}

/// Leads as the definition unites their deals.
class SlowOrigin {
  public:
    /// @param alone the counts with each deal as a group of its own.
    SlowOrigin(const funnel::Counts& alone, std::vector<std::vector<std::uint32_t>> deals_of)
        : alone_(alone), deals_of_(std::move(deals_of)) {}

    [[nodiscard]] CountMatrix count(bool (SlowOrigin::*is_so)(std::size_t lead, Eigen::Index stage) const,
                                    const std::vector<std::int32_t>& group, std::int32_t n_groups) const {
        CountMatrix counts = CountMatrix::Zero(n_groups, alone_.passed.cols());
        for (std::size_t lead = 0; lead < deals_of_.size(); ++lead) {
            for (Eigen::Index stage = 0; stage < counts.cols(); ++stage) {
                counts(group[lead], stage) += (this->*is_so)(lead, stage) ? 1 : 0;
            }
        }
        return counts;
    }
    [[nodiscard]] bool passed(std::size_t lead, Eigen::Index stage) const {
        return any(alone_.passed, lead, stage);
    }
    [[nodiscard]] bool assumed(std::size_t lead, Eigen::Index stage) const {
        return !passed(lead, stage) && any(alone_.assumed, lead, stage);
    }
    [[nodiscard]] bool visited(std::size_t lead, Eigen::Index stage) const {
        return any(alone_.visited, lead, stage);
    }
    [[nodiscard]] bool beyond(std::size_t lead, Eigen::Index stage) const {
        return went_beyond(lead, stage) && visited(lead, stage);
    }
    [[nodiscard]] bool skipped(std::size_t lead, Eigen::Index stage) const {
        return went_beyond(lead, stage) && !visited(lead, stage);
    }
    [[nodiscard]] bool began_beyond(std::size_t lead, Eigen::Index stage) const {
        if (!skipped(lead, stage)) return false;
        return std::all_of(deals_of_[lead].begin(), deals_of_[lead].end(), [&](std::uint32_t deal) {
            return alone_.skipped(deal, stage) == 0 || alone_.began_beyond(deal, stage) != 0;
        });
    }
    [[nodiscard]] bool won(std::size_t lead) const { return any(alone_.won, lead); }
    [[nodiscard]] bool open(std::size_t lead) const { return !won(lead) && any(alone_.open, lead); }
    [[nodiscard]] bool lost(std::size_t lead) const {
        return !won(lead) && !open(lead) && any(alone_.lost, lead);
    }

  private:
    [[nodiscard]] bool any(const CountMatrix& table, std::size_t lead, Eigen::Index stage) const {
        return std::any_of(deals_of_[lead].begin(), deals_of_[lead].end(),
                           [&](std::uint32_t deal) { return table(deal, stage) != 0; });
    }
    [[nodiscard]] bool any(const CountVector& table, std::size_t lead) const {
        return std::any_of(deals_of_[lead].begin(), deals_of_[lead].end(),
                           [&](std::uint32_t deal) { return table(deal) != 0; });
    }
    [[nodiscard]] bool went_beyond(std::size_t lead, Eigen::Index stage) const {
        return any(alone_.skipped, lead, stage) || any(alone_.beyond, lead, stage);
    }

    const funnel::Counts& alone_;
    std::vector<std::vector<std::uint32_t>> deals_of_;
};

void check_tables(const funnel::Counts& found, const SlowOrigin& slow, const std::vector<std::int32_t>& group,
                  std::int32_t n_groups) {
    const auto same = [&](const CountMatrix& table, auto is_so) {
        return table == slow.count(is_so, group, n_groups);
    };
    expect(same(found.passed, &SlowOrigin::passed), "a lead passes what one of its deals passes");
    expect(same(found.assumed, &SlowOrigin::assumed), "a lead is assumed where no deal of it passed");
    expect(same(found.visited, &SlowOrigin::visited), "a lead visits what one of its deals visits");
    expect(same(found.beyond, &SlowOrigin::beyond), "a lead goes beyond a stage that a deal of it visited");
    expect(same(found.skipped, &SlowOrigin::skipped), "a lead skips a stage that none of its deals visits");
    expect(same(found.began_beyond, &SlowOrigin::began_beyond),
           "a lead begins beyond a stage where all its deals beyond do");
}

}  // namespace

void check_origin(Choices& choices) {
    const std::size_t n_leads = 1 + choices.below(5), n_deals = 1 + choices.below(6);
    const Journeys leads = draw_log(choices, n_leads, kLeadCodes).build();
    const Journeys deals = draw_log(choices, n_deals, kDealCodes).build();
    const Pipeline lead_pipeline = testing::same_rows(2, 1, 1), deal_pipeline = testing::same_rows(3, 1, 2);
    constexpr std::array kKinds{funnel::Kind::classic, funnel::Kind::conversions_won,
                                funnel::Kind::conversions_moves, funnel::Kind::furthest,
                                funnel::Kind::strict};
    funnel::Options options;
    options.kind = choices.of(kKinds);
    options.lost_then_won = static_cast<funnel::LostThenWon>(choices.below(3));
    std::vector<std::uint32_t> lead, deal;
    std::vector<std::vector<std::uint32_t>> deals_of(n_leads);
    for (std::size_t i = choices.below(10); i > 0; --i) {
        lead.push_back(static_cast<std::uint32_t>(choices.below(n_leads)));
        deal.push_back(static_cast<std::uint32_t>(choices.below(n_deals)));
        deals_of[lead.back()].push_back(deal.back());
    }
    std::vector<std::int32_t> group;
    for (std::size_t i = 0; i < n_leads; ++i) group.push_back(static_cast<std::int32_t>(choices.below(2)));

    const funnel::Counts alone = count_each(deals, deal_pipeline, options);
    const funnel::Counts own = count_each(leads, lead_pipeline, options);
    for (std::size_t i = 0; i < n_leads; ++i) {
        const auto row = static_cast<Eigen::Index>(i);
        if (own.visited.row(row).sum() == 0 || own.left_out(row) != 0) deals_of[i].clear();  // in no count
    }
    options.group = group;
    options.n_groups = 2;
    options.threads = choices.one_in(8) ? 3 : 1;
    const funnel::OriginCounts found =
        funnel::count_origin({leads, lead_pipeline}, {deals, deal_pipeline}, {lead, deal}, options);
    const SlowOrigin slow(alone, std::move(deals_of));
    check_tables(found.deals, slow, group, 2);
    std::array<std::int64_t, 2> won{}, open{}, lost{}, converted{};
    for (std::size_t i = 0; i < n_leads; ++i) {
        const auto its = static_cast<std::size_t>(group[i]);
        won[its] += slow.won(i);
        open[its] += slow.open(i);
        lost[its] += slow.lost(i);
        const auto item = static_cast<Eigen::Index>(i);
        converted[its] += own.passed(item, 2) + own.assumed(item, 2);  // the won stage of the leads
    }
    for (std::size_t its = 0; its < 2; ++its) {
        const auto row = static_cast<Eigen::Index>(its);
        expect(found.deals.won(row) == won[its] && found.deals.open(row) == open[its] &&
                   found.deals.lost(row) == lost[its],
               "a lead is won before it is open, and open before it is lost");
        expect(found.converted(row) == converted[its], "a lead is converted by its own won stage");
        expect(found.deals.open_at.row(row).sum() == open[its], "an open lead is open at one stage");
        expect(found.deals.lost_from.row(row).sum() <= lost[its],
               "a lost lead is lost from one stage at most");
    }
}

}  // namespace stagefunnel::fuzz
