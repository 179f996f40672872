#include "stagefunnel/journeys/lookup.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/counted.hpp"
#include "base/hashing.hpp"
#include "base/parallel.hpp"
#include "columns/packed_text.hpp"

namespace stagefunnel::journeys {

namespace {

/// The keys of a log's items in the form that is the same in every log: packed texts are hashed.
class CommonKeys {
  public:
    explicit CommonKeys(const Journeys& journeys) : journeys_(journeys) {
        if (journeys.prefix) hash_of_.emplace(*journeys.prefix, journeys.hash);
    }
    [[nodiscard]] Hash128 operator[](std::size_t item) const {
        const std::uint64_t key = journeys_.key[item];
        if (hash_of_) return (*hash_of_)(key);
        return {key, journeys_.high.empty() ? 0 : journeys_.high[item]};
    }

  private:
    const Journeys& journeys_;
    std::optional<columns::PackedHasher> hash_of_;
};

void check_kind(const Journeys& journeys, const columns::ItemKeys& keys) {
    if (keys.size() == 0 || journeys.n_items() == 0) return;
    if (keys.hashed() != journeys.holds_text()) {
        throw std::invalid_argument(journeys.holds_text()
                                        ? "the keys of the log are text, the keys to look up are integers"
                                        : "the keys of the log are integers, the keys to look up are text");
    }
    if (keys.hashed() && keys.hash != journeys.hash) {
        throw std::invalid_argument("the keys to look up have another hash than those of the log");
    }
}

/// Finds keys by hashing with linear probing (Knuth, TAOCP 3, 6.4, algorithm L). A table that needs too many
/// probes is made anew with another mix.
class KeyTable {
  public:
    static constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();

    /// @param high the upper halves of hashed keys, else empty.
    KeyTable(std::span<const std::uint64_t> key, std::span<const std::uint64_t> high)
        : key_(key), high_(high), slots_(std::bit_ceil(key.size() * 2 + 2), kEmpty) {}

    /// Adds a key, and returns the place of one that is equal, or `kEmpty`.
    std::uint32_t add(std::size_t place) {
        const std::size_t slot = slot_of(key_[place], high_.empty() ? 0 : high_[place], n_probes_);
        if (slots_[slot] != kEmpty) return slots_[slot];
        slots_[slot] = static_cast<std::uint32_t>(place);
        if (n_probes_ > most_probes(key_.size())) mix_again();
        return kEmpty;
    }
    /// Returns the place of a key, or `kEmpty`.
    [[nodiscard]] std::uint32_t find(Hash128 key) const {
        std::size_t n_probes = 0;
        return slots_[slot_of(key.low, key.high, n_probes)];
    }

  private:
    // Items lie in the order of the upper bits of their spread keys. With slots by the same bits,
    // neighbouring items are looked up in neighbouring slots.
    std::size_t slot_of(std::uint64_t key, std::uint64_t high, std::size_t& n_probes) const {
        std::size_t slot = mixed(key) >> (64U - static_cast<unsigned>(std::countr_zero(slots_.size())));
        for (; slots_[slot] != kEmpty; ++n_probes) {
            const std::uint32_t place = slots_[slot];
            if (key_[place] == key && (high_.empty() || high_[place] == high)) break;
            slot = (slot + 1) & (slots_.size() - 1);
        }
        return slot;
    }
    [[nodiscard]] std::uint64_t mixed(std::uint64_t key) const {
        key = spread_(key);
        for (unsigned i = 0; i < n_mixes_; ++i) key = spread_(key ^ kStep * (i + 1));
        return key;
    }
    void mix_again() {
        constexpr unsigned kMostMixes = 8;
        n_probes_ = 0;
        if (n_mixes_ == kMostMixes) return;
        ++n_mixes_;
        const std::vector<std::uint32_t> before(slots_.size(), kEmpty);
        std::vector<std::uint32_t> places = std::exchange(slots_, before);
        for (const std::uint32_t place : places) {
            if (place == kEmpty) continue;
            std::size_t n_probes = 0;
            slots_[slot_of(key_[place], high_.empty() ? 0 : high_[place], n_probes)] = place;
        }
    }

    // At most half of the slots are taken, so that single keys may lie far off.
    static std::size_t most_probes(std::size_t n_keys) { return 8 * n_keys + 4096; }

    static constexpr std::uint64_t kStep = 0x6a09e667f3bcc909U;
    std::span<const std::uint64_t> key_, high_;
    std::vector<std::uint32_t> slots_;
    Spread spread_ = Spread::of_process();
    unsigned n_mixes_ = 0;
    std::size_t n_probes_ = 0;
};

/// Whether an integer key is another number in the log than in the keys that are looked up there, because
/// only one of them has a sign.
bool differs_in_sign(const Journeys& journeys, const columns::ItemKeys& keys, std::uint64_t key) {
    return !keys.hashed() && keys.is_unsigned != journeys.is_unsigned && key >> 63U != 0;
}

void check_places(const Journeys& journeys, std::span<const std::uint32_t> items) {
    std::uint32_t highest = 0;  // the loop has no early exit, so that compilers vectorise it
    for (const std::uint32_t item : items) highest = std::max(highest, item);
    if (items.empty() || highest < journeys.n_items()) return;
    throw std::invalid_argument("item " + std::to_string(highest) + " is beyond the " +
                                counted(journeys.n_items(), "item") + " of the log");
}

/// Counts how often each code occurs. Codes side by side are counted in tables of their own, because a
/// processor waits for a count that it has just written.
class CodeCounts {
  public:
    explicit CodeCounts(std::size_t n_codes) : counts_(n_codes * kTables, 0) {}

    template <class Code>
    void add(const Code* codes, std::size_t begin, std::size_t end) {
        for (std::size_t row = begin; row < end; ++row) ++counts_[codes[row] * kTables + row % kTables];
    }

    void merge(const CodeCounts& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    }

    [[nodiscard]] std::vector<std::uint64_t> total() const {
        std::vector<std::uint64_t> total(counts_.size() / kTables, 0);
        for (std::size_t i = 0; i < counts_.size(); ++i) total[i / kTables] += counts_[i];
        return total;
    }

  private:
    static constexpr std::size_t kTables = 4;
    std::vector<std::uint64_t> counts_;
};

}  // namespace

std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> common_keys(const Journeys& journeys) {
    std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> keys;
    auto& [low, high] = keys;
    low.resize(journeys.n_items());
    if (journeys.holds_text()) high.resize(journeys.n_items());
    const CommonKeys common(journeys);
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const Hash128 key = common[item];
        low[item] = key.low;
        if (!high.empty()) high[item] = key.high;
    }
    return keys;
}

std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> portable_keys(const Journeys& journeys,
                                                                                const TextHash& hash) {
    if (!journeys.holds_text()) throw std::invalid_argument("the keys are integers, which leave as they are");
    if (!journeys.prefix && (hash.key().empty() || hash != journeys.hash)) {
        throw std::invalid_argument("the keys are hashes of another key, and their texts are not here");
    }
    std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> keys;
    const columns::TextPacker packer(journeys.prefix.value_or(""));
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const Hash128 key = journeys.prefix ? portable_hash(packer.unpack(journeys.key[item]), hash)
                                            : portable_hash({journeys.key[item], journeys.high[item]}, hash);
        keys.first.push_back(key.low);
        keys.second.push_back(key.high);
    }
    return keys;
}

TableRows match_items(const Journeys& journeys, const columns::ItemKeys& table, unsigned threads) {
    if (table.prefix) throw std::invalid_argument("keys to look up must not be packed");
    check_kind(journeys, table);
    TableRows match;
    KeyTable rows(table.key, table.high);
    std::size_t missing = 0;
    for (std::size_t row = 0; row < table.size(); ++row) {
        if (missing < table.missing_rows.size() && table.missing_rows[missing] == row) {
            ++missing;
            continue;
        }
        const std::uint32_t other = rows.add(row);
        if (other != KeyTable::kEmpty) {
            match.duplicate = DuplicateKey{other, row};
            return match;
        }
    }
    match.row.resize(journeys.n_items());
    const CommonKeys common(journeys);
    parallel_for(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            const Hash128 key = common[item];
            const std::uint32_t row = rows.find(key);
            const bool is_found = row != KeyTable::kEmpty && !differs_in_sign(journeys, table, key.low);
            match.row[item] = is_found ? static_cast<std::int64_t>(row) : -1;
        }
    });
    return match;
}

namespace {

/// Calls a function with each row of a column of keys that is not missing.
template <class Function>
void for_each_key(const columns::ItemKeys& keys, Function&& function) {
    std::size_t missing = 0;
    for (std::size_t row = 0; row < keys.size(); ++row) {
        if (missing < keys.missing_rows.size() && keys.missing_rows[missing] == row) {
            ++missing;
        } else {
            function(row);
        }
    }
}

/// Looks up every item of a log among keys, which are fewer: their table fits a cache.
std::vector<std::int64_t> places_of_few(const Journeys& journeys, const columns::ItemKeys& keys) {
    KeyTable rows(keys.key, keys.high);
    std::vector<std::uint32_t> first(keys.size(), KeyTable::kEmpty);  // the row of an equal key before
    for_each_key(keys, [&](std::size_t row) { first[row] = rows.add(row); });
    std::vector<std::int64_t> places(keys.size(), -1);
    const CommonKeys common(journeys);
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::uint32_t row = rows.find(common[item]);
        if (row == KeyTable::kEmpty || places[row] >= 0 || differs_in_sign(journeys, keys, keys.key[row])) {
            continue;
        }
        places[row] = static_cast<std::int64_t>(item);
    }
    for (std::size_t row = 0; row < keys.size(); ++row) {
        if (first[row] != KeyTable::kEmpty) places[row] = places[first[row]];
    }
    return places;
}

}  // namespace

std::vector<std::int64_t> places_of(const Journeys& journeys, const columns::ItemKeys& keys) {
    if (keys.prefix) throw std::invalid_argument("keys to look up must not be packed");
    std::vector<std::int64_t> places(keys.size(), -1);
    if (keys.size() == keys.missing_rows.size() || journeys.n_items() == 0) return places;
    check_kind(journeys, keys);
    if (keys.size() < journeys.n_items()) return places_of_few(journeys, keys);
    const auto [low, high] = common_keys(journeys);
    KeyTable items(low, high);
    for (std::size_t item = 0; item < low.size(); ++item) items.add(item);
    for_each_key(keys, [&](std::size_t row) {
        const std::uint64_t key = keys.key[row];
        const std::uint32_t item = items.find({key, keys.hashed() ? keys.high[row] : 0});
        if (item != KeyTable::kEmpty && !differs_in_sign(journeys, keys, key)) places[row] = item;
    });
    return places;
}

Journeys take_items(const Journeys& journeys, std::span<const std::uint32_t> items, unsigned threads) {
    check_places(journeys, items);
    Journeys taken;
    taken.n_labels = journeys.n_labels;
    taken.prefix = journeys.prefix;
    taken.hash = journeys.hash;
    taken.is_unsigned = journeys.is_unsigned;
    const std::size_t n = items.size();
    taken.offsets.resize(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t item = items[i];
        taken.offsets[i + 1] = taken.offsets[i] + (journeys.offsets[item + 1] - journeys.offsets[item]);
    }
    const auto take = [&](const auto& values, auto& kept) {
        kept.resize(n);
        parallel_for(n, threads, [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) kept[i] = values[items[i]];
        });
    };
    take(journeys.first_row, taken.first_row);
    if (!journeys.key.empty()) take(journeys.key, taken.key);  // journeys of other stages have none
    if (!journeys.high.empty()) take(journeys.high, taken.high);
    const auto take_rows = [&](const auto& values, auto& kept) {
        kept.resize(taken.offsets.back());
        parallel_for(n, threads, [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) {
                const auto* const from = values.data() + journeys.offsets[items[i]];
                std::copy_n(from, taken.offsets[i + 1] - taken.offsets[i], kept.data() + taken.offsets[i]);
            }
        });
    };
    take_rows(journeys.time, taken.time);
    if (!journeys.row.empty()) take_rows(journeys.row, taken.row);
    std::visit([&]<class CodeVector>(
                   const CodeVector& codes) { take_rows(codes, taken.stage.template emplace<CodeVector>()); },
               journeys.stage);
    return taken;
}

std::vector<std::uint64_t> rows_of_codes(const Journeys& journeys, std::span<const std::uint32_t> items,
                                         unsigned threads) {
    check_places(journeys, items);
    const CodeCounts counts = parallel_merge(items.size(), threads, [&](std::size_t first, std::size_t last) {
        CodeCounts own(journeys.n_labels + 1);
        std::visit(
            [&](const auto& codes) {
                for (std::size_t i = first; i < last; ++i)
                    own.add(codes.data(), journeys.offsets[items[i]], journeys.offsets[items[i] + 1]);
            },
            journeys.stage);
        return own;
    });
    return counts.total();
}

std::optional<Journeys> journey_of(const Journeys& journeys, const columns::ItemKeys& item) {
    const TableRows match = match_items(journeys, item);
    const auto found = std::find(match.row.begin(), match.row.end(), 0);
    if (found == match.row.end()) return std::nullopt;
    const std::uint32_t at[]{static_cast<std::uint32_t>(found - match.row.begin())};
    return take_items(journeys, at);
}

}  // namespace stagefunnel::journeys
