"""Sentences about periods side by side: a trend, and the comparison of two periods or of two funnels.

Periods are compared only where they are alike: covered by the log as a whole, of enough items, and with items
that have had the same time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final, TypeAlias

import pandas as pd

from ..tables.labels import columns_before, group_label, period_label
from ..words import mark, tr
from ..words.forms import percent_sign, share
from .chance import TwoShares, clear_differences
from .extremes import largest
from .heads import label
from .lost_stage import can_lose
from .numbers import percent, precise_points
from .outcomes import outcomes_of_periods
from .period_rows import PeriodRows
from .standouts import are_unlike, exceeds
from .things import things_of
from .unlike import LEAST_BASE, Side, listed, unlike_notes

NameOf: TypeAlias = Callable[[Any], str]  # gives the name that people read for a stage
Series: TypeAlias = tuple[str, pd.DataFrame]  # a name and the rows of one funnel
_Remembered: TypeAlias = Mapping[str, Any]

_CHANGE: Final = mark("{now} in {last} after {before} in {first}")
TOO_FEW: Final = mark("Too few periods are covered whole, with {least_base} {things}, to compare them")
ALL_THE_SAME: Final = mark("The same share of all reached each stage.")


def of_periods(
    table: pd.DataFrame, remembered: _Remembered, name_of: NameOf, by: Sequence[str] = ()
) -> list[str]:
    """Say how what matters changed from the first period that can be compared to the last.

    With ``within=`` that is the share won of all items created in a period, else the win rate of what was
    closed in it. Where periods are unlike, sentences say so. With groups these are the only ones.
    """
    periods = PeriodRows.of(table)
    sides = sides_of_periods(periods, remembered)
    notes = unlike_notes(sides, remembered)
    if by or "kind" in table.columns:
        return notes
    if remembered.get("basis") == "created":
        within = remembered.get("within")
        if within is None:
            if sum(map(_is_of_enough, sides)) < 2:  # nor would it help to follow their items
                return [_too_few(remembered), *notes]
            return [
                tr(
                    "Not compared: younger {things} have had less time; follow all of them for the same time "
                    "(within)",
                    things=things_of(remembered),
                ),
                *notes,
            ]
        return [*_won_of_all(periods, sides, name_of, remembered), *notes]
    if not can_lose(remembered):
        return [tr("Periods have no win rate, because the pipeline has no lost stage."), *notes]
    return [*_win_rates(periods, sides, remembered), *notes]


def sides_of_periods(periods: PeriodRows, remembered: _Remembered) -> list[Side]:
    """Read the rows of each period of a trend; with groups, all groups together."""
    is_first = periods.is_of_first_stage
    bases, still_open = periods.sums("base", is_first), periods.sums("open_at")
    has_recent = "too_recent" in periods.table
    left_out = periods.sums("too_recent", is_first) if has_recent else [0] * len(bases)
    partial = {*map(period_label, remembered.get("partly_covered", ()))}
    return [
        Side(name, base, n_open, bool(recent) or name in partial)
        for name, base, n_open, recent in zip(periods.names, bases, still_open, left_out, strict=True)
    ]


def immature(sides: Sequence[Side], remembered: _Remembered) -> list[bool]:
    """Flag the periods with a larger share of open items than the earlier ones have in the middle."""
    if "within" in remembered:
        return [False] * len(sides)
    flags = []
    earlier: list[float] = []
    for side in sides:
        flags.append(bool(earlier) and exceeds(side.open_share, median(earlier)))
        if side.is_large:
            earlier.append(side.open_share)
    return flags


def comparable(sides: Sequence[Side], remembered: _Remembered) -> list[bool]:
    """Flag the periods that can be compared: covered whole, of enough items, and not too early to tell."""
    young = immature(sides, remembered)
    return [_is_of_enough(side) and not is_young for side, is_young in zip(sides, young, strict=True)]


def are_comparable(table: pd.DataFrame, remembered: _Remembered) -> bool:
    """Check whether two periods of a trend can be compared."""
    return sum(comparable(sides_of_periods(PeriodRows.of(table), remembered), remembered)) > 1


def _is_of_enough(side: Side) -> bool:
    return side.is_large and not side.is_partial


def _too_few(remembered: _Remembered) -> str:
    return tr(TOO_FEW, least_base=LEAST_BASE, things=things_of(remembered))


def _won_of_all(
    periods: PeriodRows, sides: Sequence[Side], name_of: NameOf, remembered: _Remembered
) -> list[str]:
    """Compare the share won, of all items created in a period."""
    won = periods.table[periods.table["outcome"] == "won"].drop_duplicates("period")
    share_of = dict(zip(map(period_label, won["period"]), won["conversion_from_all"], strict=True))
    shares = [
        (side.name, float(share_of[side.name]))
        for side in sides
        if side.name in share_of and side.is_large and not side.is_partial
    ]
    stage = name_of(won["stage"].iloc[0]) if len(won) else ""
    if len(shares) < 2:
        return [_too_few(remembered)]
    return [
        _change(
            tr("{stage} within {within}, of all created", stage=stage, within=remembered["within"]), shares
        )
    ]


def _win_rates(periods: PeriodRows, sides: Sequence[Side], remembered: _Remembered) -> list[str]:
    """Compare the win rate of what was closed in a period."""
    mature, with_more_open = [], []
    for side, is_immature, rate, closed in zip(
        sides, immature(sides, remembered), *win_rates(periods, remembered), strict=True
    ):
        if rate is None or (closed or 0) < LEAST_BASE or side.is_partial:
            continue
        if is_immature:
            with_more_open.append(side.name)
        else:
            mature.append((side.name, rate))
    sentences = [_change(tr("Win rate of what was closed in the period"), mature)] if len(mature) > 1 else []
    if with_more_open:
        names = listed(with_more_open)
        sentences.append(
            tr("Not compared, with more still open than in earlier periods: {names}", names=names)
        )
    return sentences


def win_rates(periods: PeriodRows, remembered: _Remembered) -> tuple[list[float | None], list[int | None]]:
    """Return the win rate of what was closed in each period, and how many items; ``None`` if unknown.

    Without a lost stage no period has a rate. Of items that are active in a period, those that are closed at
    its end were closed in it.
    """
    records = outcomes_of_periods(remembered, str(remembered.get("kind", "")), periods)
    closed = [None if record is None else record["won"] + record["lost"] for record in records]
    rates = [
        record["won"] / n if record is not None and n and can_lose(remembered) else None
        for record, n in zip(records, closed, strict=True)
    ]
    return rates, closed


def is_change(sentence: str) -> bool:
    """Check whether a sentence says what a share is in one period after another one."""
    _, between, after, *_ = re.split(r"\{\w+\}", tr(_CHANGE))
    return f"{percent_sign()}{between}" in sentence and after in sentence


def _change(what: str, of_periods: Sequence[tuple[str, float]]) -> str:
    (first, before), (last, now) = of_periods[0], of_periods[-1]
    shares = tr(
        _CHANGE,
        now=share(f"{100 * now:.1f}"),
        last=last,
        before=share(f"{100 * before:.1f}"),
        first=first,
    )
    return tr(
        "{what}: {shares} ({difference} points)",
        what=what,
        shares=shares,
        difference=precise_points(now - before),
    )


def of_series(series: Sequence[Series], name_of: NameOf) -> list[str]:
    """Say at which stage two funnels lie furthest apart; nothing of fewer or more funnels."""
    if len(series) != 2:
        return []
    (first, one), (last, other) = series
    here, there = (
        dict(zip(rows["stage"], rows["conversion_from_all"], strict=True)) for rows in (one, other)
    )
    stages = [stage for stage in here if stage in there]
    both = {name: [shares[stage] for stage in stages] for name, shares in (("here", here), ("there", there))}
    shares = pd.DataFrame(both, dtype=float).assign(stage=stages)
    known = shares.dropna(subset=["here", "there"])
    if known.empty:
        return []
    row = largest(known, (known["there"] - known["here"]).abs()).iloc[0]
    if row["there"] == row["here"]:
        return [tr(ALL_THE_SAME)]
    return [_furthest_apart(name_of(row["stage"]), (last, row["there"]), (first, row["here"]))]


def _furthest_apart(where: str, now: tuple[str, float], before: tuple[str, float]) -> str:
    there, here = (f"{percent(share)} ({name})" for name, share in (now, before))
    return tr("Furthest apart at {where}: {there}, {here}", where=where, there=there, here=here)


def series_of(comparison: pd.DataFrame) -> list[Series]:
    """Split a comparison of two periods into the funnels of each, the earlier one first."""
    now, before = map(str, comparison.attrs.get("stagefunnel", {}).get("called", ("now", "before")))
    of_both = ("reached", "conversion_from_all", "open_at", "base", "too_recent")
    names = [name for name in of_both if name in comparison]
    earlier = comparison.drop(columns=names).rename(columns={f"{name}_before": name for name in names})
    return [(before, earlier), (now, comparison)]


def of_comparison(table: pd.DataFrame, remembered: _Remembered, name_of: NameOf) -> list[str]:
    """Say at which stage two periods differ most, and in which group, if chance alone does not make that."""
    by = columns_before(table, "stage")
    if table["conversion_from_all_difference"].isna().all():
        return [tr("No stage has a share of all in both periods.")]
    series = series_of(table)
    partial = {name for name, rows in series if _is_partial(name, rows, remembered)}
    if not by:
        sides = [Side.of_rows(name, rows, remembered, is_partial=name in partial) for name, rows in series]
        return unlike_notes(sides, remembered) or _changes(table, remembered, name_of)
    notes = unlike_notes([Side(name, LEAST_BASE, 0, name in partial) for name, _ in series], remembered)
    alike = pd.concat(
        [rows for _, rows in table.groupby(by, sort=False, dropna=False) if _are_alike(rows)] or [table[:0]]
    )
    if notes or alike.empty:
        needed = tr(
            "{least_base} {things} and open shares within 5 points",
            least_base=LEAST_BASE,
            things=things_of(remembered),
        )
        return notes or [tr("No group has two periods that are alike: {needed}.", needed=needed)]
    return _changes(alike, remembered, name_of)


def _changes(table: pd.DataFrame, remembered: _Remembered, name_of: NameOf) -> list[str]:
    """Say which share of all differs most; the rows are of periods that are alike."""
    differences = table["conversion_from_all_difference"].abs()
    if not differences.max():
        return [tr(ALL_THE_SAME)]
    if remembered.get("basis") not in ("created", "closed"):
        largest_one = tr("Largest difference: {change_at}", change_at=_change_at(table, differences, name_of))
        return [largest_one, tr("Not tested: {things} may be in both periods", things=things_of(remembered))]
    is_clear = differences.notna() & _are_clear(table)
    if is_clear.any():
        return [
            tr(
                "Biggest change: {change_at}",
                change_at=_change_at(table[is_clear], differences[is_clear], name_of),
            )
        ]
    (before, _), (now, _) = series_of(table)
    return [
        tr("No clear change between {before} and {now}", before=before, now=now),
        tr(
            "Largest difference: {change_at}, which may be chance",
            change_at=_change_at(table, differences, name_of),
        ),
    ]


def _are_clear(table: pd.DataFrame) -> pd.Series:
    """Flag the rows whose difference chance alone does not make, as the table's own test has it if it can."""
    if "p_adjusted" in table:
        return table["p_adjusted"] < 1 - float(table.attrs["stagefunnel"].get("confidence", 0.95))
    names = ("reached", "base", "reached_before", "base_before")
    pairs = [TwoShares(*map(float, row)) for row in zip(*(table[name] for name in names), strict=True)]
    return pd.Series(clear_differences(pairs), index=table.index)


def _change_at(table: pd.DataFrame, differences: pd.Series, name_of: NameOf) -> str:
    row = largest(table, differences)
    (before, earlier), (now, later) = (
        (name, rows["conversion_from_all"].iloc[0]) for name, rows in series_of(row)
    )
    groups = map(label, group_label(row, columns_before(row, "stage")))
    where = ", ".join([name_of(row["stage"].iloc[0]), *groups])
    shares = tr(
        "{later} in {now} against {earlier} in {before}",
        later=percent(later),
        now=now,
        earlier=percent(earlier),
        before=before,
    )
    return tr(
        "{where}, {shares} ({difference} points)",
        where=where,
        shares=shares,
        difference=precise_points(later - earlier),
    )


def _is_partial(name: str, rows: pd.DataFrame, remembered: _Remembered) -> bool:
    """Check whether the log covers a period only in part, or items of it are too recent to be followed."""
    left_out = "too_recent" in rows and bool(rows["too_recent"].any())
    return left_out or name in remembered.get("partly_covered", ())


def _are_alike(rows: pd.DataFrame) -> bool:
    """Check whether the two periods of one group can be compared."""
    before, now = (Side.of_rows(name, part, {}) for name, part in series_of(rows))
    alike = "within" in rows.attrs.get("stagefunnel", {}) or not are_unlike(before.open_share, now.open_share)
    return before.is_large and now.is_large and alike
