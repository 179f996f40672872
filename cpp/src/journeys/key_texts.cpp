#include "stagefunnel/journeys/key_texts.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "columns/map_rows.hpp"
#include "columns/packed_text.hpp"

namespace stagefunnel::journeys {
namespace {

constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void KeyTexts::add(const Column& column, const columns::ItemKeys& keys) {
    if (!keys.hashed()) return;
    columns::for_each_text(
        column, {0, column.length},
        [&](std::size_t row, std::string_view text) { keep(keys.key[row], keys.high[row], text); },
        [](std::size_t) {});
}

void KeyTexts::keep(std::uint64_t key, std::uint64_t high, std::string_view added) {
    if (2 * entries_.size() >= slots_.size()) grow();
    std::uint32_t& slot = slots_[slot_of(key, high)];
    if (slot == kFree) {
        slot = static_cast<std::uint32_t>(entries_.size());
        entries_.push_back({key, high, bytes_.size()});
        bytes_.append(added);
    } else if (exact_ && text(slot) != added) {
        throw std::invalid_argument("'" + std::string(text(slot)) + "' and '" + std::string(added) +
                                    "' share a hash of 128 bits; number the items");
    }
}

void KeyTexts::grow() {
    slots_.assign(slots_.empty() ? 1024 : 2 * slots_.size(), kFree);
    for (std::size_t entry = 0; entry < entries_.size(); ++entry) {
        slots_[slot_of(entries_[entry].key, entries_[entry].high)] = static_cast<std::uint32_t>(entry);
    }
}

std::size_t KeyTexts::slot_of(std::uint64_t key, std::uint64_t high) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = key & mask;  // a hash already
    while (slots_[slot] != kFree &&
           (entries_[slots_[slot]].key != key || entries_[slots_[slot]].high != high)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

std::string_view KeyTexts::text(std::size_t entry) const {
    const std::size_t begin = entries_[entry].begin;
    const std::size_t end = entry + 1 < entries_.size() ? entries_[entry + 1].begin : bytes_.size();
    return std::string_view(bytes_).substr(begin, end - begin);
}

std::vector<std::string> KeyTexts::texts_of(std::span<const std::uint64_t> key,
                                            std::span<const std::uint64_t> high) const {
    std::vector<std::string> texts;
    texts.reserve(key.size());
    for (std::size_t i = 0; i < key.size(); ++i) {
        const std::uint32_t entry = slots_.empty() ? kFree : slots_[slot_of(key[i], high[i])];
        if (entry == kFree) throw std::invalid_argument("no text was kept for a key");
        texts.emplace_back(text(entry));
    }
    return texts;
}

std::vector<std::string> packed_texts(const Journeys& journeys, std::span<const std::uint32_t> items) {
    if (!journeys.prefix) throw std::invalid_argument("the keys are not packed texts");
    const columns::TextPacker packer(*journeys.prefix);
    std::vector<std::string> texts;
    texts.reserve(items.size());
    for (const std::uint32_t item : items) {
        if (item >= journeys.n_items()) throw std::invalid_argument("an item lies beyond the journeys");
        texts.push_back(packer.unpack(journeys.key[item]));
    }
    return texts;
}

}  // namespace stagefunnel::journeys
