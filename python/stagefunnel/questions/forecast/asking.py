"""What a question about open items asks: which items, fitted on which visits, within which time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, given, given_period
from ...pipeline import Pipeline
from ...tables.options import Unlisted
from ...times.lengths import LengthLike, exact_length, length_of
from ...times.lengths import ends_of as ends_of_length
from ...times.periods import MomentLike, PeriodLike, period_of
from ...times.stamps import NAT
from ...working_hours import WorkingHours
from ..scope.breakdown import groups_of
from ..scope.groups import ONE_GROUP, Groups
from ..scope.selection import Selection, selection_of
from ..scope.where import Asked
from ..scope.working import Lengths
from ..stages.lives import Watch
from ..stages.stays import OpenNow, Stays, open_now, stays_of
from ..stats.spells import Codes, Ticks
from .exits import VisitEnds
from .fit import Fit, Fits

HorizonLike: TypeAlias = LengthLike | PeriodLike


@dataclass(frozen=True)
class Horizon:
    """The time in which an item has to be won.

    Attributes
    ----------
    end
        The moment after it, in the unit of the log.
    length
        How long it is from the end of observation, in the measure of the lengths.
    begin
        Where it is a period, its first moment.
    """

    end: int
    length: Fraction
    begin: int | None

    @classmethod
    def of(
        cls, value: HorizonLike | None, selection: Selection, lengths: Lengths, now: int
    ) -> Horizon | None:
        """Read a horizon: a length of time from now, or a period or a date, which counts to its end."""
        if value is None:
            return None
        begin, end = _end_of(value, selection, now)
        if end <= now:
            shown = selection.data.to_times(np.array([now], dtype=np.int64)).iloc[0]
            raise SchemaError(
                given_period("horizon", value),
                f" is over by the end of observation, {shown}; give a later one",
            )
        if lengths.calendar is None:
            length = Fraction(end - now)
        else:
            times = lengths.times(np.array([now, end], dtype=np.int64))
            length = Fraction(int(times[1] - times[0]))
            if not length:
                raise SchemaError(given("horizon", value), " has no working time; give a longer one")
        return cls(end, length, begin)


def _end_of(value: Any, selection: Selection, now: int) -> tuple[int | None, int]:
    clock = selection.data.clock
    try:
        exact_length(value, clock, "horizon")
    except SchemaError as error:
        if clock.unit is None and not isinstance(value, tuple | list):
            raise
        begin, end = _period(value, selection, error)
        if end is None:
            raise SchemaError(
                given_period("horizon", value), " has no end; give one, or a length of time"
            ) from None
        return begin, end
    length = length_of(value, clock, "horizon")
    assert length is not None  # a horizon is given
    return None, int(ends_of_length(length, np.array([now], dtype=np.int64), clock)[0])


def _period(value: Any, selection: Selection, error: SchemaError) -> tuple[int | None, int | None]:
    try:
        return period_of(value, selection.data.clock, "horizon").ticks(selection.data.clock)
    except SchemaError:
        if isinstance(value, tuple | list):
            raise  # it is a pair, and what is wrong with its sides is said
        raise SchemaError(
            given("horizon", value),
            ' is neither a length of time, such as "90d", nor a period, such as "2026-Q3"',
        ) from error


def refuse_without_won(pipeline: Pipeline) -> None:
    """Refuse a pipeline in which nothing is ever won."""
    if not pipeline.won:
        raise SchemaError(
            "the pipeline has no won stage, and without one nothing is ever won; name it in won"
        )


def shown_moment(asked: Asked, tick: int) -> Any:
    """Return a moment of a log as its callers give it."""
    data = asked.log._data
    return tick if data.unit is None else data.to_times(np.array([tick], dtype=np.int64)).iloc[0]


@dataclass(frozen=True, eq=False)
class OpenItems:
    """The items that are open at a moment, and the fits that say what will become of them.

    Attributes
    ----------
    selection
        The rows that are read.
    item
        Place of each open item among those of the log.
    stage, age
        Row of the stage of each open item, and how long it has been there; an age that is not known is 0.
    is_known
        Whether it is known since when.
    fits, fit_of
        The fits, and that of each open item.
    """

    selection: Selection
    item: npt.NDArray[np.uint32]
    stage: Codes
    age: Ticks
    is_known: npt.NDArray[np.bool_]
    fits: Fits
    fit_of: npt.NDArray[np.int64]

    @property
    def n(self) -> int:
        """Number of open items."""
        return len(self.stage)

    @property
    def never_left(self) -> list[int]:
        """The rows of stages in which items are open, and which nothing has left."""
        own = [self.stage[places][fit.exits.oldest[self.stage[places]] < 0] for fit, places in self.by_fit()]
        return np.unique(np.concatenate(own)).tolist() if own else []

    def by_fit(self) -> list[tuple[Fit, npt.NDArray[np.intp]]]:
        """Return each fit with the places of its items."""
        return [(fit, np.flatnonzero(self.fit_of == one)) for one, fit in enumerate(self.fits.fits)]


@dataclass(frozen=True, eq=False)
class OpenState(OpenItems):
    """The items of a log that are open now, with all that was read to know it.

    Attributes
    ----------
    training, ends
        The rows whose visits are fitted, and these visits.
    stays, now
        The visits and the items that are open.
    lengths, watch, horizon
        The measure of lengths, the end of observation, and until when an item has to be won.
    """

    training: Selection
    ends: VisitEnds
    stays: Stays
    now: OpenNow
    lengths: Lengths
    watch: Watch
    horizon: Horizon | None

    @classmethod
    def of(
        cls,
        asked: Asked,
        pipeline: Pipeline,
        *,
        method: str,
        horizon: HorizonLike | None,
        fit_by: str | Sequence[str] | None,
        train: PeriodLike | None,
        unlisted: Unlisted,
        as_of: MomentLike | None,
        calendar: WorkingHours | None,
    ) -> OpenState:
        """Read the open items, and fit the visits."""
        refuse_without_won(pipeline)
        options: dict[str, Any] = {"unlisted": unlisted, "missing": asked.missing, "as_of": as_of}
        selection = selection_of(asked.log, pipeline, **options)
        training = selection
        if train is not None:
            created = period_of(train, asked.log._data.clock, "train")
            training = selection_of(asked.log, pipeline, **options, period=created, basis="created")
        lengths = Lengths.of(selection.data, calendar)
        watch = Watch.of(training, observed=None, period=None, basis="created", as_of=as_of)
        stays = stays_of(selection, lengths, as_of=as_of)
        now = open_now(stays, [label in pipeline.rules.paused for label in pipeline.labels])
        stage = stays.stage[now.visit].astype(np.int32)
        is_known = now.in_stage != NAT
        age = np.where(is_known, np.maximum(now.in_stage, 0), 0)
        read = Horizon.of(horizon, selection, lengths, watch.end)
        groups = _fit_groups(selection, fit_by)
        ends = VisitEnds.of(training, lengths, watch)
        n_items = selection.log.n_items
        fits = Fits.of(
            ends,
            age,
            method=method,
            horizon=None if read is None else read.length,
            group=None if fit_by is None else groups.codes(n_items),
            n_groups=groups.n_groups,
            threads=selection.data.threads,
        )
        fit_of = groups.codes(n_items)[now.item].astype(np.int64)
        return cls(
            *(selection, now.item, stage, age, is_known, fits, fit_of),
            *(training, ends, stays, now, lengths, watch, read),
        )


def _fit_groups(selection: Selection, fit_by: str | Sequence[str] | None) -> Groups:
    if fit_by is None:
        return ONE_GROUP
    groups = groups_of(selection, fit_by, option="fit_by")
    if groups.later:
        raise SchemaError(
            given("fit_by", fit_by), " parts the open items from the closed ones; name a column known before"
        )
    return groups
