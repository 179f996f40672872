"""Bitrix24: ``crm.stagehistory.list`` with its lists of stages, pipelines and items, and the BI Builder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ....errors import ReaderError, SchemaError
from ...build.items import complete_items, read_items
from ...build.log import finish, make_log, stacked, times_of
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.cells import Place
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
# What a list of items has, and a list of something else does not.
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
_BESIDE = {Entity.LEADS: ("stages",), Entity.DEALS: ("stages", "pipelines")}
_LOG_COLUMNS = ("item", "stage", "time", "order")


def sniff(source: Source, options: Options) -> str | None:
    """Tell which answer of the REST interface a source is."""
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
    """Write ``stageId``, as ``crm.item.list`` has it, the way of the older methods: ``STAGE_ID``."""
    return name if name.isupper() else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def read(sources: Sources, options: Options) -> Export:
    """Read deals, leads, or both: a history of each, and lists beside it."""
    found = {role: _Files(sources, role) for role in ROLES if sources.get(role)}
    _refuse_lists_alone(found)
    read_of = {}
    for entity, roles in _HISTORIES.items():
        given = [role for role in roles if role in found]
        if len(given) > 1:
            raise ReaderError(f"the {entity.value} come with two histories ({', '.join(given)}); give one")
        if given:
            read_of[entity] = _read_entity(entity, given[0], found, options)
    if not read_of:
        raise ReaderError(
            f"there is no history: {_names(found)}; export crm.stagehistory.list and give it too"
        )
    if len(read_of) == 1:
        return next(iter(read_of.values()))
    if options.pipeline is not None:
        raise SchemaError("pipeline= is one for leads or for deals; read each by itself, or leave it out")
    leads, deals = read_of[Entity.LEADS], read_of[Entity.DEALS]
    notes = Notes()
    links = _links(leads, deals, notes)
    return replace(deals, leads=leads, deals=deals, links=links, quality=notes.below(deals.quality))


class _Files:
    """The files of one role under each other, in the names of the older methods."""

    def __init__(self, sources: Sources, role: str) -> None:
        self.notes = Notes()
        table = stacked(sources, role, self.notes)
        assert table is not None
        self.table = replace(table, frame=table.frame.rename(columns=_upper))


def _names(found: Mapping[str, _Files]) -> str:
    return "; ".join(f"{files.table.sources[0].name} has {role}" for role, files in found.items())


def _refuse_lists_alone(found: Mapping[str, _Files]) -> None:
    for entity, number in ((Entity.DEALS, 2), (Entity.LEADS, 1)):
        if entity.value in found and not any(role in found for role in _HISTORIES[entity]):
            raise ReaderError(
                f"{found[entity.value].table.sources[0].name}: a list of {entity.value} has only the current "
                f"stage of each, and a funnel needs the stages that they passed; export "
                f"crm.stagehistory.list with entityTypeId={number} and give both"
            )


def _read_entity(entity: Entity, role: str, found: Mapping[str, _Files], options: Options) -> Export:
    notes = Notes()
    tables = {name: found[name].table for name in (role, entity.value, *_BESIDE[entity]) if name in found}
    for name in tables:
        notes.take(found[name].notes)
    rows, place = _rows(tables[role], options, notes)
    ranks = [name for name in ("time", "number") if name in rows]
    in_time = rows.dropna(subset=["item", "stage", "time"]).sort_values(ranks, kind="stable")
    stages = pipelines_of(in_time, tables.get("stages"), tables.get("pipelines"), entity, notes)
    last = in_time.drop_duplicates("item", keep="last").set_index("item")
    listed = tables.get(entity.value)
    items = None if listed is None else _read_list(listed, options, notes)
    items = complete_items(items, rows, notes, pipelines=last["category"].map(stages.name_of))
    items = _with_todays_manager(items, last)
    _note_the_unknown(in_time, last, items, notes)
    columns = [name for name in _LOG_COLUMNS if name in rows]
    log = make_log(rows[columns], place, options, items=items)
    pipelines = stages.pipelines if options.pipeline is None else {"Pipeline": options.pipeline}
    return finish(FORMAT, log, pipelines, items, notes)


def _rows(table: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Bring the rows of a history under common names, each row once."""
    time = next(name for name in ("CREATED_TIME", "DATE_CREATE") if name in table.frame)
    rows = table.frame.rename(columns=_ROW_COLUMNS)
    rows["time"] = times_of(table, time, options, notes)
    rows["semantic"] = rows.get("semantic", pd.Series(None, index=rows.index, dtype=object))
    rows["category"] = pipeline_ids(rows)
    if "order" not in rows:
        notes.add("rows_without_id", len(rows), "rows without ID; at equal times they keep the input's order")
        return rows, table.place
    rows["number"] = pd.to_numeric(rows["order"], errors="coerce")
    again = rows["order"].duplicated() & rows["order"].notna()
    equal = again & rows.duplicated(["order", "item", "stage", "time"])
    if (again & ~equal).any():
        row = int(np.flatnonzero((again & ~equal).to_numpy())[0])
        raise ReaderError(
            f"{table.place(row)}: ID {rows['order'].iloc[row]!r} is on an earlier row that differs"
        )
    notes.add("rows_fetched_twice", int(equal.sum()), "rows that equal an earlier one, ID included, left out")
    kept = np.flatnonzero(~equal.to_numpy())
    return rows.iloc[kept].reset_index(drop=True), lambda row: table.place(int(kept[row]))


def _read_list(listed: Table, options: Options, notes: Notes) -> pd.DataFrame:
    created = "DATE_CREATE" if "DATE_CREATE" in listed.frame else "CREATED_TIME"  # of crm.item.list
    # The interface writes amounts with a point, whatever the language of the account.
    pointed = replace(options, decimal=options.decimal or ".")
    return read_items(listed, {**_ITEM_COLUMNS, "created": created}, pointed, notes)


def _with_todays_manager(items: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Take the manager from the history where no list has it; BI Builder writes today's on every row."""
    name = next((name for name in ("ASSIGNED_BY_NAME", "ASSIGNED_BY_ID") if name in last), None)
    if name is None or "manager" in items:
        return items
    return items.assign(manager=items["item"].map(last[name].to_dict()).astype(object))


def _note_the_unknown(in_time: pd.DataFrame, last: pd.DataFrame, items: pd.DataFrame, notes: Notes) -> None:
    """Tell what the history cannot know, and what it does not share with the list."""
    notes.add(
        "actor_unknown", len(in_time), "rows do not say who moved the item; manager is the one of today"
    )
    notes.add(
        "changed_pipeline",
        int((in_time.groupby("item")["category"].nunique() > 1).sum()),
        "items with rows in several pipelines; they count in the one where they are now",
    )
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
        now = items["item"].map(last["stage"].to_dict())
        differ = now.notna() & items[current].notna() & (now != items[current])
        notes.add(
            "stage_differs_from_list",
            differ.sum(),
            "items whose last row is not the stage in the list: fetched at different moments, or not fully",
        )


def _links(leads: Export, deals: Export, notes: Notes) -> pd.DataFrame:
    """Take the lead of each deal that has one."""
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
