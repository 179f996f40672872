"""Whether the conversions of two periods differ by more than chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, quoted
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection
from ..stats.adjusting import adjusted
from ..stats.comparisons import differences, score_tests

_SHARE: Final = "conversion_from_all_difference"
BOUNDS: Final = (f"{_SHARE}_low", f"{_SHARE}_high", "p_value", "p_adjusted")


def shared_items(selections: Iterable[Selection]) -> int:
    """Count the items, or the units in their place, that are in the reports of more than one period."""
    return sum(in_second_report(selections))


def in_second_report(selections: Iterable[Selection]) -> list[int]:
    """Count for each report the items, or the units, that are in just one of those before and in this."""
    n_reports: npt.NDArray[np.int64] | None = None
    found = []
    for selection in selections:
        is_read = rows_of_items(selection, "first") >= 0
        if selection.units is not None:
            read, is_read = is_read, np.zeros(selection.units.n, dtype=bool)
            is_read[selection.units.of_item[read]] = True
        n_reports = is_read.astype(np.int64) if n_reports is None else n_reports + is_read
        found.append(int(np.count_nonzero(is_read & (n_reports == 2))))
    return found


def with_difference_bounds(table: pd.DataFrame, confidence: float, shared: int) -> pd.DataFrame:
    """Put bounds and p-values right after the difference of shares; NaN where the periods share items."""
    taken = [name for name in BOUNDS if name in table.columns]
    if taken:
        raise SchemaError(
            f"the result has columns of its own called {quoted(taken)}; rename the columns of the breakdown"
        )
    added: dict[str, Any] = {name: np.full(len(table), np.nan) for name in BOUNDS}
    if not shared:
        names = ("reached", "base", "reached_before", "base_before")
        k_a, n_a, k_b, n_b = (table[name].to_numpy(dtype=np.float64) for name in names)
        _, added[BOUNDS[0]], added[BOUNDS[1]] = differences(k_a, n_a, k_b, n_b, confidence)
        added["p_value"] = score_tests(k_a, n_a, k_b, n_b)
        added["p_adjusted"] = adjusted(added["p_value"], "holm")
    at = [*table.columns].index(_SHARE) + 1
    for place, name in enumerate(BOUNDS):
        table.insert(at + place, name, added[name])
    return table
