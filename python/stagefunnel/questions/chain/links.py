"""The links between leads and the deals that they became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, named
from ...log.columns.inputs import Input, read_inputs
from ...log.columns.records import as_table
from ...log.stage_log import StageLog

Places = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Links:
    """The links between the items of two logs.

    Attributes
    ----------
    lead, deal
        The pairs, each once: places of the items in the journeys of their logs.
    linked
        Flag of each deal of its log: whether a lead of the other log is linked to it.
    found
        Counts about the table of links, by check: see :func:`find_links`.
    """

    lead: Places
    deal: Places
    linked: npt.NDArray[np.bool_]
    found: dict[str, int]


def find_links(table: Any, leads: StageLog, deals: StageLog, *, lead: str, deal: str) -> Links:
    """Look up the items that a table links, and check its rows.

    Among its ``rows``, ``without_lead`` and ``without_deal`` miss a key; ``unknown_leads`` and
    ``unknown_deals`` name an item that the log does not have; ``links`` are the pairs whose items both logs
    have, and ``repeats`` are further rows of such a pair.
    """
    columns = read_inputs(as_table(table, [lead, deal], named("links")), {"lead": lead, "deal": deal})
    lead_at, no_lead = _places(leads, columns["lead"], "lead")
    deal_at, no_deal = _places(deals, columns["deal"], "deal")
    in_both = np.flatnonzero((lead_at >= 0) & (deal_at >= 0))
    # A place takes 32 bits, so that a pair is one number, which sorts faster than two numbers.
    pairs = np.unique(lead_at[in_both] << 32 | deal_at[in_both])
    lead_of_pair, deal_of_pair = pairs >> 32, pairs & (2**32 - 1)
    linked = np.zeros(deals.n_items, dtype=bool)
    linked[deal_of_pair] = True
    found = {
        "rows": len(lead_at),
        "links": len(pairs),
        "repeats": len(in_both) - len(pairs),
        "unknown_leads": int((lead_at < 0).sum()) - no_lead,
        "unknown_deals": int((deal_at < 0).sum()) - no_deal,
        "without_lead": no_lead,
        "without_deal": no_deal,
    }
    return Links(lead_of_pair.astype(np.uint32), deal_of_pair.astype(np.uint32), linked, found)


def _places(log: StageLog, column: Input, option: str) -> tuple[npt.NDArray[np.int64], int]:
    """Find the items of a column in a log, -1 for those that it does not have, and count missing keys."""
    journeys = log._data.journeys
    keys = _core.columns.encode_items(column=column.column, threads=1, hash=journeys.text_hash)
    try:
        return _core.journeys.places_of(journeys=journeys, keys=keys), len(keys.missing_rows)
    except ValueError as error:
        kinds = ["text" if text else "integers" for text in (keys.holds_text, journeys.holds_text)]
        raise SchemaError(
            f"the links' column {column.name!r} holds {kinds[0]}, the items of the {option}s are {kinds[1]}; "
            f"make them one type",
            option=option,
        ) from error
