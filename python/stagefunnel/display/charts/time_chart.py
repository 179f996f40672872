"""The chart of the time that items stay in each stage."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ...tables.schema import STAGE_TIMES
from ..numbers import count, length, percent
from ..sentences import PER_TITLES, of_times
from .canvas import Canvas, rows_of
from .frame import ticks_of
from .lengths import LengthAxis, length_axis_of
from .letters import width_of
from .sheet import Sheet
from .style import NAME, SMALL, ThemeName

_SKEWED = 25  # times the longest of the middle lengths is of the median one: then the axis is logarithmic
_HIGH, _ROW, _NOTE = 18, 46, 15


class _Stay(NamedTuple):
    """A stage: its lengths in the unit of the axis by name of the quantile, and its texts."""

    name: str
    at: Mapping[str, float]
    label: str
    note: str
    about: Mapping[str, str]


def plot_time_in_stage(table: pd.DataFrame, *, theme: ThemeName = "light", width: int | None = None) -> Any:
    """Draw how long stages take: a box from 25 to 75 %, a line from 10 to 90 %, a mark at the median.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.time_in_stage`. The line begins at 10 % where the table has that
        (``quantiles=[0.1, 0.25, 0.75, 0.9]``), else with the box; a table with other quantiles has a box
        from the first to the last of them.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.

    Returns
    -------
    altair.LayerChart
        A row per stage with a completed visit: the median at the right, and below the box how many visits
        there are and which share of them is still open. Where one stage takes far longer than the others,
        the axis is logarithmic, and a sentence says so.

    Raises
    ------
    SchemaError
        If the table is of another function or has no rows.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_time_in_stage
    >>> shop = sf.datasets.furniture_shop()
    >>> chart = plot_time_in_stage(sf.time_in_stage(shop.log, shop.pipeline))
    >>> chart.to_dict()["title"]["text"][0]
    'Longest: Delivery (half of the completed visits took more than 9 d 12 h; 5 % of all visits'
    """
    canvas = Canvas.of(table, STAGE_TIMES, "time_in_stage()", theme)
    canvas.refuse_groups("a chart of times in stages")
    table = canvas.table
    names = canvas.names_of(table["stage"])
    quantiles = sorted(
        (str(name) for name in table.columns if re.fullmatch(r"q\d+(\.\d+)?", str(name))),
        key=lambda name: float(name[1:]),
    )
    completed = table[table["completed"] > 0]
    measures = ["mean", "median", *quantiles]
    working_day = canvas.remembered.get("working_day")
    axis = length_axis_of((completed[name].max() for name in measures), working_day)
    stays = [_stay_of(row, names, measures, axis, working_day) for row in rows_of(completed)]
    box: list[str] = [name for name in ("q25", "q75") if name in quantiles]
    if len(box) < 2:
        box = [quantiles[0], quantiles[-1]] if len(quantiles) > 1 else ["median", "median"]
    ends = [name for name in ("q10", "q90") if name in quantiles]
    is_log = _is_skewed(stays, [*box, *ends])
    title, *below = of_times(canvas.remembering(), names.__getitem__)
    per = PER_TITLES.get(str(canvas.remembered.get("per", "")), "")
    below.insert(0, f"Time in stage{f', {per}' if per else ''}; {_key(box, ends)}")
    if is_log:
        below.append("The axis is logarithmic: each mark is several times the one before")
    return canvas.drawn(
        lambda sheet: _draw(sheet, stays, box, ends, axis, working_day, is_log), title, below, width=width
    )


def _stay_of(
    row: Mapping[str, Any],
    names: Mapping[Any, str],
    measures: Sequence[str],
    axis: LengthAxis,
    working_day: float | None,
) -> _Stay:
    name = names[row["stage"]]
    texts = {f"{measure} ": length(row[measure], working_day) for measure in measures}
    note = f"{count(row['completed'])} completed"
    if row["open"] and str(row["outcome"]) == "open":
        note += f", {percent(row['open'] / row['visits'])} of all visits still open"
    at = {measure: axis.of(row[measure]) for measure in measures}
    about = {"stage": name, "completed": count(row["completed"]), "open": count(row["open"]), **texts}
    return _Stay(name, at, length(row["median"], working_day), note, about)


def _is_skewed(stays: Sequence[_Stay], shown: Sequence[str]) -> bool:
    longest = [max([stay.at["median"], *(stay.at[name] for name in shown)]) for stay in stays]
    middle = sorted(stay.at["median"] for stay in stays if stay.at["median"] > 0)
    return bool(middle) and max(longest, default=0) > _SKEWED * middle[(len(middle) - 1) // 2]


def _key(box: Sequence[str], ends: Sequence[str]) -> str:
    """Say which mark is what."""
    words = "mark: median"
    if ends:
        first, last = (ends[0], ends[-1]) if len(ends) > 1 else (box[0], ends[0])
        words = f"line: {_percents(first)} to {_percents(last)}; {words}"
    if box[0] != box[1]:
        words = f"box: {_percents(box[0])} to {_percents(box[1])} of the completed; {words}"
    return words


def _percents(quantile: str) -> str:
    return f"{quantile.removeprefix('q')} %"


def _draw(
    sheet: Sheet,
    stays: Sequence[_Stay],
    box: Sequence[str],
    ends: Sequence[str],
    axis: LengthAxis,
    working_day: float | None,
    is_log: bool,
) -> None:
    look = sheet.look
    if not stays:
        sheet.text(0, 14, "No visit is completed.", size=NAME, colour=look.quiet)
        return
    names = 0.0 if sheet.is_narrow else min(190.0, max(width_of(stay.name, NAME) for stay in stays) + 14)
    numbers = max(width_of(stay.label, NAME, bold=True) for stay in stays) + 14
    wide = sheet.width - names - (0 if sheet.is_narrow else numbers) - 8
    values = [stay.at[name] for stay in stays for name in ("median", *box, *ends)]
    ticks, place = _scale(values, names + 4, wide, axis, working_day, is_log)
    labels = [_tick_text(tick, axis, working_day) for tick in ticks]
    shown = _apart([(place(tick), width_of(text, SMALL)) for tick, text in zip(ticks, labels, strict=True)])
    row = _ROW + (18 if sheet.is_narrow else 0)
    bottom = 8 + row * len(stays)
    for at, (tick, text) in enumerate(zip(ticks, labels, strict=True)):
        x = place(tick)
        sheet.rule(x, 4, x, bottom, look.line, thick=1, grid=True)
        if at in shown:
            half = width_of(text, SMALL) / 2
            sheet.text(
                min(max(x, half), sheet.width - half), bottom + 14, text, colour=look.quiet, align="center"
            )
    y = 8.0
    for stay in stays:
        if sheet.is_narrow:
            sheet.text(0, y + NAME, stay.name, size=NAME, room=sheet.width - numbers)
            sheet.text(sheet.width, y + NAME, stay.label, size=NAME, bold=True, align="right")
            y += 18
        else:
            sheet.text(names - 10, y + 14, stay.name, size=NAME, align="right", room=names - 12)
            sheet.text(sheet.width, y + 14, stay.label, size=NAME, bold=True, align="right")
        low, high = place(stay.at[box[0]]), place(stay.at[box[1]])
        first = place(stay.at["q10"]) if "q10" in ends else low
        last = place(stay.at["q90"]) if "q90" in ends else high
        middle = y + _HIGH / 2
        sheet.rule(first, middle, last, middle, look.moved, thick=1.5)
        sheet.bar(low, y, max(1.5, high - low), _HIGH, look.open, stay.about)
        at_median = place(stay.at["median"])
        sheet.bar(at_median - 2, y - 2, 4, _HIGH + 4, look.moved, stay.about)
        sheet.text(names + 4, y + _HIGH + _NOTE, stay.note, colour=look.quiet, room=sheet.width - names - 4)
        y += row - (18 if sheet.is_narrow else 0)


def _scale(
    values: Sequence[float],
    left: float,
    wide: float,
    axis: LengthAxis,
    working_day: float | None,
    is_log: bool,
) -> Any:
    """Return the ticks of the axis, and the function that places a value on it."""
    if not is_log:
        ticks = ticks_of(0, max([*values, 1e-9]))
        return ticks, lambda value: left + wide * value / (ticks[-1] or 1)
    least = min(value for value in values if value > 0)
    unit = axis.seconds or 1.0
    steps: Sequence[float] = [10.0**power for power in range(-6, 16)]
    if axis.seconds:
        short = [step for step in _ROUND_SECONDS if working_day is None or step < working_day]
        days = [] if working_day is None else [n * working_day for n in _WORKED_DAYS]
        steps = [*short, *days]
    ticks = [step / unit for step in steps]
    first = max([tick for tick in ticks if tick <= least], default=least)
    last = min([tick for tick in ticks if tick >= max(values)], default=max(values))
    ticks = [tick for tick in ticks if first <= tick <= last] or [first, last]
    low, high = math.log(first), math.log(last if last > first else 10 * first)
    return ticks, lambda value: left + wide * (math.log(max(value, first)) - low) / (high - low)


_WORKED_DAYS = (1, 3, 10, 30, 100, 300, 1_000)
_ROUND_SECONDS = (
    *(0.001, 0.01, 0.1, 1, 10, 60, 600, 3_600, 6 * 3_600),
    *(
        86_400,
        3 * 86_400,
        10 * 86_400,
        30 * 86_400,
        100 * 86_400,
        365 * 86_400,
        1_000 * 86_400,
        3_650 * 86_400,
    ),
)


def _tick_text(tick: float, axis: LengthAxis, working_day: float | None) -> str:
    if axis.seconds is None:
        return f"{tick:,g}"
    return "0" if not tick else length(pd.Timedelta(seconds=tick * axis.seconds), working_day)


def _apart(places: Sequence[tuple[float, float]]) -> set[int]:
    """Choose names of ticks that do not overlap."""
    shown: set[int] = set()
    free = -math.inf
    for at, (x, wide) in enumerate(places):
        if x - wide / 2 >= free:
            shown.add(at)
            free = x + wide / 2 + 8
    return shown
