"""Visits with their ends: when an item left a stage, and whether anybody knows since when it was there."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from reference.journeys import Visit, _order_ranks, outcome
from reference.stages import Item, Pipeline, Row, Stage, Time, Unlisted, labels, outcome_of


class Stay(NamedTuple):
    """A visit; ``exited`` is None while it goes on, ``row`` is the place of its first row in the input."""

    stage: Stage
    start: Time
    exited: Time  # None while the visit goes on
    start_unknown: bool
    row: int


class Marks(NamedTuple):
    """The end of each row, None where it has none, and the rows of an unknown start.

    An end is known if it is before ``ended_before``, and not after ``until`` of its item.
    """

    ended: Sequence[Time | None]
    start_unknown: Sequence[bool]
    ended_before: Time | None = None
    until: Mapping[Item, Time] | None = None

    def end_of(self, row: int, item: Item) -> Time | None:
        end = self.ended[row]
        if end is None or (self.ended_before is not None and end >= self.ended_before):
            return None
        return None if self.until is not None and end > self.until[item] else end


def no_marks(rows: Sequence[Row]) -> Marks:
    return Marks([None] * len(rows), [False] * len(rows))


def stays_by_item(
    rows: Sequence[Row],
    pipeline: Pipeline,
    marks: Marks | None = None,
    *,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
    elsewhere: Collection[Stage] = (),
    kept: Collection[int] | None = None,
) -> dict[Item, list[Stay]]:
    """Return the visits of every item that is left with a row, items by first appearance in the input.

    ``kept`` are the places of the rows that are read; None reads all of them.
    """
    marks = no_marks(rows) if marks is None else marks
    ranks = [0] * len(rows) if order is None else _order_ranks(order)
    in_time = sorted(range(len(rows)), key=lambda row: (rows[row][2], ranks[row]))
    result = {}
    for item in dict.fromkeys(item for item, _, _ in rows):
        own = [row for row in in_time if rows[row][0] == item and (kept is None or row in kept)]
        named = [row for row in own if rows[row][1] in labels(pipeline) or rows[row][1] in elsewhere]
        if unlisted == "error" and len(named) < len(own):
            raise ValueError("a stage is not in the pipeline")
        away: list[int] = []
        while named and rows[named[-1]][1] in elsewhere:
            away.insert(0, named.pop())
        listed = [row for row in named if rows[row][1] in labels(pipeline)]
        runs = [list(run) for _, run in groupby(listed, key=lambda row: rows[row][1])]
        if not runs:
            continue
        nexts = [rows[run[0]][2] for run in runs[1:]] + [rows[away[0]][2] if away else None]
        stays = []
        for run, next_start in zip(runs, nexts, strict=True):
            ends = [end for end in (next_start, marks.end_of(run[-1], item)) if end is not None]
            _, stage, start = rows[run[0]]
            stays.append(Stay(stage, start, min(ends, default=None), marks.start_unknown[run[0]], run[0]))
        result[item] = stays
    return result


def visit_records(
    by_item: Mapping[Item, Sequence[Stay]],
    pipeline: Pipeline,
    *,
    overlapping: tuple[Time | None, Time | None] = (None, None),
    moved: Collection[Item] = (),
) -> list[dict[str, Any]]:
    """List the visits, one record each, that overlap a period."""
    records = []
    for item, stays in by_item.items():
        visits = [Visit(stay.stage, stay.start) for stay in stays]
        for place, stay in enumerate(stays):
            if not _overlaps(stay, *overlapping):
                continue
            follows = stays[place + 1].stage if place + 1 < len(stays) else None
            entered = None if stay.start_unknown else stay.start
            is_known = entered is not None and stay.exited is not None
            records.append(
                {
                    "item": item,
                    "visit": place + 1,
                    "stage": stay.stage,
                    "visit_of_stage": sum(other.stage == stay.stage for other in stays[: place + 1]),
                    "stage_outcome": outcome_of(stay.stage, pipeline),
                    "item_outcome": "moved_out" if item in moved else outcome(visits, pipeline),
                    "entered": entered,
                    "exited": stay.exited,
                    "duration": stay.exited - entered if is_known else None,
                    "open": stay.stage in pipeline.stages and stay.exited is None,
                    "next_stage": follows,
                    "row": stay.row,
                }
            )
    return records


def _overlaps(stay: Stay, start: Time | None, end: Time | None) -> bool:
    if end is not None and stay.start >= end:
        return False
    if start is None or stay.exited is None or stay.exited > start:
        return True
    return bool(stay.start == stay.exited == start)


def pauses_and_cuts(rows: Sequence[Row], ended: Sequence[Time | None]) -> tuple[int, int]:
    """Count the rows that end before, and after, the start of the item's next row."""
    in_time = sorted(range(len(rows)), key=lambda row: rows[row][2])
    pairs = []
    for item in {item for item, _, _ in rows}:
        own = [row for row in in_time if rows[row][0] == item]
        pairs += [(ended[row], rows[after][2]) for row, after in pairwise(own)]
    known = [(end, start) for end, start in pairs if end is not None]
    return sum(end < start for end, start in known), sum(end > start for end, start in known)
