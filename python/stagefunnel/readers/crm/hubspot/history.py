"""HubSpot: deals with the history of their stage, tables of a warehouse, columns of dates per stage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from ....errors import ReaderError, quoted
from ....pipeline import Pipeline
from ...build.items import complete_items, last_stages, note_other_stages, read_items, with_keys
from ...build.log import finish, make_log
from ...build.order import arrival
from ...build.pipelines import in_time, listed_pipelines
from ...build.stage_lists import StageList
from ...build.tables import roles_of, tables_by_role
from ...export import Export
from ...notes import Notes
from ...options import Options
from ...sources.cells import refuse_nested
from ...sources.columns import find_column
from ...sources.dates import read_times
from ...sources.nested import objects, plain
from ...sources.places import Place, place_of
from ...sources.source import Source, Sources, Table
from .chain import with_contacts
from .merged import joined, note_merged, survivors, without_merged
from .objects import CUSTOMERS, DEALS, LIFECYCLE, as_deals, kind_of, without_cleared
from .stages import Stages, in_default_order, lists_of_headers, stages_of

FORMAT = "hubspot"
ROLES: Mapping[str, str] = {
    "deals": "/crm/v3/objects/deals with propertiesWithHistory=dealstage, or an export with 'Date entered …'",
    "property history": "deal id, property, value, timestamp",
    "stage history": "deal_stage of a warehouse: deal_id, date_entered, value",
    "merged deals": "merged_deal of a warehouse: deal_id, merged_deal_id",
    "pipelines": "/crm/v3/pipelines/deals: label, stages",
    "stages": "deal_pipeline_stage of a warehouse: stage_id, pipeline_id, display_order",
    "pipeline names": "deal_pipeline of a warehouse: pipeline_id, label",
}
_ENTERED = re.compile(
    r"^(?:hs_(?:v2_)?date_entered_(?P<code>.+)|hs_lifecyclestage_(?P<life>.+)_date"
    r'|became an? (?P<became>.+) date|date entered ["“](?P<label>.+)["”])$',
    re.I,
)
_OF_DEALS = ("property history", "stage history")
_NOT_A_STAGE = "current_stage"
# Names of a deal's columns: as properties, in a warehouse, and in an export from the list of deals.
_ITEM_NAMES = {
    "item": ("id", "deal_id", "hs_object_id", "record_id", "dealId"),
    "amount": ("amount", "property_amount"),
    "currency": ("deal_currency_code", "property_deal_currency_code", "currency"),
    "manager": ("hubspot_owner_id", "owner_id", "deal_owner"),
    "created": ("createdate", "property_createdate", "create_date", "createdAt"),
}
_OF_PROPERTIES = {
    "property": ("property", "property_name", "name"),
    "value": ("value",),
    "timestamp": ("timestamp", "change_timestamp", "_fivetran_start"),
}
_STAGE_NAMES = ("stage", "stage_name", "deal_stage", "status")  # in a table with these, "value" is an amount
_OWN_NAMES = ("hs_object_id", "deal_pipeline_stage_id")  # only HubSpot's tables have these
_CURRENT = ("dealstage", "deal_stage", "deal_pipeline_stage_id")
_PIPELINE = ("pipeline", "deal_pipeline_id")


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns, or ``None`` if HubSpot has no such table."""
    frame, names = source.frame, source.columns
    if source.has("deal_id", "merged_deal_id"):
        return "merged deals"
    if source.has("label", "stages"):
        return "pipelines"
    if source.has("stage_id", "pipeline_id", "display_order"):
        return "stages"
    if source.has("pipeline_id", "label", "display_order"):
        return "pipeline names"
    if _is_property_history(source):
        return "property history"
    if source.has("deal_id", "date_entered", "value") and not find_column(names, _STAGE_NAMES):
        return "stage history"
    if source.has("id") and ("propertiesWithHistory" in frame or _is_nested(frame.get("properties"))):
        return "deals"
    is_own = any(_stage_of(name) or name in _OWN_NAMES for name in names)
    if is_own and find_column(names, _ITEM_NAMES["item"]):
        return "deals"
    # An export from the list of deals, with the current stage only.
    return "deals" if find_column(names, ["record_id"]) and find_column(names, ["deal_stage"]) else None


def _is_property_history(source: Source) -> bool:
    columns = find_column(source.columns, ["deal_id"]), *_property_columns(source.frame).values()
    if None in columns:
        return False
    # A list of deals has a name, a value and a time as well.
    name = str(columns[1])
    return find_column([name], ["name"]) is None or bool(source.frame[name].eq("dealstage").any())


def _property_columns(frame: pd.DataFrame) -> dict[str, str | None]:
    """Return the columns of a property history, as connectors name them."""
    return {name: find_column(_names(frame), usual) for name, usual in _OF_PROPERTIES.items()}


def _is_nested(column: pd.Series | None) -> bool:
    return column is not None and any(isinstance(value, dict) for value in column)


def _names(frame: pd.DataFrame) -> list[str]:
    """Return the names of a frame's columns as text."""
    return [str(name) for name in frame]


def _stage_of(column: str) -> str | None:
    """Return the stage in the name of a column of entry dates; ``None`` for other columns."""
    match = _ENTERED.match(column)
    stage = match and (match["code"] or match["life"] or match["label"])
    if match and match["became"]:
        return match["became"].lower().replace(" ", "")
    return None if not stage or stage.lower().replace(" ", "_") == _NOT_A_STAGE else stage


def read(sources: Sources, options: Options) -> Export:
    """Read one kind of object, or deals with the contacts that they come from."""
    kinds = {kind_of(source) for source in sources.get("deals", ())}
    others = [kind for kind in kinds if kind != DEALS]
    if not others:
        return _read_objects(sources, DEALS, options)
    exports = {kind: _read_objects(_of_kind(sources, kind), kind, options) for kind in others}
    has_deals = DEALS in kinds or any(sources.get(role) for role in _OF_DEALS)
    if not has_deals and len(exports) == 1:
        return next(iter(exports.values()))
    if not has_deals or set(exports) != {"contacts"}:
        raise ReaderError(
            f"the input has {quoted(sorted(kinds))}; read each by itself, or contacts together with deals"
        )
    return with_contacts(
        exports["contacts"], _read_objects(_of_kind(sources, DEALS), DEALS, options), sources
    )


def _of_kind(sources: Sources, kind: str) -> dict[str, list[Source]]:
    """Take the sources of one kind of object; lists of pipelines are those of deals, or of tickets."""
    own = [source for source in sources.get("deals", ()) if kind_of(source) == kind]
    lists = {} if kind in ("contacts", "companies") else dict(sources)
    return {**lists, "deals": own}


def _read_objects(sources: Sources, kind: str, options: Options) -> Export:
    """Read one history of objects, and the pipelines and objects beside it."""
    notes = Notes()
    if kind != DEALS:
        sources = {**sources, "deals": [as_deals(source, kind) for source in sources["deals"]]}
        cleared = [without_cleared(source) for source in sources["deals"]]
        sources = {**sources, "deals": [source for source, _ in cleared]}
        n_cleared = sum(n for _, n in cleared)
        notes.add("cleared_stages", n_cleared, f"values of {kind} that clear the stage, left out")
    tables = tables_by_role(sources, ROLES, notes)
    if "deals" in tables:
        deals = _flat(tables["deals"], notes)
        key = find_column(_names(deals.frame), _ITEM_NAMES["item"]) or ""
        tables["deals"] = with_keys(deals, key, options, notes)
    if (table := tables.get("property history")) is not None:
        columns = {str(old): new for new, old in _property_columns(table.frame).items()}
        tables["property history"] = replace(table, frame=table.frame.rename(columns=columns))
    for role in ("property history", "stage history"):
        if role in tables:
            plain(tables[role], ["deal_id", "dealId", "property", "value"])
    stages = stages_of(tables, notes)
    history = _history(tables, stages, options, notes, kind)
    history = _with_merges(history, tables, options, notes)
    rows = history.rows
    items = _items(tables["deals"], stages, rows, options, notes) if "deals" in tables else None
    items = complete_items(items, rows, notes)
    log = make_log(rows, history.place, options, items=items)
    if kind in ("contacts", "companies") and options.pipeline is None:
        pipelines = listed_pipelines([_lifecycle(in_time(rows), notes)], rows, options, notes)
    else:
        pipelines = _pipelines(stages, history, options, notes)
    return finish(FORMAT, log, pipelines, items, notes)


def _lifecycle(used: list[str], notes: Notes) -> StageList:
    """List the stages of the lifecycle in their usual order, then those that an account has made."""
    codes = [*LIFECYCLE, *(code for code in used if code not in LIFECYCLE)]
    codes = [code for code in codes if code in used]
    notes.add(
        "meaning_by_code",
        len(codes),
        "stages of a lifecycle, in HubSpot's usual order, then as they first appear: customers count as won",
    )
    won = [code in CUSTOMERS for code in codes]
    names = {code: LIFECYCLE[code] for code in codes if code in LIFECYCLE}
    return StageList.by_meaning("Lifecycle", codes, won=won, lost=[False] * len(codes), names=names)


def _flat(deals: Table, notes: Notes) -> Table:
    """Give each property of a deal a column of its own."""
    frame = deals.frame
    if "properties" not in frame:
        return deals
    nested = frame["properties"].dropna()
    names = dict.fromkeys(str(name) for value in nested if isinstance(value, dict) for name in value)
    found = objects(nested, deals.place, [], list(names), notes=notes)
    properties = found.set_index("origin").reindex(range(len(frame)))
    others = frame[[name for name in frame if name != "properties" and name not in properties]]
    flat = pd.concat([others, properties.rename_axis(None)], axis="columns")
    families = (*_ITEM_NAMES.values(), _CURRENT, _PIPELINE)
    used = {name for usual in families if (name := find_column(_names(flat), usual))}
    return plain(replace(deals, frame=flat), sorted(used))


class _History(NamedTuple):
    """Rows of the log (``item``, ``stage``, ``time``, ``order``), and the stages in their likely order."""

    rows: pd.DataFrame
    place: Place
    stages: list[str]


def _history(
    tables: Mapping[str, Table], stages: Stages, options: Options, notes: Notes, kind: str
) -> _History:
    """Read the one history among the tables of an export."""
    histories: dict[str, tuple[pd.DataFrame, Table]] = {}
    deals = tables.get("deals")
    if deals is not None and "propertiesWithHistory" in deals.frame:
        rows = _values(deals, notes)
        if len(rows):
            histories["propertiesWithHistory of deals"] = rows, deals
    if (table := tables.get("property history")) is not None:
        histories["property history"] = _of_property(table, notes), table
    if (table := tables.get("stage history")) is not None:
        histories["deal_stage"] = _rows(table.frame, "deal_id", "value", "date_entered"), table
    if len(histories) > 1:
        raise ReaderError(f"there are several histories of the same deals ({', '.join(histories)}); give one")
    if histories:
        rows, place = _dated(*next(iter(histories.values())), options, notes)
        return _History(rows, place, in_default_order(in_time(rows)))
    if deals is None:
        raise ReaderError(
            f"there are no deals, only lists of stages: {roles_of(tables)}; give the deals' history too"
        )
    return _wide(deals, stages, options, notes, kind)


def _with_merges(history: _History, tables: dict[str, Table], options: Options, notes: Notes) -> _History:
    """Count merged deals, or join their rows to those of the deals that they are part of."""
    deals = tables.get("deals")
    item = None if deals is None else find_column(_names(deals.frame), _ITEM_NAMES["item"])
    into = survivors(tables, item)
    if options.merged == "keep" or not into:
        note_merged(history.rows, into, notes)
        return history
    if deals is not None and item is not None:
        tables["deals"] = without_merged(deals, item, into)
    rows, place = joined(history.rows, history.place, into, notes)
    return history._replace(rows=rows, place=place)


def _rows(frame: pd.DataFrame, item: str, stage: str, time: str) -> pd.DataFrame:
    rows = frame[[item, stage, time]].set_axis(["item", "stage", "text"], axis="columns")
    return rows.assign(origin=range(len(rows)))


def _values(deals: Table, notes: Notes) -> pd.DataFrame:
    """Return the stages that each deal had, one row each; a deal without history has no row."""
    ids = find_column(_names(deals.frame), _ITEM_NAMES["item"])
    stages = deals.frame["propertiesWithHistory"].map(
        lambda properties: properties.get("dealstage") if isinstance(properties, dict) else None
    )
    values = objects(stages.explode().dropna(), deals.place, ["timestamp"], ["value"], notes=notes)
    rows = values.rename(columns={"value": "stage", "timestamp": "text"})
    origins = rows["origin"].to_numpy()
    refuse_nested(rows, place_of(deals.place, origins), ["stage"])
    return rows.assign(item=deals.frame[ids].to_numpy()[origins])


def _of_property(table: Table, notes: Notes) -> pd.DataFrame:
    rows = _rows(table.frame, find_column(_names(table.frame), ["deal_id"]) or "", "value", "timestamp")
    is_stage = table.frame["property"].eq("dealstage")
    notes.add("other_properties", int((~is_stage).sum()), "rows of other properties than dealstage, left out")
    return rows[is_stage].reset_index(drop=True)


def _dated(rows: pd.DataFrame, table: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, Place]:
    """Read the times of rows from their ``text``, and rank the rows of equal time."""
    place = place_of(table.place, rows["origin"].to_numpy())
    rows["time"] = read_times(rows["text"], place, options, notes)
    is_answer = "propertiesWithHistory" in table.frame  # the interface returns the newest value first
    rows["order"] = arrival(rows["item"], rows["time"], newest_first=is_answer)
    notes.add("actor_unknown", len(rows), "rows do not say who moved the item; manager is the owner of today")
    return rows[["item", "stage", "time", "order"]], place


def _wide(deals: Table, stages: Stages, options: Options, notes: Notes, kind: str) -> _History:
    """Turn each date in a column of entry dates into a row."""
    stage_of = {name: stage for name in _names(deals.frame) if (stage := _stage_of(name)) is not None}
    if not stage_of:
        stage = {"tickets": "hs_pipeline_stage", DEALS: "dealstage"}.get(kind, "lifecyclestage")
        raise ReaderError(
            f"{deals.sources[0].name}: these {kind} have only their current stage, and a funnel needs the "
            f"stages that they passed. Fetch {kind} with propertiesWithHistory={stage}, or add the "
            f"properties 'Date entered …' (hs_v2_date_entered_…) of every stage to the export"
        )
    codes = stages.codes(list(stage_of.values()))
    item = find_column(_names(deals.frame), _ITEM_NAMES["item"])
    columns = list(stage_of)
    long = deals.frame[[item, *columns]].assign(origin=range(len(deals.frame)))
    long = long.melt([item, "origin"], columns, "column", "text").dropna(subset=["text"])
    long = long.sort_values("origin", kind="stable").reset_index(drop=True)
    rows = long.rename(columns={item: "item"}).assign(stage=long["column"].map(stage_of).map(codes))
    notes.add(
        "one_date_per_stage",
        len(rows),
        "rows from columns of dates: one entry date per stage, so stages entered again are not known",
    )
    rows, place = _dated(rows, deals, options, notes)
    # Deals that entered several stages at one time passed them in the order of the stages.
    order = list(dict.fromkeys([*stages.frame["code"], *in_default_order(list(codes.values()))]))
    ranks = {code: rank for rank, code in enumerate(order)}
    return _History(rows.assign(order=rows["stage"].map(ranks)), place, order)


def _items(deals: Table, stages: Stages, rows: pd.DataFrame, options: Options, notes: Notes) -> pd.DataFrame:
    of_history = [name for name in _names(deals.frame) if name == "propertiesWithHistory" or _stage_of(name)]
    frame = deals.frame.drop(columns=of_history)
    names = {
        role: name
        for role, usual in _ITEM_NAMES.items()
        if (name := find_column(_names(frame), usual)) is not None
    }
    items = read_items(replace(deals, frame=frame), names, options, notes)
    pipeline, current = find_column(_names(frame), _PIPELINE), find_column(_names(frame), _CURRENT)
    pipeline_names = None if pipeline is None else stages.name_of(frame[pipeline])
    if current is not None:
        codes = _current(frame[current], pipeline_names, stages, set(rows["stage"]))
        note_other_stages(last_stages(rows), codes.set_axis(items["item"]), notes)
    if pipeline_names is None:
        return items
    return items.rename(columns={"pipeline (export)": "pipeline_id"}).assign(pipeline=pipeline_names)


def _current(current: pd.Series, pipeline: pd.Series | None, stages: Stages, used: set[str]) -> pd.Series:
    """Return the codes of current stages; an export writes labels, which pipelines may share."""
    by_label = current.map(stages.codes(list(current.dropna().unique())))
    if pipeline is None:
        return by_label
    labels = current + " (" + pipeline + ")"
    codes = labels.map(stages.codes(list(labels.dropna().unique())))
    return codes.where(codes.isin([*used, *stages.frame["code"]]), by_label)


def _pipelines(stages: Stages, history: _History, options: Options, notes: Notes) -> dict[str, Pipeline]:
    if len(stages.frame):
        if options.pipeline is not None:
            return listed_pipelines([], history.rows, options, notes)
        lists = stages.lists(in_time(history.rows), notes)
        return listed_pipelines(lists, history.rows, options, notes)
    notes.add(
        "stages_not_listed",
        len(history.stages),
        "stages as they first appear (those of HubSpot's default pipeline in its order), won and lost by "
        "their names, because /crm/v3/pipelines/deals is not given",
    )
    return listed_pipelines(lists_of_headers(history.stages), history.rows, options, notes)
