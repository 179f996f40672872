"""Any table of moves: an item moved from one stage to another at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.moves import with_first_stages
from ..build.tables import times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.dates import of_one_kind
from ..sources.source import Source, Sources, Table
from .column_names import others_of
from .ending import export_of
from .history import stage_history
from .item_column import has
from .items import LIST_ROLE, items_beside, sniff_list
from .ties import in_reading_order

FORMAT = "from_to"
ROLES: Mapping[str, str] = {
    "moves": "item, two stages, time, as in deal_id, from_stage, to_stage, moved_at",
    **LIST_ROLE,
}
_NEEDED = ("item", "from_stage", "to_stage", "time")


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: moves have an item, the stages before and after, and a time."""
    return "moves" if has(source.frame, options, _NEEDED) else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read moves; an item entered the stage before its first move when it was created."""
    notes = Notes()
    history = stage_history(sources, "moves", options, _NEEDED, notes, also=("order", "created", "pipeline"))
    table, names = history.table, history.names
    moves = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    moves["time"] = times_of(table, names["time"], options, notes)
    table, moves = in_reading_order(table, moves, options, notes, stage="to_stage")
    others = table.frame[others_of(table.columns, names)]
    arrivals = moves.rename(columns={"to_stage": "stage"})[["item", "stage", "time"]]
    items = items_beside(sources, arrivals, others, options, notes)
    created = _created(items, _births(history.creations, names, options, notes))
    rows, place = with_first_stages(moves, created, table.place, notes)
    return export_of(FORMAT, rows, place, items, options, notes)


def _births(
    creations: Table | None, names: Mapping[str, str], options: Options, notes: Notes
) -> pd.Series | None:
    """Return when items were created, by item, from rows of the history that say so."""
    if creations is None:
        return None
    times = times_of(creations, names["time"], options, notes).set_axis(creations.frame[names["item"]])
    times = times[times.index.notna()].dropna().sort_values(kind="stable")
    return times[~times.index.duplicated()]


def _created(items: pd.DataFrame, births: pd.Series | None) -> pd.Series | None:
    """Return the time of creation, by item: that of the list of items, else that of the history."""
    if "created" not in items:
        return births
    listed = items.dropna(subset=["created"]).set_index("item")["created"]
    if births is None or not len(births):
        return listed
    if not len(listed):
        return births
    births = of_one_kind(births, listed, "the history and the creation of items")
    return listed.combine_first(births)
