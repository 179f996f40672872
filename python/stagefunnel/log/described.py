"""A log in some lines, as people see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..clean import clean
from ..errors import counted
from ..times.periods import Clock
from ..times.stamps import to_times

_MOST_STAGES = 12


@dataclass(frozen=True)
class Described:
    """What people see of a log.

    Attributes
    ----------
    clock
        Unit and zone of its times.
    ends
        The first and the last time.
    noted_end
        The end of observation, where that is not just the last row.
    stages
        Its stages, with their rows.
    marks
        How many rows have an end, or an unknown start.
    columns
        Its further columns.
    items
        Its table of items.
    found
        What was found in the rows, by check.
    n_other_stages
        Stages whose rows were left out.
    """

    clock: Clock
    ends: tuple[int, int] | None
    noted_end: int | None
    stages: pd.DataFrame
    marks: str | None
    columns: Sequence[str] | None
    items: str | None
    found: Mapping[str, int]
    n_other_stages: int


def described(head: str, of: Described) -> str:
    """Write a log in some lines, of which the first one is given."""
    lines = [head]
    if of.ends is not None:
        first, last = _times(of, *of.ends)
        what = "plain integers" if of.clock.unit is None else (of.clock.zone or "no zone")
        lines.append(f"  time    {first} … {last} ({what})")
        if of.noted_end is not None:
            lines.append(f"  until   {_times(of, of.noted_end).iloc[0]} (end of observation)")
    if len(of.stages):
        shown = of.stages.head(_MOST_STAGES)
        names = [f"{stage} {rows:,}" for stage, rows in zip(shown["stage"], shown["rows"], strict=True)]
        rest = len(of.stages) - _MOST_STAGES
        lines.append("  stages  " + ", ".join(names) + (f", … ({rest:,} more)" if rest > 0 else ""))
    if of.marks is not None:
        lines.append(f"  marks   {of.marks}")
    if of.columns is not None:
        lines.append(f"  columns {', '.join(of.columns)}")
    if of.items is not None:
        lines.append(f"  items   {of.items}")
    left_out = of.found.get("other_stages", 0)
    if left_out:
        others = counted(of.n_other_stages, "other stage")
        lines.append(f"  left    {counted(left_out, 'row')} of {others} out")
    odd = {name: count for name, count in of.found.items() if count and name != "other_stages"}
    if odd:
        listed = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in odd.items())
        lines.append(f"  invalid {listed}")
    return "\n".join(map(clean, lines))


def marks_text(counts: Mapping[str, int]) -> str:
    """Write how many rows have an end, or an unknown start."""
    texts = [f"end of {counted(counts['ended'], 'row')}"] if "ended" in counts else []
    if "start_unknown" in counts:
        texts.append(f"start of {counted(counts['start_unknown'], 'row')} unknown")
    return ", ".join(texts)


def _times(of: Described, *ticks: int) -> pd.Series:
    return to_times(np.array(ticks, dtype=np.int64), of.clock.unit, of.clock.zone)
