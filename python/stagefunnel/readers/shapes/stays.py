"""Any table of stays: an item was in a stage from one time to another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..build.tables import times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.dates import of_one_kind
from ..sources.source import Source, Sources
from .column_names import others_of
from .ending import export_of
from .history import stage_history
from .item_column import has
from .items import LIST_ROLE, items_beside, sniff_list
from .ties import in_reading_order, reordered

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
    is_stays = has(source.frame, options, _NEEDED) and not is_events
    return "stays" if is_stays else sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read stays: each entry becomes a row, with its end."""
    notes = Notes()
    history = stage_history(sources, "stays", options, _NEEDED, notes, also=("order", "pipeline"))
    table, names = history.table, history.names
    rows = pd.DataFrame(
        {role: table.frame[names[role]] for role in names if role not in ("entered", "exited")}
    )
    rows["time"] = times_of(table, names["entered"], options, notes)
    exits = times_of(table, names["exited"], options, notes)
    exits = of_one_kind(exits, rows["time"], f"{names['entered']!r} and {names['exited']!r}")
    rows["exited"] = exits.where(exits.dt.year < _NEVER)
    table, rows = in_reading_order(table, rows, options, notes)
    following = following_stays(rows)
    if "order" not in rows and (positions := _by_exits(rows, following)) is not None:
        table, rows = reordered(table, rows, positions)
        following = following_stays(rows)
    note_exits(rows, following, notes)
    others = table.frame[others_of(table.columns, names)]
    items = items_beside(sources, rows, others, options, notes)
    return export_of(FORMAT, rows, table.place, items, options, notes)


def following_stays(rows: pd.DataFrame) -> pd.Series:
    """Return the time at which the next stay of the item begins, by row."""
    stays = rows[["item", "time"]].dropna().sort_values("time", kind="stable")
    return stays.groupby("item", sort=False)["time"].shift(-1).reindex(rows.index)


def _by_exits(rows: pd.DataFrame, following: pd.Series) -> npt.NDArray[np.intp] | None:
    """Put stays that begin at the same time in the order in which they end; one that goes on is the last.

    Returns
    -------
    positions
        Where each row comes from; ``None`` if they stand so already.
    """
    items = rows.loc[following == rows["time"], "item"]
    if not len(items):
        return None
    tied = rows.loc[rows["item"].isin(items), ["item", "time", "exited"]]
    tied = tied[tied.duplicated(["item", "time"], keep=False)]
    before = tied.sort_values(["item", "time"], kind="stable").index.to_numpy()
    by_exit = tied.sort_values("exited", kind="stable", na_position="last")
    after = by_exit.sort_values(["item", "time"], kind="stable").index.to_numpy()
    positions = np.arange(len(rows))
    positions[before] = after
    return None if (before == after).all() else positions


def note_exits(rows: pd.DataFrame, following: pd.Series, notes: Notes) -> None:
    """Compare exits with the next entries: count gaps, overlaps, and last stays that have ended."""
    stays = rows[["item", "time", "exited"]].assign(following=following)
    stays = stays.dropna(subset=["item", "time"])
    following = stays["following"]
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
