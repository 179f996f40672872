"""What a chart of groups says first: how far apart they are, and whether chance alone could do that."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from ..numbers import percent, points
from ..unlike import LEAST_BASE, Side, unlike_notes
from .canvas import Panels
from .style import inert

_SURE: Final = 1.645  # standard deviations that chance exceeds once in twenty times


def goal_of(series: Panels) -> tuple[Any, list[tuple[str, int, int]]]:
    """Return the first won stage, or the last stage there is, and how far each group comes to it.

    A group is its name, how many reached that stage and of how many, the largest share first.
    """
    stages, ends = (series[0][1][name].tolist() for name in ("stage", "outcome"))
    label = stages[ends.index("won")] if "won" in ends else stages[-1]
    found = []
    for group, rows in series:
        at = next((at for at, stage in enumerate(rows["stage"].tolist()) if stage == label), None)
        if at is not None:
            reached, base = (int(rows[name].iloc[at]) for name in ("reached", "base"))
            found.append((inert(group), reached, base))
    return label, sorted(found, key=lambda one: -(one[1] / one[2] if one[2] else -1))


def furthest_groups(series: Panels, names: Mapping[Hashable, str], remembered: Mapping[str, Any]) -> str:
    """Say which group comes furthest and which least far, where they can be compared.

    Nothing is said of fewer than two groups with 30 items, and of two that are unlike; where chance alone
    puts shares so far apart, that is what is said.
    """
    label, found = goal_of(series)
    large = [one for one in found if one[2] >= LEAST_BASE]
    if len(large) < 2:
        return ""
    (best, n, of), (worst, m, of_worst) = large[0], large[-1]
    rows = {inert(group): part for group, part in series}
    if unlike_notes([Side.of_rows(name, rows[name], remembered) for name in (best, worst)], remembered):
        return ""
    high, low = n / of, m / of_worst
    if percent(high) == percent(low):
        return f"{names[label]}: {percent(high)} in every group with {LEAST_BASE}"
    if is_chance([(n, of) for _, n, of in large]):
        return f"{names[label]}: {percent(low)} to {percent(high)}, no further apart than by chance"
    apart = points(high - low).removeprefix("+")
    return f"{names[label]}: {percent(high)} in {best}, {percent(low)} in {worst}, {apart} apart"


def is_chance(groups: Sequence[tuple[int, int]]) -> bool:
    """Check whether chance alone puts shares that far apart: Pearson's chi-squared test at 5 %.

    The distribution is taken as normal by the cube root of Wilson and Hilferty (1931).
    """
    total = sum(of for _, of in groups)
    share = sum(n for n, _ in groups) / total
    freedom = len(groups) - 1
    if share in (0, 1) or freedom < 1:
        return True
    statistic = sum((n - of * share) ** 2 / (of * share * (1 - share)) for n, of in groups)
    spread = 2 / (9 * freedom)
    deviations: float = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return deviations <= _SURE
