"""Sentences about whether what follows a stage depends on more than the stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import tr
from .numbers import p_value

_CLEAR: Final = 0.05
_MANY_FEW: Final = 0.2  # a share of small expected counts that makes a test rough


def of_markov_check(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say whether the next stage depends on more than the present one, and what to do about it."""
    if len(table) != remembered.get("rows"):
        return []
    sentences = []
    for test, rows in table.groupby("test", sort=False, observed=True):
        whole = rows[rows["stage"].isna()]
        if not len(whole):
            continue
        found = whole.iloc[0]
        of = (
            tr("where the item came from")
            if test == "order"
            else tr(" and ").join(remembered.get("compared", []))
        )
        if pd.isna(found["p_value"]):
            sentences.append(tr("Whether what follows a stage depends on {of} cannot be tested.", of=of))
            continue
        rough = tr("; many expected counts are small, so that the p-value is rough")
        note = rough if found["few_expected"] > _MANY_FEW else ""
        if found["p_value"] >= _CLEAR:
            p = p_value(found["p_value"])
            sentences.append(
                tr(
                    "There is no sign that what follows a stage depends on {of} (p = {p}{note}).",
                    of=of,
                    p=p,
                    note=note,
                )
            )
            continue
        sentences.append(
            tr(
                "What follows a stage depends on {of} (p {p}{note}).",
                of=of,
                p=_p(found["p_value"]),
                note=note,
            )
        )
        sentences.append(
            tr(
                "Chances by stage mix different items: look at the stages below with small p-values, "
                "and trust a forecast only as far as its backtest."
            )
            if test == "order"
            else tr("Fit the groups apart (fit_by), and compare the backtests.")
        )
    return sentences


def _p(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"
