"""The sentences of where moves end: the chance to win, where it is best and worst, and what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..tables.labels import columns_before
from ..words import tr
from .cells import with_bounds
from .extremes import group_name, largest_and_smallest, with_ties
from .lost_stage import can_lose
from .numbers import counted, more_groups, more_stages, percent
from .period_sentences import NameOf
from .things import thing_of, things_of

_MOST_GROUPS: Final = 5  # whose answers are written out


def of_absorption(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say how likely an item is won, from which stage it is most and least likely, and what is unknown."""
    if not sum(remembered.get("n", ())):
        return [tr("No item is counted.")]
    if len(table) != remembered.get("rows"):
        return []  # rows were taken out, and a sentence about a whole needs the whole
    by = columns_before(table, "stage")
    blocks = [table] if not by else [rows for _, rows in table.groupby(by, sort=False, dropna=False)]
    sentences = []
    for rows, overall in list(zip(blocks, remembered["overall"], strict=True))[:_MOST_GROUPS]:
        prefix = tr("{rows}: ", rows=group_name(rows, by)) if by else ""
        found = [*_overall(overall, remembered), *_by_stage(rows, name_of)]
        sentences += [f"{prefix}{one}" for one in found]
    if len(blocks) > _MOST_GROUPS:
        sentences.append(more_groups(len(blocks) - _MOST_GROUPS))
    return [*sentences, *_empty(table, name_of, remembered), *_unknown(table, remembered)]


def _overall(overall: list[float | None], remembered: Mapping[str, Any]) -> list[str]:
    """Write the chance of all: 33% of items are won in the end (25–43%)."""
    win, error, low, high = overall
    things = things_of(remembered)
    if not can_lose(remembered) and remembered.get("method") == "visits":
        return [
            tr(
                "No chance to win: the pipeline has no lost stage, so that all {things} that move on are "
                "won in the end",
                things=things,
            )
        ]
    if win is None or (error is None and not win):
        return []
    if error is None:
        return [
            tr(
                "Won in the end: at least {win} of {things}; from some stages nobody was seen to leave",
                win=percent(win),
                things=things,
            )
        ]
    row = pd.DataFrame({"win": [win], "win_low": [low], "win_high": [high]}, dtype="float64")
    # By counts of moves, what is open is taken to move on; by curves it is undetermined.
    is_taken = remembered.get("method") == "visits"
    how = (
        tr("if open {things} move on as the others did", things=things)
        if is_taken
        else tr("as the moves so far say")
    )
    return [
        tr(
            "Won in the end, {how}: {with_bounds} of {things}",
            how=how,
            with_bounds=with_bounds(percent, row, "win")[0],
            things=things,
        )
    ]


def _by_stage(rows: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Name the stages from which an item is won most and least likely."""
    seen = rows[(rows["items_in"] > 0) & rows["win_se"].notna()]
    if len(seen) < 2 or seen["win"].nunique() < 2:
        return []
    best, worst = largest_and_smallest(seen, seen["win"])
    most, least = (
        f"{name_of(one['stage'].iloc[0])} ({with_ties(percent(one['win'].iloc[0]), sign * seen['win'])})"
        for one, sign in ((best, 1), (worst, -1))
    )
    return [tr("Best chance to win: from {most}; worst: from {least}", most=most, least=least)]


def _empty(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Name the stages that no item was ever in: of these an undetermined share of 1 is all that is known."""
    most = table.groupby("stage", sort=False, observed=True)["items_in"].max()
    empty = [name_of(stage) for stage, n in most.items() if not n]
    where = tr(" or ").join(empty[:_MOST_GROUPS])
    where += more_stages(len(empty) - _MOST_GROUPS) if len(empty) > _MOST_GROUPS else ""
    of = tr("them") if len(empty) > 1 else tr("it")
    sentences = (
        [
            tr(
                "No {thing} was ever in {where}: nothing is known of {of}",
                thing=thing_of(remembered),
                where=where,
                of=of,
            )
        ]
        if empty
        else []
    )
    some = [stage for stage, n in most.items() if n]
    if (table.loc[table["stage"].isin(some), "items_in"] == 0).any():
        sentences.append(
            tr(
                "In some groups no {thing} was in a stage: nothing is known of such a row",
                thing=thing_of(remembered),
            )
        )
    return sentences


def _unknown(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say what undetermined is where there is some, and which visits have no length."""
    sentences = []
    if (table.loc[table["items_in"] > 0, "undetermined"] > 0).any():
        sentences.append(tr("Undetermined: nobody was seen to leave, or it was seen for too short a time"))
    without = remembered.get("without_length", 0)
    if without:
        sentences.append(
            tr(
                "A visit of unknown start has no length: {without}",
                without=counted(without, thing_of(remembered)),
            )
        )
    return sentences
