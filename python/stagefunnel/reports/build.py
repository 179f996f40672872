"""The public function: it asks all questions of the page, and writes the page."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..display.remarks import remarks_of
from ..display.write import file_path, write_file
from ..errors import SchemaError, check_flag, counted, given
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.funnel import funnel, outcomes
from ..questions.funnel.skips import skips
from ..questions.funnel.trend import funnel_by_period
from ..questions.scope.breakdown import by_columns
from ..questions.scope.known import known_group
from ..questions.scope.money import Rates
from ..questions.scope.where import Where, asked_of
from ..questions.stages.limits import LimitsLike
from ..questions.stages.losses import losses
from ..questions.stages.open_items import open_items
from ..questions.stats.share_bounds import Base, sums_of, with_bounds
from ..questions.summary import summary
from ..tables.options import BasisName, EveryName, MissingStages, Unlisted
from ..tables.schema import OPEN_ITEMS
from ..times.lengths import LengthLike
from ..times.periods import MomentLike, PeriodLike, pair_of
from ..working_hours import WorkingHours
from . import sections
from .chance import chance
from .items_behind import ItemsBehind, items_behind
from .money import money_facts, money_options, money_section
from .open_deals import open_deals
from .outlook import outlook
from .page import Page, Section, rendered
from .painter import painter

_Question: TypeAlias = Callable[[], Section | None]
_MOST_PERIODS = 36
_MOST_STUCK = 10
_SURE = 0.95  # the confidence of all bounds on the page


def report(
    log: StageLog,
    pipeline: Pipeline,
    path: str | os.PathLike[str],
    *,
    title: str = "Sales funnel",
    by: str | Sequence[str] | None = None,
    top: int = 10,
    reason: str | None = None,
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    every: EveryName | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    limits: LimitsLike | None = None,
    within: LengthLike | None = None,
    items: bool = True,
    progress: Callable[[int, int], object] | None = None,
    where: Where | None = None,
) -> Path:
    """Write one page about a log, for people who do not open a notebook.

    The page stands alone: it loads nothing, its charts are drawings, and a reader can filter its tables and
    save them as CSV. It has both funnels side by side, losses, skips, time in stage, the ten items that are
    stuck most, moves, an outlook for what is open, what is expected to be won of it and how well that held at
    past dates, the trend if the log has dates, a breakdown if `by` names one, and what was unusual in the
    rows. Each section has its definition and a sentence about this log, and each share that is a proportion
    of items its bounds of 95%. A section "Real or chance?" compares the groups of `by` step by step, and the
    last two periods of the trend that are over; where nothing differs by more than chance makes, it is a
    line, and without groups and such periods it is not there.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    path
        File of the page, which appears only when it is complete.
    title
        Title of the page.
    by
        Columns to break down by, of the items table or of the log.
    top
        Number of groups to show; the other items are one group.
    reason
        Column with the reason of a loss.
    amount, currency, rates
        As for :func:`stagefunnel.outcomes`: the page then has a section on money, with what is won, lost and
        open, the average deal and the sales velocity, and the funnels, losses and groups have amounts.
    every
        Length of the trend's periods; by default the shortest of week, month, quarter and year that makes at
        most 36 periods.
    unlisted, missing, period, basis, as_of
        As for :func:`stagefunnel.funnel`.
    calendar
        Working hours in which lengths of time are measured, as for :func:`stagefunnel.time_in_stage`.
    limits
        How long an item should be in a stage at most, as for :func:`stagefunnel.open_items`: time in stage
        then has the share of visits that are longer, and so have the stuck items.
    items
        Whether the page names items: the first 20 behind each number of its funnels, with up to three columns
        of `by` and of the items table, and those that are stuck. With ``False`` no key is on the page.
    within
        Length of time for which the trend follows each item, as for :func:`stagefunnel.funnel`; without it
        the periods of the trend cannot be compared.
    progress
        Function that is called with the steps that are done and the number of all steps; the first half of
        them asks questions, the second waits for drawings.
    where
        As for :func:`stagefunnel.funnel`; the whole page is about the chosen items.

    Returns
    -------
    Path
        Path of the page.

    Raises
    ------
    SchemaError, UnknownStageError
        As for :func:`stagefunnel.funnel`.
    ImportError
        If altair, vl-convert or jinja2 is not installed: ``pip install "stagefunnel[report]"``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> page = sf.report(shop.log, shop.pipeline, pathlib.Path(tempfile.mkdtemp()) / "report.html")
    >>> page.read_text(encoding="utf-8").startswith("<!doctype html>")
    True
    """
    target = file_path(path)
    check_flag("items", items)
    if progress is not None and not callable(progress):
        raise SchemaError(given("progress", progress), " is not a function of two numbers")
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log = asked.log
    scope: dict[str, Any] = {
        "unlisted": unlisted,
        "missing": asked.missing,
        "period": period,
        "basis": basis,
        "as_of": as_of,
    }

    def behind() -> ItemsBehind | None:
        return items_behind(answers.funnel, log, pipeline, _owners(log, by), **scope) if items else None

    def stuck() -> pd.DataFrame:
        return open_items(
            log,
            pipeline,
            columns=_owners(log, by),
            top=_MOST_STUCK,
            limits=limits,
            unlisted=unlisted,
            missing=missing,
            as_of=as_of,
            calendar=calendar,
        )

    def forecasts() -> Section | None:
        of_now = {name: scope[name] for name in ("unlisted", "missing", "as_of")}
        return open_deals(
            draw,
            log,
            pipeline,
            columns=_owners(log, by) if items else None,
            money=money,
            where=where,
            scope={**of_now, "calendar": calendar},
        )

    money = money_options(amount, currency, rates)
    with painter() as draw:
        answers = summary(log, pipeline, calendar=calendar, limits=limits, **scope)
        both = funnel(log, pipeline, kind="both", confidence=_SURE, **money, **scope)
        now = with_bounds(answers.outcomes, _SURE, {"win_rate": Base("won", _closed(answers.outcomes))})
        worth = outcomes(log, pipeline, **money, **scope) if money else None
        questions: list[_Question] = [
            lambda: sections.funnels(draw, both, behind()),
            lambda: sections.lost(
                draw,
                losses(log, pipeline, reason=reason, calendar=calendar, confidence=_SURE, **money, **scope),
            ),
            lambda: sections.skipped(draw, skips(log, pipeline, by=_first(by), confidence=_SURE, **scope)),
            lambda: sections.times(draw, answers.time_in_stage),
            lambda: sections.stuck(stuck()) if items else None,
            lambda: sections.moves(draw, _moves(answers.transitions)),
            lambda: outlook(draw, log, pipeline, calendar, scope),
            forecasts,
        ]
        if money:
            questions.insert(1, lambda: money_section(log, pipeline, worth, money, scope))
        trend = None
        if log.unit is not None and log.n_rows:
            trend = _trend(log, pipeline, every, scope | {"within": within})
            questions.append(lambda: sections.trend(draw, trend))
        if by is not None:
            questions.append(lambda: _groups(log, pipeline, by, top, {**money, **scope}))
        questions.append(lambda: chance(draw, log, pipeline, by, top, trend, scope))
        questions.append(lambda: sections.quality(answers.quality))
        page = Page(
            title=title,
            facts=sections.facts(now) + money_facts(worth),
            about=_about(log, period, basis, as_of),
            sections=_answered(questions, progress),
            remarks=remarks_of({**answers.funnel.attrs["stagefunnel"], **asked.remarks}),
        )
        write_file(rendered(page), "html", target)
    return Path(target)


def _answered(questions: Sequence[_Question], progress: Callable[[int, int], object] | None) -> list[Section]:
    """Ask all questions while their charts are drawn, then wait for the drawings."""
    show = progress or (lambda done, of: None)
    n_steps = 2 * len(questions)
    show(0, n_steps)
    answered = []
    for step, ask in enumerate(questions, start=1):
        answered.append(ask())
        show(step, n_steps)
    for step, section in enumerate(answered, start=len(questions) + 1):
        if section is not None and section.figure is not None:
            section.figure.wait()
        show(step, n_steps)
    return [section for section in answered if section is not None]


def _groups(
    log: StageLog, pipeline: Pipeline, by: str | Sequence[str], top: int, scope: dict[str, Any]
) -> Section:
    options = {"by": by, "top": top, "confidence": _SURE, **scope}
    return sections.groups(outcomes(log, pipeline, **options), funnel(log, pipeline, kind="both", **options))


def _closed(outcome: pd.DataFrame) -> Any:
    return outcome["won"] + outcome["lost"]


def _moves(table: pd.DataFrame) -> pd.DataFrame:
    """Put bounds on the shares of moves."""
    return with_bounds(table, _SURE, {"share": Base("moves", sums_of(table, "moves", ["from_stage"]))})


def _owners(log: StageLog, by: str | Sequence[str] | None) -> list[str]:
    """Return the columns of a breakdown that a list of items can show beside its own."""
    names = [] if by is None else by_columns(by)
    return [name for name in names if known_group(log, name) is None and name not in OPEN_ITEMS]


def _first(by: str | Sequence[str] | None) -> str | Sequence[str] | None:
    """Return the first column of a breakdown: a heat map has one axis for groups."""
    return next(iter(by), None) if isinstance(by, list | tuple) else by


def _trend(
    log: StageLog, pipeline: Pipeline, every: EveryName | None, scope: dict[str, Any]
) -> pd.DataFrame | None:
    """Count by the period in which items were created, with at most `_MOST_PERIODS` periods by default."""
    options = {
        "unlisted": scope["unlisted"],
        "missing": scope["missing"],
        "as_of": scope["as_of"],
        "within": scope["within"],
        "basis": "created",
        "kind": "conversions",
        "confidence": _SURE,
    }
    lengths: list[EveryName] = ["week", "month", "quarter", "year"] if every is None else [every]
    for length in lengths:
        try:
            table = funnel_by_period(log, pipeline, every=length, **options)
        except SchemaError:
            if length == lengths[-1]:
                raise
            continue
        if table["period"].nunique() <= _MOST_PERIODS or length == lengths[-1]:
            return table if table["period"].nunique() > 1 else None
    return None


def _about(log: StageLog, period: PeriodLike | None, basis: str, as_of: MomentLike | None) -> str:
    """Say what the page is about: rows, items, the period and the range of times."""
    parts = [f"{counted(log.n_rows, 'row')} of {counted(log.n_items, 'item')}"]
    if period is not None:
        ends = pair_of(period) or (period,)
        parts.append(f"{basis} in {' to '.join('…' if end is None else str(end) for end in ends)}")
    if as_of is not None:
        parts.append(f"as of {as_of}")
    time_range = log._data.time_range
    if time_range is not None:
        times = log._data.to_times(np.array(time_range, dtype=np.int64))
        parts.append(f"{times.iloc[0]} to {times.iloc[1]}")
    if as_of is None and log._data.noted_end is not None:
        parts.append(f"observed until {log.observed_until}")
    return "; ".join(parts)
