"""The charts of how items end: the win rate of each group, and the journeys that items take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ...tables.schema import OUTCOME_TABLE, VARIANTS
from ...words import Language, Words, begins, mark, marks, tr, trs
from ..lost_stage import can_lose
from ..numbers import brief, count, length, percent, so_many
from ..sentences import of_outcomes
from ..things import things_of
from ..unlike import LEAST_BASE, NOTES
from ..variant_sentences import of_variants
from .bars import Piece, Row
from .canvas import Canvas, rows_of
from .dots import Dot, draw_dots
from .intervals import interval_note, interval_of, percent_between
from .sequence_chart import draw_ways, folded_rows
from .sheet import Sheet
from .style import Meaning, ThemeName

_MOST_GROUPS, _MOST_VARIANTS = 60, 12
_WORDS: Final[Mapping[Meaning, str]] = Words(
    {
        "won": mark("won"),
        "open": mark("open"),
        "lost": mark("lost"),
        "skipped": mark("others"),
    }
)
_SO_MANY: Final[Mapping[Meaning, str]] = {
    "won": marks("{n} won"),
    "open": marks("{n} open"),
    "lost": marks("{n} lost"),
    "skipped": marks("{n} others"),
}


def plot_win_rate(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw the win rate of each group, the highest first, beside a line for all groups together.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.outcomes` with ``by=``, with up to 60 groups. Columns ``win_rate_low``
        and ``win_rate_high`` are drawn as intervals.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        Groups in which fewer than 30 items are closed are faint. Without a lost stage in the pipeline
        there is no win rate, and no dot.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 60 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_win_rate
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.outcomes(shop.log, shop.pipeline, by="manager")
    >>> plot_win_rate(table).to_dict()["title"]["text"]
    ['Win rate: differences between managers are within chance (p = 0.48, 5 managers)']
    """
    canvas = Canvas.of(table, OUTCOME_TABLE, "outcomes()", theme, sort=False)
    groups = canvas.groups(_MOST_GROUPS)
    things = things_of(canvas.remembered)
    is_lossy = can_lose(canvas.remembered)
    rows = [_dot_of(group or tr("all"), rows_of(rows)[0], things, is_lossy) for group, rows in groups]
    rows.sort(key=lambda row: -1.0 if row.value is None else row.value, reverse=True)
    won, lost = (int(canvas.table[name].sum()) for name in ("won", "lost"))
    all_at = won / (won + lost) if won + lost and is_lossy else None
    title, *below = of_outcomes(canvas.table, canvas.remembered) or [canvas.titled(tr("Win rate"))]
    if begins(title, *NOTES):
        title, below = canvas.titled(tr("Win rate")), [title, *below]
    else:
        below = [canvas.titled(tr("Win rate: won, of what was closed")), *below]
    below += interval_note(canvas.remembered)
    all_text = tr("all: {all_at}", all_at=percent(all_at)) if all_at is not None else ""
    at = all_at if canvas.by else None
    return canvas.drawn(lambda sheet: _draw_rates(sheet, rows, at, all_text), title, below, width=width)


def _draw_rates(sheet: Sheet, rows: list[Dot], all_at: float | None, all_text: str) -> None:
    draw_dots(sheet, rows, 0, all_at=all_at, all_text=all_text, from_zero=True)


def _dot_of(group: str, row: Mapping[str, Any], things: str, is_lossy: bool) -> Dot:
    closed = int(row["won"]) + int(row["lost"])
    if not is_lossy:
        row = {**row, **dict.fromkeys(("win_rate", "win_rate_low", "win_rate_high"), float("nan"))}
    sure = interval_of(row, "win_rate")
    return Dot(
        group,
        trs(
            "{percent_between} of {closed} closed",
            closed,
            percent_between=percent_between(row, "win_rate"),
            closed=count(closed),
        ),
        float(row["win_rate"]) if closed and is_lossy else None,
        low=sure and sure.low,
        high=sure and sure.high,
        is_faint=closed < LEAST_BASE,
        about={
            "group": group,
            **{name: count(row[name]) for name in ("won", "lost", "open")},
            tr("all {things}", things=things): count(row["base"]),
        },
    )


def plot_variants(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw which ways items go, the most frequent first, and how many of each are won, lost and open.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.variants` of one group.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        Up to 12 ways; the others are one bar.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_variants
    >>> shop = sf.datasets.worked_example()
    >>> chart = plot_variants(sf.variants(shop.log, shop.pipeline))
    >>> len(chart.to_dict()["layer"]) > 2
    True
    """
    canvas = Canvas.of(table, VARIANTS, "variants()", theme, sort=False)
    canvas.refuse_groups("a chart of variants")
    rows = folded_rows(
        [_row_of_variant(row, canvas.remembered) for row in rows_of(canvas.table)], _MOST_VARIANTS, tr("ways")
    )
    found = of_variants(canvas.table, canvas.remembered)
    title, below = (found[0], found[1:]) if found else (tr("Ways that items go"), [])
    return canvas.drawn(lambda sheet: _draw_variants(sheet, rows), title, below, width=width)


def _row_of_variant(row: Mapping[str, Any], remembered: Mapping[str, Any]) -> Row:
    n = int(row["items"])
    pieces: list[tuple[Meaning, int]] = [(part, int(row[part])) for part in ("won", "open", "lost")]
    pieces.append(("skipped", n - sum(of for _, of in pieces)))  # moved to another pipeline
    took = length(row["median_cycle_time"], remembered.get("working_day"))
    note = ", ".join(so_many(_SO_MANY[part], of, brief) for part, of in pieces if of)
    each = float(row["share"]) / n if n else 0.0
    return Row(
        str(row["variant"]),
        f"{brief(n)} · {percent(row['share'])}",
        [Piece(part, of * each, {"part": so_many(_SO_MANY[part], of)}) for part, of in pieces],
        note=tr("{note}; median until closed {took}", note=note, took=took) if took != "–" else note,
        about={"way": row["variant"], "items": count(n)},
    )


def _draw_variants(sheet: Sheet, rows: list[Row]) -> None:
    used = {piece.meaning for row in rows for piece in row.pieces if piece.n}
    words = {part: word for part, word in _WORDS.items() if part in used}
    draw_ways(sheet, rows, sheet.key(0, 0, words, sheet.width) + 6)
