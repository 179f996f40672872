#include "stagefunnel/questions/durations/lives.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "scan/scan.hpp"
#include "scan/stays.hpp"

namespace stagefunnel::durations {
namespace {

/// Follows the life of one item, visit after visit.
class LifeOfItem {
  public:
    LifeOfItem(const Pipeline& pipeline, std::int32_t target, Reopened reopened)
        : pipeline_(pipeline), target_(target), reopened_(reopened) {}

    void visit(const scan::Stay& stay) {
        const Outcome outcome = pipeline_.outcome_of(stay.row);
        if (!has_begun_) {
            has_begun_ = true;
            began_ = stay.entered;
            is_unknown_ = stay.start_unknown;
        }
        note_passed(outcome);
        last_exit_ = stay.exited;
        if (is_over_) return;
        if (reaches_target(stay.row, outcome)) {
            end_life(LifeEnd::won, stay);
        } else if (outcome == Outcome::open) {
            is_closed_ = false;
        } else if (reopened_ == Reopened::first) {
            end_life(outcome == Outcome::won ? LifeEnd::won : LifeEnd::lost, stay);
        } else if (!is_closed_) {
            is_closed_ = true;
            closed_at_ = stay.entered;
            closed_unknown_ = stay.start_unknown;
        }
        last_outcome_ = outcome;
    }

    void write(Lives& lives, std::size_t item, bool has_left) {
        if (!is_over_ && has_left) {
            end_ = LifeEnd::moved_out;
            ended_ = last_exit_;
        } else if (!is_over_ && is_closed_) {
            end_ = last_outcome_ == Outcome::won ? LifeEnd::won : LifeEnd::lost;
            ended_ = closed_at_;
            is_unknown_ = is_unknown_ || closed_unknown_;
        }
        if (is_unknown_) end_ = LifeEnd::unknown;
        if (!has_begun_) end_ = LifeEnd::none;
        lives.end[item] = static_cast<std::int8_t>(end_);
        lives.began[item] = began_;
        lives.ended[item] = ended_;
        lives.passed[item] = passed_;
    }

  private:
    [[nodiscard]] bool reaches_target(std::int32_t row, Outcome outcome) const {
        if (target_ == Pipeline::kUnlisted || outcome == Outcome::lost) return false;
        return outcome == Outcome::won || row >= target_;
    }

    void end_life(LifeEnd end, const scan::Stay& stay) {
        is_over_ = true;
        end_ = end;
        ended_ = stay.entered;
        is_unknown_ = is_unknown_ || stay.start_unknown;
    }

    void note_passed(Outcome outcome) {
        if (was_final_) passed_ |= Passed::kFinal;
        if (outcome == Outcome::lost) {
            passed_ |= Passed::kLost;
        } else if ((passed_ & Passed::kLost) != 0) {
            passed_ |= Passed::kReopened;
        }
        was_final_ = outcome != Outcome::open;
    }

    const Pipeline& pipeline_;
    std::int32_t target_;
    Reopened reopened_;
    LifeEnd end_ = LifeEnd::open;
    std::int64_t began_ = 0, ended_ = 0, closed_at_ = 0, last_exit_ = 0;
    Outcome last_outcome_ = Outcome::open;
    std::uint8_t passed_ = 0;
    bool has_begun_ = false, is_unknown_ = false, is_over_ = false;
    bool is_closed_ = false, closed_unknown_ = false, was_final_ = false;
};

/// What a stage code is for the life of an item.
struct CodeRole {
    std::int32_t row = Pipeline::kUnlisted;
    Outcome outcome = Outcome::open;
    LifeEnd ends = LifeEnd::open;  // how a visit ends the life; `open`: it does not by itself
};

/// Reads lives of rows that have no marks, which are journeys of stages and times alone.
class PlainLives {
  public:
    PlainLives(const Journeys& journeys, const Pipeline& pipeline, std::int32_t target, Reopened reopened)
        : journeys_(journeys) {
        for (const scan::CodeMeaning meaning : scan::meanings(journeys, pipeline, {})) {
            CodeRole role;
            role.row = meaning.row;
            if (meaning.where == scan::Where::here) {
                role.outcome = pipeline.outcome_of(meaning.row);
                const bool is_beyond = role.outcome == Outcome::won || meaning.row >= target;
                if (target != Pipeline::kUnlisted && role.outcome != Outcome::lost && is_beyond) {
                    role.ends = LifeEnd::won;
                } else if (reopened == Reopened::first && role.outcome != Outcome::open) {
                    role.ends = role.outcome == Outcome::won ? LifeEnd::won : LifeEnd::lost;
                }
            }
            role_.push_back(role);
        }
    }

    template <class Code>
    void read(Lives& lives, const Code* codes, std::size_t item) const {
        constexpr std::size_t kNone = ~std::size_t{0};
        std::size_t begun = kNone, closed = kNone, over = kNone;  // rows
        std::int32_t row = Pipeline::kUnlisted;
        Outcome outcome = Outcome::open;
        std::uint8_t passed = 0;
        for (std::size_t i = journeys_.offsets[item]; i < journeys_.offsets[item + 1]; ++i) {
            const CodeRole role = role_[codes[i]];
            if (role.row == Pipeline::kUnlisted || role.row == row) continue;
            // Whether a visit ends anything is not to be predicted, so that all are handled alike.
            const bool is_open = role.outcome == Outcome::open, is_lost = role.outcome == Outcome::lost;
            const bool was_lost = (passed & Passed::kLost) != 0;
            passed |= static_cast<std::uint8_t>((outcome != Outcome::open ? Passed::kFinal : 0) |
                                                (is_lost ? Passed::kLost : 0) |
                                                (was_lost && !is_lost ? Passed::kReopened : 0));
            begun = std::min(begun, i);
            closed = is_open ? kNone : std::min(closed, i);
            over = std::min(over, role.ends == LifeEnd::open ? kNone : i);
            row = role.row;
            outcome = role.outcome;
        }
        LifeEnd end = LifeEnd::open;
        std::int64_t ended = 0;
        if (over != kNone) {
            end = role_[codes[over]].ends;
            ended = journeys_.time[over];
        } else if (closed != kNone) {
            end = outcome == Outcome::won ? LifeEnd::won : LifeEnd::lost;
            ended = journeys_.time[closed];
        }
        const bool has_begun = begun != kNone;
        lives.end[item] = static_cast<std::int8_t>(has_begun ? end : LifeEnd::none);
        lives.began[item] = has_begun ? journeys_.time[begun] : 0;
        lives.ended[item] = ended;
        lives.passed[item] = passed;
    }

  private:
    const Journeys& journeys_;
    std::vector<CodeRole> role_;
};

/// Whether nothing is known of the rows beside stage and time, and no label is elsewhere.
bool are_plain(const scan::Marks& marks) {
    return marks.ended.empty() && marks.start_unknown.empty() &&
           std::none_of(marks.elsewhere.begin(), marks.elsewhere.end(), [](auto flag) { return flag != 0; });
}

/// Calls `with(column)` for each column of some visits, or `with(column, other)` for those of two.
template <class With, class... Stays>
void for_each_column(With with, Stays&... stays) {
    with(stays.item...);
    with(stays.stage...);
    with(stays.next...);
    with(stays.began...);
    with(stays.ended...);
    with(stays.state...);
}

void add(StaySpells& stays, std::size_t item, const scan::Stay& stay) {
    const bool is_last = stay.next == Pipeline::kUnlisted;
    stays.item.push_back(static_cast<std::uint32_t>(item));
    stays.stage.push_back(stay.row);
    stays.next.push_back(stay.next);
    stays.began.push_back(stay.entered);
    stays.ended.push_back(stay.exited);
    stays.state.push_back(static_cast<std::uint8_t>((stay.is_over ? StaySpells::kOver : 0) |
                                                    (stay.start_unknown ? StaySpells::kStartUnknown : 0) |
                                                    (is_last ? StaySpells::kLast : 0)));
}

}  // namespace

StaySpells list_stays(const Journeys& journeys, const Pipeline& pipeline, std::int32_t first,
                      std::int32_t end, const scan::Marks& marks, unsigned threads) {
    pipeline.check(journeys);
    marks.check(journeys);
    if (first < 0 || end < first || end > pipeline.n_rows())
        throw std::invalid_argument("the stages are not rows of the pipeline");
    const auto read = [&](const auto* codes, std::size_t from, std::size_t to) {
        const scan::StayWalker walker(journeys, pipeline, marks);
        StaySpells own;
        const std::size_t most = journeys.offsets[to] - journeys.offsets[from];
        for_each_column([&](auto& column) { column.reserve(most); }, own);
        for (std::size_t item = from; item < to; ++item) {
            walker.walk(codes, item, [&](const scan::Stay& stay) {
                if (stay.row >= first && stay.row < end) add(own, item, stay);
            });
        }
        return own;
    };
    std::vector<StaySpells> parts = scan::scan_ranges(journeys, threads, read);
    StaySpells all = std::move(parts.front());
    for (std::size_t part = 1; part < parts.size(); ++part) {
        for_each_column([](auto& to, auto& more) { to.insert(to.end(), more.begin(), more.end()); }, all,
                        parts[part]);
        parts[part] = {};
    }
    return all;
}

Lives find_lives(const Journeys& journeys, const Pipeline& pipeline, std::int32_t target, Reopened reopened,
                 const scan::Marks& marks, unsigned threads) {
    pipeline.check(journeys);
    marks.check(journeys);
    const bool is_row = target >= 0 && target < pipeline.n_rows();
    if (target != Pipeline::kUnlisted && (!is_row || pipeline.outcome_of(target) == Outcome::lost))
        throw std::invalid_argument("the target is not a stage in progress or a won one");
    Lives lives;
    const std::size_t n = journeys.n_items();
    lives.end.resize(n);
    lives.began.resize(n);
    lives.ended.resize(n);
    lives.passed.resize(n);
    scan::scan_ranges(journeys, threads, [&](const auto* codes, std::size_t first, std::size_t last) {
        if (are_plain(marks)) {
            const PlainLives plain(journeys, pipeline, target, reopened);
            for (std::size_t item = first; item < last; ++item) plain.read(lives, codes, item);
            return;
        }
        const scan::StayWalker walker(journeys, pipeline, marks);
        for (std::size_t item = first; item < last; ++item) {
            LifeOfItem life(pipeline, target, reopened);
            const bool has_left = walker.walk(codes, item, [&](const scan::Stay& stay) { life.visit(stay); });
            life.write(lives, item, has_left);
        }
    });
    return lives;
}

}  // namespace stagefunnel::durations
