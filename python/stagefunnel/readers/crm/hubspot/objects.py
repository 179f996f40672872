"""What the records of an answer of HubSpot are where they are no deals: contacts, tickets, companies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# Properties that only one kind of object has, and the property that holds its stage.
_OBJECTS: Final = (
    ("tickets", "hs_pipeline_stage", ("hs_pipeline_stage", "hs_ticket_priority", "hs_ticket_category")),
    ("contacts", "lifecyclestage", ("email", "firstname", "lastname", "hs_lead_status", "lifecyclestage")),
)


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
    names = {*properties}
    if names & {"dealstage", "dealname", "deal_stage"}:
        return None
    if "domain" in names and "email" not in names:
        return "companies", "lifecyclestage"
    return next(((kind, stage) for kind, stage, own in _OBJECTS if names & {*own}), None)
