"""Pipedrive: the flow of deals, or their changelog, with lists of deals, stages and pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import ReaderError
from .build import finish, make_log, stacked, times_of
from .cells import Place, as_text
from .changes import arrival, fetched_once, note_other_stages, note_stageless, rows_of_moves
from .dates import read_times
from .export import Export, Notes
from .item_lists import complete_items, read_items
from .meaning import listed_pipelines
from .pipedrive_stages import Stages, stages_of
from .protocol import Options, Sources
from .sources import Source, Table

FORMAT = "pipedrive"
ROLES: Mapping[str, str] = {
    "flow": "/deals/{id}/flow: object, timestamp, data",
    "changes": "changes of deals: deal_id, field_key, old_value, new_value, time",
    "deals": "/deals: id, stage_id, status",
    "stages": "/stages: id, name, order_nr, pipeline_id",
    "pipelines": "/pipelines: id, name, order_nr",
}
_ITEM_COLUMNS = {
    "item": "id",
    "amount": "value",
    "currency": "currency",
    "manager": "owner_name",
    "created": "add_time",
}
_TIMES = ("log_time", "time", "timestamp")


def sniff(source: Source, options: Options) -> str | None:
    """Tell which answer of Pipedrive's interface a source is."""
    if source.has("object", "data") and "dealChange" in set(source.frame["object"]):
        return "flow"
    if source.has("field_key", "new_value") and any(name in source.frame for name in _TIMES):
        return "changes"
    if source.has("id", "stage_id", "status") and (source.has("pipeline_id") or source.has("add_time")):
        return "deals"
    if source.has("id", "name", "order_nr"):
        return "stages" if source.has("pipeline_id") else "pipelines"
    return None


def read(sources: Sources, options: Options) -> Export:
    """Read what changed in deals: won and lost are statuses, and become stages of their pipeline."""
    notes = Notes()
    utc = replace(options, zone="UTC")  # which Pipedrive's times are in, with and without saying so
    tables = {role: table for role in ROLES if (table := stacked(sources, role, notes)) is not None}
    changes, place = _changes(tables, utc, notes)
    deals = _with_owner_names(tables["deals"]) if "deals" in tables else None
    stages = stages_of(tables)
    states = _states(changes, deals, stages)
    created, current = _creations(changes, deals, stages, utc, notes)
    hidden = states["from_stage"] == states["to_stage"]
    notes.add(
        "changes_unseen",
        int(hidden.sum()),
        "changes without a row, because the deal is seen where it was: another stage while it is won or "
        "lost, a status that it was created with",
    )
    kept = np.flatnonzero(~hidden.to_numpy())
    origins = states["origin"].to_numpy()[kept]
    moves = states.iloc[kept].reset_index(drop=True)
    rows, row_place = rows_of_moves(moves, created, current, lambda row: place(int(origins[row])), notes)
    note_stageless(changes["item"], rows, notes)
    items = None
    if deals is not None:
        items = read_items(deals, _ITEM_COLUMNS, utc, notes)
        now = stages.seen(deals.frame["stage_id"], deals.frame["status"])
        note_other_stages(rows, now.set_axis(items["item"]), notes)
        items = _in_zone(items, "created", options)
        if "pipeline_id" in items:
            items["pipeline"] = items["pipeline_id"].map(stages.name_of)
    items = complete_items(items, rows, notes)
    rows = _in_zone(rows, "time", options)
    lists = stages.lists(rows, notes)
    log = make_log(rows, row_place, options, items=items)
    return finish(FORMAT, log, listed_pipelines(lists, rows, options, notes), items, notes)


def _in_zone(frame: pd.DataFrame, column: str, options: Options) -> pd.DataFrame:
    if options.zone is None or column not in frame:
        return frame
    times = read_times(frame[column], lambda row: column, options, Notes())
    return frame.assign(**{column: times.to_numpy() if times.dt.tz is None else times})


def _with_owner_names(deals: Table) -> Table:
    """Take the name of the owner out of the object that the first version of the interface nests."""
    frame = deals.frame
    owner = next((name for name in ("user_id", "owner_id") if name in frame), None)
    if "owner_name" in frame or owner is None:
        return deals
    names = frame[owner].map(lambda value: value.get("name") if isinstance(value, dict) else value)
    return replace(deals, frame=frame.assign(owner_name=names))


def _changes(tables: Mapping[str, Table], options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Take the changes of stage and status, and the creations."""
    given = [role for role in ("flow", "changes") if role in tables]
    if len(given) != 1:
        has = "; ".join(f"{table.sources[0].name} has {role}" for role, table in tables.items())
        if given:
            raise ReaderError(f"there are two histories of the same deals: {has}; give one")
        raise ReaderError(
            f"there is no history: {has}. A list of deals has only the current stage of each, and a funnel "
            f"needs the stages that they passed: fetch /deals/{{id}}/flow of each deal and give these too"
        )
    table, origins = tables[given[0]], None
    if given[0] == "flow":
        table, origins = _out_of_flow(table, notes)
    at = np.arange(len(table.frame)) if origins is None else origins
    frame = table.frame
    item = next((name for name in ("item_id", "deal_id") if name in frame), None)
    if item is None:
        raise ReaderError(
            f"{table.sources[0].name}: these changes do not say of which deal they are; add a deal_id to "
            f"each record, or fetch /deals/{{id}}/flow, which has it"
        )
    time = next(name for name in _TIMES if name in frame)

    def place(row: int) -> str:
        return table.place(int(at[row]))

    wanted = frame["field_key"].isin(["stage_id", "status", "add_time"])
    notes.add(
        "other_changes", int((~wanted).sum()), "changes of other fields than stage and status, left out"
    )
    changes = pd.DataFrame(
        {
            "item": frame[item],
            "field": frame["field_key"],
            "old": frame.get("old_value", pd.Series(None, index=frame.index, dtype=object)),
            "new": frame["new_value"],
            "time": read_times(frame[time], place, options, notes),
        }
    )
    changes["order"] = arrival(changes["item"], changes["time"], frame.get("id"))
    changes["origin"] = range(len(changes))
    once = np.arange(len(frame))
    if "id" in frame:
        once = fetched_once(changes.drop(columns=["order", "origin"]), frame["id"], place, notes)
    changes = changes.loc[wanted & changes.index.isin(once)]
    deleted = changes["field"].eq("status") & changes["new"].eq("deleted")
    notes.add("deleted", int(deleted.sum()), "deals that were deleted: they stay in the stage they were in")
    return changes[~deleted].reset_index(drop=True), place


def _out_of_flow(table: Table, notes: Notes) -> tuple[Table, np.ndarray]:
    """Take the changes of deals out of a flow, which also has notes, mails and activities."""
    is_change = table.frame["object"].eq("dealChange") & table.frame["data"].map(
        lambda value: isinstance(value, dict)
    )
    notes.add(
        "other_entries",
        int((~is_change).sum()),
        "entries of the flow that are no change of the deal, left out",
    )
    at = np.flatnonzero(is_change.to_numpy())
    chosen = table.frame.iloc[at]
    data = pd.DataFrame(chosen["data"].tolist())
    frame = pd.DataFrame({str(name): as_text(data[name]) for name in data})
    if "log_time" in frame:
        frame["log_time"] = frame["log_time"].fillna(chosen["timestamp"].reset_index(drop=True))
    else:
        frame["timestamp"] = chosen["timestamp"].reset_index(drop=True)
    return replace(table, frame=frame), at


def _states(changes: pd.DataFrame, deals: Table | None, stages: Stages) -> pd.DataFrame:
    """Turn changes of stage and of status into moves between what a deal is seen in.

    A won or lost deal keeps its stage, and is seen in it again once it is opened.
    """
    moved = changes[changes["field"] != "add_time"].sort_values(["time", "order"], kind="stable")
    of_stage, of_status = moved["field"].eq("stage_id"), moved["field"].eq("status")
    item = moved["item"]
    current = None if deals is None else deals.frame.set_index("id")["stage_id"]
    stage = _followed(item, moved["old"].where(of_stage), moved["new"].where(of_stage), current)
    status = _followed(item, moved["old"].where(of_status), moved["new"].where(of_status), None)
    return pd.DataFrame(
        {
            "item": item,
            "from_stage": stages.seen(stage["before"], status["before"].fillna("open")),
            "to_stage": stages.seen(stage["after"], status["after"].fillna("open")),
            "time": moved["time"],
            "order": moved["order"],
            "origin": moved["origin"],
        }
    ).reset_index(drop=True)


def _followed(item: pd.Series, old: pd.Series, new: pd.Series, current: pd.Series | None) -> pd.DataFrame:
    """Follow one field of each item through all changes, of this field and of others.

    What was before the first change of the field is its old value; without any change, the value of now.
    """
    first = old.groupby(item, sort=False).first()
    start = item.map(first)
    if current is not None:
        unchanged = ~item.isin(item[new.notna()])
        start = start.where(~unchanged, item.map(current.to_dict()))
    after = new.groupby(item, sort=False).ffill()
    after = after.where(after.notna(), start)
    before = after.groupby(item, sort=False).shift()
    is_first = ~item.duplicated()
    before = before.where(~is_first, start)
    # A deal is created with a change of the field from nothing.
    born = is_first & old.isna() & new.notna()
    return pd.DataFrame({"before": before.where(~born, None), "after": after})


def _creations(
    changes: pd.DataFrame, deals: Table | None, stages: Stages, options: Options, notes: Notes
) -> tuple[pd.Series, pd.Series | None]:
    """Tell when deals were created, and what those are in that never moved; only of deals with a history."""
    born = changes[changes["field"].eq("add_time")].drop_duplicates("item")
    created = born.set_index("item")["time"]
    if deals is None:
        return created, None
    seen = deals.frame["id"].isin(changes["item"])
    listed = deals.frame[seen]
    if "add_time" in listed:
        times = times_of(deals, "add_time", options, Notes())[seen].set_axis(listed["id"])
        created = created.combine_first(times) if len(created) else times
    current = stages.seen(listed["stage_id"], listed["status"]).set_axis(listed["id"])
    return created, current
