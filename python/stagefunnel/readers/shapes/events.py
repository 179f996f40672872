"""Any table of events: an item entered a stage at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.log import finish, make_log, times_of
from ..build.pipelines import guessed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.source import Source, Sources
from .column_names import LIST_OF_ITEMS, columns_of, history, is_usual, items_beside, others_of, sniff_list

FORMAT = "events"
ROLES: Mapping[str, str] = {
    "events": "item, stage, time, as in deal_id, stage, changed_at",
    LIST_OF_ITEMS: "an item and more about it, each item once",
}
_NEEDED = ("item", "stage", "time")


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, a stage and a time, or is a list of items."""
    names = columns_of(source.columns, options, _NEEDED)
    if len(names) < len(_NEEDED) or _is_list(source, names, options):
        return sniff_list(source, options)
    return "events"


def _is_list(source: Source, names: Mapping[str, str], options: Options) -> bool:
    """Say whether a source has each item once, with its current stage and the time of its creation."""
    created = options.time is None and is_usual(names["time"], "created")
    return created and bool(source.frame[names["item"]].is_unique)


def read(sources: Sources, options: Options) -> Export:
    """Read events; what the stages mean is told by their names, or given."""
    notes = Notes()
    table = history(sources, "events", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order", "pipeline"))
    rows = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    rows["time"] = times_of(table, names["time"], options, notes)
    others = table.frame[others_of(table.columns, names)]
    items = items_beside(sources, rows, others, options, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes)
    log = make_log(rows, table.place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)
