"""Zoho CRM: the stage history of deals, of a report or of a query; a deal's related list does not name it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ...errors import ReaderError
from ..export import Export
from ..options import Options
from ..shapes import events
from ..shapes.items import LIST_OF_ITEMS
from ..sources.columns import find_column
from ..sources.source import Source, Sources

FORMAT = "zoho"
ROLES: Mapping[str, str] = {
    "stage history": "Stage History: Deal Id (or Potential_Name), Stage, Modified Time",
    LIST_OF_ITEMS: "Deals: id (or Record Id), Deal_Name, Stage, Amount, Created_Time",
    "related list": "/crm/v8/Deals/ID/Stage_History: Stage, Modified_Time, Stage_Duration_Calendar_Days",
}
_DEAL: Final = (
    "deal id",
    "potential id",
    "record id",
    "potential_name",
    "potential name",
    "deal name",
    "deal",
)
_TIME: Final = ("modified time", "stage modified time", "last modified time")
_RECORD: Final = ("id", "record id")
_OF_A_DEAL: Final = ("closing date", "created time", "deal owner", "owner", "account name", "pipeline")
_MARKS: Final = (
    *("stage_duration_calendar_days", "stage duration (calendar days)", "stage duration", "duration (days)"),
    *("moved to", "moved_to__s", "moved_to"),
)


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: a stage history, which has a deal several times."""
    if _is_list(source):
        return LIST_OF_ITEMS
    stage, time = find_column(source.columns, ["stage"]), find_column(source.columns, _TIME)
    if stage is None or time is None:
        return None
    deal = find_column(source.columns, _DEAL)
    if deal is None:
        return "related list" if find_column(source.columns, _MARKS) is not None else None
    is_marked = find_column(source.columns, _MARKS) is not None
    return "stage history" if is_marked or not source.frame[deal].is_unique else None


def _is_list(source: Source) -> bool:
    """Check for the list of deals, which has each record once and more about it than its stage."""
    record = find_column(source.columns, _RECORD)
    return (
        record is not None
        and find_column(source.columns, ("deal name", "potential name")) is not None
        and find_column(source.columns, _OF_A_DEAL) is not None
        and find_column(source.columns, _MARKS) is None
        and bool(source.frame[record].is_unique)
    )


def read(sources: Sources, options: Options) -> Export:
    """Read the stages that deals were in, each with the time at which it was set."""
    if sources.get("related list"):
        raise ReaderError(
            f"{sources['related list'][0].name}: the stage history of one deal does not say whose it is; "
            "add its id to each row (Deal Id), or export a report of Deals with Stage History"
        )
    parts = [_named(source) for source in sources["stage history"]]
    deals = [_with_key(source) for source in sources.get(LIST_OF_ITEMS, [])]
    return replace(events.read({"events": parts, LIST_OF_ITEMS: deals}, options), format=FORMAT)


def _with_key(source: Source) -> Source:
    """Name the key of a list of deals as the history does; of an owner or an account the name is kept."""
    record = str(find_column(source.columns, _RECORD))
    frame = source.frame.map(_named_value).rename(columns={record: "deal_id"})
    return replace(source, frame=frame.assign(deal_id=frame["deal_id"].map(_key, na_action="ignore")))


def _named_value(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{") and '"name": "' in value:
        try:
            return str(json.loads(value)["name"])
        except (ValueError, KeyError, RecursionError):
            return value
    return value


def _named(source: Source) -> Source:
    """Name the columns as any table of events does; a deal that is an object is known by its id."""
    deal = str(find_column(source.columns, _DEAL))
    time = str(find_column(source.columns, _TIME))
    frame = source.frame.rename(columns={deal: "deal_id", time: "changed_at"})
    return replace(source, frame=frame.assign(deal_id=frame["deal_id"].map(_key, na_action="ignore")))


def _key(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{") and '"id": "' in value:
        return value.partition('"id": "')[2].partition('"')[0]
    return value
