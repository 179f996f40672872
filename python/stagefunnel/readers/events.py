"""Any table of events: an item entered a stage at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..errors import ReaderError
from .build import finish, make_log, stacked, times_of
from .cells import find_column
from .export import Export, Notes
from .meaning import guessed_pipelines
from .protocol import Options, Sources
from .sources import Source

FORMAT = "events"
ROLES: Mapping[str, str] = {"events": "an item, a stage, a time, as in deal_id, stage, changed_at"}

ITEM = (
    "item",
    "item_id",
    "deal_id",
    "lead_id",
    "opportunity_id",
    "case_id",
    "ticket_id",
    "entity_id",
    "owner_id",
    "record_id",
    "id",
)
STAGE = (
    "stage",
    "stage_name",
    "to_stage",
    "new_stage",
    "stage_id",
    "status",
    "status_id",
    "to_status",
    "new_status",
    "state",
    "activity",
    "step",
)
TIME = (
    "time",
    "timestamp",
    "changed_at",
    "change_date",
    "changed_on",
    "moved_at",
    "moved_on",
    "entered_at",
    "event_time",
    "occurred_at",
    "stage_date",
    "date_changed",
    "changed",
    "datetime",
    "date",
    "created_at",
)
ORDER = ("order", "seq", "sequence", "event_id", "history_id", "row_id")


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, a stage and a time."""
    return None if None in _columns(source, options) else "events"


def _columns(source: Source, options: Options) -> tuple[str | None, str | None, str | None]:
    columns = source.columns
    item = options.item or find_column(columns, ITEM)
    stage = options.stage or find_column(columns, STAGE)
    time = options.time or find_column(columns, TIME)
    return tuple(name if name in columns else None for name in (item, stage, time))  # type: ignore[return-value]


def read(sources: Sources, options: Options) -> Export:
    """Read events; stages whose meaning is not given are told by their names."""
    notes = Notes()
    table = stacked(sources, "events", notes)
    if table is None:
        raise ReaderError("there are no events")
    item, stage, time = _columns(sources["events"][0], options)
    assert item is not None
    assert stage is not None
    assert time is not None
    rows = pd.DataFrame(
        {
            "item": table.frame[item],
            "stage": table.frame[stage],
            "time": times_of(table, time, options, notes),
        }
    )
    items = pd.DataFrame({"item": pd.unique(rows["item"].dropna())})
    log = make_log(rows, table.place, options, items=items)
    return finish(FORMAT, log, guessed_pipelines(log, options, notes), items, notes)
