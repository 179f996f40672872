"""Kommo (amoCRM): events of leads, with lists of leads and pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ..build.items import (
    complete_items,
    last_stages,
    note_other_stages,
    note_stageless,
    read_items,
    with_keys,
)
from ..build.log import finish, make_log
from ..build.moves import rows_of_moves
from ..build.order import are_ids, arrival, fetched_once
from ..build.pipelines import in_time, listed_pipelines
from ..build.stage_lists import StageList, distinct_names, names_by_id
from ..build.tables import one_history, tables_by_role, times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import refuse_nested
from ..sources.columns import column_or_missing, sorted_by_numbers
from ..sources.nested import objects, plain
from ..sources.places import Place, first_row, place_of, rows_at
from ..sources.source import Source, Sources, Table

FORMAT = "kommo"
ROLES: Mapping[str, str] = {
    "events": "/api/v4/events of type lead_status_changed: type, entity_id, value_before, value_after",
    "leads": "/api/v4/leads: id, status_id, pipeline_id",
    "pipelines": "/api/v4/leads/pipelines: id, name, _embedded.statuses",
}
_ITEM_COLUMNS = {"item": "id", "amount": "price", "manager": "responsible_user_id", "created": "created_at"}
_MOVED, _ADDED = "lead_status_changed", "lead_added"
_WON, _LOST = "142", "143"  # in every pipeline


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an answer of Kommo's interface."""
    if source.has("type", "entity_id", "created_at", "value_after"):
        return "events" if source.frame["type"].isin([_MOVED, _ADDED]).any() else None
    if source.has("id", "status_id", "pipeline_id") and (source.has("price") or source.has("account_id")):
        return "leads"
    if source.has("id", "name", "_embedded") and source.frame["_embedded"].map(_statuses_in).map(bool).any():
        return "pipelines"
    return None


def _statuses_in(embedded: Any) -> list[dict[str, Any]]:
    return (embedded.get("statuses") or []) if isinstance(embedded, dict) else []


def code_of(status: pd.Series, pipeline: pd.Series) -> pd.Series:
    """Return the codes of stages; won and lost, which all pipelines share, become ``11:142``, ``11:143``."""
    is_shared = status.isin([_WON, _LOST])
    return status.where(~is_shared, pipeline + ":" + status)


def read(sources: Sources, options: Options) -> Export:
    """Read the events of leads, and the lists of leads and pipelines beside them."""
    notes = Notes()
    tables = tables_by_role(sources, ROLES, notes)
    one_history(
        tables,
        ["events"],
        "leads",
        "fetch /api/v4/events of type lead_status_changed and give these too",
    )
    events, place = _events(tables["events"], options, notes)
    leads = None
    if "leads" in tables:
        leads = with_keys(_without_links(tables["leads"]), "id", options, notes)
    items, created, current = None, _added(events), None
    pairs = [events[["from_stage", "from_pipeline"]], events[["to_stage", "to_pipeline"]]]
    if leads is not None:
        items = read_items(leads, _ITEM_COLUMNS, options, notes)
        current = code_of(leads.frame["status_id"], leads.frame["pipeline_id"]).set_axis(items["item"])
        if "created" in items:
            listed = items.set_index("item")["created"]
            created = listed if created is None else listed.combine_first(created)
        pairs.append(pd.DataFrame({"stage": current.to_numpy(), "pipeline": leads.frame["pipeline_id"]}))
    moves, move_place = rows_at(events, place, np.flatnonzero(events["to_stage"].notna().to_numpy()))
    rows, row_place = rows_of_moves(moves, created, current, move_place, notes)
    note_stageless(events["item"], rows, notes)
    lists, names = _lists(tables.get("pipelines"), rows, pairs, notes)
    if items is not None and leads is not None and current is not None:
        note_other_stages(last_stages(rows), current, notes)
        items["pipeline"] = leads.frame["pipeline_id"].map(
            lambda pipeline: names.get(pipeline, f"Pipeline {pipeline}"), na_action="ignore"
        )
    items = complete_items(items, rows, notes)
    log = make_log(rows, row_place, options, items=items)
    return finish(FORMAT, log, listed_pipelines(lists, rows, options, notes), items, notes)


def _without_links(leads: Table) -> Table:
    frame = leads.frame.drop(columns=["_links", "account_id"], errors="ignore")
    return plain(replace(leads, frame=frame), [*_ITEM_COLUMNS.values(), "status_id", "pipeline_id"])


def _events(table: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Return the moves and creations of leads, with the column names of moves."""
    frame = plain(table, ["id", "type", "entity_id", "created_at"]).frame
    before, after = (_status(table, name) for name in ("value_before", "value_after"))
    events = pd.DataFrame(
        {
            "item": frame["entity_id"],
            "type": frame["type"],
            "from_stage": code_of(before["id"], before["pipeline_id"]),
            "from_pipeline": before["pipeline_id"],
            "to_stage": code_of(after["id"], after["pipeline_id"]),
            "to_pipeline": after["pipeline_id"],
            "time": times_of(table, "created_at", options, notes),
        }
    )
    once = np.arange(len(events))
    if "id" in frame:
        once = fetched_once(events, frame["id"], table.place, notes)
    events["order"] = arrival(events["item"], events["time"], frame.get("id"))
    notes.ids_decide = are_ids(frame.get("id"))
    is_move, is_creation = events["type"].eq(_MOVED), events["type"].eq(_ADDED)
    notes.add("other_events", int((~is_move & ~is_creation).sum()), "events of other types, left out")
    is_blind = is_move & events["to_stage"].isna()
    if is_blind.any():
        raise ReaderError(
            f"{table.place(first_row(is_blind))}: the event has no stage in value_after; it must be like "
            f'[{{"lead_status": {{"id": 22, "pipeline_id": 11}}}}]'
        )
    notes.add(
        "actor_left_out", int(is_move.sum()), "events whose created_by, who moved the lead, is not in the log"
    )
    chosen = np.flatnonzero((is_move | is_creation).to_numpy() & events.index.isin(once))
    return rows_at(events, table.place, chosen)


def _status(table: Table, column: str) -> pd.DataFrame:
    """Return the stage and the pipeline in a value of each event; missing where it has none."""
    values = column_or_missing(table.frame, column)
    status = objects(values.map(_lead_status), table.place, [], ["id", "pipeline_id"])
    refuse_nested(status, table.place, ["id", "pipeline_id"])
    return status


def _lead_status(value: Any) -> dict[str, Any]:
    first = value[0] if isinstance(value, list) and value else value
    status = first.get("lead_status") if isinstance(first, dict) else None
    return status if isinstance(status, dict) else {}


def _added(events: pd.DataFrame) -> pd.Series | None:
    """Return when leads were added, by item; ``None`` if no event says so."""
    added = events[events["type"].eq(_ADDED)].drop_duplicates("item")
    return added.set_index("item")["time"] if len(added) else None


def _lists(
    pipelines: Table | None, rows: pd.DataFrame, pairs: Sequence[pd.DataFrame], notes: Notes
) -> tuple[list[StageList], dict[str, str]]:
    """List the stages of each pipeline, and name the pipelines by id.

    Parameters
    ----------
    pipelines
        List of pipelines; without it the stages come in order of first appearance.
    rows
        Rows of the log.
    pairs
        Frames with a stage and its pipeline, as events and leads name them.
    """
    if pipelines is not None:
        stages, names = _listed(pipelines)
    else:
        stages, names = _in_rows(rows, pairs), {}
        notes.add(
            "stages_not_listed",
            len(stages),
            "stages in the order in which they first appear, because /api/v4/leads/pipelines is not given",
        )
    lists = [
        _stage_list(names.get(str(pipeline), f"Pipeline {pipeline}"), str(pipeline), own)
        for pipeline, own in stages.groupby("pipeline", sort=False)
    ]
    return lists, names


def _listed(pipelines: Table) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the listed stages in their order, and the names of the pipelines by id."""
    frame = sorted_by_numbers(plain(pipelines, ["id", "name", "sort"]).frame, "sort")
    names = distinct_names(names_by_id(frame["id"], frame["name"]))
    nested = frame["_embedded"].map(_statuses_in).explode().dropna()
    statuses = objects(nested, pipelines.place, ["id"], ["name", "sort"])
    origins = statuses["origin"].to_numpy()
    refuse_nested(statuses, place_of(pipelines.place, origins), ["name", "sort"])
    pipeline = frame["id"].loc[origins].reset_index(drop=True)
    code = code_of(statuses["id"], pipeline)
    stages = pd.DataFrame(
        {
            "pipeline": pipeline,
            "code": code,
            "name": statuses["name"].fillna(code),
            "sort": pd.to_numeric(statuses["sort"], errors="coerce"),
            "rank": pipeline.map({code: rank for rank, code in enumerate(names)}),
        }
    ).drop_duplicates("code")
    return stages.sort_values(["rank", "sort"], kind="stable"), names


def _in_rows(rows: pd.DataFrame, pairs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the stages of the log in order of first appearance, grouped by pipeline."""
    stages = pd.concat([pair.set_axis(["code", "pipeline"], axis="columns") for pair in pairs])
    pipeline_of = stages.dropna().drop_duplicates("code").set_index("code")["pipeline"]
    codes = [code for code in in_time(rows) if code in pipeline_of.index]
    return pd.DataFrame(
        {"code": codes, "pipeline": pipeline_of.reindex(codes).to_numpy(), "name": codes}
    ).sort_values("pipeline", kind="stable")


def _stage_list(name: str, pipeline: str, own: pd.DataFrame) -> StageList:
    with_name = own[own["name"] != own["code"]]
    names = dict(zip(with_name["code"], with_name["name"], strict=True))
    return StageList.of_pipeline(name, pipeline, own["code"], won=_WON, lost=_LOST, names=names)
