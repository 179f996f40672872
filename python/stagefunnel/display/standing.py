"""The sentence of how items stand: won, lost and open now, with the win rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..words import tr
from .money_sentences import won_amount
from .numbers import count, counted, percent
from .titles import KIND_TITLES


def standing(outcome: Mapping[str, Any], thing: str = "item", *, can_be_lost: bool = True) -> str:
    """Say how many items there are, or other things that are counted, and how they stand now.

    Without a lost stage what is closed is won, whatever people do: a dash takes the place of the win rate.
    """
    rate = tr("win rate {win_rate}", win_rate=percent(outcome["win_rate"]))
    parts = [
        tr(
            "{base} now: {won} won, {lost} lost, {open} open",
            base=counted(outcome["base"], thing),
            won=count(outcome["won"]),
            lost=count(outcome["lost"]),
            open=count(outcome["open"]),
        ),
        rate if can_be_lost else tr("win rate – (the pipeline has no lost stage)"),
    ]
    if outcome["left_out"]:
        parts.append(tr("{left_out} left out (lost, then won)", left_out=count(outcome["left_out"])))
    if outcome["reopened_won"]:
        parts.append(tr("{reopened_won} won after a loss", reopened_won=count(outcome["reopened_won"])))
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
