"""Any wide table: one row per item, one column of dates per stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ...errors import quoted
from ..build.items import complete_items, last_stages, note_other_stages, read_items, with_keys
from ..build.meanings import meaning_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text
from ..sources.dates import read_times
from ..sources.places import place_of, rows_at
from ..sources.source import Source, Sources
from .column_names import columns_of, is_usual
from .date_names import is_no_stage, stage_names, without_affixes
from .ending import export_of
from .history import history
from .item_column import columns_in, has
from .items import LIST_OF_ITEMS, LIST_ROLE, item_columns, items_beside, sniff_list

FORMAT = "wide"
ROLES: Mapping[str, str] = {
    "wide": "an item and a column of dates for each stage, as in deal_id, New, Offer, Won",
    **LIST_ROLE,
}
# Columns run back in time if more than this share of the steps from date to date does, or, where no dates are
# equal, if at least so many do as well.
_NEARLY_ALL = 0.9
_FEWEST = 3


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: a wide table has an item and columns of dates, one for each stage."""
    is_wide = has(source.frame, options, ("item",)) and (
        options.format == FORMAT or _stage_of_now_fits(source, options)
    )
    # A single column of dates may be anything, unless the pipeline passed has a stage of that name.
    fewest = 2 if options.pipeline is None else 1
    if is_wide and len(_stage_columns(source, options)) >= fewest:
        return "wide"
    return sniff_list(source, options)


def date_columns(source: Source, options: Options) -> list[str]:
    """List the columns of dates that could be stages, of a table with an item."""
    return list(_stage_columns(source, options)) if has(source.frame, options, ("item",)) else []


def _stage_of_now_fits(source: Source, options: Options) -> bool:
    """Check that there is no column of stages, or that it holds the stage of now and each has its dates.

    A list of items has a stage and dates too, such as those of its end; its stages in progress have none.
    """
    current = _current_column(source.columns, options)
    if current is None:
        return True
    stages = {_key(stage) for stage in _stage_columns(source, options).values()}
    own = pd.unique(source.frame[current].dropna().astype(str))  # of many rows few differ
    has_all = {*map(_key, own)} <= stages
    return has_all and any(meaning_of(stage) is None for stage in stages)


def _current_column(columns: Sequence[str], options: Options) -> str | None:
    """Return the column with the stage of now, if there is one."""
    return columns_of(columns, options, ("stage",)).get("stage")


def _key(stage: object) -> str:
    return str(stage).strip().casefold()


def _stage_columns(source: Source, options: Options) -> dict[str, str]:
    """Return the stage of each column of dates, by column."""
    item = columns_in(source.frame, options, ("item",))["item"]
    others = [column for column in source.columns if column != item]
    if options.pipeline is not None:
        stages = {*options.pipeline.labels, *options.pipeline.rules.aliases}
        by_column = {column: column if column in stages else without_affixes(column) for column in others}
        return {column: stage for column, stage in by_column.items() if stage in stages}
    dated = [column for column in _dated(source, others) if not is_no_stage(column)]
    return stage_names(dated)


def _dated(source: Source, columns: Sequence[str]) -> list[str]:
    """List the columns of dates but that of the creation."""
    return [column for column in columns if source.holds_dates(column) and not is_usual(column, "created")]


def _note_left_out(source: Source, stages: Mapping[str, str], options: Options, notes: Notes) -> None:
    """Count the columns of dates that are taken for no stage."""
    left_out = _dated(source, [column for column in source.columns if column not in stages])
    note = f"columns of dates that are not stages of the pipeline: {quoted(left_out)}"
    if options.pipeline is None:
        note = (
            "columns of dates left out, because their names are those of planned, technical or personal "
            f"dates: {quoted(left_out)}; pass pipeline= with those that are stages"
        )
    notes.add("dates_left_out", len(left_out), note)


def _oldest_first(rows: pd.DataFrame, n_items: int, notes: Notes) -> pd.DataFrame:
    """Turn the order of the columns round where they run back in time: won before new."""
    in_items = rows.assign(row=rows["order"] % n_items).sort_values(["row", "order"])
    steps = in_items.groupby("row", sort=False)["time"].diff().dt.total_seconds()
    falls, rises, ties = int((steps < 0).sum()), int((steps > 0).sum()), int((steps == 0).sum())
    # The order of columns is a choice; few dates without a tie do not overrule it.
    if falls <= _NEARLY_ALL * (falls + rises) or (not ties and falls < _FEWEST):
        return rows
    notes.add(
        "newest_first",
        rows["stage"].nunique(),
        "columns of dates, turned round because dates go back in time from column to column",
    )
    return rows.assign(order=-rows["order"])


def _note_stages_of_now(
    frame: pd.DataFrame, item: str, rows: pd.DataFrame, options: Options, notes: Notes
) -> None:
    """Count the items whose last date is not that of the stage in which the table has them."""
    current = _current_column(list(frame.columns), options)
    if current is None:
        return
    stages = frame.set_index(item)[current].dropna().map(_key)
    known = {_key(stage) for stage in rows["stage"].unique()}
    note_other_stages(last_stages(rows).map(_key), stages[stages.isin(known)], notes)


def read(sources: Sources, options: Options) -> Export:
    """Read a wide table: every date becomes a row; equal dates keep the order of the columns."""
    notes = Notes()
    table = history(sources, "wide", options, ("item",), notes)
    item = columns_in(table.frame, options, ("item",))["item"]
    table = with_keys(table, item, options, notes)
    n_items = len(table.frame)
    source = Source("", table.frame, table.place)
    stages = _stage_columns(source, options)
    _note_left_out(source, stages, options, notes)
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
    rows = _oldest_first(rows, n_items, notes)
    _note_stages_of_now(table.frame, item, rows, options, notes)
    notes.add(
        "one_date_per_stage", len(rows), "rows from columns of dates: stages entered again are not known"
    )
    others = replace(table, frame=table.frame.drop(columns=list(stages)))
    own_items = read_items(others, item_columns(others.frame, options), options, notes)
    if sources.get(LIST_OF_ITEMS):
        items = items_beside(sources, rows, others.frame.drop(columns=item), options, notes)
    else:
        items = complete_items(own_items, rows, notes)
    return export_of(FORMAT, rows, place, items, options, notes, first_by="order")
