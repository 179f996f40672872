"""The sentence of how items stand: won, lost and open now, with the win rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..words import marks, tr
from .money_sentences import won_amount
from .numbers import counted, percent, so_many
from .titles import KIND_TITLES

_STANDS: Final = {"won": marks("{n} won"), "lost": marks("{n} lost"), "open": marks("{n} open")}


def standing(outcome: Mapping[str, Any], thing: str = "item", *, can_be_lost: bool = True) -> str:
    """Say how many items there are, or other things that are counted, and how they stand now.

    Without a lost stage what is closed is won, whatever people do: a dash takes the place of the win rate.
    """
    rate = tr("win rate {win_rate}", win_rate=percent(outcome["win_rate"]))
    stands = [so_many(text, outcome[name]) for name, text in _STANDS.items()]
    parts = [
        tr("{base} now: {parts}", base=counted(outcome["base"], thing), parts=", ".join(stands)),
        rate if can_be_lost else tr("win rate – (the pipeline has no lost stage)"),
    ]
    if outcome["left_out"]:
        parts.append(so_many("{n} left out (lost, then won)", outcome["left_out"]))
    if outcome["reopened_won"]:
        parts.append(so_many("{n} won after a loss", outcome["reopened_won"]))
    parts += won_amount(outcome, thing)
    return tr("; ").join(parts)


def standings(
    outcomes: Mapping[str, Mapping[str, Any] | None], thing: str = "item", *, can_be_lost: bool = True
) -> list[str]:
    """Say how the items of each kind of funnel stand, in one sentence if the kinds agree."""
    sentences = {
        kind: standing(outcome, thing, can_be_lost=can_be_lost)
        for kind, outcome in outcomes.items()
        if outcome is not None
    }
    if len({*sentences.values()}) <= 1:
        return [*sentences.values()][:1]
    return [
        tr("{kind}: {sentence}", kind=KIND_TITLES.get(kind, kind), sentence=sentence)
        for kind, sentence in sentences.items()
    ]
