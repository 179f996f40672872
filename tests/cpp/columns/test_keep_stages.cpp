// A log of some stages only: building leaves the rows of all other stages out.

#include <gtest/gtest.h>

#include <random>

#include "stagefunnel/journeys/row_stream.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

using Codes = LargeVector<std::uint16_t>;
using Flags = std::vector<std::uint8_t>;

StageCodes letters(std::string_view stages) {
    std::vector<std::optional<std::string>> values;
    for (const char stage : stages) {
        values.push_back(stage == '-' ? std::nullopt : std::optional(std::string(1, stage)));
    }
    return encode_stages(texts_column(values));
}

TEST(KeepStages, NumbersTheKeptLabelsInTheirOrder) {
    StageCodes stages = letters("ABACCB");
    EXPECT_EQ(keep_stages(stages, Flags{1, 0, 1}), 2U);
    EXPECT_EQ(std::get<Labels>(stages.labels), (Labels{"A", "C"}));
    EXPECT_EQ(stages.code, (Codes{0, kLeftOut, 0, 1, 1, kLeftOut}));
    EXPECT_EQ(stages.rows, (Rows{2, 2}));
    EXPECT_EQ(stages.first_row, (Rows{0, 3}));
    EXPECT_TRUE(stages.leaves_out);
}

TEST(KeepStages, SaysWhichRowsAreLeftOut) {
    StageCodes stages = letters("ABACCB");
    EXPECT_EQ(left_out_rows(stages), Rows{});
    keep_stages(stages, Flags{1, 0, 1});
    EXPECT_EQ(left_out_rows(stages), (Rows{1, 5}));
}

TEST(KeepStages, KeepsRowsWithoutAStage) {
    StageCodes stages = letters("A-B");
    EXPECT_EQ(keep_stages(stages, Flags{0, 1}), 1U);
    EXPECT_EQ(stages.code, (Codes{kLeftOut, 1, 0}));
}

TEST(KeepStages, DoesNotChangeTheCodesIfAllStagesAreKept) {
    StageCodes stages = letters("AB");
    EXPECT_EQ(keep_stages(stages, Flags{1, 1}), 0U);
    EXPECT_FALSE(stages.leaves_out);
    EXPECT_EQ(std::get<Labels>(stages.labels), (Labels{"A", "B"}));
}

TEST(KeepStages, CanLeaveAllStagesOut) {
    StageCodes stages = letters("AB");
    EXPECT_EQ(keep_stages(stages, Flags{0, 0}), 2U);
    EXPECT_EQ(stages.n_labels(), 0U);
    const std::vector<std::int64_t> values{1, 2};
    const Column column = numbers_column(values);
    const Journeys journeys =
        journeys::build_journeys(encode_items(column), stages, encode_times(column), {}, {}, 1);
    EXPECT_EQ(journeys.n_rows(), 0U);
    EXPECT_EQ(journeys.n_items(), 0U);
}

TEST(KeepStages, RefusesAnotherNumberOfFlags) {
    StageCodes stages = letters("AB");
    EXPECT_THROW(keep_stages(stages, Flags{1}), std::invalid_argument);
}

/// Rows of many items; some rows have stages that are not kept.
struct Shape {
    const char* name;
    std::size_t n_rows;
    std::size_t n_labels;
    std::int64_t latest;
    bool hashed;
};

class KeepStagesOf : public ::testing::TestWithParam<Shape> {
  protected:
    void SetUp() override {
        const Shape& shape = GetParam();
        std::mt19937_64 random(shape.n_rows + shape.n_labels);
        for (std::size_t row = 0; row < shape.n_rows; ++row) {
            const std::size_t code = random() % shape.n_labels;
            items.push_back(random() % (shape.n_rows / 8 + 1));
            if (shape.hashed) high.push_back(items.back() * 0x9E3779B97F4A7C15U);
            times.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(shape.latest)));
            codes.code.push_back(static_cast<std::uint16_t>(code));
            labels.push_back(static_cast<std::int64_t>(code));
        }
        codes.rows.resize(shape.n_labels);
        codes.first_row.resize(shape.n_labels);
        codes.labels = std::vector<std::int64_t>(shape.n_labels);
        for (std::size_t label = 0; label < shape.n_labels; ++label) kept.push_back(random() % 2);
        kept.front() = 0;
        leave_out(codes, {});
    }

    [[nodiscard]] Journeys build(const StageCodes& stages, const Rows& dropped, unsigned threads) const {
        ItemKeys keys;
        keys.key = items;
        keys.high = high;
        Times stamps;
        stamps.time = times;
        return journeys::build_journeys(keys, stages, stamps, {}, dropped, threads,
                                        journeys::RowNumbers::keep);
    }

    /// Returns the rows of the stages that are not kept, and every hundredth row if these are invalid.
    [[nodiscard]] Rows dropped_rows(bool hundredths) const {
        Rows rows;
        for (std::size_t row = 0; row < codes.code.size(); ++row) {
            if (kept[codes.code[row]] == 0 || (hundredths && row % 100 == 0)) rows.push_back(row);
        }
        return rows;
    }

    [[nodiscard]] StageCodes copy_of_codes() const {
        StageCodes copy;
        copy.code.assign(codes.code.begin(), codes.code.end());
        copy.labels = codes.labels;
        copy.rows = codes.rows;
        copy.first_row = codes.first_row;
        return copy;
    }

    std::vector<std::uint64_t> items, high;
    std::vector<std::int64_t> times, labels;
    StageCodes codes;
    Flags kept;
};

/// Returns the codes of the kept labels among all labels.
std::vector<std::size_t> codes_among_all(const Flags& kept) {
    std::vector<std::size_t> codes;
    for (std::size_t label = 0; label < kept.size(); ++label) {
        if (kept[label] != 0) codes.push_back(label);
    }
    return codes;
}

void expect_same(const Journeys& found, const Journeys& expected, const Flags& kept) {
    EXPECT_EQ(list_of(found.offsets), list_of(expected.offsets));
    EXPECT_EQ(list_of(found.key), list_of(expected.key));
    EXPECT_EQ(list_of(found.high), list_of(expected.high));
    EXPECT_EQ(list_of(found.first_row), list_of(expected.first_row));
    EXPECT_EQ(list_of(found.time), list_of(expected.time));
    EXPECT_EQ(list_of(found.row), list_of(expected.row));
    EXPECT_EQ(found.ends, expected.ends);
    const std::vector<std::size_t> among_all = codes_among_all(kept);
    EXPECT_EQ(found.n_labels, among_all.size());
    const auto read = [](const Journeys& journeys) {
        return std::visit(
            [](const auto& codes) { return std::vector<std::size_t>(codes.begin(), codes.end()); },
            journeys.stage);
    };
    std::vector<std::size_t> stages = read(found);
    for (std::size_t& code : stages) code = among_all.at(code);
    EXPECT_EQ(stages, read(expected));
}

TEST_P(KeepStagesOf, BuildsTheSameLogAsInputWithoutTheOtherRows) {
    for (const bool hundredths : {false, true}) {
        const Journeys expected = build(codes, dropped_rows(hundredths), 1);
        ASSERT_GT(expected.n_rows(), 0U);
        StageCodes some = copy_of_codes();
        Rows invalid;
        for (std::size_t row = 0; hundredths && row < items.size(); row += 100) invalid.push_back(row);
        if (hundredths) leave_out(some, invalid);
        const std::uint64_t n_left_out = keep_stages(some, kept, 2);
        EXPECT_EQ(expected.n_rows() + n_left_out + invalid.size(), items.size());
        for (const unsigned threads : {1U, 2U, 7U})
            expect_same(build(some, invalid, threads), expected, kept);
    }
}

TEST_P(KeepStagesOf, StreamsTheSameLogAsInputWithoutTheOtherRows) {
    const auto streamed = [&](bool keep) {
        journeys::RowStream stream;
        const std::size_t n_batches = 3;
        for (std::size_t batch = 0; batch < n_batches; ++batch) {
            const std::size_t first = items.size() * batch / n_batches;
            const std::size_t last = items.size() * (batch + 1) / n_batches;
            ItemKeys keys;
            keys.key = std::span(items).subspan(first, last - first);
            if (!high.empty()) keys.high = std::span(high).subspan(first, last - first);
            Times stamps;
            stamps.time = std::span(times).subspan(first, last - first);
            const std::vector<std::int64_t> part(labels.begin() + static_cast<std::ptrdiff_t>(first),
                                                 labels.begin() + static_cast<std::ptrdiff_t>(last));
            StageCodes stages = encode_stages(numbers_column(part));
            Flags flags;
            for (const std::int64_t label : std::get<std::vector<std::int64_t>>(stages.labels)) {
                flags.push_back(kept[static_cast<std::size_t>(label)]);
            }
            Rows passed;
            for (std::size_t row = 0; row < part.size(); ++row) {
                const bool other = kept[static_cast<std::size_t>(part[row])] == 0;
                if ((first + row) % 100 == 0 || (other && !keep)) passed.push_back(row);
            }
            leave_out(stages, passed);
            if (keep) keep_stages(stages, flags);
            stream.append(keys, stages, stamps, passed);
        }
        std::vector<std::int64_t> named = std::get<std::vector<std::int64_t>>(stream.labels());
        Journeys journeys = stream.build(2);
        std::vector<std::int64_t> stages;
        std::visit(
            [&](const auto& of_rows) {
                for (const auto code : of_rows) stages.push_back(named.at(code));
            },
            journeys.stage);
        return std::pair(std::move(journeys), stages);
    };
    const auto [found, stages] = streamed(true);
    const auto [expected, expected_stages] = streamed(false);
    EXPECT_EQ(stages, expected_stages);
    EXPECT_EQ(list_of(found.offsets), list_of(expected.offsets));
    EXPECT_EQ(list_of(found.key), list_of(expected.key));
    EXPECT_EQ(list_of(found.first_row), list_of(expected.first_row));
    EXPECT_EQ(list_of(found.time), list_of(expected.time));
}

INSTANTIATE_TEST_SUITE_P(Shapes, KeepStagesOf,
                         ::testing::Values(Shape{"few", 50, 4, 20, false},
                                           Shape{"narrow", 100'000, 6, 1'000'000, false},
                                           Shape{"hashed", 70'000, 6, 1'000'000, true},
                                           Shape{"manyStages", 70'000, 900, 1'000'000, false},
                                           Shape{"wide", 70'000, 300, std::int64_t{1} << 62, false}),
                         [](const auto& shape) { return std::string(shape.param.name); });

}  // namespace
}  // namespace stagefunnel::columns
