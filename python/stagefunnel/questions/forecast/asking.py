"""What a question about open items asks: which items, fitted on which visits, within which time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, given
from ...pipeline import Pipeline
from ...tables.options import Unlisted
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
from .horizon import Horizon
from .horizon import HorizonLike as HorizonLike


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
class OpenReading:
    """The items of a log that are open now, with all that is read to know it and no fit.

    Attributes
    ----------
    selection, training
        The rows that are read, and those whose visits are fitted.
    stays, now
        The visits and the items that are open.
    lengths, watch, horizon
        The measure of lengths, the end of observation, and until when an item has to be won.
    groups
        The groups that are each fitted on their own visits.
    """

    selection: Selection
    training: Selection
    stays: Stays
    now: OpenNow
    lengths: Lengths
    watch: Watch
    horizon: Horizon | None
    groups: Groups

    @classmethod
    def of(
        cls,
        asked: Asked,
        pipeline: Pipeline,
        *,
        horizon: HorizonLike | None,
        fit_by: str | Sequence[str] | None,
        train: PeriodLike | None,
        unlisted: Unlisted,
        as_of: MomentLike | None,
        calendar: WorkingHours | None,
    ) -> OpenReading:
        """Read the open items."""
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
        read = Horizon.of(horizon, selection, lengths, watch.end)
        groups = _fit_groups(selection, fit_by)
        return cls(selection, training, stays, now, lengths, watch, read, groups)

    @property
    def stage(self) -> Codes:
        """Row of the stage of each open item."""
        return self.stays.stage[self.now.visit].astype(np.int32)

    @property
    def is_known(self) -> npt.NDArray[np.bool_]:
        """Whether it is known since when each is there."""
        return np.asarray(self.now.in_stage != NAT)

    @property
    def age(self) -> Ticks:
        """How long each has been there; 0 where that is not known."""
        return np.where(self.is_known, np.maximum(self.now.in_stage, 0), 0)

    @property
    def group(self) -> npt.NDArray[np.int64]:
        """The group of each open item."""
        return self.groups.codes(self.selection.log.n_items)[self.now.item].astype(np.int64)

    def ends(self) -> VisitEnds:
        """List the visits that are fitted."""
        return VisitEnds.of(self.training, self.lengths, self.watch)


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
    def of(cls, read: OpenReading, method: str) -> OpenState:
        """Fit the visits that go with the open items."""
        ends, age, groups = read.ends(), read.age, read.groups
        fits = Fits.of(
            ends,
            age,
            method=method,
            horizon=None if read.horizon is None else read.horizon.length,
            group=None if groups is ONE_GROUP else groups.codes(read.selection.log.n_items),
            n_groups=groups.n_groups,
            threads=read.selection.data.threads,
        )
        return cls(
            *(read.selection, read.now.item, read.stage, age, read.is_known, fits, read.group),
            *(read.training, ends, read.stays, read.now, read.lengths, read.watch, read.horizon),
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
