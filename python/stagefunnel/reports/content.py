"""The sections of the page by name: what each of them asks, in the order in which a reader wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pandas as pd

from ..cached import cached_property
from ..errors import SchemaError
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.funnel import funnel, outcomes
from ..questions.funnel.skips import skips
from ..questions.funnel.trend import funnel_by_period
from ..questions.scope.breakdown import by_columns
from ..questions.scope.known import known_group
from ..questions.scope.where import Where
from ..questions.stages.limits import LimitsLike
from ..questions.stages.losses import losses
from ..questions.stages.open_items import open_items
from ..questions.stats.share_bounds import Base, sums_of, with_bounds
from ..questions.summary import summary
from ..tables.options import EveryName
from ..tables.schema import OPEN_ITEMS
from ..tables.summary import Summary
from ..times.lengths import LengthLike
from ..working_hours import WorkingHours
from . import findings, sections
from .chance import chance
from .choice_questions import Asked
from .filter_data import Filters
from .filters import filters_of
from .items_behind import ItemsBehind, items_behind
from .money import money_section
from .open_deals import open_deals
from .outlook import outlook
from .page import Section
from .painter import Draw
from .tiles import Tiles, tiles_of

SECTIONS: Final = (
    *("funnels", "losses", "skips", "time", "moves", "money", "stuck", "outlook", "trend", "groups"),
    *("chance", "forecast", "quality", "definitions"),
)
Ask: TypeAlias = Callable[[], Section | None]
_MOST_PERIODS: Final = 36
_MOST_STUCK: Final = 10
_SURE: Final = 0.95  # the confidence of all bounds on the page


@dataclass(frozen=True)
class Content:
    """What the sections of a page are asked with.

    Attributes
    ----------
    draw
        Draws charts.
    log, pipeline
        The stage history, as the conditions of the page leave it, and the stages.
    by, top, reason, every, within, calendar, limits, items, where
        The options of the page.
    money
        Options about amounts.
    scope
        ``unlisted``, ``missing``, ``period``, ``basis`` and ``as_of``.
    further
        Whether columns of the items table that are not in `by` may stand beside a key.
    filters
        Whether a reader can choose groups and periods; ``None``: those that the page was asked for.
    """

    draw: Draw
    log: StageLog
    pipeline: Pipeline
    by: str | Sequence[str] | None
    top: int
    reason: str | None
    every: EveryName | None
    within: LengthLike | None
    calendar: WorkingHours | None
    limits: LimitsLike | None
    items: bool
    where: Where | None
    money: Mapping[str, Any]
    scope: Mapping[str, Any]
    further: bool = True
    filters: bool | None = None

    @property
    def questions(self) -> dict[str, Ask]:
        """All sections by name, in their order."""
        return {
            "funnels": self._funnels,
            "losses": self._losses,
            "skips": self._skips,
            "time": self._time,
            "moves": lambda: sections.moves(self.draw, _moves(self.answers.transitions)),
            "money": self._money,
            "stuck": self._stuck,
            "outlook": lambda: outlook(self.draw, self.log, self.pipeline, self.calendar, self.scope),
            "trend": lambda: sections.trend(self.draw, self.trend, findings.of_changes(self.tiles.clear)),
            "groups": self._groups,
            "chance": self._chance,
            "forecast": self._forecast,
            "quality": lambda: sections.quality(self.answers.quality),
            "definitions": sections.definitions,
        }

    @cached_property
    def answers(self) -> Summary:
        """Tables that are counted at once."""
        return summary(self.log, self.pipeline, calendar=self.calendar, limits=self.limits, **self.scope)

    @cached_property
    def trend(self) -> pd.DataFrame | None:
        """The trend, if the log has dates and more than one period."""
        if self.log.unit is None or not self.log.n_rows:
            return None
        return _trend(
            self.log, self.pipeline, self.every, {**self.scope, **self.money, "within": self.within}
        )

    @cached_property
    def tiles(self) -> Tiles:
        """The tiles of the first screen."""
        return tiles_of(
            self.log,
            self.pipeline,
            self.trend,
            period=self.scope["period"],
            basis=self.scope["basis"],
            money=self.money,
            calendar=self.calendar,
            scope=self.scope,
        )

    def chosen(self) -> Filters | None:
        """Count what a reader can choose; ``None`` where that is nothing."""
        if self.filters is False:
            return None
        asked = Asked(
            self.log,
            self.pipeline,
            self.by,
            self.reason,
            self.scope["period"],
            self.scope["basis"],
            self.money,
            self.calendar,
            {name: self.scope[name] for name in ("unlisted", "missing", "as_of")},
        )
        groups = None if self.by is None else self._outcomes_of_groups
        trend = self.trend if self.filters or self.every is not None else None
        is_limited = self.filters is None
        return filters_of(asked, groups, trend, is_limited=is_limited, compared=self.tiles.periods)

    def _funnels(self) -> Section:
        both = funnel(self.log, self.pipeline, kind="both", confidence=_SURE, **self.money, **self.scope)
        behind = self._behind() if self.items else None
        news = findings.of_beginnings(self.answers.funnel, self.pipeline)
        return sections.funnels(self.draw, both, behind, news)

    def _behind(self) -> ItemsBehind:
        return items_behind(
            self.answers.funnel,
            self.log,
            self.pipeline,
            _owners(self.log, self.by),
            further=self.further,
            **self.scope,
        )

    def _losses(self) -> Section | None:
        options = {**self.money, **self.scope, "reason": self.reason, "calendar": self.calendar}
        return sections.lost(self.draw, losses(self.log, self.pipeline, confidence=_SURE, **options))

    def _skips(self) -> Section | None:
        table = skips(self.log, self.pipeline, by=_first(self.by), confidence=_SURE, **self.scope)
        return sections.skipped(self.draw, table, findings.of_skips(self.log, self.pipeline, self.scope))

    def _time(self) -> Section | None:
        times = self.answers.time_in_stage
        scope = {**self.scope, "calendar": self.calendar}
        return sections.times(self.draw, times, findings.of_times(self.log, self.pipeline, times, scope))

    def _money(self) -> Section | None:
        worth = outcomes(self.log, self.pipeline, **self.money, **self.scope) if self.money else None
        return money_section(self.log, self.pipeline, worth, self.money, self.scope)

    def _stuck(self) -> Section | None:
        if not self.items:
            return None
        table = open_items(
            self.log,
            self.pipeline,
            columns=_owners(self.log, self.by),
            top=_MOST_STUCK,
            limits=self.limits,
            calendar=self.calendar,
            **self._of_now,
        )
        return sections.stuck(table)

    def _groups(self) -> Section | None:
        if self.by is None:
            return None
        both = funnel(self.log, self.pipeline, kind="both", **self._of_groups)
        return sections.groups(self._outcomes_of_groups, both)

    @cached_property
    def _outcomes_of_groups(self) -> pd.DataFrame:
        return outcomes(self.log, self.pipeline, **self._of_groups)

    @property
    def _of_groups(self) -> dict[str, Any]:
        return {"by": self.by, "top": self.top, "confidence": _SURE, **self.money, **self.scope}

    def _chance(self) -> Section | None:
        return chance(self.draw, self.log, self.pipeline, self.by, self.top, self.trend, self.scope)

    def _forecast(self) -> Section | None:
        return open_deals(
            self.draw,
            self.log,
            self.pipeline,
            columns=_owners(self.log, self.by) if self.items else None,
            money=self.money,
            where=self.where,
            scope={**self._of_now, "calendar": self.calendar},
        )

    @property
    def _of_now(self) -> dict[str, Any]:
        return {name: self.scope[name] for name in ("unlisted", "missing", "as_of")}


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
    options: dict[str, Any] = {
        "unlisted": scope["unlisted"],
        "missing": scope["missing"],
        "as_of": scope["as_of"],
        "within": scope["within"],
        **{name: scope[name] for name in ("amount", "currency", "rates") if name in scope},
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
