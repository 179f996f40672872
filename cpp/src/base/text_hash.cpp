#include "stagefunnel/base/text_hash.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#ifdef __linux__
#include <pthread.h>
#endif

#include "base/blake2b.hpp"
#include "base/hashing.hpp"

namespace stagefunnel {
namespace {

Hash128 first_two(const std::array<std::uint64_t, 8>& words) { return {words[0], words[1]}; }

std::string random_bytes() {
    std::random_device random;
    std::array<std::uint32_t, 8> words{};
    for (std::uint32_t& word : words) word = random();
    std::string bytes(sizeof words, '\0');
    std::memcpy(bytes.data(), words.data(), sizeof words);
    return bytes;
}

/// Returns whether a factor lays numbers in sequence evenly, as most keys are, however many there are: no
/// partial quotient of the continued fraction of factor / 2^64 is large (three-distance theorem; Knuth, TAOCP
/// 3, 6.4). Every fifth factor is like this, so a secret one is as hard to guess.
bool is_even(std::uint64_t factor) {
    constexpr std::uint64_t kMostQuotient = 16, kManyKeys = std::uint64_t{1} << 32U;
    std::uint64_t denominator = 1, before = 0;
    uint128 whole = uint128{1} << 64U, rest = factor;
    while (rest != 0 && denominator < kManyKeys) {
        const auto quotient = static_cast<std::uint64_t>(whole / rest);
        if (quotient > kMostQuotient) return false;
        before = std::exchange(denominator, quotient * denominator + before);
        whole = std::exchange(rest, whole % rest);
    }
    return true;
}

Spread spread_of(std::string_view key) {
    for (std::uint64_t n = 0;; ++n) {
        const std::uint64_t factor = blake2b("factor of integers " + std::to_string(n), 16, key)[0] | 1U;
        if (is_even(factor)) return Spread::by(factor);
    }
}

}  // namespace

/// The keys that a process draws once.
struct ProcessKeys {
    explicit ProcessKeys(const std::string& seed)
        : texts(seed, ""), streams(TextHash::of_key(streams_key(seed))), spread(spread_of(seed)) {}

    TextHash texts, streams;
    Spread spread;

    static std::shared_ptr<const ProcessKeys> get() { return change(nullptr); }
    /// Returns the keys, which are those of the seed from now on if there is one.
    static std::shared_ptr<const ProcessKeys> change(const std::string* seed) {
        Shared& shared = Shared::get();
        const std::lock_guard lock(shared.mutex);
        if (seed != nullptr || !shared.keys) {
            shared.keys = std::make_shared<const ProcessKeys>(
                seed == nullptr || seed->empty() ? random_bytes() : *seed);
        }
        return shared.keys;
    }

  private:
    /// Never destroyed: logs may live until the process ends.
    struct Shared {
        std::mutex mutex;
        std::shared_ptr<const ProcessKeys> keys;

        static Shared& get() {
            static Shared* const one = [] {
                auto* const made = new Shared;
#ifdef __linux__
                // A process that forks while another thread holds the lock would leave it locked in the child
                // for ever.
                static_cast<void>(pthread_atfork([] { get().mutex.lock(); }, [] { get().mutex.unlock(); },
                                                 [] { get().mutex.unlock(); }));
#endif
                return made;
            }();
            return *one;
        }
    };

    static std::string streams_key(const std::string& seed) {
        const auto words = blake2b("streams", 32, seed);
        std::string key(32, '\0');
        std::memcpy(key.data(), words.data(), key.size());
        return key;
    }
};

TextHash::TextHash(std::string_view secret, std::string key) : key_(std::move(key)) {
    auto factors = std::make_shared<TextFactors>();
    factors->secret = secret;
    std::uint64_t n = 0;
    const auto draw = [&] {
        return first_two(blake2b("factor of texts " + std::to_string(n++), 16, secret));
    };
    for (auto* const last : {&factors->low, &factors->high}) {
        const Hash128 drawn = draw();
        *last = {drawn.low, drawn.high};
    }
    for (Hash128& word : factors->words) word = draw();
    factors_ = std::move(factors);
}

Hash128 hash_long_text(const TextHash& hash, std::string_view text) {
    std::string sums;
    const auto append = [&](uint128 number) {
        const std::uint64_t words[]{static_cast<std::uint64_t>(number),
                                    static_cast<std::uint64_t>(number >> 64U)};
        sums.append(reinterpret_cast<const char*>(words), sizeof words);
    };
    append(text.size());
    while (!text.empty()) {
        // The last stretch overlaps the one before it.
        if (text.size() < TextFactors::kStretch)
            text = {text.data() + text.size() - TextFactors::kStretch, TextFactors::kStretch};
        PairSums stretch;
        stretch.add(text.substr(0, TextFactors::kStretch), hash.factors().words.data());
        append(stretch.low);
        append(stretch.high);
        text.remove_prefix(TextFactors::kStretch);
    }
    return first_two(blake2b(sums, 16, hash.factors().secret));
}

TextHash TextHash::of_process() { return ProcessKeys::get()->texts; }

TextHash TextHash::of_streams() { return ProcessKeys::get()->streams; }

TextHash TextHash::of_key(std::string key) {
    if (key.size() < 16 || key.size() > 64) {
        throw std::invalid_argument("a hash key of " + std::to_string(key.size()) +
                                    " bytes; it has 16 to 64 bytes");
    }
    return {key, key};
}

Spread Spread::of_process() { return ProcessKeys::get()->spread; }

Spread Spread::by(std::uint64_t factor) {
    std::uint64_t inverse =
        factor;  // right in its lowest three bits; each step doubles their number (Newton)
    for (int step = 0; step < 5; ++step) inverse *= 2 - factor * inverse;
    return {factor, inverse};
}

Hash128 portable_hash(std::string_view text, const TextHash& hash) {
    if (!hash.key().empty()) return portable_hash(hash_text(hash, text), hash);
    return first_two(blake2b(text, 16));
}

Hash128 portable_hash(Hash128 hash_of_text, const TextHash& hash) {
    std::array<char, 16> bytes{};
    std::memcpy(bytes.data(), &hash_of_text.low, 8);
    std::memcpy(bytes.data() + 8, &hash_of_text.high, 8);
    return first_two(blake2b({bytes.data(), bytes.size()}, 16, hash.key()));
}

void seed_process(std::string_view seed) {
    const std::string text(seed);
    ProcessKeys::change(&text);
}

}  // namespace stagefunnel
