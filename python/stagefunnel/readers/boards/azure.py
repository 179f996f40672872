"""Azure DevOps: updates and revisions of work items, and those of its Analytics views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ..build.items import complete_items, read_items
from ..build.log import finish, make_log
from ..build.order import fetched_once
from ..build.tables import one_history, tables_by_role
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text
from ..sources.columns import column_or_missing, find_column
from ..sources.dates import read_times
from ..sources.places import place_of, rows_at
from ..sources.source import Source, Sources, Table
from .columns import Category, board_pipelines, export_of_moves

FORMAT = "azure_devops"
ROLES: Mapping[str, str] = {
    "updates": "/_apis/wit/workitems/ID/updates: workItemId, rev, fields with oldValue and newValue",
    "revisions": "/_apis/wit/workitems/ID/revisions or reporting/workitemrevisions: id, rev, fields",
    "analytics": "WorkItemRevisions of Analytics, as WorkItemId, Revision, State, ChangedDate",
    "work items": "/_apis/wit/workitems: id, fields",
}
_STATE, _CHANGED, _CREATED = "System.State", "System.ChangedDate", "System.CreatedDate"
_STATE_CHANGED = "Microsoft.VSTS.Common.StateChangeDate"
_ITEM_FIELDS: Final = {
    "System.Title": "title",
    "System.WorkItemType": "type",
    "System.AssignedTo": "manager",
    "System.AreaPath": "area",
    "System.IterationPath": "iteration",
    _CREATED: "created",
}
_CATEGORIES: Final[Mapping[str, Category]] = {
    "proposed": "new",
    "inprogress": "progress",
    "resolved": "progress",
    "completed": "done",
    "removed": "removed",
}
_ANALYTICS: Final = {
    "item": ("workitemid", "work_item_id", "id"),
    "stage": ("state", "system.state"),
    "time": ("changeddate", "changed_date", "system.changeddate"),
    "order": ("revision", "rev", "system.rev"),
}


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an answer of Azure DevOps, or a table of Analytics."""
    if source.has("workItemId", "rev") and (source.has("fields") or source.has("revisedDate")):
        return "updates"
    if source.has("id", "rev", "fields") and _names_fields(source.frame["fields"]):
        is_once = source.frame["id"].is_unique
        return "work items" if is_once and not _is_first(source) else "revisions"
    found = _columns(source.columns)
    is_own = find_column(source.columns, ["workitemid", "statecategory", "system.state"]) is not None
    return "analytics" if len(found) == len(_ANALYTICS) and is_own else None


def _names_fields(column: pd.Series) -> bool:
    return any(
        isinstance(value, dict) and any(key.startswith("System.") for key in value) for value in column
    )


def _is_first(source: Source) -> bool:
    """Check for work items that all have one revision, as a history of new ones has."""
    return bool(source.frame["rev"].eq("1").any())


def _columns(columns: list[str]) -> dict[str, str]:
    found = {role: find_column(columns, names) for role, names in _ANALYTICS.items()}
    return {role: column for role, column in found.items() if column is not None}


def read(sources: Sources, options: Options) -> Export:
    """Read the changes of the state of work items."""
    notes = Notes()
    tables = tables_by_role(sources, ROLES, notes)
    histories = ("updates", "revisions", "analytics")
    role = one_history(tables, histories, "work items", "fetch /_apis/wit/workitems/ID/updates of each")
    notes.ids_decide = True
    if role == "updates":
        return _of_updates(tables[role], tables.get("work items"), options, notes)
    return _of_revisions(tables[role], role, options, notes)


def _fields(table: Table) -> list[dict[str, Any]]:
    column = column_or_missing(table.frame, "fields")
    return [value if isinstance(value, dict) else {} for value in column]


def _text(values: list[Any], name: str) -> pd.Series:
    """Turn values into text; of a person the name counts."""
    named = [value.get("displayName") if isinstance(value, dict) else value for value in values]
    return as_text(pd.Series(named, dtype=object)).rename(name)


def _half(fields: list[dict[str, Any]], name: str, half: str) -> list[Any]:
    changes = [one.get(name) for one in fields]
    return [change.get(half) if isinstance(change, dict) else None for change in changes]


def _of_updates(table: Table, listed: Table | None, options: Options, notes: Notes) -> Export:
    """Read updates, of each field before and after; the date of revision is that of the next one."""
    fields = _fields(table)
    changed = _text(_half(fields, _CHANGED, "newValue"), _CHANGED)
    times = changed.fillna(_text(_half(fields, _STATE_CHANGED, "newValue"), _STATE_CHANGED)).rename(_CHANGED)
    is_move = np.array([_STATE in one for one in fields], dtype=bool)
    notes.add("other_changes", int((~is_move).sum()), "updates of other fields than the state, left out")
    if not is_move.any():
        raise ReaderError(
            f"{table.sources[0].name}: no update changes {_STATE!r}; fetch the updates of all items"
        )
    rows = np.flatnonzero(is_move)
    place = place_of(table.place, rows)
    moves = pd.DataFrame(
        {
            "item": table.frame["workItemId"],
            "from_stage": _text(_half(fields, _STATE, "oldValue"), "from"),
            "to_stage": _text(_half(fields, _STATE, "newValue"), "to"),
            "order": pd.to_numeric(table.frame["rev"], errors="coerce"),
        }
    ).iloc[rows]
    moves = moves.reset_index(drop=True)
    moves["time"] = read_times(times.iloc[rows].reset_index(drop=True), place, options, notes)
    kept = fetched_once(
        moves, moves["item"] + " " + table.frame["rev"].iloc[rows].reset_index(drop=True), place, notes
    )
    moves, place = rows_at(moves, place, kept)
    items = None if listed is None else _items(listed, options, notes)
    if items is None:
        items = _items_of_updates(table, fields, options, notes)
    return export_of_moves(FORMAT, moves, place, options, notes, items=items)


def _items_of_updates(
    table: Table, fields: list[dict[str, Any]], options: Options, notes: Notes
) -> pd.DataFrame:
    """Take what updates say of their items: the last value of each field."""
    columns = {name: _text(_half(fields, field, "newValue"), name) for field, name in _ITEM_FIELDS.items()}
    frame = pd.DataFrame({"item": table.frame["workItemId"], **columns})
    numbers = pd.to_numeric(table.frame["rev"], errors="coerce")
    in_order = frame.iloc[np.argsort(numbers.to_numpy(), kind="stable")]
    last = in_order.groupby("item", sort=False).last().reset_index()
    return _read(last, table, options, notes)


def _read(frame: pd.DataFrame, table: Table, options: Options, notes: Notes) -> pd.DataFrame:
    frame = frame.dropna(axis="columns", how="all")
    source = Source(table.sources[0].name, frame, lambda row: f"work item {frame['item'].iloc[row]}")
    names = {role: role for role in ("item", "manager", "created") if role in frame}
    return read_items(Table.of([source]), names, options, notes)


def _items(table: Table, options: Options, notes: Notes) -> pd.DataFrame:
    fields = _fields(table)
    columns = {name: _text([one.get(field) for one in fields], name) for field, name in _ITEM_FIELDS.items()}
    frame = pd.DataFrame({"item": table.frame["id"], **columns}).drop_duplicates("item", keep="last")
    return _read(frame.reset_index(drop=True), table, options, notes)


def _of_revisions(table: Table, role: str, options: Options, notes: Notes) -> Export:
    """Read revisions: each has all fields, so that a state repeats until it changes."""
    if role == "revisions":
        fields = _fields(table)
        values = {
            name: [one.get(field) for one in fields]
            for name, field in (("stage", _STATE), ("time", _CHANGED))
        }
        frame = pd.DataFrame({name: _text(one, name) for name, one in values.items()})
        frame["item"], frame["order"] = table.frame["id"], table.frame["rev"]
        categories: dict[str, Category] = {}
    else:
        found = _columns(table.columns)
        frame = pd.DataFrame({name: table.frame[column] for name, column in found.items()})
        categories = _categories(table, found["stage"])
    frame["time"] = read_times(frame["time"].rename(_CHANGED), table.place, options, notes)
    once = fetched_once(frame, frame["item"] + " " + frame["order"], table.place, notes)
    frame["order"] = pd.to_numeric(frame["order"], errors="coerce")
    rows, place = rows_at(frame, table.place, once)
    in_order = rows.sort_values(["item", "order"], kind="stable")
    is_repeat = (in_order["stage"] == in_order["stage"].shift()) & (
        in_order["item"] == in_order["item"].shift()
    )
    is_repeat = is_repeat.reindex(rows.index)
    notes.add("other_changes", int(is_repeat.sum()), "revisions that do not change the state, left out")
    rows, place = rows_at(rows, place, np.flatnonzero(~is_repeat.to_numpy(dtype=bool)))
    items = _items(_last(table), options, notes) if role == "revisions" else None
    if items is None:
        items = _items_of_analytics(table, options, notes)
    pipelines = board_pipelines(rows, options, notes, {}, (), categories)
    items = complete_items(items, rows, notes)
    rows["order"] = rows["order"].fillna(0).astype("int64")
    log = make_log(rows[["item", "stage", "time", "order"]], place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)


def _last(table: Table) -> Table:
    """Put the revisions of each item in their order, so that the last one counts."""
    numbers = pd.to_numeric(table.frame["rev"], errors="coerce")
    order = np.argsort(numbers.to_numpy(), kind="stable")
    frame, place = rows_at(table.frame, table.place, order)
    return Table.of([Source(table.sources[0].name, frame, place)])


def _categories(table: Table, state: str) -> dict[str, Category]:
    """Return what the states mean, as Analytics says it."""
    column = find_column(table.columns, ["statecategory", "state_category"])
    if column is None:
        return {}
    pairs = table.frame[[state, column]].dropna().drop_duplicates()
    keys = pairs[column].str.replace(" ", "").str.lower()
    return {
        stage: _CATEGORIES[key] for stage, key in zip(pairs[state], keys, strict=True) if key in _CATEGORIES
    }


def _items_of_analytics(table: Table, options: Options, notes: Notes) -> pd.DataFrame:
    found = _columns(table.columns)
    numbers = pd.to_numeric(table.frame[found["order"]], errors="coerce")
    in_order = table.frame.iloc[np.argsort(numbers.to_numpy(), kind="stable")]
    last = in_order.dropna(subset=[found["item"]]).drop_duplicates(found["item"], keep="last")
    others = [name for name in last if name not in [found[role] for role in ("stage", "time", "order")]]
    renamed = {found["item"]: "item"}
    created = find_column([str(name) for name in last], ["createddate", "created_date", "system.createddate"])
    manager = find_column(
        [str(name) for name in last], ["assignedto", "assigned_to", "username", "assignedtousername"]
    )
    renamed |= {name: role for name, role in ((created, "created"), (manager, "manager")) if name is not None}
    return _read(last[others].rename(columns=renamed).reset_index(drop=True), table, options, notes)
