// The parts of a stored log, drawn at will, are refused or are journeys that questions can read.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "expect.hpp"
#include "kernels.hpp"
#include "stagefunnel/journeys/key_texts.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/journeys/parts.hpp"

namespace stagefunnel::fuzz {
namespace {

/// The columns of a log, which a test may damage.
struct Body {
    std::vector<std::uint64_t> offsets{0};
    std::vector<std::uint8_t> stage;
    std::vector<std::int64_t> time;
    std::vector<std::uint32_t> first_row;
    std::vector<std::uint64_t> key, high;
    std::optional<std::string> prefix;
    std::size_t n_labels = 0;

    [[nodiscard]] journeys::JourneyParts parts() const {
        return {.offsets = offsets,
                .stage = std::span<const std::uint8_t>(stage),
                .time = time,
                .first_row = first_row,
                .key = key,
                .high = high,
                .prefix = prefix,
                .n_labels = n_labels};
    }
};

Body draw_sound(Choices& choices) {
    Body body;
    body.n_labels = 1 + choices.below(4);
    const std::size_t n_items = choices.below(6), form = choices.below(3);
    if (form == 1) body.prefix = "D-";
    for (std::size_t item = 0; item < n_items; ++item) {
        std::int64_t time = static_cast<std::int64_t>(choices.below(8)) - 4;
        for (std::size_t row = 0, n = 1 + choices.below(4); row < n; ++row) {
            body.stage.push_back(static_cast<std::uint8_t>(choices.below(body.n_labels + 1)));
            body.time.push_back(time += static_cast<std::int64_t>(choices.below(3)));
        }
        body.offsets.push_back(body.time.size());
        body.first_row.push_back(static_cast<std::uint32_t>(3 * item));
        body.key.push_back(form == 1 ? item << 8U | 1U : item);
        if (form == 2) body.high.push_back(item + 7);
    }
    return body;
}

/// Puts an odd number into a column, or makes it longer or shorter.
template <class T>
void damage(Choices& choices, std::vector<T>& values) {
    const std::size_t how = choices.below(8);
    if (how == 0) {
        values.push_back(static_cast<T>(choices.word()));
    } else if (!values.empty() && how == 1) {
        values.pop_back();
    } else if (!values.empty()) {
        const std::vector<T> odd{std::numeric_limits<T>::max(), std::numeric_limits<T>::min(), T{0},
                                 static_cast<T>(choices.byte()), static_cast<T>(choices.word())};
        values[choices.below(values.size())] = choices.of(odd);
    }
}

void damage(Choices& choices, Body& body) {
    switch (choices.below(8)) {
        case 0:
            return damage(choices, body.offsets);
        case 1:
            return damage(choices, body.stage);
        case 2:
            return damage(choices, body.time);
        case 3:
            return damage(choices, body.first_row);
        case 4:
            return damage(choices, body.key);
        case 5:
            return damage(choices, body.high);
        case 6:
            body.n_labels = choices.below(7);
            return;
        default:
            body.prefix = body.prefix ? std::nullopt : std::optional<std::string>("D-");
    }
}

/// Asks what reads every column of the journeys.
void ask(const Journeys& journeys) {
    const std::vector<std::uint32_t> order = journeys::items_by_first_row(journeys);
    expect(order.size() == journeys.n_items(), "each item has a place");
    std::vector<bool> seen(order.size(), false);
    for (const std::uint32_t item : order) {
        expect(item < seen.size() && !seen[item], "each item has a place of its own");
        seen[item] = true;
    }
    const std::vector<std::uint64_t> rows = journeys::rows_of_codes(journeys, order, 1);
    std::uint64_t n_rows = 0;
    for (const std::uint64_t n : rows) n_rows += n;
    expect(n_rows == journeys.n_rows(), "each row has a stage, or none");
    if (journeys.prefix) {
        expect(journeys::packed_texts(journeys, order).size() == order.size(), "each key has a text");
    }
    static_cast<void>(journeys::common_keys(journeys));
    expect(journeys::take_items(journeys, order, 1).n_rows() == journeys.n_rows(), "all items are all rows");
}

}  // namespace

void check_body(Choices& choices) {
    Body body = draw_sound(choices);
    const bool is_sound = choices.one_in(4);
    for (std::size_t i = 0, n = is_sound ? 0 : 1 + choices.below(3); i < n; ++i) damage(choices, body);
    Journeys made;
    try {
        made = journeys::journeys_of_parts(body.parts());
    } catch (const std::invalid_argument&) {
        expect(!is_sound, "a sound log is not refused");
        return;
    }
    ask(made);
}

}  // namespace stagefunnel::fuzz
