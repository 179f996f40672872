"""The chart of the time that items stay in each stage."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ...tables.schema import STAGE_TIMES
from ...words import Language, tr, trc
from ...words.forms import share
from ..numbers import count, length, percent, so_many
from ..sentences import of_times
from ..titles import PER_TITLES
from .bars import write_name
from .canvas import Canvas, rows_of
from .frame import ticks_of
from .lengths import LengthAxis, length_axis_of
from .letters import width_of
from .sheet import Sheet
from .style import NAME, SMALL, ThemeName

_SKEWED = 25  # times the longest of the middle lengths is of the median one: then the axis is logarithmic
_HIGH, _ROW, _NOTE = 18, 46, 15


class _Stay(NamedTuple):
    """A stage: its texts, and its lengths in the unit of the axis by name of the quantile.

    A quantile is not among them where fewer visits than that are over, as far as is known.
    """

    name: str
    at: Mapping[str, float]
    label: str
    note: str
    about: Mapping[str, str]
    is_final: bool  # it is no stage in progress: items that were won or lost, and opened again


def plot_time_in_stage(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw how long stages take: a box from 25 to 75%, a line from 10 to 90%, a mark at the median.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.time_in_stage`, which remembers the quantiles of the box and the line
        whatever its columns are. A table that was read from a file has those of its columns: without 10% the
        line begins with the box, and the line below the title says so.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A row per stage with a completed visit: the median at the right, and below the box how many visits
        there are and which share of them is still open. Where one stage takes far longer than the others,
        the axis is logarithmic, and a sentence says so. Final stages, which items leave only where they are
        opened again, are grey.

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
    'Slowest stage: Delivery (half of the completed visits took 9 d 12 h or more; 5% of all'
    """
    canvas = Canvas.of(table, STAGE_TIMES, "time_in_stage()", theme)
    canvas.refuse_groups("a chart of times in stages")
    table = _with_box(canvas.table, canvas.remembered)
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
    is_censored = canvas.remembered.get("open_visits") == "censored"
    of_all = tr("all visits, open ones as far as they were seen") if is_censored else tr("the completed")
    below.insert(
        0, tr("Time in stage{per}; {key}", per=f", {per}" if per else "", key=_key(box, ends, of_all))
    )
    if any(name not in stay.at for stay in stays for name in (*box, *ends)):
        below.append(tr("A box or a line without an end: so many are not over yet"))
    if is_log:
        below.append(tr("The axis is logarithmic: each mark is several times the one before"))
    return canvas.drawn(
        lambda sheet: _draw(sheet, stays, box, ends, axis, working_day, is_log), title, below, width=width
    )


def _with_box(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Add the quantiles of the box and the line that the table remembers beside its columns."""
    box: Mapping[str, Mapping[str, Any]] = remembered.get("box", {})
    of_rows = [box.get(str(stage), {}) for stage in table["stage"]]
    completed = table["completed"].tolist()
    # A table that was changed since is drawn by its columns.
    if not box or [of.get("completed") for of in of_rows] != completed:
        return table
    names = [name for name in next(iter(of_rows)) if name != "completed" and name not in table]
    added = {name: [of.get(name) for of in of_rows] for name in names}
    is_text = any(isinstance(value, str) for values in added.values() for value in values)
    kept = table.copy(deep=False)
    for name, values in added.items():
        kept[name] = pd.to_timedelta(pd.Series(values, dtype=object)) if is_text else values
    return kept


def _stay_of(
    row: Mapping[str, Any],
    names: Mapping[Any, str],
    measures: Sequence[str],
    axis: LengthAxis,
    working_day: float | None,
) -> _Stay:
    name = names[row["stage"]]
    texts = {f"{measure} ": length(row[measure], working_day) for measure in measures}
    note = so_many("{n} completed", row["completed"])
    if row["open"] and str(row["outcome"]) == "open":
        note += tr(", {open} of all visits still open", open=percent(row["open"] / row["visits"]))
    is_final = str(row["outcome"]) != "open"
    if is_final:
        note += tr(
            ": {outcome}, and opened again", outcome=trc("fate", str(row["outcome"]).replace("_", " "))
        )
    at = {measure: axis.of(row[measure]) for measure in measures if not pd.isna(row[measure])}
    about = {"stage": name, "completed": count(row["completed"]), "open": count(row["open"]), **texts}
    return _Stay(name, at, length(row["median"], working_day), note, about, is_final)


def _is_skewed(stays: Sequence[_Stay], shown: Sequence[str]) -> bool:
    longest = [stay.at[name] for stay in stays for name in ("median", *shown) if name in stay.at]
    middle = sorted(stay.at["median"] for stay in stays if stay.at.get("median", 0) > 0)
    return bool(middle) and max(longest, default=0) > _SKEWED * middle[(len(middle) - 1) // 2]


def _key(box: Sequence[str], ends: Sequence[str], of_all: str) -> str:
    """Say which mark is what."""
    words = tr("mark: median")
    if ends:
        first, last = (ends[0], ends[-1]) if len(ends) > 1 else (box[0], ends[0])
        words = tr(
            "line: {percents} to {percents_2}; {words}",
            percents=_percents(first),
            percents_2=_percents(last),
            words=words,
        )
    if box[0] != box[1]:
        words = tr(
            "box: {percents} to {percents_2} of {of_all}; {words}",
            percents=_percents(box[0]),
            percents_2=_percents(box[1]),
            of_all=of_all,
            words=words,
        )
    return words


def _percents(quantile: str) -> str:
    return share(quantile.removeprefix("q"))


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
        sheet.text(0, 14, tr("No visit is completed."), size=NAME, colour=look.quiet)
        return
    names = 0.0 if sheet.is_narrow else min(190.0, max(width_of(stay.name, NAME) for stay in stays) + 14)
    numbers = max(width_of(stay.label, NAME, bold=True) for stay in stays) + 14
    wide = sheet.width - names - (0 if sheet.is_narrow else numbers) - 8
    shown_names = ("median", *box, *ends)
    values = [stay.at[name] for stay in stays for name in shown_names if name in stay.at] or [1.0]
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
        ink = look.quiet if stay.is_final else look.ink
        of_label: dict[str, Any] = {"size": NAME, "align": "right", "colour": ink}
        if sheet.is_narrow:
            sheet.text(0, y + NAME, stay.name, size=NAME, room=sheet.width - numbers)
            sheet.text(sheet.width, y + NAME, stay.label, bold=not stay.is_final, **of_label)
            y += 18
        else:
            write_name(sheet, names - 10, y + 14, stay.name, names - 12)
            sheet.text(sheet.width, y + 14, stay.label, bold=not stay.is_final, **of_label)
        _draw_stay(sheet, stay, box, ends, place, y, names + 4 + wide)
        sheet.text(names + 4, y + _HIGH + _NOTE, stay.note, colour=look.quiet, room=sheet.width - names - 4)
        y += row - (18 if sheet.is_narrow else 0)


def _draw_stay(
    sheet: Sheet,
    stay: _Stay,
    box: Sequence[str],
    ends: Sequence[str],
    place: Callable[[float], float],
    y: float,
    edge: float,
) -> None:
    """Draw the box, the line and the mark; what has no end yet goes on to the edge of the chart."""
    look = sheet.look

    def at(name: str) -> float:
        return place(stay.at[name]) if name in stay.at else edge

    strong, pale = (look.skipped, look.line) if stay.is_final else (look.moved, look.open)
    low, high = at(box[0]), at(box[1])
    first = at("q10") if "q10" in ends else low
    last = at("q90") if "q90" in ends else high
    middle = y + _HIGH / 2
    if first < edge:
        sheet.rule(first, middle, last, middle, strong, thick=1.5)
    for name, end in (("q10", first), ("q90", last)):
        if name in ends and name in stay.at:
            sheet.rule(end, middle - 4, end, middle + 4, strong, thick=1.5)
    if box[0] in stay.at:
        sheet.bar(low, y, max(1.5, high - low), _HIGH, pale, stay.about)
    if "median" in stay.at:
        sheet.bar(at("median") - 2, y - 2, 4, _HIGH + 4, strong, stay.about)


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
    least = min((value for value in values if value > 0), default=1.0)
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
