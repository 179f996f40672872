"""What changed in Pipedrive's deals, out of their flow or their changelog."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ....errors import ReaderError
from ...build.moves import arrival, fetched_once
from ...notes import Notes
from ...options import Options
from ...sources.cells import Place, refuse_nested
from ...sources.dates import read_times
from ...sources.nested import objects, plain
from ...sources.source import Table

TIMES = ("log_time", "time", "timestamp")
_COLUMNS = ("item_id", "deal_id", "id", "field_key", *TIMES)


def changes_of(tables: Mapping[str, Table], options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Take the changes of stage and of status, and the creations.

    Returns
    -------
    changes, place
        ``item``, ``field``, ``old``, ``new``, ``time``, ``order`` and ``origin``; and where an origin
        stood.
    """
    frame, place = _history(tables, notes)
    item = next((name for name in ("item_id", "deal_id") if name in frame), None)
    if item is None:
        raise ReaderError(
            f"{place(0)}: these changes do not say of which deal they are; add a deal_id to each record, or "
            f"fetch /deals/{{id}}/flow, which has it"
        )
    wanted = frame["field_key"].isin(["stage_id", "status", "add_time"]).to_numpy()
    notes.add(
        "other_changes", int((~wanted).sum()), "changes of other fields than stage and status, left out"
    )
    at = np.flatnonzero(wanted)

    def kept_place(row: int) -> str:
        return place(int(at[row]))

    kept = frame.iloc[at].reset_index(drop=True)
    refuse_nested(kept, kept_place, ["old_value", "new_value"])
    time = next(name for name in TIMES if name in kept)
    changes = pd.DataFrame(
        {
            "item": kept[item],
            "field": kept["field_key"],
            "old": kept.get("old_value", pd.Series(None, index=kept.index, dtype=object)),
            "new": kept["new_value"],
            "time": read_times(kept[time], kept_place, options, notes),
        }
    )
    ids = kept.get("id")
    once = np.arange(len(kept)) if ids is None else fetched_once(changes, ids, kept_place, notes)
    changes["order"] = arrival(changes["item"], changes["time"], ids)
    changes = changes.assign(origin=at).iloc[once]
    deleted = changes["field"].eq("status") & changes["new"].eq("deleted")
    notes.add("deleted", int(deleted.sum()), "deals that were deleted: they stay in the stage they were in")
    return changes[~deleted].reset_index(drop=True), place


def _history(tables: Mapping[str, Table], notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Find the one history among what was given."""
    given = [role for role in ("flow", "changes") if role in tables]
    has = "; ".join(f"{table.sources[0].name} has {role}" for role, table in tables.items())
    if len(given) > 1:
        raise ReaderError(f"there are two histories of the same deals: {has}; give one")
    if not given:
        raise ReaderError(
            f"there is no history: {has}. A list of deals has only the current stage of each, and a funnel "
            f"needs the stages that they passed: fetch /deals/{{id}}/flow of each deal and give these too"
        )
    if given[0] == "changes":
        table = plain(tables["changes"], _COLUMNS)
        return table.frame, table.place
    return _out_of_flow(tables["flow"], notes)


def _out_of_flow(table: Table, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Take the changes of deals out of a flow, which also has notes, mails and activities."""
    frame = plain(table, ["object", "timestamp"]).frame
    is_change = frame["object"].eq("dealChange")
    notes.add(
        "other_entries",
        int((~is_change).sum()),
        "entries of the flow that are no change of the deal, left out",
    )
    chosen = frame[is_change]
    changes = objects(
        chosen["data"], table.place, ["item_id", "field_key"], ["id", "old_value", "new_value", "log_time"]
    )
    origins = changes.pop("origin").tolist()

    def place(row: int) -> str:
        return table.place(origins[row])

    refuse_nested(changes, place, ["id", "log_time"])
    if "timestamp" in chosen:
        changes["log_time"] = changes["log_time"].fillna(chosen["timestamp"].reset_index(drop=True))
    return changes, place
