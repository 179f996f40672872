"""The sections of the page: heading, findings, definition, drawing and table of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from ..display.charts.funnel_chart import plot_funnel
from ..display.charts.losses_chart import plot_losses
from ..display.charts.picture import at_width, plain_pictures
from ..display.charts.skips_chart import plot_skips
from ..display.charts.time_chart import plot_time_in_stage
from ..display.charts.transitions_chart import plot_transitions
from ..display.charts.trend_chart import plot_trend
from ..display.csv_table import as_csv
from ..display.given import as_spoken
from ..display.heads import label
from ..display.log_sentences import doubts_of, of_quality
from ..display.lost_stage import can_lose
from ..display.numbers import count
from ..display.period_sentences import are_comparable, of_periods
from ..display.remarks import of_pauses, of_won_with_rows
from ..display.sentences import answers, stage_namer
from ..display.show import show
from ..tables.labels import columns_before, spoken, value_labels
from ..tables.schema import FUNNEL
from ..words import tr
from . import findings
from .items_behind import ItemsBehind
from .page import Figure, News, Section, TablePart
from .painter import Draw
from .themes import Drawn, drawn_in_both

_MOST_CSV = 20_000  # rows
# The widths in which a chart is drawn, by the screen: paper has the last one, drawn smaller, because a wide
# drawing is the lowest.
_WIDTHS = {"phone": 340, "tablet": 700, "desk": 920}


def funnels(
    draw: Draw, table: pd.DataFrame, behind: ItemsBehind | None, news: Sequence[News] = ()
) -> Section:
    """Make the section of both funnels, with the items behind its numbers."""
    part = table_part(table, tr("Both funnels, stage by stage"))
    return Section(
        "funnels",
        tr("The two funnels"),
        tr(
            "The classic funnel counts the stages that an item really passed. The funnel with "
            "conversions also counts every stage in between for a won item, and none for a lost one; "
            "an item that was lost and then won is left out of it. The figure between two of its "
            "bars is the conversion from the stage above, left out where it would exceed 100%. The "
            "bars of won and lost stages count every item that was ever there; the numbers at the "
            "top of the page count where items are now."
        ),
        figure_of(draw, plot_funnel, table),
        [part if behind is None else replace(part, anchors=behind.anchors)],
        behind=[] if behind is None else behind.stages,
        news=news,
    )


def lost(draw: Draw, table: pd.DataFrame) -> Section | None:
    """Make the section of losses; ``None`` without any."""
    if table.empty:
        return None
    pauses = "".join(f" {line}." for line in of_pauses(table.attrs["stagefunnel"]))
    return Section(
        "losses",
        tr("Where items are lost"),
        tr(
            "Each lost item counts once, at the last stage that it was in before it was lost.{pauses}",
            pauses=pauses,
        ),
        figure_of(draw, plot_losses, table),
        [table_part(table, tr("Losses by stage"))],
        news=findings.of_losses(table),
    )


def skipped(draw: Draw, table: pd.DataFrame, news: Sequence[News]) -> Section | None:
    """Make the section of skips; folded if nothing is skipped, ``None`` if no item went beyond a stage."""
    skippable = table[table["beyond"] > 0]
    if skippable.empty:
        return None
    by = columns_before(table, "stage")
    groups = 1 if not by else skippable[by[0]].nunique(dropna=False)
    is_folded = not skippable["skipped"].any()
    figure = figure_of(draw, plot_skips, skippable) if groups <= 60 and not is_folded else None
    return Section(
        "skips",
        tr("What is skipped, by {by}", by=spoken(by[0])) if by else tr("What is skipped"),
        tr(
            "An item skips a stage when it reaches a later stage, or is won, without ever entering "
            "it. Items that began beyond the stage, such as renewals and imports, are counted apart "
            "and not ranked; a stage that fewer than 30 others got past has a count and no rank."
        ),
        figure,
        [table_part(skippable, tr("Skips, the worst first"))],
        _findings_without(figure, skippable),
        news=news,
        is_folded=is_folded,
    )


def times(draw: Draw, table: pd.DataFrame, news: Sequence[News]) -> Section | None:
    """Make the section of time in stage; ``None`` without a completed visit."""
    if not table["completed"].any():
        return None
    return Section(
        "time",
        tr("Time in stage"),
        tr(
            "From an item's entry into a stage to its entry into the next one; visits that are still "
            "open are not in it."
        ),
        figure_of(draw, plot_time_in_stage, table),
        [table_part(table, tr("Time in stage"))],
        news=news,
    )


def stuck(table: pd.DataFrame) -> Section | None:
    """Make the section of the items that are open and stuck; ``None`` where none is open."""
    if table.empty:
        return None
    # Without a limit of any stage nothing is over it.
    shown = table.drop(columns="over_limit") if table["over_limit"].isna().all() else table
    return Section(
        "stuck",
        tr("Stuck items"),
        tr(
            "The items that are open at the end of observation, whatever the period of the page; "
            "those first that have been in their stage long. The quantile is the share of the visits "
            "of that stage, of items that are won, that took no longer."
        ),
        None,
        [table_part(shown, tr("Longest in their stage first ({n})", n=count(len(table))))],
        answers(table, table.attrs["stagefunnel"]),
        news=findings.of_stuck(table),
    )


def moves(draw: Draw, table: pd.DataFrame) -> Section | None:
    """Make the section of moves; ``None`` without any."""
    if table.empty:
        return None
    stages = len({*table["from_stage"], *table["to_stage"]})
    figure = figure_of(draw, plot_transitions, table, form="sankey") if stages <= 60 else None
    return Section(
        "moves",
        tr("Moves between stages"),
        tr(
            "Every change of the stage counts, backward ones too; the share is that of all moves "
            "that leave a stage."
        ),
        figure,
        [table_part(table, tr("Moves"))],
        _findings_without(figure, table),
    )


def trend(draw: Draw, table: pd.DataFrame | None, news: Sequence[News]) -> Section | None:
    """Make the section of the trend; ``None`` without a table.

    Where no two periods can be compared there is no picture, whose lines would say the contrary.
    """
    if table is None:
        return None
    remembered = as_spoken(table.attrs["stagefunnel"])
    is_drawn = are_comparable(table, remembered)
    name_of = stage_namer(remembered.get("names", {}))
    return Section(
        "trend",
        tr("By the period in which items were created"),
        tr(
            "The funnel with conversions of the items created in each period, {how_long}",
            how_long=_how_long(table, is_drawn=is_drawn),
        ),
        figure_of(draw, plot_trend, table) if is_drawn else None,
        [table_part(table, tr("The funnel of every period"))],
        () if is_drawn else of_periods(of_won_with_rows(table, remembered), remembered, name_of),
        news=news,
        is_folded=not is_drawn and not news,
    )


def _how_long(table: pd.DataFrame, *, is_drawn: bool) -> str:
    within = as_spoken(table.attrs["stagefunnel"]).get("within")
    if within is None:
        if not is_drawn:
            return tr("however long they took: items of later periods have had less time.")
        return tr(
            "however long they took: items of later periods have had less time, so that their "
            "lines end lower for that alone."
        )
    return tr(
        "each followed for {within} from its first row; items that cannot be followed for so "
        "long are left out, won and lost ones too.",
        within=within,
    )


def groups(outcomes: pd.DataFrame, funnel: pd.DataFrame) -> Section:
    """Make the section of the groups of a breakdown."""
    by = ", ".join(map(spoken, columns_before(outcomes, "base")))
    return Section(
        "groups",
        tr("By {by}", by=by),
        tr("Each item is in one group. The win rate is won of won and lost; open items are not in it.")
        if can_lose(outcomes.attrs["stagefunnel"])
        else tr("Each item is in one group."),
        None,
        [
            table_part(outcomes, tr("Outcomes by {by}", by=by)),
            table_part(funnel, tr("Both funnels by {by}", by=by), filter_by=str(outcomes.columns[0])),
        ],
        answers(outcomes, outcomes.attrs["stagefunnel"]),
    )


def quality(table: pd.DataFrame) -> Section:
    """Make the section of what was unusual in the rows."""
    counted = table[table["count"] > 0]
    return Section(
        "quality",
        tr("What was read"),
        tr("Anything unusual is counted below; nothing is dropped silently."),
        None,
        [table_part(counted, tr("Checks that found something"))],
        [*doubts_of(table), of_quality(table)[0]],
        news=findings.of_quality(table),
        is_folded=not doubts_of(table),
    )


def figure_of(draw: Draw, plot: Any, table: pd.DataFrame, **options: Any) -> Figure:
    """Let a chart be drawn without its title: the page has the heading and the sentences as text."""
    drawings: dict[tuple[str, str], Drawn] = {}
    with plain_pictures():
        # A table is read once for each theme, and drawn in each width; the widest is there already.
        charts = [plot(table, theme=theme, width=_WIDTHS["desk"], **options) for theme in ("light", "dark")]
        for size, width in _WIDTHS.items():
            drawn = charts if size == "desk" else [at_width(chart, width) for chart in charts]
            light, dark = (chart.to_dict() | {"title": " "} for chart in drawn)
            drawings[size, "light"], drawings[size, "dark"] = drawn_in_both(draw, light, dark)
    return Figure(drawings, light["description"], _sentences(light))


def without(figure: Figure, plain: str) -> Figure:
    """Leave out the line that says what a chart draws, where the heading of the section says it."""
    return replace(figure, sentences=[line for line in figure.sentences if not line.startswith(plain)])


def definitions() -> Section:
    """Make the section that says how the first screen counts."""
    return Section(
        "definitions",
        tr("How the first screen counts"),
        tr(
            "Each tile has a number with its bounds of 95%, and below it that of a period and of the "
            "one before: that of the page, or the last two of the trend that are over. Without "
            "another basis each number has its own date: created in the period, won or closed in it, "
            "open at its end. A change is clear where chance alone makes one so large in fewer than "
            "5% of pages. Periods are compared only where the log covers them whole, and their items "
            "are as old and as many as that asks for. The findings are the largest of what the "
            "sections found that is more than chance: one on where items are lost, skipped or slow, "
            "one on who or when is unlike, one on what is open now, and before them what warns that "
            "the numbers may be wrong."
        ),
        None,
        [],
        [tr("Tiles, changes and findings")],
        is_folded=True,
    )


def _findings_without(figure: Figure | None, table: pd.DataFrame) -> list[str]:
    """Return the sentences of a table that has too many rows for a drawing."""
    return [] if figure else answers(table, table.attrs.get("stagefunnel", {}))


def _sentences(specification: Mapping[str, Any]) -> list[str]:
    """Return the sentences under the title of a chart and under the titles of its panels."""
    # A title's letter: a Georgian name has no capital one that fonts would know.
    return [sentence[:1].title() + sentence[1:] for sentence in specification["usermeta"]["sentences"]]


def table_part(table: pd.DataFrame, caption: str, filter_by: str | None = None) -> TablePart:
    """Make a table of the page, as people read it and as CSV."""
    grid = show(table).grid
    choices = []
    if filter_by is not None:
        choices = list(dict.fromkeys(map(label, value_labels(table[filter_by]))))
    is_grouped = {*FUNNEL} <= {*table.columns} and columns_before(table, "stage") not in ([], ["kind"])
    return TablePart(caption, grid, as_csv(table.head(_MOST_CSV)), choices, is_grouped)
