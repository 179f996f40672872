#include "stagefunnel/questions/stages/losses.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "base/time_distance.hpp"
#include "scan/same_items.hpp"
#include "scan/scan.hpp"
#include "scan/stays.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::stages {
namespace {

/// Appends the losses of a range of items to those of the range before it.
void append(Losses& losses, const Losses& next) {
    const auto append_column = [](auto& column, const auto& more) {
        column.insert(column.end(), more.begin(), more.end());
    };
    append_column(losses.item, next.item);
    append_column(losses.from_stage, next.from_stage);
    append_column(losses.lost_stage, next.lost_stage);
    append_column(losses.until_lost, next.until_lost);
    append_column(losses.in_stage, next.in_stage);
    append_column(losses.creation_unknown, next.creation_unknown);
    append_column(losses.start_unknown, next.start_unknown);
}

/// Lists the items that are lost now, one item after another.
class LossLister {
  public:
    explicit LossLister(const Pipeline& pipeline) : pipeline_(pipeline) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        scan::JourneyEnd end(pipeline_);
        std::int64_t created = 0, last_at = 0, from_at = 0, lost_at = 0;
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline_.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                 const std::int64_t time = journeys.time[i];
                                 if (end.empty()) created = time;
                                 if (end.empty() || pipeline_.outcome_of(row) != end.outcome()) {
                                     from_at = last_at;
                                     lost_at = time;
                                 }
                                 last_at = time;
                                 end.visit(row);
                             });
        if (end.empty() || end.outcome() != Outcome::lost) return;
        losses_.item.push_back(static_cast<std::uint32_t>(item));
        losses_.from_stage.push_back(end.before_run());
        losses_.lost_stage.push_back(end.last());
        losses_.until_lost.push_back(distance(created, lost_at));
        losses_.in_stage.push_back(end.before_run() < 0 ? 0 : distance(from_at, lost_at));
        losses_.creation_unknown.push_back(0);
        losses_.start_unknown.push_back(0);
    }

    void merge(const LossLister& next) { append(losses_, next.losses_); }

    [[nodiscard]] Losses take() { return std::move(losses_); }

  private:
    const Pipeline& pipeline_;
    Losses losses_;
};

/// Lists the items that are lost now, of rows with marks.
class MarkedLossLister {
  public:
    MarkedLossLister(const Journeys& journeys, const Pipeline& pipeline, const scan::Marks& marks)
        : pipeline_(pipeline), walker_(journeys, pipeline, marks) {}

    template <class Code>
    void count(const Journeys& /*journeys*/, const Code* codes, std::size_t item) {
        scan::JourneyEnd end(pipeline_);
        scan::Stay first, from, last;
        std::int64_t lost_at = 0;
        walker_.walk(codes, item, [&](const scan::Stay& stay) {
            if (end.empty()) first = stay;
            if (end.empty() || pipeline_.outcome_of(stay.row) != end.outcome()) {
                from = last;
                lost_at = stay.entered;
            }
            last = stay;
            end.visit(stay.row);
        });
        if (end.empty() || end.outcome() != Outcome::lost) return;
        losses_.item.push_back(static_cast<std::uint32_t>(item));
        losses_.from_stage.push_back(end.before_run());
        losses_.lost_stage.push_back(end.last());
        losses_.until_lost.push_back(distance(first.entered, lost_at));
        losses_.in_stage.push_back(end.before_run() < 0 ? 0 : distance(from.entered, from.exited));
        losses_.creation_unknown.push_back(static_cast<std::uint8_t>(first.start_unknown));
        losses_.start_unknown.push_back(static_cast<std::uint8_t>(from.start_unknown));
    }

    void merge(const MarkedLossLister& next) { append(losses_, next.losses_); }

    [[nodiscard]] Losses take() { return std::move(losses_); }

  private:
    const Pipeline& pipeline_;
    scan::StayWalker walker_;
    Losses losses_;
};

/// The places in a journey at which the loss of an item shows.
struct LossPlaces {
    std::size_t left = 0;    // first row of the visit before the closing lost ones, or `closed`
    std::size_t closed = 0;  // first row of the closing lost visits
};

/// Returns these places of an item, or nothing if it is not lost now.
template <class Code>
std::optional<LossPlaces> places_of_loss(const Journeys& journeys, const Code* codes,
                                         const Pipeline& pipeline, std::size_t item) {
    scan::JourneyEnd end(pipeline);
    LossPlaces places;
    std::size_t last = 0;
    scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline.row_of_code(),
                         [&](std::int32_t row, std::size_t i) {
                             if (end.empty() || pipeline.outcome_of(row) != end.outcome())
                                 places = {.left = end.empty() ? i : last, .closed = i};
                             last = i;
                             end.visit(row);
                         });
    if (end.empty() || end.outcome() != Outcome::lost) return std::nullopt;
    return places;
}

/// Writes down for each item a row of its journey, which `find(codes, item)` returns, as a place in `whole`.
template <class Find>
LargeVector<std::int64_t> rows_in_whole(const Journeys& journeys, const Journeys& whole, unsigned threads,
                                        Find find) {
    LargeVector<std::int64_t> rows(journeys.n_items());
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        const std::optional<std::size_t> row = find(codes, item);
        rows[item] = row ? static_cast<std::int64_t>(scan::place_in_whole(journeys, whole, item, *row)) : -1;
    });
    return rows;
}

}  // namespace

Losses find_losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads,
                   const scan::Marks* marks) {
    pipeline.check(journeys);
    if (marks != nullptr) {
        marks->check(journeys);
        return scan::scan(journeys, threads, [&] { return MarkedLossLister(journeys, pipeline, *marks); })
            .take();
    }
    return scan::scan(journeys, threads, [&] { return LossLister(pipeline); }).take();
}

LargeVector<std::int64_t> rows_of_losses(const Journeys& journeys, const Pipeline& pipeline,
                                         const Journeys& whole, LossRow at, unsigned threads) {
    pipeline.check(journeys);
    scan::check_same_items(journeys, whole);
    return rows_in_whole(journeys, whole, threads, [&](const auto* codes, std::size_t item) {
        const std::optional<LossPlaces> places = places_of_loss(journeys, codes, pipeline, item);
        std::optional<std::size_t> row;
        if (places) row = at == LossRow::left ? places->left : places->closed;
        return row;
    });
}

LargeVector<std::int64_t> last_values_of_losses(const Journeys& journeys, const Pipeline& pipeline,
                                                const Journeys& whole, std::span<const std::int32_t> value,
                                                unsigned threads) {
    pipeline.check(journeys);
    scan::check_same_items(journeys, whole);
    if (value.size() != whole.n_rows()) throw std::invalid_argument("values must be one per row");
    return rows_in_whole(journeys, whole, threads, [&](const auto* codes, std::size_t item) {
        const std::optional<LossPlaces> places = places_of_loss(journeys, codes, pipeline, item);
        std::optional<std::size_t> row;
        for (std::size_t i = journeys.offsets[item + 1]; places && !row && i-- > places->closed;) {
            const bool is_listed = pipeline.row_of_code()[codes[i]] != Pipeline::kUnlisted;
            if (is_listed && value[scan::place_in_whole(journeys, whole, item, i)] >= 0) row = i;
        }
        return row;
    });
}

}  // namespace stagefunnel::stages
