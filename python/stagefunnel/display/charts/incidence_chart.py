"""The chart of cumulative incidence: what becomes of items by each age, though some are still open."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ...tables.schema import INCIDENCE
from ...words import Language, Noun, Words, mark, tr
from ..incidence_sentences import answer_of_rows, incidence_title, of_incidence, told_cause
from ..numbers import counted, length, percent, percents, plural, so_many
from ..period_sentences import NameOf
from ..sentences import stage_namer
from ..things import thing_of
from .age_frame import FAINT, HEIGHT, AgeFrame, draw_age_frame
from .canvas import Canvas
from .frame import columns_for, spread_out
from .lengths import LengthAxis, length_axis_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL, Meaning, ThemeName, inert

_MOST_GROUPS, _MOST_CAUSES, _LEAST_PANEL, _DOTS = 12, 6, 380, 10
_BAND: Final = 0.28  # opacity of bounds
_OTHERS: Final = {"moved_out": mark("moved to another pipeline"), "reached": mark("reached it")}
_WORDS: Final = Words({"won": mark("won"), "lost": mark("lost"), **_OTHERS})


@dataclass(frozen=True)
class Curve:
    """What happens to items, as a share of all by each age.

    Attributes
    ----------
    name, meaning
        What people read for it, and what it means.
    shares, low, high, naive, events
        At each age its incidence with bounds, what is counted so far, and what happened since the age before.
    """

    name: str
    meaning: Meaning
    shares: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    naive: Sequence[float]
    events: Sequence[int]


@dataclass(frozen=True)
class Group:
    """The curves of one group, at the ages up to which its items were watched.

    Attributes
    ----------
    name, answer
        The group, and the sentence about it.
    ages, texts
        The ages as numbers, and as people read them.
    horizon
        The last of the ages that enough of its items could have; below zero where there is none.
    curves
        That of the title comes first.
    """

    name: str
    answer: str
    ages: Sequence[float]
    texts: Sequence[str]
    horizon: float
    curves: Sequence[Curve]

    @property
    def rising(self) -> list[Curve]:
        """Curves that are stacked from the bottom up."""
        return [curve for curve in self.curves if curve.meaning not in ("lost", "skipped")]

    @property
    def hanging(self) -> list[Curve]:
        """Curves that hang from the top: losses, and what left the pipeline."""
        return [curve for curve in self.curves if curve.meaning in ("lost", "skipped")]


def plot_incidence(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw how many items are won, still open and lost by each age, with the bounds of both.

    The dotted line is the share that is counted so far, which takes every open item for one that is never
    won. Beyond the horizon too few items are old enough, and the areas are faint.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.cumulative_incidence`, with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        One panel per group, all on one scale of ages. Of more than six things that can happen the rarest
        are drawn as one.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_incidence
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.cumulative_incidence(shop.log, shop.pipeline, times=["30d", "60d", "90d"])
    >>> plot_incidence(table).to_dict()["title"]["text"]
    ['40% of created items are won within 90 d (37–42%). So far: 38%.']
    """
    canvas = Canvas.of(table, INCIDENCE, "cumulative_incidence()", theme, sort=False)
    remembered = canvas.remembered
    name_of = stage_namer(remembered.get("names", {}))
    axis = length_axis_of([canvas.table["time"].max()], remembered.get("working_day"))
    told = told_cause(canvas.table, remembered)
    groups = [
        group_of(name, rows, told, axis, name_of, remembered) for name, rows in canvas.groups(_MOST_GROUPS)
    ]
    found = of_incidence(canvas.table, name_of, remembered)
    plain = canvas.titled(incidence_title(remembered))
    is_finding = not canvas.by and groups[0].answer
    title = groups[0].answer if is_finding else plain
    own = {
        tr("{name}: {answer}", name=group.name, answer=group.answer) if canvas.by else group.answer
        for group in groups
    }
    below = [*([plain] if is_finding else []), *(line for line in found if line not in own)]
    below += _about(groups, canvas.by, remembered)
    since = tr("since it was entered") if remembered.get("clock") == "stage" else tr("since creation")
    confidence = float(remembered.get("confidence", 0.95))
    return canvas.drawn(
        lambda sheet: _draw(sheet, groups, f"{axis.title or 'age'} {since}", confidence),
        title,
        below,
        width=width,
        of_panels=[(group.name, group.answer) for group in groups if canvas.by],
    )


def group_of(
    name: str,
    rows: pd.DataFrame,
    told: Hashable,
    axis: LengthAxis,
    name_of: NameOf,
    remembered: Mapping[str, Any],
) -> Group:
    """Read the curves of one group, up to the last age that is known; `told` is the cause of the title."""
    causes = sorted(dict.fromkeys(rows["cause"].tolist()), key=lambda cause: cause != told)
    parts = {cause: rows[rows["cause"] == cause].sort_values("time", kind="stable") for cause in causes}
    first = parts[causes[0]]
    known = first["open"].notna().to_numpy()
    times = first["time"][known]
    firm = times[~first["beyond_horizon"][known].astype(bool)]
    working_day = remembered.get("working_day")
    curves = [
        Curve(
            _WORDS.get(str(cause), name_of(cause)),
            _meaning_of(cause, remembered),
            part["incidence"][known].tolist(),
            part["incidence_low"][known].tolist(),
            part["incidence_high"][known].tolist(),
            part["naive"][known].tolist(),
            part["events"][known].tolist(),
        )
        for cause, part in parts.items()
        if len(part) == len(known)
    ]
    return Group(
        inert(name),
        answer_of_rows(first, name_of, remembered),
        [axis.of(time) for time in times],
        [length(time, working_day) for time in times],
        axis.of(firm.iloc[-1]) if len(firm) else -1.0,
        _with_the_rest(curves),
    )


def _meaning_of(cause: Hashable, remembered: Mapping[str, Any]) -> Meaning:
    if remembered.get("clock") == "stage":
        is_won = str(cause) in remembered.get("won", ())
        return "won" if is_won else "lost" if str(cause) in remembered.get("lost", ()) else "moved"
    known: dict[str, Meaning] = {"won": "won", "lost": "lost", "moved_out": "skipped"}
    return known.get(str(cause), "moved")


def _with_the_rest(curves: Sequence[Curve]) -> list[Curve]:
    """Add up the rarest of many curves of one meaning."""
    made: list[Curve] = []
    for meaning in dict.fromkeys(curve.meaning for curve in curves):
        own = [curve for curve in curves if curve.meaning == meaning]
        if len(own) > _MOST_CAUSES:
            most = sorted(own, key=lambda curve: -sum(curve.events))
            kept = most[: _MOST_CAUSES - 1]
            rest = [curve for curve in own if curve not in kept]
            nothing = [float("nan")] * len(rest[0].shares)
            sums = [[*map(sum, zip(*(one.shares for one in rest), strict=True))]]
            sums += [[*map(sum, zip(*(one.naive for one in rest), strict=True))]]
            events = [*map(sum, zip(*(one.events for one in rest), strict=True))]
            own = [curve for curve in own if curve in kept]
            own.append(
                Curve(so_many("{n} others", len(rest)), meaning, sums[0], nothing, nothing, sums[1], events)
            )
        made += own
    return made


def _about(groups: Sequence[Group], by: Sequence[str], remembered: Mapping[str, Any]) -> list[str]:
    """Say how many items the curves are of, and where their horizon is."""
    n, still_open = remembered.get("n", ()), remembered.get("n_open", ())
    thing = Noun.of("visit") if remembered.get("clock") == "stage" else thing_of(remembered)
    things = plural(thing)
    sentences = []
    if n:
        sentences.append(", ".join([counted(sum(n), thing), so_many("{n} of them open", sum(still_open))]))
    if any(group.ages and group.ages[-1] > group.horizon for group in groups):
        sentences.append(tr("Faint: fewer than 10 {things}, or 5% of them, are old enough", things=things))
    return sentences


def _draw(sheet: Sheet, groups: Sequence[Group], title: str, confidence: float) -> None:
    longest = max([group.ages[-1] for group in groups if group.ages] + [0.0])
    y = _draw_key(sheet, confidence) + 4
    columns, wide = columns_for(sheet, len(groups), _LEAST_PANEL)
    high = HEIGHT if len(groups) == 1 else 0.7 * HEIGHT
    words = {group.name: _end_words(group) for group in groups}
    widest = [width_of(word, SMALL, bold=True) for of_group in words.values() for word, *_ in of_group]
    right = min(max([*widest, 40.0]) + 14, 0.36 * wide)
    for first in range(0, len(groups), columns):
        ends = []
        for at, group in enumerate(groups[first : first + columns]):
            x = at * (wide + 28)
            answer = [group.answer] if group.name and group.answer else []
            top = sheet.heading(x, y, group.name, answer, wide) + 4 if group.name else y
            frame, end = draw_age_frame(sheet, x, top, wide, high, longest=longest, title=title, right=right)
            _draw_group(sheet, frame, group)
            _draw_ends(sheet, frame, words[group.name], right)
            ends.append(end)
        y = max(ends) + 16


def _draw_key(sheet: Sheet, confidence: float) -> float:
    look = sheet.look
    sheet.line([(0, 6), (22, 6)], look.ink, thick=1.6, dotted=True)
    wide = 28 + sheet.text(28, 10, tr("counted so far"), colour=look.quiet) + 18
    sheet.bar(wide, 0, 22, 12, look.ink, edge=look.paper, opacity=_BAND)
    sheet.text(wide + 28, 10, tr("bounds of {confidence}", confidence=percent(confidence)), colour=look.quiet)
    return 20


def _draw_group(sheet: Sheet, frame: AgeFrame, group: Group) -> None:
    look = sheet.look
    ages = [0.0, *group.ages]
    if len(ages) < 2:
        sheet.text(
            frame.left + frame.width / 2,
            frame.top + frame.height / 2,
            tr("nothing is known yet"),
            align="center",
            colour=look.quiet,
        )
        return
    lower = [0.0] * len(ages)
    upper = [1.0] * len(ages)
    for curve in group.rising:
        edge = [low + share for low, share in zip(lower, [0.0, *curve.shares], strict=True)]
        _fill(sheet, frame, group, ages, lower, edge, look.colour(curve.meaning))
        lower = edge
    for curve in group.hanging:
        edge = [high - share for high, share in zip(upper, [0.0, *curve.shares], strict=True)]
        _fill(sheet, frame, group, ages, edge, upper, look.colour(curve.meaning))
        upper = edge
    _fill(sheet, frame, group, ages, lower, upper, look.open)
    for curves, is_hanging in ((group.rising, False), (group.hanging, True)):
        _part(sheet, frame, ages, curves, is_hanging=is_hanging)
        if curves:
            _draw_bounds(sheet, frame, group, curves[0], is_hanging=is_hanging)
    if group.rising:
        first = group.rising[0]
        points = [(frame.x(age), frame.y(share)) for age, share in zip(group.ages, first.naive, strict=True)]
        sheet.line([(frame.x(0), frame.y(0)), *points], look.ink, thick=1.8, dotted=True)
    if 0 <= group.horizon < ages[-1]:
        x = frame.x(group.horizon)
        sheet.rule(x, frame.top, x, frame.top + frame.height, look.quiet, thick=1.2)
    _draw_dots(sheet, frame, group)


def _fill(
    sheet: Sheet,
    frame: AgeFrame,
    group: Group,
    ages: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    colour: str,
) -> None:
    """Fill an area, faint behind the horizon."""
    edges = [
        (frame.x(age), frame.y(high), frame.y(low)) for age, low, high in zip(ages, lower, upper, strict=True)
    ]
    within = sum(age <= group.horizon for age in ages)
    if within > 1:
        sheet.area(edges[:within], colour)
    if within < len(edges):
        sheet.area(edges[max(0, within - 1) :], colour, opacity=FAINT)


def _part(
    sheet: Sheet, frame: AgeFrame, ages: Sequence[float], curves: Sequence[Curve], *, is_hanging: bool
) -> None:
    """Part areas of one colour that touch by a thin line in the colour of the paper."""
    edge = [0.0] * len(ages)
    for curve in curves[:-1]:
        edge = [at + share for at, share in zip(edge, [0.0, *curve.shares], strict=True)]
        places = [1 - at for at in edge] if is_hanging else edge
        points = [(frame.x(age), frame.y(at)) for age, at in zip(ages, places, strict=True)]
        sheet.line(points, sheet.look.paper, thick=1.2)


def _draw_bounds(sheet: Sheet, frame: AgeFrame, group: Group, curve: Curve, *, is_hanging: bool) -> None:
    """Draw the bounds of the curve that touches the edge, where they are known."""
    edges = []
    for age, low, high in zip(group.ages, curve.low, curve.high, strict=True):
        if pd.isna(low) or pd.isna(high):
            continue
        ends = (1 - low, 1 - high) if is_hanging else (high, low)
        edges.append((frame.x(age), frame.y(ends[0]), frame.y(ends[1])))
    if len(edges) > 1:
        sheet.area(edges, sheet.look.ink, opacity=_BAND)


def _draw_dots(sheet: Sheet, frame: AgeFrame, group: Group) -> None:
    """Put dots on the first curve, which show all numbers of their age where people point at them."""
    if not group.rising:
        return
    first = group.rising[0]
    step = max(1, -(-len(group.ages) // _DOTS))
    for at in range(len(group.ages) - 1, -1, -step):
        about = {"age": group.texts[at]}
        for curve in group.curves:
            bounds = ""
            if not pd.isna(curve.low[at]) and not pd.isna(curve.high[at]):
                bounds = f" ({percents(curve.low[at], curve.high[at])})"
            about[curve.name] = f"{percent(curve.shares[at])}{bounds}"
        about["open"] = percent(max(0.0, 1 - sum(curve.shares[at] for curve in group.curves)))
        about[tr("{name}, counted so far", name=first.name)] = percent(first.naive[at])
        is_faint = group.ages[at] > group.horizon
        place = (frame.x(group.ages[at]), frame.y(first.shares[at]))
        sheet.point(*place, sheet.look.ink, about, hollow=is_faint, size=16)


def _end_words(group: Group) -> list[tuple[str, float, Meaning, bool]]:
    """Name each area with its share at the end: the words, where, the meaning, whether it is the finding."""
    if not group.ages:
        return []
    firm = [at for at, age in enumerate(group.ages) if age <= group.horizon]
    at = firm[-1] if firm else len(group.ages) - 1
    words: list[tuple[str, float, Meaning, bool]] = []
    lower, upper = 0.0, 1.0
    for place, curve in enumerate(group.rising):
        share = curve.shares[at]
        words.append((f"{percent(share)} {curve.name}", lower + share / 2, curve.meaning, place == 0))
        lower += share
    for curve in group.hanging:
        share = curve.shares[at]
        words.append((f"{percent(share)} {curve.name}", upper - share / 2, curve.meaning, False))
        upper -= share
    still_open = max(0.0, upper - lower)
    words.append(
        (tr("{still_open} open", still_open=percent(still_open)), (lower + upper) / 2, "open", False)
    )
    return [word for word in words if word[-1] or not word[0].startswith("0%")]


def _draw_ends(
    sheet: Sheet, frame: AgeFrame, words: Sequence[tuple[str, float, Meaning, bool]], right: float
) -> None:
    look = sheet.look
    places = [frame.y(share) + 4 for _, share, *_ in words]
    moved = spread_out(places, 14, frame.top + 6, frame.top + frame.height)
    for y, (word, _, meaning, is_finding) in zip(moved, words, strict=True):
        ink = {"won": look.won_ink, "lost": look.lost_ink}.get(meaning, look.quiet)
        x = frame.left + frame.width + 8
        sheet.text(x, y, word, colour=ink, bold=is_finding, room=right - 8)
