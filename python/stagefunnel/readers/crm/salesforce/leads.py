"""Salesforce's leads: their history with its list of leads and statuses, and the links to opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
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
from ...build.order import are_ids, arrival
from ...build.pipelines import in_time, list_by_names, listed_pipelines
from ...build.stage_lists import StageList
from ...build.tables import times_of
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.columns import column_or_missing, find_column, is_true, sorted_by_numbers
from ...sources.places import rows_at
from ...sources.source import Table

_NAME: Final = "Leads"
STATUS: Final = ("Status", "Lead Status", "LeadStatus")


def read_leads(tables: Mapping[str, Table], format: str, options: Options, notes: Notes) -> Export:
    """Read LeadHistory: each lead entered its first status when it was created."""
    table = tables["lead history"]
    frame = table.frame
    listed = None if "leads" not in tables else with_keys(tables["leads"], "Id", options, notes)
    items = None if listed is None else read_items(listed, _item_columns(listed), options, notes)
    times = times_of(table, "CreatedDate", options, notes)
    notes.ids_decide = are_ids(frame.get("Id"))
    moves = pd.DataFrame(
        {
            "item": frame["LeadId"],
            "from_stage": column_or_missing(frame, "OldValue"),
            "to_stage": frame["NewValue"],
            "time": times,
            "order": arrival(frame["LeadId"], times, frame.get("Id")),
        }
    )
    is_move, is_creation = frame["Field"].isin(STATUS), frame["Field"].eq("created")
    notes.add(
        "other_fields", int((~is_move & ~is_creation).sum()), "rows of other fields than Status, left out"
    )
    births = moves[is_creation].drop_duplicates("item").set_index("item")["time"]
    created = births if len(births) else None
    current = None
    if items is not None and listed is not None:
        current = listed.frame["Status"].set_axis(items["item"])
        if "created" in items:
            own = items.set_index("item")["created"]
            created = own if created is None else own.combine_first(created)
    moves, place = rows_at(moves, table.place, np.flatnonzero(is_move.to_numpy()))
    rows, place = rows_of_moves(moves, created, current, place, notes)
    note_stageless(frame["LeadId"], rows, notes)
    if current is not None:
        note_other_stages(last_stages(rows), current, notes)
    items = complete_items(items, rows, notes)
    stages = _stages(rows, tables, notes)
    log = make_log(rows, place, options, items=items)
    return finish(format, log, listed_pipelines([stages], rows, options, notes), items, notes)


def _item_columns(listed: Table) -> dict[str, str]:
    manager = find_column(listed.columns, ["OwnerId", "Owner", "Lead Owner"])
    return {"item": "Id", "created": "CreatedDate", **({} if manager is None else {"manager": manager})}


def _stages(rows: pd.DataFrame, tables: Mapping[str, Table], notes: Notes) -> StageList:
    """List the statuses, as LeadStatus has them or as they first appear; those of converted leads are won."""
    used = in_time(rows)
    if "lead statuses" in tables:
        frame = sorted_by_numbers(tables["lead statuses"].frame, "SortOrder")
        frame = frame.dropna(subset="MasterLabel").drop_duplicates("MasterLabel")
        codes = list(frame["MasterLabel"])
        won = dict(zip(codes, is_true(column_or_missing(frame, "IsConverted")), strict=True))
        codes += [code for code in used if code not in won]
    else:
        codes = used
        won = {}
        if "leads" in tables and "IsConverted" in tables["leads"].frame:
            leads = tables["leads"].frame
            won = dict.fromkeys(leads.loc[is_true(leads["IsConverted"]), "Status"].dropna(), True)
        notes.add(
            "stages_not_listed",
            len(codes),
            "statuses of leads in the order in which they first appear, because LeadStatus is not given",
        )
    by_names = list_by_names(_NAME, codes)
    is_known = "lead statuses" in tables or bool(won)
    is_won = [bool(won.get(code)) or (not is_known and code in by_names.won) for code in codes]
    is_lost = [code in by_names.lost and not won.get(code) for code in codes]
    n_guessed = sum(is_lost) + (0 if is_known else sum(is_won))
    notes.add("meaning_by_name", n_guessed, "statuses of leads that are lost, or converted, by their names")
    return StageList.by_meaning(_NAME, codes, won=is_won, lost=is_lost)


def chained(leads: Export, deals: Export, listed: Table | None) -> Export:
    """Put leads and opportunities together, by the opportunity that a lead became."""
    notes = Notes()
    links = pd.DataFrame({"deal": [], "lead": []}, dtype=object)
    if listed is None or "ConvertedOpportunityId" not in listed.frame:
        notes.add(
            "deals_without_link",
            len(deals.items),
            "deals whose lead is not known: Lead with ConvertedOpportunityId is missing",
        )
    else:
        pairs = listed.frame[["ConvertedOpportunityId", "Id"]].dropna()
        pairs = pairs.set_axis(["deal", "lead"], axis="columns")
        is_known = pairs["deal"].isin(deals.items["item"])
        notes.add(
            "links_to_unknown_deals",
            int((~is_known).sum()),
            "leads that became an opportunity which the export does not have",
        )
        pairs = pairs[is_known]
        n_several = int(pairs["deal"].duplicated().sum())
        notes.add(
            "leads_of_one_deal",
            n_several,
            "leads that became an opportunity which another lead became first; the first one is its lead",
        )
        links = pairs.drop_duplicates("deal").reset_index(drop=True)
    deals = notes.on(deals)
    return replace(deals, leads=leads, deals=deals, links=links)
