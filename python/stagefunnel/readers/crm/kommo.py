"""Kommo (amoCRM): events of leads, with lists of leads and pipelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ..build.items import complete_items, read_items
from ..build.log import StageList, distinct_names, finish, make_log, stacked, times_of
from ..build.moves import arrival, fetched_once, note_other_stages, note_stageless, rows_of_moves
from ..build.pipelines import in_time, listed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import Place, refuse_nested
from ..sources.nested import objects, plain
from ..sources.source import Source, Sources, Table

FORMAT = "kommo"
ROLES: Mapping[str, str] = {
    "events": "/api/v4/events of type lead_status_changed: type, entity_id, value_before, value_after",
    "leads": "/api/v4/leads: id, status_id, pipeline_id",
    "pipelines": "/api/v4/leads/pipelines: id, name, _embedded.statuses",
}
_ITEM_COLUMNS = {"item": "id", "amount": "price", "manager": "responsible_user_id", "created": "created_at"}
_TYPES = ("lead_status_changed", "lead_added")
_WON, _LOST = "142", "143"  # of every pipeline


def sniff(source: Source, options: Options) -> str | None:
    """Tell which answer of Kommo's interface a source is."""
    if source.has("type", "entity_id", "created_at", "value_after"):
        return "events" if source.frame["type"].isin(_TYPES).any() else None
    if source.has("id", "status_id", "pipeline_id") and (source.has("price") or source.has("account_id")):
        return "leads"
    if source.has("id", "name", "_embedded") and source.frame["_embedded"].map(_statuses_in).map(bool).any():
        return "pipelines"
    return None


def _statuses_in(embedded: Any) -> list[dict[str, Any]]:
    return (embedded.get("statuses") or []) if isinstance(embedded, dict) else []


def code_of(status: pd.Series, pipeline: pd.Series) -> pd.Series:
    """Make the codes of stages: won and lost, which all pipelines share, as ``11:142`` and ``11:143``."""
    shared = status.isin([_WON, _LOST])
    return status.where(~shared, pipeline + ":" + status)


def read(sources: Sources, options: Options) -> Export:
    """Read the events of leads, and the lists of leads and pipelines beside them."""
    notes = Notes()
    tables = {role: table for role in ROLES if (table := stacked(sources, role, notes)) is not None}
    if "events" not in tables:
        has = "; ".join(f"{table.sources[0].name} has {role}" for role, table in tables.items())
        raise ReaderError(
            f"there is no history: {has}. A list of leads has only the current stage of each, and a funnel "
            f"needs the stages that they passed: fetch /api/v4/events of type lead_status_changed and give "
            f"these too"
        )
    events, place = _events(tables["events"], options, notes)
    leads = _without_links(tables["leads"]) if "leads" in tables else None
    items, created, current = None, _added(events), None
    seen = [events[["from_stage", "from_pipeline"]], events[["to_stage", "to_pipeline"]]]
    if leads is not None:
        items = read_items(leads, _ITEM_COLUMNS, options, notes)
        current = code_of(leads.frame["status_id"], leads.frame["pipeline_id"]).set_axis(items["item"])
        if "created" in items:
            listed = items.set_index("item")["created"]
            created = listed if created is None else listed.combine_first(created)
        seen.append(pd.DataFrame({"stage": current.to_numpy(), "pipeline": leads.frame["pipeline_id"]}))
    chosen = np.flatnonzero(events["to_stage"].notna().to_numpy())
    rows, row_place = rows_of_moves(
        events.iloc[chosen].reset_index(drop=True),
        created,
        current,
        lambda row: place(int(chosen[row])),
        notes,
    )
    note_stageless(events["item"], rows, notes)
    lists, names = _lists(tables.get("pipelines"), rows, seen, notes)
    if items is not None and leads is not None and current is not None:
        note_other_stages(rows, current, notes)
        items["pipeline"] = leads.frame["pipeline_id"].map(
            lambda one: names.get(one, f"Pipeline {one}"), na_action="ignore"
        )
    items = complete_items(items, rows, notes)
    log = make_log(rows, row_place, options, items=items)
    return finish(FORMAT, log, listed_pipelines(lists, rows, options, notes), items, notes)


def _without_links(leads: Table) -> Table:
    frame = leads.frame.drop(columns=["_links", "account_id"], errors="ignore")
    return plain(replace(leads, frame=frame), [*_ITEM_COLUMNS.values(), "status_id", "pipeline_id"])


def _events(table: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Bring the events of leads under the names of moves; other events are left out."""
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
    moved, added = (events["type"].eq(one) for one in _TYPES)
    notes.add("other_events", int((~moved & ~added).sum()), "events of other types, left out")
    blind = moved & events["to_stage"].isna()
    if blind.any():
        row = int(np.flatnonzero(blind.to_numpy())[0])
        raise ReaderError(
            f"{table.place(row)}: the event has no stage in value_after; it must be like "
            f'[{{"lead_status": {{"id": 22, "pipeline_id": 11}}}}]'
        )
    notes.add(
        "actor_left_out", int(moved.sum()), "events whose created_by, who moved the lead, is not in the log"
    )
    kept = np.flatnonzero((moved | added).to_numpy() & events.index.isin(once))
    return events.iloc[kept].reset_index(drop=True), lambda row: table.place(int(kept[row]))


def _status(table: Table, column: str) -> pd.DataFrame:
    """Take the stage out of a value of an event; one without has none."""
    frame = table.frame
    values = frame[column] if column in frame else pd.Series(None, index=frame.index, dtype=object)
    status = objects(values.map(_lead_status), table.place, [], ["id", "pipeline_id"])
    refuse_nested(status, table.place, ["id", "pipeline_id"])
    return status


def _lead_status(value: Any) -> dict[str, Any]:
    first = value[0] if isinstance(value, list) and value else value
    status = first.get("lead_status") if isinstance(first, dict) else None
    return status if isinstance(status, dict) else {}


def _added(events: pd.DataFrame) -> pd.Series | None:
    """Tell when leads were added, where the events say so."""
    added = events[events["type"].eq("lead_added")].drop_duplicates("item")
    return added.set_index("item")["time"] if len(added) else None


def _lists(
    pipelines: Table | None, rows: pd.DataFrame, seen: Sequence[pd.DataFrame], notes: Notes
) -> tuple[list[StageList], dict[str, str]]:
    """List the stages of each pipeline, and name the pipelines by id."""
    if pipelines is not None:
        stages, names = _listed(pipelines)
    else:
        stages, names = _in_rows(rows, seen), {}
        notes.add(
            "stages_not_listed",
            len(stages),
            "stages in the order in which they first appear, because /api/v4/leads/pipelines is not given",
        )
    return [
        _stage_list(names.get(one, f"Pipeline {one}"), one, stages[stages["pipeline"] == one])
        for one in pd.unique(stages["pipeline"])
    ], names


def _listed(pipelines: Table) -> tuple[pd.DataFrame, dict[str, str]]:
    frame = plain(pipelines, ["id", "name", "sort"]).frame
    if "sort" in frame:
        frame = frame.iloc[pd.to_numeric(frame["sort"], errors="coerce").argsort(kind="stable")]
    names = distinct_names(dict(zip(frame["id"], frame["name"].fillna(frame["id"]), strict=True)))
    listed = frame["_embedded"].map(_statuses_in).explode().dropna()
    statuses = objects(listed, pipelines.place, ["id"], ["name", "sort"])
    refuse_nested(statuses, lambda row: pipelines.place(int(statuses["origin"].iloc[row])), ["name", "sort"])
    pipeline = frame["id"].loc[statuses["origin"]].reset_index(drop=True)
    code = code_of(statuses["id"], pipeline)
    stages = pd.DataFrame(
        {
            "pipeline": pipeline,
            "code": code,
            "name": statuses["name"].fillna(code),
            "sort": pd.to_numeric(statuses["sort"], errors="coerce"),
            "place": pipeline.map({one: at for at, one in enumerate(names)}),
        }
    ).drop_duplicates("code")
    return stages.sort_values(["place", "sort"], kind="stable"), names


def _in_rows(rows: pd.DataFrame, seen: Sequence[pd.DataFrame]) -> pd.DataFrame:
    pairs = pd.concat([part.set_axis(["code", "pipeline"], axis="columns") for part in seen])
    pipeline_of = pairs.dropna().drop_duplicates("code").set_index("code")["pipeline"]
    codes = [code for code in in_time(rows) if code in pipeline_of.index]
    return pd.DataFrame(
        {"code": codes, "pipeline": pipeline_of.reindex(codes).to_numpy(), "name": codes}
    ).sort_values("pipeline", kind="stable")


def _stage_list(name: str, pipeline: str, own: pd.DataFrame) -> StageList:
    won, lost = f"{pipeline}:{_WON}", f"{pipeline}:{_LOST}"
    said = own[own["name"] != own["code"]]
    names = {won: "Won", lost: "Lost", **dict(zip(said["code"], said["name"], strict=True))}
    return StageList(name, [code for code in own["code"] if code not in (won, lost)], [won], [lost], names)
