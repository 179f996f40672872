"""The rows of a log that a period, an as-of moment and other pipelines leave in a report."""

from collections.abc import Collection, Hashable, Sequence
from typing import Any, Literal, TypeAlias

from reference.journeys import Visit, closed_at, journeys, visits
from reference.stages import Item, Pipeline, Row, Stage, Time, labels

Basis: TypeAlias = Literal["active", "created", "closed"]
MovedOut: TypeAlias = Literal["exclude", "include"]


def kept_rows(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    basis: Basis = "active",
    start: Time | None = None,
    end: Time | None = None,
    as_of: Time | None = None,
    elsewhere: Collection[Stage] = (),
    moved_out: MovedOut = "exclude",
    order: Sequence[Hashable] | None = None,
) -> list[int]:
    """Return the places in the input of the rows that a report is about."""
    limits = [limit for limit in (as_of, end if basis == "active" else None) if limit is not None]
    early = [i for i, (_, _, time) in enumerate(rows) if all(time < limit for limit in limits)]
    by_item = journeys([rows[i] for i in early], None if order is None else [order[i] for i in early])
    stays: set[Item] = set()
    for item, journey in by_item.items():
        own = visits(journey, pipeline, "ignore")
        if not own:
            continue
        moved = moved_at(journey, pipeline, elsewhere)
        if moved is not None and moved_out == "exclude":
            continue
        if _is_in_period(own, moved, pipeline, basis, start, end):
            stays.add(item)
    return [i for i in early if rows[i][0] in stays]


def followed(
    rows: Sequence[Row],
    pipeline: Pipeline,
    within: Any,
    *,
    as_of: Time | None = None,
    observed_until: Time | None = None,
) -> tuple[dict[Item, Time], set[Item]]:
    """Return until when each item with a listed row is read, and the items that are too recent for that."""
    ends = [end for end in (as_of, observed_until) if end is not None]
    end = ends[0] if ends else max((time for _, _, time in rows), default=None)
    early = [row for row in rows if as_of is None or row[2] < as_of]
    until = {}
    for item, journey in journeys(early).items():
        own = visits(journey, pipeline, "ignore")
        if own:
            until[item] = own[0].start + within
    return until, {item for item, last in until.items() if not last < end}


def moved_items(
    rows: Sequence[Row],
    pipeline: Pipeline,
    elsewhere: Collection[Stage],
    order: Sequence[Hashable] | None = None,
) -> set[Item]:
    """Return the items that are in another pipeline now."""
    by_item = journeys(rows, order)
    return {item for item, journey in by_item.items() if moved_at(journey, pipeline, elsewhere) is not None}


def moved_at(
    journey: Sequence[tuple[Stage, Time]], pipeline: Pipeline, elsewhere: Collection[Stage]
) -> Time | None:
    """Return when the rows of other pipelines that end a journey began; None if it ends here."""
    named = [row for row in journey if row[0] in elsewhere or row[0] in labels(pipeline)]
    away: list[Time] = []
    while named and named[-1][0] in elsewhere:
        away.append(named.pop()[1])
    return away[-1] if away else None


def _is_in_period(
    own: Sequence[Visit],
    moved: Time | None,
    pipeline: Pipeline,
    basis: Basis,
    start: Time | None,
    end: Time | None,
) -> bool:
    closed = closed_at(own, pipeline)
    if basis == "created":
        return lies_in(own[0].start, start, end)
    if basis == "closed":
        return moved is None and closed is not None and lies_in(closed, start, end)
    gone = closed if moved is None else moved
    return gone is None or start is None or bool(gone >= start)


def lies_in(time: Time, start: Time | None, end: Time | None) -> bool:
    """Return whether a time lies in a half-open period."""
    return (start is None or time >= start) and (end is None or time < end)
