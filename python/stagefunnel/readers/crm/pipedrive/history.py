"""Pipedrive: the flow of deals, or their changelog, with lists of deals, stages and pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from ...build.items import (
    complete_items,
    last_stages,
    note_other_stages,
    note_stageless,
    read_items,
    with_keys,
)
from ...build.log import finish, make_log
from ...build.moves import rows_of_moves
from ...build.pipelines import listed_pipelines
from ...build.tables import tables_by_role
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.cells import as_text
from ...sources.dates import read_times
from ...sources.nested import plain
from ...sources.places import place_of
from ...sources.source import Source, Sources, Table
from .changes import changes_of, has_changes
from .stages import Stages, is_stage_list, stages_of

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
    """Return the role of a source by its columns: an answer of Pipedrive's interface."""
    if source.has("object", "data") and source.frame["object"].eq("dealChange").any():
        return "flow"
    if has_changes(source.columns):
        return "changes"
    if source.has("id", "stage_id", "status") and (source.has("title") or source.has("add_time")):
        return "deals"
    if source.has("id", "name", "order_nr"):
        return "stages" if source.has("pipeline_id") else "pipelines"
    return "stages" if is_stage_list(source) else None


def read(sources: Sources, options: Options) -> Export:
    """Read the changes of deals: the statuses won and lost become stages of each pipeline."""
    notes = Notes()
    utc = replace(options, zone="UTC")  # the zone of Pipedrive's times, which they may not carry
    tables = tables_by_role(sources, ROLES, notes)
    changes, place = changes_of(tables, utc, notes)
    deals = None
    if "deals" in tables:
        deals = with_keys(_with_owner_names(tables["deals"]), "id", options, notes)
    items = None if deals is None else read_items(deals, _ITEM_COLUMNS, utc, notes)
    stages = stages_of(tables, notes)
    moves = _moves(changes, deals, stages, notes)
    created, current = _creations(changes, items, stages)
    rows, row_place = rows_of_moves(
        moves, created, current, place_of(place, moves["origin"].to_numpy()), notes
    )
    note_stageless(changes["item"], rows, notes)
    if items is not None:
        note_other_stages(last_stages(rows), _current(items, stages), notes)
        items = _in_zone(items, "created", options)
        if "pipeline_id" in items:
            items["pipeline"] = items["pipeline_id"].map(stages.name_of, na_action="ignore")
    items = complete_items(items, rows, notes)
    rows = _in_zone(rows, "time", options)
    lists = stages.lists(rows, notes)
    log = make_log(rows, row_place, options, items=items)
    return finish(FORMAT, log, listed_pipelines(lists, rows, options, notes), items, notes)


def _current(items: pd.DataFrame, stages: Stages) -> pd.Series:
    """Return the current stage of each deal of the list, by item."""
    return stages.visible(items["stage_id"], items["status"]).set_axis(items["item"])


def _in_zone(frame: pd.DataFrame, column: str, options: Options) -> pd.DataFrame:
    if options.zone is None or column not in frame:
        return frame
    times = read_times(frame[column], lambda row: column, options, Notes())
    return frame.assign(**{column: times.to_numpy() if times.dt.tz is None else times})


def _with_owner_names(deals: Table) -> Table:
    """Add the name of the owner, which version 1 of the interface nests in an object."""
    frame = deals.frame
    owner = next((name for name in ("user_id", "owner_id") if name in frame), None)
    plain(deals, ["id", "stage_id", "pipeline_id", "status", "value", "currency", "owner_name"])
    if "owner_name" in frame or owner is None:
        return deals
    names = frame[owner].map(lambda value: value.get("name") if isinstance(value, dict) else value)
    return replace(deals, frame=frame.assign(owner_name=as_text(names)))


def _moves(changes: pd.DataFrame, deals: Table | None, stages: Stages, notes: Notes) -> pd.DataFrame:
    """Turn changes of stage and status into moves between the stages of the log.

    A won or lost deal keeps its stage in Pipedrive, and returns to it if it is reopened.
    """
    in_time = changes[changes["field"] != "add_time"].sort_values(["time", "order"], kind="stable")
    is_stage, is_status = in_time["field"].eq("stage_id"), in_time["field"].eq("status")
    item = in_time["item"]
    current = None if deals is None else deals.frame.set_index("id")["stage_id"]
    stage = _followed(item, in_time["old"].where(is_stage), in_time["new"].where(is_stage), current)
    status = _followed(item, in_time["old"].where(is_status), in_time["new"].where(is_status), None)
    moves = in_time[["item", "time", "order", "origin"]].assign(
        from_stage=stages.visible(stage["before"], status["before"].fillna("open")),
        to_stage=stages.visible(stage["after"], status["after"].fillna("open")),
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
    """Return the value of one field before and after every change, also of other fields.

    Parameters
    ----------
    item
        Item of each change, in order of time.
    old, new
        Values of the field, missing where another field changed.
    current
        Current value of the field, by item, for items whose field never changed.
    """
    # Before its first change the field has that change's old value.
    start = item.map(old.groupby(item, sort=False).first())
    if current is not None:
        is_unchanged = ~item.isin(item[new.notna()])
        start = start.where(~is_unchanged, item.map(current.to_dict()))
    after = new.groupby(item, sort=False).ffill()
    after = after.where(after.notna(), start)
    is_first = ~item.duplicated()
    before = after.groupby(item, sort=False).shift().where(~is_first, start)
    # The creation of a deal is a change of the field from nothing.
    is_creation = is_first & old.isna() & new.notna()
    return pd.DataFrame({"before": before.where(~is_creation, None), "after": after})


def _creations(
    changes: pd.DataFrame, items: pd.DataFrame | None, stages: Stages
) -> tuple[pd.Series, pd.Series | None]:
    """Return the time of creation and the current stage of the deals that have a history, by item."""
    creations = changes[changes["field"].eq("add_time")].drop_duplicates("item")
    created = creations.set_index("item")["time"]
    if items is None:
        return created, None
    listed = items[items["item"].isin(changes["item"])]
    if "created" in listed:
        times = listed.set_index("item")["created"]
        created = created.combine_first(times) if len(created) else times
    return created, _current(listed, stages)
