"""Salesforce: the history of opportunities, the history of their fields, or versions of a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ....errors import ReaderError, SchemaError, named
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
from ...build.order import are_ids, arrival, fetched_once
from ...build.pipelines import listed_pipelines
from ...build.tables import one_history, tables_by_role, times_of
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...shapes.items import LIST_OF_ITEMS
from ...sources.columns import find_column, is_true
from ...sources.nested import plain
from ...sources.places import Place, place_of, rows_at
from ...sources.source import Source, Sources, Table
from .leads import STATUS, chained, read_leads
from .stages import stage_list

FORMAT = "salesforce"
ROLES: Mapping[str, str] = {
    "history": "OpportunityHistory: OpportunityId, StageName, CreatedDate",
    "field history": "OpportunityFieldHistory: OpportunityId, Field, OldValue, NewValue, CreatedDate",
    "versions": "opportunities of a warehouse with intervals of validity: Id, StageName, _fivetran_start",
    "opportunities": "Opportunity: Id, StageName",
    "stages": "OpportunityStage: MasterLabel, SortOrder, IsClosed, IsWon",
    "lead history": "LeadHistory: LeadId, Field, OldValue, NewValue, CreatedDate",
    "leads": "Lead: Id, Status, IsConverted, ConvertedOpportunityId",
    "lead statuses": "LeadStatus: MasterLabel, SortOrder, IsConverted",
}
_OF_LEADS = ("lead history", "leads", "lead statuses")
_HISTORIES = ("history", "field history", "versions")
# Fields by their names in the interface; a warehouse writes OpportunityId as opportunity_id.
_FIELDS = (
    *("Id", "OpportunityId", "StageName", "CreatedDate", "IsDeleted", "IsClosed", "IsWon", "Probability"),
    *("ForecastCategory", "Field", "OldValue", "NewValue", "Amount", "CurrencyIsoCode", "OwnerId"),
    *("MasterLabel", "SortOrder", "DefaultProbability", "IsActive", "ValidFrom", "ValidTo"),
    *("LeadId", "Status", "IsConverted", "ConvertedOpportunityId", "ConvertedDate"),
)
# Bounds of an interval of validity, as Fivetran, dbt and other warehouse tables name them.
_INTERVALS = {
    "_fivetran_start": "ValidFrom",
    "_fivetran_end": "ValidTo",
    "EffectiveFromDate": "ValidFrom",
    "dbt_valid_from": "ValidFrom",
    "dbt_valid_to": "ValidTo",
    "EffectiveToDate": "ValidTo",
}
_ITEM_COLUMNS = {
    "item": "Id",
    "amount": "Amount",
    "currency": "CurrencyIsoCode",
    "manager": "OwnerId",
    "created": "CreatedDate",
}


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an object of Salesforce, or a table of a warehouse."""
    names = set(_fields(source.columns).values())
    if {"OpportunityId", "Field", "NewValue", "CreatedDate"} <= names:
        return "field history"
    if {"LeadId", "Field", "NewValue", "CreatedDate"} <= names:
        field = find_column(source.columns, ["Field"]) or ""
        # Of another field, the shape of any change log asks which one is the stage.
        return "lead history" if source.frame[field].isin(STATUS).any() else None
    if {"MasterLabel", "IsConverted"} <= names:
        return "lead statuses"
    if {"Id", "Status"} <= names and names & {"IsConverted", "ConvertedOpportunityId"}:
        return "leads"
    if {"Id", "Status", "CreatedDate"} <= names and not names & {"LeadId", "OpportunityId", "Field"}:
        return LIST_OF_ITEMS  # of leads, where their history is beside it
    has_flags = bool(names & {"IsClosed", "IsWon", "ForecastCategory"})
    if {"StageName", "ValidFrom"} <= names and ("OpportunityId" in names or (has_flags and "Id" in names)):
        return "versions"
    if {"OpportunityId", "StageName", "CreatedDate"} <= names:
        return "history"
    if {"MasterLabel"} <= names and names & {"SortOrder", "IsWon", "DefaultProbability"}:
        return "stages"
    if {"Id", "StageName"} <= names and (has_flags or {"Amount", "Probability"} <= names):
        return "opportunities"
    return None


def _fields(columns: list[str]) -> dict[str, str]:
    """Return the field of each column that is one, by column."""
    field_of = {
        column: field for name, field in _INTERVALS.items() if (column := find_column(columns, [name]))
    }
    for field in _FIELDS:
        column = find_column(columns, [field])
        if column is not None and field not in field_of.values():
            field_of[column] = field
    return field_of


class _History(NamedTuple):
    """Rows of the log (``item``, ``stage``, ``time``, ``order``) and the table that they come from."""

    rows: pd.DataFrame
    place: Place
    table: Table


def read(sources: Sources, options: Options) -> Export:
    """Read opportunities, leads, or both: the history of each, and the lists beside it."""
    of_leads = {role: sources[role] for role in _OF_LEADS if sources.get(role)}
    if sources.get(LIST_OF_ITEMS):
        of_leads["leads"] = [*of_leads.get("leads", []), *sources[LIST_OF_ITEMS]]
    of_deals = {role: sources[role] for role in ROLES if role not in _OF_LEADS and sources.get(role)}
    has_deals = any(role in of_deals for role in _HISTORIES) or not of_leads
    if "lead history" not in of_leads:
        if of_leads and not has_deals:
            raise ReaderError(
                f"{next(iter(of_leads.values()))[0].name}: a list of leads has only the current status of "
                "each, and a funnel needs those that they passed; export LeadHistory and give it too"
            )
        deals = _read_opportunities(of_deals, options)
        lists = [source for of_role in of_leads.values() for source in of_role]
        left = Notes()
        left.add(
            "lists_left_out", len(lists), "lists of leads without LeadHistory, which is not given: left out"
        )
        return left.on(deals)
    notes = Notes()
    tables = {role: _renamed(table) for role, table in tables_by_role(of_leads, _OF_LEADS, notes).items()}
    if has_deals and of_deals and options.pipeline is not None:
        raise SchemaError(
            named("pipeline"),
            " is for leads or for opportunities, and the input has both; read each by itself, or leave out ",
            named("pipeline"),
        )
    leads = read_leads(tables, FORMAT, options, notes)
    if not of_deals:
        return leads
    return chained(leads, _read_opportunities(of_deals, options), tables.get("leads"))


def _read_opportunities(sources: Sources, options: Options) -> Export:
    """Read one history of opportunities, and the lists of opportunities and stages beside it."""
    notes = Notes()
    tables = {role: _renamed(table) for role, table in tables_by_role(sources, ROLES, notes).items()}
    role = one_history(tables, _HISTORIES, "opportunities", "export OpportunityHistory and give it too")
    if "opportunities" in tables:
        tables["opportunities"] = with_keys(tables["opportunities"], "Id", options, notes)
    listed = tables.get("opportunities")
    items = None if listed is None else read_items(listed, _ITEM_COLUMNS, options, notes)
    if role == "history":
        history = _changes(tables[role], options, notes)
    elif role == "field history":
        history = _moves(tables[role], items, options, notes)
        note_stageless(tables[role].frame["OpportunityId"], history.rows, notes)
    else:
        history = _versions(tables[role], options, notes)
    rows = history.rows
    _note_deleted(tables, notes)
    if listed is not None:
        current = listed.frame["StageName"].set_axis(listed.frame["Id"])
        note_other_stages(last_stages(rows), current, notes)
    elif role == "versions":
        items = _items_of_versions(history, options, notes)
    stages = stage_list(rows, list(tables.values()), notes)
    items = complete_items(items, rows, notes)
    log = make_log(rows, history.place, options, items=items)
    return finish(FORMAT, log, listed_pipelines([stages], rows, options, notes), items, notes)


def _renamed(table: Table) -> Table:
    frame = table.frame.drop(columns="attributes", errors="ignore")  # type and address, in a query's answer
    fields = _fields([str(name) for name in frame])
    return plain(replace(table, frame=frame.rename(columns=fields)), list(fields.values()))


def _changes(table: Table, options: Options, notes: Notes) -> _History:
    """Read OpportunityHistory: a row for each change, also of the amount, so that stages repeat."""
    frame = table.frame
    ids = frame.get("Id")
    times = times_of(table, "CreatedDate", options, notes)
    rows = pd.DataFrame({"item": frame["OpportunityId"], "stage": frame["StageName"], "time": times})
    once = np.arange(len(rows)) if ids is None else fetched_once(rows, ids, table.place, notes)
    rows["order"] = arrival(rows["item"], rows["time"], ids)
    notes.ids_decide = are_ids(ids)
    rows, place = rows_at(rows, table.place, once)
    notes.add("actor_left_out", len(rows), "rows whose CreatedById, who made the change, is not in the log")
    return _History(rows, place, table)


def _moves(table: Table, items: pd.DataFrame | None, options: Options, notes: Notes) -> _History:
    """Read OpportunityFieldHistory: each opportunity entered its first stage when it was created."""
    frame = table.frame
    times = times_of(table, "CreatedDate", options, notes)
    order = arrival(frame["OpportunityId"], times, frame.get("Id"))
    notes.ids_decide = are_ids(frame.get("Id"))
    moves = pd.DataFrame(
        {
            "item": frame["OpportunityId"],
            "from_stage": frame.get("OldValue"),
            "to_stage": frame["NewValue"],
            "time": times,
            "order": order,
        }
    )
    is_move, is_creation = frame["Field"].eq("StageName"), frame["Field"].eq("created")
    notes.add(
        "other_fields",
        int((~is_move & ~is_creation).sum()),
        "rows of other fields than StageName, left out",
    )
    created, current = _creations(moves[is_creation], items)
    moves, place = rows_at(moves, table.place, np.flatnonzero(is_move.to_numpy()))
    rows, place = rows_of_moves(moves, created, current, place, notes)
    return _History(rows, place, table)


def _creations(
    creations: pd.DataFrame, items: pd.DataFrame | None
) -> tuple[pd.Series | None, pd.Series | None]:
    """Return when opportunities were created, and their current stages if there is a list, by item."""
    if items is None or "created" not in items:
        first = creations.drop_duplicates("item").set_index("item")["time"]
        return (first if len(first) else None), None
    by_item = items.set_index("item")
    return by_item["created"], by_item["StageName"]


def _versions(table: Table, options: Options, notes: Notes) -> _History:
    """Read versions of opportunities: one row for each interval in which nothing changed."""
    frame = table.frame
    item = frame["OpportunityId"] if "OpportunityId" in frame else frame["Id"]
    rows = pd.DataFrame(
        {"item": item, "stage": frame["StageName"], "time": times_of(table, "ValidFrom", options, notes)}
    )
    rows["order"] = arrival(rows["item"], rows["time"])
    in_time = _in_time(rows)
    if "ValidTo" in frame:
        last = in_time.drop_duplicates("item", keep="last").index
        ends = frame["ValidTo"].loc[last]
        has_ended = ends.notna() & ~ends.astype(str).str.match(r"(9999|2999|2050|3000)-")
        notes.add(
            "last_version_ended",
            int(has_ended.sum()),
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


def _items_of_versions(history: _History, options: Options, notes: Notes) -> pd.DataFrame:
    """Return the items as their last versions have them."""
    last = _in_time(history.rows).drop_duplicates("item", keep="last").index.sort_values()
    frame = history.table.frame.loc[last].drop(columns=["ValidFrom", "ValidTo"], errors="ignore")
    key = "OpportunityId" if "OpportunityId" in frame else "Id"
    source = Source("versions", frame.reset_index(drop=True), place_of(history.place, last.to_numpy()))
    return read_items(Table.of([source]), {**_ITEM_COLUMNS, "item": key}, options, notes)


def _in_time(rows: pd.DataFrame) -> pd.DataFrame:
    complete = rows.dropna(subset=["item", "time"])
    return complete.sort_values(["time", "order"], kind="stable")


def _note_deleted(tables: Mapping[str, Table], notes: Notes) -> None:
    for role in (*_HISTORIES, "opportunities"):
        if role in tables and "IsDeleted" in tables[role].frame:
            deleted = int(is_true(tables[role].frame["IsDeleted"]).sum())
            notes.add("deleted", deleted, f"rows of {role} that are in the recycle bin (IsDeleted), kept")
