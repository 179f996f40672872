"""Which objects of HubSpot the records of an answer are: deals, contacts, companies or tickets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import pandas as pd

from ...sources.source import Source

DEALS: Final = "deals"


class Kind(NamedTuple):
    """One kind of object: its name, the property that holds its stage, and those that only it has."""

    name: str
    stage: str
    pipeline: str | None
    own: tuple[str, ...]


_CONTACT_NAMES: Final = ("email", "firstname", "lastname", "hs_lead_status", "lifecyclestage")
KINDS: Final = (
    Kind(
        "tickets",
        "hs_pipeline_stage",
        "hs_pipeline",
        ("hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category"),
    ),
    Kind("contacts", "lifecyclestage", None, _CONTACT_NAMES),
)
# The lifecycle of every account, in its order; who is a customer was won.
LIFECYCLE: Final = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "evangelist": "Evangelist",
    "other": "Other",
}
CUSTOMERS: Final = ("customer", "evangelist")


def other_object(properties: Iterable[str]) -> tuple[str, str] | None:
    """Return what records are by their properties, and their property of stages; ``None`` for deals.

    Examples
    --------
    >>> from stagefunnel.readers.crm.hubspot.objects import other_object
    >>> other_object(["email", "lifecyclestage"])
    ('contacts', 'lifecyclestage')
    >>> other_object(["dealstage", "amount"]) is None
    True
    """
    names = {name.lower().replace(" ", "") for name in properties}
    if names & {"dealstage", "dealname", "deal_stage"}:
        return None
    if "domain" in names and "email" not in names:
        return "companies", "lifecyclestage"
    return next(((kind.name, kind.stage) for kind in KINDS if names & {*kind.own}), None)


def kind_of(source: Source) -> str:
    """Return the kind of the records of a source by their columns and properties."""
    found = other_object([*source.columns, *_properties(source)])
    return DEALS if found is None else found[0]


def _properties(source: Source) -> Iterator[str]:
    for column in ("properties", "propertiesWithHistory"):
        if column in source.frame:
            for value in source.frame[column]:
                if isinstance(value, dict):
                    yield from map(str, value)


def as_deals(source: Source, kind: str) -> Source:
    """Name the stage and the pipeline of another object as those of a deal, so that they are read alike."""
    if kind == DEALS:
        return source
    ticket = KINDS[0]
    new = {ticket.stage: "dealstage", str(ticket.pipeline): "pipeline"}
    if kind != ticket.name:
        new = {"lifecyclestage": "dealstage"}
    frame = source.frame.rename(columns=new)
    for column in ("properties", "propertiesWithHistory"):
        if column in frame:
            frame = frame.assign(**{column: frame[column].map(lambda value: _renamed(value, new))})
    return replace(source, frame=frame)


def _renamed(value: Any, new: Mapping[str, str]) -> Any:
    return {new.get(name, name): one for name, one in value.items()} if isinstance(value, dict) else value


def without_cleared(source: Source) -> tuple[Source, int]:
    """Leave out the empty values of a history: a lifecycle that goes back is cleared first."""
    if "propertiesWithHistory" not in source.frame:
        return source, 0
    n_cleared = 0

    def kept(value: Any) -> Any:
        nonlocal n_cleared
        history = value.get("dealstage") if isinstance(value, dict) else None
        if not isinstance(history, list):
            return value
        filled = [one for one in history if not isinstance(one, dict) or one.get("value") not in ("", None)]
        n_cleared += len(history) - len(filled)
        return {**value, "dealstage": filled}

    frame = source.frame.assign(propertiesWithHistory=source.frame["propertiesWithHistory"].map(kept))
    return replace(source, frame=frame), n_cleared


def contacts_of(deals: pd.DataFrame) -> pd.Series:
    """Return the ids of the contacts of each deal, of its associations or of the column of an export."""
    if "associations" in deals:
        return deals["associations"].map(_ids)
    column = next((name for name in deals if str(name).lower().startswith("associated contact id")), None)
    if column is None:
        return pd.Series([[]] * len(deals), index=deals.index, dtype=object)
    return deals[column].map(
        lambda text: [part.strip() for part in str(text).split(";") if part.strip()], na_action="ignore"
    )


def _ids(value: Any) -> list[str]:
    """List the ids of the contacts in the associations of a deal, each once."""
    contacts = value.get("contacts") if isinstance(value, dict) else None
    results = contacts.get("results") if isinstance(contacts, dict) else None
    ids = [one.get("id", one.get("toObjectId")) for one in results or () if isinstance(one, dict)]
    return list(dict.fromkeys(str(one) for one in ids if one is not None))
