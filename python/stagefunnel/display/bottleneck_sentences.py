"""The sentences of bottlenecks: where most is lost, where saving would be worth most, where work waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ..tables.labels import columns_before
from ..words import tr
from .backtest_sentences import is_cut
from .extremes import are_largest, group_name, with_ties
from .lost_stage import NO_LOST_STAGE, can_lose
from .numbers import more_groups, percent, points
from .period_sentences import NameOf
from .things import things_of
from .unlike import LEAST_BASE

_MOST_GROUPS: Final = 5  # whose answers are written out


def of_bottlenecks(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say where most is lost, where saving would be worth most, and where work waits."""
    if is_cut(table, remembered):
        return []
    by = columns_before(table, "stage")
    blocks = [table] if not by else [rows for _, rows in table.groupby(by, sort=False, dropna=False)]
    sentences = []
    for rows in blocks[:_MOST_GROUPS]:
        prefix = tr("{rows}: ", rows=group_name(rows, by)) if by else ""
        found = _bottleneck(rows, name_of, can_be_lost=can_lose(remembered))
        sentences += [f"{prefix}{one}" for one in found]
    if len(blocks) > _MOST_GROUPS:
        sentences.append(more_groups(len(blocks) - _MOST_GROUPS))
    if (table[["removal_gain", "benchmark_gain"]] > 0).any(axis=None):
        sentences.append(
            tr("Gains hold if the {things} saved do as well as the others.", things=things_of(remembered))
        )
    return sentences


def _bottleneck(rows: pd.DataFrame, name_of: NameOf, *, can_be_lost: bool) -> list[str]:
    if not can_be_lost:
        return [tr(NO_LOST_STAGE), *_slowest(rows, name_of)]
    if not rows["n_lost"].sum():
        return [tr("Nothing is lost in the stages in progress.")]
    lost = rows.iloc[int(rows["n_lost"].to_numpy().argmax())]
    most_losses = tr(
        "Most losses are in {stage}: {share_of_losses}.",
        stage=name_of(lost["stage"]),
        share_of_losses=percent(lost["share_of_losses"]),
    )
    sentences = [with_ties(most_losses, rows["n_lost"])]
    gain = gain_of(rows)
    places = worth_most(rows, gain)
    if places:
        best = rows.iloc[places[0]]
        rise = points(best[gain]).removeprefix("+")
        what = tr("With the losses of the benchmark") if gain == "benchmark_gain" else tr("Without losses")
        but = (
            tr("But most is to be gained")
            if best["stage"] != lost["stage"]
            else tr("Most is to be gained there")
        )
        where = tr(" in {stage}", stage=name_of(best["stage"])) if best["stage"] != lost["stage"] else ""
        most_gain = tr(
            "{but}{where}. {what} the win rate would rise by {rise}.",
            but=but,
            where=where,
            what=what,
            rise=rise,
        )
        sentences.append(with_ties(most_gain, rows[gain].iloc[places]))
    return [*sentences, *_slowest(rows, name_of)]


def _slowest(rows: pd.DataFrame, name_of: NameOf) -> list[str]:
    slow = rows[rows["share_of_time"].notna()]
    if slow.empty:
        return []
    most = slow.iloc[int(slow["share_of_time"].to_numpy().argmax())]
    sentence = tr(
        "{share_of_time} of all time in stages is spent in {stage}.",
        share_of_time=percent(most["share_of_time"]),
        stage=name_of(most["stage"]),
    )
    return [with_ties(sentence, slow["share_of_time"])]


def gain_of(rows: pd.DataFrame) -> str:
    """Return the column of the gain that could be had: with the losses of a benchmark, or with none."""
    return "benchmark_gain" if rows["benchmark_gain"].notna().any() else "removal_gain"


def worth_most(rows: pd.DataFrame, gain: str) -> list[int]:
    """Return the places of the largest gain, of stages with 30 visits that ended if there are some."""
    gains = rows[gain].where(rows[gain] > 0)
    firm = gains.where(rows["n_lost"] / rows["loss_probability"] >= LEAST_BASE)
    known = firm if firm.notna().any() else gains
    return np.flatnonzero(are_largest(known)).tolist() if known.notna().any() else []
