#include "stagefunnel/journeys/key_texts.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "base/counted.hpp"
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
    if (2 * kept_.size() >= slots_.size()) grow();
    std::uint32_t& slot = slots_[slot_of(key, high)];
    if (slot == kFree) {
        slot = static_cast<std::uint32_t>(kept_.size());
        kept_.push_back({key, high, bytes_.size()});
        bytes_.append(added);
    } else if (collisions_ == HashCollisions::refuse && text(slot) != added) {
        throw std::invalid_argument("'" + std::string(text(slot)) + "' and '" + std::string(added) +
                                    "' share a hash of 128 bits; number the items");
    }
}

void KeyTexts::grow() {
    slots_.assign(slots_.empty() ? 1024 : 2 * slots_.size(), kFree);
    for (std::size_t which = 0; which < kept_.size(); ++which) {
        slots_[slot_of(kept_[which].key, kept_[which].high)] = static_cast<std::uint32_t>(which);
    }
}

std::size_t KeyTexts::slot_of(std::uint64_t key, std::uint64_t high) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = key & mask;  // the key is a hash
    while (slots_[slot] != kFree && (kept_[slots_[slot]].key != key || kept_[slots_[slot]].high != high)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

std::string_view KeyTexts::text(std::size_t which) const {
    const std::size_t begin = kept_[which].begin;
    const std::size_t end = which + 1 < kept_.size() ? kept_[which + 1].begin : bytes_.size();
    return std::string_view(bytes_).substr(begin, end - begin);
}

std::vector<std::string> KeyTexts::texts_of(std::span<const std::uint64_t> key,
                                            std::span<const std::uint64_t> high) const {
    std::vector<std::string> texts;
    texts.reserve(key.size());
    for (std::size_t i = 0; i < key.size(); ++i) {
        const std::uint32_t which = slots_.empty() ? kFree : slots_[slot_of(key[i], high[i])];
        if (which == kFree) throw std::invalid_argument("a key has no text");
        texts.emplace_back(text(which));
    }
    return texts;
}

std::vector<std::string> packed_texts(const Journeys& journeys, std::span<const std::uint32_t> items) {
    if (!journeys.prefix) throw std::invalid_argument("the keys are not packed texts");
    const columns::TextPacker packer(*journeys.prefix);
    std::vector<std::string> texts;
    texts.reserve(items.size());
    for (const std::uint32_t item : items) {
        if (item >= journeys.n_items()) {
            throw std::invalid_argument("item " + std::to_string(item) + " lies outside a log of " +
                                        counted(journeys.n_items(), "item"));
        }
        texts.push_back(packer.unpack(journeys.key[item]));
    }
    return texts;
}

}  // namespace stagefunnel::journeys
