#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/questions/funnel/chain.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

const Stages kLeads{{"New", "Called"}, {"Converted", "Partner"}, {"Junk"}};
const Stages kDeals{{"New", "Offer", "Delivery"}, {"Won"}, {"Lost"}};

using Pair = std::pair<std::int64_t, std::int64_t>;  // a lead and a deal

struct Chain {
    Log leads, deals;
    Pipeline lead_pipeline = kLeads.read(leads), deal_pipeline = kDeals.read(deals);
    std::vector<std::uint32_t> lead = {}, deal = {};

    Chain(const std::vector<Labels>& lead_journeys, const std::vector<Labels>& deal_journeys,
          const std::vector<Pair>& links)
        : leads(log_of_journeys(lead_journeys)), deals(log_of_journeys(deal_journeys)) {
        for (const auto& [from, to] : links) {
            lead.push_back(static_cast<std::uint32_t>(leads.place_of(from)));
            deal.push_back(static_cast<std::uint32_t>(deals.place_of(to)));
        }
    }

    [[nodiscard]] OriginCounts count(const Options& options, std::span<const std::uint8_t> moved = {}) const {
        return count_origin({leads.journeys, lead_pipeline}, {deals.journeys, deal_pipeline, moved},
                            {lead, deal}, options);
    }
    [[nodiscard]] OriginCounts count(Kind kind = Kind::classic) const {
        return count(Options{.kind = kind, .group = {}, .amount = {}});
    }
};

/// One row of counts, one per stage of the deals: New, Offer, Delivery, Won, Lost.
CountMatrix row(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, std::int64_t e) {
    return CountMatrix{{a, b, c, d, e}};
}

TEST(CountOrigin, CountsALeadInAStageOnceHoweverManyOfItsDealsPassIt) {
    const Chain chain({{"New"}}, {{"New", "Offer"}, {"New"}, {"Won"}}, {{1, 1}, {1, 2}, {1, 3}});
    EXPECT_EQ(chain.count().deals.passed, row(1, 1, 0, 1, 0));
}

TEST(CountOrigin, CountsADealForEachOfItsLeads) {
    const Chain chain({{"New"}, {"New"}}, {{"New"}}, {{1, 1}, {2, 1}});
    EXPECT_EQ(chain.count().deals.passed, row(2, 0, 0, 0, 0));
}

TEST(CountOrigin, CountsARepeatedPairOnce) {
    const Chain chain({{"New"}}, {{"New"}}, {{1, 1}, {1, 1}});
    EXPECT_EQ(chain.count().deals.passed, row(1, 0, 0, 0, 0));
    EXPECT_EQ(chain.count().deals.open, CountVector{{1}});
}

TEST(CountOrigin, AssumesAStageThatNoDealOfTheLeadPassed) {
    const Chain chain({{"New"}}, {{"New", "Won"}, {"Offer"}}, {{1, 1}, {1, 2}});
    const OriginCounts counts = chain.count(Kind::conversions_won);
    EXPECT_EQ(counts.deals.passed, row(1, 1, 0, 1, 0));
    EXPECT_EQ(counts.deals.assumed, row(0, 0, 1, 0, 0));
}

TEST(CountOrigin, ALeadSkippedAStageThatADealWentBeyondAndNoneVisited) {
    const Chain chain({{"New"}}, {{"New", "Won"}, {"Offer"}}, {{1, 1}, {1, 2}});
    EXPECT_EQ(chain.count().deals.skipped, row(0, 0, 1, 0, 0));
    EXPECT_EQ(chain.count().deals.beyond, row(1, 1, 0, 0, 0));
}

TEST(CountOrigin, ALeadBeganBeyondAStageIfAllItsDealsThatWentBeyondDid) {
    const Chain began({{"New"}}, {{"Delivery"}, {"New"}}, {{1, 1}, {1, 2}});
    EXPECT_EQ(began.count().deals.skipped, row(0, 1, 0, 0, 0));
    EXPECT_EQ(began.count().deals.began_beyond, row(0, 1, 0, 0, 0));
    const Chain moved({{"New"}}, {{"Delivery"}, {"New", "Delivery"}}, {{1, 1}, {1, 2}});
    EXPECT_EQ(moved.count().deals.skipped, row(0, 1, 0, 0, 0));
    EXPECT_TRUE(moved.count().deals.began_beyond.isZero());
}

TEST(CountOrigin, ALeadIsWonBeforeItIsOpenAndOpenBeforeItIsLost) {
    const Chain chain({{"New"}, {"New"}, {"New"}, {"New"}},
                      {{"Won"}, {"New", "Offer"}, {"Offer", "Lost"}, {"New"}, {"New", "Lost"}},
                      {{1, 1}, {1, 2}, {2, 2}, {2, 3}, {2, 4}, {3, 3}, {3, 5}});
    const Counts counts = chain.count().deals;
    EXPECT_EQ(counts.won, CountVector{{1}});
    EXPECT_EQ(counts.open, CountVector{{1}});
    EXPECT_EQ(counts.lost, CountVector{{1}});
    EXPECT_EQ(counts.open_at, row(0, 1, 0, 0, 0));
    EXPECT_EQ(counts.lost_from, row(0, 1, 0, 0, 0));
}

TEST(CountOrigin, ALeadIsConvertedOnceByAnyOfItsWonStages) {
    const Chain chain({{"Converted", "Partner"}, {"Partner"}, {"New"}}, {{"New"}}, {});
    EXPECT_EQ(chain.count().converted, CountVector{{2}});
    EXPECT_EQ(chain.count(Kind::strict).converted, CountVector{{0}});
}

TEST(CountOrigin, LeavesOutLeadsAndDealsIndependently) {
    const Chain chain({{"Junk", "Converted"}, {"New"}}, {{"New"}, {"Lost", "Won"}}, {{1, 1}, {2, 2}});
    const OriginCounts counts =
        chain.count(Options{.lost_then_won = LostThenWon::exclude, .group = {}, .amount = {}});
    EXPECT_EQ(counts.converted, CountVector{{0}});
    EXPECT_TRUE(counts.deals.passed.isZero());
    EXPECT_EQ(counts.is_counted[chain.leads.place_of(1)], 0);
    EXPECT_EQ(counts.is_counted[chain.leads.place_of(2)], 1);
}

TEST(CountOrigin, ADealThatMovedOutCountsInItsStagesAndInNoOutcome) {
    const Chain chain({{"New"}}, {{"New", "Offer"}}, {{1, 1}});
    const std::vector<std::uint8_t> moved{1};
    const Counts counts = chain.count(Options{.group = {}, .amount = {}}, moved).deals;
    EXPECT_EQ(counts.passed, row(1, 1, 0, 0, 0));
    EXPECT_TRUE(counts.open.isZero());
    EXPECT_TRUE(counts.open_at.isZero());
}

TEST(CountOrigin, ALeadHasMovedOutWhereNoneOfItsDealsIsHere) {
    const Chain chain({{"New"}, {"New"}, {"New"}, {"New"}}, {{"New"}, {"Offer"}, {"New", "Lost"}},
                      {{1, 1}, {1, 2}, {2, 1}, {2, 3}, {3, 3}});
    std::vector<std::uint8_t> moved(3, 0);
    moved[chain.deals.place_of(1)] = 1;
    moved[chain.deals.place_of(2)] = 1;
    const OriginCounts counts = chain.count(Options{.group = {}, .amount = {}}, moved);
    EXPECT_EQ(counts.moved_out, CountVector{{1}});
    EXPECT_EQ(counts.deals.lost, CountVector{{2}});
    EXPECT_TRUE(counts.deals.open.isZero());
}

TEST(CountOrigin, ALeadStandsWhereTheDealThatVisitedTheFurthestStageStands) {
    const Chain chain({{"New"}, {"New"}, {"New"}},
                      {{"New", "Offer"},
                       {"New", "Delivery", "New"},
                       {"Offer", "Lost"},
                       {"New", "Offer", "New", "Lost"},
                       {"Delivery", "Lost"},
                       {"New", "Won", "New", "Lost"}},
                      {{1, 1}, {1, 2}, {2, 4}, {2, 3}, {3, 5}, {3, 6}});
    const Counts counts = chain.count().deals;
    EXPECT_EQ(counts.open_at, row(1, 0, 0, 0, 0));
    // Of the deals of lead 2 the one that comes first in the input counts, of lead 3 the one that was won.
    EXPECT_EQ(counts.lost_from, row(1, 1, 0, 0, 0));
}

TEST(CountOrigin, AddsTheAmountOfADealOfSeveralLeadsOnce) {
    const Chain chain({{"New"}, {"New"}}, {{"New", "Won"}, {"New"}, {"New"}}, {{1, 1}, {2, 1}, {2, 2}});
    std::vector<double> amounts(3, 1'000);
    amounts[chain.deals.place_of(1)] = 2.5;
    amounts[chain.deals.place_of(2)] = std::numeric_limits<double>::quiet_NaN();
    const Counts counts = chain.count(Options{.group = {}, .amount = amounts}).deals;
    EXPECT_EQ(counts.amount, (SumMatrix{{2.5, 0, 0, 2.5, 0}}));
    EXPECT_EQ(counts.amount_missing, row(1, 0, 0, 0, 0));
}

TEST(CountOrigin, CountsEachGroupOfLeadsByItself) {
    const Chain chain({{"New"}, {"Converted"}, {"Converted"}}, {{"New", "Won"}, {"New"}, {"Offer", "Lost"}},
                      {{1, 1}, {2, 1}, {3, 2}, {3, 3}});
    std::vector<std::int32_t> group(3, 1);
    group[chain.leads.place_of(3)] = 0;
    std::vector<double> amounts(3, 8);
    amounts[chain.deals.place_of(1)] = 2.5;
    Options options{.group = group, .amount = amounts};
    options.n_groups = 3;
    const OriginCounts counts = chain.count(options);
    EXPECT_EQ(counts.converted, (CountVector{{1, 1, 0}}));
    EXPECT_EQ(counts.deals.passed, (CountMatrix{{1, 1, 0, 0, 1}, {2, 0, 0, 2, 0}, {0, 0, 0, 0, 0}}));
    EXPECT_EQ(counts.deals.open, (CountVector{{1, 0, 0}}));
    EXPECT_EQ(counts.deals.won, (CountVector{{0, 2, 0}}));
    EXPECT_EQ(counts.deals.amount, (SumMatrix{{8, 8, 0, 0, 8}, {2.5, 0, 0, 2.5, 0}, {0, 0, 0, 0, 0}}));
}

TEST(CountOrigin, RefusesAnAmountOfADealWhoseLeadsAreInSeveralGroups) {
    const Chain chain({{"New"}, {"New"}}, {{"New"}}, {{1, 1}, {2, 1}});
    const std::vector<std::int32_t> group{0, 1};
    const std::vector<double> amounts{1};
    Options options{.group = group, .amount = amounts};
    options.n_groups = 2;
    EXPECT_EQ(message_of([&] { static_cast<void>(chain.count(options)); }),
              "a deal with an amount came of leads of several groups");
}

TEST(CountOrigin, RefusesLinksThatDoNotFit) {
    Chain chain({{"New"}}, {{"New"}}, {{1, 1}});
    chain.deal = {1};
    EXPECT_EQ(message_of([&] { static_cast<void>(chain.count()); }), "a link names a place without an item");
    chain.deal = {};
    EXPECT_EQ(message_of([&] { static_cast<void>(chain.count()); }), "links differ in length");
}

TEST(CountOrigin, IsTheSameForAnyNumberOfThreadsAndStages) {
    std::mt19937_64 random(7);
    CodedRows leads, deals;
    leads.n_labels = deals.n_labels = 70;
    for (std::uint64_t i = 0; i < 120'000; ++i) {
        leads.add(random() % 40'000, random() % 6, static_cast<std::int64_t>(i));
        deals.add(random() % 40'000, random() % 6, static_cast<std::int64_t>(i));
    }
    const Journeys lead_journeys = leads.build(), deal_journeys = deals.build();
    std::vector<std::uint32_t> lead, deal;
    for (int i = 0; i < 60'000; ++i) {
        lead.push_back(static_cast<std::uint32_t>(random() % lead_journeys.n_items()));
        deal.push_back(static_cast<std::uint32_t>(random() % deal_journeys.n_items()));
    }
    const auto pipeline = [](std::int32_t n_more) {
        std::vector<std::int32_t> rows(70, Pipeline::kUnlisted);
        for (std::int32_t stage = 0; stage < 6; ++stage)
            rows[static_cast<std::size_t>(stage)] = stage < 4 ? stage : stage + n_more;
        return Pipeline(4 + n_more, 1, 1, rows);
    };
    const auto count = [&](std::int32_t n_more, unsigned threads) {
        const Pipeline stages = pipeline(n_more);
        Options options{.lost_then_won = LostThenWon::exclude, .group = {}, .amount = {}};
        options.threads = threads;
        return count_origin({lead_journeys, stages}, {deal_journeys, stages}, {lead, deal}, options);
    };
    const OriginCounts one = count(0, 1);
    ASSERT_GT(one.deals.passed.sum(), 0);
    for (const unsigned threads : {2U, 5U}) {
        EXPECT_EQ(count(0, threads).deals.passed, one.deals.passed);
        EXPECT_EQ(count(0, threads).deals.lost_from, one.deals.lost_from);
    }
    // More than 64 stages take several words; no item visits the further stages.
    const OriginCounts many = count(64, 2);
    EXPECT_EQ(many.converted, one.converted);
    EXPECT_EQ(many.deals.passed.leftCols(4), one.deals.passed.leftCols(4));
    EXPECT_EQ(many.deals.passed.rightCols(2), one.deals.passed.rightCols(2));
    EXPECT_EQ(many.deals.open, one.deals.open);
}

TEST(PlacesOf, FindsTheItemsThatAColumnNames) {
    const Log log = log_of({{7, "New", 0}, {-3, "New", 1}});
    const Column named = numbers_column(std::vector<std::int64_t>{-3, 8, 7, -3});
    const auto place = [&](std::int64_t item) { return static_cast<std::int64_t>(log.place_of(item)); };
    EXPECT_EQ(journeys::places_of(log.journeys, columns::encode_items(named)),
              (std::vector<std::int64_t>{place(-3), -1, place(7), place(-3)}));
}

TEST(PlacesOf, RefusesTextWhereTheItemsAreIntegers) {
    const Log log = log_of({{7, "New", 0}});
    const Column named = texts_column({std::optional<std::string>("7")});
    EXPECT_THROW(static_cast<void>(journeys::places_of(log.journeys, columns::encode_items(named))),
                 std::invalid_argument);
}

TEST(PlacesOf, AMissingKeyIsNoItem) {
    const Log log = log_of({{0, "New", 0}});
    const std::vector<std::uint64_t> zeros{0, 0};
    columns::ItemKeys keys;
    keys.key = zeros;
    keys.missing_rows = {0};
    EXPECT_EQ(journeys::places_of(log.journeys, keys), (std::vector<std::int64_t>{-1, 0}));
}

}  // namespace
}  // namespace stagefunnel::funnel
