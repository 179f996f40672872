"""The section about differences: which groups and periods differ by more than chance makes, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..display.charts.differences_chart import plot_differences
from ..display.period_rows import PeriodRows
from ..display.period_sentences import immature, sides_of_periods
from ..display.sentences import answers
from ..display.titles import TITLES
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.comparison import compare_periods
from ..questions.funnel.decomposition import decompose, mix_rate
from ..questions.funnel.group_comparison import compare_groups
from ..words import begins, mark, tr
from . import sections
from .findings import of_groups, of_periods
from .page import News, Section
from .painter import Draw
from .tiles import least_items

_SURE: Final = 0.95
_NOTHING: Final = (
    "No step shows a clear difference.",
    "No stage shows a clear difference between {now} and {before}.",
    "There is nothing to compare.",
)
_DEFINITION: Final = mark(
    "Each group is compared with all others at each step, among the items that got to the stage "
    "before. A difference is named where chance alone makes one so large in fewer than 5% of "
    "such tables. That is not yet a cause: nobody assigned the items by lot, columns have their "
    "values of today, and a table that was looked at before is not counted."
)


def chance(
    draw: Draw,
    log: StageLog,
    pipeline: Pipeline,
    by: str | Sequence[str] | None,
    top: int,
    trend: pd.DataFrame | None,
    scope: Mapping[str, Any],
) -> Section | None:
    """Make the section; ``None`` without groups and periods that can be compared."""
    groups = None if by is None else _groups(log, pipeline, by, top, scope)
    findings, news = _periods(log, pipeline, by, top, trend, scope)
    if groups is None and not findings:
        return None
    news = [*of_groups(groups), *news]
    said = [] if groups is None else _answers(groups)
    figure, is_folded = None, all(begins(line, *_NOTHING) for line in [*said, *findings])
    if groups is not None and not is_folded:
        figure = sections.without(
            sections.figure_of(draw, plot_differences, groups), TITLES["compared_groups"]
        )
    return Section(
        "chance",
        tr("Real or chance?"),
        tr(_DEFINITION),
        figure,
        [] if groups is None else [sections.table_part(groups, tr("Groups compared, step by step"))],
        [*said, *findings] if is_folded else findings,
        news=news,
        is_folded=is_folded,
    )


def _groups(
    log: StageLog, pipeline: Pipeline, by: str | Sequence[str], top: int, scope: Mapping[str, Any]
) -> pd.DataFrame | None:
    """Compare the groups; ``None`` where they are made of what became of the items, or there is one."""
    table = compare_groups(log, pipeline, by=by, top=top, **scope)
    remembered = table.attrs["stagefunnel"]
    if table.empty or remembered.get("later") or table["p_value"].isna().all():
        return None
    return table


def _periods(
    log: StageLog,
    pipeline: Pipeline,
    by: str | Sequence[str] | None,
    top: int,
    trend: pd.DataFrame | None,
    scope: Mapping[str, Any],
) -> tuple[list[str], list[News]]:
    """Compare the last two periods of the trend that are over, in one line where nothing differs."""
    if trend is None:
        return [], []
    a, b = _last_two(trend)
    if not a:
        return [], []
    options = {name: scope[name] for name in ("unlisted", "missing", "as_of")}
    options["within"] = trend.attrs["stagefunnel"].get("within")
    table = compare_periods(
        log, pipeline, a, against=b, kind="conversions", basis="created", confidence=_SURE, **options
    )
    sentences = _answers(table)
    if sentences[-1:] and begins(sentences[-1], *_NOTHING[1:]):
        return sentences, []
    sentences += _answers(decompose(log, pipeline, a=a, b=b, **options))
    if by is not None:
        sentences += _answers(mix_rate(log, pipeline, mix=by, top=top, a=a, b=b, **options))
    return list(dict.fromkeys(sentences)), of_periods(table)


def _answers(table: pd.DataFrame) -> list[str]:
    return answers(table, table.attrs["stagefunnel"])


def _last_two(trend: pd.DataFrame) -> tuple[str, str]:
    """Name the last two periods that are covered whole, as old as the earlier ones, and not nearly empty."""
    remembered = trend.attrs["stagefunnel"]
    sides = sides_of_periods(PeriodRows.of(trend), remembered)
    least, _ = least_items([side.base for side in sides if not side.is_partial])
    alike = [
        side.name
        for side, is_young in zip(sides, immature(sides, remembered), strict=True)
        if side.is_large and side.base >= least and not side.is_partial and not is_young
    ]
    return (alike[-1], alike[-2]) if len(alike) > 1 else ("", "")
