"""The parts of a sales velocity, item by item."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from reference.journeys import Visit, closed_at, outcome, visits_by_item
from reference.selection import kept_rows
from reference.stages import Pipeline, Row, Stage, Time


class Velocity(NamedTuple):
    """The columns of one group; what is not known is None."""

    open_at_end: int
    closed: int
    won: int
    mean_amount: float | None
    mean_cycle_days: Fraction | None
    amount_missing: int


def velocity(
    rows: Sequence[Row],
    amounts: Mapping[Any, float | None],
    pipeline: Pipeline,
    *,
    start: Time | None = None,
    end: Time | None = None,
    as_of: Time | None = None,
    elsewhere: Collection[Stage] = (),
    paused: Collection[Stage] = (),
) -> Velocity:
    """Read the parts off the items; ``amounts`` are those of the items."""
    scope: dict[str, Any] = {"as_of": as_of, "elsewhere": elsewhere}
    seen = kept_rows(rows, pipeline, basis="active", end=end, **scope)
    now = visits_by_item([rows[i] for i in seen], pipeline, "ignore")
    kept = kept_rows(rows, pipeline, basis="closed", start=start, end=end, **scope)
    closed = visits_by_item([rows[i] for i in kept], pipeline, "ignore")
    won = {item: visits for item, visits in closed.items() if outcome(visits, pipeline) == "won"}
    values = [Fraction(value) for item in won if (value := amounts.get(item)) is not None]
    days = [_cycle_days(visits, pipeline, paused) for visits in won.values()]
    return Velocity(
        sum(outcome(visits, pipeline) == "open" for visits in now.values()),
        len(closed),
        len(won),
        float(sum(values)) / len(values) if values else None,
        sum(days, Fraction(0)) / len(days) if days else None,
        len(won) - len(values),
    )


def _cycle_days(visits: Sequence[Visit], pipeline: Pipeline, paused: Collection[Stage]) -> Fraction:
    end: Any = closed_at(visits, pipeline)
    total = Fraction(0)
    for place, visit in enumerate(visits):
        begin: Any = visit.start
        if begin < end and visit.stage not in paused:
            after: Any = visits[place + 1].start
            total += Fraction((after - begin) // timedelta(microseconds=1), 86_400 * 10**6)
    return total
