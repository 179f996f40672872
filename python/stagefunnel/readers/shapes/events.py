"""Any table of events: an item entered a stage at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.tables import times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.source import Source, Sources
from .column_names import is_usual, others_of
from .ending import export_of
from .history import stage_history
from .item_column import columns_in
from .items import LIST_ROLE, items_beside, sniff_list
from .ties import in_reading_order

FORMAT = "events"
ROLES: Mapping[str, str] = {"events": "item, stage, time, as in deal_id, stage, changed_at", **LIST_ROLE}
_NEEDED = ("item", "stage", "time")


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: events have an item, a stage and a time."""
    names = columns_in(source.frame, options, _NEEDED)
    if len(names) < len(_NEEDED) or _is_list(source, names, options):
        return sniff_list(source, options)
    return "events"


def _is_list(source: Source, names: Mapping[str, str], options: Options) -> bool:
    """Check whether a source has each item once, with its current stage and the time of its creation."""
    has_creation = options.time is None and is_usual(names["time"], "created")
    return has_creation and bool(source.frame[names["item"]].is_unique)


def read(sources: Sources, options: Options) -> Export:
    """Read events; the meaning of the stages comes from the pipeline passed, or from their names."""
    notes = Notes()
    history = stage_history(sources, "events", options, _NEEDED, notes, also=("order", "pipeline"))
    table, names = history.table, history.names
    rows = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    rows["time"] = times_of(table, names["time"], options, notes)
    table, rows = in_reading_order(table, rows, options, notes)
    others = table.frame[others_of(table.columns, names)]
    items = items_beside(sources, rows, others, options, notes)
    return export_of(FORMAT, rows, table.place, items, options, notes)
