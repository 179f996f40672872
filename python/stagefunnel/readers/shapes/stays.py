"""Any table of stays: an item was in a stage from one time to another."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ..build.log import finish, make_log, times_of
from ..build.pipelines import guessed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.dates import of_one_kind
from ..sources.source import Source, Sources
from .column_names import LIST_OF_ITEMS, columns_of, has, history, items_beside, others_of, sniff_list

FORMAT = "stays"
ROLES: Mapping[str, str] = {
    "stays": "item, stage, two times, as in deal_id, stage, entered_at, exited_at",
    LIST_OF_ITEMS: "an item and more about it, each item once",
}
_NEEDED = ("item", "stage", "entered", "exited")
_NEVER = 2050  # warehouses end what goes on in 2050 or 9999


def sniff(source: Source, options: Options) -> str | None:
    """Tell whether a source has an item, a stage, and the times of entry and exit."""
    events = options.time is not None and options.entered is None
    return "stays" if has(source, options, _NEEDED) and not events else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read stays: each entry is a row; exits are only held against the next entry."""
    notes = Notes()
    table = history(sources, "stays", options, _NEEDED, notes)
    names = columns_of(table.columns, options, (*_NEEDED, "order", "pipeline"))
    rows = pd.DataFrame(
        {role: table.frame[names[role]] for role in names if role not in ("entered", "exited")}
    )
    rows["time"] = times_of(table, names["entered"], options, notes)
    exits = times_of(table, names["exited"], options, notes)
    note_exits(rows, of_one_kind(exits, rows["time"], f"{names['entered']!r} and {names['exited']!r}"), notes)
    others = table.frame[others_of(table.columns, names)]
    items = items_beside(sources, rows, others, options, notes)
    rows, pipelines = guessed_pipelines(rows, options, notes)
    log = make_log(rows, table.place, options, items=items)
    return finish(FORMAT, log, pipelines, items, notes)


def note_exits(rows: pd.DataFrame, exits: pd.Series, notes: Notes) -> None:
    """Hold exits against the entries that follow: gaps, overlaps, and stays that end into nothing.

    An end in the year 2050 or later is open.
    """
    stays = rows[["item", "time"]].assign(exited=exits.where(exits.dt.year < _NEVER))
    stays = stays.dropna(subset=["item", "time"]).sort_values("time", kind="stable")
    following = stays.groupby("item", sort=False)["time"].shift(-1)
    ended = stays["exited"].notna()
    notes.add(
        "ends_before_start", int((stays["exited"] < stays["time"]).sum()), "stays that end before they begin"
    )
    gaps = ended & following.notna() & (stays["exited"] < following)
    notes.add("gaps", int(gaps.sum()), "stays that end before the next begins; the stage lasts until then")
    overlaps = ended & following.notna() & (stays["exited"] > following)
    notes.add(
        "overlaps", int(overlaps.sum()), "stays that end after the next has begun; the next one ends them"
    )
    nowhere = ended & following.isna()
    notes.add(
        "left_for_nothing", int(nowhere.sum()), "items whose last stay has ended; they count as still there"
    )
    unended = ~ended & following.notna()
    notes.add("open_before_next", int(unended.sum()), "open stays with another after them, which ends them")
