#include "layouts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <type_traits>
#include <utility>

#include "support/arrow_arrays.hpp"
#include "support/columns.hpp"

namespace stagefunnel::fuzz {
namespace {

using testing::ArrayPtr;

/// Rows 0 … n cut into pieces; a piece may be empty.
std::vector<std::size_t> borders(Choices& choices, std::size_t n) {
    std::vector<std::size_t> cuts{0, n};
    for (std::size_t i = choices.below(5); i > 0; --i) {
        cuts.push_back(n * choices.byte() / 255);
    }
    std::sort(cuts.begin(), cuts.end());
    return cuts;
}

template <class T, class Make>
ArrayPtr plain_array(const Rows<T>& rows, const T& filler, Make make) {
    std::vector<T> values;
    std::vector<std::size_t> missing;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        values.push_back(rows[row].value_or(filler));
        if (!rows[row]) missing.push_back(row);
    }
    return testing::with_missing(make(values), missing);
}

template <class Code>
ArrayPtr codes_array(const Numbers& codes, ArrayPtr dictionary, const char* format) {
    std::vector<Code> values;
    std::vector<std::size_t> missing;
    for (std::size_t row = 0; row < codes.size(); ++row) {
        // What stands in a missing row is nobody's business, so it need not be a code at all.
        values.push_back(static_cast<Code>(codes[row].value_or(std::numeric_limits<Code>::max())));
        if (!codes[row]) missing.push_back(row);
    }
    return testing::with_missing(testing::dictionary_array(values, std::move(dictionary), format), missing);
}

/// What the dictionaries of one column have in common, and how they are filled.
struct Coding {
    std::size_t width;     // of the codes
    bool missing_entries;  // a missing value is an entry of its own
    bool reversed;         // entries stand in the reverse order of appearance
    bool unused;           // one more entry, which no row has
};

template <class T, class Make>
ArrayPtr coded_array(const Coding& coding, const Rows<T>& rows, const T& filler, Make make) {
    Rows<T> entries;
    std::map<std::optional<T>, std::int64_t> place;
    if (coding.unused) entries.emplace_back(filler);
    for (const std::optional<T>& row : rows) {
        if (!row && !coding.missing_entries) continue;
        if (place.emplace(row, static_cast<std::int64_t>(entries.size())).second) entries.push_back(row);
    }
    if (entries.empty()) entries.emplace_back(filler);
    const auto last = static_cast<std::int64_t>(entries.size()) - 1;
    Numbers codes;
    for (const std::optional<T>& row : rows) {
        const auto found = place.find(row);
        if (found == place.end()) {
            codes.emplace_back();
        } else {
            codes.emplace_back(coding.reversed ? last - found->second : found->second);
        }
    }
    if (coding.reversed) std::reverse(entries.begin(), entries.end());
    const ArrayPtr dictionary = plain_array(entries, filler, make);
    if (coding.width == 0) return codes_array<std::int16_t>(codes, dictionary, "s");
    if (coding.width == 1) return codes_array<std::int32_t>(codes, dictionary, "i");
    if (coding.width == 2) return codes_array<std::uint32_t>(codes, dictionary, "I");
    return codes_array<std::int64_t>(codes, dictionary, "l");
}

/// `make` turns present values into an array; `filler` is what it may find in rows that do not count.
template <class T, class Make>
Column lay(Choices& choices, const Rows<T>& rows, const T& filler, Make make) {
    const bool coded = choices.one_in(3);
    const Coding coding{choices.below(4), choices.one_in(3), choices.one_in(2), choices.one_in(2)};
    const std::vector<std::size_t> cuts = borders(choices, rows.size());
    std::vector<ArrayPtr> chunks;
    for (std::size_t cut = 1; cut < cuts.size(); ++cut) {
        const std::size_t before = choices.below(12), after = choices.below(3),
                          length = cuts[cut] - cuts[cut - 1];
        Rows<T> all(before, filler);
        all.insert(all.end(), rows.begin() + static_cast<std::ptrdiff_t>(cuts[cut - 1]),
                   rows.begin() + static_cast<std::ptrdiff_t>(cuts[cut]));
        all.resize(all.size() + after, filler);
        if (all.empty()) all.emplace_back(filler);
        const ArrayPtr array =
            coded ? coded_array(coding, all, filler, make) : plain_array(all, filler, make);
        chunks.push_back(
            testing::sliced(array, static_cast<std::int64_t>(before), static_cast<std::int64_t>(length)));
    }
    return testing::read(chunks);
}

template <class T>
constexpr bool holds(std::int64_t number) {
    if constexpr (std::is_floating_point_v<T>) {
        return std::abs(static_cast<double>(number)) <= (sizeof(T) == 8 ? 0x1p53 : 0x1p24);
    } else {
        return std::in_range<T>(number);
    }
}

/// Storage `T` as Arrow calls it by `format`, in a NumPy array, or as the codes of an Arrow dictionary.
template <class T>
std::optional<Column> lay_as(Choices& choices, const Numbers& rows, const char* format) {
    constexpr bool kBits = std::is_same_v<T, std::uint64_t>;
    for (const std::optional<std::int64_t>& row : rows) {
        if (row && !kBits && !holds<T>(*row)) return std::nullopt;
    }
    if (!choices.one_in(3)) {
        return lay<std::int64_t>(choices, rows, 1, [&](const std::vector<std::int64_t>& numbers) {
            std::vector<T> values;
            for (const std::int64_t number : numbers) values.push_back(static_cast<T>(number));
            return testing::numbers_array(format, values);
        });
    }
    std::vector<T> values;
    std::vector<std::uint8_t> missing;
    for (const std::optional<std::int64_t>& row : rows) {
        values.push_back(static_cast<T>(row.value_or(1)));
        missing.push_back(row ? 0 : 1);
    }
    const bool any = std::find(missing.begin(), missing.end(), 1) != missing.end();
    if constexpr (std::is_floating_point_v<T>) {
        for (std::size_t row = 0; row < values.size(); ++row) {
            if (missing[row] != 0) values[row] = std::numeric_limits<T>::quiet_NaN();
        }
        missing.clear();
    } else if (!any && choices.one_in(2)) {
        missing.clear();
    }
    return testing::numbers_column(values, missing);
}

std::optional<Column> lay_in_storage(Choices& choices, const Numbers& rows, std::size_t storage) {
    switch (storage) {
        case 0:
            return lay_as<std::int8_t>(choices, rows, "c");
        case 1:
            return lay_as<std::int16_t>(choices, rows, "s");
        case 2:
            return lay_as<std::int32_t>(choices, rows, "i");
        case 3:
            return lay_as<std::uint8_t>(choices, rows, "C");
        case 4:
            return lay_as<std::uint16_t>(choices, rows, "S");
        case 5:
            return lay_as<std::uint32_t>(choices, rows, "I");
        case 6:
            return lay_as<float>(choices, rows, "f");
        case 7:
            return lay_as<double>(choices, rows, "g");
        default:
            return std::nullopt;
    }
}

}  // namespace

Column lay_numbers(Choices& choices, const Numbers& rows, Sort sort) {
    if (sort == Sort::without_sign) return *lay_as<std::uint64_t>(choices, rows, "L");
    if (sort == Sort::stamps) return *lay_as<std::int64_t>(choices, rows, "tsu:");
    const std::optional<Column> column = lay_in_storage(choices, rows, choices.below(16));
    return column ? *column : *lay_as<std::int64_t>(choices, rows, "l");
}

Column lay_texts(Choices& choices, const Texts& rows) {
    std::size_t width = 0;
    bool fixed = true;
    for (const std::optional<std::string>& row : rows) {
        if (!row) continue;
        fixed = fixed && (width == 0 || row->size() == width) && !row->empty();
        width = row->size();
    }
    const std::size_t layout = choices.below(fixed && width > 0 ? 6 : 4);
    const std::string filler = layout > 3 ? std::string(width, '?') : "?";
    return lay<std::string>(choices, rows, filler, [&](const std::vector<std::string>& values) {
        switch (layout) {
            case 0:
                return testing::text_array(values);
            case 1:
                return testing::text_array<std::int64_t>(values, "U");
            case 2:
                return testing::view_array(values);
            case 3:
                return testing::text_array(values, "z");
            default:
                return testing::fixed_array(values);
        }
    });
}

}  // namespace stagefunnel::fuzz
