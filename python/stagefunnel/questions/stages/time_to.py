"""How long items take to a stage."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, check_option, given
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember
from ...tables.options import BasisName, MissingStages, OpenVisitsName, Unlisted
from ...tables.schema import TIMES_TO
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted import fields
from ..counted.about import About
from ..counted.folding import largest
from ..counted.listed import Listed, kept_lengths, listed
from ..counted.samples import Binned, Samples
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, folded
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of, is_read_as_part
from ..scope.working import Lengths
from ..stats.spells import CENSORED, LEFT_OUT
from .censored import incidence_quantiles, lengths_of
from .durations import QUANTILES, length_columns, quantiles_of
from .lives import Watch, ends_of_ways
from .stage_rows import CREATED, row_of_stage

Integers: TypeAlias = npt.NDArray[np.int64]
_FROM_CREATION: Final = -1  # as the core reads a stage
_WAYS: Final = _core.stages.Way
# What ends the way of an item, as the core reads a cause, by the value of a way.
_CAUSES: Final = np.array([LEFT_OUT, 0, CENSORED, 1, LEFT_OUT], dtype=np.int32)
_COUNTS: Final = {"completed": _WAYS.there, "open": _WAYS.open, "closed": _WAYS.closed}


def time_to(
    log: StageLog,
    pipeline: Pipeline,
    to_stage: Hashable,
    *,
    start: Hashable = CREATED,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    open_visits: OpenVisitsName = "apart",
    where: Where | None = None,
) -> pd.DataFrame:
    """Summarise how long items take to a stage: "how long until the first offer".

    The time runs to the item's first entry into `to_stage` at or after the start, and leaves out the
    ``paused`` stages of the pipeline.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    to_stage
        The label of the stage.
    start
        What the time runs from: ``"created"``, the item's first row, or the label of a stage, the first
        entry into it. Items that never entered that stage do not count.
    by
        Columns of the items table, or of the log at the item's first row; the table has a row for each
        combination of their values.
    top
        Number of groups with the most items that set out; the others become one group.
    quantiles
        Shares between 0 and 1; each gives a column, as for :func:`time_in_stage`.
    unlisted, missing, period, basis, as_of, where
        As for :func:`funnel`.
    calendar
        Working hours, as for :func:`time_in_stage`.
    open_visits
        ``"apart"``: the times are those of the items that arrived. ``"censored"``: the median is the time by
        which half of all items that set out are there, open ones counted for as long as they were seen and
        closed ones as never arriving; the quantiles likewise. They are missing where too few arrive, and
        ``mean`` is.

    Returns
    -------
    DataFrame
        One row per group of `by`: ``n``, the items that set out; of these ``completed`` entered `to_stage`,
        ``open`` did not and are open now, ``closed`` did not and are won, lost or in another pipeline now;
        then ``mean``, ``median`` and the quantiles of the times of the completed. Lengths of time are
        timedeltas, or floats where the log's times are plain integers; missing where no item is completed.
        Items whose start or arrival is not known have no time; ``attrs["stagefunnel"]["start_unknown"]``
        counts them.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also if `to_stage` or `start` is not a stage of the pipeline or both are the
        same, and for a `calendar` with a log whose times are plain integers.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> stages = ["New", "Offer", "New", "New", "Lost"]
    >>> rows = {"item": [1, 1, 2, 3, 3], "stage": stages, "time": [0, 4, 1, 2, 9]}
    >>> pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    >>> sf.time_to(sf.StageLog(rows), pipeline, "Offer", quantiles=[])
       n  completed  open  closed  mean  median
    0  3          1     1       1   4.0     4.0
    """
    quantiles_of(quantiles)
    counts = count_time_to(
        log,
        pipeline,
        to_stage,
        start=start,
        by=by,
        top=top,
        quantiles=quantiles,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        calendar=calendar,
        open_visits=open_visits,
        where=where,
    )
    return time_to_table(
        counts,
        pipeline,
        to_stage,
        start=start,
        quantiles=quantiles,
        open_visits=open_visits,
        threads=log._data.threads,
    )


@dataclass(frozen=True, eq=False)
class WayExits:
    """How long items were on their way: until they arrived, were closed, or are seen no longer.

    Attributes
    ----------
    until, cause, code
        How long, what ended it, and the group of each item.
    """

    until: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int32]
    code: npt.NDArray[np.integer[Any]]

    @classmethod
    def of_samples(cls, lengths: Samples | Binned) -> Self:
        """List the items of several parts."""
        exits = listed(lengths)
        code, place = np.divmod(exits.row, 3)
        return cls(exits.values, np.where(place == 2, CENSORED, place).astype(np.int32), code)

    def samples(self, n_groups: int) -> Samples:
        """Put them in order by group and by what ended them; the last place has those that go on."""
        counted = np.flatnonzero(self.cause != LEFT_OUT)
        cause = self.cause[counted]
        place = np.where(cause == CENSORED, 2, cause)
        row = self.code[counted].astype(np.int64) * 3 + place
        return Samples.of(self.until[counted].view(np.uint64), row, n_groups * 3)


@dataclass(frozen=True, eq=False)
class TimeToCounts:
    """What the table of times to a stage is made of.

    Attributes
    ----------
    groups
        The groups, without their items.
    completed, open, closed
        Items of each group by how far they have come.
    lengths
        How long those that arrived took, by group.
    exits
        Where open items count: how long each item of a group was on its way until it arrived, until it was
        closed, and until it was seen no longer.
    n_unknown
        Items without a time.
    time_unit
        Unit of the times.
    remembered
        What the table remembers of how times are measured.
    about
        What it says of the rows that were read.
    """

    groups: Groups = fields.groups()
    completed: Integers = fields.dense()
    open: Integers = fields.dense()
    closed: Integers = fields.dense()
    lengths: Listed | Samples | Binned = fields.samples()
    exits: WayExits | Samples | Binned | None = fields.samples()
    n_unknown: Integers = fields.dense(by_group=False)
    time_unit: str | None = fields.same()
    remembered: Mapping[str, Any] = fields.same()
    about: About = fields.about()

    @property
    def n(self) -> Integers:
        """Items of each group that set out."""
        return self.completed + self.open + self.closed


def count_time_to(
    log: StageLog,
    pipeline: Pipeline,
    to_stage: Hashable,
    *,
    start: Hashable = CREATED,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    open_visits: OpenVisitsName = "apart",
    where: Where | None = None,
) -> TimeToCounts:
    """Count what :func:`time_to` shows; `top` puts the small groups together before they are counted.

    The `quantiles` only say which columns there are.
    """
    check_option("open_visits", open_visits, get_args(OpenVisitsName))
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, missing = asked.log, asked.missing
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing=missing, period=period, basis=basis, as_of=as_of
    )
    lengths = Lengths.of(selection.data, calendar)
    from_row, to_row = _rows_of(pipeline, start, to_stage)
    check_top(top, by)
    groups = groups_of(selection, by, reserved=[*TIMES_TO, *quantiles_of(quantiles)])
    way, duration = _ways(selection, lengths, from_row, to_row)
    code = groups.codes(log.n_items)
    counts = _counts(way, code, groups.n_groups)
    if top is not None:
        n = np.sum(list(counts.values()), axis=0)
        groups = folded(groups, n, n > 0, top)
        code = groups.codes(log.n_items)
        counts = _counts(way, code, groups.n_groups)
    arrived = np.flatnonzero(way == _WAYS.there.value)
    exits: WayExits | Samples | None = None
    if open_visits == "censored":
        watch = Watch.of(selection, observed=None, period=period, basis=basis, as_of=as_of)
        until = ends_of_ways(
            selection, lengths, watch, from_row=from_row, arrived=duration, way=way, as_of=as_of
        )
        exits = WayExits(until, _CAUSES[way], code)
        if is_read_as_part():
            exits = exits.samples(groups.n_groups)
    return TimeToCounts(
        groups=groups.alone(),
        **counts,
        lengths=kept_lengths(duration[arrived], code[arrived], groups.n_groups),
        exits=exits,
        n_unknown=np.array([np.count_nonzero(way == _WAYS.start_unknown.value)], dtype=np.int64),
        time_unit=lengths.unit,
        remembered=lengths.remembered_with_pauses(pipeline),
        about=About.of(asked, selection),
    )


def time_to_table(
    counts: TimeToCounts,
    pipeline: Pipeline,
    to_stage: Hashable,
    *,
    start: Hashable = CREATED,
    top: int | None = None,
    quantiles: Sequence[float] = QUANTILES,
    open_visits: OpenVisitsName = "apart",
    threads: int = 1,
) -> pd.DataFrame:
    """Build the table of :func:`time_to` from counts, in which `top` has put no groups together yet."""
    exact_quantiles = quantiles_of(quantiles)
    names = [*exact_quantiles]
    counts = largest(counts, counts.groups, counts.n, top)
    groups, n = counts.groups, counts.n
    kept = groups.shown(n > 0)
    rows = _times_of_groups(counts.lengths, kept, list(exact_quantiles.values()))
    numbers = {"n": n, "completed": counts.completed, "open": counts.open, "closed": counts.closed}
    columns = {name: values[kept] for name, values in numbers.items()}
    table = pd.DataFrame({**columns, **length_columns(rows, names, counts.time_unit)})
    if counts.exits is not None:
        exits = counts.exits if isinstance(counts.exits, WayExits) else WayExits.of_samples(counts.exits)
        found = incidence_quantiles(
            exits.until,
            exits.cause,
            exits.code,
            groups.n_groups,
            [0.5, *map(float, quantiles)],
            threads,
        )
        table["mean"] = lengths_of(np.full(len(kept), np.nan), counts.time_unit)
        for at, name in enumerate(names):
            table[name] = lengths_of(found[kept, at], counts.time_unit)
    table = label_rows(table, groups.values, kept)
    remember(
        table,
        "time_to",
        pipeline,
        **groups.remembered,
        to_stage=str(to_stage),
        start=None if _is_creation(start) else str(start),
        **({"open_visits": open_visits} if open_visits != "apart" else {}),
        **counts.remembered,
    )
    return _with_unknown(counts.about.remarked(table), int(counts.n_unknown.sum()))


def _rows_of(pipeline: Pipeline, start: Hashable, to_stage: Hashable) -> tuple[int, int]:
    """Read the stages between which the time runs."""
    from_row = _FROM_CREATION if _is_creation(start) else row_of_stage(pipeline, "start", start)
    to_row = row_of_stage(pipeline, "to_stage", to_stage)
    if from_row == to_row:
        raise SchemaError(given("to_stage", to_stage), " is also where the time starts; name two stages")
    return from_row, to_row


def _is_creation(start: Hashable) -> bool:
    # The type is looked at first: not every label can be compared with a text.
    return isinstance(start, str) and start == CREATED


def _ways(
    selection: Selection, lengths: Lengths, from_row: int, to_row: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    """Find how far each item has come on its way, and how long it took."""
    found = _core.stages.times_to(
        journeys=lengths.with_pauses(selection, lengths.journeys(selection.journeys)),
        pipeline=selection.lookup,
        from_stage=from_row,
        to_stage=to_row,
        threads=selection.data.threads,
        marks=selection.marks,
    )
    way = found.way
    if selection.moved is not None:
        # An item that moved on to another pipeline does not arrive any more.
        way = np.where(selection.moved & (way == _WAYS.open.value), _WAYS.closed.value, way)
    return way, found.duration


def _counts(
    way: npt.NDArray[np.uint8], code: npt.NDArray[np.int32], n_groups: int
) -> dict[str, npt.NDArray[np.int64]]:
    """Count the items of each group by how far they have come."""
    return {
        name: np.bincount(code[way == one.value], minlength=n_groups).astype(np.int64)
        for name, one in _COUNTS.items()
    }


def _times_of_groups(
    lengths: Listed | Samples | Binned,
    groups: npt.NDArray[np.intp],
    quantiles: Sequence[_core.stages.Quantile],
) -> Sequence[Any]:
    """Summarise the times of the items of each of some groups that have arrived."""
    if not isinstance(lengths, Listed):
        return lengths.times(quantiles, groups)
    order = np.argsort(lengths.row, kind="stable")
    times, of_group = lengths.values[order], lengths.row[order]
    begins, ends = (np.searchsorted(of_group, groups, side=side) for side in ("left", "right"))
    return [
        _core.stages.summarise_durations(
            counts=_core.stages.VisitCounts(end - begin, end - begin, 0, end - begin, 0),
            samples=[times[begin:end]],
            quantiles=list(quantiles),
        )
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
    ]


def _with_unknown(table: pd.DataFrame, n_unknown: int) -> pd.DataFrame:
    """Let a table count the items without a time beside those that no created cohort has."""
    if n_unknown:
        remembered = table.attrs["stagefunnel"]
        remembered["start_unknown"] = remembered.get("start_unknown", 0) + n_unknown
    return table
