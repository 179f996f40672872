"""Which groups stand out, by the textbook forms of the tests."""

import math
from collections.abc import Mapping

Numbers = tuple[int, int]  # successes and trials


def chi_square_tail(statistic: float, degrees: int, steps: int = 20_000) -> float:
    """Integrate the density of chi-square beyond a number, by Simpson's rule on the logarithm of x."""
    scale = math.lgamma(degrees / 2) + degrees / 2 * math.log(2)

    def density_of_log(u: float) -> float:
        return math.exp(degrees / 2 * u - math.exp(u) / 2 - scale)

    low, high = math.log(statistic), math.log(statistic + 40 * degrees + 400)
    width = (high - low) / steps
    inner = sum((4 if i % 2 else 2) * density_of_log(low + i * width) for i in range(1, steps))
    return (density_of_log(low) + inner + density_of_log(high)) * width / 3


def pearson(one: Numbers, other: Numbers) -> float:
    """Return the p-value of Pearson's chi-square of the table of two groups by success and failure."""
    table = [[successes, trials - successes] for successes, trials in (one, other)]
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    n = sum(rows)
    if 0 in rows or 0 in columns:
        return math.nan
    expected = [[row * column / n for column in columns] for row in rows]
    statistic = sum((table[i][j] - expected[i][j]) ** 2 / expected[i][j] for i in (0, 1) for j in (0, 1))
    return chi_square_tail(statistic, 1) if statistic > 1e-12 else 1.0


def adjusted(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p-values by Holm: each is the largest of the products up to its own place in rising order."""
    order = sorted(p_values, key=p_values.__getitem__)
    products = [min(1.0, (len(order) - rank) * p_values[name]) for rank, name in enumerate(order)]
    return {name: max(products[: rank + 1]) for rank, name in enumerate(order)}


def likelihood_ratio(groups: Mapping[str, Numbers]) -> float:
    """Return the p-value of G² = 2 Σ observed · ln(observed / expected) of groups by success and failure."""
    n = sum(trials for _, trials in groups.values())
    success = sum(successes for successes, _ in groups.values()) / n
    statistic = 0.0
    for successes, trials in groups.values():
        for observed, share in ((successes, success), (trials - successes, 1 - success)):
            if observed:
                statistic += 2 * observed * math.log(observed / (trials * share))
    return chi_square_tail(statistic, len(groups) - 1) if statistic > 1e-12 else 1.0


def standouts(groups: Mapping[str, Numbers]) -> tuple[list[str], float]:
    """Return the groups that stand out, the highest rate first, and the p-value of all together."""
    large = {name: numbers for name, numbers in groups.items() if numbers[1] >= 30}
    all_successes, all_trials = (sum(numbers[i] for numbers in groups.values()) for i in (0, 1))
    tests = {
        name: pearson((successes, trials), (all_successes - successes, all_trials - trials))
        for name, (successes, trials) in large.items()
    }
    known = {name: p for name, p in tests.items() if not math.isnan(p)}
    named = [name for name, p in adjusted(known).items() if p < 0.05]
    named.sort(key=lambda name: -large[name][0] / large[name][1])
    return named, likelihood_ratio(large) if len(large) > 1 else math.nan
