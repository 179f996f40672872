"""Pipedrive: the flow of deals, or their changelog, with lists of deals, stages and pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from ...build.items import complete_items, read_items
from ...build.log import finish, make_log, stacked
from ...build.moves import note_other_stages, note_stageless, rows_of_moves
from ...build.pipelines import listed_pipelines
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.cells import as_text
from ...sources.dates import read_times
from ...sources.nested import plain
from ...sources.source import Source, Sources, Table
from .changes import TIMES, changes_of
from .stages import Stages, stages_of

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


def sniff(source: Source, options: Options) -> str | None:
    """Tell which answer of Pipedrive's interface a source is."""
    if source.has("object", "data") and source.frame["object"].eq("dealChange").any():
        return "flow"
    if source.has("field_key", "new_value") and any(name in source.frame for name in TIMES):
        return "changes"
    if source.has("id", "stage_id", "status") and (source.has("title") or source.has("add_time")):
        return "deals"
    if source.has("id", "name", "order_nr"):
        return "stages" if source.has("pipeline_id") else "pipelines"
    return None


def read(sources: Sources, options: Options) -> Export:
    """Read what changed in deals: won and lost are statuses, and become stages of their pipeline."""
    notes = Notes()
    utc = replace(options, zone="UTC")  # which Pipedrive's times are in, with and without saying so
    tables = {role: table for role in ROLES if (table := stacked(sources, role, notes)) is not None}
    changes, place = changes_of(tables, utc, notes)
    deals = _with_owner_names(tables["deals"]) if "deals" in tables else None
    items = None if deals is None else read_items(deals, _ITEM_COLUMNS, utc, notes)
    stages = stages_of(tables)
    moves = _moves(changes, deals, stages, notes)
    created, current = _creations(changes, items, stages)
    rows, row_place = rows_of_moves(
        moves, created, current, lambda row: place(int(moves["origin"].iloc[row])), notes
    )
    note_stageless(changes["item"], rows, notes)
    if items is not None:
        note_other_stages(rows, _now(items, stages), notes)
        items = _in_zone(items, "created", options)
        if "pipeline_id" in items:
            items["pipeline"] = items["pipeline_id"].map(stages.name_of, na_action="ignore")
    items = complete_items(items, rows, notes)
    rows = _in_zone(rows, "time", options)
    lists = stages.lists(rows, notes)
    log = make_log(rows, row_place, options, items=items)
    return finish(FORMAT, log, listed_pipelines(lists, rows, options, notes), items, notes)


def _now(items: pd.DataFrame, stages: Stages) -> pd.Series:
    """Tell in which stage each deal of the list is seen."""
    return stages.seen(items["stage_id"], items["status"]).set_axis(items["item"])


def _in_zone(frame: pd.DataFrame, column: str, options: Options) -> pd.DataFrame:
    if options.zone is None or column not in frame:
        return frame
    times = read_times(frame[column], lambda row: column, options, Notes())
    return frame.assign(**{column: times.to_numpy() if times.dt.tz is None else times})


def _with_owner_names(deals: Table) -> Table:
    """Take the name of the owner out of the object that the first version of the interface nests."""
    frame = deals.frame
    owner = next((name for name in ("user_id", "owner_id") if name in frame), None)
    plain(deals, ["id", "stage_id", "pipeline_id", "status", "value", "currency", "owner_name"])
    if "owner_name" in frame or owner is None:
        return deals
    names = frame[owner].map(lambda value: value.get("name") if isinstance(value, dict) else value)
    return replace(deals, frame=frame.assign(owner_name=as_text(names)))


def _moves(changes: pd.DataFrame, deals: Table | None, stages: Stages, notes: Notes) -> pd.DataFrame:
    """Turn changes of stage and of status into moves between the stages that a deal is seen in.

    A won or lost deal keeps its stage, and is seen in it again once it is opened.
    """
    moved = changes[changes["field"] != "add_time"].sort_values(["time", "order"], kind="stable")
    of_stage, of_status = moved["field"].eq("stage_id"), moved["field"].eq("status")
    item = moved["item"]
    current = None if deals is None else deals.frame.set_index("id")["stage_id"]
    stage = _followed(item, moved["old"].where(of_stage), moved["new"].where(of_stage), current)
    status = _followed(item, moved["old"].where(of_status), moved["new"].where(of_status), None)
    moves = moved[["item", "time", "order", "origin"]].assign(
        from_stage=stages.seen(stage["before"], status["before"].fillna("open")),
        to_stage=stages.seen(stage["after"], status["after"].fillna("open")),
    )
    unseen = moves["from_stage"] == moves["to_stage"]
    notes.add(
        "changes_unseen",
        int(unseen.sum()),
        "changes without a row, because the deal is seen where it was: another stage while it is won or "
        "lost, a status that it was created with",
    )
    return moves[~unseen].reset_index(drop=True)


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
    changes: pd.DataFrame, items: pd.DataFrame | None, stages: Stages
) -> tuple[pd.Series, pd.Series | None]:
    """Tell when deals were created, and what those are in that never moved; only of deals with a history."""
    born = changes[changes["field"].eq("add_time")].drop_duplicates("item")
    created = born.set_index("item")["time"]
    if items is None:
        return created, None
    listed = items[items["item"].isin(changes["item"])]
    if "created" in listed:
        times = listed.set_index("item")["created"]
        created = created.combine_first(times) if len(created) else times
    return created, _now(listed, stages)
