#include "drawn_log.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

namespace stagefunnel::fuzz {
namespace {

/// Any number from a row's number: what fills the rows that the bytes do not reach.
std::uint64_t scatter(std::uint64_t seed, std::uint64_t n) {
    std::uint64_t x = seed + (n + 1) * 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

/// A row before it has values: which item, which stage, when; and three bits of what it misses.
struct Sketch {
    std::uint32_t item;
    std::uint32_t stage;
    std::uint32_t time;
    std::uint8_t missing;
};

// Lengths of journeys at which an engine may change its ways.
constexpr std::array<std::uint32_t, 16> kLengths{1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 32, 33, 63, 64, 65, 66};

/// Items whose journeys have such lengths, one after the other or by turns, so that ties cross them.
std::vector<Sketch> sketch_by_length(Choices& choices) {
    const std::uint32_t length = choices.of(kLengths), shorter = choices.of(kLengths);
    const bool by_turns = choices.one_in(2);
    const std::uint32_t n_items = 1 + static_cast<std::uint32_t>(choices.below(12));
    const std::uint64_t seed = choices.word(), n_times = 1 + choices.below(200);
    std::vector<Sketch> rows;
    for (std::uint32_t item = 0; item < n_items; ++item) {
        for (std::uint32_t i = 0; i < (item % 2 == 0 ? length : shorter); ++i) {
            const std::uint64_t bits = scatter(seed, rows.size());
            rows.push_back({item, static_cast<std::uint32_t>(bits >> 40U),
                            static_cast<std::uint32_t>((bits >> 8U) % n_times), 0});
        }
    }
    if (by_turns) {
        std::vector<std::pair<std::uint64_t, Sketch>> shuffled;
        for (const Sketch& row : rows) shuffled.emplace_back(scatter(~seed, shuffled.size()), row);
        std::sort(shuffled.begin(), shuffled.end(), [](auto& a, auto& b) { return a.first < b.first; });
        std::transform(shuffled.begin(), shuffled.end(), rows.begin(),
                       [](auto& pair) { return pair.second; });
    }
    return rows;
}

/// Three bytes a row.
std::vector<Sketch> sketch_by_bytes(Choices& choices, std::size_t n_rows) {
    const auto n_items = static_cast<std::uint32_t>(1 + choices.byte());
    const bool misses = choices.one_in(3);
    std::vector<Sketch> rows;
    for (std::size_t row = 0; row < n_rows; ++row) {
        Sketch sketch{choices.byte(), choices.byte(), choices.byte(), 0};
        if (misses && sketch.time % 16 == 15) sketch.missing = static_cast<std::uint8_t>(sketch.stage % 8);
        sketch.item %= n_items;
        rows.push_back(sketch);
    }
    return rows;
}

/// Rows of several partitions: as many as a partition holds, times a small number, and a few more or less.
std::vector<Sketch> sketch_partitions(Choices& choices) {
    const std::size_t n_rows = 8192 * (2 + choices.below(2)) + choices.below(3) - 1;
    const std::uint32_t n_items = std::array{1U, 300U, 6'000U, 1U << 30U}[choices.below(4)];
    const std::uint64_t seed = choices.word();
    std::vector<Sketch> rows;
    for (std::size_t row = 0; row < n_rows; ++row) {
        const std::uint64_t bits = scatter(seed, row);
        rows.push_back({static_cast<std::uint32_t>(bits >> 32U) % n_items,
                        static_cast<std::uint32_t>(bits >> 8U) % 256, static_cast<std::uint32_t>(bits) % 256,
                        0});
    }
    return rows;
}

std::vector<Sketch> sketch_rows(Choices& choices) {
    const std::uint8_t shape = choices.byte();
    // Seldom: it takes as long as a hundred of the others.
    if (shape == 255 && choices.one_in(4)) return sketch_partitions(choices);
    if (shape % 3 == 2) return sketch_by_length(choices);
    // Layouts and the pipeline are drawn after the rows, from what the rows leave.
    const std::size_t kept = std::min<std::size_t>(choices.left() / 2, 120);
    return sketch_by_bytes(choices, (choices.left() - kept) / 3);
}

/// Keys that differ in low, in high or in all bits, or by their sign.
std::int64_t key_number(std::size_t family, std::uint64_t item) {
    const std::array<std::uint64_t, 8> keys{item,
                                            ~item,
                                            item << 40U,
                                            item << 1U,
                                            item << 56U,
                                            item << 32U | item,
                                            scatter(0, item),
                                            (std::uint64_t{1} << 63U) - 1 - item};
    return static_cast<std::int64_t>(keys[family]);
}

std::string digits(std::uint64_t number, std::size_t width) {
    std::string text = std::to_string(number);
    if (text.size() < width) text.insert(0, width - text.size(), '0');
    return text;
}

/// Keys behind a common prefix, of 7, 8 and 9 bytes and longer, that differ early, late or only in length.
class KeyTexts {
  public:
    explicit KeyTexts(Choices& choices)
        : family_(choices.below(6)),
          prefix_(std::string("lead-2026/prefix").substr(0, choices.below(17))),
          width_(std::array<std::size_t, 8>{1, 3, 6, 7, 8, 9, 16, 17}[choices.below(8)]),
          odd_(static_cast<std::uint32_t>(choices.byte())) {
        if (family_ == 5) {
            for (int i = 0; i < 8; ++i) raw_.push_back(choices.text(choices.below(12)));
        }
    }

    [[nodiscard]] std::string of(std::uint32_t item) const {
        if (item == odd_) return item % 2 == 0 ? "" : prefix_.substr(0, prefix_.size() / 2);
        switch (family_) {
            case 0:
                return prefix_ + digits(item, width_);
            case 1:
                return prefix_ + std::string(item % 20, '\0');
            case 2:
                return prefix_ + std::string(width_, 'x') + digits(item, 1);
            case 3:
                return digits(item, 3) + std::string(24, 'y');
            case 4: {
                std::string bytes;
                for (unsigned i = 0; i < 16; ++i)
                    bytes.push_back(static_cast<char>(scatter(i / 8, item) >> (i % 8 * 8)));
                return bytes;
            }
            default:
                return prefix_ + raw_[item % raw_.size()];
        }
    }

  private:
    std::size_t family_;
    std::string prefix_;
    std::size_t width_;
    std::uint32_t odd_;
    std::vector<std::string> raw_;
};

DrawnColumn draw_items(Choices& choices, const std::vector<Sketch>& rows) {
    DrawnColumn drawn;
    drawn.is_text = choices.one_in(2);
    if (drawn.is_text) {
        const KeyTexts texts(choices);
        for (const Sketch& row : rows) {
            drawn.texts.push_back((row.missing & 1U) != 0 ? std::nullopt : std::optional(texts.of(row.item)));
        }
        drawn.column = lay_texts(choices, drawn.texts);
        return drawn;
    }
    const std::size_t family = choices.below(8);
    const Sort sort = choices.one_in(4) ? Sort::without_sign : Sort::plain;
    for (const Sketch& row : rows) {
        drawn.numbers.push_back((row.missing & 1U) != 0 ? std::nullopt
                                                        : std::optional(key_number(family, row.item)));
    }
    drawn.column = lay_numbers(choices, drawn.numbers, sort);
    return drawn;
}

DrawnColumn draw_stages(Choices& choices, const std::vector<Sketch>& rows) {
    // More stages than a byte and than a word of bits, and about as many as they just hold.
    constexpr std::array<std::uint32_t, 12> kCounts{1, 2, 3, 4, 6, 8, 63, 64, 65, 254, 256, 300};
    const std::uint32_t n_stages = choices.of(kCounts);
    const std::uint32_t stretch = n_stages > 200 ? 7 : 0;  // a byte alone does not reach that many
    DrawnColumn drawn;
    drawn.is_text = choices.one_in(2);
    const std::string tail(choices.below(20), 's');
    const std::int64_t step = choices.one_in(4) ? -100'000 : 1;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool missing = (rows[i].missing & 2U) != 0;
        const std::uint32_t stage = (rows[i].stage + stretch * static_cast<std::uint32_t>(i)) % n_stages;
        if (drawn.is_text) {
            drawn.texts.push_back(missing ? std::nullopt : std::optional(tail + std::to_string(stage)));
        } else {
            drawn.numbers.push_back(missing ? std::nullopt : std::optional(stage * step));
        }
    }
    drawn.column =
        drawn.is_text ? lay_texts(choices, drawn.texts) : lay_numbers(choices, drawn.numbers, Sort::plain);
    return drawn;
}

DrawnColumn draw_times(Choices& choices, const std::vector<Sketch>& rows) {
    constexpr std::uint64_t kLowest = std::uint64_t{1} << 63U;
    constexpr std::array<std::uint64_t, 6> kScales{0, 1, 1'000, 1'000'000, 3'600'000'000, 86'400'000'000'000};
    // A log whose first and last row lie just about these powers of two apart.
    constexpr std::array<unsigned, 8> kSpans{0, 26, 36, 42, 50, 56, 62, 63};
    const std::uint64_t scale = choices.of(kScales);
    const unsigned span = choices.of(kSpans);
    const std::uint64_t start = std::array<std::uint64_t, 5>{0, kLowest, kLowest + 1, ~std::uint64_t{0} - 300,
                                                             1'700'000'000'000'000}[choices.below(5)];
    const std::uint64_t beyond = span == 0 ? 0 : (std::uint64_t{1} << span) + choices.below(3) - 1;
    const Sort sort = choices.one_in(2) ? Sort::stamps : Sort::plain;
    DrawnColumn drawn;
    for (const Sketch& row : rows) {
        // The sum wraps where it leaves 64 bits: a time is any number.
        const std::uint64_t time = start + row.time * scale + (row.time % 4 == 3 ? beyond : 0);
        // The highest number, the lowest and the one after it: the infinite timestamps and NaT.
        const bool is_nat = sort == Sort::stamps && time - (kLowest - 1) <= 2;
        drawn.numbers.push_back((row.missing & 4U) != 0 || is_nat
                                    ? std::nullopt
                                    : std::optional(static_cast<std::int64_t>(time)));
    }
    drawn.column = lay_numbers(choices, drawn.numbers, sort);
    return drawn;
}

/// Numbers, digits with zeros before them, or texts, each in the order of the ranks.
DrawnColumn draw_order(Choices& choices, const std::vector<std::uint32_t>& rank) {
    DrawnColumn drawn;
    const std::size_t family = choices.below(4);
    drawn.is_text = family > 1;
    for (std::size_t row = 0; row < rank.size(); ++row) {
        const std::uint64_t number = std::uint64_t{rank[row]} * 7;
        if (family == 2) {
            drawn.texts.emplace_back(std::string(row % 3, '0') + std::to_string(number));
        } else if (family == 3) {
            drawn.texts.emplace_back("row " + digits(number, 5));
        } else {
            // Without a sign some lie on either side of 2^63.
            const std::uint64_t half = family == 1 ? (std::uint64_t{1} << 63U) - 70 : 0;
            drawn.numbers.emplace_back(static_cast<std::int64_t>(number + half));
        }
    }
    drawn.column = drawn.is_text
                       ? lay_texts(choices, drawn.texts)
                       : lay_numbers(choices, drawn.numbers, family == 1 ? Sort::without_sign : Sort::plain);
    return drawn;
}

}  // namespace

DrawnLog draw_log(Choices& choices) {
    const std::vector<Sketch> rows = sketch_rows(choices);
    DrawnLog log;
    log.item = draw_items(choices, rows);
    log.stage = draw_stages(choices, rows);
    log.time = draw_times(choices, rows);
    log.keeps_missing_stages = choices.one_in(2);
    if (choices.one_in(3)) {
        const std::uint64_t seed = choices.byte(), n_ranks = 1 + choices.below(20);
        for (std::size_t row = 0; row < rows.size(); ++row)
            log.rank.push_back(static_cast<std::uint32_t>(scatter(seed, row) % n_ranks));
        log.order = draw_order(choices, log.rank);
    }
    return log;
}

Pipeline draw_pipeline(Choices& choices, std::size_t n_labels) {
    const bool reversed = choices.one_in(2), leaves_some_out = choices.one_in(3);
    const auto n_won = static_cast<std::int32_t>(choices.below(3));
    const auto n_lost = static_cast<std::int32_t>(choices.below(3));
    std::vector<std::int32_t> rows;
    std::int32_t next = 0;
    for (std::size_t label = 0; label < n_labels; ++label) {
        rows.push_back(leaves_some_out && label % 5 == 2 ? Pipeline::kUnlisted : next++);
    }
    const std::int32_t n_rows =
        std::max(next + static_cast<std::int32_t>(choices.below(2)), n_won + n_lost + 1);
    if (reversed) {
        for (std::int32_t& row : rows) row = row == Pipeline::kUnlisted ? row : n_rows - 1 - row;
    }
    return {n_rows - n_won - n_lost, n_won, n_lost, std::move(rows)};
}

}  // namespace stagefunnel::fuzz
