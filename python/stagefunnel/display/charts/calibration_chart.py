"""The chart of calibration: whether of the items with a chance of 70% about 70% were won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ...errors import SchemaError
from ...tables.schema import BACKTEST
from ...words import Language, tr, trn, trs
from ..cells import between
from ..extremes import with_ties
from ..numbers import count, counted, percent
from ..things import things_of
from ..unlike import LEAST_BASE
from .canvas import Canvas
from .frame import Frame, draw_frame
from .intervals import draw_upright
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, ThemeName

_HIGH: Final = 300
_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_N_CLASSES: Final = 10

_Class = Mapping[str, Any]


def plot_calibration(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw whether chances held: the share that was won of the items that had a chance of about as much.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.backtest`, with all of its dates.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        A dot for each of ten classes of chances, with its interval: on the dashed line as many were won as
        expected. Classes of fewer than 30 items are faint, and the title is not about them.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows, lacks some of its dates or does not remember its
        chances.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_calibration
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.backtest(shop.log, shop.pipeline, every="quarter", horizon="60d")
    >>> plot_calibration(table).to_dict()["title"]["text"][0][:29]
    'Chances held in 2 of 3 classe'
    """
    canvas = Canvas.of(table, BACKTEST, "backtest()", theme)
    canvas.refuse_groups("a chart of chances")
    remembered = canvas.remembered
    if "calibration" not in remembered:
        raise SchemaError(
            "the table does not remember the chances of its items, which a file does not keep; draw it as "
            "backtest() gives it"
        )
    if len(canvas.table) != remembered.get("rows"):
        raise SchemaError(
            f"the table has {count(len(canvas.table))} of {count(remembered['rows'])} dates, and its chances "
            "are those of all of them; draw the whole table, or name the dates in backtest(dates=…)"
        )
    classes: Sequence[_Class] = remembered["calibration"]
    title, below = _finding(classes, remembered)
    return canvas.drawn(lambda sheet: _draw(sheet, classes), title, below, width=width)


def _is_firm(one: _Class) -> bool:
    return bool(one["items"] >= LEAST_BASE)


def _is_off(one: _Class) -> bool:
    return not one["won_low"] <= one["expected"] <= one["won_high"]


def _finding(classes: Sequence[_Class], remembered: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Say in how many classes as many were won as expected, and where it was furthest from that."""
    things, sure = things_of(remembered), percent(float(remembered["confidence"]))
    firm = [one for one in classes if _is_firm(one)]
    off = [one for one in firm if _is_off(one)]
    below = [
        tr(
            "Open {things} of {dates}, by the chance that the forecast gave: the share that was won within "
            "{horizon}",
            things=things,
            dates=counted(remembered["rows"], "past date"),
            horizon=remembered["horizon"],
        )
    ]
    if not firm:
        title = tr(
            "Too early to tell whether the chances held: no class has {least_base} {things}",
            least_base=LEAST_BASE,
            things=things,
        )
    elif not off:
        title = tr("As many were won as the chances said, within chance")
        title += tr(", in all {firm} classes", firm=len(firm)) if len(firm) > 1 else ""
    else:
        worst = max(off, key=lambda one: abs(one["won"] - one["expected"]))
        bounds = between(percent, worst["won_low"], worst["won_high"])
        offs = pd.Series([abs(one["won"] - one["expected"]) for one in off])
        title = tr(
            "Chances held in {firm} of {firm_2} classes; furthest off: of those given "
            "{expected}, {won} were won {bounds}",
            firm=len(firm) - len(off),
            firm_2=len(firm),
            expected=percent(worst["expected"]),
            won=percent(worst["won"]),
            bounds=bounds,
        )
        title = with_ties(title, offs)
        by_chance = percent(1 - float(remembered["confidence"]))
        below.append(
            tr(
                "Where all chances are right, about {by_chance} of the classes are off by chance alone",
                by_chance=by_chance,
            )
        )
    below.append(
        tr(
            "Thin lines with ends: {sure} intervals; {things} open at several dates count there as one",
            sure=sure,
            things=things,
        )
    )
    below += _not_drawn(remembered.get("too_old", {}), tr("too old to forecast"))
    below += _not_drawn(
        remembered.get("not_won_before", {}), tr("of stages from which nothing had been won yet")
    )
    return title, below


def _not_drawn(some: Mapping[str, int], what: str) -> list[str]:
    """Say of items without a chance what became of them."""
    if not some.get("n"):
        return []
    won = count(some["won"]) if some["won"] else tr("none")
    return [
        trn(
            "Not drawn: {n} {what}, of which {won} was won",
            "Not drawn: {n} {what}, of which {won} were won",
            some["won"],
            n=count(some["n"]),
            what=what,
            won=won,
        )
    ]


def _draw(sheet: Sheet, classes: Sequence[_Class]) -> None:
    look = sheet.look
    y = _draw_key(sheet, classes)
    sheet.text(0, y + 11, tr("share that was won"), colour=look.quiet)
    of_class = {round(one["from"] * _N_CLASSES): one for one in classes}
    wide = min(sheet.width, 720.0)
    frame, bottom = draw_frame(
        sheet,
        0,
        y + 14,
        wide,
        _HIGH,
        periods=[f"{10 * at}–{10 * at + 10}" for at in range(_N_CLASSES)],
        ticks=_SHARES,
        write=percent,
        bases=[of_class[at]["n"] if at in of_class else 0 for at in range(_N_CLASSES)],
    )
    sheet.text(wide, bottom + 12, tr("chance that the forecast gave, in %"), colour=look.quiet, align="right")
    right, top = frame.left + frame.width, frame.top
    sheet.line([(frame.left, top + frame.height), (right, top)], look.quiet, thick=1.4, dashed=True)
    for text, x, place, align in (
        (tr("more were won than expected"), frame.left + 10, top + 18, "left"),
        (tr("fewer were won than expected"), right - 10, top + frame.height - 10, "right"),
    ):
        sheet.text(x, place, text, colour=look.quiet, align=align)  # type: ignore[arg-type]  # one of its words
    for one in classes:
        _draw_class(sheet, frame, one)


def _draw_class(sheet: Sheet, frame: Frame, one: _Class) -> None:
    look, is_firm = sheet.look, _is_firm(one)
    colour = look.won if is_firm else look.early
    x, y = frame.left + one["expected"] * frame.width, frame.y(one["won"])
    draw_upright(sheet, x, frame.y(one["won_low"]), frame.y(one["won_high"]), colour, has_ends=True)
    if is_firm and _is_off(one):
        sheet.point(x, y, look.ink, hollow=True, size=200)
    about = {
        "chance": tr(
            "{low} to {to}, {expected} on average",
            low=percent(one["from"]),
            to=percent(one["to"]),
            expected=percent(one["expected"]),
        ),
        "won": f"{percent(one['won'])} {between(percent, one['won_low'], one['won_high'])}",
        "of": trs(
            "{n} in all, {items} different ones", one["items"], n=count(one["n"]), items=count(one["items"])
        ),
    }
    sheet.point(x, y, colour, about, hollow=not is_firm, size=80)


def _draw_key(sheet: Sheet, classes: Sequence[_Class]) -> float:
    """Say what the marks are; return where that ends."""
    look = sheet.look
    firm = [one for one in classes if _is_firm(one)]
    words = {
        tr("as many won as expected"): True,
        tr("won"): bool(firm),
        tr("off by more than chance"): any(map(_is_off, firm)),
        tr("of fewer than {least_base}", least_base=LEAST_BASE): len(firm) < len(classes),
    }
    at, y = 0.0, 0.0
    for place, (word, is_used) in enumerate(words.items()):
        if not is_used:
            continue
        needed = 28 + width_of(word, SMALL) + 18
        if at and at + needed - 18 > sheet.width:
            at, y = 0.0, y + 20
        if place == 0:
            sheet.line([(at, y + 6), (at + 20, y + 6)], look.quiet, thick=1.4, dashed=True)
        elif place == 3:
            sheet.point(at + 10, y + 6, look.early, hollow=True, size=60)
        else:
            if place == 2:
                sheet.point(at + 10, y + 6, look.ink, hollow=True, size=150)
            sheet.point(at + 10, y + 6, look.won, size=50)
        sheet.text(at + 28, y + 10, word, colour=look.quiet)
        at += needed
    return y + 22
