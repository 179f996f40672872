"""The sentence of open items: how many are over their limit, and slower than most that were won."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import tr
from .numbers import count, counted, part_of

_SLOW: Final = 0.9


def of_open_items(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many items are over their limit, and how many slower than 90% of the visits of won items.

    A table of the first of them is about all that are open; one whose rows were chosen is about these.
    """
    numbers: Mapping[str, int] = remembered.get("counted", {})
    if not numbers or numbers["listed"] != len(table):
        numbers = {
            "open": len(table),
            "compared": int(table["quantile"].notna().sum()),
            "slow": int((table["quantile"] > _SLOW).sum()),
            "limited": int(table["over_limit"].notna().sum()),
            "over_limit": int(table["over_limit"].fillna(False).sum()),
        }
    if not numbers["open"]:
        return [tr("No item is open.")]
    parts = [f"{counted(numbers['open'], 'open item')}"]
    if numbers["limited"]:
        parts.append(
            tr(
                "over the limit: {part_of}",
                part_of=part_of(numbers["over_limit"], numbers["limited"], tr("with a limit")),
            )
        )
    if numbers["compared"]:
        slow = part_of(numbers["slow"], numbers["compared"], tr("compared"))
        parts.append(tr("in their stage longer than 90% of the visits of won items there: {slow}", slow=slow))
    else:
        parts.append(tr("none of them can be compared with a won one ({x} completed visits)", x=count(0)))
    return [tr("; ").join(parts)]
