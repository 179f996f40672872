"""Exports of programs that are known and hold no history: what to export in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..errors import ReaderError
from .sources.columns import find_column
from .sources.source import Source


class _Known(NamedTuple):
    """An export without a history: columns of which it has one from each group, and what to say."""

    what: str
    columns: tuple[Sequence[str], ...]
    remedy: str


_MOVES: Final = (
    "a table of deal_id, stage and changed_at, which a workflow or a webhook writes at each change"
)
_KNOWN: Final = (
    _Known(
        "Freshsales' deals, which have the stage of now alone",
        (
            ("deal stage", "deal_stage_id", "deal_stage"),
            ("deal stage updated at", "stage_updated_time", "deal_pipeline_id", "deal pipeline"),
        ),
        f"Freshsales keeps no history in an export; give {_MOVES}",
    ),
    _Known(
        "deals of Freshsales' interface, which have the stage of now alone",
        (("deals",), ("meta", "deal_stages", "users")),
        f"Freshsales keeps no history in an export; give {_MOVES}",
    ),
    _Known(
        "activities of Freshsales, whose changes of the stage are sentences",
        (("activities",), ("meta", "users", "composite_key")),
        f"give {_MOVES}",
    ),
    _Known(
        "rows of a business process flow of Dynamics 365, which have the stage of now alone",
        (("activestagestartedon",), ("activestagename", "_activestageid_value", "activestageid")),
        "give the audit of the opportunities: /api/data/v9.2/audits with _objectid_value, createdon and "
        "changedata",
    ),
    _Known(
        "opportunities of Dynamics 365, which have the stage of now alone",
        (("opportunityid",), ("stepname", "_stageid_value", "stageid", "salesstage", "statecode")),
        "give their audit too: /api/data/v9.2/audits with _objectid_value, createdon and changedata",
    ),
    _Known(
        "rows of Segment about persons or groups, which are not events",
        (
            ("received_at", "original_timestamp", "uuid_ts"),
            ("anonymous_id", "context_library_name", "user_id", "group_id", "email"),
        ),
        "give the tables tracks and pages, or the raw calls as JSON lines",
    ),
    _Known(
        "opportunities of Close, which have the status of now alone",
        (("status_label",), ("status_type",), ("lead_id", "lead_name")),
        "give the changes too: /api/v1/activity/status_change/opportunity/",
    ),
    _Known(
        "deals of Zoho, which have the stage of now alone",
        (("deal_name", "potential name"), ("stage",), ("closing_date",)),
        "give the stage history too: a report of Deals with Stage History, with Deal Id, Stage and Modified "
        "Time",
    ),
)


def refusal_of(source: Source) -> ReaderError | None:
    """Make the error for an export that is known to hold no history; ``None`` for others."""
    for known in _KNOWN:
        if all(find_column(source.columns, names) is not None for names in known.columns):
            return ReaderError(f"{source.name}: these are {known.what}; {known.remedy}")
    return None
