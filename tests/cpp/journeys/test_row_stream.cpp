#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stagefunnel/journeys/key_texts.hpp"
#include "stagefunnel/journeys/row_stream.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

/// Rows of one batch with integer items.
void append(RowStream& stream, const std::vector<Row>& rows, const Rows& dropped = {}) {
    std::vector<std::int64_t> items, times;
    std::vector<std::optional<std::string>> stages;
    for (const Row& row : rows) {
        items.push_back(row.item);
        stages.push_back(row.stage.empty() ? std::nullopt : std::optional(row.stage));
        times.push_back(row.time);
    }
    const Column item = numbers_column(items), time = numbers_column(times);
    columns::StageCodes codes = columns::encode_stages(texts_column(stages));
    if (!dropped.empty()) columns::leave_out(codes, dropped);
    stream.append(columns::encode_items(item), codes, columns::encode_times(time), dropped);
}

Log built(RowStream& stream) {
    Log log;
    log.labels = std::get<Labels>(stream.labels());
    log.journeys = stream.build(2);
    return log;
}

TEST(RowStream, JoinsTheRowsOfAnItemFromAllBatches) {
    RowStream stream;
    append(stream, {{7, "New", 5}, {8, "New", 1}});
    append(stream, {{7, "Won", 9}, {7, "Call", 3}});
    const Log log = built(stream);
    EXPECT_EQ(log.stages_of(7), (Labels{"Call", "New", "Won"}));
    EXPECT_EQ(log.times_of(7), (std::vector<std::int64_t>{3, 5, 9}));
    EXPECT_EQ(log.stages_of(8), (Labels{"New"}));
}

TEST(RowStream, RefinesTheTimesOfTheBatchesSoFar) {
    RowStream stream;
    append(stream, {{7, "New", 5}, {8, "New", -2}});
    stream.refine_times(1'000);
    append(stream, {{7, "Won", 4'999}});
    const Log log = built(stream);
    EXPECT_EQ(log.stages_of(7), (Labels{"Won", "New"}));
    EXPECT_EQ(log.times_of(7), (std::vector<std::int64_t>{4'999, 5'000}));
    EXPECT_EQ(log.times_of(8), (std::vector<std::int64_t>{-2'000}));
}

TEST(RowStream, ChangesNoTimeIfOneOfThemDoesNotFitAFinerUnit) {
    RowStream stream;
    append(stream, {{7, "New", 5}, {7, "Won", std::numeric_limits<std::int64_t>::max() / 1'000 + 1}});
    EXPECT_THROW(stream.refine_times(1'000), std::invalid_argument);
    EXPECT_EQ(built(stream).times_of(7).front(), 5);
}

TEST(RowStream, NumbersStagesByTheirFirstRowInTheStreamWhateverTheirCodesInABatch) {
    RowStream stream;
    append(stream, {{1, "New", 0}, {1, "Won", 1}});
    append(stream, {{2, "Lost", 0}, {2, "Won", 1}, {2, "New", 2}});
    EXPECT_EQ(std::get<Labels>(stream.labels()), (Labels{"New", "Won", "Lost"}));
    EXPECT_EQ(stream.rows_of_labels(), (Rows{2, 2, 1}));
    EXPECT_EQ(stream.first_row_of_labels(), (Rows{0, 1, 2}));
    EXPECT_EQ(built(stream).stages_of(2), (Labels{"Lost", "Won", "New"}));
}

TEST(RowStream, LeavesDroppedRowsOutButCountsThemInItsRowNumbers) {
    RowStream stream;
    append(stream, {{1, "Call", 0}, {1, "New", 1}, {1, "Call", 2}}, {0, 2});
    append(stream, {{1, "Won", 3}, {1, "Call", 4}});
    EXPECT_EQ(stream.n_rows(), 5);
    EXPECT_EQ(stream.rows_of_labels(), (Rows{1, 1, 1}));
    EXPECT_EQ(stream.first_row_of_labels(), (Rows{4, 1, 3}));
    EXPECT_EQ(built(stream).stages_of(1), (Labels{"New", "Won", "Call"}));
}

TEST(RowStream, NumbersTheRowsThatItKeepsIfTheJourneysAreToKnow) {
    RowStream stream;
    append(stream, {{7, "New", 5}, {8, "New", 1}, {7, "Won", 9}}, {1});
    append(stream, {{7, "Call", 3}});
    const Journeys journeys = stream.build(1, RowStream::kManyRows, RowNumbers::keep);
    EXPECT_EQ(list_of(journeys.row), (std::vector<std::uint32_t>{2, 0, 1}));
}

TEST(RowStream, KeepsMissingStagesApartFromLabelsOfLaterBatches) {
    RowStream stream;
    append(stream, {{1, "New", 0}, {1, "", 1}});
    append(stream, {{1, "Won", 2}, {1, "", 3}});
    EXPECT_EQ(built(stream).stages_of(1), (Labels{"New", "(missing)", "Won", "(missing)"}));
}

TEST(RowStream, KeepsTheOrderOfTheStreamBetweenRowsOfEqualTime) {
    RowStream stream;
    for (const char* stage : {"a", "b", "c", "d"}) append(stream, {{1, stage, 0}});
    EXPECT_EQ(built(stream).stages_of(1), (Labels{"a", "b", "c", "d"}));
}

TEST(RowStream, BuildsTheSameLogAsOneColumnWhetherItFreesBlocksOrNot) {
    CodedRows all;
    all.n_labels = 5;
    RowStream kept, freed;
    std::uint64_t state = 1;
    const auto next = [&] { return (state = state * 6364136223846793005U + 1442695040888963407U) >> 33U; };
    for (int batch = 0; batch < 9; ++batch) {
        CodedRows rows;
        for (int i = 0; i < 20'011; ++i) {
            rows.add(next() % 9'000, next() % 5, static_cast<std::int64_t>(next() % 100));
            all.add(rows.item.back(), rows.stage.back(), rows.time.back());
        }
        columns::ItemKeys keys;
        keys.key = rows.item;
        columns::StageCodes codes;
        codes.code.assign(rows.stage.begin(), rows.stage.end());
        codes.labels = std::vector<std::int64_t>{0, 1, 2, 3, 4};
        codes.rows.resize(5);
        codes.first_row.resize(5);
        columns::Times times;
        times.time = rows.time;
        kept.append(keys, codes, times, {});
        freed.append(keys, codes, times, {});
    }
    const Journeys expected = all.build(1);
    for (const Journeys& found : {kept.build(2), freed.build(3, /*many_rows=*/0)}) {
        EXPECT_EQ(found.offsets, expected.offsets);
        EXPECT_EQ(found.key, expected.key);
        EXPECT_EQ(found.first_row, expected.first_row);
        EXPECT_EQ(found.time, expected.time);
        EXPECT_EQ(found.stage, expected.stage);
    }
}

// The memory of the thread sanitizer grows with that of the program.
#if defined(__linux__) && !defined(__SANITIZE_THREAD__)
/// The peak of the resident memory of this process since `forget`, in bytes.
class Peak {
  public:
    static void forget() { std::ofstream("/proc/self/clear_refs") << "5"; }
    static std::size_t resident() { return kilobytes("VmRSS:") * 1024; }
    static std::size_t highest() { return kilobytes("VmHWM:") * 1024; }

  private:
    static std::size_t kilobytes(const std::string& name) {
        std::ifstream status("/proc/self/status");
        for (std::string word; status >> word;) {
            if (word != name) continue;
            std::size_t value = 0;
            status >> value;
            return value;
        }
        return 0;
    }
};

TEST(RowStream, FreesItsRowsWhileTheJourneysGrow) {
    constexpr std::size_t kRows = std::size_t{1} << 17U, kBatches = 64;
    RowStream stream;
    for (std::size_t batch = 0; batch < kBatches; ++batch) {
        CodedRows rows;
        for (std::size_t i = 0; i < kRows; ++i) rows.add(i % 1'000, 0, static_cast<std::int64_t>(i));
        columns::ItemKeys keys;
        keys.key = rows.item;
        columns::StageCodes codes;
        codes.code.assign(rows.stage.begin(), rows.stage.end());
        codes.labels = std::vector<std::int64_t>{0};
        codes.rows = {kRows};
        codes.first_row = {0};
        columns::Times times;
        times.time = rows.time;
        stream.append(keys, codes, times, {});
    }
    release_idle();
    const std::size_t before = Peak::resident();
    Peak::forget();
    const Journeys journeys = stream.build(1, /*many_rows=*/0);
    // A record takes 16 bytes per row. If all rows stayed to the end, the peak would hold them as well.
    EXPECT_LT(Peak::highest() - before, kRows * kBatches * 8);
    EXPECT_EQ(journeys.n_rows(), kRows * kBatches);
}
#endif

TEST(RowStream, JoinsHashedKeysOfSeveralBatches) {
    RowStream stream;
    for (const char* item : {"deal 1", "deal 2", "deal 1"}) {
        const Column key = texts_column({item}), stage = texts_column({"New"}),
                     time = numbers_column<std::int64_t>({0});
        stream.append(columns::encode_items(key), columns::encode_stages(stage), columns::encode_times(time),
                      {});
    }
    const Journeys journeys = stream.build(1);
    EXPECT_EQ(journeys.n_items(), 2);
    EXPECT_EQ(journeys.n_rows(), 3);
}

/// Adds rows of these items to a stream, all with one stage and one time. Keys are packed if they can be.
void append_items(RowStream& stream, const std::vector<std::optional<std::string>>& items) {
    const std::vector<std::optional<std::string>> stages(items.size(), "New");
    const Column time = numbers_column(std::vector<std::int64_t>(items.size(), 0));
    stream.append(columns::pack_items(texts_column(items)), columns::encode_stages(texts_column(stages)),
                  columns::encode_times(time), {});
}

std::set<std::string> packed_items(const Journeys& journeys) {
    std::vector<std::uint32_t> items(journeys.n_items());
    std::iota(items.begin(), items.end(), 0U);
    const std::vector<std::string> texts = packed_texts(journeys, items);
    return {texts.begin(), texts.end()};
}

TEST(RowStream, JoinsPackedKeysOfBatchesWithDifferentPrefixes) {
    RowStream stream;
    append_items(stream, {"D-00001", "D-00002"});
    append_items(stream, {"D-10", "D-00002", "D-1"});
    append_items(stream, {"D-00001"});
    EXPECT_TRUE(stream.packs());
    const Journeys journeys = stream.build(1);
    EXPECT_EQ(journeys.prefix, "D-");
    EXPECT_EQ(journeys.n_rows(), 6);
    EXPECT_EQ(packed_items(journeys), (std::set<std::string>{"D-00001", "D-00002", "D-10", "D-1"}));
}

TEST(RowStream, HashesPackedKeysAsSoonAsOneBatchDoesNotFit) {
    for (const auto& other : {"a text of many bytes", "D-000000000000000"}) {
        RowStream stream;
        append_items(stream, {"D-1", "D-20"});
        append_items(stream, {other, "D-20"});
        EXPECT_FALSE(stream.packs());
        append_items(stream, {"D-1", "D-1"});
        const Journeys journeys = stream.build(1);
        EXPECT_FALSE(journeys.prefix);
        std::set<std::pair<std::uint64_t, std::uint64_t>> found, expected;
        const columns::ItemKeys keys = columns::encode_items(texts_column({"D-1", "D-20", other}));
        for (std::size_t i = 0; i < 3; ++i) expected.emplace(keys.key[i], keys.high[i]);
        for (std::size_t i = 0; i < journeys.n_items(); ++i) found.emplace(journeys.key[i], journeys.high[i]);
        EXPECT_EQ(found, expected);
        EXPECT_EQ(journeys.n_rows(), 6);
    }
}

TEST(RowStream, HashesPackedKeysWhoseCommonPrefixIsTooShort) {
    RowStream stream;
    append_items(stream, {"Paris-0001", "Paris-0002"});
    append_items(stream, {"Prague-001", "Prague-002"});
    EXPECT_FALSE(stream.packs());
    EXPECT_EQ(stream.build(1).n_items(), 4);
}

TEST(RowStream, RefusesTextAfterIntegers) {
    RowStream stream;
    append(stream, {{1, "New", 0}});
    const Column key = texts_column({"1"}), number = numbers_column<std::int64_t>({1}),
                 stage = texts_column({"New"});
    const auto with = [&](const Column& items, const Column& stages) {
        return message_of([&] {
            stream.append(columns::encode_items(items), columns::encode_stages(stages),
                          columns::encode_times(number), {});
        });
    };
    EXPECT_EQ(with(key, stage), "the keys of one batch are text, the keys of another batch are integers");
    EXPECT_EQ(with(number, number),
              "the stages of one batch are text, the stages of another batch are integers");
}

TEST(RowStream, RefusesColumnsOfDifferentLength) {
    RowStream stream;
    const Column two = numbers_column<std::int64_t>({1, 2}), one = numbers_column<std::int64_t>({1});
    EXPECT_EQ(message_of([&] {
                  stream.append(columns::encode_items(two), columns::encode_stages(one),
                                columns::encode_times(two), {});
              }),
              "the columns differ in length: item 2, stage 1, time 2");
}

}  // namespace
}  // namespace stagefunnel::journeys
