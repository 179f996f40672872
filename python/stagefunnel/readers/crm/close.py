"""Close: the changes of status of opportunities, or of leads, as its interface lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd

from ...errors import ReaderError
from ..build.items import complete_items, read_items, with_keys
from ..build.log import finish, make_log
from ..build.moves import rows_of_moves
from ..build.order import arrival, fetched_once
from ..build.pipelines import in_time, list_by_names, listed_pipelines
from ..build.stage_lists import StageList
from ..build.tables import tables_by_role, times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..shapes.items import LIST_OF_ITEMS
from ..sources.columns import column_or_missing
from ..sources.nested import plain
from ..sources.places import rows_at
from ..sources.source import Source, Sources, Table

FORMAT = "close"
ROLES: Mapping[str, str] = {
    "opportunity changes": "/api/v1/activity/status_change/opportunity/: opportunity_id, new_status_label",
    "lead changes": "/api/v1/activity/status_change/lead/: lead_id, new_status_label",
    LIST_OF_ITEMS: "/api/v1/opportunity/: id, status_label, value",
}
_ITEM_COLUMNS: Final = {
    "item": "id",
    "amount": "value",
    "currency": "value_currency",
    "manager": "user_name",
    "created": "date_created",
}
_SUBLISTS: Final = ("contacts", "opportunities", "tasks", "addresses", "custom", "integration_links")
_USED = ("opportunity_id", "lead_id", "old_status_label", "new_status_label", "date_created", "activity_at")


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: a list of changes of status."""
    if not source.has("new_status_label", "date_created"):
        is_list = source.has("id", "status_label", "date_created") and source.frame["id"].is_unique
        return LIST_OF_ITEMS if is_list else None
    return (
        "opportunity changes"
        if source.has("opportunity_id")
        else "lead changes"
        if source.has("lead_id")
        else None
    )


def read(sources: Sources, options: Options) -> Export:
    """Read the changes of status of opportunities, or of leads."""
    notes = Notes()
    tables = tables_by_role(sources, ROLES, notes)
    listed_items = tables.pop(LIST_OF_ITEMS, None)
    if len(tables) > 1:
        raise ReaderError("the input has changes of opportunities and of leads; read each by itself")
    role, table = next(iter(tables.items()))
    table = plain(table, [name for name in _USED if name in table.frame])
    table = _once(table, notes)
    frame = table.frame
    item = "opportunity_id" if role == "opportunity changes" else "lead_id"
    # What was imported from another program has the time of the import beside that of the change.
    time = "activity_at" if "activity_at" in frame and frame["activity_at"].notna().all() else "date_created"
    moves = pd.DataFrame(
        {
            "item": frame[item],
            "from_stage": column_or_missing(frame, "old_status_label"),
            "to_stage": frame["new_status_label"],
            "time": times_of(table, time, options, notes),
        }
    )
    moves["order"] = arrival(moves["item"], moves["time"], newest_first=True)
    items, created = None, None
    if listed_items is not None:
        items = _opportunities(listed_items, item, options, notes)
        created = items.set_index("item")["created"]
    rows, place = rows_of_moves(moves, created, None, table.place, notes)
    items = complete_items(items, rows, notes)
    log = make_log(rows, place, options, items=items)
    listed = _stages(frame, in_time(rows), notes)
    return finish(FORMAT, log, listed_pipelines([listed], rows, options, notes), items, notes)


def _opportunities(table: Table, item: str, options: Options, notes: Notes) -> pd.DataFrame:
    """Read the list of opportunities, or of leads, whose values are hundredths of the currency."""
    if (item == "lead_id") == ("lead_id" in table.frame):
        raise ReaderError(
            f"{table.sources[0].name}: the changes name {item!r}, and the list has others; give the list of "
            f"{'leads' if item == 'lead_id' else 'opportunities'}"
        )
    frame = table.frame.drop(columns=[name for name in _SUBLISTS if name in table.frame])
    items = read_items(
        with_keys(replace(table, frame=frame), "id", options, notes), _ITEM_COLUMNS, options, notes
    )
    return items.assign(amount=items["amount"] / 100) if "amount" in items else items


def _once(table: Table, notes: Notes) -> Table:
    if "id" not in table.frame:
        return table
    same = table.frame[["new_status_label", "date_created"]]
    frame, place = rows_at(
        table.frame, table.place, fetched_once(same, table.frame["id"], table.place, notes)
    )
    return Table.of([Source(table.sources[0].name, frame, place)])


def _stages(frame: pd.DataFrame, used: list[str], notes: Notes) -> StageList:
    """List the statuses as they first appear; their type says what they mean, where the answer has it."""
    types: dict[str, str] = {}
    for side in ("old", "new"):
        label, kind = f"{side}_status_label", f"{side}_status_type"
        if label in frame and kind in frame:
            pairs = frame[[label, kind]].dropna().drop_duplicates()
            types |= dict(zip(pairs[label], pairs[kind].str.lower(), strict=True))
    by_names = list_by_names("Close", used)
    unsaid = [code for code in used if code not in types]
    notes.add("stages_not_listed", len(used), "statuses in the order in which they first appear")
    notes.add("meaning_by_name", len(unsaid), "statuses that are won, lost or open by their names")
    return StageList.by_meaning(
        "Close",
        used,
        won=[types[code] == "won" if code in types else code in by_names.won for code in used],
        lost=[types[code] == "lost" if code in types else code in by_names.lost for code in used],
    )
