"""The rows of a log without the visits that are too short to count, made once for each log and rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from .. import _core
from ..pipeline import Pipeline
from ..times.lengths import LengthLike, length_of
from ..times.periods import Clock
from .data import LogData

_Rule: TypeAlias = tuple[int, int, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class WithoutShortVisits:
    """A log without its short visits.

    Attributes
    ----------
    data
        The inside of the log, in which the rows of short visits have no stage; ``None`` where no visit is
        short, so that it is the log's own.
    n_visits
        Number of visits taken out.
    """

    data: LogData | None
    n_visits: int


# Weak, and no value holds the log that is its key: what is kept lives as long as its log.
_MOST_KEPT: Final = 2  # each may hold as many rows as the log
_kept: WeakKeyDictionary[LogData, dict[_Rule, WithoutShortVisits]] = WeakKeyDictionary()


def without_short_visits(
    data: LogData, pipeline: Pipeline, lookup: _core.scan.Pipeline
) -> WithoutShortVisits:
    """Take the short visits out of a log, as ``ignore_shorter`` of a pipeline says.

    Parameters
    ----------
    data
        The inside of the whole log: a visit is judged before a period cuts it.
    pipeline, lookup
        The stages, and the table by which the core reads the log's codes as stages.
    """
    least = least_lengths(pipeline, data.clock)
    if not least.any():
        return WithoutShortVisits(None, 0)
    rules = _kept.setdefault(data, {})
    rule = (lookup.n_open, lookup.n_won, tuple(lookup.rows), tuple(least.tolist()))
    if rule not in rules:
        journeys, taken_out = _core.scan.without_short_visits(data.journeys, lookup, least, data.threads)
        rest = None if journeys is None else replace(data, journeys=journeys)
        while len(rules) >= _MOST_KEPT:
            del rules[next(iter(rules))]
        rules[rule] = WithoutShortVisits(rest, sum(taken_out))
        if rest is not None:
            # Nothing more is taken out of what is left: each visit was judged by its own length.
            _kept[rest] = {rule: WithoutShortVisits(None, 0)}
    return rules[rule]


def least_lengths(pipeline: Pipeline, clock: Clock) -> npt.NDArray[np.int64]:
    """Return the least length of a visit of each stage, in the unit of a log; 0 where every visit counts."""
    shorter = pipeline.rules.ignore_shorter
    least = np.zeros(len(pipeline.labels), dtype=np.int64)
    if isinstance(shorter, Mapping):
        for label, length in shorter.items():
            least[pipeline.labels.index(label)] = _least(length, clock)
    elif shorter is not None:
        least[: len(pipeline.stages)] = _least(shorter, clock)
    return least


def _least(value: LengthLike, clock: Clock) -> int:
    length = length_of(value, clock, "ignore_shorter", up=True)
    assert isinstance(length, int)  # a pipeline refuses calendar months, which differ in length
    return length
