"""What is said where a pipeline has no lost stage: what is closed is won, so that a win rate says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ..words import mark

NO_LOST_STAGE: Final = mark("The pipeline has no lost stage.")
_RATES: Final = ("win_rate", "win_if_closed", "expected_wins_if_closed")  # each 100%, or all items


def can_lose(remembered: Mapping[str, Any], rows: pd.DataFrame | None = None) -> bool:
    """Check whether items can be lost, as far as a table remembers; `rows` are those of a part of a chain."""
    without = remembered.get("no_lost_stage", False)
    if not isinstance(without, list):
        return not without
    parts = set() if rows is None or "part" not in rows else {*rows["part"].astype(str)}
    return not parts or not parts <= {*without}


def without_rates(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Leave out what people would read as a win rate where nothing can be lost: a dash takes its place."""
    if can_lose(remembered):
        return table
    names = [f"{name}{end}" for name in _RATES for end in ("", "_low", "_high")]
    return table.assign(**{name: np.nan for name in names if name in table.columns})
