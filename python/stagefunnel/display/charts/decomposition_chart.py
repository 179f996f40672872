"""The chart of which step made a difference: a waterfall from one conversion to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from ...tables.schema import DECOMPOSED
from ...words import Language, beginning, tr
from ..numbers import percent, points
from ..sentences import stage_namer
from ..split_sentences import of_decomposition
from ..things import things_of
from ..titles import TITLES
from ..unlike import why_not_compared
from .canvas import Canvas, rows_of
from .frame import ticks_of
from .gaps import number_of
from .letters import width_of
from .sheet import About, Sheet
from .style import NAME, SMALL, ThemeName, inert

_ROW, _HIGH = 44, 22
_SURE: Final = 1.96  # standard errors of an interval of 95%


@dataclass(frozen=True)
class Fall:
    """A bar of the waterfall: from where it starts to where it ends.

    Attributes
    ----------
    name, detail, number
        What it is, the two conversions of the step, and how much it adds.
    start, end
        Shares between which the bar stands; those of a sum begin at nothing.
    error
        The standard error of a step's effect, where it is known.
    is_sum
        Whether it is one of the two conversions.
    """

    name: str
    detail: str
    number: str
    start: float
    end: float
    error: float | None = None
    is_sum: bool = False
    about: About = field(default_factory=dict)

    @property
    def is_clear(self) -> bool:
        """Whether the effect is further from nothing than chance takes it."""
        return self.error is None or abs(self.end - self.start) > _SURE * self.error


def plot_decomposition(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw which step made the difference of two conversions, as a waterfall from b to a.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.decompose`.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A bar for b, one for the effect of each step, which add up, and one for a. The thin line at the end of
        a step is its interval of 95%; a step whose interval has nothing in it is faint.

    Raises
    ------
    SchemaError
        If the table is of another function, or has no rows.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_decomposition
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.decompose(shop.log, shop.pipeline, a="2025-12", b="2025-10")
    >>> plot_decomposition(table).to_dict()["title"]["text"][0]
    'Ever won: 50% in 2025-12, 44% in 2025-10 (+6 points), which may be chance. The step'
    """
    canvas = Canvas.of(table, DECOMPOSED, "decompose()", theme)
    remembered = canvas.remembered
    names = canvas.names_of(canvas.stages())
    found = of_decomposition(canvas.table, stage_namer(remembered.get("names", {})), remembered)
    warned = why_not_compared(found)
    if warned:
        finding, below = warned
    else:
        starts = (
            tr("Ever won"),
            beginning("The step to {most} made the largest part of it: {most_2}."),
            beginning("The step to {against} works against it: {against_2}."),
            beginning("The steps work against each other: {parts}."),
        )
        findings = [line for line in found if line.startswith(starts)]
        finding, below = " ".join(findings), [line for line in found if line not in findings]
    below = [TITLES["decomposition"], *below]
    if "within" in remembered:
        below.append(
            tr(
                "Each of the {things} is followed for {within}",
                things=things_of(remembered),
                within=remembered["within"],
            )
        )
    falls = _falls(canvas.table, names, remembered)
    return canvas.drawn(
        lambda sheet: _draw(sheet, falls), finding or TITLES["decomposition"], below, width=width
    )


def _falls(table: pd.DataFrame, names: Mapping[Any, str], remembered: Mapping[str, Any]) -> list[Fall]:
    a, b = (inert(str(side)) for side in remembered.get("sides", ("a", "b")))
    rows = rows_of(table)
    totals = remembered.get("totals", ())
    is_whole = len(totals) == 2 and None not in totals and len(rows) == remembered.get("rows")
    at = float(totals[1]) if is_whole else 0.0
    made = []
    if is_whole:
        made.append(
            Fall(tr("ever won in {b}", b=b), "", percent(at), 0.0, at, is_sum=True, about={b: percent(at)})
        )
    for row in rows:
        effect = number_of(row["effect"])
        end = at + (effect or 0.0)
        shares = [percent(row[f"conversion_{side}"]) for side in ("a", "b")]
        error = number_of(row["effect_se"])
        about = {"step to": names[row["stage"]], a: shares[0], b: shares[1], "effect": points(row["effect"])}
        if error is not None:
            about["95%"] = tr(
                "{end} to {end_2}",
                end=points(end - at - _SURE * error),
                end_2=points(end - at + _SURE * error),
            )
        detail = tr("{shares} against {shares_2}", shares=shares[0], shares_2=shares[1])
        made.append(Fall(names[row["stage"]], detail, points(row["effect"]), at, end, error, about=about))
        at = end
    if is_whole:
        won = float(totals[0])
        made.append(
            Fall(tr("ever won in {a}", a=a), "", percent(won), 0.0, won, is_sum=True, about={a: percent(won)})
        )
    return made


def _draw(sheet: Sheet, falls: Sequence[Fall]) -> None:
    look = sheet.look
    whiskers = [one.end + side * _SURE * (one.error or 0.0) for one in falls for side in (-1, 1)]
    shares = [value for one in falls for value in (one.start, one.end)]
    ticks = ticks_of(min([*shares, *whiskers, 0.0]), max([*shares, *whiskers, 0.1]))
    names = 0.0
    numbers = max(width_of(one.number, NAME, bold=True) for one in falls) + 14
    if not sheet.is_narrow:
        widest = max(max(width_of(one.name, NAME, bold=True), width_of(one.detail, SMALL)) for one in falls)
        names = min(0.36 * sheet.width, widest + 16)
    wide = sheet.width - names - (numbers if not sheet.is_narrow else 0) - 16
    pitch = _ROW + (18 if sheet.is_narrow else 0)
    bottom = pitch * len(falls)

    def place(share: float) -> float:
        return names + 8 + wide * (share - ticks[0]) / ((ticks[-1] - ticks[0]) or 1)

    free = -1.0
    for tick in ticks:
        x = place(tick)
        strips = [(0.0, bottom)]
        if sheet.is_narrow:
            strips = [(at * pitch + 36, at * pitch + pitch) for at in range(len(falls))]
        for first, last in strips:
            sheet.rule(x, first, x, last, look.line, thick=1, grid=True)
        half = width_of(percent(tick), SMALL) / 2
        at = min(max(x, half), sheet.width - half)
        if at - half > free:
            sheet.text(at, bottom + 15, percent(tick), colour=look.quiet, align="center")
            free = at + half + 8
    for at, one in enumerate(falls):
        y = at * pitch
        _draw_fall(sheet, one, y, names, place)
        if at < len(falls) - 1 and not sheet.is_narrow:
            sheet.rule(place(one.end), y + 9 + _HIGH, place(one.end), y + pitch + 9, look.quiet, thick=1)


def _draw_fall(sheet: Sheet, one: Fall, y: float, names: float, place: object) -> None:
    assert callable(place)
    look = sheet.look
    is_strong = one.is_sum or one.is_clear
    ink = "" if is_strong else look.quiet
    if sheet.is_narrow:
        beside = sheet.width - width_of(one.number, NAME, bold=True) - 12
        sheet.text(0, y + 14, one.name, size=NAME, bold=one.is_sum, room=beside)
        sheet.text(sheet.width, y + 14, one.number, size=NAME, bold=is_strong, colour=ink, align="right")
        if one.detail:
            sheet.text(0, y + 30, one.detail, colour=look.quiet, room=sheet.width)
        top = y + 37
    else:
        line = y + (25 if not one.detail else 18)
        sheet.text(names - 8, line, one.name, size=NAME, bold=one.is_sum, align="right", room=names - 10)
        if one.detail:
            sheet.text(names - 8, y + 33, one.detail, colour=look.quiet, align="right", room=names - 10)
        sheet.text(sheet.width, y + 25, one.number, size=NAME, bold=is_strong, colour=ink, align="right")
        top = y + 9
    low, high = min(one.start, one.end), max(one.start, one.end)
    colour = look.moved if one.is_sum else look.won if one.end >= one.start else look.lost
    opacity = 1.0 if is_strong else 0.35
    wide = max(1.5, place(high) - place(low))
    sheet.bar(place(low), top, wide, _HIGH, colour, one.about, opacity=opacity)
    if one.error:
        middle, ends = top + _HIGH / 2, [one.end - _SURE * one.error, one.end + _SURE * one.error]
        sheet.rule(place(ends[0]), middle, place(ends[1]), middle, look.ink, thick=1.2)
        for end in ends:
            sheet.rule(place(end), middle - 4, place(end), middle + 4, look.ink, thick=1.2)
