"""Any wide table: one row per item, one column of dates per stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from ..build.items import complete_items, read_items
from ..build.log import finish, make_log
from ..build.pipelines import guessed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text, find_column
from ..sources.dates import looks_like_times, read_times
from ..sources.source import Source, Sources
from .column_names import (
    LIST_OF_ITEMS,
    columns_of,
    has,
    history,
    is_usual,
    item_columns,
    items_beside,
    sniff_list,
)

FORMAT = "wide"
ROLES: Mapping[str, str] = {
    "wide": "an item and a column of dates for each stage, as in deal_id, New, Offer, Won",
    LIST_OF_ITEMS: "an item and more about it, each item once",
}
# Dates of items that are of no stage.
_NO_STAGES = (
    *(
        "updated_at",
        "updated",
        "modified",
        "modified_at",
        "last_modified_date",
        "modified_date",
        "date_modify",
    ),
    *("closed_at", "close_date", "closed_date", "expected_close_date", "due_date", "deadline", "birthday"),
    *("last_activity_date", "last_activity", "last_contacted", "next_step_date", "next_activity_date"),
)
_BEFORE = ("date_entered_", "entered_", "date_", "Date entered ", "Entered ", "Date ")
_AFTER = ("_entered_at", "_entered", "_at", "_date", "_on", " date", " Date")


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, no stage, and columns of dates."""
    shaped = has(source, options, ("item",)) and not has(source, options, ("stage",))
    # One column of dates may be anything; one that is named like a stage that was given is that stage's.
    fewest = 2 if options.pipeline is None else 1
    if shaped and len(_stage_columns(source, options)) >= fewest:
        return "wide"
    return sniff_list(source, options)


def _stage_columns(source: Source, options: Options) -> dict[str, str]:
    """Find the columns of dates, with the stage that each is about."""
    item = columns_of(source.columns, options, ("item",))["item"]
    others = [column for column in source.columns if column != item]
    if options.pipeline is not None:
        named = _without_affixes(others)
        wanted = set(options.pipeline.labels)
        return {
            column: column if column in wanted else named[column]
            for column in others
            if wanted & {column, named[column]}
        }
    dated = [
        column
        for column in others
        if looks_like_times(source.frame[column])
        and not is_usual(column, "created")
        and find_column([column], _NO_STAGES) is None
    ]
    return _common_affix_off(dated)


def _without_affixes(columns: Sequence[str]) -> dict[str, str]:
    return {column: next(iter(_common_affix_off([column]).values())) for column in columns}


def _common_affix_off(columns: Sequence[str]) -> dict[str, str]:
    """Take ``entered_`` or ``_at`` off names of columns where all of them have it."""
    for before in _BEFORE:
        if columns and all(column.startswith(before) and column != before for column in columns):
            return {column: column.removeprefix(before) for column in columns}
    for after in _AFTER:
        if columns and all(column.endswith(after) and column != after for column in columns):
            return {column: column.removesuffix(after) for column in columns}
    return {column: column for column in columns}


def read(sources: Sources, options: Options) -> Export:
    """Read a wide table: every date is a row; dates that are equal keep the order of the columns."""
    notes = Notes()
    table = history(sources, "wide", options, ("item",), notes)
    whole = Source("", table.frame, table.place)
    stages = _stage_columns(whole, options)
    item = columns_of(whole.columns, options, ("item",))["item"]
    parts = [
        pd.DataFrame(
            {"item": table.frame[item], "stage": stage, "dates": as_text(table.frame[column], times_too=True)}
        )
        for column, stage in stages.items()
    ]
    rows = pd.concat(parts, ignore_index=True).assign(order=range(len(parts) * len(table.frame)))
    # All columns are read together: one date with a 13 tells for all of them which number is the day.
    dates = rows.pop("dates").rename("dates of stages")
    rows["time"] = read_times(dates, lambda row: table.place(row % len(table.frame)), options, notes)
    rows = rows.dropna(subset=["time"]).reset_index(drop=True)
    notes.add(
        "one_date_per_stage", len(rows), "rows from columns of dates: stages entered again are not known"
    )
    kept = replace(table, frame=table.frame.drop(columns=list(stages)))
    own = read_items(kept, item_columns(kept.frame, options), options, notes)
    if sources.get(LIST_OF_ITEMS):
        items = items_beside(sources, rows, kept.frame.drop(columns=item), options, notes)
    else:
        items = complete_items(own, rows, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes, first_by="order")
    log = make_log(rows, table.place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)
