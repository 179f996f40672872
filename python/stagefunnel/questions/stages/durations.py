"""How long items stay in each stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, check_option, core_errors, given
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import frame, label_rows, remember, stage_columns
from ...tables.options import AtName, BasisName, MissingStages, OpenVisitsName, PerName, Unlisted
from ...tables.schema import CENSORED_TIMES, STAGE_TIMES
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import duration_values
from ...working_hours import WorkingHours
from ..scope.groups import ONE_GROUP, Groups
from ..scope.item_groups import ItemGroups, item_groups_of
from ..scope.reading import elsewhere_flags
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stats.share_bounds import bound_names
from .censored import read_options, with_censored
from .limits import LimitsLike, with_over_limit
from .lives import Watch

QUANTILES: Final = (0.25, 0.75, 0.9)
# What a chart draws as a box and a line.
_BOX_OF: Final = {"q10": 0.1, "q25": 0.25, "q75": 0.75, "q90": 0.9}


def time_in_stage(
    log: StageLog,
    pipeline: Pipeline,
    *,
    per: PerName = "visit",
    quantiles: Sequence[float] = QUANTILES,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    limits: LimitsLike | None = None,
    open_visits: OpenVisitsName = "apart",
    confidence: float | None = None,
    tau: LengthLike | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Summarise how long items stay in each stage.

    A visit lasts until the item's next visit starts, whatever its stage, or until its own end, if the log
    knows one (``exited=`` of :class:`StageLog`). A visit that goes on counts in ``open`` and in no duration,
    one whose start is not known in ``start_unknown`` and in no duration either.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    per
        What one duration is: ``"visit"`` a completed visit; ``"item"`` the sum of an item's completed
        visits of the stage; ``"longest"`` the longest of them (Bitrix24's own rule).
    quantiles
        Shares between 0 and 1, read as the decimals that they are written as. Each gives a column, such as
        ``q25`` for 0.25, beside the median.
    by
        Columns of the items table or of the log, or what the log itself knows, as for :func:`funnel`; the
        table has the stages of each group, as for a log of its items alone.
    at
        Where a column of the log is read: in the ``"first"`` or ``"last"`` of the item's rows that the report
        keeps.
    top, unlisted, missing, period, basis, as_of, where
        As for :func:`funnel`.
    calendar
        Working hours: time outside them does not count. By default all time counts.
    limits
        How long a visit of a stage should be at most, as for :func:`open_items`.
    open_visits
        What is made of visits that go on. ``"apart"``: they are counted and have no part in the times, which
        are then too short where many are open. ``"censored"``: the median and the quantiles take each as far
        as it was seen (Kaplan and Meier); ``mean`` is missing, and final stages are left out.
    confidence
        With ``"censored"``: bounds ``…_low`` and ``…_high`` right after the median and each quantile.
    tau
        With ``"censored"``: the length up to which ``restricted_mean`` is one; by default the largest that at
        least 10 and 5% of the stage's visits could have, or that of the longest if that is less.

    Returns
    -------
    DataFrame
        One row per group of `by` and stage: ``stage``, ``outcome``, ``visits``, which are ``completed``,
        ``open`` or of ``start_unknown``, ``items`` (with a visit), then ``mean``, ``median`` and the
        quantiles (linear interpolation) of the durations. These are timedeltas, or floats where the log's
        times are plain integers; missing where no visit is completed. Means and quantiles are exact. Where a
        stage has a limit, ``over_limit`` comes last: the share of all visits, open ones too, that are longer;
        visits of an unknown start do not count. With ``open_visits="censored"``, before it, ``tau``,
        ``restricted_mean`` (times beyond tau count as tau) and ``restricted_mean_se``.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a `calendar` with a log whose times are plain integers.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2], "stage": ["New", "Won"] * 2, "time": [0, 4, 1, 3]}
    >>> table = sf.time_in_stage(sf.StageLog(rows), sf.Pipeline("New", won="Won"), quantiles=[])
    >>> table[["stage", "visits", "completed", "open", "mean", "median"]]
      stage  visits  completed  open  mean  median
    0   New       2          2     0   3.0     3.0
    1   Won       2          0     2   NaN     NaN
    """
    check_option("per", per, get_args(PerName))
    check_option("open_visits", open_visits, get_args(OpenVisitsName))
    sure = read_options(open_visits, per, confidence, tau)
    exact_quantiles = quantiles_of(quantiles)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=basis,
        as_of=as_of,
    )
    lengths = Lengths.of(selection.data, calendar)
    reserved = [*STAGE_TIMES, *exact_quantiles, *CENSORED_TIMES, *bound_names(list(exact_quantiles))]
    of_items = item_groups_of(selection, by, at=at, top=top, reserved=reserved)
    of_box = box_of(exact_quantiles) if of_items is None else {}
    exact_quantiles |= of_box
    names = list(exact_quantiles)
    # With open visits the quantiles are those of curves, and those of completed visits are not wanted.
    wanted = [] if open_visits == "censored" else list(exact_quantiles.values())
    stages = stage_times(selection, _core.stages.Per[per], wanted, lengths, of_items)
    table = time_table(
        pipeline,
        stages,
        per=per,
        names=names,
        unit=lengths.unit,
        groups=ONE_GROUP if of_items is None else of_items.groups,
        shown=None if of_items is None else of_items.shown,
        **lengths.remembered,
    )
    table = with_over_limit(
        table, selection, lengths, limits, of_items, period=period, basis=basis, as_of=as_of
    )
    if open_visits == "censored":
        watch = Watch.of(selection, observed=None, period=period, basis=basis, as_of=as_of)
        shares = dict(zip(names, (0.5, *map(float, quantiles), *box_shares(of_box)), strict=True))
        table = with_censored(table, selection, lengths, of_items, watch, shares, sure, tau)
        if "over_limit" in table:
            table["over_limit"] = table.pop("over_limit")
    keep_box(table, list(of_box))
    return asked.remarked(selection.remarked(table))


def stage_times(
    selection: Selection,
    per: _core.stages.Per,
    quantiles: list[_core.stages.Quantile],
    lengths: Lengths,
    of_items: ItemGroups | None = None,
) -> list[_core.stages.StageTime]:
    """Measure the time in each stage of the pipeline, or in those of each group that is shown."""
    journeys, lookup = until_moved(selection)
    options: dict[str, Any] = {
        "journeys": lengths.journeys(journeys),
        "pipeline": lookup,
        "per": per,
        "quantiles": quantiles,
        "threads": selection.data.threads,
        "marks": lengths.marks(selection),
    }
    n_stages = len(selection.pipeline.labels)
    with core_errors():
        if of_items is None:
            return _core.stages.time_in_stage(**options)[:n_stages]
        times = _core.stages.time_in_stage_of_groups(
            **options, group=of_items.code, n_groups=of_items.groups.n_groups
        )
    # The last stage may stand for where items moved to.
    n_of_core = len(times) // of_items.groups.n_groups
    return [
        stage
        for group in of_items.shown.tolist()
        for stage in times[group * n_of_core : group * n_of_core + n_stages]
    ]


def until_moved(selection: Selection) -> tuple[_core.journeys.Journeys, _core.scan.Pipeline]:
    """Return journeys whose last visit ends where the item moved to another pipeline.

    The pipeline that reads them has one more stage, the last one, for where such items went. Where rows have
    marks, these say it too, and the journeys stay as they are.
    """
    flags = elsewhere_flags(selection.log, selection.pipeline)
    if selection.moved is None or selection.marks is not None or not flags.any():
        return selection.journeys, selection.lookup
    journeys = _core.scan.with_departures(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        elsewhere=flags,
        threads=selection.data.threads,
    )
    pipeline = selection.pipeline
    rows = list(selection.lookup.rows)[:-1]  # the last code stands for a missing stage
    rows[int(flags.argmax())] = len(pipeline.labels)
    lookup = _core.scan.Pipeline(len(pipeline.stages), len(pipeline.won), len(pipeline.lost) + 1, rows)
    return journeys, lookup


def quantiles_of(quantiles: Sequence[float]) -> dict[str, _core.stages.Quantile]:
    """Read the median and the wanted quantiles, by the names of their columns."""
    if not isinstance(quantiles, Iterable) or isinstance(quantiles, str):
        raise SchemaError(given("quantiles", quantiles), " is not a list of shares, such as [0.25, 0.75]")
    shares = [_share(quantile) for quantile in quantiles]
    # Twelve digits hide the error of the product and keep 0.9999999 apart from 1.
    exact = {"median": _quantile(0.5)} | {f"q{100 * share:.12g}": _quantile(share) for share in shares}
    if len(exact) < 1 + len(shares):
        raise SchemaError(given("quantiles", shares), " names a quantile twice")
    return exact


def box_of(quantiles: Mapping[str, Any]) -> dict[str, _core.stages.Quantile]:
    """Return the quantiles of a chart's box that are not among those of a table, by their names."""
    return {name: _quantile(share) for name, share in _BOX_OF.items() if name not in quantiles}


def box_shares(names: Iterable[str]) -> list[float]:
    """Return the shares of some quantiles of a chart's box."""
    return [_BOX_OF[name] for name in names]


def keep_box(table: pd.DataFrame, names: Sequence[str]) -> None:
    """Take the quantiles that only a chart draws out of a table, and let it remember them for each stage."""
    if not names:
        return
    stages = list(map(str, table["stage"]))
    kept: dict[str, dict[str, Any]] = {
        stage: {"completed": int(n)} for stage, n in zip(stages, table["completed"], strict=True)
    }
    for name in names:
        for stage, length in zip(stages, table[name], strict=True):
            is_number = isinstance(length, int | float)
            kept[stage][name] = None if pd.isna(length) else float(length) if is_number else str(length)
    for name in [*names, *({*bound_names(list(names))} & {*table.columns})]:
        del table[name]
    table.attrs["stagefunnel"]["box"] = kept


def time_table(
    pipeline: Pipeline,
    stages: Sequence[_core.stages.StageTime],
    *,
    per: str,
    names: Sequence[str],
    unit: str | None,
    groups: Groups = ONE_GROUP,
    shown: npt.NDArray[np.intp] | None = None,
    **more: Any,
) -> pd.DataFrame:
    """Build the table of :func:`time_in_stage`.

    `stages` has all stages of each group that is `shown`. `names` are the names of the quantiles, the median
    first, and `more` is what the table remembers beside.
    """
    shown = np.arange(1) if shown is None else shown
    columns = {
        **stage_columns(pipeline, len(shown)),
        "visits": [stage.visits for stage in stages],
        "completed": [stage.completed for stage in stages],
        "open": [stage.open for stage in stages],
        "items": [stage.items for stage in stages],
        "start_unknown": [stage.start_unknown for stage in stages],
        **length_columns(stages, names, unit),
    }
    table = frame(columns, [*STAGE_TIMES, *names[1:]])
    table = label_rows(table, groups.values, np.repeat(shown, len(pipeline.labels)))
    of_groups = {} if groups.is_one else groups.remembered
    remember(table, "time_in_stage", pipeline, per=per, **of_groups, **more)
    return table


def length_columns(
    rows: Sequence[_core.stages.StageTime], names: Sequence[str], unit: str | None
) -> dict[str, npt.NDArray[Any]]:
    """Make the columns of lengths, the mean and the quantiles, of the rows of a table.

    Quantiles that were not measured are missing.
    """
    lengths_of: dict[str, list[_core.stages.Duration | None]] = {"mean": [row.mean for row in rows]}
    quantiles = [row.quantiles for row in rows]  # the core makes a list of them at each access
    for at, name in enumerate(names):
        lengths_of[name] = [of_row[at] if of_row else None for of_row in quantiles]
    columns = {}
    for name, lengths in lengths_of.items():
        exact = [
            _exact(length) if row.completed and length is not None else None
            for row, length in zip(rows, lengths, strict=True)
        ]
        columns[name] = duration_values(exact, unit)
    return columns


def _exact(length: _core.stages.Duration) -> Fraction | int:
    """Return a length; whole ones, which most are, need no fraction."""
    rest = length.rest
    return length.whole + Fraction(rest, length.of) if rest else length.whole


def _share(quantile: Any) -> float:
    try:
        share = float(quantile)
    except (TypeError, ValueError):
        raise SchemaError(given("quantiles", quantile), " is not a share, such as 0.25") from None
    if not 0 <= share <= 1:
        raise SchemaError(given("quantiles", quantile), " is not between 0 and 1")
    return share


@lru_cache(maxsize=64)
def _quantile(share: float) -> _core.stages.Quantile:
    """Read 0.9 as nine tenths, which no binary number is."""
    exact = Fraction(str(share)).limit_denominator(10**9)
    return _core.stages.Quantile(exact.numerator, exact.denominator)
