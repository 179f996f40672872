"""The tiles of the first screen: five numbers, each with its change since the period before."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from ..display.numbers import (
    NOTHING,
    change,
    count,
    counted,
    length,
    number,
    percent,
    percents,
    plural,
    points,
    so_many,
    without_points,
)
from ..display.period_rows import PeriodRows
from ..display.unlike import AGE, FEW, Side, listed, unlike_notes
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.compared_periods import with_period_before
from ..questions.stages.key_numbers import changes, key_numbers
from ..tables.labels import period_label
from ..tables.options import BasisName
from ..times.periods import PeriodLike
from ..words import Noun, Words, begins, mark, tr, trc, trs
from ..words.forms import continued
from ..working_hours import WorkingHours
from .page import Tile

_SURE: Final = 0.95
_NAMES: Final = Words(
    {
        "won": mark("won"),
        "amount_won": mark("won, in money"),
        "lost": mark("lost"),
        "open": mark("open"),
        "win_rate": mark("win rate"),
        "median": mark("median time to win"),
    }
)
# A period is nearly empty that has less than a tenth of what the median period has, or than a fiftieth of
# what that of the median item has: of a log that goes on with stragglers for months, most periods are empty.
_NEARLY_EMPTY: Final = 0.1
_STRAGGLERS: Final = 0.02
_NOT_CLEAR: Final = mark("no clear change")


@dataclass(frozen=True)
class Tiles:
    """The tiles, and what of their changes is more than chance, as sentences with their effects.

    `whole` has the numbers themselves, of all that the page is about; `periods` are those that are compared,
    the later one first, each with its name.
    """

    tiles: list[Tile]
    whole: pd.Series
    note: str = ""
    clear: list[tuple[str, float]] = field(default_factory=list)
    periods: list[tuple[PeriodLike, str]] = field(default_factory=list)


@dataclass(frozen=True)
class TileChanges:
    """What is said of each tile since the period before, and whether it is clear; why not, where it is not.

    `rows` have the numbers of what is compared, by their names.
    """

    texts: list[tuple[str, bool]]
    note: str
    rows: dict[str, pd.Series]


def tiles_of(
    log: StageLog,
    pipeline: Pipeline,
    trend: pd.DataFrame | None,
    *,
    period: PeriodLike | None,
    basis: BasisName,
    money: Mapping[str, Any],
    calendar: WorkingHours | None,
    scope: Mapping[str, Any],
) -> Tiles:
    """Count the numbers of the tiles, and compare them with those of the period before where they can be.

    Parameters
    ----------
    log, pipeline
        The stage history, as the conditions of the page leave it, and the stages.
    trend
        The trend of the page, which has the periods to compare where the page has none of its own.
    period, basis
        Those of the page.
    money, calendar, scope
        Options about amounts; the working hours; ``unlisted``, ``missing`` and ``as_of``.
    """
    options: dict[str, Any] = {"basis": basis, "confidence": _SURE, "scope": scope}
    options |= {"money": money, "calendar": calendar}
    whole = key_numbers(log, pipeline, [period], **options).iloc[0]
    words = _words(pipeline, basis, calendar, is_whole=period is None)
    shown = _shown(whole, basis)
    compared, few = _compared(log, period, trend)
    if not compared:
        return Tiles([words.tile(name, whole, "") for name in shown], whole)
    periods, (now, before) = [one for one, _ in compared], [name for _, name in compared]
    both = key_numbers(log, pipeline, periods, **options)
    found = _changes(both, (now, before), words, basis)
    pairs = zip(shown, found.texts, strict=True)
    tiles = [words.tile(name, whole, text, is_clear=is_clear) for name, (text, is_clear) in pairs]
    clear = [
        (words.finding(name, row, now, before), _effect(row))
        for name, row in found.rows.items()
        if bool(row["clear"])
    ]
    return Tiles(tiles, whole, " ".join(filter(None, (few, found.note))), clear, compared)


def _changes(
    both: pd.DataFrame, names: tuple[str, str], words: _Words, basis: BasisName, n_choices: int = 1
) -> TileChanges:
    """Compare the numbers of two periods, the later one first, where these are alike."""
    table = changes(both, _SURE, n_choices)
    sides = [_side(name, both.iloc[at], basis) for at, name in enumerate(names)]
    notes = unlike_notes(sides, {}, things=tr("closed items"))
    texts: list[tuple[str, bool]] = []
    rows: dict[str, pd.Series] = {}
    for name in _shown(both.iloc[0], basis):
        row: pd.Series = table.T[name]
        is_compared = words.has(name) and not any(_is_about(note, name) for note in notes)
        texts.append((words.changed(name, row, *names), bool(row["clear"])) if is_compared else ("", False))
        rows |= {name: row} if is_compared else {}
    note = tr("; ").join(map(continued, notes))
    return TileChanges(texts, tr("Not compared: {note}.", note=note) if note else "", rows)


def changes_of_choice(
    both: pd.DataFrame,
    names: tuple[str, str],
    pipeline: Pipeline,
    *,
    basis: BasisName,
    calendar: WorkingHours | None,
    n_choices: int,
) -> TileChanges:
    """Compare the numbers of what a reader chose, one of so many choices, in two periods."""
    return _changes(both, names, _words(pipeline, basis, calendar, is_whole=False), basis, n_choices)


def number_tiles(
    row: pd.Series, pipeline: Pipeline, *, basis: BasisName, is_whole: bool, calendar: WorkingHours | None
) -> list[Tile]:
    """Make the tiles of some key numbers, without changes."""
    words = _words(pipeline, basis, calendar, is_whole=is_whole)
    return [words.tile(name, row, "") for name in _shown(row, basis)]


def _shown(row: pd.Series, basis: str) -> list[str]:
    """List the five numbers; money takes the place of the number of won items, where there is any."""
    return [
        "created",
        "amount_won" if "amount_won" in row else "won",
        "win_rate",
        "lost" if basis == "closed" else "open",
        "median",
    ]


def _is_about(note: str, name: str) -> bool:
    """Check whether a note about two periods forbids to compare a number of them.

    How old items are says nothing about how many were created, and few closed ones are counted all the same.
    """
    if begins(note, FEW):
        return name in ("win_rate", "median")
    return name != "created" or not begins(note, AGE)


def _compared(
    log: StageLog, period: PeriodLike | None, trend: pd.DataFrame | None
) -> tuple[list[tuple[PeriodLike, str]], str]:
    """Choose the two periods: that of the page and the one before, or the last two that are over.

    An export often ends in periods that are nearly empty: these are passed over, which a sentence says.
    """
    if period is not None:
        return [*with_period_before(log, period)], ""
    if trend is None:
        return [], ""
    rows = PeriodRows.of(trend)
    partial = {*map(period_label, trend.attrs["stagefunnel"].get("partly_covered", ()))}
    # Items that are too recent to be followed are in no base of the trend, and make no period empty.
    counts = [name for name in ("base", "too_recent") if name in trend.columns]
    base = dict(zip(rows.names, map(sum, zip(*map(rows.of_first, counts), strict=True)), strict=True))
    least, usual = least_items([n for name, n in base.items() if name not in partial])
    pairs = [
        (now, before)
        for now, before in itertools.pairwise(reversed(rows.names))
        if now not in partial and before not in partial
    ]
    filled = [pair for pair in pairs if min(base[name] for name in pair) >= least]
    if not pairs:
        return [], ""
    chosen = (filled or pairs)[0]
    after = rows.names[rows.names.index(chosen[0]) + 1 :]
    few = [name for name in after if name not in partial and base[name] < least]
    now, before = chosen
    said = ""
    if few:
        named = listed([f"{name} ({counted(base[name], 'item')})" for name in few])
        said = tr(
            "Nearly empty: {listed}, where {usual} are usual; {now} is compared with {before}.",
            listed=named,
            usual=count(usual),
            now=now,
            before=before,
        )
    return [(now, now), (before, before)], said


def least_items(bases: Sequence[int]) -> tuple[float, float]:
    """Return how many items a period has that is not nearly empty, and how many are usual.

    Examples
    --------
    >>> least_items([20, 40, 80, 1, 1])
    (2.0, 20.0)
    >>> least_items([9000, 8000, 7000, 6, 12, 15, 40])  # most periods are of stragglers
    (160.0, 8000.0)
    """
    if not bases:
        return 0.0, 0.0
    ordered = np.sort(np.asarray(bases, dtype=np.float64))[::-1]
    of_median_item = float(ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)])
    median = float(np.median(ordered))
    return max((_NEARLY_EMPTY * median, median), (_STRAGGLERS * of_median_item, of_median_item))


def _side(name: str, row: pd.Series, basis: str) -> Side:
    """Say how large and how old the items of a period are; what closes in it is of one age."""
    is_aged = basis == "created"
    n_open = int(row["open"]) if is_aged else None
    items = int(row["created"]) if is_aged else None
    return Side(name, int(row["closed"]), n_open, bool(row["is_partial"]), items)


def _words(pipeline: Pipeline, basis: str, calendar: WorkingHours | None, *, is_whole: bool) -> _Words:
    return _Words(basis, is_whole, None if calendar is None else float(calendar.day), bool(pipeline.lost))


@dataclass(frozen=True)
class _Words:
    """What people read on a tile.

    Attributes
    ----------
    basis, is_whole
        What the items of the page are, and whether it is about the whole log.
    working_day
        The seconds of a working day, if times are measured in working hours.
    can_lose
        Whether the pipeline has a lost stage: without one every closed item is won, and a win rate of 100%
        would say nothing.
    """

    basis: str
    is_whole: bool
    working_day: float | None
    can_lose: bool

    def has(self, name: str) -> bool:
        """Check whether a number says something."""
        return self.can_lose or name != "win_rate"

    def tile(self, name: str, row: pd.Series, text: str, *, is_clear: bool = False) -> Tile:
        """Make the tile of a number; that of money has the number of deals beside it."""
        if not self.has(name):
            return Tile(self.called(name), NOTHING, tr("no lost stage: what is not won is open"))
        value, detail = self._value(name, row[name]), ""
        if name == "win_rate":
            low, high = row["win_rate_low"], row["win_rate_high"]
            detail = (
                ""
                if pd.isna(low)
                else trs(
                    "{share} of {closed} closed",
                    row["closed"],
                    share=percents(low, high),
                    closed=count(row["closed"]),
                )
            )
        elif name == "median":
            low, high = (length(row[f"median_{side}"], self.working_day) for side in ("low", "high"))
            detail = f"{low} – {high}" if NOTHING not in (low, high) else ""
            if not pd.isna(row[name]) and row[name] == row[name] - row[name]:
                detail = tr("half of them or more were won as soon as they were entered")
        elif name == "amount_won":
            detail = so_many("{n} won", row["won"])
        return Tile(self.called(name), value, detail, text, is_clear)

    def called(self, name: str) -> str:
        """Name a number."""
        if name == "created":
            if self.is_whole and self.basis != "closed":
                return plural(Noun.of("item"))
            return trc("tile", "closed") if self.basis == "closed" else trc("tile", "created")
        return _NAMES[name]

    def changed(self, name: str, row: pd.Series, now: str, before: str) -> str:
        """Say what a number is in a period, what it was in the one before, and whether chance makes that."""
        value, was = (self._value(name, row[side]) for side in ("now", "before"))
        text = tr("{value} in {now}, {was} in {before}", value=value, now=now, was=was, before=before)
        found = self._difference(name, row)
        if not found:
            return text
        plainly = tr("{text}: {not_clear}", text=text, not_clear=tr(_NOT_CLEAR))
        if pd.isna(row["low"]):
            return f"{text} ({found})" if name != "median" or row["clear"] else plainly
        if not row["clear"] and (row["low"] > 0 or row["high"] < 0):
            return plainly  # clear alone, and not among all that is tested: bounds would say the contrary
        bounds = self._bounds(name, row)
        return (
            f"{text} ({found}, {bounds})"
            if row["clear"]
            else tr("{text}: {not_clear} ({bounds})", text=text, not_clear=tr(_NOT_CLEAR), bounds=bounds)
        )

    def finding(self, name: str, row: pd.Series, now: str, before: str) -> str:
        """Say a change that is more than chance."""
        called = trc("tile", "created") if name == "created" and self.basis != "closed" else self.called(name)
        return tr(
            "{called}: {changed}",
            called=f"{called[:1].upper()}{called[1:]}",
            changed=self.changed(name, row, now, before),
        )

    def _value(self, name: str, value: Any) -> str:
        if name == "win_rate":
            return percent(value)
        if name == "median":
            return length(value, self.working_day)
        return number(value) if name == "amount_won" else count(value)

    def _difference(self, name: str, row: pd.Series) -> str:
        if pd.isna(row["change"]):
            return ""
        if name == "win_rate":
            return points(row["change"])
        if name == "median":
            longer = row["now"] > row["before"]
            return tr("longer") if longer else tr("shorter")
        return change(row["change"])

    def _bounds(self, name: str, row: pd.Series) -> str:
        low, high = row["low"], row["high"]
        if name == "win_rate":
            return tr("{low} to {high}", low=without_points(points(low)), high=points(high))
        return (
            tr("{low} to {high}", low=change(low), high=change(high))
            if math.isfinite(high)
            else tr("at least {low}", low=change(low))
        )


def _effect(row: pd.Series) -> float:
    """Return the least that a change may well be, as a share."""
    if pd.isna(row["low"]):
        return abs(float(row["now"] / row["before"] - 1)) if row["before"] else 1.0
    return min(abs(float(row["low"])), abs(float(row["high"])), 1.0)
