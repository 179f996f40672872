"""Any table of moves: an item moved from one stage to another at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.log import finish, make_log
from ..build.moves import with_first_stages
from ..build.pipelines import guessed_pipelines
from ..build.tables import times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.source import Source, Sources
from .column_names import columns_of, has, others_of
from .history import history
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
    return "moves" if has(source, options, _NEEDED) else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read moves; an item entered the stage before its first move when it was created."""
    notes = Notes()
    table = history(sources, "moves", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order", "created", "pipeline"))
    moves = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    moves["time"] = times_of(table, names["time"], options, notes)
    table, moves = in_reading_order(table, moves, options, notes, stage="to_stage")
    others = table.frame[others_of(table.columns, names)]
    arrivals = moves.rename(columns={"to_stage": "stage"})[["item", "stage", "time"]]
    items = items_beside(sources, arrivals, others, options, notes)
    rows, place = with_first_stages(moves, _created(items), table.place, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes)
    log = make_log(rows, place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)


def _created(items: pd.DataFrame) -> pd.Series | None:
    """Return the time of creation, by item; ``None`` without such a column."""
    if "created" not in items:
        return None
    return items.dropna(subset=["created"]).set_index("item")["created"]
