"""Any table of stays: an item was in a stage from one time to another."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.log import finish, make_log
from ..build.pipelines import guessed_pipelines
from ..build.tables import times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.dates import of_one_kind
from ..sources.source import Source, Sources
from .column_names import columns_of, has, others_of
from .history import history
from .items import LIST_ROLE, items_beside, sniff_list

FORMAT = "stays"
ROLES: Mapping[str, str] = {
    "stays": "item, stage, two times, as in deal_id, stage, entered_at, exited_at",
    **LIST_ROLE,
}
_NEEDED = ("item", "stage", "entered", "exited")
_NEVER = 2050  # warehouses write 2050 or 9999 as the end of a stay that goes on


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: stays have an item, a stage, and the times of entry and exit."""
    is_events = options.time is not None and options.entered is None
    is_stays = has(source, options, _NEEDED) and not is_events
    return "stays" if is_stays else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read stays: each entry becomes a row, with its end."""
    notes = Notes()
    table = history(sources, "stays", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order", "pipeline"))
    rows = pd.DataFrame(
        {role: table.frame[names[role]] for role in names if role not in ("entered", "exited")}
    )
    rows["time"] = times_of(table, names["entered"], options, notes)
    exits = times_of(table, names["exited"], options, notes)
    exits = of_one_kind(exits, rows["time"], f"{names['entered']!r} and {names['exited']!r}")
    rows["exited"] = exits.where(exits.dt.year < _NEVER)
    note_exits(rows, notes)
    others = table.frame[others_of(table.columns, names)]
    items = items_beside(sources, rows, others, options, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes)
    log = make_log(rows, table.place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)


def note_exits(rows: pd.DataFrame, notes: Notes) -> None:
    """Compare exits with the next entries: count gaps, overlaps, and last stays that have ended."""
    stays = rows[["item", "time", "exited"]]
    stays = stays.dropna(subset=["item", "time"]).sort_values("time", kind="stable")
    following = stays.groupby("item", sort=False)["time"].shift(-1)
    has_ended, has_next = stays["exited"].notna(), following.notna()
    gaps = stays["exited"] < following
    notes.add("gaps", int(gaps.sum()), "stays that end before the next begins: pauses, in no stage")
    overlaps = stays["exited"] > following
    notes.add(
        "overlaps", int(overlaps.sum()), "stays that end after the next has begun; the next one ends them"
    )
    left = has_ended & ~has_next
    notes.add(
        "left_for_nothing", int(left.sum()), "items whose last stay has ended; they count where they were"
    )
    unended = ~has_ended & has_next
    notes.add("open_before_next", int(unended.sum()), "open stays with another after them, which ends them")
