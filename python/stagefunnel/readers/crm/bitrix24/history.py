"""Bitrix24: ``crm.stagehistory.list`` with its lists of stages, pipelines and items, and the BI Builder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from ....errors import ReaderError, SchemaError, named
from ...build.items import complete_items, note_other_stages, read_items, with_keys
from ...build.log import finish, make_log
from ...build.order import fetched_once
from ...build.pipelines import note_changed_pipeline
from ...build.tables import roles_of, stacked, times_of
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.columns import column_or_missing
from ...sources.places import Place, rows_at
from ...sources.source import Source, Sources, Table
from .stages import Entity, pipeline_ids, pipelines_of

FORMAT = "bitrix24"
ROLES: Mapping[str, str] = {
    "deal history": "crm.stagehistory.list: OWNER_ID, CREATED_TIME, STAGE_ID",
    "lead history": "the same for leads: OWNER_ID, CREATED_TIME, STATUS_ID",
    "BI Builder": "crm_deal_stage_history: DEAL_ID, DATE_CREATE, STAGE_ID",
    "stages": "crm.status.list: ENTITY_ID, STATUS_ID",
    "pipelines": "crm.category.list: id, name, isDefault",
    "deals": "crm.deal.list: ID, STAGE_ID",
    "leads": "crm.lead.list: ID, STATUS_ID",
}
_ITEM_COLUMNS = {
    "item": "ID",
    "amount": "OPPORTUNITY",
    "currency": "CURRENCY_ID",
    "manager": "ASSIGNED_BY_ID",
}
# A list with one of these columns is a list of items.
_ABOUT_ITEMS = {"OPPORTUNITY", "CATEGORY_ID", "ASSIGNED_BY_ID", "TITLE", "LEAD_ID", "CLOSEDATE", "SOURCE_ID"}
_HISTORIES = {Entity.LEADS: ("lead history",), Entity.DEALS: ("deal history", "BI Builder")}
_ROW_COLUMNS = {
    "OWNER_ID": "item",
    "DEAL_ID": "item",
    "STAGE_ID": "stage",
    "STATUS_ID": "stage",
    "STAGE_SEMANTIC_ID": "semantic",
    "STATUS_SEMANTIC_ID": "semantic",
    "ID": "order",
}
_LISTS = {Entity.LEADS: ("stages",), Entity.DEALS: ("stages", "pipelines")}
_LOG_COLUMNS = ("item", "stage", "time", "order")


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an answer of the REST interface, or the BI Builder."""
    names = {_upper(column) for column in source.columns}
    if {"OWNER_ID", "CREATED_TIME"} <= names and names & {"STAGE_ID", "STATUS_ID"}:
        return "deal history" if "STAGE_ID" in names else "lead history"
    if {"DEAL_ID", "DATE_CREATE", "STAGE_ID", "STAGE_SEMANTIC_ID"} <= names:
        return "BI Builder"
    if {"ENTITY_ID", "STATUS_ID"} <= names:
        return "stages"
    if {"ID", "NAME"} <= names and names & {"IS_DEFAULT", "ENTITY_TYPE_ID", "IS_LOCKED"}:
        return "pipelines"
    if "ID" in names and names & _ABOUT_ITEMS:
        return "deals" if "STAGE_ID" in names else "leads" if "STATUS_ID" in names else None
    return None


def _upper(name: str) -> str:
    """Write ``stageId`` of ``crm.item.list`` as the older methods do: ``STAGE_ID``."""
    return name if name.isupper() else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def read(sources: Sources, options: Options) -> Export:
    """Read deals, leads, or both: the history of each, and the lists beside it."""
    # Each table keeps its own notes: leads and deals share the list of stages, and each export counts it.
    notes_of = {role: Notes() for role in ROLES}
    tables = {
        role: replace(table, frame=table.frame.rename(columns=_upper))
        for role in ROLES
        if (table := stacked(sources, role, notes_of[role])) is not None
    }
    _refuse_lists_alone(tables)
    exports: dict[Entity, Export] = {}
    for entity, histories in _HISTORIES.items():
        given = [role for role in histories if role in tables]
        if len(given) > 1:
            raise ReaderError(f"the {entity.value} come with two histories ({', '.join(given)}); give one")
        if given:
            exports[entity] = _read_entity(entity, given[0], tables, notes_of, options)
    if not exports:
        raise ReaderError(
            f"there is no history: {roles_of(tables)}; export crm.stagehistory.list and give it too"
        )
    if len(exports) == 1:
        return next(iter(exports.values()))
    if options.pipeline is not None:
        raise SchemaError(
            named("pipeline"),
            " is for leads or for deals, and the input has both; read each by itself, or leave out ",
            named("pipeline"),
        )
    leads, deals = exports[Entity.LEADS], exports[Entity.DEALS]
    notes = Notes()
    links = _links(leads, deals, notes)
    deals = notes.on(deals)
    return replace(deals, leads=leads, deals=deals, links=links)


def _refuse_lists_alone(tables: Mapping[str, Table]) -> None:
    for entity, number in ((Entity.DEALS, 2), (Entity.LEADS, 1)):
        if entity.value in tables and not any(role in tables for role in _HISTORIES[entity]):
            raise ReaderError(
                f"{tables[entity.value].sources[0].name}: a list of {entity.value} has only the current "
                f"stage of each, and a funnel needs the stages that they passed; export "
                f"crm.stagehistory.list with entityTypeId={number} and give both"
            )


def _read_entity(
    entity: Entity, history: str, tables: Mapping[str, Table], notes_of: Mapping[str, Notes], options: Options
) -> Export:
    notes = Notes()
    for role in (history, entity.value, *_LISTS[entity]):
        notes.take(notes_of[role])
    rows, place = _rows(tables[history], options, notes)
    ranks = [name for name in ("time", "number") if name in rows]
    in_time = rows.dropna(subset=["item", "stage", "time"]).sort_values(ranks, kind="stable")
    stages = pipelines_of(in_time, tables.get("stages"), tables.get("pipelines"), entity, notes)
    last = in_time.drop_duplicates("item", keep="last").set_index("item")
    listed = tables.get(entity.value)
    items = None if listed is None else _read_list(listed, options, notes)
    items = complete_items(items, rows, notes, pipelines=last["category"].map(stages.name_of))
    items = _with_todays_manager(items, last)
    _note_gaps(in_time, last, items, notes)
    columns = [name for name in _LOG_COLUMNS if name in rows]
    log = make_log(rows[columns], place, options, items=items)
    pipelines = stages.pipelines if options.pipeline is None else {"Pipeline": options.pipeline}
    return finish(FORMAT, log, pipelines, items, notes)


def _rows(table: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Rename the columns of a history to the log's, and drop rows that were fetched twice."""
    time = next(name for name in ("CREATED_TIME", "DATE_CREATE") if name in table.frame)
    rows = table.frame.rename(columns=_ROW_COLUMNS)
    rows["time"] = times_of(table, time, options, notes)
    rows["semantic"] = column_or_missing(rows, "semantic")
    rows["category"] = pipeline_ids(rows)
    if "order" not in rows:
        notes.add("rows_without_id", len(rows), "rows without ID; at equal times they keep the input's order")
        return rows, table.place
    notes.ids_decide = True
    rows["number"] = pd.to_numeric(rows["order"], errors="coerce")
    once = fetched_once(rows[["item", "stage", "time"]], rows["order"], table.place, notes)
    return rows_at(rows, table.place, once)


def _read_list(listed: Table, options: Options, notes: Notes) -> pd.DataFrame:
    created = "DATE_CREATE" if "DATE_CREATE" in listed.frame else "CREATED_TIME"  # of crm.item.list
    # The interface writes amounts with a point, whatever the language of the account.
    with_point = replace(options, decimal=options.decimal or ".")
    listed = with_keys(listed, _ITEM_COLUMNS["item"], options, notes)
    return read_items(listed, {**_ITEM_COLUMNS, "created": created}, with_point, notes)


def _with_todays_manager(items: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Take the manager from the history if no list has it: the BI Builder writes today's on every row."""
    name = next((name for name in ("ASSIGNED_BY_NAME", "ASSIGNED_BY_ID") if name in last), None)
    if name is None or "manager" in items:
        return items
    return items.assign(manager=items["item"].map(last[name].to_dict()).astype(object))


def _note_gaps(in_time: pd.DataFrame, last: pd.DataFrame, items: pd.DataFrame, notes: Notes) -> None:
    """Count what the history lacks, and where it differs from the list."""
    notes.add(
        "actor_unknown", len(in_time), "rows do not say who moved the item; manager is the one of today"
    )
    note_changed_pipeline(in_time["item"], in_time["category"], notes)
    if "TYPE_ID" in in_time:
        first = in_time.drop_duplicates("item")["TYPE_ID"]
        notes.add(
            "begins_later",
            first.isin(["2", "5"]).sum(),
            "items whose first row is a move: their creation is older than the history, or not fetched",
        )
        notes.add("created_final", first.eq("3").sum(), "items that were created in a won or lost stage")
    current = next((name for name in ("STAGE_ID", "STATUS_ID") if name in items), None)
    if current is not None:
        note_other_stages(last["stage"], items.set_index("item")[current], notes)


def _links(leads: Export, deals: Export, notes: Notes) -> pd.DataFrame:
    """Return the lead of each deal that has one."""
    if "LEAD_ID" not in deals.items:
        notes.add(
            "deals_without_link", len(deals.items), "deals whose lead is not known: crm.deal.list is missing"
        )
        return pd.DataFrame({"deal": [], "lead": []}, dtype=object)
    linked = deals.items["LEAD_ID"].notna() & (deals.items["LEAD_ID"] != "0")
    links = deals.items.loc[linked, ["item", "LEAD_ID"]].set_axis(["deal", "lead"], axis="columns")
    unknown = ~links["lead"].isin(leads.items["item"])
    notes.add("links_to_unknown_leads", unknown.sum(), "deals whose lead the export does not have")
    return links.reset_index(drop=True)
