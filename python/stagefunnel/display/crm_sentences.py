"""What the CRM's own chances say beside a forecast, and how well they held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from .numbers import counted, number, percent

_NEAR: Final = 0.005  # half a percent: nobody calls that too high


def crm_total(row: pd.Series, wins: str) -> str:
    """Say what the CRM's own chances make of all open items: an amount, or so many wins."""
    worth = number(round(row["crm_amount"])) if "crm_amount" in row else f"{wins} wins"
    return f"The CRM's own chances make it {worth}."


def without_crm(remembered: Mapping[str, Any]) -> list[str]:
    """Say how many open items have no chance of the CRM's own."""
    n = remembered.get("probability_missing", 0)
    if not n:
        return []
    has, adds = ("has", "adds") if n == 1 else ("have", "add")
    return [f"{counted(n, 'open item')} {has} no chance of the CRM's own and {adds} nothing to that."]


def crm_tested(tested: pd.DataFrame) -> list[str]:
    """Say how far the CRM's own chances were off at past dates, and whose were nearer to what came."""
    if "crm_expected" not in tested:
        return []
    known = tested[tested["crm_expected"].notna()]
    expected = float(known["crm_expected"].sum())
    actual = expected - float(known["crm_bias"].sum())
    if not len(known) or not actual:
        return []
    off = expected / actual - 1
    how = f"{percent(abs(off))} {'too high' if off > 0 else 'too low'}" if abs(off) >= _NEAR else "right"
    ours, theirs = float(known["brier"].mean()), float(known["crm_brier"].mean())
    return [
        f"The CRM's own chances were {how}. Their mean squared error is {theirs:.3f}, that of the forecast "
        f"{ours:.3f}."
    ]
