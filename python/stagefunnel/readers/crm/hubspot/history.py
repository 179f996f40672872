"""HubSpot: deals with the history of their stage, tables of a warehouse, columns of dates per stage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from ....errors import ReaderError
from ....pipeline import Pipeline
from ...build.items import complete_items, read_items
from ...build.log import finish, make_log, stacked
from ...build.moves import arrival, note_other_stages
from ...build.pipelines import in_time, listed_pipelines
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.cells import Place, find_column, refuse_nested
from ...sources.dates import read_times
from ...sources.nested import objects, plain
from ...sources.source import Source, Sources, Table
from .stages import Stages, in_default_order, lists_of_headers, stages_of

FORMAT = "hubspot"
ROLES: Mapping[str, str] = {
    "deals": "/crm/v3/objects/deals with propertiesWithHistory=dealstage, or an export with 'Date entered …'",
    "property history": "deal id, property, value, timestamp",
    "stage history": "deal_stage of a warehouse: deal_id, date_entered, value",
    "pipelines": "/crm/v3/pipelines/deals: label, stages",
    "stages": "deal_pipeline_stage of a warehouse: stage_id, pipeline_id, display_order",
    "pipeline names": "deal_pipeline of a warehouse: pipeline_id, label",
}
_ENTERED = re.compile(r'^(?:hs_(?:v2_)?date_entered_(?P<code>.+)|date entered ["“](?P<label>.+)["”])$', re.I)
_NOT_A_STAGE = "current_stage"
# The names of a deal's facts as properties, in a warehouse, and in an export from the list of deals.
_ITEM_NAMES = {
    "item": ("id", "deal_id", "hs_object_id", "record_id", "dealId"),
    "amount": ("amount", "property_amount"),
    "currency": ("deal_currency_code", "property_deal_currency_code", "currency"),
    "manager": ("hubspot_owner_id", "owner_id", "deal_owner"),
    "created": ("createdate", "property_createdate", "create_date", "createdAt"),
}
_STAGE_NAMES = ("stage", "stage_name", "deal_stage", "status")  # beside them a value is an amount
_OWN_NAMES = ("hs_object_id", "deal_pipeline_stage_id")  # which tables of no other origin have
_CURRENT = ("dealstage", "deal_stage", "deal_pipeline_stage_id")
_PIPELINE = ("pipeline", "deal_pipeline_id")


def sniff(source: Source, options: Options) -> str | None:
    """Tell which part of HubSpot's data a source is."""
    frame, names = source.frame, source.columns
    if source.has("label", "stages"):
        return "pipelines"
    if source.has("stage_id", "pipeline_id", "display_order"):
        return "stages"
    if source.has("pipeline_id", "label", "display_order"):
        return "pipeline names"
    if find_column(names, ["deal_id"]) and source.has("property", "value", "timestamp"):
        return "property history"
    if source.has("deal_id", "date_entered", "value") and not find_column(names, _STAGE_NAMES):
        return "stage history"
    if source.has("id") and ("propertiesWithHistory" in frame or _is_nested(frame.get("properties"))):
        return "deals"
    own = any(_stage_of(name) or name in _OWN_NAMES for name in names)
    if own and find_column(names, _ITEM_NAMES["item"]):
        return "deals"
    # An export from the list of deals, with the current stage only.
    return "deals" if find_column(names, ["record_id"]) and find_column(names, ["deal_stage"]) else None


def _is_nested(column: pd.Series | None) -> bool:
    return column is not None and any(isinstance(value, dict) for value in column)


def _names(frame: pd.DataFrame) -> list[str]:
    """List the names of a frame's columns."""
    return [str(name) for name in frame]


def _stage_of(column: str) -> str | None:
    """Take the stage out of the name of a column of entry dates."""
    found = _ENTERED.match(column)
    stage = found and (found["code"] or found["label"])
    return None if not stage or stage.lower().replace(" ", "_") == _NOT_A_STAGE else stage


def read(sources: Sources, options: Options) -> Export:
    """Read one history of deals, and the pipelines and deals beside it."""
    notes = Notes()
    tables = {role: table for role in ROLES if (table := stacked(sources, role, notes)) is not None}
    if "deals" in tables:
        tables["deals"] = _flat(tables["deals"])
    for role in ("property history", "stage history"):
        if role in tables:
            plain(tables[role], ["deal_id", "dealId", "property", "value"])
    stages = stages_of(tables, notes)
    history = _history(tables, stages, options, notes)
    rows = history.rows
    items = None
    if "deals" in tables:
        items = _items(tables["deals"], stages, rows, options, notes)
    items = complete_items(items, rows, notes)
    log = make_log(rows, history.place, options, items=items)
    return finish(FORMAT, log, _pipelines(stages, history, options, notes), items, notes)


def _flat(deals: Table) -> Table:
    """Give each property of a deal a column of its own."""
    frame = deals.frame
    if "properties" not in frame:
        return deals
    given = frame["properties"].dropna()
    names = dict.fromkeys(str(name) for value in given if isinstance(value, dict) for name in value)
    own = objects(given, deals.place, [], list(names)).set_index("origin").reindex(range(len(frame)))
    others = frame[[name for name in frame if name != "properties" and name not in own]]
    flat = pd.concat([others, own.rename_axis(None)], axis="columns")
    used = {name for known in _ITEM_NAMES.values() if (name := find_column(_names(flat), known))}
    used |= {name for known in (_CURRENT, _PIPELINE) if (name := find_column(_names(flat), known))}
    return plain(replace(deals, frame=flat), sorted(used))


class _History(NamedTuple):
    rows: pd.DataFrame  # item, stage, time, order
    place: Place
    stages: list[str]  # in the order that is likely theirs


def _history(tables: Mapping[str, Table], stages: Stages, options: Options, notes: Notes) -> _History:
    """Find the one history among what was given."""
    found: dict[str, tuple[pd.DataFrame, Table]] = {}
    deals = tables.get("deals")
    if deals is not None and "propertiesWithHistory" in deals.frame:
        rows = _values(deals)
        if len(rows):
            found["propertiesWithHistory of deals"] = rows, deals
    if "property history" in tables:
        found["property history"] = (
            _of_property(tables["property history"], notes),
            tables["property history"],
        )
    if "stage history" in tables:
        table = tables["stage history"]
        found["deal_stage"] = _rows(table.frame, "deal_id", "value", "date_entered"), table
    if len(found) > 1:
        raise ReaderError(f"there are several histories of the same deals ({', '.join(found)}); give one")
    if found:
        rows, place = _dated(*next(iter(found.values())), options, notes)
        return _History(rows, place, in_default_order(in_time(rows)))
    if deals is None:
        given = "; ".join(f"{table.sources[0].name} has {role}" for role, table in tables.items())
        raise ReaderError(f"there are no deals, only lists of stages: {given}; give the deals' history too")
    return _wide(deals, stages, options, notes)


def _rows(frame: pd.DataFrame, item: str, stage: str, time: str) -> pd.DataFrame:
    rows = frame[[item, stage, time]].set_axis(["item", "stage", "said"], axis="columns")
    return rows.assign(origin=range(len(rows)))


def _values(deals: Table) -> pd.DataFrame:
    """Take the values that the stage of each deal had; a deal without any has no row."""
    ids = find_column(_names(deals.frame), _ITEM_NAMES["item"])
    stages = deals.frame["propertiesWithHistory"].map(
        lambda kept: kept.get("dealstage") if isinstance(kept, dict) else None
    )
    values = objects(stages.explode().dropna(), deals.place, ["timestamp"], ["value"])
    rows = values.rename(columns={"value": "stage", "timestamp": "said"})
    refuse_nested(rows, lambda row: deals.place(int(rows["origin"].iloc[row])), ["stage"])
    return rows.assign(item=deals.frame[ids].to_numpy()[rows["origin"].to_numpy()])


def _of_property(table: Table, notes: Notes) -> pd.DataFrame:
    rows = _rows(table.frame, find_column(_names(table.frame), ["deal_id"]) or "", "value", "timestamp")
    wanted = table.frame["property"].eq("dealstage")
    notes.add("other_properties", int((~wanted).sum()), "rows of other properties than dealstage, left out")
    return rows[wanted].reset_index(drop=True)


def _dated(rows: pd.DataFrame, table: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Read the times of rows, and put rows of one time in order."""
    origins = rows["origin"].tolist()

    def place(row: int) -> str:
        return table.place(origins[row])

    rows["time"] = read_times(rows["said"], place, options, notes)
    answered = "propertiesWithHistory" in table.frame  # with the newest value first
    rows["order"] = arrival(rows["item"], rows["time"], newest_first=answered)
    notes.add("actor_unknown", len(rows), "rows do not say who moved the deal; manager is the owner of today")
    return rows[["item", "stage", "time", "order"]], place


def _wide(deals: Table, stages: Stages, options: Options, notes: Notes) -> _History:
    """Make a row of each date in a column of entry dates."""
    said = {name: stage for name in _names(deals.frame) if (stage := _stage_of(name)) is not None}
    if not said:
        raise ReaderError(
            f"{deals.sources[0].name}: these deals have only their current stage, and a funnel needs the "
            f"stages that they passed. Fetch deals with propertiesWithHistory=dealstage, or add the "
            f"properties 'Date entered …' (hs_v2_date_entered_…) of every stage to the export"
        )
    codes = stages.codes(list(said.values()))
    item = find_column(_names(deals.frame), _ITEM_NAMES["item"])
    columns = list(said)
    long = deals.frame[[item, *columns]].assign(origin=range(len(deals.frame)))
    long = long.melt([item, "origin"], columns, "column", "said").dropna(subset=["said"])
    long = long.sort_values("origin", kind="stable").reset_index(drop=True)
    rows = long.rename(columns={item: "item"}).assign(stage=long["column"].map(said).map(codes))
    notes.add(
        "one_date_per_stage",
        len(rows),
        "rows from columns of dates: one entry date per stage, so stages entered again are not known",
    )
    rows, place = _dated(rows, deals, options, notes)
    listed = list(dict.fromkeys(stages.frame["code"]))
    # Deals that entered several stages at one time passed them in their order.
    order = [*listed, *(code for code in in_default_order(list(codes.values())) if code not in listed)]
    ranks = {code: at for at, code in enumerate(order)}
    return _History(rows.assign(order=rows["stage"].map(ranks)), place, order)


def _items(deals: Table, stages: Stages, rows: pd.DataFrame, options: Options, notes: Notes) -> pd.DataFrame:
    taken = [name for name in _names(deals.frame) if name == "propertiesWithHistory" or _stage_of(name)]
    frame = deals.frame.drop(columns=taken)
    names = {
        role: name
        for role, known in _ITEM_NAMES.items()
        if (name := find_column(_names(frame), known)) is not None
    }
    items = read_items(replace(deals, frame=frame), names, options, notes)
    pipeline, current = find_column(_names(frame), _PIPELINE), find_column(_names(frame), _CURRENT)
    of_pipeline = None if pipeline is None else stages.name_of(frame[pipeline])
    if current is not None:
        now = _current(frame[current], of_pipeline, stages, set(rows["stage"]))
        note_other_stages(rows, now.set_axis(items["item"]), notes)
    if of_pipeline is None:
        return items
    return items.rename(columns={"pipeline (export)": "pipeline_id"}).assign(pipeline=of_pipeline)


def _current(now: pd.Series, pipeline: pd.Series | None, stages: Stages, used: set[str]) -> pd.Series:
    """Find the codes of current stages; an export writes labels, which pipelines may share."""
    alone = now.map(stages.codes(list(now.dropna().unique())))
    if pipeline is None:
        return alone
    both = now + " (" + pipeline + ")"
    codes = both.map(stages.codes(list(both.dropna().unique())))
    return codes.where(codes.isin([*used, *stages.frame["code"]]), alone)


def _pipelines(stages: Stages, history: _History, options: Options, notes: Notes) -> dict[str, Pipeline]:
    if len(stages.frame):
        lists = stages.lists(in_time(history.rows), notes)
        return listed_pipelines(lists, history.rows, options, notes)
    notes.add(
        "stages_not_listed",
        len(history.stages),
        "stages as they first appear (those of HubSpot's default pipeline in its order), won and lost told "
        "by their names, because /crm/v3/pipelines/deals is not given",
    )
    return listed_pipelines(lists_of_headers(history.stages), history.rows, options, notes)
