"""What the CRM's own chances say beside a forecast, and how well they held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import tr, trn
from ..words.forms import written
from .numbers import counted, number, percent

_NEAR: Final = 0.005  # half a percent: nobody calls that too high


def crm_total(row: pd.Series, wins: str) -> str:
    """Say what the CRM's own chances make of all open items: an amount, or so many wins."""
    worth = number(round(row["crm_amount"])) if "crm_amount" in row else tr("{wins} wins", wins=wins)
    return tr("The CRM's own chances make it {worth}.", worth=worth)


def without_crm(remembered: Mapping[str, Any]) -> list[str]:
    """Say how many open items have no chance of the CRM's own."""
    n = remembered.get("probability_missing", 0)
    if not n:
        return []
    return [
        trn(
            "{n_open_items} has no chance of the CRM's own and adds nothing to that.",
            "{n_open_items} have no chance of the CRM's own and add nothing to that.",
            n,
            n_open_items=counted(n, "open item"),
        )
    ]


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
    how = (
        tr("{off} {word}", off=percent(abs(off)), word=tr("too high") if off > 0 else tr("too low"))
        if abs(off) >= _NEAR
        else tr("right")
    )
    ours, theirs = float(known["brier"].mean()), float(known["crm_brier"].mean())
    return [
        tr(
            "The CRM's own chances were {how}. Their mean squared error is {theirs}, that of "
            "the forecast {ours}.",
            how=how,
            theirs=written(f"{theirs:.3f}"),
            ours=written(f"{ours:.3f}"),
        )
    ]
