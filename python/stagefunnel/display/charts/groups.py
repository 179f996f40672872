"""What a chart of groups says first: which group comes furthest, and which least far."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ..numbers import count, percent, points
from ..unlike import LEAST_BASE
from .canvas import Panels
from .style import inert


def goal_of(series: Panels) -> tuple[Any, list[tuple[str, int, int]]]:
    """Return the first won stage, or the last stage there is, and how far each group comes to it.

    A group is its name, how many reached that stage and of how many, the largest share first.
    """
    first = series[0][1]
    won = first[first["outcome"].astype(str) == "won"]
    label = (won if len(won) else first)["stage"].iloc[0 if len(won) else -1]
    found = []
    for group, rows in series:
        of_stage = rows[rows["stage"] == label]
        if len(of_stage):
            found.append((inert(group), int(of_stage["reached"].iloc[0]), int(of_stage["base"].iloc[0])))
    return label, sorted(found, key=lambda one: -(one[1] / one[2] if one[2] else -1))


def furthest_groups(series: Panels, names: Mapping[Hashable, str]) -> str:
    """Say which of the groups with 30 items comes furthest and which least far; nothing of fewer than two."""
    label, found = goal_of(series)
    large = [one for one in found if one[2] >= LEAST_BASE]
    if len(large) < 2:
        return ""
    (best, n, of), (worst, m, of_worst) = large[0], large[-1]
    apart = points(n / of - m / of_worst).removeprefix("+")
    return (
        f"{names[label]}: {percent(n / of)} of {count(of)} ({best}), "
        f"{percent(m / of_worst)} of {count(of_worst)} ({worst}), {apart} apart"
    )
