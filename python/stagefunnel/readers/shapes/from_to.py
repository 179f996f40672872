"""Any table of moves: an item went from one stage to another at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.log import finish, make_log, times_of
from ..build.moves import with_first_stages
from ..build.pipelines import guessed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.source import Source, Sources
from .column_names import LIST_OF_ITEMS, columns_of, has, history, items_beside, others_of, sniff_list

FORMAT = "from_to"
ROLES: Mapping[str, str] = {
    "moves": "item, two stages, time, as in deal_id, from_stage, to_stage, moved_at",
    LIST_OF_ITEMS: "an item and more about it, each item once",
}
_NEEDED = ("item", "from_stage", "to_stage", "time")


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, a stage before, a stage after and a time."""
    return "moves" if has(source, options, _NEEDED) else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read moves; the stage before an item's first move was entered when the item was created."""
    notes = Notes()
    table = history(sources, "moves", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order", "created", "pipeline"))
    moves = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    moves["time"] = times_of(table, names["time"], options, notes)
    others = table.frame[others_of(table.columns, names)]
    plain = moves.rename(columns={"to_stage": "stage"})[["item", "stage", "time"]]
    items = items_beside(sources, plain, others, options, notes)
    rows, place = with_first_stages(moves, _created(moves, items), table.place, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes)
    log = make_log(rows, place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)


def _created(moves: pd.DataFrame, items: pd.DataFrame) -> pd.Series | None:
    if "created" not in items:
        return None
    known = items.dropna(subset=["created"])
    return known.set_index("item")["created"]
