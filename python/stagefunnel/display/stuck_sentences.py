"""The sentence of open items: how many are over their limit, and slower than most that were won."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import tr, trn, trs
from .numbers import count, counted, percent

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
    parts = [counted(numbers["open"], "open item")]
    if numbers["limited"]:
        parts.append(_over_limit(numbers["over_limit"], numbers["limited"]))
    parts.append(_slow(numbers["slow"], numbers["compared"], numbers["open"]))
    return [tr("; ").join(parts)]


def _over_limit(over: int, limited: int) -> str:
    if limited == 1:
        return tr("the one with a limit is over it") if over else tr("the one with a limit is not over it")
    if not over:
        return tr("none of the {n} with a limit is over it", n=count(limited))
    if over == limited:
        return tr("all {n} with a limit are over it", n=count(limited))
    return trn(
        "{n} of the {all} with a limit ({share}) is over it",
        "{n} of the {all} with a limit ({share}) are over it",
        over,
        n=count(over),
        all=count(limited),
        share=percent(over / limited),
    )


def _slow(slow: int, compared: int, n_open: int) -> str:
    """Say how many are slow; where some cannot be compared with won items, of how many that is said."""
    if not compared:
        if n_open == 1:
            return tr("it cannot be compared with a won one")
        return tr("none of them can be compared with a won one")
    what = _how_many_slow(slow, compared)
    if compared == n_open:
        return what
    return trs("{n} can be compared with won ones: {what}", compared, n=count(compared), what=what)


def _how_many_slow(slow: int, compared: int) -> str:
    if compared == 1 and slow:
        return tr("it has been in its stage longer than 90% of won items' visits there lasted")
    if compared == 1:
        return tr("it has not been in its stage longer than 90% of won items' visits there lasted")
    if not slow:
        return tr("none of them has been in its stage longer than 90% of won items' visits there lasted")
    if slow == compared:
        return tr("all of them have been in their stage longer than 90% of won items' visits there lasted")
    return trn(
        "{n} of them ({share}) has been in its stage longer than 90% of won items' visits there lasted",
        "{n} of them ({share}) have been in their stage longer than 90% of won items' visits there lasted",
        slow,
        n=count(slow),
        share=percent(slow / compared),
    )
