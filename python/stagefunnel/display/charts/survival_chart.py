"""The chart of how long things last: the share that is still there over time, though some are still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ...errors import SchemaError
from ...tables.labels import columns_before
from ...tables.schema import INCIDENCE
from ...words import Language, tr
from ..numbers import counted, length, percent, percents, so_many
from ..things import things_of
from .age_frame import FAINT, HEIGHT, AgeFrame, draw_age_frame
from .canvas import Canvas
from .frame import columns_for
from .lengths import LengthAxis, length_axis_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, ThemeName, inert

_OF_ARRAYS: Final = ("time", "at_risk", "events", "survival", "low", "high")  # of stats.kaplan_meier
_MOST_GROUPS, _LEAST_PANEL, _LEAST_AT_RISK, _DOTS = 12, 300, 10, 8
_BAND: Final = 0.22
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Lasting:
    """The curve of one group.

    Attributes
    ----------
    name
        What people read for the group.
    ages, texts
        The ages as numbers, and as people read them.
    shares, low, high
        The share that is still there at each age, with its bounds.
    is_faint
        Whether too few are that old, at each age.
    is_stepped
        Whether every age at which something ends has its row, so that the curve is flat between them.
    """

    name: str
    ages: Sequence[float]
    texts: Sequence[str]
    shares: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    is_faint: Sequence[bool]
    is_stepped: bool

    def half(self) -> int | None:
        """Return the first age at which no more than half are left; ``None`` where too few have ended."""
        return next((at for at, share in enumerate(self.shares) if share <= 0.5), None)


def plot_survival(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw which share of visits is still in a stage over time, with its bounds.

    A visit that goes on counts for as long as it was seen. What too few visits are old enough for is faint,
    and the dot on the line is where half are left.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.cumulative_incidence` with ``clock="stage"``, or of
        :func:`stagefunnel.stats.kaplan_meier`, with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        One panel per group, all on one scale, each with the lines of the others in grey.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows, is about the ages of items, or has more than 12
        groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_survival
    >>> shop = sf.datasets.furniture_shop()
    >>> days = [f"{day}d" for day in range(1, 31)]
    >>> table = sf.cumulative_incidence(
    ...     shop.log, shop.pipeline, clock="stage", stage="Discussion", times=days
    ... )
    >>> plot_survival(table).to_dict()["title"]["text"]
    ['After 7 d 49% of the visits are still in Discussion (46–52%)']
    """
    is_of_arrays = isinstance(table, pd.DataFrame) and "survival" in table.columns
    if is_of_arrays:
        canvas = Canvas.of(table, _OF_ARRAYS, "kaplan_meier()", theme, sort=False)
        stage = ""
    else:
        made_by = 'cumulative_incidence(clock="stage") or kaplan_meier()'
        canvas = Canvas.of(table, INCIDENCE, made_by, theme)
        if canvas.remembered.get("clock") != "stage":
            raise SchemaError(
                "the table is about ages since creation, which plot_incidence draws; this chart draws "
                'cumulative_incidence(clock="stage", stage=…)'
            )
        named = str(canvas.remembered.get("stage", ""))
        stage = str(canvas.remembered.get("names", {}).get(named, named))
    axis = length_axis_of([canvas.table["time"].max()], canvas.remembered.get("working_day"))
    shown = canvas.table if is_of_arrays else _of_first_cause(canvas.table, canvas.remembered)
    working_day = canvas.remembered.get("working_day")
    curves = [
        _curve_of(name, rows, axis, working_day, is_stepped=is_of_arrays)
        for name, rows in canvas.groups(_MOST_GROUPS, shown)
    ]
    where = tr("still in {stage}", stage=stage) if stage else tr("still there")
    of = tr("the visits are") if stage else tr("all are")
    answers = [_answer(curve, tr("of {of} {where}", of=of, where=where)) for curve in curves]
    since = tr("since it was entered") if stage else tr("since the start")
    plain = canvas.titled(tr("Share {where}, by time {since}", where=where, since=since))
    is_finding = not canvas.by and bool(answers[0])
    title = answers[0] if is_finding else plain
    return canvas.drawn(
        lambda sheet: _draw(sheet, curves, answers, f"{axis.title or 'time'} {since}"),
        title,
        [*([plain] if is_finding else []), *_about(curves, canvas.remembered, is_of_arrays=is_of_arrays)],
        width=width,
        of_panels=[
            tr("{name}: {answer}", name=curve.name, answer=answer)
            for curve, answer in zip(curves, answers, strict=True)
            if answer
        ]
        if canvas.by
        else [],
    )


def _of_first_cause(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Take the rows of one cause, each of which has the share still open, and the bounds of that share."""
    by = columns_before(table, "cause")
    if by:
        firsts = table.groupby(by, sort=False, dropna=False, observed=True)["cause"].transform("first")
    else:
        firsts = table["cause"].iloc[0]
    rows = table[table["cause"].astype(object) == firsts].sort_values("time", kind="stable")
    if by:
        # The groups stay in the order in which they come, each with its ages in theirs.
        group = table.groupby(by, sort=False, dropna=False, observed=True).ngroup()
        rows = rows.loc[group.loc[rows.index].sort_values(kind="stable").index]
    rows = rows.reset_index(drop=True)
    bounds = {}
    for side in ("low", "high"):
        values = remembered.get(f"open_{side}", ())
        is_whole = len(values) == len(rows) and len(table) == remembered.get("rows")
        known = [float("nan") if value is None else value for value in values]
        bounds[side] = pd.Series(known if is_whole else [float("nan")] * len(rows), dtype="float64")
    # What is remembered stands in the order of the question: of groups in another order it is of others.
    is_outside = (bounds["low"] > rows["open"] + _ROUNDING) | (bounds["high"] < rows["open"] - _ROUNDING)
    if is_outside.any():
        bounds = dict.fromkeys(bounds, pd.Series(float("nan"), index=rows.index))
    return rows.assign(survival=rows["open"], **bounds)


def _curve_of(
    name: str, rows: pd.DataFrame, axis: LengthAxis, working_day: float | None, *, is_stepped: bool
) -> Lasting:
    rows = rows[rows["survival"].notna()].sort_values("time", kind="stable")
    faint = rows["beyond_horizon"].astype(bool) if not is_stepped else rows["at_risk"] < _LEAST_AT_RISK
    shares, low, high = (rows[column].astype(float).tolist() for column in ("survival", "low", "high"))
    return Lasting(
        inert(name),
        [axis.of(time) for time in rows["time"]],
        [length(time, working_day) for time in rows["time"]],
        shares,
        low,
        high,
        is_faint=faint.tolist(),
        is_stepped=is_stepped,
    )


def _answer(curve: Lasting, what: str) -> str:
    """Say which share is still there, at the age at which half are, or at the last that is known."""
    if not curve.ages:
        return ""
    at = curve.half()
    at = len(curve.ages) - 1 if at is None else at
    sure = ""
    if not pd.isna(curve.low[at]) and not pd.isna(curve.high[at]):
        sure = f" ({percents(curve.low[at], curve.high[at])})"
    few = tr("; too few are that old to rely on it") if curve.is_faint[at] else ""
    return tr(
        "After {texts} {shares} {what}{sure}{few}",
        texts=curve.texts[at],
        shares=percent(curve.shares[at]),
        what=what,
        sure=sure,
        few=few,
    )


def _about(curves: Sequence[Lasting], remembered: Mapping[str, Any], *, is_of_arrays: bool) -> list[str]:
    n, still_open = remembered.get("n", ()), remembered.get("n_open", ())
    sentences = []
    if n:
        sentences.append(", ".join([counted(sum(n), "visit"), so_many("{n} of them go on", sum(still_open))]))
    elif remembered.get("unit"):
        sentences.append(things_of(remembered))
    if any(any(curve.is_faint) for curve in curves):
        few = tr("fewer than {least_at_risk}", least_at_risk=_LEAST_AT_RISK)
        is_old = tr("are at risk") if is_of_arrays else tr("visits, or 5% of them, are old enough")
        sentences.append(tr("Faint: {few} {is_old}", few=few, is_old=is_old))
    return sentences


def _draw(sheet: Sheet, curves: Sequence[Lasting], answers: Sequence[str], title: str) -> None:
    longest = max([curve.ages[-1] for curve in curves if curve.ages] + [0.0])
    columns, wide = columns_for(sheet, len(curves), _LEAST_PANEL)
    high = HEIGHT if len(curves) == 1 else 0.7 * HEIGHT
    y = 0.0
    for first in range(0, len(curves), columns):
        ends = []
        for at, curve in enumerate(curves[first : first + columns]):
            x = at * (wide + 28)
            answer = [answers[first + at]] if curve.name and answers[first + at] else []
            top = sheet.heading(x, y, curve.name, answer, wide) + 4 if curve.name else y
            frame, end = draw_age_frame(sheet, x, top, wide, high, longest=longest, title=title, right=10)
            for other in curves:
                if other is not curve:
                    places = _places(frame, other, other.shares)
                    sheet.line(places, sheet.look.line, thick=1.4)
            _draw_curve(sheet, frame, curve)
            ends.append(end)
        y = max(ends) + 16


def _places(frame: AgeFrame, curve: Lasting, shares: Sequence[float]) -> list[tuple[float, float]]:
    """Turn shares into places; a stepped curve is flat up to the age at which something ends."""
    return [(edge[0], edge[1]) for edge in _edges(frame, curve, shares)]


def _edges(frame: AgeFrame, curve: Lasting, *of: Sequence[float]) -> list[tuple[float, ...]]:
    """Turn shares into places; of several ages in one pixel the last one counts."""
    places = [(frame.x(age), *map(frame.y, shares)) for age, *shares in zip(curve.ages, *of, strict=True)]
    of_pixel = {round(place[0]): place for place in places}
    made: list[tuple[float, ...]] = [(frame.x(0), *(frame.y(1) for _ in of))]
    for place in of_pixel.values():
        if curve.is_stepped:
            made.append((place[0] - 0.01, *made[-1][1:]))
        made.append(place)
    return made


def _draw_curve(sheet: Sheet, frame: AgeFrame, curve: Lasting) -> None:
    look = sheet.look
    if not curve.ages:
        middle = (frame.left + frame.width / 2, frame.top + frame.height / 2)
        sheet.text(*middle, tr("nothing is known yet"), align="center", colour=look.quiet)
        return
    filled = [  # where the curve is 1 or 0 there are no bounds, and the band has no width
        [share if pd.isna(bound) else bound for share, bound in zip(curve.shares, bounds, strict=True)]
        for bounds in (curve.high, curve.low)
    ]
    band = [(x, high, low) for x, high, low in _edges(frame, curve, *filled)]
    if any(high != low for _, high, low in band):
        sheet.area(band, look.moved, opacity=_BAND)
    firm = sum(not faint for faint in curve.is_faint)
    edge = frame.x(curve.ages[firm - 1]) if firm else frame.left
    places = _places(frame, curve, curve.shares)
    within = [place for place in places if place[0] <= edge + 0.5]
    beyond = places[max(0, len(within) - 1) :]
    if len(within) > 1:
        sheet.line(within, look.moved, thick=2.6)
    if len(beyond) > 1:
        sheet.line(beyond, look.moved, thick=1.3, dashed=True)
    if firm < len(curve.ages):
        wide = frame.left + frame.width - edge
        sheet.bar(edge, frame.top, wide, frame.height, look.line, edge=look.line, opacity=FAINT / 2)
    _draw_dots(sheet, frame, curve)


def _draw_dots(sheet: Sheet, frame: AgeFrame, curve: Lasting) -> None:
    look, half = sheet.look, curve.half()
    step = max(1, -(-len(curve.ages) // _DOTS))
    shown = {*range(len(curve.ages) - 1, -1, -step), *([half] if half is not None else [])}
    for at in sorted(shown):
        x, y = frame.x(curve.ages[at]), frame.y(curve.shares[at])
        about = {"age": curve.texts[at], "still there": percent(curve.shares[at])}
        if not pd.isna(curve.low[at]) and not pd.isna(curve.high[at]):
            about["bounds"] = tr("{low} to {high}", low=percent(curve.low[at]), high=percent(curve.high[at]))
        is_half = at == half
        sheet.point(x, y, look.moved, about, hollow=curve.is_faint[at], size=60 if is_half else 16)
        if is_half:
            text = tr("half within {texts}", texts=curve.texts[at])
            wide = width_of(text, SMALL, bold=True)
            left = min(x + 10, frame.left + frame.width - wide)
            sheet.text(left, y - 10, text, bold=True)
