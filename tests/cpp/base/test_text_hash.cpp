#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/blake2b.hpp"
#include "base/hashing.hpp"
#include "support/columns.hpp"

namespace stagefunnel {
namespace {

using testing::message_of;

/// Draws keys of the process from a seed for one test.
class Seeded {
  public:
    explicit Seeded(std::string_view seed) { seed_process(seed); }
    Seeded(const Seeded&) = delete;
    Seeded& operator=(const Seeded&) = delete;
    ~Seeded() { seed_process(""); }
};

std::string hex(const std::array<std::uint64_t, 8>& words, std::size_t n_bytes) {
    std::string text;
    for (std::size_t i = 0; i < n_bytes; ++i) {
        const auto byte = static_cast<unsigned>(words[i / 8] >> (8 * (i % 8)) & 0xffU);
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 0xfU];
    }
    return text;
}

std::string counted_bytes(std::size_t n) {
    std::string bytes;
    for (std::size_t i = 0; i < n; ++i) bytes += static_cast<char>(i);
    return bytes;
}

TEST(Blake2b, HashesTheExampleOfRfc7693) {
    EXPECT_EQ(hex(blake2b("abc", 64), 64),
              "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
              "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

TEST(Blake2b, MeetsTheKnownAnswersOfItsAuthorsWithAKey) {
    const std::string key = counted_bytes(64);
    EXPECT_EQ(hex(blake2b("", 64, key), 64),
              "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
              "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
    EXPECT_EQ(hex(blake2b(counted_bytes(255), 64, key), 64),
              "142709d62e28fcccd0af97fad0f8465b971e82201dc51070faa0372aa43e9248"
              "4be1c1e73ba10906d5d1853db6a4106e0a7bf9800d373d6dee2d46d62ef2a461");
}

TEST(Blake2b, HashesMessagesThatEndWithABlock) {
    // From Python's hashlib, which wraps the code of the authors.
    EXPECT_EQ(hex(blake2b(counted_bytes(128), 16), 16), "a74787004ef589e31149183900d0294a");
    EXPECT_EQ(hex(blake2b(counted_bytes(129), 16), 16), "aaf1b0371f6d4ee49ee4fb5ddd9c49ef");
    EXPECT_EQ(hex(blake2b(counted_bytes(256), 16), 16), "c2472c0ac37a8dbdb25f05ada0d82643");
}

/// The definition word by word: sums of products of pairs of words, folded.
Hash128 plain_hash(const TextFactors& by, const std::string& text) {
    const std::size_t n = text.size();
    std::vector<std::uint64_t> words;
    const auto word = [&](std::size_t at, std::size_t n_bytes) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < n_bytes; ++i)
            value |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
        return value;
    };
    if (n < 8) {
        words = {word(0, n), 0};
    } else if (n <= 16) {
        words = {word(0, 8), word(n - 8, 8)};
    } else {
        for (std::size_t at = 0; at + 16 < n; at += 16)
            words.insert(words.end(), {word(at, 8), word(at + 8, 8)});
        words.insert(words.end(), {word(n - 16, 8), word(n - 8, 8)});
    }
    const std::size_t first = n == 0 ? 32 : n % 16 * 2;
    uint128 low = 0, high = 0;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const Hash128 a = by.words[first + i], b = by.words[first + i + 1];
        low += static_cast<uint128>(words[i] + a.low) * static_cast<std::uint64_t>(words[i + 1] + b.low);
        high += static_cast<uint128>(words[i] + a.high) * static_cast<std::uint64_t>(words[i + 1] + b.high);
    }
    const auto half = [](uint128 sum, std::uint64_t x, std::uint64_t y) {
        const uint128 product = static_cast<uint128>(static_cast<std::uint64_t>(sum) ^ x) *
                                (static_cast<std::uint64_t>(sum >> 64U) ^ y);
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
    };
    return {half(low, by.low[0], by.low[1]), half(high, by.high[0], by.high[1])};
}

std::string some_text(std::size_t n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += static_cast<char>(33 + i * i % 94);
    return text;
}

TEST(TextHash, IsWhatItsDefinitionSays) {
    const TextHash hash = TextHash::of_key("a key of 16 byte");
    for (std::size_t n = 0; n <= TextFactors::kStretch; ++n) {
        ASSERT_EQ(hash_text(hash, some_text(n)), plain_hash(hash.factors(), some_text(n))) << n;
    }
}

TEST(TextHash, IsTheSameOfOneKeyInAllProcesses) {
    // Worked out in Python, with hashlib and integers of any length.
    const TextHash hash = TextHash::of_key("a key of 16 byte");
    EXPECT_EQ(hash_text(hash, "deal-7"), (Hash128{0x33987837d8266471U, 0x61718086ee448858U}));
    EXPECT_EQ(hash_text(hash, "0123456789abcdef0123456789abcdef-7"),
              (Hash128{0x9c777248bd87f7b9U, 0x77a75c81a26dd26aU}));
    EXPECT_EQ(portable_hash("deal-7", hash), (Hash128{0xcc3c89cae1b1cd84U, 0x5722d5fcb8e356c1U}));
    EXPECT_EQ(portable_hash("deal-7", TextHash::of_process()),
              (Hash128{0xd549fa6e20605b82U, 0xf31f682224324709U}));
}

TEST(TextHash, KeepsTextsApartThatCollidedWithoutAKey) {
    const std::vector<std::string> texts{"g3bjwAoUXcLEVOG85o+3^}-W!)&#n[v-",
                                         "SLrUqFjmZJ7HIOWj{=z0Y{>6sE*z4fsz",
                                         "HKpBJhI1NAG9sHu2Y$3GADR8)v6&]2Rs"};
    for (int seed = 0; seed < 20; ++seed) {
        const Seeded seeded("seed " + std::to_string(seed));
        std::set<std::uint64_t> lower, upper;
        for (const std::string& text : texts) {
            const Hash128 hash = hash_text(TextHash(), text);
            lower.insert(hash.low);
            upper.insert(hash.high);
        }
        EXPECT_EQ(lower.size(), 3U);
        EXPECT_EQ(upper.size(), 3U);
    }
}

TEST(TextHash, KeepsTextsOfAllLengthsApartByEachHalf) {
    // Zeros alone, and texts that begin and end alike: only the length tells them apart.
    for (const char fill : {'\0', 'x'}) {
        std::set<std::uint64_t> lower, upper;
        for (std::size_t n = 0; n < 3000; ++n) {
            const Hash128 hash = hash_text(TextHash(), std::string(n, fill));
            lower.insert(hash.low);
            upper.insert(hash.high);
        }
        EXPECT_EQ(lower.size(), 3000U);
        EXPECT_EQ(upper.size(), 3000U);
    }
}

TEST(TextHash, KeepsTextsApartThatDifferInOneByte) {
    for (const std::size_t n : {1U, 7U, 8U, 15U, 16U, 17U, 33U, 1024U, 1025U, 2050U}) {
        std::set<std::uint64_t> lower, upper;
        const std::string text = some_text(n);
        for (std::size_t at = 0; at < n; ++at) {
            std::string other = text;
            other[at] = '~';
            const Hash128 hash = hash_text(TextHash(), other);
            lower.insert(hash.low);
            upper.insert(hash.high);
        }
        const auto same =
            static_cast<std::size_t>(std::ranges::count(text, '~'));  // these are the text itself
        EXPECT_EQ(lower.size(), n - (same > 1 ? same - 1 : 0)) << n;
        EXPECT_EQ(upper.size(), lower.size()) << n;
    }
}

/// A text of which a product of one half of the hash is zero, whatever its other factor is.
std::string with_a_zero_product(std::size_t n, std::size_t pair, std::uint64_t vanishing, bool first,
                                char free) {
    std::string text = some_text(n);
    const std::uint64_t word = 0 - vanishing;
    std::memcpy(text.data() + 16 * pair + (first ? 0 : 8), &word, sizeof word);
    text[16 * pair + (first ? 8 : 0)] = free;
    return text;
}

TEST(TextHash, KeepsTextsApartWhereAFactorVanishes) {
    // Before the hash had a key, a word that made its factor zero hid the other word of the pair. Here the
    // factors are known, which nobody else knows: even so one half alone is lost, and nothing under other
    // factors.
    for (int seed = 0; seed < 20; ++seed) {
        const TextHash hash = TextHash::of_key("sixteen bytes or" + std::to_string(seed));
        const TextHash other = TextHash::of_key("sixteen bytes of" + std::to_string(seed));
        for (const auto& [n, pair] : {std::pair{16U, 0U}, {32U, 0U}, {32U, 1U}, {36U, 0U}, {1024U, 63U}}) {
            const Hash128* const factor = hash.factors().of_length(n) + 2 * pair;
            for (const bool first : {false, true}) {
                for (const bool is_low : {false, true}) {
                    const Hash128& by = factor[first ? 0 : 1];
                    std::set<std::uint64_t> lost, kept, lower, upper;
                    for (char free = 0; free < 100; ++free) {
                        const std::string text =
                            with_a_zero_product(n, pair, is_low ? by.low : by.high, first, free);
                        const Hash128 found = hash_text(hash, text), elsewhere = hash_text(other, text);
                        lost.insert(is_low ? found.low : found.high);
                        kept.insert(is_low ? found.high : found.low);
                        lower.insert(elsewhere.low);
                        upper.insert(elsewhere.high);
                    }
                    EXPECT_EQ(lost.size(), 1U) << "these texts test nothing";
                    EXPECT_EQ(kept.size(), 100U);
                    EXPECT_EQ(lower.size(), 100U);
                    EXPECT_EQ(upper.size(), 100U);
                }
            }
        }
    }
}

TEST(TextHash, OfAProcessChangesWithItsSeedAlone) {
    Hash128 first{}, second{};
    {
        const Seeded seeded("one");
        first = hash_text(TextHash(), "deal-7");
        EXPECT_EQ(hash_text(TextHash(), "deal-7"), first);
        EXPECT_TRUE(TextHash().key().empty());
        EXPECT_EQ(TextHash::of_streams().key().size(), 32U);
    }
    {
        const Seeded seeded("two");
        second = hash_text(TextHash(), "deal-7");
    }
    EXPECT_NE(first, second);
    EXPECT_NE(hash_text(TextHash(), "deal-7"), second);  // drawn from the system again
}

TEST(TextHash, KeepsItsOwnFactorsWhenTheProcessDrawsAnew) {
    const TextHash before;
    const Hash128 hash = hash_text(before, "deal-7");
    const Seeded seeded("another");
    EXPECT_EQ(hash_text(before, "deal-7"), hash);
    EXPECT_FALSE(before == TextHash());
}

TEST(TextHash, RefusesAKeyThatIsTooShortOrTooLong) {
    EXPECT_EQ(message_of([] { static_cast<void>(TextHash::of_key(std::string(15, 'k'))); }),
              "a hash key of 15 bytes; it has 16 to 64 bytes");
    EXPECT_EQ(message_of([] { static_cast<void>(TextHash::of_key(std::string(65, 'k'))); }),
              "a hash key of 65 bytes; it has 16 to 64 bytes");
}

TEST(Spread, IsABijectionWhateverTheFactor) {
    for (int seed = 0; seed < 20; ++seed) {
        const Seeded seeded("seed " + std::to_string(seed));
        const Spread spread = Spread::of_process();
        EXPECT_EQ(spread.factor * spread.inverse, 1U);
        for (std::uint64_t key = 1; key != 0; key <<= 1U) {
            EXPECT_EQ(spread.gather(spread(key)), key);
            EXPECT_EQ(spread.gather(spread(~key)), ~key);
        }
    }
}

TEST(Spread, LaysNumbersInSequenceEvenly) {
    for (int seed = 0; seed < 20; ++seed) {
        const Seeded seeded("seed " + std::to_string(seed));
        std::vector<int> counts(1U << 10U);
        for (std::uint64_t key = 0; key < 100'000; ++key) ++counts[Spread::of_process()(key) >> 54U];
        EXPECT_GT(*std::ranges::min_element(counts), 98 / 2);
        EXPECT_LT(*std::ranges::max_element(counts), 98 * 2);
    }
}

}  // namespace
}  // namespace stagefunnel
