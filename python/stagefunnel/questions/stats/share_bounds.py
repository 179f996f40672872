"""Confidence bounds beside the shares of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, quoted
from .bounds import check_confidence
from .proportions import wilson_bounds


class Base(NamedTuple):
    """What a share is of: the column of its count, and how many there are; NaN for what is no proportion."""

    of: str
    nobs: npt.ArrayLike


def read_confidence(confidence: Any) -> float | None:
    """Read the option of a question; ``None``: its table has no bounds."""
    return None if confidence is None else check_confidence(confidence)


def bound_names(shares: Sequence[str]) -> list[str]:
    """Name the columns of the bounds of some shares."""
    return [f"{share}_{side}" for share in shares for side in ("low", "high")]


def with_bounds(table: pd.DataFrame, confidence: float | None, bases: Mapping[str, Base]) -> pd.DataFrame:
    """Put Wilson's bounds right after each share; without a `confidence` the table stays as it is.

    A share that is missing has none, and neither has one whose count is larger than what it is of. Where none
    has, the table remembers it for a sentence.
    """
    if confidence is None:
        return table
    names = [*table.columns]
    taken = sorted({*bound_names([*bases])} & {*map(str, names)})
    if taken:
        raise SchemaError(
            f"the result has columns of its own called {quoted(taken)}; rename the columns of the breakdown"
        )
    is_known = has_bounds = False
    for share, base in bases.items():
        counts = table[base.of].to_numpy(dtype=np.float64)
        nobs = np.broadcast_to(np.asarray(base.nobs, dtype=np.float64), counts.shape)
        is_there = table[share].notna().to_numpy()
        is_proportion = is_there & (counts <= nobs)
        is_known |= bool(is_there.any())
        has_bounds |= bool((is_proportion & ~np.isnan(nobs)).any())
        low, high = wilson_bounds(counts, np.where(is_proportion, nobs, np.nan), confidence)
        at = names.index(share) + 1
        names[at:at] = bound_names([share])
        table.insert(at, names[at], low)
        table.insert(at + 1, names[at + 1], high)
    remembered = table.attrs.get("stagefunnel", {})
    without = {"without_bounds": True} if is_known and not has_bounds else {}
    table.attrs["stagefunnel"] = {**remembered, "confidence": confidence, **without}
    return table


def sums_of(table: pd.DataFrame, count: str, by: Sequence[Any]) -> npt.NDArray[np.float64]:
    """Return the sum of a count over all rows that agree in some columns, on each of them."""
    if not by:
        return np.full(len(table), table[count].sum(), dtype=np.float64)
    sums = table.groupby([*by], dropna=False, observed=True, sort=False)[count].transform("sum")
    return sums.to_numpy(dtype=np.float64)


NO_BASE = np.nan  # of a share that is no proportion of items
