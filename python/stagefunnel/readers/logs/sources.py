"""Events of web and product analytics: which columns hold the person, the event and the time, by vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..shapes.column_names import is_usual
from ..shapes.subjects import is_change_log
from ..sources.columns import find_column, find_columns


@dataclass(frozen=True)
class Vendor:
    """How one program names the columns of its events.

    Attributes
    ----------
    name
        Name of the program, for notes.
    event, time
        Names of the event's and the time's column; the first that a table has is taken.
    person
        Ids of who did it, the one that most rows have first: a device before somebody who has logged in.
    user
        Ids of who has logged in.
    marks
        Columns of which a table must have one, beside an event, a time and a person.
    order
        Numbers that say in which order events of one time happened.
    ids
        Ids of events, which are the same where one was sent twice.
    """

    name: str
    event: Sequence[str]
    time: Sequence[str]
    person: Sequence[str]
    user: Sequence[str] = ("user_id",)
    marks: Sequence[str] = ()
    order: Sequence[str] = ()
    ids: Sequence[str] = ()


VENDORS: Final = (
    Vendor(
        "GA4",
        ("event_name",),
        ("event_timestamp",),
        ("user_pseudo_id", "user_id"),
        marks=("user_pseudo_id",),
        order=("batch_page_id", "batch_ordering_id", "batch_event_index"),
    ),
    Vendor(
        "Amplitude",
        ("event_type",),
        ("event_time", "client_event_time"),
        ("amplitude_id", "device_id", "user_id"),
        marks=("amplitude_id", "amplitude_event_type", "client_event_time", "server_upload_time"),
        order=("event_id",),
        ids=("$insert_id", "insert_id", "_insert_id"),
    ),
    Vendor(
        "Snowplow",
        ("event_name", "event"),
        ("derived_tstamp", "dvce_created_tstamp", "collector_tstamp"),
        ("domain_userid", "network_userid", "user_id"),
        marks=("derived_tstamp", "collector_tstamp"),
        ids=("event_id",),
    ),
    Vendor(
        "Segment",
        ("event", "event_text"),
        ("timestamp", "original_timestamp", "sent_at", "received_at"),
        ("anonymous_id", "user_id"),
        marks=("anonymous_id",),
        ids=("message_id", "id"),
    ),
    Vendor(
        "PostHog",
        ("event",),
        ("timestamp",),
        ("person_id", "distinct_id"),
        user=(),
        marks=("person_id", "elements_chain", "elements", "uuid"),
        ids=("uuid", "id"),
    ),
    Vendor(
        "Mixpanel",
        ("event", "event_name", "mp_event_name"),
        ("time", "timestamp"),
        ("distinct_id", "$device_id", "$user_id"),
        user=("$user_id",),
        marks=("distinct_id",),
        ids=("$insert_id", "insert_id"),
    ),
)
_GENERIC: Final = Vendor(
    "events",
    ("event", "event_name", "event_type", "eventname", "event action", "событие"),
    (
        *("timestamp", "event_time", "event_timestamp", "time", "ts", "datetime", "date_time", "occurred_at"),
        *("server_time", "event_date", "created_at", "date", "время", "дата"),
    ),
    (
        *("user_id", "userid", "uid", "visitor_id", "visitor", "client_id", "clientid", "anonymous_id"),
        *(
            "device_id",
            "cookie_id",
            "customer_id",
            "distinct_id",
            "user_pseudo_id",
            "full_visitor_id",
            "user",
        ),
        *("session_id", "user_session", "пользователь"),
    ),
    user=(),
)
# A table with one of these is about items of a pipeline, and a person is who changed them.
_ITEMS: Final = (
    *(
        "deal_id",
        "deal",
        "lead_id",
        "lead",
        "opportunity_id",
        "opportunity",
        "case_id",
        "ticket_id",
        "ticket",
    ),
    *("entity_id", "record_id", "issue_key", "issue_id", "issue", "work_item_id", "card_id", "object_id"),
)


def vendor_of(columns: Sequence[str]) -> Vendor | None:
    """Return whose events a table holds by its columns; ``None`` if it holds no events of persons.

    Examples
    --------
    >>> from stagefunnel.readers.logs.sources import vendor_of
    >>> vendor_of(["event", "anonymousId", "timestamp"]).name, vendor_of(["user_id", "event", "ts"]).name
    ('Segment', 'events')
    >>> vendor_of(["deal_id", "user_id", "event", "timestamp"]) is None
    True
    """
    has_items = find_column(columns, _ITEMS) is not None
    if has_items or is_change_log(columns) or any(is_usual(column, "from_stage") for column in columns):
        return None
    for vendor in VENDORS:
        if find_column(columns, vendor.marks) is not None and len(columns_of(columns, vendor)) == 3:
            return vendor
    has_stage = any(is_usual(column, "stage") for column in columns)
    return _GENERIC if not has_stage and len(columns_of(columns, _GENERIC)) == 3 else None


def is_page_table(columns: Sequence[str]) -> bool:
    """Check for the table of Segment's page calls in a warehouse, whose rows have no name of an event.

    Examples
    --------
    >>> from stagefunnel.readers.logs.sources import is_page_table
    >>> is_page_table(["id", "anonymous_id", "name", "path", "url", "received_at"])
    True
    >>> is_page_table(["id", "anonymous_id", "name", "email", "received_at"])
    False
    """
    segment = next(vendor for vendor in VENDORS if vendor.name == "Segment")
    needed = (segment.marks, segment.time, ("path", "url"), ("name", "title", "referrer"))
    has_event = find_column(columns, (*_GENERIC.event, *segment.event)) is not None
    return not has_event and all(find_column(columns, names) is not None for names in needed)


def columns_of(columns: Sequence[str], vendor: Vendor) -> Mapping[str, str]:
    """Return the columns of the event, the time and the person; fewer where some are missing."""
    names = {"stage": vendor.event, "time": vendor.time, "item": vendor.person}
    found = {role: find_column(columns, usual) for role, usual in names.items()}
    return {role: column for role, column in found.items() if column is not None}


def persons_in(columns: Sequence[str], vendor: Vendor) -> list[str]:
    """List the columns with ids of who did it, the best first."""
    return find_columns(columns, vendor.person)
