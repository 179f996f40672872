"""Any table of events: an item entered a stage at a time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..errors import ReaderError
from .build import finish, make_log, times_of
from .export import Export, Notes
from .meaning import guessed_pipelines, in_time
from .protocol import Options, Sources
from .sources import Source
from .usual import LIST_OF_ITEMS, columns_of, has, history, is_usual, items_beside, sniff_list

FORMAT = "events"
ROLES: Mapping[str, str] = {
    "events": "item, stage, time, as in deal_id, stage, changed_at",
    LIST_OF_ITEMS: "an item and more about it, each item once",
}
_NEEDED = ("item", "stage", "time")


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, a stage and a time, or is a list of items."""
    return "events" if has(source, options, _NEEDED) else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read events; what the stages mean is told by their names, or given."""
    notes = Notes()
    table = history(sources, "events", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order"))
    rows = pd.DataFrame({role: table.frame[name] for role, name in names.items()})
    if options.time is None and is_usual(names["time"], "created") and rows["item"].is_unique:
        raise ReaderError(
            f"{sources['events'][0].name}: each item is here once, with the time {names['time']!r}: a list "
            f"of items has only the current stage of each, and a funnel needs the stages that they passed; "
            f"export the history of stages. If these are events, say so with time={names['time']!r}"
        )
    rows["time"] = times_of(table, names["time"], options, notes)
    others = table.frame[[name for name in table.frame if name not in names.values()]]
    items = items_beside(sources, rows, others, options, notes)
    log = make_log(rows, table.place, options, items=items)
    return finish(FORMAT, log, guessed_pipelines(in_time(rows), options, notes), items, notes)
