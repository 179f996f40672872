#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stagefunnel {

struct Hash128 {
    std::uint64_t low;
    std::uint64_t high;

    bool operator==(const Hash128&) const = default;
};

/// The secret factors of a hash of texts.
struct TextFactors {
    static constexpr std::size_t kStretch = 1024, kLengths = 17;

    std::array<Hash128, kStretch / 8 + 2 * kLengths> words{};  // for each word, one for each half of the hash
    std::array<std::uint64_t, 2> low{}, high{};                // of the last product of each half
    std::string secret;                                        // the key of BLAKE2b for long texts

    /// Returns the first factor for a text: all lengths of one number of pairs begin at different ones.
    [[nodiscard]] const Hash128* of_length(std::size_t n) const { return &words[(n == 0 ? 16 : n % 16) * 2]; }
    bool operator==(const TextFactors&) const = default;
};

/// A keyed hash of texts, whose two halves are made alike with factors of their own.
///
/// The words of a text are added up by NH, the sums of products of UMAC (J. Black and others, "UMAC: Fast and
/// secure message authentication", 1999): a secret number is added to each word, and each pair is multiplied
/// to 128 bits. A text is read from factors that depend on its length. So the two sums of 128 bits of two
/// different texts, chosen without knowledge of the factors, are equal for at most one in 2^126 of all
/// factors (2^128 if the texts are equally long), whatever the texts are. That is proved; that the last step
/// from two times 128 to two times 64 bits, a product of words that nobody knows, has odds like a random
/// function is not. Of a text longer than `kStretch` bytes the sums of its stretches are hashed by BLAKE2b
/// with a key.
///
/// Whoever sees texts and their hashes can compute the factors, so these hashes stay in the process, or lie
/// beside their key; `portable_hash` is for all else.
class TextHash {
  public:
    /// The hash that the process draws from the system's randomness when it first needs one.
    [[nodiscard]] static TextHash of_process();
    /// The same for streams that keep no texts; it has a key, so that others can go on with it.
    [[nodiscard]] static TextHash of_streams();
    /// The hash of a key that is given: the factors are BLAKE2b hashes under it.
    ///
    /// @throws std::invalid_argument unless the key has 16 to 64 bytes.
    [[nodiscard]] static TextHash of_key(std::string key);

    TextHash() : TextHash(of_process()) {}

    /// Returns the key, or nothing (an empty text) for the hash of the process.
    [[nodiscard]] const std::string& key() const { return key_; }
    [[nodiscard]] const TextFactors& factors() const { return *factors_; }

    bool operator==(const TextHash& other) const {
        return factors_ == other.factors_ || *factors_ == *other.factors_;
    }

  private:
    friend struct ProcessKeys;
    TextHash(std::string_view secret, std::string key);

    std::shared_ptr<const TextFactors> factors_;
    std::string key_;
};

/// Hashes a text so that the hash may leave the process.
///
/// Without a key it is BLAKE2b of the text with a digest of 16 bytes (RFC 7693): the same everywhere, and no
/// two texts are known that share one. With a key it is BLAKE2b, under that key, of the 16 bytes of `hash`, a
/// universal hash behind a pseudorandom function as in the authenticators of Wegman and Carter (1981): it
/// shows nothing of the key.
///
/// @param hash one with a key, or the hash of the process for hashes without one.
[[nodiscard]] Hash128 portable_hash(std::string_view text, const TextHash& hash);
/// @param hash_of_text what `hash`, which has a key, makes of the text.
[[nodiscard]] Hash128 portable_hash(Hash128 hash_of_text, const TextHash& hash);

/// Draws the keys of the process anew from a seed, or from the system's randomness if it is empty. It is for
/// tests only: what was made before keeps its own keys.
void seed_process(std::string_view seed);

}  // namespace stagefunnel
