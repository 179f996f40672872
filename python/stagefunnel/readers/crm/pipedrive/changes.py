"""The changes of Pipedrive's deals, from their flow or their changelog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ....errors import ReaderError
from ...build.order import are_ids, arrival, fetched_once
from ...build.tables import one_history
from ...notes import Notes
from ...options import Options
from ...sources.cells import refuse_nested
from ...sources.columns import column_or_missing
from ...sources.dates import read_times
from ...sources.nested import objects, plain
from ...sources.places import Place, place_of, rows_at
from ...sources.source import Table

TIMES = ("log_time", "time", "timestamp")
# The columns of changes in a warehouse that have other names than those of the interface.
_OF_WAREHOUSE = {"changed_field_key": "field_key", "change_time": "time", "changed_at": "time"}
_COLUMNS = ("item_id", "deal_id", "id", "field_key", *TIMES)


def has_changes(columns: Sequence[str]) -> bool:
    """Check for the columns of changes, of the interface or of a warehouse."""
    names = {_OF_WAREHOUSE.get(column, column) for column in columns}
    return {"field_key", "new_value"} <= names and any(time in names for time in TIMES)


def changes_of(tables: Mapping[str, Table], options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Return the changes of stage and status, and the creations.

    Returns
    -------
    changes, place
        Columns ``item``, ``field``, ``old``, ``new``, ``time``, ``order`` and ``origin``; and the place of
        each origin.
    """
    frame, place = _history(tables, notes)
    item = next((name for name in ("item_id", "deal_id") if name in frame), None)
    if item is None:
        raise ReaderError(
            f"{place(0)}: these changes do not say which deal they belong to; add a deal_id to each record, "
            f"or fetch /deals/{{id}}/flow, which has it"
        )
    is_read = frame["field_key"].isin(["stage_id", "status", "add_time"]).to_numpy()
    notes.add(
        "other_changes", int((~is_read).sum()), "changes of other fields than stage and status, left out"
    )
    origins = np.flatnonzero(is_read)
    records, record_place = rows_at(frame, place, origins)
    refuse_nested(records, record_place, ["old_value", "new_value"])
    time = next(name for name in TIMES if name in records)
    changes = pd.DataFrame(
        {
            "item": records[item],
            "field": records["field_key"],
            "old": column_or_missing(records, "old_value"),
            "new": records["new_value"],
            "time": read_times(records[time], record_place, options, notes),
        }
    )
    ids = records.get("id")
    once = np.arange(len(records)) if ids is None else fetched_once(changes, ids, record_place, notes)
    changes["order"] = arrival(changes["item"], changes["time"], ids)
    notes.ids_decide = are_ids(ids)
    changes = changes.assign(origin=origins).iloc[once]
    is_deletion = changes["field"].eq("status") & changes["new"].eq("deleted")
    notes.add(
        "deleted", int(is_deletion.sum()), "deals that were deleted: they stay in the stage they were in"
    )
    return changes[~is_deletion].reset_index(drop=True), place


def _history(tables: Mapping[str, Table], notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Return the records of the one history among the tables of an export."""
    role = one_history(
        tables, ("flow", "changes"), "deals", "fetch /deals/{id}/flow of each deal and give these too"
    )
    if role == "flow":
        return _records_of_flow(tables[role], notes)
    table = tables[role]
    free = {old: new for old, new in _OF_WAREHOUSE.items() if new not in table.frame}
    table = plain(replace(table, frame=table.frame.rename(columns=free)), _COLUMNS)
    return _with_losses(table.frame, notes), table.place


def _with_losses(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Take a reason of loss as the loss, in changes that have no status."""
    if frame["field_key"].eq("status").any():
        return frame
    is_reason = frame["field_key"].eq("lost_reason") & frame["new_value"].notna()
    notes.add(
        "no_status", len(frame), "changes of which none is of the status: a deal that was won counts as open"
    )
    notes.add(
        "lost_by_reason",
        int(is_reason.sum()),
        "reasons of loss, taken as the loss of the deal, because no change has its status",
    )
    return frame.assign(
        field_key=frame["field_key"].mask(is_reason, "status"),
        new_value=frame["new_value"].mask(is_reason, "lost"),
    )


def _records_of_flow(table: Table, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Return the changes of deals in a flow, which also has notes, mails and activities."""
    frame = plain(table, ["object", "timestamp"]).frame
    is_change = frame["object"].eq("dealChange")
    notes.add(
        "other_entries",
        int((~is_change).sum()),
        "entries of the flow that are not changes of the deal, left out",
    )
    entries = frame[is_change]
    records = objects(
        entries["data"], table.place, ["item_id", "field_key"], ["id", "old_value", "new_value", "log_time"]
    )
    place = place_of(table.place, records.pop("origin").to_numpy())
    refuse_nested(records, place, ["id", "log_time"])
    if "timestamp" in entries:
        records["log_time"] = records["log_time"].fillna(entries["timestamp"].reset_index(drop=True))
    return records, place
