"""The findings of the first screen, chosen from what the sections of the page found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..display.comparing_sentences import is_clear
from ..display.log_sentences import of_level
from ..display.sentences import answers
from ..display.unlike import NOTES
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.skips import skips
from ..questions.stages.clearly_first import (
    clearly_most_lost,
    clearly_most_skipped,
    clearly_slowest,
    surely,
)
from ..words import begins, tr, trc
from .page import Finding, News, Section

MOST: Final = 3
_SURE: Final = 0.95
_LEAST: Final = 0.05  # what touches less is no finding
_SLOW: Final = 0.1  # the share of open items that is slow where nothing is wrong
# What findings answer, in this order: may the numbers be wrong, where are items lost, who or when is
# unlike, what is to be done now.
_QUESTIONS: Final = ("data", "way", "unlike", "now")
_NOTES: Final = (  # after these sentences nothing is said of a difference
    *NOTES,
    "No step shows a clear difference.",
    "No stage shows a clear difference between {now} and {before}.",
    "There is nothing to compare.",
    "No other stage shows a clear difference.",
    "No stage has a share of all in both periods.",
    "No group has two periods that are alike: {needed}.",
    "No clear change between {before} and {now}",
    "Not tested: {things} may be in both periods",
    "Groups are read at the stages and share items, so that no difference is tested.",
)


def chosen(sections: Sequence[Section]) -> list[Finding]:
    """Choose the findings: the largest of each question, then the largest that are left."""
    found = [(news, section) for section in sections for news in section.news if news.effect >= _LEAST]
    found.sort(key=lambda one: -one[0].effect)
    first = [next((one for one in found if one[0].question == question), None) for question in _QUESTIONS]
    named = [one for one in first if one is not None][:MOST]
    named += [one for one in found if one not in named][: MOST - len(named)]
    return [Finding(news.sentence, section.key, section.heading) for news, section in named]


def of_losses(table: pd.DataFrame) -> list[News]:
    """Name the stage from which surely most are lost."""
    if table.empty:
        return []
    return _of_first(
        table, "Most often lost from: {where} ({part_of})", clearly_most_lost(table, _SURE), "way"
    )


def of_skips(log: StageLog, pipeline: Pipeline, scope: Mapping[str, Any]) -> list[News]:
    """Name the stage that is surely skipped most often."""
    table = skips(log, pipeline, by=None, confidence=_SURE, **scope)
    return _of_first(
        table, "Most often skipped: {places} ({part_of}{also})", clearly_most_skipped(table), "way"
    )


def of_times(log: StageLog, pipeline: Pipeline, times: pd.DataFrame, scope: Mapping[str, Any]) -> list[News]:
    """Name the stage that surely takes longest."""
    return _of_first(
        times,
        "Slowest stage: {stage} ({half} more than {median}; {still_open} of all visits are still open)",
        clearly_slowest(log, pipeline, times, **scope),
        "way",
    )


def of_stuck(table: pd.DataFrame) -> list[News]:
    """Say how many open items are slow or over their limit, where that is surely more than usual."""
    if table.empty:
        return []
    numbers = table.attrs["stagefunnel"]["counted"]
    slow = surely(numbers["slow"], numbers["compared"], _SURE)
    late = surely(numbers["over_limit"], numbers["limited"], _SURE)
    effect = max(slow if slow > _SLOW else 0.0, late)
    return [News(line, effect, "now") for line in _answers(table)[:1]] if effect else []


def of_forecast(table: pd.DataFrame) -> list[News]:
    """Say how many open items are too old to forecast."""
    whole = table[table["line"] == "total"]
    if whole.empty or not whole["n_open"].iloc[0]:
        return []
    share = float(whole["n_beyond_support"].iloc[0] / whole["n_open"].iloc[0])
    return [News(line, share, "now") for line in _answers(table) if tr("too old to forecast") in line][:1]


def of_groups(table: pd.DataFrame | None) -> list[News]:
    """Name the clearest difference of groups, unless groups are unlike in age."""
    if table is None:
        return []
    clear = table[is_clear(table, table.attrs["stagefunnel"])]
    lines = _answers(table)
    if clear.empty or begins(lines[0], *_NOTES):
        return []
    first = clear.sort_values("p_adjusted", kind="stable").iloc[0]
    return [News(lines[0], abs(float(first["difference"])), "unlike")]


def of_periods(table: pd.DataFrame) -> list[News]:
    """Name the clearest difference of two periods, unless they are unlike."""
    lines = _answers(table)
    clear = table[table["p_adjusted"] < 1 - _SURE]
    if clear.empty or not lines or begins(lines[0], *_NOTES):
        return []
    first = clear.sort_values("p_adjusted", kind="stable").iloc[0]
    return [News(lines[0], abs(float(first["conversion_from_all_difference"])), "unlike")]


def of_changes(clear: Sequence[tuple[str, float]]) -> list[News]:
    """Name the changes of the tiles that are more than chance."""
    return [News(f"{sentence}.", effect, "unlike") for sentence, effect in clear]


def of_quality(table: pd.DataFrame) -> list[News]:
    """Name what warns, and what was guessed, with the share of the items that it is about."""
    n_items = int(table.loc[table["check"] == "items", "count"].iloc[0]) if len(table) else 0
    found = []
    for level in ("warning", "guess"):
        rows = table[(table["level"] == level) & (table["count"] > 0)]
        for line, n in zip(of_level(table, level), rows["count"].tolist(), strict=True):
            share = min(n / n_items, 1.0) if n_items else 1.0
            found.append(
                News(
                    tr("{level}: {line}", level=trc("level", level.capitalize()), line=line),
                    share,
                    "data" if level == "warning" else "",
                )
            )
    return found


def _of_first(table: pd.DataFrame, begin: str, effect: float, question: str) -> list[News]:
    """Take the sentence of a table that names its first stage, if it has one and it is sure."""
    lines = [line for line in _answers(table) if begins(line, begin)] if effect else []
    return [News(line, effect, question) for line in lines[:1]]


def _answers(table: pd.DataFrame) -> list[str]:
    return answers(table, table.attrs["stagefunnel"])
