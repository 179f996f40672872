"""The chart of a funnel: a bar for each stage, of what moved on, is open and is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from ...tables.schema import FUNNEL
from ...words import Language, beginning, tr
from ..numbers import count, percent, so_many
from ..things import things_of
from .bars import Row, draw_rows, name_room, number_room, tops_beside
from .canvas import Canvas, Panels
from .funnel_panels import IN_ORDER, KINDS, SO_MANY_IN_ORDER, Panel, Story, kinds_of, of_kind, story_of
from .heat import Cell, draw_heat
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, WORDS, Meaning, ThemeName

_MOST_PANELS, _MOST_GROUPS = 6, 60
_GAP, _STEP_ROOM, _MOST_STEP_ROOM, _LEAST_PANEL = 30, 66, 130, 330


def plot_funnel(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw a funnel: a bar for each stage, as long as the number of items that reached it.

    The pieces of a bar add up to it: items that moved on from the stage (or back), those that are open in it
    and those that were lost from it. What is only assumed is hatched, and what skipped the stage is an
    outline behind the bar. Below a bar stands what is the stage's own (``499 lost, 68 open``), at the right
    how many reached it and which share of all that is. Between two bars stands the conversion from the stage
    above, but not in a classic funnel, and not where more items reached a stage than the one before: neither
    is a conversion. A strict funnel has bars of one piece, for an item may be lost from a stage that it did
    not pass in order.

    A table of ``kind="both"`` makes two funnels side by side, one below the other on a narrow sheet, and one
    where the two are equal. A breakdown makes a panel for each group, all on one scale, and beyond six groups
    a cell for each group and stage with the share of all that reached it.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel` or :func:`stagefunnel.chain_funnel`, with up to 60 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default; a phone has 390.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A notebook shows it; :func:`stagefunnel.save_chart` saves it.

    Raises
    ------
    SchemaError
        If the table is not a funnel table, has no rows or has more than 60 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_funnel
    >>> shop = sf.datasets.furniture_shop()
    >>> chart = plot_funnel(sf.funnel(shop.log, shop.pipeline, kind="both"))
    >>> chart.to_dict()["title"]["text"]
    ['Discussion is skipped most often, most are lost from Prepayment invoice']
    """
    canvas = Canvas.of(table, FUNNEL, "funnel()", theme).without("kind")
    groups = canvas.groups(_MOST_GROUPS)
    story = story_of(canvas, groups)
    if len(groups) > _MOST_PANELS:
        return canvas.drawn(
            lambda sheet: _draw_heat(sheet, canvas, groups), story.title, story.sentences, width=width
        )
    return canvas.drawn(
        lambda sheet: _draw_panels(sheet, story),
        story.title,
        story.sentences,
        width=width,
        of_panels=[(panel.title, line) for panel in story.panels for line in panel.sentences],
    )


def _draw_panels(sheet: Sheet, story: Story) -> None:
    """Draw the panels, as many beside each other as have room, on one scale."""
    y = sheet.key(0, 0, _key_of(story.panels), sheet.width) + 6
    rows = [row for panel in story.panels for row in panel.rows]
    names, numbers = name_room(rows, sheet), number_room(rows)
    columns = int(max(1, min(len(story.panels), (sheet.width - names + _GAP) // (_LEAST_PANEL + _GAP))))
    if story.of_kinds and sheet.width >= 2 * _LEAST_PANEL + _GAP:
        columns = 2
    needed = max((width_of(row.step, SMALL) - 10 for row in rows if row.step), default=0)
    steps = min(_MOST_STEP_ROOM, max(_STEP_ROOM, needed)) if needed and columns > 1 else 0
    share = (sheet.width - names - (columns - 1) * (_GAP + steps)) / columns
    for first in range(0, len(story.panels), columns):
        line = story.panels[first : first + columns]
        places, x = [], 0.0
        for at in range(len(line)):
            own = (
                names
                if at == 0 or [row.name for row in line[at].rows] != [r.name for r in line[0].rows]
                else steps
            )
            places.append((x, own, own + share if at == 0 or own == steps else steps + share))
            x += places[-1][2] + _GAP
        tops = [
            sheet.heading(x + own, y, panel.title, panel.sentences, wide - own) if panel.title else y
            for panel, (x, own, wide) in zip(line, places, strict=True)
        ]
        top = max(tops) + 8
        are_alike = len({tuple(row.name for row in panel.rows) for panel in line}) == 1
        level = (
            tops_beside([one.rows for one in line], [wide - own for _, own, wide in places], top)
            if len(line) > 1 and are_alike
            else None
        )
        y = max(
            draw_rows(
                sheet,
                panel.rows,
                x,
                top,
                wide,
                whole=_whole(panel.rows),
                names=own,
                numbers=numbers,
                shows_names=own != steps or at == 0,
                tops=level,
            )
            for at, (panel, (x, own, wide)) in enumerate(zip(line, places, strict=True))
        )
        y += 16


def _whole(rows: Sequence[Row]) -> float:
    """Return what a bar of all items stands for, so that panels have one scale of shares."""
    for row in rows:
        for heading, text in row.about.items():
            if heading.startswith(beginning("all {things}")):
                return float(re.sub(r"\D", "", text)) or 1
    return max((row.total for row in rows), default=1) or 1


def _key_of(panels: Sequence[Panel]) -> dict[Meaning, str]:
    rows = [row for panel in panels for row in panel.rows]
    used = {piece.meaning for row in rows for piece in row.pieces if piece.n}
    used |= {row.ghost.meaning for row in rows if row.ghost}
    words = {
        **WORDS,
        "lost": tr("lost"),
        "open": tr("open"),
    }  # the bars of final stages have these colours too
    pieces = [piece for row in rows for piece in row.pieces]
    if any(piece.about["part"] == so_many(SO_MANY_IN_ORDER, piece.n) for piece in pieces):
        words["moved"] = tr(IN_ORDER)
    return {meaning: word for meaning, word in words.items() if meaning in used}


def _draw_heat(sheet: Sheet, canvas: Canvas, groups: Panels) -> None:
    """Draw a cell for each group and stage, one map for each kind."""
    names = canvas.names_of(canvas.stages())
    things = things_of(canvas.remembered)
    y = 0.0
    kinds = kinds_of(canvas)
    for kind in kinds:
        if len(kinds) > 1:
            y = sheet.heading(0, y, KINDS.get(kind, kind), [], sheet.width) + 6
        cells = [
            Cell(
                group,
                names[row["stage"]],
                row["conversion_from_all"],
                percent(row["conversion_from_all"]),
                {
                    "group": group,
                    "stage": names[row["stage"]],
                    "reached": count(row["reached"]),
                    tr("all {things}", things=things): count(row["base"]),
                },
            )
            for group, part in groups
            for row in of_kind(part, kind).to_dict("records")
        ]
        rows = list(dict.fromkeys(cell.row for cell in cells))
        tails = {
            group: tr("of {value}", value=count(of_kind(part, kind)["base"].iloc[0]))
            for group, part in groups
        }
        stages = list(names.values())
        y = draw_heat(sheet, cells, rows, stages, 0, y, sheet.look.heat, tails=tails) + 18
