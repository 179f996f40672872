"""Check a log against conditions: what a scheduled job asks before anybody reads the numbers."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from ...cached import cached_property
from ...errors import check_option
from ...log.data import LogData
from ...log.quality import ABOUT_THE_ITEMS_TABLE, CHECKS, quality_of
from ...log.stage_log import StageLog
from ...log.wrong_kinds import not_a_pipeline
from ...pipeline import Pipeline
from ...tables.options import BasisName, MissingStages, Unlisted
from ...tables.schema import CHECKED, OUTCOME_TABLE
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from ..funnel.funnel import outcomes
from ..scope.selection import data_of
from ..scope.where import Where, asked_of
from .conditions import MOMENTS, Condition, read_conditions

_OUTCOMES: Final = (*OUTCOME_TABLE, "moved_out")
_HOURS: Final = {"hours_since_last_row": 3_600.0, "days_since_last_row": 86_400.0}
_LEVELS: Final = {"warnings": "warning", "guesses": "guess"}
_UNLISTED: Final = ("unlisted_rows", "unlisted_stages", "items_without_rows")
_MISSING: Final = ("stages_without_rows",)


def check(
    log: StageLog,
    pipeline: Pipeline,
    fail_if: str | Sequence[str],
    *,
    unlisted: Unlisted | None = None,
    missing: MissingStages | None = None,
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    now: MomentLike | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Check a log against conditions under which a scheduled job fails.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    fail_if
        Texts of a name, a comparison (``>``, ``>=``, ``<``, ``<=``, ``==``, ``!=``) and a limit, such as
        ``"unlisted_rows > 0"`` or ``"win_rate < 10%"``; one that is met fails. The names are:

        - the checks of :meth:`StageLog.quality` with the pipeline, which are about the whole log: ``rows``,
          ``items``, ``dropped``, ``unlisted_rows``, ``ties_deciding_outcome``, …; a check that the table
          does not have found nothing, and is 0. ``warnings`` and ``guesses`` count the lines of the table
          of these levels that found something, also those of the reader of an export;
        - the columns of :func:`outcomes`, which `period`, `basis` and `as_of` are about: ``base``, ``won``,
          ``lost``, ``open``, ``win_rate`` (a share: ``0.1`` or ``10%``), ``left_out``, ``reopened_won``,
          ``moved_out``;
        - ``hours_since_last_row``, ``days_since_last_row`` and ``last_row`` (compared with a date, such as
          ``2026-04-01``): how fresh the log is.
    unlisted, missing
        As for :func:`funnel`, where a condition is about outcomes. ``None`` is the default there, except
        that what a condition is about itself is not refused before: ``"unlisted_rows > 0"`` and
        ``"unlisted_stages > 0"`` judge unlisted stages, ``"stages_without_rows > 0"`` stages without rows.
    period, basis, as_of
        As for :func:`funnel`. Rows at or after `as_of` are not the last row.
    now
        Moment to which the hours since the last row are counted; by default `as_of`, else the clock. The
        times of a log without a zone are held against this machine's local time.
    where
        As for :func:`funnel`. All conditions are then about the chosen items: also the checks, for which rows
        that were left out when the log was made belong to no item, and the last row.

    Returns
    -------
    DataFrame
        One row per condition, in their order: ``condition``, ``value`` and ``limit`` (numbers; times for
        ``last_row``), ``failed``, and ``note``: why a value is not known. A condition that cannot be judged,
        such as a win rate where nothing was closed or the pipeline has no lost stage, fails, and its value
        is missing.

    Raises
    ------
    SchemaError
        If a condition cannot be read, or is about an unknown name; as for :func:`funnel` for all else.
    UnknownStageError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> found = sf.check(shop.log, shop.pipeline, ["unlisted_rows > 0", "win_rate < 60%"])
    >>> found[["condition", "value", "limit", "failed"]].round(2)
               condition  value  limit  failed
    0  unlisted_rows > 0   0.00    0.0   False
    1     win_rate < 60%   0.55    0.6    True
    """
    data = data_of(log)
    if not isinstance(pipeline, Pipeline):
        raise not_a_pipeline(pipeline)
    moment_of(now, data.clock, "now")  # a wrong one is refused, also where no condition asks for it
    asked = asked_of(log, None, where, unlisted="ignore", missing="ignore")
    options = {"period": period, "basis": basis, "as_of": as_of, "where": where}
    facts = _Facts(log, asked.log, pipeline, options, moment_of(as_of, data.clock, "as_of"), now)
    for name, choice, allowed in (("unlisted", unlisted, Unlisted), ("missing", missing, MissingStages)):
        if choice is not None:
            check_option(name, choice, get_args(allowed))
    read = read_conditions(fail_if, facts.names, data.clock)
    about = {condition.name for condition in read}
    facts.options["unlisted"] = unlisted or ("ignore" if about & {*_UNLISTED} else "error")
    facts.options["missing"] = missing or ("ignore" if about & {*_MISSING} else "near")
    return asked.remarked(_table(data, read, [facts.value(condition.name) for condition in read]))


@dataclass
class _Facts:
    """What conditions are about; each part is counted when the first condition needs it."""

    whole: StageLog  # which judges the stages; where there are conditions, `log` has the chosen items
    log: StageLog
    pipeline: Pipeline
    options: dict[str, Any]
    seen_at: int | None
    now: MomentLike | None

    @property
    def names(self) -> list[str]:
        of_reader = {check for check, _, _ in self.log._data.reader_lines}
        names = [*_OUTCOMES, *_HOURS, *MOMENTS, *_LEVELS, *CHECKS, *sorted(of_reader)]
        return list(dict.fromkeys(names))

    def value(self, name: str) -> tuple[float, str]:
        """Return a value, and why it is not known where it is NaN."""
        if name in MOMENTS or name in _HOURS:
            return self._age(name)
        return self._outcome(name) if name in _OUTCOMES else self._count(name)

    @cached_property
    def _quality(self) -> Mapping[str, int]:
        table = quality_of(self.log._data, self.pipeline)
        counts: dict[Any, int] = table.groupby("check", sort=False)["count"].sum().to_dict()
        found = table[table["count"] > 0]
        return counts | {name: int((found["level"] == level).sum()) for name, level in _LEVELS.items()}

    @cached_property
    def _outcomes(self) -> Mapping[str, float]:
        table = outcomes(self.whole, self.pipeline, **self.options)
        return {str(name): float(table[name].iloc[0]) for name in table.columns}

    def _count(self, name: str) -> tuple[float, str]:
        if name in ABOUT_THE_ITEMS_TABLE and self.log._data.items_table is None:
            return math.nan, "not known: the log has no items table"
        return float(self._quality.get(name, 0)), ""

    def _outcome(self, name: str) -> tuple[float, str]:
        if name == "win_rate" and not self.pipeline.lost:
            return math.nan, "not known: the pipeline has no lost stage, so that all that is closed is won"
        value = self._outcomes.get(name, 0.0)
        return value, "not known: no item was closed" if math.isnan(value) else ""

    def _age(self, name: str) -> tuple[float, str]:
        data = self.log._data
        last = _last_tick(data, self.seen_at)
        if last is None:
            return math.nan, "not known: there is no row"
        if name in MOMENTS:
            return last, ""
        if data.unit is None:
            return math.nan, "not known: the log's times are plain integers"
        last_row = pd.Timestamp(data.to_times(np.array([last], dtype=np.int64)).iloc[0])
        return (self._now() - last_row.timestamp()) / _HOURS[name], ""

    def _now(self) -> float:
        """Return the seconds of the moment to which an age is measured, whatever the unit of the log."""
        clock = self.log._data.clock
        for option, value in (("now", self.now), ("as_of", self.options["as_of"])):
            moment = None if value is None else period_of((value, None), clock, option).start
            if isinstance(moment, pd.Timestamp):
                return moment.timestamp()
        # Times without a zone are local times, which a timestamp counts as if they were in UTC.
        here = datetime.datetime.now() if clock.zone is None else datetime.datetime.now(datetime.UTC)
        return pd.Timestamp(here).timestamp()


def _last_tick(data: LogData, seen_at: int | None) -> int | None:
    """Find the time of the last row before a moment."""
    ends = data.time_range
    if ends is None or (seen_at is not None and ends[0] >= seen_at):
        return None
    if seen_at is None or ends[1] < seen_at:
        return ends[1]
    time = data.journeys.time
    return int(np.max(time, where=time < seen_at, initial=ends[0]))


def _table(
    data: LogData, conditions: Sequence[Condition], values: Sequence[tuple[float, str]]
) -> pd.DataFrame:
    numbers = [value for value, _ in values]
    table = pd.DataFrame(
        {
            "condition": pd.Series([condition.text for condition in conditions], dtype="str"),
            "value": _shown(data, conditions, numbers),
            "limit": _shown(data, conditions, [condition.limit for condition in conditions]),
            "failed": [
                math.isnan(value) or condition.is_met(value)
                for condition, value in zip(conditions, numbers, strict=True)
            ],
            "note": pd.Series([note for _, note in values], dtype="str"),
        },
        columns=list(CHECKED),
    )
    table.attrs["stagefunnel"] = {"table": "check"}
    return table


def _shown(data: LogData, conditions: Sequence[Condition], numbers: Sequence[float]) -> Any:
    """Make times of the moments among numbers; a column of both holds objects."""
    is_moment = [condition.name in MOMENTS and data.unit is not None for condition in conditions]
    if not any(is_moment):
        return pd.Series(numbers, dtype="float64")
    shown = [_time(data, number) if at else number for number, at in zip(numbers, is_moment, strict=True)]
    return pd.Series(shown, dtype=None if all(is_moment) else object)


def _time(data: LogData, tick: float) -> Any:
    return pd.NaT if math.isnan(tick) else data.to_times(np.array([tick], dtype=np.int64)).iloc[0]
