"""The chart of a backtest: what was expected at past dates, with its range, and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ...tables.schema import BACKTEST
from ...words import Language, tr
from ..backtest_sentences import of_backtest
from ..forecast_sentences import day_text
from ..numbers import brief, count, counted, percent, tenths
from ..things import things_of
from ..titles import TITLES
from .canvas import Canvas, rows_of
from .frame import Frame, draw_frame, ticks_of
from .gaps import number_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, ThemeName

_HIGH: Final = 230
_MOST_UPRIGHT: Final = 70  # dates whose ranges are drawn one by one
_BAND: Final = 0.28  # opacity of ranges that are drawn as one


@dataclass(frozen=True)
class PastDate:
    """What was expected at a date, and what came.

    Attributes
    ----------
    date, n_open
        The date, and how many items were open.
    expected, low, high
        What was expected; ``None`` where nothing could be forecast.
    actual
        What came.
    about
        What pointing at it shows.
    """

    date: str
    n_open: int
    expected: float | None
    low: float | None
    high: float | None
    actual: float
    about: Mapping[str, str]

    @property
    def is_outside(self) -> bool:
        """Whether what came is outside the range."""
        return self.low is not None and self.high is not None and not self.low <= self.actual <= self.high


def plot_backtest(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw what the forecast of each past date expected, with its range, and how many wins came.

    Where more or fewer came than the range has, the dot has a ring, and its number stands beside it.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.backtest`; amounts, if it has some, are drawn below.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        Beyond 70 dates the ranges are a band.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_backtest
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.backtest(shop.log, shop.pipeline, every="quarter", horizon="60d")
    >>> plot_backtest(table).to_dict()["title"]["text"]
    ['At 3 of 5 past dates the actual wins lay within the 90% range.']
    """
    canvas = Canvas.of(table, BACKTEST, "backtest()", theme)
    canvas.refuse_groups("a chart of past dates")
    remembered = canvas.remembered
    dated = canvas.table.sort_values("date", kind="stable")
    rows = rows_of(dated)
    things = things_of(remembered)
    level = remembered.get("confidence")
    sure = tr("range") if level is None else tr("{share} range", share=percent(float(level)))
    wins = tr("Won {things}", things=things)
    panels = [(wins[:1].upper() + wins[1:], [_tested(row, "expected", "actual", things) for row in rows])]
    if "expected_amount" in dated:
        amounts = [_tested(row, "expected_amount", "actual_amount", things) for row in rows]
        panels.append((tr("Amount"), amounts))
    found = of_backtest(canvas.table, remembered)
    title, below = (found[0], found[1:]) if found else (TITLES["backtest"], [])
    if "horizon" in remembered:
        below = [
            tr(
                "Of the {things} open at each date: those won within {horizon}",
                things=things,
                horizon=remembered["horizon"],
            ),
            *below,
        ]
    unknown = int(canvas.table["expected"].isna().sum())
    if unknown:
        below.append(tr("Hollow: {n_dates} without a forecast", n_dates=counted(unknown, "date")))
    return canvas.drawn(lambda sheet: _draw(sheet, panels, sure), title, below, width=width)


def _tested(row: Mapping[str, Any], expected: str, actual: str, things: str) -> PastDate:
    write = tenths if actual == "actual" else _whole
    value = number_of(row[expected])
    low, high = (number_of(row[f"{expected}_{end}"]) for end in ("low", "high"))
    about = {
        "date": day_text(row["date"]),
        tr("open {things}", things=things): count(row["n_open"]),
        "expected": "–" if value is None else write(value),
        "range": "–" if low is None or high is None else f"{_whole(low)}–{_whole(high)}",
        "came": write(row[actual]),
    }
    return PastDate(about["date"], int(row["n_open"]), value, low, high, float(row[actual]), about)


def _whole(value: float) -> str:
    return brief(round(value))


def _draw(sheet: Sheet, panels: Sequence[tuple[str, Sequence[PastDate]]], sure: str) -> None:
    is_band = len(panels[0][1]) > _MOST_UPRIGHT
    y = _draw_key(sheet, sure, is_band, any(one.is_outside for _, tested in panels for one in tested))
    scales = [_ticks(tested) for _, tested in panels]
    # Dates stand below each other.
    inset = max(width_of(_tick(tick), SMALL) for ticks in scales for tick in ticks) + 8
    for (heading, tested), ticks in zip(panels, scales, strict=True):
        if len(panels) > 1:
            y = sheet.heading(0, y, heading, [], sheet.width) + 2
        y = _draw_panel(sheet, tested, y, ticks, inset, is_band=is_band) + 12


def _ticks(tested: Sequence[PastDate]) -> list[float]:
    ends = [value for one in tested for value in (one.actual, one.low, one.high) if value is not None]
    return ticks_of(min([0.0, *ends]), max([*ends, 1e-9]))


def _draw_panel(
    sheet: Sheet, tested: Sequence[PastDate], y: float, ticks: Sequence[float], inset: float, *, is_band: bool
) -> float:
    look = sheet.look
    has_number_above = any(one.is_outside for one in tested)
    frame, bottom = draw_frame(
        sheet,
        0,
        y + (18 if has_number_above else 6),
        sheet.width,
        _HIGH,
        periods=[one.date for one in tested],
        ticks=ticks,
        write=_tick,
        bases=[one.n_open for one in tested],
        inset=inset,
    )
    known = [(at, one) for at, one in enumerate(tested) if one.expected is not None]
    if is_band:
        edges = [(frame.x(at), frame.y(one.high or 0.0), frame.y(one.low or 0.0)) for at, one in known]
        sheet.area(edges, look.moved, opacity=_BAND)
        sheet.line([(frame.x(at), frame.y(one.expected or 0.0)) for at, one in known], look.moved)
    else:
        for at, one in known:
            _draw_range(sheet, frame, at, one)
    for at, one in enumerate(tested):
        x, place = frame.x(at), frame.y(one.actual)
        if one.is_outside:
            sheet.point(x, place, look.ink, hollow=True, size=60 if is_band else 190)
        sheet.point(x, place, look.won, one.about, hollow=one.expected is None, size=16 if is_band else 62)
    if not is_band:
        _draw_numbers(sheet, frame, tested)
    return bottom


def _draw_range(sheet: Sheet, frame: Frame, at: int, one: PastDate) -> None:
    look, x = sheet.look, frame.x(at)
    half = min(9.0, 0.34 * frame.pitch)
    if one.low is not None and one.high is not None:
        sheet.rule(x, frame.y(one.low), x, frame.y(one.high), look.moved, thick=1.6)
        for end in (one.low, one.high):
            sheet.rule(x - half / 2, frame.y(end), x + half / 2, frame.y(end), look.moved, thick=1.6)
    middle = frame.y(one.expected or 0.0)
    sheet.rule(x - half, middle, x + half, middle, look.moved, thick=3)


def _draw_numbers(sheet: Sheet, frame: Frame, tested: Sequence[PastDate]) -> None:
    """Write what came outside of a range on the side that is free, where its column has room."""
    for at, one in enumerate(tested):
        text = _whole(one.actual)
        if not one.is_outside or width_of(text, SMALL, bold=True) + 6 > frame.pitch:
            continue
        is_above = one.high is not None and one.actual > one.high
        place = frame.y(one.actual) + (-13 if is_above else 21)
        if place <= frame.top + frame.height - 2:  # what came is 0 where there is no room below
            sheet.text(frame.x(at), place, text, align="center", bold=True)


def _draw_key(sheet: Sheet, sure: str, is_band: bool, has_outside: bool) -> float:
    """Say what the marks are; return where that ends."""
    look = sheet.look
    at, y = 0.0, 0.0
    words = [
        tr("expected, with its {sure}", sure=sure),
        tr("came"),
        *([tr("came, outside the range")] if has_outside else []),
    ]
    for place, word in enumerate(words):
        needed = 26 + width_of(word, SMALL) + 18
        if at and at + needed - 18 > sheet.width:
            at, y = 0.0, y + 20
        if place == 0:
            if is_band:
                sheet.bar(at, y, 18, 12, look.moved, opacity=_BAND)
            else:
                for end in (y, y + 12):
                    sheet.rule(at + 6, end, at + 12, end, look.moved)
                sheet.rule(at + 9, y, at + 9, y + 12, look.moved)
            sheet.rule(at, y + 6, at + 18, y + 6, look.moved, thick=3)
        else:
            if place == 2:
                sheet.point(at + 9, y + 6, look.ink, hollow=True, size=150)
            sheet.point(at + 9, y + 6, look.won, size=50)
        sheet.text(at + 26, y + 10, word, colour=look.quiet)
        at += needed
    return y + 20


def _tick(value: float) -> str:
    return brief(value) if value == round(value) else f"{value:g}"
