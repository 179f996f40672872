"""Where the stages of a log stand in the journeys of its items, before any pipeline says what they are."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..errors import SchemaError, counted
from ..pipeline import Pipeline
from ..times.stamps import NAT
from .data import LogData

# The moves between stages are a matrix, and nobody reads a funnel of so many stages.
MOST_STAGES: Final = 256


@dataclass(frozen=True)
class StagePlaces:
    """The stages of a log, each with its place in the journeys; the arrays have one value per stage.

    Attributes
    ----------
    labels
        The stages, in the order in which they first appear in time.
    rows, items, visits
        Rows of each stage, the items that visit it, and their visits.
    started, ended
        Items whose journey begins or ends there.
    came_back
        Items that visit it more than once.
    position
        Median over the items of where their first visit stands among all their visits: 0 for the first one,
        1 for the last. NaN where every item has one visit alone.
    first_seen, last_seen
        Its first and its last time, in the unit of the log.
    moves
        Moves from each stage (row) to each other one (column).
    """

    labels: tuple[Hashable, ...]
    rows: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    visits: npt.NDArray[np.int64]
    started: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    came_back: npt.NDArray[np.int64]
    position: npt.NDArray[np.float64]
    first_seen: npt.NDArray[np.int64]
    last_seen: npt.NDArray[np.int64]
    moves: npt.NDArray[np.int64]

    @classmethod
    def of(cls, data: LogData, among: Collection[Hashable] | None = None) -> StagePlaces:
        """Look at the journeys of a log, or at those through some of its stages.

        Raises
        ------
        SchemaError
            If the log has no rows, or more stages than anybody reads.
        """
        is_meant = np.array([among is None or label in among for label in data.labels], dtype=bool)
        codes = np.flatnonzero((data.label_rows > 0) & is_meant)
        if among is None and len(codes) > MOST_STAGES:
            raise SchemaError(
                f"the column of the stage has {counted(len(codes), 'value')}, and at most {MOST_STAGES} are "
                "stages; name another column"
            )
        stage, time, is_first = _rows_of(data, is_meant)
        if not len(stage):
            raise SchemaError("there are no rows with a stage; a pipeline is made of the stages of rows")
        n_stages = len(data.labels)
        first_seen, last_seen = _ends(stage, time, n_stages)
        # Stages of the same first time stand as in the input.
        codes = codes[np.lexsort((data.label_first_row[codes], first_seen[codes]))]
        labels = tuple(data.labels[code] for code in codes)
        begins = is_first.copy()
        begins[1:] |= stage[1:] != stage[:-1]
        visited, is_journey = stage[begins].astype(np.int64), is_first[begins]
        counts = _count_visits(visited, is_journey, n_stages)
        lookup = data.lookup(Pipeline(labels), "ignore", "ignore")
        return cls(
            labels=labels,
            rows=data.label_rows[codes],
            first_seen=first_seen[codes],
            last_seen=last_seen[codes],
            moves=_core.stages.count_transitions(data.journeys, lookup, data.threads).moves,
            position=_positions(visited, is_journey, n_stages)[codes],
            **{name: values[codes] for name, values in counts.items()},
        )

    @property
    def share_ending(self) -> npt.NDArray[np.float64]:
        """Of the items that visit each stage, the share of those whose journey ends there."""
        return self.ended / self.items

    @property
    def share_coming_back(self) -> npt.NDArray[np.float64]:
        """Of the items that visit each stage, the share of those that visit it more than once."""
        return self.came_back / self.items


def moments(data: LogData, times: npt.NDArray[np.int64]) -> pd.Series:
    """Turn times of a log into moments, or leave them the integers that they are."""
    return data.to_times(times)


def _rows_of(
    data: LogData, is_meant: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return stage and time of the rows, and which is the first of its item; of stages that are meant."""
    journeys = data.journeys
    stage, time = np.asarray(journeys.stage), np.asarray(journeys.time)
    is_first = np.zeros(len(stage), dtype=bool)
    starts = np.asarray(journeys.offsets)[:-1].astype(np.int64)
    is_first[starts] = True
    is_known = (stage >= 0) & (stage < len(is_meant)) & (time != NAT)
    is_known[is_known] = is_meant[stage[is_known]]
    if is_known.all():
        return stage, time, is_first
    item = np.cumsum(is_first)[is_known]
    is_first = np.ones(len(item), dtype=bool)
    is_first[1:] = item[1:] != item[:-1]
    return stage[is_known], time[is_known], is_first


def _ends(
    stage: npt.NDArray[np.int32], time: npt.NDArray[np.int64], n_stages: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first and the last time of each stage."""
    limits = np.iinfo(np.int64)
    first, last = np.full(n_stages, limits.max), np.full(n_stages, limits.min)
    np.minimum.at(first, stage, time)
    np.maximum.at(last, stage, time)
    return first, last


def _count_visits(
    stage: npt.NDArray[np.int64], is_first: npt.NDArray[np.bool_], n_stages: int
) -> dict[str, npt.NDArray[np.int64]]:
    """Count the items of each stage; the visits stand item by item, in the order of time."""
    pairs, visits = np.unique(_pairs(stage, is_first, n_stages), return_counts=True)
    stage_of_pair = pairs % n_stages
    starts = np.flatnonzero(is_first)
    ends = np.append(starts[1:], len(stage)) - 1

    def per_stage(stages: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.bincount(stages, minlength=n_stages).astype(np.int64)

    return {
        "items": per_stage(stage_of_pair),
        "visits": per_stage(stage),
        "started": per_stage(stage[starts]),
        "ended": per_stage(stage[ends]),
        "came_back": per_stage(stage_of_pair[visits > 1]),
    }


def _pairs(
    stage: npt.NDArray[np.int64], is_first: npt.NDArray[np.bool_], n_stages: int
) -> npt.NDArray[np.int64]:
    """Return a number for each visit, which is the same for those of one item and one stage."""
    return (np.cumsum(is_first) - 1) * n_stages + stage


def _positions(
    stage: npt.NDArray[np.int64], is_first: npt.NDArray[np.bool_], n_stages: int
) -> npt.NDArray[np.float64]:
    """Return the median place of each stage in the journeys, from 0 to 1."""
    starts = np.flatnonzero(is_first)
    lengths = np.diff(np.append(starts, len(stage)))
    before = np.arange(len(stage)) - np.repeat(starts, lengths)
    moves = np.repeat(lengths - 1, lengths)
    _, firsts = np.unique(_pairs(stage, is_first, n_stages), return_index=True)
    firsts = firsts[moves[firsts] > 0]
    place, of = before[firsts] / moves[firsts], stage[firsts]
    order = np.lexsort((place, of))
    place, sizes = place[order], np.bincount(of, minlength=n_stages)
    begin = np.cumsum(sizes) - sizes
    median = np.full(n_stages, np.nan)
    has = sizes > 0
    low, high = begin[has] + (sizes[has] - 1) // 2, begin[has] + sizes[has] // 2
    median[has] = (place[low] + place[high]) / 2
    return median
