"""The findings of the first screen, chosen from what the sections of the page found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import pandas as pd

from ..display.comparing_sentences import is_clear
from ..display.heads import group_word
from ..display.log_sentences import of_level
from ..display.numbers import part_of
from ..display.sentences import answers, stage_namer
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
from ..tables.labels import columns_before
from ..words import begins, mark, tr, trc
from .page import Finding, News, Section

MOST: Final = 3
_SURE: Final = 0.95
_LEAST: Final = 0.05  # what touches less is no finding
_LEAST_SKIPPED: Final = 0.1  # a stage that fewer skip is no finding
_MOST_BEYOND: Final = 0.5  # of all items; where more began beyond the first stage, the log has a gap
_SLOW: Final = 0.1  # the share of open items that is slow where nothing is wrong
# What findings answer, in this order: may the numbers be wrong, where are items lost (or skipped, where
# nothing is lost), who or when is unlike, what is to be done now. Some stage always is the slowest: it stands
# where there is room.
_QUESTIONS: Final = (("data",), ("lost", "skipped"), ("unlike",), ("now",))
_CHECK: Final = mark("Check the data before you use the numbers.")
_GO_THROUGH: Final = mark(
    "Go through the open items that have been in their stage longest: "
    "plan the next step of each, or close it."
)
_ASK: Final = mark("Find out what changed.")
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
    """Choose the findings: the largest of each question, then the largest that are left.

    What is open now is one question, however many sections have found it: two of its findings are about the
    same items.
    """
    found = [(news, section) for section in sections for news in section.news if news.effect >= _LEAST]
    found.sort(key=lambda one: -one[0].effect)
    first = [
        next((one for kind in kinds for one in found if one[0].question == kind), None)
        for kinds in _QUESTIONS
    ]
    named = [one for one in first if one is not None][:MOST]
    left = [one for one in found if one not in named and one[0].question != "now"]
    named += left[: MOST - len(named)]
    return [Finding(news.sentence, section.key, section.heading, news.step) for news, section in named]


def next_step(findings: Sequence[Finding], sections: Sequence[Section], n_items: int) -> Finding:
    """Say what to do next: what the first finding asks for, and where that begins.

    The list of the open items that are stuck is where going through them begins, whichever section found
    that there are many.
    """
    if not n_items:
        return Finding(tr("There are no items: check the files, the period and the conditions."), "", "")
    if not findings:
        return Finding(
            tr("Nothing stands out: what the sections found may be chance, or is of too few items."), "", ""
        )
    first = findings[0]
    stuck = next((one for one in sections if one.key == "stuck"), None)
    if first.step == tr(_GO_THROUGH) and stuck is not None:
        return Finding(first.step, stuck.key, stuck.heading)
    return Finding(first.step, first.key, first.heading)


def of_losses(table: pd.DataFrame) -> list[News]:
    """Name the stage from which surely most are lost."""
    if table.empty:
        return []
    effect = clearly_most_lost(table, _SURE)
    stage = cast(Any, table.groupby("from_stage", observed=True, dropna=False)["items"].sum().idxmax())
    step = (
        tr("Find out why items are lost before they are in a stage.")
        if pd.isna(stage)
        else tr("Find out why items are lost from {stage}.", stage=_named(table, stage))
    )
    return _of_first(table, "Most often lost from: {where} ({part_of})", effect, "lost", step)


def of_skips(log: StageLog, pipeline: Pipeline, scope: Mapping[str, Any]) -> list[News]:
    """Name the stage that is surely skipped most often."""
    table = skips(log, pipeline, by=None, **scope)
    effect = clearly_most_skipped(table)
    if effect < _LEAST_SKIPPED:
        return []
    step = tr("Find out why {stage} is skipped.", stage=_named(table, table["stage"].iloc[0]))
    return _of_first(table, "Most often skipped: {places} ({part_of}{also})", effect, "skipped", step)


def of_times(log: StageLog, pipeline: Pipeline, times: pd.DataFrame, scope: Mapping[str, Any]) -> list[News]:
    """Name the stage that surely takes longest."""
    effect = clearly_slowest(log, pipeline, times, **scope)
    if not effect:
        return []
    still_open = times[(times["outcome"] == "open") & (times["completed"] > 0)]
    slowest = still_open.sort_values("median", ascending=False, kind="stable")["stage"].iloc[0]
    return _of_first(
        times,
        "Slowest stage: {stage} ({half} more than {median}; {still_open} of all visits are still open)",
        effect,
        "slow",
        tr("Find out what items wait for in {stage}.", stage=_named(times, slowest)),
    )


def of_beginnings(table: pd.DataFrame, pipeline: Pipeline) -> list[News]:
    """Say how many items began beyond the first stage, where these are surely more than half of all.

    Parameters
    ----------
    table
        The classic funnel of all items.
    pipeline
        The stages: the first that is not optional is the one that every item should pass.
    """
    needed = [name for name in pipeline.stages if name not in pipeline.rules.optional]
    row = table[table["stage"].isin(needed[:1])]
    if row.empty:
        return []
    began, base = int(row["began_beyond"].iloc[0]), int(row["base"].iloc[0])
    sure = surely(began, base, _SURE)
    if sure <= _MOST_BEYOND:
        return []
    line = tr(
        "Most items began beyond {stage} ({part_of}): how they got there is not in the log.",
        stage=_named(table, row["stage"].iloc[0]),
        part_of=part_of(began, base),
    )
    return [News(line, sure, "data", tr("Check that items are entered when they begin, not when they end."))]


def of_stuck(table: pd.DataFrame) -> list[News]:
    """Say how many open items are slow or over their limit, where that is surely more than usual."""
    if table.empty:
        return []
    numbers = table.attrs["stagefunnel"]["counted"]
    slow = surely(numbers["slow"], numbers["compared"], _SURE)
    late = surely(numbers["over_limit"], numbers["limited"], _SURE)
    effect = max(slow if slow > _SLOW else 0.0, late)
    return [News(line, effect, "now", tr(_GO_THROUGH)) for line in _answers(table)[:1]] if effect else []


def of_forecast(table: pd.DataFrame) -> list[News]:
    """Say how many open items are too old to forecast."""
    whole = table[table["line"] == "total"]
    if whole.empty or not whole["n_open"].iloc[0]:
        return []
    share = float(whole["n_beyond_support"].iloc[0] / whole["n_open"].iloc[0])
    lines = [line for line in _answers(table) if tr("too old to forecast") in line]
    return [News(line, share, "now", tr(_GO_THROUGH)) for line in lines[:1]]


def of_groups(table: pd.DataFrame | None) -> list[News]:
    """Name the clearest difference of groups, unless groups are unlike in age."""
    if table is None:
        return []
    clear = table[is_clear(table, table.attrs["stagefunnel"])]
    lines = _answers(table)
    if clear.empty or begins(lines[0], *_NOTES):
        return []
    first = clear.sort_values("p_adjusted", kind="stable").iloc[0]
    group = ", ".join(group_word(name, first[name]) for name in columns_before(table, "stage"))
    step = tr("Find out what is different about {group}.", group=group)
    return [News(lines[0], abs(float(first["difference"])), "unlike", step)]


def of_periods(table: pd.DataFrame) -> list[News]:
    """Name the clearest difference of two periods, unless they are unlike."""
    lines = _answers(table)
    clear = table[table["p_adjusted"] < 1 - _SURE]
    if clear.empty or not lines or begins(lines[0], *_NOTES):
        return []
    first = clear.sort_values("p_adjusted", kind="stable").iloc[0]
    effect = abs(float(first["conversion_from_all_difference"]))
    return [News(lines[0], effect, "unlike", tr(_ASK))]


def of_changes(clear: Sequence[tuple[str, float]]) -> list[News]:
    """Name the changes of the tiles that are more than chance."""
    return [News(f"{sentence}.", effect, "unlike", tr(_ASK)) for sentence, effect in clear]


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
                    tr(_CHECK),
                )
            )
    return found


def _of_first(table: pd.DataFrame, begin: str, effect: float, question: str, step: str) -> list[News]:
    """Take the sentence of a table that names its first stage, if it has one and it is sure."""
    lines = [line for line in _answers(table) if begins(line, begin)] if effect else []
    return [News(line, effect, question, step) for line in lines[:1]]


def _named(table: pd.DataFrame, stage: Any) -> str:
    return stage_namer(table.attrs["stagefunnel"].get("names", {}))(stage)


def _answers(table: pd.DataFrame) -> list[str]:
    return answers(table, table.attrs["stagefunnel"])
