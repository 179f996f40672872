"""What is noted about parts beside their numbers, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...log.data import ReaderLines


def total_chosen(chosen: Sequence[Mapping[str, str | int]]) -> dict[str, str | int]:
    """Add up how many items conditions have chosen, and of how many; of parts in any order alike."""
    if not chosen[0]:
        return {}
    text = min(str(one["text"]) for one in chosen)  # parts may name the columns in another order
    return {"text": text, **{name: sum(int(one[name]) for one in chosen) for name in ("items", "of")}}


def total_lines(parts: Sequence[ReaderLines]) -> ReaderLines:
    """Add up the lines of readers."""
    total: dict[tuple[str, str, str], int] = {}
    for part in parts:
        for line, n in part.items():
            total[line] = total.get(line, 0) + n
    return dict(sorted(total.items()))
