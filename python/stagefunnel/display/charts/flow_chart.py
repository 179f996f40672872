"""The chart of a flow: what was in work, what came and left, and what is still there, as a waterfall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from ...tables.schema import FLOW
from ..flow_sentences import of_flow
from ..numbers import brief, count
from ..things import things_of
from .canvas import Canvas
from .frame import columns_for
from .letters import width_of
from .sheet import Sheet
from .style import NAME, Meaning, ThemeName

_MOST_GROUPS, _LEAST_PANEL, _ROW, _HIGH = 12, 400, 36, 21


class _Part(NamedTuple):
    """A part of a balance: its name, how many it adds, what it means, and whether it is a sum."""

    name: str
    n: int
    meaning: Meaning
    is_sum: bool = False


def plot_flow(table: pd.DataFrame, *, theme: ThemeName = "light", width: int | None = None) -> Any:
    """Draw a flow as a waterfall: in work at the start, what came and left, in work at the end.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.flow` with up to 12 groups. The rows of one stage alone are drawn as
        the balance of that stage.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.

    Returns
    -------
    altair.LayerChart
        A panel per group, all on one scale. Each bar begins where the one above ends.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_flow
    >>> shop = sf.datasets.furniture_shop()
    >>> plot_flow(sf.flow(shop.log, shop.pipeline, period="2026-03")).to_dict()["title"]["text"]
    ['In work: 177 at the start, 111 came, 45 won, 66 lost, 177 at the end']
    """
    canvas = Canvas.of(table, FLOW, "flow()", theme)
    table = canvas.table
    names = canvas.names_of(canvas.stages())
    open_rows = table[table["outcome"] == "open"]
    one = next(iter(names.values())) if table["stage"].nunique() == 1 else ""
    groups = canvas.groups(_MOST_GROUPS, table if one else open_rows)
    panels = [(group, _of_stage(rows) if one else _of_all(rows)) for group, rows in groups]
    found = [] if one or canvas.by else of_flow(table)
    things = things_of(canvas.remembered)
    plain = canvas.titled(f"Flow of {one}" if one else f"Flow of {things} in work")
    title, below = (found[0], [plain]) if found else (plain, [])
    return canvas.drawn(lambda sheet: _draw(sheet, panels, things), title, below, width=width)


def _of_all(rows: pd.DataFrame) -> list[_Part]:
    """Make the balance of all stages in progress: moves between them cancel out."""
    n = {name: int(rows[name].sum()) for name in FLOW[2:]}
    parts = [
        _Part("at the start", n["at_start"], "moved", is_sum=True),
        _Part("created", n["created"], "open"),
        _Part("opened again", n["from_closed"], "open"),
        _Part("from another pipeline", n["moved_in"], "open"),
        _Part("won", -n["won"], "won"),
        _Part("lost", -n["lost"], "lost"),
        _Part("to another pipeline", -n["moved_out"], "skipped"),
        _Part("at the end", n["at_end"], "moved", is_sum=True),
    ]
    return [part for part in parts if part.n or part.is_sum]


def _of_stage(rows: pd.DataFrame) -> list[_Part]:
    """Make the balance of one stage."""
    n = {name: int(rows[name].sum()) for name in FLOW[2:]}
    parts = [
        _Part("at the start", n["at_start"], "moved", is_sum=True),
        _Part("created here", n["created"], "open"),
        _Part("from earlier stages", n["from_earlier"], "open"),
        _Part("from later stages", n["from_later"], "open"),
        _Part("opened again", n["from_closed"], "open"),
        _Part("from another pipeline", n["moved_in"], "open"),
        _Part("moved on", -n["advanced"], "moved"),
        _Part("went back", -n["went_back"], "skipped"),
        _Part("won", -n["won"], "won"),
        _Part("lost", -n["lost"], "lost"),
        _Part("to another pipeline", -n["moved_out"], "skipped"),
        _Part("at the end", n["at_end"], "moved", is_sum=True),
    ]
    return [part for part in parts if part.n or part.is_sum]


def _draw(sheet: Sheet, panels: Sequence[tuple[str, Sequence[_Part]]], things: str) -> None:
    every = [part for _, parts in panels for part in parts]
    columns, wide = columns_for(sheet, len(panels), _LEAST_PANEL)
    highest = max([_highest(parts) for _, parts in panels] + [1])
    names = max(width_of(part.name, NAME) for part in every) + 16
    numbers = max(width_of(_text(part), NAME, bold=True) for part in every) + 14
    y = 0.0
    for first in range(0, len(panels), columns):
        ends = []
        for at, (group, parts) in enumerate(panels[first : first + columns]):
            x = at * (wide + 28)
            top = sheet.heading(x, y, group, [], wide) + 6 if group else y
            scale = max(20.0, wide - names - numbers) / highest
            ends.append(_draw_parts(sheet, parts, x, top, wide, names, scale, things))
        y = max(ends) + 16


def _highest(parts: Sequence[_Part]) -> int:
    at = highest = 0
    for part in parts:
        at = part.n if part.is_sum else at + part.n
        highest = max(highest, at)
    return highest


def _text(part: _Part) -> str:
    return brief(part.n) if part.is_sum else f"{'+' if part.n > 0 else '−'}{brief(abs(part.n))}"


def _draw_parts(
    sheet: Sheet,
    parts: Sequence[_Part],
    x: float,
    y: float,
    wide: float,
    names: float,
    scale: float,
    things: str,
) -> float:
    look = sheet.look
    left = x + names
    at = 0
    for place, part in enumerate(parts):
        start, end = (0, part.n) if part.is_sum else (at, at + part.n)
        at = end
        low, high = min(start, end), max(start, end)
        about = {"part": part.name, things: count(abs(part.n))}
        colour = look.colour(part.meaning)
        sheet.text(left - 10, y + 15, part.name, size=NAME, align="right", bold=part.is_sum, room=names - 12)
        if high > low:
            sheet.bar(left + low * scale, y, max(1.5, (high - low) * scale), _HIGH, colour, about)
        sheet.text(x + wide, y + 15, _text(part), size=NAME, bold=True, align="right")
        if place < len(parts) - 1:
            sheet.rule(left + at * scale, y + _HIGH, left + at * scale, y + _ROW, look.quiet, thick=1)
        y += _ROW
    return y
