"""The chart of the time from one step of a sequence to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from ...errors import SchemaError
from ...tables.schema import CONVERSION_TIMES
from ...words import Language, tr
from ..numbers import brief, count, length, percent
from .bars import write_name
from .canvas import Canvas, rows_of
from .letters import width_of
from .sequence_chart import titled_by
from .sheet import Sheet
from .style import NAME, SMALL, ThemeName

_ROW, _HIGH = 27, 17


class _Bin(NamedTuple):
    name: str
    n: int
    to_date: float


def plot_time_to_convert(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw how long matches take: a bar per span of time, with the share that is through by its end.

    The spans are those in which people count: of 14 days each, or, where some take many times as long as
    most, up to an hour, 6 hours, a day, 3 days and so on. A table that is not whole any more is drawn with
    its bins.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.time_to_convert`.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_time_to_convert
    >>> rows = {"item": [1, 1, 2, 2], "stage": ["visit", "order"] * 2, "time": [0, 2, 4, 9]}
    >>> table = sf.time_to_convert(sf.StageLog(rows), ["visit", "order"])
    >>> plot_time_to_convert(table).to_dict()["title"]["text"]
    ['Half of the 2 took 3.50 at most, the slowest 5.']
    """
    canvas = Canvas.of(table, CONVERSION_TIMES, "time_to_convert()", theme)
    remembered, table = canvas.remembered, canvas.table
    if canvas.by:
        raise SchemaError(
            "a histogram has room for one group; give the rows of one group, without the column of groups"
        )
    working_day = remembered.get("working_day")
    bins = [
        _Bin(
            f"{length(row['start'], working_day)} – {length(row['end'], working_day)}",
            int(row["count"]),
            float(row["share_to_date"]),
        )
        for row in rows_of(table)
    ]
    spans: Sequence[Sequence[Any]] = remembered.get("spans", ())
    n = sum(one.n for one in bins)
    if spans and n == remembered.get("matches"):
        bins = _of_spans(spans, n, working_day)
    title, below = titled_by(canvas)
    below.append(tr("At the right: how many took so long, and the share that is through by then"))
    return canvas.drawn(lambda sheet: _draw(sheet, bins), title, below, width=width)


def _of_spans(spans: Sequence[Sequence[Any]], n: int, working_day: float | None) -> list[_Bin]:
    made = []
    through = 0
    for start, end, matches in spans:
        through += int(matches)
        first, last = (
            f"{side:,g}" if isinstance(side, int | float) else _length(pd.Timedelta(side), working_day)
            for side in (start, end)
        )
        made.append(_Bin(f"{first} – {last}", int(matches), through / n))
    return made


def _length(value: pd.Timedelta, working_day: float | None) -> str:
    return length(value, working_day) if value else "0"


def _draw(sheet: Sheet, bins: Sequence[_Bin]) -> None:
    look = sheet.look
    most = max([one.n for one in bins] + [1])
    names = max(width_of(one.name, NAME) for one in bins) + 14
    texts = [tr("{n} · {to_date} through", n=brief(one.n), to_date=percent(one.to_date)) for one in bins]
    numbers = max(width_of(text, SMALL) for text in texts) + 12
    wide = max(40.0, sheet.width - names - numbers)
    half = next((at for at, one in enumerate(bins) if one.to_date >= 0.5), -1)
    for at, (one, text) in enumerate(zip(bins, texts, strict=True)):
        y = at * _ROW + 2
        write_name(sheet, names - 10, y + 13, one.name, names - 12)
        about = {"took": one.name, "items": count(one.n), "through by then": percent(one.to_date)}
        if one.n:
            sheet.bar(names, y, max(1.5, wide * one.n / most), _HIGH, look.moved, about)
        sheet.text(sheet.width, y + 13, text, align="right", colour=look.ink, bold=at == half)
