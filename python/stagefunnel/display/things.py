"""What a table counts, in words: items, or the units that they form, such as accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..words import Noun, tr, trn, trs
from .numbers import count, counted, noun_of, plural


def thing_of(remembered: Mapping[str, Any]) -> str:
    """Name one of what a table counts: ``item``, or the column whose values are counted."""
    return Noun.of(str(remembered.get("unit", "item")).replace("_", " "))


def things_of(remembered: Mapping[str, Any]) -> str:
    """Name several of them: ``items``, ``accounts``."""
    return plural(thing_of(remembered))


def open_things(n: int, remembered: Mapping[str, Any]) -> str:
    """Write so many open ones of them: ``1 open item``, ``2 open accounts``."""
    return trs("{n} open {things}", n, n=count(n), things=noun_of(n, thing_of(remembered)))


def without_unit(remembered: Mapping[str, Any]) -> list[str]:
    """Say how many items have no unit; where two periods are compared, of each."""
    unit, n_without = thing_of(remembered), remembered.get("without_unit", 0)
    if not isinstance(n_without, Mapping):
        if not n_without:
            return []
        return [
            trn(
                "{n_items} has no {unit}; it counts as one of its own",
                "{n_items} have no {unit}; each counts as one of its own",
                n_without,
                n_items=counted(n_without, "item"),
                unit=unit,
            )
        ]
    if not any(n_without.values()):
        return []
    numbers = ", ".join(tr("{n} in {period}", n=count(n), period=period) for period, n in n_without.items())
    return [
        tr(
            "Items without {article} {unit}: {numbers}; each counts as one of its own",
            article=_article(unit),
            unit=unit,
            numbers=numbers,
        )
    ]


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"
