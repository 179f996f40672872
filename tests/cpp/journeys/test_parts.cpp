#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/journeys/parts.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

/// Two items: 7 with the stages 0 and 1 at the times 1 and 3, and 8 with the stage 0 at the time 2.
struct Columns {
    std::vector<std::uint64_t> offsets{0, 2, 3};
    std::vector<std::uint8_t> stage{0, 1, 0};
    std::vector<std::int64_t> time{1, 3, 2};
    std::vector<std::uint32_t> first_row{0, 1};
    std::vector<std::uint64_t> key{7, 8};
    std::vector<std::uint64_t> high;
    std::optional<std::string> prefix;
    std::size_t n_labels = 2;

    [[nodiscard]] Journeys journeys() const {
        return journeys_of_parts({.offsets = offsets,
                                  .stage = std::span<const std::uint8_t>(stage),
                                  .time = time,
                                  .first_row = first_row,
                                  .key = key,
                                  .high = high,
                                  .prefix = prefix,
                                  .n_labels = n_labels});
    }
};

void expect_refused(const Columns& columns, const std::string& message) {
    try {
        static_cast<void>(columns.journeys());
        ADD_FAILURE() << "not refused: " << message;
    } catch (const std::invalid_argument& error) {
        EXPECT_EQ(error.what(), message);
    }
}

TEST(JourneysOfParts, CopiesEachColumn) {
    const Journeys journeys = Columns{}.journeys();
    EXPECT_EQ(list_of(journeys.offsets), (std::vector<std::uint64_t>{0, 2, 3}));
    EXPECT_EQ(list_of(std::get<LargeVector<std::uint8_t>>(journeys.stage)),
              (std::vector<std::uint8_t>{0, 1, 0}));
    EXPECT_EQ(list_of(journeys.time), (std::vector<std::int64_t>{1, 3, 2}));
    EXPECT_EQ(list_of(journeys.first_row), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(list_of(journeys.key), (std::vector<std::uint64_t>{7, 8}));
    EXPECT_EQ(journeys.n_labels, 2U);
    EXPECT_FALSE(journeys.holds_text());
}

TEST(JourneysOfParts, TakesTheCodeAfterTheLabelsAsAMissingStage) {
    Columns columns;
    columns.stage = {0, 2, 0};
    EXPECT_EQ(columns.journeys().n_rows(), 3U);
    columns.stage = {0, 3, 0};
    expect_refused(columns, "the stage code 3 is beyond the 2 labels");
}

TEST(JourneysOfParts, TakesALogWithoutRows) {
    Columns columns;
    columns.offsets = {0};
    columns.stage = {}, columns.time = {}, columns.first_row = {}, columns.key = {};
    EXPECT_EQ(columns.journeys().n_items(), 0U);
}

TEST(JourneysOfParts, RefusesColumnsThatDifferInLength) {
    Columns columns;
    columns.stage = {0, 1};
    expect_refused(columns, "the column stage has 2 values, not 3");
    columns = {};
    columns.key = {7};
    expect_refused(columns, "the column key has 1 values, not 2");
    columns = {};
    columns.high = {1};
    expect_refused(columns, "the column high has 1 values, not 2");
    columns = {};
    columns.offsets = {0, 3};
    expect_refused(columns, "the column offsets has 2 values, not 3");
}

TEST(JourneysOfParts, RefusesAnItemWithoutRowsOfItsOwn) {
    const std::string message = "the offsets do not give each item rows of its own";
    for (const std::vector<std::uint64_t>& offsets :
         {std::vector<std::uint64_t>{0, 0, 3}, {1, 2, 3}, {0, 2, 9}, {0, 4, 3}}) {
        Columns columns;
        columns.offsets = offsets;
        expect_refused(columns, message);
    }
}

TEST(JourneysOfParts, RefusesTimesThatFallInsideAnItem) {
    Columns columns;
    columns.time = {3, 1, 2};
    expect_refused(columns, "the times of item 0 fall");
}

TEST(JourneysOfParts, RefusesKeysOfTwoFormsAndPackedKeysOfMoreBytesThanAKeyHas) {
    Columns columns;
    columns.high = {1, 2}, columns.prefix = "D-";
    expect_refused(columns, "the keys are both packed texts and hashes");
    columns.high = {}, columns.key = {0, 200};
    expect_refused(columns, "a packed key holds more bytes than a key has");
}

TEST(WithStages, KeepsAllOfTheRowsButTheirStages) {
    const std::vector<std::uint16_t> stage{300, 1, 0};
    const Journeys staged = with_stages(Columns{}.journeys(), std::span<const std::uint16_t>(stage), 300);
    EXPECT_EQ(list_of(staged.offsets), (std::vector<std::uint64_t>{0, 2, 3}));
    EXPECT_EQ(list_of(std::get<LargeVector<std::uint16_t>>(staged.stage)), stage);
    EXPECT_EQ(list_of(staged.time), (std::vector<std::int64_t>{1, 3, 2}));
    EXPECT_EQ(list_of(staged.first_row), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(staged.n_labels, 300U);
}

TEST(WithStages, RefusesCodesThatAreNotOnePerRowOrLieBeyondTheLabels) {
    const Journeys journeys = Columns{}.journeys();
    const std::vector<std::uint8_t> two{0, 1}, beyond{0, 1, 3};
    EXPECT_THROW(static_cast<void>(with_stages(journeys, std::span<const std::uint8_t>(two), 2)),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(with_stages(journeys, std::span<const std::uint8_t>(beyond), 2)),
                 std::invalid_argument);
}

/// The columns of `Columns` in a file, each at a multiple of 64 bytes.
class InFile {
  public:
    explicit InFile(const Columns& columns)
        : n_items_(columns.first_row.size()), n_rows_(columns.time.size()) {
        offsets_ = add(columns.offsets), stage_ = add(columns.stage), time_ = add(columns.time);
        first_row_ = add(columns.first_row), key_ = add(columns.key);
        std::FILE* const file = std::tmpfile();
        EXPECT_EQ(std::fwrite(bytes_.data(), 1, bytes_.size(), file), bytes_.size());
        std::fflush(file);
        mapped_ = std::make_shared<MappedFile>(fileno(file), bytes_.size());
        std::fclose(file);
    }

    [[nodiscard]] Journeys journeys(std::size_t n_labels = 2) const {
        return mapped_journeys({.n_rows = n_rows_,
                                .n_items = n_items_,
                                .offsets = {mapped_, offsets_},
                                .stage = {mapped_, stage_},
                                .time = {mapped_, time_},
                                .first_row = {mapped_, first_row_},
                                .key = {mapped_, key_},
                                .high = std::nullopt,
                                .prefix = std::nullopt,
                                .n_labels = n_labels,
                                .ends = std::nullopt});
    }

    [[nodiscard]] std::weak_ptr<const MappedFile> watched() const { return mapped_; }
    [[nodiscard]] std::size_t key_at() const { return key_; }
    [[nodiscard]] std::shared_ptr<const MappedFile> file() const { return mapped_; }

  private:
    template <class T>
    std::size_t add(const std::vector<T>& values) {
        bytes_.resize((bytes_.size() + 63) / 64 * 64);
        const std::size_t at = bytes_.size();
        const auto* const begin = reinterpret_cast<const char*>(values.data());
        bytes_.insert(bytes_.end(), begin, begin + values.size() * sizeof(T));
        return at;
    }

    std::vector<char> bytes_;
    std::size_t n_items_, n_rows_;
    std::size_t offsets_ = 0, stage_ = 0, time_ = 0, first_row_ = 0, key_ = 0;
    std::shared_ptr<const MappedFile> mapped_;
};

TEST(MappedJourneys, AreTheColumnsOfTheFile) {
    const InFile file{Columns{}};
    const Journeys journeys = file.journeys();
    EXPECT_NO_THROW(check_journeys(journeys));
    const Journeys copied = Columns{}.journeys();
    EXPECT_EQ(list_of(journeys.offsets), list_of(copied.offsets));
    EXPECT_EQ(journeys.stage, copied.stage);
    EXPECT_EQ(list_of(journeys.time), list_of(copied.time));
    EXPECT_EQ(list_of(journeys.key), list_of(copied.key));
    EXPECT_EQ(static_cast<const void*>(journeys.key.data()), file.file()->data() + file.key_at());
}

TEST(MappedJourneys, KeepTheFileAsLongAsOneOfThemIsThere) {
    std::weak_ptr<const MappedFile> watched;
    Journeys copy;
    {
        Journeys moved;
        {
            const InFile file{Columns{}};
            watched = file.watched();
            Journeys journeys = file.journeys();
            copy = journeys;  // of memory as any other
            moved = std::move(journeys);
        }
        EXPECT_FALSE(watched.expired());
        EXPECT_EQ(moved.key.back(), 8U);
    }
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(copy.key.back(), 8U);
}

TEST(MappedJourneys, AreRefusedWhereTheyDoNotLieInTheFile) {
    const InFile file{Columns{}};
    const std::size_t size = file.file()->size();
    EXPECT_THROW(static_cast<void>(mapped_vector<std::uint64_t>(file.file(), 4, 1)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(mapped_vector<std::uint8_t>(file.file(), size, 1)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(mapped_vector<std::uint64_t>(file.file(), 0, SIZE_MAX / 4)),
                 std::invalid_argument);
    EXPECT_TRUE(mapped_vector<std::uint64_t>(file.file(), 0, 0).empty());
}

TEST(MappedJourneys, AreCheckedAsOthersAre) {
    Columns columns;
    columns.time = {3, 1, 2};
    EXPECT_THROW(check_journeys(InFile{columns}.journeys()), std::invalid_argument);
    columns = {};
    columns.stage = {0, 3, 0};
    EXPECT_THROW(check_journeys(InFile{columns}.journeys()), std::invalid_argument);
    columns = {};
    columns.offsets = {0, 5, 3};
    EXPECT_THROW(check_journeys(InFile{columns}.journeys()), std::invalid_argument);
}

TEST(JourneysOfParts, RefusesTwoItemsWithOneFirstRow) {
    Columns columns;
    columns.first_row = {1, 1};
    expect_refused(columns, "two items have one first row");
    columns.first_row = {4'294'967'295U, 4'294'967'295U};
    expect_refused(columns, "two items have one first row");
}

TEST(JourneysOfParts, TakesTheFirstRowsOfSomeItemsOfALargeLog) {
    Columns columns;
    columns.first_row = {4'294'967'295U, 3};
    EXPECT_EQ(items_by_first_row(columns.journeys()), (std::vector<std::uint32_t>{1, 0}));
}

TEST(WithStages, LeavesJourneysWithoutKeysOfWhichItemsAreTaken) {
    const std::vector<std::uint8_t> stage{1, 0, 1};
    const Journeys staged = with_stages(Columns{}.journeys(), std::span<const std::uint8_t>(stage), 2);
    const std::vector<std::uint32_t> second{1};
    const Journeys taken = take_items(staged, second);
    EXPECT_EQ(taken.n_items(), 1U);
    EXPECT_TRUE(taken.key.empty());
    EXPECT_EQ(list_of(std::get<LargeVector<std::uint8_t>>(taken.stage)), (std::vector<std::uint8_t>{1}));
}

/// The bytes of numbers.
std::span<const std::uint8_t> bytes_of(const std::vector<std::uint16_t>& values) {
    return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * 2};
}

std::vector<std::uint16_t> inserted_into(const std::vector<std::uint16_t>& first,
                                         const std::vector<std::uint16_t>& later,
                                         const std::vector<std::int64_t>& values,
                                         const std::vector<std::int64_t>& before) {
    const LargeVector<std::uint8_t> bytes =
        inserted(bytes_of(first), bytes_of(later), {.values = values, .before = before}, 2);
    std::vector<std::uint16_t> joined(bytes.size() / 2);
    std::memcpy(joined.data(), bytes.data(), bytes.size());
    return joined;
}

TEST(Inserted, PutsEachValueBeforeItsPlace) {
    EXPECT_EQ(inserted_into({500, 600, 700}, {1, 2, 3}, {2, 0, 1}, {0, 2, 3}),
              (std::vector<std::uint16_t>{3, 500, 600, 1, 700, 2}));
}

TEST(Inserted, PutsValuesWithOnePlaceInTheirOrder) {
    EXPECT_EQ(inserted_into({500}, {1, 2, 3}, {1, 2, 0}, {1, 1, 1}),
              (std::vector<std::uint16_t>{500, 2, 3, 1}));
    EXPECT_EQ(inserted_into({}, {1, 2}, {1, 0}, {0, 0}), (std::vector<std::uint16_t>{2, 1}));
    EXPECT_EQ(inserted_into({500, 600}, {}, {}, {}), (std::vector<std::uint16_t>{500, 600}));
}

TEST(Inserted, RefusesPlacesOutsideOfTheColumns) {
    EXPECT_THROW(inserted_into({500}, {1}, {0}, {2}), std::invalid_argument);
    EXPECT_THROW(inserted_into({500}, {1}, {0}, {-1}), std::invalid_argument);
    EXPECT_THROW(inserted_into({500}, {1}, {1}, {0}), std::invalid_argument);
    EXPECT_THROW(inserted_into({500}, {1}, {-1}, {0}), std::invalid_argument);
    EXPECT_THROW(inserted_into({500}, {1, 2}, {0, 1}, {1, 0}), std::invalid_argument);  // falls
    EXPECT_THROW(inserted_into({500}, {1, 2}, {0, 1}, {0}), std::invalid_argument);
}

TEST(Inserted, RefusesBytesThatAreNoWholeValues) {
    const std::vector<std::uint8_t> bytes{1, 2, 3};
    EXPECT_THROW(static_cast<void>(inserted(bytes, {}, {}, 2)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(inserted({}, bytes, {}, 2)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(inserted(bytes, {}, {}, 0)), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::journeys
