"""Any wide table: one row per item, one column of dates per stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..build.items import complete_items, read_items
from ..build.log import finish, make_log
from ..build.pipelines import guessed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text
from ..sources.columns import find_column
from ..sources.dates import looks_like_times, read_times
from ..sources.places import place_of, rows_at
from ..sources.source import Source, Sources
from .column_names import columns_of, has, is_usual
from .history import history
from .items import LIST_OF_ITEMS, LIST_ROLE, item_columns, items_beside, sniff_list

FORMAT = "wide"
ROLES: Mapping[str, str] = {
    "wide": "an item and a column of dates for each stage, as in deal_id, New, Offer, Won",
    **LIST_ROLE,
}
# Dates of an item that are not entries into a stage.
_NOT_STAGES = (
    *("updated_at", "updated", "modified", "modified_at", "last_modified_date", "modified_date"),
    *("date_modify", "closed_at", "close_date", "closed_date", "expected_close_date", "due_date", "deadline"),
    *("birthday", "last_activity_date", "last_activity", "last_contacted", "next_step_date"),
    "next_activity_date",
)
_PREFIXES = ("date_entered_", "entered_", "date_", "Date entered ", "Entered ", "Date ")
_SUFFIXES = ("_entered_at", "_entered", "_at", "_date", "_on", " date", " Date")


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: a wide table has an item, no stage, and columns of dates."""
    is_wide = has(source, options, ("item",)) and not has(source, options, ("stage",))
    # A single column of dates may be anything, unless the pipeline passed has a stage of that name.
    fewest = 2 if options.pipeline is None else 1
    if is_wide and len(_stage_columns(source, options)) >= fewest:
        return "wide"
    return sniff_list(source, options)


def _stage_columns(source: Source, options: Options) -> dict[str, str]:
    """Return the stage of each column of dates, by column."""
    item = columns_of(source.columns, options, ("item",))["item"]
    others = [column for column in source.columns if column != item]
    if options.pipeline is not None:
        stages = {*options.pipeline.labels, *options.pipeline.rules.aliases}
        by_column = {column: column if column in stages else _without_affix(column) for column in others}
        return {column: stage for column, stage in by_column.items() if stage in stages}
    dated = [
        column
        for column in others
        if looks_like_times(source.frame[column])
        and not is_usual(column, "created")
        and find_column([column], _NOT_STAGES) is None
    ]
    return _without_common_affix(dated)


def _without_affix(column: str) -> str:
    return _without_common_affix([column])[column]


def _without_common_affix(columns: Sequence[str]) -> dict[str, str]:
    """Remove ``entered_`` or ``_at`` from names of columns, if all of them have it."""
    for prefix in _PREFIXES:
        if columns and all(column.startswith(prefix) and column != prefix for column in columns):
            return {column: column.removeprefix(prefix) for column in columns}
    for suffix in _SUFFIXES:
        if columns and all(column.endswith(suffix) and column != suffix for column in columns):
            return {column: column.removesuffix(suffix) for column in columns}
    return {column: column for column in columns}


def read(sources: Sources, options: Options) -> Export:
    """Read a wide table: every date becomes a row; equal dates keep the order of the columns."""
    notes = Notes()
    table = history(sources, "wide", options, ("item",), notes)
    n_items = len(table.frame)
    stages = _stage_columns(Source("", table.frame, table.place), options)
    item = columns_of(table.columns, options, ("item",))["item"]
    parts = [
        pd.DataFrame(
            {"item": table.frame[item], "stage": stage, "dates": as_text(table.frame[column], times_too=True)}
        )
        for column, stage in stages.items()
    ]
    rows = pd.concat(parts, ignore_index=True).assign(order=range(len(parts) * n_items))
    place = place_of(table.place, [*range(n_items)] * len(parts))
    # All columns are read together, so that one date with a 13 says for all of them which number is the day.
    dates = rows.pop("dates").rename("dates of stages")
    rows["time"] = read_times(dates, place, options, notes)
    rows, place = rows_at(rows, place, np.flatnonzero(rows["time"].notna().to_numpy()))
    notes.add(
        "one_date_per_stage", len(rows), "rows from columns of dates: stages entered again are not known"
    )
    others = replace(table, frame=table.frame.drop(columns=list(stages)))
    own_items = read_items(others, item_columns(others.frame, options), options, notes)
    if sources.get(LIST_OF_ITEMS):
        items = items_beside(sources, rows, others.frame.drop(columns=item), options, notes)
    else:
        items = complete_items(own_items, rows, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes, first_by="order")
    log = make_log(rows, place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)
