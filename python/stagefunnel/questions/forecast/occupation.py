"""Where the open items will be after some time, and how likely an item of some age is won by then."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, check_option, given
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share, stage_values
from ...tables.options import ForecastName, MissingStages, Unlisted
from ...tables.schema import OCCUPATION, WIN_WITHIN
from ...times.lengths import LengthLike, exact_length
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, largest
from ..scope.where import Where, asked_of
from ..stages.limits import exact_ticks
from ..stats.bounds import check_confidence
from ..stats.spells import LEFT_OUT
from .asking import HorizonLike, OpenReading, OpenState
from .exits import Floats
from .fit import MARKOV, Fit
from .item_chances import bounds_of
from .win_probability import check_seed, remembered_of
from .within import exponential

_N_AGES: Final = 10
_ENDS: Final = 2  # won, and any other end


def state_occupation(
    log: StageLog,
    pipeline: Pipeline,
    *,
    times: Sequence[LengthLike],
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    fit_by: str | Sequence[str] | None = None,
    method: ForecastName = "semi_markov",
    train: PeriodLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Say where the items that are open now are to be expected after some time.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    times
        How long after now: ``["30d", "90d"]``, or numbers where the log's times are plain integers.
    by
        Columns of the items table, or of the log at the item's first row: the result is split, the fit is
        common.
    top
        Number of groups with the most open items; the others become one group.
    fit_by, method, train, unlisted, missing, as_of, calendar, where
        As for :func:`forecast`.

    Returns
    -------
    DataFrame
        Per group of `by` and time one row per stage in progress, one for ``won`` and one for ``over`` (lost,
        or moved to another pipeline): ``time``, ``state`` (``stage``, ``won``, ``over``), ``stage`` (missing
        for the last two), ``items`` expected there, ``share`` of the open items. Items that are longer in
        their stage than every visit that ever ended stay there; ``attrs["stagefunnel"]["beyond_support"]``
        counts them.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`forecast`; also for times that are not above 0.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
    ...         "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
    ...         "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0]}
    >>> log = sf.StageLog(rows, observed_until=50)
    >>> sf.state_occupation(log, sf.Pipeline("Offer", won="Won", lost="Lost"), times=[15])
       time  state  stage  items  share
    0  15.0  stage  Offer   1.50  0.750
    1  15.0    won    NaN   0.25  0.125
    2  15.0   over    NaN   0.25  0.125
    """
    check_option("method", method, get_args(ForecastName))
    check_top(top, by)
    # What gives its values once only, such as a generator, is read once.
    wanted = [] if isinstance(times, str) or not hasattr(times, "__iter__") else list(times)
    if not wanted:
        raise SchemaError(given("times", times), " is not a list of lengths, such as ['30d', '90d']")
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    for time in wanted:
        length = exact_length(time, asked.log._data.clock, "times")
        if isinstance(length, Fraction) and length <= 0:
            raise SchemaError(given("times", time), " is not above 0; give a length of time")
    blocks, state, groups, shown = [], None, None, np.zeros(0, dtype=np.intp)
    beyond, unwon = 0, np.zeros(0, dtype=bool)
    for time in wanted:
        state = OpenState.of(
            OpenReading.of(
                asked,
                pipeline,
                horizon=time,
                fit_by=fit_by,
                train=train,
                unlisted=unlisted,
                as_of=as_of,
                calendar=calendar,
            ),
            method,
        )
        groups = _groups(state, by, top) if groups is None else groups
        code = groups.codes(state.selection.log.n_items)[state.now.item].astype(np.int64)
        shown = groups.shown(np.bincount(code, minlength=groups.n_groups) > 0)
        found, beyond, unwon = _occupied(state, code, groups.n_groups)
        blocks.append(_block(state, found[shown], time))
    assert state is not None  # there is a time
    assert groups is not None  # and so groups
    table = pd.concat(blocks, ignore_index=True)
    n_rows = len(pipeline.stages) + _ENDS
    row = np.tile(np.repeat(np.arange(len(shown)), n_rows), len(blocks))
    order = np.argsort(row, kind="stable")
    table = label_rows(table.iloc[order].reset_index(drop=True), groups.values, shown[row[order]])
    remember(
        table,
        "state_occupation",
        pipeline,
        rows=len(table),
        **groups.remembered,
        beyond_support=beyond,
        **_remembered(state, method, unwon),
    )
    return asked.remarked(state.selection.remarked(table))


def _remembered(state: OpenState, method: str, unwon: npt.NDArray[np.bool_]) -> dict[str, Any]:
    found = remembered_of(state, method, 0.0, unwon)
    return {name: value for name, value in found.items() if name not in ("confidence", "until")}


def _groups(state: OpenState, by: str | Sequence[str] | None, top: int | None) -> Groups:
    groups = groups_of(state.selection, by, reserved=OCCUPATION)
    return largest(groups, groups.codes(state.selection.log.n_items)[state.now.item], top)


def _occupied(
    state: OpenState, code: npt.NDArray[np.int64], n_groups: int
) -> tuple[Floats, int, npt.NDArray[np.bool_]]:
    """Add up by group and state the chances of the open items to be there at the end of the horizon.

    Also returns how many are too old to forecast, and flags those of stages from which nothing was won yet.
    """
    unwon: npt.NDArray[np.bool_] = np.zeros(state.n, dtype=bool)
    n_states = len(state.selection.pipeline.stages) + _ENDS
    total, n_beyond = np.zeros((n_groups, n_states)), 0
    for fit, places in state.by_fit():
        if not len(places):
            continue
        stage, age = state.stage[places], state.age[places]
        beyond = (age > fit.exits.oldest[stage]) | ~state.is_known[places]
        n_beyond += int(beyond.sum())
        chances = np.zeros((len(places), n_states))
        chances[np.flatnonzero(beyond), stage[beyond]] = 1
        inside = ~beyond
        unwon[places] = fit.never_won[stage] & inside
        chances[inside] = _chances(fit, stage[inside], age[inside])
        np.add.at(total, code[places], chances)
    return total, n_beyond, unwon


def _chances(fit: Fit, stage: npt.NDArray[np.int32], age: npt.NDArray[np.int64]) -> Floats:
    """Return the chances of items to be in each state at the end of the horizon of a fit."""
    assert fit.horizon is not None  # there is a time
    if fit.method == MARKOV:
        return exponential(fit.rates, float(fit.horizon))[stage]
    return fit.states(stage, age)


def _block(state: OpenState, found: Floats, time: Any) -> pd.DataFrame:
    """Make the rows of one time, group by group."""
    pipeline = state.selection.pipeline
    n_groups, n = len(found), len(pipeline.stages)
    assert state.horizon is not None  # there is a time
    length = state.horizon.length
    states = ["stage"] * n + ["won", "over"]
    total = found.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "time": to_durations([Fraction(length)] * (n_groups * (n + _ENDS)), state.lengths.unit),
            "state": pd.Categorical(states * n_groups, categories=["stage", "won", "over"]),
            "stage": stage_values(pipeline, np.tile([*range(n), -1, -1], n_groups).astype(np.int32)),
            "items": found.reshape(-1),
            "share": share(found, np.broadcast_to(total, found.shape)).reshape(-1),
        }
    )


def win_within(
    log: StageLog,
    pipeline: Pipeline,
    *,
    horizon: HorizonLike,
    ages: Sequence[LengthLike] | None = None,
    method: ForecastName = "semi_markov",
    confidence: float = 0.9,
    seed: int = 0,
    train: PeriodLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Say how likely an item is won within a time, by its stage and how long it has been there.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    horizon
        In which time: ``"90d"``, or a period or date, which counts to its end.
    ages
        How long an item has been in its stage; by default 0 and tenths of the longest visit of the stage
        that ended.
    confidence
        How sure the bounds of a chance are.
    method, seed, train, unlisted, missing, as_of, calendar, where
        As for :func:`forecast`.

    Returns
    -------
    DataFrame
        One row per stage in progress and age: ``stage``, ``age``; ``win`` with ``win_low`` and ``win_high``
        as of :func:`win_probability`; ``win_if_closed``, ``n`` (visits that lasted as long, on which the row
        stands), ``beyond_support``.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`forecast`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
    ...         "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
    ...         "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0]}
    >>> log = sf.StageLog(rows, observed_until=50)
    >>> pipeline = sf.Pipeline("Offer", won="Won", lost="Lost")
    >>> table = sf.win_within(log, pipeline, horizon=10, ages=[15, 45])
    >>> table[["stage", "age", "win", "win_high", "n", "beyond_support"]].round(2)
       stage   age   win  win_high  n  beyond_support
    0  Offer  15.0   0.0      0.44  5           False
    1  Offer  45.0   NaN       NaN  1            True
    """
    check_option("method", method, get_args(ForecastName))
    sure, start = check_confidence(confidence), check_seed(seed)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    state = OpenState.of(
        OpenReading.of(
            asked,
            pipeline,
            horizon=horizon,
            fit_by=None,
            train=train,
            unlisted=unlisted,
            as_of=as_of,
            calendar=calendar,
        ),
        method,
    )
    (fit,) = state.fits.fits
    stage, age = _ages(state, fit, ages)
    chances = fit.chances(stage, age)
    low, high = bounds_of(fit, stage, age, chances.win, sure, start, state.selection.data.threads)
    ends = state.ends
    lasted = [
        int(np.count_nonzero((ends.stage == one) & (ends.exit >= at) & (ends.cause != LEFT_OUT)))
        for one, at in zip(stage.tolist(), age.tolist(), strict=True)
    ]
    table = pd.DataFrame(
        {
            "stage": stage_values(pipeline, stage),
            "age": to_durations([Fraction(int(one)) for one in age], state.lengths.unit),
            "win": chances.win,
            "win_low": low,
            "win_high": high,
            "win_if_closed": chances.win_if_closed,
            "n": np.array(lasted, dtype=np.int64),
            "beyond_support": chances.beyond,
        }
    )[list(WIN_WITHIN)]
    # The rows are of stages and ages, whether items are open there or not.
    remembered = remembered_of(state, method, sure, np.zeros(state.n, dtype=bool))
    is_unknown = fit.never_won & (fit.exits.oldest >= 0)
    never_won = [str(label) for label, flag in zip(pipeline.stages, is_unknown, strict=True) if flag]
    if never_won:
        remembered["never_won"] = never_won
    remember(table, "win_within", pipeline, **remembered)
    return asked.remarked(state.selection.remarked(table))


def _even_ages(last: int) -> npt.NDArray[np.int64]:
    # As whole numbers without end: ten times an age of 30 years has no place in 64 bits of nanoseconds.
    return np.unique(np.array([last * k // _N_AGES for k in range(_N_AGES + 1)], dtype=np.int64))


def _ages(
    state: OpenState, fit: Fit, ages: Sequence[LengthLike] | None
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    n = fit.exits.n_stages
    if ages is None:
        own = [_even_ages(max(int(last), 0)) for last in fit.exits.oldest]
    else:
        if isinstance(ages, str) or not hasattr(ages, "__iter__"):
            raise SchemaError(given("ages", ages), " is not a list of lengths, such as ['0d', '30d']")
        wanted = [int(exact_ticks(one, state.lengths, "ages") // 1) for one in ages]
        if any(one < 0 for one in wanted):
            raise SchemaError(given("ages", ages), " has an age below zero")
        own = [np.array(sorted(set(wanted)), dtype=np.int64)] * n
    stage = np.repeat(np.arange(n, dtype=np.int32), [len(one) for one in own])
    return stage, np.concatenate(own).astype(np.int64) if own else np.zeros(0, dtype=np.int64)
