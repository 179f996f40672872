"""Events of web and product analytics: GA4, Mixpanel, Amplitude, PostHog, Segment, home-made ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import counted, quoted
from ..build.items import complete_items
from ..build.tables import stacked, times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..shapes.ending import export_of
from ..shapes.items import items_of_last_rows
from ..shapes.ties import in_reading_order, reordered
from ..sources.cells import as_text, has_nested
from ..sources.columns import column_or_missing, find_column
from ..sources.source import Source, Sources, Table
from .sources import Vendor, columns_of, is_page_table, persons_in, vendor_of

FORMAT = "web"
ROLES: Mapping[str, str] = {
    "events": "user_id, event, timestamp, or as GA4, Mixpanel, Amplitude and others name them",
}
_PROPERTIES: Final = "properties"
# Properties of Mixpanel's events without which one is not to be read.
_LIFTED: Final = ("time", "distinct_id", "$insert_id", "$device_id", "$user_id", "$session_id")
_CALLS: Final = ("track", "page", "screen")
_OTHER_CALLS: Final = ("identify", "group", "alias")
_MOST_NAMED: Final = 8


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source: events have a person, a name and a time, and no column of a stage."""
    is_events = vendor_of([*source.columns, *_lifted(source)]) is not None
    return "events" if is_events or is_page_table(source.columns) else None


def _lifted(source: Source) -> list[str]:
    """List the properties that are as good as columns, where events keep their time and person in them."""
    if _PROPERTIES not in source.frame or "event" not in source.frame or source.has("distinct_id"):
        return []
    if _PROPERTIES in source.inside:
        return [name for name in _LIFTED if name in source.inside[_PROPERTIES]]
    objects = [value for value in source.frame[_PROPERTIES] if isinstance(value, dict)]
    return [name for name in _LIFTED if any(value.get(name) is not None for value in objects)]


def read(sources: Sources, options: Options) -> Export:
    """Read events; every event is a row, and the ids of persons are the items."""
    notes = Notes()
    parts = [_flat(source) for source in sources["events"]]
    table = stacked({"events": parts}, "events", notes)
    assert table is not None
    vendor = vendor_of(table.columns)
    assert vendor is not None
    table = _of_calls(table, vendor, notes)
    names = columns_of(table.columns, vendor)
    rows = pd.DataFrame({"stage": table.frame[names["stage"]]})
    time = _time_column(table, vendor)
    rows["time"] = times_of(table, time, options, notes)
    rows["item"] = _persons(table, vendor, rows["time"], notes)
    rows = rows[["item", "stage", "time"]]
    table, rows = _once(table, rows, vendor, notes)
    if (order := _order(table, vendor)) is not None:
        rows["order"] = order
    table, rows = in_reading_order(table, rows, options, notes)
    items = _items(table, {*names.values(), time}, rows, options, notes)
    numbers = rows["stage"].value_counts()
    notes.add("common_events", len(numbers), f"events, the most common first: {_by_number(numbers)}")
    return export_of(FORMAT, rows, table.place, items, options, notes)


def _by_number(numbers: pd.Series) -> str:
    most = [f"{name} {n:,}" for name, n in numbers.head(_MOST_NAMED).items()]
    n_more = len(numbers) - len(most)
    return ", ".join(most) + (f" and {counted(n_more, 'other event')}" if n_more else "")


def _flat(source: Source) -> Source:
    """Give the properties that an event is not to be read without a column each; a page is an event."""
    if is_page_table(source.columns):
        names = column_or_missing(source.frame, find_column(source.columns, ["name"]) or "")
        return replace(
            source, frame=source.frame.assign(event=("page: " + names).where(names.notna(), "page"))
        )
    lifted = _lifted(source)
    if not lifted:
        return source
    if (inside := source.inside.get(_PROPERTIES)) is not None:
        read = {name: inside[name]().array for name in lifted}
        return replace(source, frame=source.frame.assign(**read))
    records = [value if isinstance(value, dict) else {} for value in source.frame[_PROPERTIES]]
    new = {
        name: as_text(pd.Series([record.get(name) for record in records], dtype=object)).to_numpy()
        for name in lifted
    }
    return replace(source, frame=source.frame.assign(**new))


def _of_calls(table: Table, vendor: Vendor, notes: Notes) -> Table:
    """Take Segment's calls that are events: of a page or a screen the name stands for the event."""
    frame = table.frame
    kind = column_or_missing(frame, find_column(table.columns, ["type"]) or "")
    if not kind.isin([*_CALLS, *_OTHER_CALLS]).all():
        return table
    event = str(columns_of(table.columns, vendor)["stage"])
    is_view = kind.isin(["page", "screen"]) & frame[event].isna()
    if is_view.any():
        names = column_or_missing(frame, find_column(table.columns, ["name"]) or "")
        views = (kind + ": " + names).where(names.notna(), kind)
        frame = frame.assign(**{event: frame[event].where(~is_view, views)})
    is_other = kind.isin(_OTHER_CALLS)
    others = [str(call) for call in kind[is_other].unique()]
    notes.add("other_events", int(is_other.sum()), f"calls that are not events, left out: {quoted(others)}")
    kept = replace(table, frame=frame)
    return _at(kept, np.flatnonzero(~is_other.to_numpy())) if is_other.any() else kept


def _at(table: Table, rows: Any) -> Table:
    frame, _ = reordered(table, pd.DataFrame(index=range(len(table.frame))), rows)
    return frame


def _time_column(table: Table, vendor: Vendor) -> str:
    """Choose the first usual column of times that has one."""
    found = [column for name in vendor.time if (column := find_column(table.columns, [name])) is not None]
    return next((column for column in found if table.frame[column].notna().any()), found[0])


def _persons(table: Table, vendor: Vendor, times: pd.Series, notes: Notes) -> pd.Series:
    """Return who did each event: the id that most vendors give every event, else that of who is logged in.

    Somebody who is known by a user's id alone, as events of a server are, is whoever had that id first.
    """
    columns = [name for name in persons_in(table.columns, vendor) if table.frame[name].notna().any()]
    if not columns:
        return table.frame[columns_of(table.columns, vendor)["item"]]
    first, *others = columns
    persons = table.frame[first]
    user = find_column([name for name in others if name != first], vendor.user)
    if user is not None:
        users = table.frame[user]
        pairs = pd.DataFrame({"user": users, "person": persons, "time": times}).dropna(
            subset=["user", "person"]
        )
        known = pairs.sort_values("time", kind="stable").drop_duplicates("user").set_index("user")["person"]
        n_several = int((pairs.drop_duplicates(["user", "person"])["user"].value_counts() > 1).sum())
        notes.add(
            "users_with_several_ids",
            n_several,
            f"values of {user!r} with several of {first!r}, as somebody with several devices has: each of "
            f"these is an item. To count users, pass item={user!r} with stage= and time=",
        )
        persons = persons.fillna(users.map(known))
    n_before = int(table.frame[first].isna().sum())
    for name in others:
        persons = persons.fillna(table.frame[name])
    notes.add(
        "ids_of_other_columns",
        n_before - int(persons.isna().sum()),
        f"rows without {first!r}: they have that of the same user, or else the id in {quoted(others)}",
    )
    return persons.rename("item")


def _once(table: Table, rows: pd.DataFrame, vendor: Vendor, notes: Notes) -> tuple[Table, pd.DataFrame]:
    """Leave out what was sent twice: rows of one id, person, event and time."""
    name = find_column(table.columns, vendor.ids)
    if name is None:
        return table, rows
    ids = table.frame[name]
    if not ids.dropna().duplicated().any():  # one column in place of four
        return table, rows
    is_twice = (rows.assign(id=ids).duplicated() & ids.notna()).to_numpy()
    notes.add(
        "rows_fetched_twice", int(is_twice.sum()), "rows that equal an earlier one, id included, left out"
    )
    return reordered(table, rows, np.flatnonzero(~is_twice)) if is_twice.any() else (table, rows)


def _order(table: Table, vendor: Vendor) -> pd.Series | None:
    """Rank events by the numbers that the program gave them, if all have some."""
    columns = [name for usual in vendor.order if (name := find_column(table.columns, [usual])) is not None]
    numbers = [pd.to_numeric(table.frame[name], errors="coerce") for name in columns]
    if not numbers or any(number.isna().any() for number in numbers):
        return None
    in_order = np.lexsort([number.to_numpy() for number in reversed(numbers)])
    ranks = np.empty(len(in_order), dtype=np.int64)
    ranks[in_order] = np.arange(len(in_order))
    return pd.Series(ranks)


def _items(table: Table, used: set[str], rows: pd.DataFrame, options: Options, notes: Notes) -> pd.DataFrame:
    """Take what the columns say of a person from the last event; nested columns are left out."""
    others = [name for name in table.columns if name not in used]
    nested = [name for name in others if has_nested(table.frame[name])]
    notes.add(
        "columns_left_out",
        len(nested),
        f"columns of objects, which neither the log nor the table of items takes: {quoted(nested, most=6)}",
    )
    plain: Sequence[str] = [name for name in others if name not in nested]
    if not plain:
        return complete_items(None, rows, notes)
    return complete_items(items_of_last_rows(rows, table.frame[plain], options, notes), rows, notes)
