"""The sentence about wins of items that are not there yet, and why none are expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..words import tr
from .numbers import length, tenths
from .things import things_of


def of_new_items(row: Any, between: str, things: str, *, is_short: bool) -> str:
    """Say what is expected of items that are not there yet, with its range; where it is nothing, say why.

    `is_short`: the log is shorter than the horizon.
    """
    if row["expected_wins"] > 0:
        return tr(
            "About {expected} more wins are expected of {things} that are not there yet "
            "({between}); they are not in the total.",
            expected=tenths(row["expected_wins"]),
            things=things,
            between=between,
        )
    if row["win"] > 0 and is_short:
        return tr(
            "No more wins are expected of {things} that are not there yet ({between}), because none were "
            "created after the first row of the log; they are not in the total.",
            things=things,
            between=between,
        )
    if row["win"] > 0:
        return tr(
            "No more wins are expected of {things} that are not there yet ({between}), because none were "
            "created in as long a time before; they are not in the total.",
            things=things,
            between=between,
        )
    return tr(
        "No more wins are expected of {things} that are not there yet ({between}), because none were ever "
        "won so soon; they are not in the total.",
        things=things,
        between=between,
    )


def of_a_short_log(remembered: Mapping[str, Any]) -> list[str]:
    """Say how many items are taken to come where the log is shorter than the horizon."""
    value = remembered.get("log_length")
    if value is None:
        return []
    text = length(_length_in(value) if isinstance(value, str) else value)
    return [
        tr(
            "The log begins only {length} before the end of observation, less than the horizon: new {things} "
            "are taken to come at the rate of that time.",
            length=text,
            things=things_of(remembered),
        )
    ]


def _length_in(text: str) -> pd.Timedelta:
    """Read a length as pandas writes it; beyond 292 years, which are all nanoseconds, in whole days."""
    try:
        return pd.Timedelta(text)
    except pd.errors.OutOfBoundsTimedelta:
        return pd.Timedelta(np.timedelta64(int(text.partition(" ")[0]) * 86_400, "s"))
