#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace stagefunnel::stats::inline internal {

/// Mixes the bits of a number (G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number
/// generators", 2014).
inline std::uint64_t mixed(std::uint64_t bits) {
    bits += 0x9E3779B97F4A7C15ULL;
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBULL;
    return bits ^ (bits >> 31U);
}

/// Random numbers that depend on what they are for alone: the n-th of a stream is the same on any thread.
class RandomStream {
  public:
    RandomStream(std::uint64_t seed, std::uint64_t draw, std::uint64_t use)
        : RandomStream(of_draw(seed, draw), use) {}
    /// The stream of a use, of what `of_draw` gives.
    RandomStream(std::uint64_t draw, std::uint64_t use) : state_(mixed(draw ^ use)) {}

    /// What the streams of one draw have in common.
    [[nodiscard]] static std::uint64_t of_draw(std::uint64_t seed, std::uint64_t draw) {
        return mixed(mixed(seed) ^ draw);
    }

    /// A number between 0 and 1, never one of them.
    double uniform() {
        constexpr double kUnit = 0x1.0p-53;
        state_ += 0x9E3779B97F4A7C15ULL;
        return (static_cast<double>(mixed(state_) >> 11U) + 0.5) * kUnit;
    }

    /// A standard normal number (Box and Muller).
    double normal() {
        return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
    }

    /// A number with the gamma distribution of some shape above 0 and the scale 1 (G. Marsaglia and
    /// W. W. Tsang, "A simple method for generating gamma variables", 2000).
    double gamma(double shape) {
        if (shape < 1) return gamma(shape + 1) * std::pow(uniform(), 1 / shape);
        const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
        while (true) {
            const double x = normal(), v = std::pow(1 + c * x, 3);
            if (!(v > 0)) continue;
            const double luck = uniform();
            // Their squeeze: what it accepts, the logarithms below accept too.
            if (luck < 1 - 0.0331 * (x * x) * (x * x)) return d * v;
            if (std::log(luck) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
        }
    }

  private:
    std::uint64_t state_;
};

}  // namespace stagefunnel::stats::inline internal
