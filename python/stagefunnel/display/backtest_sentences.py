"""The sentences of a backtest: how often it held, how far it was off, and what is in no test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import tr, trn
from .crm_sentences import crm_tested
from .fit_sentences import of_fit
from .numbers import count, counted, percent, tenths
from .things import things_of

USUAL_CONFIDENCE: Final = 0.9
_LEAST_WINS: Final = 30  # of fewer, at dates that stand apart, nothing is said on average
_CLEAR: Final = 0.05


def is_cut(table: pd.DataFrame, remembered: Mapping[str, Any]) -> bool:
    """Check whether rows were taken out: a sentence about a whole needs the whole."""
    return bool(len(table) != remembered.get("rows"))


def of_backtest(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how often what came lay within the bounds, and how far the forecast was off."""
    if is_cut(table, remembered):
        return []
    tested = table[table["inside"].notna()]
    not_over = remembered.get("not_over", 0)
    left_out = (
        [tr("{n_dates} left out: the horizon is not over.", n_dates=counted(not_over, "date"))]
        if not_over
        else []
    )
    if outside := remembered.get("dates_outside"):
        are = tr("it is") if outside == 1 else tr("they are")
        left_out.append(
            tr("{n_dates} left out: {are} not within the log.", n_dates=counted(outside, "date"), are=are)
        )
    left_out = [*_untested(table, remembered), *left_out]
    if not len(tested):
        why = tr("no open item had a chance that could be read off at any of the dates")
        if not len(table):
            why = tr("no forecast of the past is over")
        elif remembered.get("before_a_win", 0) == len(table):
            why = tr("no visit of a stage had led to a win by any of the dates")
        return [tr("Nothing can be tested: {why}.", why=why), *left_out]
    inside = int(tested["inside"].sum())
    sure, dates = percent(remembered.get("confidence", USUAL_CONFIDENCE)), counted(len(tested), "past date")
    sentences = [
        _of_one_date(bool(inside), sure)
        if len(tested) == 1
        else tr(
            "At {inside} of {dates} the actual wins lay within the {sure} range.",
            inside=count(inside),
            dates=dates,
            sure=sure,
        )
    ]
    certain = int((tested["expected_high"] == 0).sum())
    if certain:
        sentences.append(
            tr(
                "At {certain} of them no win was expected at all, with a range of 0 to 0.",
                certain=count(certain),
            )
        )
    apart = remembered.get("apart", 0)
    sentences += _how_far_off(tested, apart)
    sentences += crm_tested(tested)
    if apart < len(tested):
        sentences.append(
            trn(
                "The horizons overlap: this is as good as {n_tests} that stands apart.",
                "The horizons overlap: this is as good as {n_tests} that stand apart.",
                max(apart, 1),
                n_tests=counted(max(apart, 1), "test"),
            )
        )
    if _is_too_narrow(inside, len(tested), apart, remembered.get("confidence", USUAL_CONFIDENCE)):
        sentences.append(
            tr(
                "The ranges are too narrow here: {things} that close together or share one fate "
                "are taken for independent ones.",
                things=things_of(remembered),
            )
        )
    if remembered.get("amount_of_today"):
        sentences.append(
            tr(
                "Amounts are not tested: {amount_of_today} is of the items table, whose values are of today.",
                amount_of_today=remembered["amount_of_today"],
            )
        )
    return [*sentences, *of_fit(remembered), *left_out]


def _how_far_off(tested: pd.DataFrame, apart: int) -> list[str]:
    """Say how far the forecast was off on average, where wins enough were expected or came to say so."""
    expected, actual = float(tested["expected"].sum()), float(tested["actual"].sum())
    both = tr(
        "Wins expected at all dates: {expected}; wins that came: {actual}.",
        expected=tenths(expected),
        actual=count(actual),
    )
    # Dates whose horizons overlap have the same wins.
    share_apart = min(max(apart, 1), len(tested)) / len(tested)
    if max(expected, actual) * share_apart < _LEAST_WINS:
        few = (
            tr("These are too few to say by how much the forecast is off.")
            if share_apart == 1
            else tr(
                "These are too few to say by how much the forecast is off: "
                "the same win follows several dates."
            )
        )
        return [f"{both} {few}"]
    if not actual:
        return [both]
    off = expected / actual - 1
    if abs(off) < 0.005:
        return [tr("On average the forecast was right.")]
    how = tr("too high") if off > 0 else tr("too low")
    return [tr("On average the forecast was {off} {how}.", off=percent(abs(off)), how=how)]


def _is_too_narrow(inside: int, n: int, apart: int, confidence: float) -> bool:
    """Whether so few dates would hardly be inside if the ranges were right; horizons that overlap are one."""
    tests = min(max(apart, 1), n)
    hits = inside * tests // n
    chance = sum(
        math.comb(tests, k) * confidence**k * (1 - confidence) ** (tests - k) for k in range(hits + 1)
    )
    return chance < _CLEAR


def _of_one_date(is_inside: bool, sure: str) -> str:
    if is_inside:
        return tr("At the one past date the actual wins lay within the {sure} range.", sure=sure)
    return tr("At the one past date the actual wins lay outside the {sure} range.", sure=sure)


def _untested(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say at which dates there was no forecast, and how many wins came all the same."""
    untested = table[table["inside"].isna() & (table["n_open"] > 0)]
    if not len(untested):
        return []
    before = min(remembered.get("before_a_win", 0), len(untested))
    others = len(untested) - before
    parts = []
    if before:
        parts.append(
            tr("at {n_dates} no visit of a stage had led to a win yet", n_dates=counted(before, "date"))
        )
    if others:
        parts.append(
            tr(
                "at {n_dates} no open item had a chance that could be read off",
                n_dates=counted(others, "date"),
            )
        )
    n_won = int(untested["actual"].sum())
    came = tr("{n_wins} came all the same", n_wins=counted(n_won, "win")) if n_won else tr("no win came")
    text = tr("{parts}, so that nothing could be forecast: {came}.", parts=tr(" and ").join(parts), came=came)
    return [text[0].upper() + text[1:]]
