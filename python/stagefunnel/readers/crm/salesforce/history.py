"""Salesforce: the history of opportunities, the history of their fields, or versions of a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ....errors import ReaderError
from ...build.items import complete_items, read_items
from ...build.log import finish, make_log, stacked, times_of
from ...build.moves import arrival, fetched_once, note_other_stages, rows_of_moves
from ...build.pipelines import listed_pipelines
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.cells import Place, find_column, is_true
from ...sources.nested import plain
from ...sources.source import Source, Sources, Table
from .stages import stage_list

FORMAT = "salesforce"
ROLES: Mapping[str, str] = {
    "history": "OpportunityHistory: OpportunityId, StageName, CreatedDate",
    "field history": "OpportunityFieldHistory: OpportunityId, Field, OldValue, NewValue, CreatedDate",
    "versions": "opportunities of a warehouse with intervals of validity: Id, StageName, _fivetran_start",
    "opportunities": "Opportunity: Id, StageName",
    "stages": "OpportunityStage: MasterLabel, SortOrder, IsClosed, IsWon",
}
_HISTORIES = ("history", "field history", "versions")
# Fields by the names of the interface; a warehouse writes OpportunityId as opportunity_id.
_FIELDS = (
    *("Id", "OpportunityId", "StageName", "CreatedDate", "IsDeleted", "IsClosed", "IsWon", "Probability"),
    *("ForecastCategory", "Field", "OldValue", "NewValue", "Amount", "CurrencyIsoCode", "OwnerId"),
    *("MasterLabel", "SortOrder", "DefaultProbability", "IsActive", "ValidFrom", "ValidTo"),
)
_ALSO = {"_fivetran_start": "ValidFrom", "_fivetran_end": "ValidTo", "EffectiveFromDate": "ValidFrom"}
_ALSO |= {"dbt_valid_from": "ValidFrom", "dbt_valid_to": "ValidTo", "EffectiveToDate": "ValidTo"}
_ITEM_COLUMNS = {
    "item": "Id",
    "amount": "Amount",
    "currency": "CurrencyIsoCode",
    "manager": "OwnerId",
    "created": "CreatedDate",
}


def sniff(source: Source, options: Options) -> str | None:
    """Tell which object of Salesforce a source holds."""
    names = set(_fields(source.columns).values())
    if {"OpportunityId", "Field", "NewValue", "CreatedDate"} <= names:
        return "field history"
    flags = bool(names & {"IsClosed", "IsWon", "ForecastCategory"})
    if {"StageName", "ValidFrom"} <= names and ("OpportunityId" in names or (flags and "Id" in names)):
        return "versions"
    if {"OpportunityId", "StageName", "CreatedDate"} <= names:
        return "history"
    if {"MasterLabel"} <= names and names & {"SortOrder", "IsWon", "DefaultProbability"}:
        return "stages"
    if {"Id", "StageName"} <= names and (flags or {"Amount", "Probability"} <= names):
        return "opportunities"
    return None


def _fields(columns: list[str]) -> dict[str, str]:
    """Find fields among columns; gives the field of each column that is one."""
    found = {column: field for name, field in _ALSO.items() if (column := find_column(columns, [name]))}
    for field in _FIELDS:
        column = find_column(columns, [field])
        if column is not None and field not in found.values():
            found[column] = field
    return found


class _History(NamedTuple):
    rows: pd.DataFrame  # item, stage, time, order
    place: Place
    table: Table


def read(sources: Sources, options: Options) -> Export:
    """Read one history of opportunities, and the lists of opportunities and stages beside it."""
    notes = Notes()
    tables = {role: _renamed(table) for role in ROLES if (table := stacked(sources, role, notes))}
    role = _one_history(tables)
    listed = tables.get("opportunities")
    items = None if listed is None else read_items(listed, _ITEM_COLUMNS, options, notes)
    reading = {"history": _changes, "field history": _moves, "versions": _versions}[role]
    history = reading(tables[role], tables, items, options, notes)
    rows = history.rows
    _count_deleted(tables, notes)
    if listed is not None:
        note_other_stages(rows, listed.frame["StageName"].set_axis(listed.frame["Id"]), notes)
    elif role == "versions":
        items = _last_versions(history, options, notes)
    lists = stage_list(rows, list(tables.values()), notes)
    items = complete_items(items, rows, notes)
    log = make_log(rows, history.place, options, items=items)
    return finish(FORMAT, log, listed_pipelines([lists], rows, options, notes), items, notes)


def _renamed(table: Table) -> Table:
    frame = table.frame.drop(columns="attributes", errors="ignore")  # of a query: type and address
    fields = _fields([str(name) for name in frame])
    return plain(replace(table, frame=frame.rename(columns=fields)), list(fields.values()))


def _one_history(tables: Mapping[str, Table]) -> str:
    given = [role for role in _HISTORIES if role in tables]
    if len(given) > 1:
        raise ReaderError(
            f"there are several histories of the same opportunities: "
            f"{'; '.join(f'{tables[role].sources[0].name} ({role})' for role in given)}; give one"
        )
    if not given:
        has = "; ".join(f"{table.sources[0].name} has {role}" for role, table in tables.items())
        raise ReaderError(
            f"there is no history: {has}. A list of opportunities has only the current stage of each, and a "
            f"funnel needs the stages that they passed: export OpportunityHistory and give it too"
        )
    return given[0]


def _changes(
    table: Table, tables: Mapping[str, Table], items: pd.DataFrame | None, options: Options, notes: Notes
) -> _History:
    """Read OpportunityHistory: a row for each change, also of the amount, so that stages repeat."""
    frame = table.frame
    ids = frame.get("Id")
    times = times_of(table, "CreatedDate", options, notes)
    rows = pd.DataFrame({"item": frame["OpportunityId"], "stage": frame["StageName"], "time": times})
    kept = np.arange(len(rows)) if ids is None else fetched_once(rows, ids, table.place, notes)
    rows["order"] = arrival(rows["item"], rows["time"], ids)
    rows = rows.iloc[kept].reset_index(drop=True)
    notes.add("actor_left_out", len(rows), "rows whose CreatedById, who made the change, is not in the log")
    return _History(rows, lambda row: table.place(int(kept[row])), table)


def _moves(
    table: Table, tables: Mapping[str, Table], items: pd.DataFrame | None, options: Options, notes: Notes
) -> _History:
    """Read OpportunityFieldHistory; the first stage of each is dated by its creation."""
    frame = table.frame
    times = times_of(table, "CreatedDate", options, notes)
    order = arrival(frame["OpportunityId"], times, frame.get("Id"))
    moves = pd.DataFrame(
        {
            "item": frame["OpportunityId"],
            "from_stage": frame.get("OldValue"),
            "to_stage": frame["NewValue"],
            "time": times,
            "order": order,
        }
    )
    of_stage = frame["Field"].eq("StageName")
    born = frame["Field"].eq("created")
    notes.add("other_fields", int((~of_stage & ~born).sum()), "rows of other fields than StageName, left out")
    created, current = _creations(moves[born], items)
    at = np.flatnonzero(of_stage.to_numpy())
    rows, place = rows_of_moves(
        moves.iloc[at].reset_index(drop=True), created, current, lambda row: table.place(int(at[row])), notes
    )
    return _History(rows, place, table)


def _creations(born: pd.DataFrame, items: pd.DataFrame | None) -> tuple[pd.Series | None, pd.Series | None]:
    """Take when opportunities were created from the list, else from the history's own rows."""
    if items is None or "created" not in items:
        first = born.drop_duplicates("item").set_index("item")["time"]
        return (first if len(first) else None), None
    keyed = items.set_index("item")
    return keyed["created"], keyed["StageName"]


def _versions(
    table: Table, tables: Mapping[str, Table], items: pd.DataFrame | None, options: Options, notes: Notes
) -> _History:
    """Read versions of opportunities: one row for each interval in which nothing changed."""
    frame = table.frame
    item = frame["OpportunityId"] if "OpportunityId" in frame else frame["Id"]
    rows = pd.DataFrame(
        {"item": item, "stage": frame["StageName"], "time": times_of(table, "ValidFrom", options, notes)}
    )
    rows["order"] = arrival(rows["item"], rows["time"])
    in_time = rows.dropna(subset=["item", "time"]).sort_values(["time", "order"], kind="stable")
    if "ValidTo" in frame:
        last = in_time.drop_duplicates("item", keep="last").index
        ended = frame["ValidTo"].loc[last]
        over = ended.notna() & ~ended.astype(str).str.match(r"(9999|2999|2050|3000)-")
        notes.add(
            "last_version_ended",
            int(over.sum()),
            "items whose last version is over: deleted, or no longer fetched",
        )
    if "CreatedDate" in frame:
        first = in_time.drop_duplicates("item")
        created = times_of(table, "CreatedDate", options, notes).loc[first.index]
        notes.add(
            "begins_later",
            int((created < first["time"]).sum()),
            "items created before their first version begins: stages before it are not known",
        )
    return _History(rows, table.place, table)


def _last_versions(history: _History, options: Options, notes: Notes) -> pd.DataFrame:
    """Take the items from their last version each."""
    rows = history.rows.dropna(subset=["item", "time"]).sort_values(["time", "order"], kind="stable")
    last = rows.drop_duplicates("item", keep="last").index.sort_values()
    frame = history.table.frame.loc[last].drop(columns=["ValidFrom", "ValidTo"], errors="ignore")
    key = "OpportunityId" if "OpportunityId" in frame else "Id"
    origins = list(last)
    source = Source("versions", frame.reset_index(drop=True), lambda row: history.place(origins[row]))
    return read_items(Table.of([source]), {**_ITEM_COLUMNS, "item": key}, options, notes)


def _count_deleted(tables: Mapping[str, Table], notes: Notes) -> None:
    for role in (*_HISTORIES, "opportunities"):
        if role in tables and "IsDeleted" in tables[role].frame:
            deleted = int(is_true(tables[role].frame["IsDeleted"]).sum())
            notes.add("deleted", deleted, f"rows of {role} that are in the recycle bin (IsDeleted), kept")
