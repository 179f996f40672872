// Columns into which somebody writes between two readings: they are refused before anything is written.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "journeys/runs.hpp"

namespace stagefunnel::journeys {
namespace {

/// Rows of items with three rows each, whose runs are known.
struct Grouped {
    static constexpr std::size_t kRows = 3'000;

    std::vector<std::uint64_t> key;
    std::vector<std::uint16_t> stage = std::vector<std::uint16_t>(kRows, 1);
    std::vector<std::int64_t> time;
    std::vector<std::uint8_t> stages_read = std::vector<std::uint8_t>(kRows);
    std::vector<std::int64_t> times_read = std::vector<std::int64_t>(kRows);
    std::vector<std::uint32_t> rows_read = std::vector<std::uint32_t>(kRows);

    explicit Grouped(std::int64_t step) {
        for (std::size_t row = 0; row < kRows; ++row) {
            key.push_back(row / 3);
            // A step below zero turns the rows of an item round, so that they have to be sorted.
            time.push_back(static_cast<std::int64_t>(row / 3 * 10) + 5 +
                           step * static_cast<std::int64_t>(row % 3));
        }
    }

    /// Reads the journeys after a change that comes when the runs have been found.
    void read_after(const std::function<void(Grouped&)>& change) {
        const Piece piece{key.data(), nullptr, stage.data(), time.data(), kRows};
        RowPieces rows;
        rows.pieces = {piece};
        rows.n_rows = kRows;
        rows.n_labels = 2;
        const Survey plan = survey<Counting::runs>(rows, 1);
        const Runs runs = find_runs(piece, plan, 1);
        RecordLayout layout;
        layout.spread = plan.spread;
        layout.earliest = plan.earliest;
        layout.duration = plan.duration();
        layout.time_bits = static_cast<unsigned>(std::bit_width(layout.duration));
        change(*this);
        const columns::RowOrder no_order;
        RunReader<KeyWidth::bits64> reader(layout, no_order, RowNumbers::keep);
        for (std::size_t block = 0; block < runs.n_blocks(); ++block) {
            const std::size_t first = runs.start[runs.blocks[block]];
            static_cast<void>(reader.read(piece, runs, block, stages_read.data() + first,
                                          times_read.data() + first, rows_read.data() + first));
        }
    }
};

void expect_refused(const std::function<void(Grouped&)>& change) {
    for (const std::int64_t step : {1, -1}) {
        try {
            Grouped(step).read_after(change);
            ADD_FAILURE() << "not refused with the step " << step;
        } catch (const std::invalid_argument& error) {
            EXPECT_TRUE(std::string(error.what()).starts_with("a column changes while it is read"));
        }
    }
}

TEST(ChangedColumns, ReadsRunsThatStayAsTheyAre) {
    for (const std::int64_t step : {1, -1}) {
        Grouped rows(step);
        rows.read_after([](Grouped&) {});
        EXPECT_EQ(rows.times_read[0], step > 0 ? 5 : 3);
        EXPECT_EQ(rows.times_read[2], step > 0 ? 7 : 5);
        EXPECT_EQ(rows.rows_read[0], step > 0 ? 0U : 2U);
    }
}

/// Reads each journey as if its keys had not changed.
void expect_unchanged(const std::function<void(Grouped&)>& change) {
    for (const std::int64_t step : {1, -1}) {
        Grouped still(step), changed(step);
        still.read_after([](Grouped&) {});
        changed.read_after(change);
        EXPECT_EQ(changed.times_read, still.times_read);
        EXPECT_EQ(changed.stages_read, still.stages_read);
        EXPECT_EQ(changed.rows_read, still.rows_read);
    }
}

TEST(ChangedColumns, ReadsNoKeyAgainOnceTheRunsAreFound) {
    expect_unchanged([](Grouped& rows) { rows.key[1'501] = 77; });               // a run is cut in two
    expect_unchanged([](Grouped& rows) { rows.key[1'503] = rows.key[1'502]; });  // a run grows
    expect_unchanged([](Grouped& rows) { std::fill(rows.key.begin(), rows.key.end(), 7); });
    expect_unchanged([](Grouped& rows) {
        for (std::size_t row = 0; row < Grouped::kRows; ++row) rows.key[row] = 1'000'000 + row;
    });
}

TEST(ChangedColumns, RefusesATimeThatWasNotThere) {
    expect_refused([](Grouped& rows) { rows.time[700] = 1'000'000'000; });
    expect_refused([](Grouped& rows) { rows.time[700] = -1'000'000'000; });
}

}  // namespace
}  // namespace stagefunnel::journeys
