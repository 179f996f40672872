"""Limits: how long an item should be in a stage at most, and which visits are beyond."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, did_you_mean, given, quoted
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.lengths import LengthLike, Months, exact_length, length_of
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import NAT, TICKS_A_SECOND
from ...working_hours import WorkingHours
from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..scope.working import Lengths
from .stays import Stays, stays_of

#: The longest that an item should be in a stage, by stage; ``None`` for no limit.
LimitsLike: TypeAlias = Mapping[Any, LengthLike | None]
_NONE: Final = -1
_DAY: Final = 86_400


@dataclass(frozen=True, eq=False)
class Limits:
    """The limit of each stage of a pipeline in the measure of a question, -1 where it has none."""

    of_stage: npt.NDArray[np.int64]

    @property
    def are_given(self) -> bool:
        """Whether a stage has a limit."""
        return bool((self.of_stage != _NONE).any())

    @classmethod
    def of(cls, by_label: Mapping[Hashable, int], pipeline: Pipeline) -> Limits:
        """Put limits by stage in the order of a pipeline."""
        return cls(np.array([by_label.get(label, _NONE) for label in pipeline.labels], dtype=np.int64))

    def by_label(self, pipeline: Pipeline) -> dict[Hashable, int]:
        """Return the limits by stage."""
        pairs = zip(pipeline.labels, self.of_stage.tolist(), strict=True)
        return {label: limit for label, limit in pairs if limit != _NONE}

    def over(self, stage: npt.NDArray[np.int32], length: npt.NDArray[np.int64]) -> pd.arrays.BooleanArray:
        """Say of lengths whether they are beyond the limit; missing without a limit or a length."""
        limit = self.of_stage[stage]
        return pd.arrays.BooleanArray(length > limit, (limit == _NONE) | (length == NAT))

    def shares_beyond(
        self, stays: Stays, group: npt.NDArray[np.int32] | None = None, n_groups: int = 1
    ) -> npt.NDArray[np.float64]:
        """Return the share of the visits of each stage that are beyond its limit, one row per group.

        Visits that go on count with the length that they have by now, and visits of an unknown start not at
        all. The share is missing where the stage has no limit or none of these visits. `group` is the group
        of each item of the log; without it all are in one.
        """
        n = len(self.of_stage)
        length = stays.length
        cell = stays.stage.astype(np.int64)
        if group is not None:
            cell += n * np.repeat(group[stays.item].astype(np.int64), np.diff(stays.bounds))
        known = length != NAT
        is_beyond = known & (length > self.of_stage[stays.stage])
        of_all, beyond = (
            np.bincount(cell[flags], minlength=n * n_groups).reshape(n_groups, n)
            for flags in (known, is_beyond)
        )
        shares = np.full((n_groups, n), np.nan)
        np.divide(beyond, of_all, out=shares, where=(of_all > 0) & (self.of_stage != _NONE))
        return shares


def with_over_limit(
    table: pd.DataFrame,
    selection: Selection,
    lengths: Lengths,
    limits: LimitsLike | None,
    of_items: ItemGroups | None,
    *,
    period: PeriodLike | None,
    basis: BasisName,
    as_of: MomentLike | None,
) -> pd.DataFrame:
    """Add the column ``over_limit`` to a table of the times in each stage, where there are limits."""
    limit = limits_of(limits, selection.pipeline, lengths)
    if not limit.are_given:
        return table
    stays = stays_of(selection, lengths, period=period, basis=basis, as_of=as_of)
    if of_items is None:
        return table.assign(over_limit=limit.shares_beyond(stays).ravel())
    shares = limit.shares_beyond(stays, of_items.code, of_items.groups.n_groups)
    return table.assign(over_limit=shares[of_items.shown].ravel())


def limits_of(limits: LimitsLike | None, pipeline: Pipeline, lengths: Lengths) -> Limits:
    """Read the limits of a question: those of the argument go before those of the pipeline, stage by stage.

    Raises
    ------
    SchemaError
        If a limit is of a stage that is not in progress, or is not a length of time that fits the log.
    """
    wanted: dict[Hashable, Any] = dict(pipeline.rules.limits)
    if limits is not None:
        if not isinstance(limits, Mapping):
            raise SchemaError(
                given("limits", limits), " is not a mapping of stages, such as {'Offer': '14d'}"
            )
        for label in limits:
            _check_stage(label, pipeline)
        wanted |= limits
    of_stage = np.full(len(pipeline.labels), _NONE, dtype=np.int64)
    for place, label in enumerate(pipeline.stages):
        if wanted.get(label) is not None:
            of_stage[place] = _ticks(wanted[label], lengths)
    return Limits(of_stage)


def _check_stage(label: Any, pipeline: Pipeline) -> None:
    if label in pipeline.stages:
        return
    if label in pipeline.labels:
        raise SchemaError(
            given("limits", label), " is a final stage, in which nothing is waited for; name one in progress"
        )
    hint = did_you_mean(label, pipeline.stages)
    raise SchemaError(
        given("limits", label), f" is not a stage of the pipeline{hint}; it has: {quoted(pipeline.stages)}"
    )


def _ticks(value: Any, lengths: Lengths) -> int:
    """Read a limit in the unit of the lengths of a question; with a calendar days are working days."""
    length = length_of(value, lengths.data.clock, "limits")
    if lengths.calendar is None and isinstance(length, int):
        return length
    return int(exact_ticks(value, lengths, "limits") // 1)


def exact_ticks(value: Any, lengths: Lengths, option: str) -> Fraction:
    """Read a length exactly, in the unit of the lengths of a question; with a calendar days are working days.

    Raises
    ------
    SchemaError
        If it is not a length of time, or one in calendar months.
    """
    exact = exact_length(value, lengths.data.clock, option)
    if isinstance(exact, Months):
        raise SchemaError(given(option, value), " is in calendar months, which differ in length; give days")
    if lengths.calendar is not None:
        exact = _worked(value, lengths.calendar, lengths)
    if lengths.unit is None:
        return exact
    return exact / _DAY if lengths.unit == "D" else exact * TICKS_A_SECOND[lengths.unit]


def _worked(value: Any, calendar: WorkingHours, lengths: Lengths) -> Fraction:
    """Read a length as seconds of work: a day is a working day, a week those of a week, an hour an hour."""
    seconds = exact_length(value, lengths.data.clock, "limits")
    assert isinstance(seconds, Fraction)  # months are refused before
    unit = str(value).strip().lstrip("0123456789. ").lower() if isinstance(value, str) else ""
    if unit.startswith("w"):
        return seconds / (7 * _DAY) * calendar.week
    is_in_days = unit.startswith("d") or (
        isinstance(value, datetime.timedelta | np.timedelta64) and seconds % _DAY == 0
    )
    return seconds / _DAY * calendar.day if is_in_days else seconds
