"""The numbers of the first screen of a page, item by item."""

import math
from collections.abc import Collection, Sequence
from datetime import timedelta
from fractions import Fraction
from statistics import median
from typing import Any, NamedTuple

from reference.journeys import Visit, closed_at, outcome, visits_by_item
from reference.selection import Basis, kept_rows
from reference.stages import Pipeline, Row, Stage, Time

_Z = 1.959963984540054  # of 95%


class KeyNumbers(NamedTuple):
    """The numbers; what is not known is None. Lengths of time are microseconds."""

    created: int
    won: int
    lost: int
    open: int
    median: Fraction | None
    median_low: Fraction | None
    median_high: Fraction | None


def key_numbers(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    basis: Basis = "active",
    start: Time | None = None,
    end: Time | None = None,
    as_of: Time | None = None,
    elsewhere: Collection[Stage] = (),
    paused: Collection[Stage] = (),
) -> KeyNumbers:
    """Count what is created, won, lost and open, and how long the won items took."""
    part: dict[str, Any] = {"start": start, "end": end, "as_of": as_of, "elsewhere": elsewhere}

    def items(basis: Basis) -> dict[Any, list[Visit]]:
        kept = kept_rows(rows, pipeline, basis=basis, **part)
        return visits_by_item([rows[i] for i in kept], pipeline, "ignore")

    mine = items(basis)
    created = items("created") if basis == "active" and (start, end) != (None, None) else mine
    outcomes = [outcome(visits, pipeline) for visits in mine.values()]
    won = [visits for visits in mine.values() if outcome(visits, pipeline) == "won"]
    times = sorted(_took(visits, pipeline, paused) for visits in won)
    n = len(times)
    ranks = (
        math.floor(n / 2 - _Z * math.sqrt(n) / 2),
        math.ceil(n / 2 + _Z * math.sqrt(n) / 2 + 1),
    )
    is_known = ranks[0] >= 1 and ranks[1] <= n
    low, high = (times[rank - 1] if is_known else None for rank in ranks)
    middle = median(times) if times else None
    won_now, lost, still_open = (outcomes.count(name) for name in ("won", "lost", "open"))
    return KeyNumbers(len(created), won_now, lost, still_open, middle, low, high)


def _took(visits: Sequence[Visit], pipeline: Pipeline, paused: Collection[Stage]) -> Fraction:
    """Add up the times of the visits before the close, but for paused stages."""
    end: Any = closed_at(visits, pipeline)
    total = Fraction(0)
    for visit, after in zip(visits, [*visits[1:], None], strict=True):
        begin: Any = visit.start
        if begin < end and visit.stage not in paused and after is not None:
            leaves: Any = after.start
            total += Fraction((leaves - begin) // timedelta(microseconds=1))
    return total
