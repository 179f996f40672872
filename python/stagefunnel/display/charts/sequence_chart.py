"""The charts of a sequence and of its paths: how many items reach each step, and what came between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ...tables.schema import SEQUENCE, SEQUENCE_PATHS
from ...words import Language, Words, mark, marks, tr
from ..heads import label
from ..numbers import brief, count, length, percent, so_many
from ..sequence_sentences import sequence_findings, sequence_title
from .bars import Piece, Row, draw_rows, name_room, number_room
from .canvas import Canvas, rows_of
from .frame import columns_for
from .intervals import interval_note, interval_of, percent_between
from .sheet import Sheet
from .style import Meaning, ThemeName, inert

_MOST_GROUPS, _LEAST_PANEL, _MOST_PATHS = 12, 400, 12
_WORDS: Final[Mapping[Meaning, str]] = Words(
    {
        "moved": mark("went on"),
        "early": mark("may still go on"),
        "lost": mark("dropped out"),
    }
)
_SO_MANY: Final[Mapping[Meaning, str]] = {
    "moved": marks("{n} went on"),
    "early": marks("{n} may still go on"),
    "lost": marks("{n} dropped out"),
}


def plot_sequence(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw the funnel of a sequence: a bar per step, for items that went on, may still, or dropped out.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.sequence_funnel` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A panel per group. Between two bars stands the conversion from the previous step, unless more items
        reached a step than an optional step before it.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_sequence
    >>> rows = {"item": [1, 1, 2], "stage": ["visit", "order", "visit"], "time": [0, 2, 4]}
    >>> table = sf.sequence_funnel(sf.StageLog(rows), ["visit", "order"])
    >>> plot_sequence(table).to_dict()["title"]["text"]
    ['1 of 2 items that did visit reached order, 50%.']
    """
    canvas = Canvas.of(table, SEQUENCE, "sequence_funnel()", theme)
    panels = [(group, _rows_of(rows)) for group, rows in canvas.groups(_MOST_GROUPS)]
    title, below = titled_by(canvas)
    below += interval_note(canvas.remembered)
    return canvas.drawn(lambda sheet: _draw(sheet, panels), title, below, width=width)


def titled_by(canvas: Canvas) -> tuple[str, list[str]]:
    """Take the first sentence about a sequence as the title, and its steps as the first one below."""
    found = sequence_findings(canvas.table, canvas.remembered)
    plain = canvas.titled(sequence_title(canvas.remembered))
    return (found[0], [plain, *found[1:]]) if found else (plain, [])


def _rows_of(table: pd.DataFrame) -> list[Row]:
    made = []
    before = first = 0
    for row in rows_of(table):
        name = inert(f"{row['step']}. {row['label']}")
        on = row["reached"] - row["dropped"] - row["immature"]
        pieces: list[tuple[Meaning, int]] = [
            ("moved", on),
            ("early", row["immature"]),
            ("lost", row["dropped"]),
        ]
        first = first or int(row["reached"])
        sure = interval_of(row, "conversion_from_first") if row["reached"] < first else None
        bounds = f" {sure.text()}" if sure else ""
        is_step = before and before == row["step"] - 1 and row["conversion_from_previous"] <= 1
        noted: list[tuple[Meaning, str]] = [("lost", "dropped"), ("early", "immature")]
        note = [so_many(_SO_MANY[part], row[name], brief) for part, name in noted if row[name]]
        made.append(
            Row(
                name,
                f"{brief(row['reached'])} · {percent(row['conversion_from_first'])}{bounds}",
                [Piece(part, int(n), {"part": so_many(_SO_MANY[part], int(n))}) for part, n in pieces],
                note=", ".join(note),
                step=f"↓ {percent_between(row, 'conversion_from_previous')}" if is_step else "",
                low=sure and sure.low * first,
                high=sure and sure.high * first,
                about={
                    "step": name,
                    **{part: count(row[part]) for part in ("reached", "dropped", "immature")},
                },
            )
        )
        before = row["step"]
    return made


def _draw(sheet: Sheet, panels: Sequence[tuple[str, Sequence[Row]]]) -> None:
    rows = [row for _, own in panels for row in own]
    used = {piece.meaning for row in rows for piece in row.pieces if piece.n}
    y = sheet.key(0, 0, {part: word for part, word in _WORDS.items() if part in used}, sheet.width) + 6
    draw_panels(sheet, panels, y, _LEAST_PANEL)


def draw_panels(
    sheet: Sheet,
    panels: Sequence[tuple[str, Sequence[Row]]],
    y: float,
    least: float,
    *,
    whole: float | None = None,
) -> float:
    """Draw rows of bars in panels beside each other, each as long as the longest of its own or a whole."""
    columns, wide = columns_for(sheet, len(panels), least)
    rows = [row for _, own in panels for row in own]
    names, numbers = name_room(rows, sheet), number_room(rows)
    for first in range(0, len(panels), columns):
        ends = []
        for at, (group, own) in enumerate(panels[first : first + columns]):
            x = at * (wide + 28)
            top = sheet.heading(x, y, group, [], wide) + 6 if group else y
            longest = whole or max([row.total for row in own] + [1])
            ends.append(draw_rows(sheet, own, x, top, wide, whole=longest, names=names, numbers=numbers))
        y = max(ends) + 16
    return y


def plot_paths(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw what came between two steps: a bar for each path, the most frequent first.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.sequence_paths` of one group.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        Up to 12 paths with their number, their share and the median of their times; the others are one bar.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_paths
    >>> rows = {"item": [1, 1, 1], "stage": ["visit", "cart", "order"], "time": [0, 2, 4]}
    >>> table = sf.sequence_paths(sf.StageLog(rows), ["visit", "order"])
    >>> plot_paths(table).to_dict()["title"]["text"]
    ['Most often: cart (1, 100%).']
    """
    canvas = Canvas.of(table, SEQUENCE_PATHS, "sequence_paths()", theme, sort=False)
    canvas.refuse_groups("a chart of paths")
    rows = folded_rows(
        [_row_of_path(row, canvas.remembered) for row in rows_of(canvas.table)], _MOST_PATHS, tr("paths")
    )
    title, below = titled_by(canvas)
    return canvas.drawn(lambda sheet: draw_ways(sheet, rows, 0), title, below, width=width)


def _row_of_path(row: Mapping[str, Any], remembered: Mapping[str, Any]) -> Row:
    is_other = str(row["path"]).startswith("other (")
    took = length(row["median"], remembered.get("working_day"))
    about = {
        "path": label(str(row["path"])),
        "items": count(row["items"]),
        "share": percent(row["share"]),
        "median": took,
    }
    return Row(
        label(str(row["path"])),
        f"{brief(row['items'])} · {percent(row['share'])}",
        [Piece("skipped" if is_other else "moved", float(row["share"]), about)],
        note=tr("median {took}", took=took) if took != "–" else "",
    )


def folded_rows(rows: Sequence[Row], most: int, what: str) -> list[Row]:
    """Keep the first rows, and put the others together into one."""
    if len(rows) <= most:
        return list(rows)
    kept, others = rows[: most - 1], rows[most - 1 :]
    share = sum(row.total for row in others)
    known = re.search(r"^other \(([\d,]+) ", others[-1].name)
    n = len(others) - 1 + int(known[1].replace(",", "")) if known else len(others)
    rest = Row(
        tr("other ({n} more {what})", n=count(n), what=what),
        percent(share),
        [Piece("skipped", share, {"part": tr("{share} of all", share=percent(share))})],
    )
    return [*kept, rest]


def draw_ways(sheet: Sheet, rows: Sequence[Row], y: float) -> float:
    """Draw rows whose names are long, above their bars."""
    numbers = number_room(rows)
    for row in rows:
        sheet.text(0, y + 13, row.name, size=12.5, room=sheet.width - numbers, about={"in full": row.name})
        sheet.text(sheet.width, y + 13, row.number, size=12.5, bold=True, align="right")
        bare = Row("", "", row.pieces, note=row.note, about=row.about)
        scale = sheet.width / max([one.total for one in rows] + [1e-9])
        x = 0.0
        for piece in bare.pieces:
            if piece.n:
                wide = max(1.5, piece.n * scale)
                about = {**row.about, **piece.about}
                if piece.meaning == "skipped":
                    sheet.ghost(x + 1, y + 19, max(1.5, wide - 2), 10, about)
                else:
                    sheet.bar(x, y + 18, wide, 12, sheet.look.colour(piece.meaning), about)
                x += wide
        y += 18 + 12
        if row.note:
            y += 14
            sheet.text(0, y, row.note, colour=sheet.look.quiet, room=sheet.width)
        y += 12
    return y
