"""Event logs of process mining: XES, and tables with the columns that its tools write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd

from ...errors import quoted
from ..build.items import complete_items
from ..build.tables import stacked, times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..shapes.column_names import is_usual
from ..shapes.ending import export_of
from ..shapes.items import items_of_last_rows
from ..shapes.stays import following_stays, note_exits
from ..shapes.ties import in_reading_order
from ..sources.columns import find_column
from ..sources.dates import of_one_kind
from ..sources.places import Place
from ..sources.source import Source, Sources, Table
from .lifecycle import stays_of

FORMAT = "xes"
ROLES: Mapping[str, str] = {
    "events": "an XES file, or case:concept:name, concept:name, time:timestamp, or Case ID, Activity, Time",
}
_CASE: Final = "case:"
# Names of columns as PM4Py, Disco, Celonis, Apromore, ProM and bupaR write them.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "item": (
        *("case:concept:name", "case_concept_name", "case id", "_case_key", "case key", "case", "trace id"),
        *("caseid", "case identifier", "process instance id"),
    ),
    "stage": (
        "concept:name",
        "concept_name",
        "activity",
        "activity name",
        "activity_en",
        "task name",
        "task",
    ),
    "time": (
        *(
            "time:timestamp",
            "time_timestamp",
            "complete timestamp",
            "end timestamp",
            "timestamp",
            "event time",
        ),
        *("completion time", "complete time", "end time", "end date", "time", "date"),
    ),
    "start": ("start_timestamp", "time:start", "start time", "start date", "start"),
    "state": ("lifecycle:transition", "lifecycle_transition", "lifecycle id", "lifecycle", "transition"),
    "instance": ("concept:instance", "concept_instance", "activity instance id", "activity_instance"),
}
_NEEDED: Final = ("item", "stage", "time")


def _columns(columns: list[str]) -> dict[str, str]:
    """Return the column of each role."""
    found: dict[str, str] = {}
    for role, names in _NAMES.items():
        free = [column for column in columns if column not in found.values()]
        if (column := find_column(free, names)) is not None:
            found[role] = column
    if "time" not in found and "start" in found:
        found["time"] = found.pop("start")  # what began is all that is known
    return found


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: events have a case, an activity and a time, and no column of a stage."""
    found = _columns(source.columns)
    if not all(role in found for role in _NEEDED):
        return None
    own = found["stage"].lower().startswith("concept")
    return "events" if own or not any(is_usual(column, "stage") for column in source.columns) else None


def read(sources: Sources, options: Options) -> Export:
    """Read events; the start and the end of an activity make one stay in a stage."""
    notes = Notes()
    first, *others = sources["events"]
    names = _columns(first.columns)
    table = stacked({"events": [first, *(_named_alike(other, names) for other in others)]}, "events", notes)
    assert table is not None
    rows = pd.DataFrame({role: table.frame[names[role]] for role in _NEEDED})
    rows["time"] = times_of(table, names["time"], options, notes)
    table, rows = in_reading_order(table, rows, options, notes)
    items = _items(table, names, rows, options, notes)
    place: Place = table.place
    if "start" in names:
        rows = _from_two_times(table, names["start"], rows, options, notes)
    elif "state" in names:
        states, instances = table.frame[names["state"]], table.frame.get(names.get("instance"))
        rows, place = stays_of(rows, states, instances, place, notes)
    if "exited" in rows:
        note_exits(rows, following_stays(rows), notes)
    return export_of(FORMAT, rows, place, items, options, notes)


def _named_alike(source: Source, names: Mapping[str, str]) -> Source:
    """Give the columns of a further file the names that those of the first have."""
    new = {name: names[role] for role, name in _columns(source.columns).items() if role in names}
    frame = source.frame.rename(columns=new)
    return replace(source, frame=frame.loc[:, ~frame.columns.duplicated()])


def _from_two_times(
    table: Table, start: str, rows: pd.DataFrame, options: Options, notes: Notes
) -> pd.DataFrame:
    """Take the time of the start as the entry, and that of the end as the exit."""
    starts = times_of(table, start, options, notes)
    starts = of_one_kind(starts, rows["time"], "the start and the end of an activity")
    ends = rows["time"]
    is_late = starts > ends
    notes.add(
        "starts_after_end",
        int(is_late.sum()),
        "activities that begin after their end, read from their end on",
    )
    notes.add(
        "entered_at_end",
        int(starts.isna().sum()),
        "rows without the time of a start: the item counts as in the stage from the end on",
    )
    is_whole = starts.notna() & ~is_late
    return rows.assign(time=starts.where(is_whole, ends), exited=ends.where(is_whole))


def _items(
    table: Table, names: Mapping[str, str], rows: pd.DataFrame, options: Options, notes: Notes
) -> pd.DataFrame:
    """Make the table of items of the attributes of cases; other columns are left out and named."""
    used = {*names.values()}
    others = [name for name in table.columns if name not in used]
    of_cases = {name: name[len(_CASE) :] for name in others if name.lower().startswith(_CASE)}
    used |= {*of_cases}
    unused = [name for name in table.columns if name not in used]
    notes.add(
        "columns_left_out",
        len(unused),
        f"columns of events that neither the log nor the table of items takes: {quoted(unused, most=6)}",
    )
    own = table.frame[list(of_cases)].rename(columns=of_cases)
    own = own.loc[:, ~own.columns.duplicated()]
    if not len(own.columns):
        return complete_items(None, rows, notes)
    found = Notes()
    items = items_of_last_rows(rows, own, options, found)
    versions = own.assign(**{"case (of the log)": rows["item"]}).drop_duplicates()
    n_several = int(versions.loc[versions["case (of the log)"].duplicated(), "case (of the log)"].nunique())
    # An attribute of a case is the same on all its rows; where it is not, the last row is a guess.
    found.lines = {line: n_several if line[0] == "from_last_rows" else n for line, n in found.lines.items()}
    notes.take(found)
    return complete_items(items, rows, notes)
