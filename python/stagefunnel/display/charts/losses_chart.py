"""The chart of losses: from which stages items are lost, and into which stages or for which reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...tables.labels import columns_behind, present_or_missing
from ...tables.schema import LOSSES
from ...words import Language, begins, mark, tr, trs
from ..cells import NO_REASON, NO_STAGE
from ..heads import label
from ..numbers import brief, count, counted, length, percent
from ..sentences import of_losses
from ..things import thing_of, things_of
from .bars import Piece, Row, draw_rows, name_room, number_room
from .canvas import Canvas, rows_of
from .frame import columns_for
from .heat import Cell, draw_heat
from .intervals import interval_note, interval_of
from .sheet import Sheet
from .style import ThemeName

_MOST_GROUPS, _MOST_REASONS, _LEAST_PANEL = 12, 7, 400
_OTHER = mark("other")


def plot_losses(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw from which stages items were lost, most first, and into which lost stage or for which reason.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.losses` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        One panel per group, with a bar per stage whose length is its share of the losses. Where there are
        several reasons, or lost stages, each stage has a cell for each of them below, darker for more.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_losses
    >>> shop = sf.datasets.worked_example()
    >>> plot_losses(sf.losses(shop.log, shop.pipeline)).to_dict()["title"]["text"]
    ['Most often lost from: Won (2 of 5 lost, 40%)']
    """
    canvas = Canvas.of(table, LOSSES, "losses()", theme)
    table, remembered = canvas.table, canvas.remembered
    part = _part_column(table)
    names = {**canvas.names_of(table["from_stage"].dropna().unique()), None: tr(NO_STAGE)}
    reasons = {
        reason: label(name)
        for reason, name in canvas.names_of(map(present_or_missing, table[part].unique())).items()
    }
    things = things_of(remembered)
    groups = canvas.groups(_MOST_GROUPS)
    panels = [
        (group, _rows_of(rows, names, things, remembered), _cells_of(rows, part, names, reasons, things))
        for group, rows in groups
    ]
    named = table.assign(from_stage=_named(table["from_stage"], names))
    title, *below = of_losses(named, str, remembered) or [""]
    if not begins(title, "Most often lost from: {where} ({part_of})"):
        title, below = (
            canvas.titled(tr("Where {things} are lost", things=things)),
            [line for line in (title, *below) if line],
        )
    what = tr("lost stage") if part == "lost_stage" else part
    by = canvas.by_text
    below = [
        trs(
            "{items} lost, by the stage before the loss{by}",
            table["items"].sum(),
            items=counted(table["items"].sum(), thing_of(canvas.remembered)),
            by=by,
        ),
        *below,
    ]
    if any(row.low is not None for _, rows, _ in panels for row in rows):
        below += interval_note(remembered)
    return canvas.drawn(lambda sheet: _draw(sheet, panels, what), title, below, width=width)


def _named(stages: pd.Series, names: Mapping[Any, str]) -> pd.Series:
    return stages.astype(object).map(lambda stage: names[None if pd.isna(stage) else stage])


def _part_column(table: pd.DataFrame) -> str:
    """Choose the column that divides a bar: the reason if the table has one, otherwise the lost stage."""
    after = columns_behind(table, "lost_stage")[0]
    return str(after) if after != "items" else "lost_stage"


def _rows_of(
    rows: pd.DataFrame, names: Mapping[Any, str], things: str, remembered: Mapping[str, Any]
) -> list[Row]:
    """Make a row of each stage, the one with most losses first."""
    named = rows.assign(from_stage=_named(rows["from_stage"], names))
    sums = named.groupby("from_stage", sort=False)[["items", "share"]].sum()
    ordered = sums.sort_values("items", ascending=False, kind="stable")
    stays = {}
    if "mean_in_stage" in rows and rows["mean_in_stage"].notna().any():
        working_day = remembered.get("working_day")
        for stage, part in named.groupby("from_stage", sort=False):
            if len(part) == 1:
                stays[stage] = length(part["mean_in_stage"].iloc[0], working_day)
    alone = {
        stage: rows_of(part)[0] for stage, part in named.groupby("from_stage", sort=False) if len(part) == 1
    }
    made = []
    for stage, items, share in zip(ordered.index, ordered["items"], ordered["share"], strict=True):
        # A sum of several rows has no bounds in the table.
        sure = interval_of(alone.get(stage, {}), "share")
        of_lost = f"{percent(share)} {sure.text()}" if sure else percent(share)
        about = {"stage": stage, things: count(items), "of the lost": of_lost}
        if stage in stays:
            about["mean time there before"] = stays[stage]
        made.append(
            Row(
                str(stage),
                f"{brief(items)} · {of_lost}",
                [Piece("lost", float(share), about)],
                low=sure and sure.low,
                high=sure and sure.high,
            )
        )
    return made


def _cells_of(
    rows: pd.DataFrame, part: str, names: Mapping[Any, str], reasons: Mapping[Any, str], things: str
) -> tuple[list[Cell], list[str]]:
    """Make a cell of each stage and reason, with the reasons that most are lost for first."""
    sums: dict[str, float] = {}
    for row in rows_of(rows):
        name = _reason(row[part], reasons)
        sums[name] = sums.get(name, 0) + row["items"]
    order = sorted(sums, key=lambda name: -sums[name])
    if len(order) < 2:
        return [], []
    if len(order) > _MOST_REASONS + 1:
        order = [name for name in order if name != tr(_OTHER)][:_MOST_REASONS]
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows_of(rows):
        name = _reason(row[part], reasons)
        stage = names[None if pd.isna(row["from_stage"]) else row["from_stage"]]
        cell = found.setdefault((stage, name if name in order else _OTHER), [0, 0.0])
        cell[0] += row["items"]
        cell[1] += row["share"]
    cells = [
        Cell(
            stage,
            name,
            share,
            brief(items),
            {"stage": stage, "into": name, things: count(items), "of the lost": percent(share)},
        )
        for (stage, name), (items, share) in found.items()
    ]
    is_folded = any(cell.column == tr(_OTHER) for cell in cells) and tr(_OTHER) not in order
    return cells, [*order, *([tr(_OTHER)] if is_folded else [])]


def _reason(value: Any, reasons: Mapping[Any, str]) -> str:
    return tr(NO_REASON) if pd.isna(value) else reasons[value]


def _draw(sheet: Sheet, panels: list[tuple[str, list[Row], tuple[list[Cell], list[str]]]], what: str) -> None:
    y = 0.0
    has_cells = any(cells for _, _, (cells, _) in panels)
    columns, wide = columns_for(sheet, len(panels), sheet.width if has_cells else _LEAST_PANEL)
    every = [row for _, rows, _ in panels for row in rows]
    names, numbers = name_room(every, sheet), number_room(every)
    largest = max([max(row.total, row.high or 0) for row in every] + [1e-9])
    for first in range(0, len(panels), columns):
        ends = []
        for at, (group, rows, (cells, order)) in enumerate(panels[first : first + columns]):
            x = at * (wide + 28)
            top = sheet.heading(x, y, group, [], wide) + 4 if group else y
            end = draw_rows(sheet, rows, x, top, wide, whole=largest, names=names, numbers=numbers)
            if cells:
                end = (
                    sheet.heading(x, end + 10, tr("By {column}", column=what.replace("_", " ")), [], wide) + 4
                )
                most = max(cell.share for cell in cells)
                stages = [row.name for row in rows]
                end = draw_heat(sheet, cells, stages, order, x, end, sheet.look.lost_heat, largest=most)
            ends.append(end)
        y = max(ends) + 18
