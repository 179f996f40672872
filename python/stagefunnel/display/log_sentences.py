"""The sentences of what was read: rows, items, stages and checks, and in which stages one item counts."""

from __future__ import annotations

import pandas as pd

from ..tables.labels import value_label
from ..words import tr, trc
from .extremes import largest, with_ties
from .heads import word_in_sentence
from .numbers import count, counted, part_of, so_many
from .period_sentences import NameOf
from .remarks import of_number
from .titles import KIND_TITLES


def of_items(table: pd.DataFrame) -> list[str]:
    """Say how many items there are, and how they stand."""
    numbers = table["outcome"].value_counts()
    parts = [
        so_many("{n} won", numbers.get("won", 0)),
        so_many("{n} lost", numbers.get("lost", 0)),
        so_many("{n} open", numbers.get("open", 0)),
    ]
    return [tr("{what}: {parts}", what=counted(len(table), "item"), parts=", ".join(parts))]


def of_explanation(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say in which stages an item counts, for each kind of funnel."""
    places = []
    for kind, rows in table.groupby("kind", sort=False, observed=True):
        stages = ", ".join(map(name_of, rows["stage"][rows["passed"] | rows["assumed"]]))
        places.append(
            tr("{kind}: {stages}", kind=KIND_TITLES.get(str(kind), str(kind)), stages=stages or tr("nowhere"))
        )
    return [tr("It counts in: {places}", places=tr("; ").join(places))] if places else []


def of_rows(table: pd.DataFrame) -> list[str]:
    """Say how many rows there are, and of how many items."""
    return [
        tr(
            "{n_rows} of {n_items}",
            n_rows=counted(len(table), "row"),
            n_items=counted(table["item"].nunique(), "item"),
        )
    ]


def of_stages(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage has the most rows."""
    if table.empty:
        return [tr("There are no stages.")]
    row = largest(table, table["rows"]).iloc[0]
    rows = part_of(row["rows"], table["rows"].sum())
    sentence = tr(
        "{n_stages}; most rows: {stage} ({rows})",
        n_stages=counted(len(table), "stage"),
        stage=name_of(row["stage"]),
        rows=rows,
    )
    return [with_ties(sentence, table["rows"])]


def of_quality(table: pd.DataFrame) -> list[str]:
    """Say how much was read, and what is unusual in it."""
    found = dict(zip(table["check"], table["count"].tolist(), strict=True))
    read = [counted(found.pop(f"{noun}s"), noun) for noun in ("row", "item", "stage") if f"{noun}s" in found]
    odd = [
        f"{trc('check', name.replace('_', ' '))} {count(number)}" for name, number in found.items() if number
    ]
    start = tr("; ").join(filter(None, [", ".join(read), ", ".join(odd) if odd else tr("nothing unusual")]))
    return [start, *doubts_of(table)]


def doubts_of(quality: pd.DataFrame) -> list[str]:
    """Write out the checks of a quality table that warn, then what its reader guessed."""
    return [
        tr("{level}: {line}", level=trc("level", level.capitalize()), line=line)
        for level in ("warning", "guess")
        for line in of_level(quality, level)
    ]


def of_level(quality: pd.DataFrame, level: str) -> list[str]:
    """Write out the checks of one level of a quality table that found something."""
    lines = zip(*(quality[name].tolist() for name in ("level", "count", "note")), strict=True)
    return [
        tr("{n} {of_number}", n=count(number), of_number=of_number(note, number))
        for own, number, note in lines
        if str(own) == level and number > 0
    ]


def of_problems(table: pd.DataFrame) -> list[str]:
    """Say how many stages of a log and a pipeline do not fit."""
    if table.empty:
        return [tr("The log and the pipeline fit.")]
    kinds = table["problem"].value_counts(sort=False)
    numbers = ", ".join(
        f"{word_in_sentence('problem', value_label(problem))} {count(number)}"
        for problem, number in kinds.items()
    )
    return [tr("Stages that do not fit: {numbers}", numbers=numbers)]
