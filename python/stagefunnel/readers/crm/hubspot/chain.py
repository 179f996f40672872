"""HubSpot's contacts and the deals that they became, by the associations of the deals."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from ...export import Export
from ...notes import Notes
from ...sources.source import Sources
from .objects import DEALS, contacts_of, kind_of


def with_contacts(contacts: Export, deals: Export, sources: Sources) -> Export:
    """Put contacts and deals together: the first contact of a deal that the export has is its lead."""
    notes = Notes()
    known = {*contacts.items["item"]}
    pairs: list[tuple[str, str]] = []
    n_several = n_unknown = 0
    for source in sources.get("deals", ()):
        if kind_of(source) != DEALS:
            continue
        key = next(
            (name for name in ("id", "hs_object_id", "Record ID", "deal_id") if name in source.frame), None
        )
        if key is None:
            continue
        for deal, ids in zip(source.frame[key], contacts_of(source.frame), strict=True):
            found = [one for one in ids if one in known] if isinstance(ids, list) else []
            n_several += len(found) > 1
            n_unknown += isinstance(ids, list) and bool(ids) and not found
            pairs += [(str(deal), found[0])] if found and deal is not None else []
    links = pd.DataFrame(pairs, columns=["deal", "lead"], dtype=object).drop_duplicates("deal")
    links = links[links["deal"].isin(deals.items["item"])].reset_index(drop=True)
    notes.add(
        "deals_with_several_leads", n_several, "deals with several contacts, of which the first is its lead"
    )
    notes.add("links_to_unknown_leads", n_unknown, "deals of which the export has no contact")
    notes.add(
        "deals_without_link", len(deals.items) - len(links), "deals that no contact of the export became"
    )
    deals = notes.on(deals)
    return replace(deals, leads=contacts, deals=deals, links=links)
