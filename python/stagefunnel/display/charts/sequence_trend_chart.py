"""The chart of a sequence in each period."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import pandas as pd

from ...tables.labels import period_label
from ...tables.schema import SEQUENCE_TREND
from ...words import Language, Noun, tr
from ..numbers import count, percent, plural
from ..sequence_sentences import has_window, is_whole
from ..unlike import LEAST_BASE
from .canvas import Canvas, rows_of
from .frame import columns_for, draw_frame, ticks_of
from .intervals import interval_note, interval_of, percent_between
from .sequence_chart import titled_by
from .sheet import Sheet
from .style import ThemeName
from .trend_lines import Line, Point, draw_faint_key, draw_lines, drawn_values, shade_early

_MOST_GROUPS, _HEIGHT, _LEAST_PANEL = 12, 240, 380


def plot_sequence_trend(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw which share of what entered in each period converted.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.sequence_trend` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A panel per group, all on one scale. A period that the log covers in part, in which not all windows
        are over, or in which fewer than 30 entered, is faint: a hollow dot and a dashed line. Without a
        window all are, and a sentence says that older periods have had longer.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_sequence_trend
    >>> days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-03-02"])
    >>> log = sf.StageLog({"item": [1, 1, 2], "stage": ["visit", "order", "visit"], "time": days})
    >>> table = sf.sequence_trend(log, ["visit", "order"], window="7d")
    >>> plot_sequence_trend(table).to_dict()["title"]["text"][0]
    'Do not compare 2026-03 yet: 0% of its 1 converted so far, and the windows of 1 are not'
    """
    # The breakdown stands between the period and the counts.
    columns = (*SEQUENCE_TREND[1:], "period")
    canvas = Canvas.of(table, columns, "sequence_trend()", theme).without("period")
    remembered = canvas.remembered
    has_end = has_window(remembered)
    partial = remembered.get("partly_covered", ())
    periods = list(map(period_label, sorted(canvas.table["period"].unique())))
    panels = [
        (group, Line(tr("converted"), "open", True, _points(rows, has_end, partial)))
        for group, rows in canvas.groups(_MOST_GROUPS)
    ]
    title, below = titled_by(canvas)
    what = tr("Converted within {window}", window=remembered["window"]) if has_end else tr("Converted so far")
    below.insert(0, tr("{what}, of those that entered in the period", what=what))
    below += interval_note(remembered)
    return canvas.drawn(lambda sheet: _draw(sheet, panels, periods), title, below, width=width)


def _points(rows: pd.DataFrame, has_end: bool, partial: Container[str]) -> list[Point]:
    points = []
    for row, whole in zip(rows_of(rows), is_whole(rows), strict=True):
        is_early = not (whole and has_end) or str(row["period"]) in partial
        low, high = interval_of(row, "conversion") or (None, None)
        shares = [percent_between(row, name) for name in ("conversion", "conversion_mature")]
        points.append(
            Point(
                period_label(row["period"]),
                # A line has a gap where nothing entered.
                float(row["conversion"]) if row["entered"] else None,
                tr(", of mature ").join(shares),
                count(row["converted"]),
                int(row["entered"]),
                is_early or row["entered"] < LEAST_BASE,
                low,
                high,
                # Without a window all are faint, and the older ones no less than the others.
                is_early and has_end,
            )
        )
    return points


def _draw(sheet: Sheet, panels: Sequence[tuple[str, Line]], periods: Sequence[str]) -> None:
    values = [value for _, line in panels for value in drawn_values(line)]
    ticks = ticks_of(0, max([*values, 0.05]))
    y = 0.0
    if any(point.is_faint for _, line in panels for point in line.points):
        y = draw_faint_key(sheet) + 4
    columns, wide = columns_for(sheet, len(panels), _LEAST_PANEL)
    high = _HEIGHT if len(panels) == 1 else 0.7 * _HEIGHT
    for first in range(0, len(panels), columns):
        ends = []
        for at, (group, line) in enumerate(panels[first : first + columns]):
            x = at * (wide + 28)
            top = sheet.heading(x, y, group, [], wide) + 4 if group else y
            of_period = {point.period: point.base for point in line.points}
            frame, end = draw_frame(
                sheet,
                x,
                top,
                wide,
                high,
                periods=periods,
                ticks=ticks,
                write=percent,
                bases=[of_period.get(period) for period in periods],
                right=10,
            )
            shade_early(sheet, frame, [line], periods)
            draw_lines(sheet, frame, [line], periods, 0, plural(Noun.of("item")))
            ends.append(end)
        y = max(ends) + 16
