"""The sentence about variants: how most journeys went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..tables.labels import columns_before
from ..words import Noun, tr
from .extremes import largest, with_ties
from .numbers import noun_of, part_of, so_many

_OTHERS = "other ("  # the line of all variants that are not listed


def of_variants(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Name the most frequent variant; groups have one each, which stands first."""
    n_items = int(table["items"].sum())
    listed = table[~table["variant"].astype(str).str.startswith(_OTHERS)]
    if listed.empty:
        return [tr("No item has a journey.")]
    if columns_before(table, "variant"):
        return []
    most = largest(listed, listed["items"])
    n_variants = remembered.get("n_variants", 0)
    of = so_many("; {n} variants in all", n_variants) if n_variants > 1 else ""
    sentence = tr(
        "Most often: {value} ({part_of}{of})",
        value=most["variant"].iloc[0],
        part_of=part_of(most["items"].iloc[0], n_items, noun_of(n_items, Noun.of("item"))),
        of=of,
    )
    return [with_ties(sentence, listed["items"])]
