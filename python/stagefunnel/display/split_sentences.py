"""The sentences of a difference that is split: what each step made of it, and what the mix did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..words import tr, trn
from .comparing_sentences import age_of_two, passed_over, too_recent_note
from .extremes import with_ties
from .numbers import counted, percent, points
from .period_sentences import NameOf
from .things import thing_of, things_of
from .unlike import LEAST_BASE

_SURE: Final = 1.96  # standard errors of an interval of 95%
_NOTHING: Final = 1e-12  # a difference that is rounding
_CANCELLED: Final = 3  # times the difference: an effect that others mostly take back


def of_decomposition(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say which step made most of the difference of two conversions."""
    totals = remembered.get("totals", (None, None))
    if len(table) != remembered.get("rows") or None in totals:
        return [tr("One side has no items, so that there is nothing to split.")] if None in totals else []
    total = totals[0] - totals[1]
    sentences = [*age_of_two(remembered), _whole(tr("Ever won"), totals, remembered)]
    if abs(total) > _NOTHING:
        sentences += _steps(table, total, name_of, is_small=min(remembered.get("items", (0,))) < LEAST_BASE)
    return [
        *sentences,
        *_shared(remembered),
        *too_recent_note(remembered),
        *passed_over(name_of, remembered),
    ]


def _steps(table: pd.DataFrame, total: float, name_of: NameOf, *, is_small: bool) -> list[str]:
    """Name the step with the largest effect towards the difference, and the largest against it."""

    def largest(rows: pd.DataFrame) -> tuple[float, str, str]:
        if rows.empty:
            return 0.0, "", ""
        sizes = rows["effect"].abs()
        one = rows.iloc[int(sizes.argmax())]
        effect = float(one["effect"])
        chance = _may_be_chance(effect, float(one["effect_se"]), is_small=is_small)
        return effect, name_of(one["stage"]), with_ties(f"{points(effect)}{chance}", sizes)

    towards = table["effect"] * total
    most, against = largest(table[towards > 0]), largest(table[towards < 0])
    if not most[1]:
        return []
    if abs(against[0]) > abs(most[0]) or abs(most[0]) > _CANCELLED * abs(total):
        parts = [
            tr("the step to {stage} {effect}", stage=stage, effect=effect)
            for _, stage, effect in (most, against)
            if stage
        ]
        return [tr("The steps work against each other: {parts}.", parts=tr("; ").join(parts))]
    found = [tr("The step to {most} made the largest part of it: {most_2}.", most=most[1], most_2=most[2])]
    if abs(against[0]) > abs(most[0]) / 2:
        found.append(
            tr(
                "The step to {against} works against it: {against_2}.",
                against=against[1],
                against_2=against[2],
            )
        )
    return found


def _may_be_chance(effect: float, error: float, *, is_small: bool) -> str:
    """Say that an effect is not further from nothing than chance takes it; an unknown error says nothing.

    Of few items an error is no good: where all or none of them got past a step, it is 0.
    """
    return tr(", which may be chance") if abs(effect) <= _SURE * error or (is_small and error >= 0) else ""


def _part(effect: float) -> str:
    """Write a part of a difference inside a sentence, where ``> -0.1 points`` would not be read."""
    if abs(effect) <= _NOTHING:
        return points(0.0)
    return points(effect) if abs(effect) >= 0.0005 else tr("less than 0.1 points")


def of_mix_rate(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say how much of a difference is the mix, and whether every group moves the other way."""
    totals = remembered.get("totals", (None, None))
    if len(table) != remembered.get("rows") or None in totals:
        return [tr("One side has no items, so that there is nothing to split.")] if None in totals else []
    what = (
        tr("Reached {stage}", stage=name_of(remembered["stage"]))
        if "stage" in remembered
        else tr("Won of all")
    )
    sentences = [
        *age_of_two(remembered),
        _whole(what, totals, remembered),
        *_parts(float(table["mix"].sum()), float(table["rate"].sum()), things_of(remembered)),
    ]
    if remembered.get("reversed"):
        sides = remembered["sides"]
        worse, better = (tr("lower"), tr("higher")) if totals[0] > totals[1] else (tr("higher"), tr("lower"))
        sentences.append(
            tr(
                "Simpson's reversal: no group has a {better} rate in {sides} than in {sides_2}, "
                "and some have a {worse} one; all together move the other way, because of the "
                "mix.",
                better=better,
                sides=sides[0],
                sides_2=sides[1],
                worse=worse,
            )
        )
    return [*sentences, *_shared(remembered), *too_recent_note(remembered)]


def _parts(mix: float, rate: float, things: str) -> list[str]:
    """Say how much of a difference each part makes; where nothing differs, only that the parts cancel out."""
    if max(abs(mix), abs(rate)) <= _NOTHING:
        return []
    if abs(mix + rate) <= _NOTHING:
        return [
            tr(
                "Which {things} came makes {part}, and how they were handled {part_2}: both cancel out.",
                things=things,
                part=_part(mix),
                part_2=_part(rate),
            )
        ]
    return [
        tr(
            "Which {things} came accounts for {part} of it, and how they were handled for {part_2}.",
            things=things,
            part=_part(mix),
            part_2=_part(rate),
        )
    ]


def _whole(what: str, totals: Sequence[float], remembered: Mapping[str, Any]) -> str:
    a, b = remembered.get("sides", ("a", "b"))
    chance = tr(", which may be chance") if _is_chance(totals, remembered) else ""
    difference = points(totals[0] - totals[1])
    return tr(
        "{what}: {totals} in {a}, {totals_2} in {b} ({difference}){chance}.",
        what=what,
        totals=percent(totals[0]),
        a=a,
        totals_2=percent(totals[1]),
        b=b,
        difference=difference,
        chance=chance,
    )


def _is_chance(totals: Sequence[float], remembered: Mapping[str, Any]) -> bool:
    """Check by the score test whether two shares of items differ no more than chance makes them."""
    n, n_before = remembered.get("items", (0, 0))
    if remembered.get("shared_items") or not n or not n_before or totals[0] == totals[1]:
        return False
    both = (totals[0] * n + totals[1] * n_before) / (n + n_before)
    error = (both * (1 - both) * (1 / n + 1 / n_before)) ** 0.5
    return bool(abs(totals[0] - totals[1]) <= _SURE * error)


def _shared(remembered: Mapping[str, Any]) -> list[str]:
    n = remembered.get("shared_items", 0)
    both = trn("{n} is on both sides", "{n} are on both sides", n, n=counted(n, thing_of(remembered)))
    return [tr("{both}, so that there are no errors.", both=both)] if n else []
