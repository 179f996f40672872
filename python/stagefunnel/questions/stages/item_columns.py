"""The columns of the table of items that it has on request alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import NAT, to_lengths
from ..scope.further import further_values
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection
from ..scope.working import Lengths
from .stays import open_now, stays_of


def places_of(selection: Selection, first_row: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Return the places in the journeys of the items with some first rows."""
    of_place = selection.journeys.first_row
    order = np.argsort(of_place)
    return order[np.searchsorted(of_place[order], first_row)]


def with_columns_on_request(
    table: pd.DataFrame,
    selection: Selection,
    facts: _core.stages.ItemFacts,
    names: Sequence[str],
    lengths: Lengths,
    *,
    period: PeriodLike | None,
    basis: str,
    as_of: MomentLike | None,
) -> pd.DataFrame:
    """Add columns to the table of all items of a selection."""
    if not names:
        return table
    place = places_of(selection, facts.first_row)
    last_row = rows_of_items(selection, "last")[place]

    def last_time() -> pd.Series:
        return selection.data.to_times(selection.data.journeys.time[last_row])

    def cycle_time() -> pd.Series:
        is_known = (table["closed_at"].notna() & table["first_time"].notna()).to_numpy(dtype=bool)
        both = lengths.times(np.concatenate([facts.closed_at, facts.first_time]))
        passed = both[: len(place)] - both[len(place) :]
        return to_lengths(np.where(is_known, passed, NAT), lengths.unit)

    def while_open(name: str) -> Callable[[], pd.Series]:
        def lengths_of_items() -> pd.Series:
            stays = stays_of(selection, lengths, period=period, basis=basis, as_of=as_of)
            paused = [label in selection.pipeline.rules.paused for label in selection.pipeline.labels]
            now = open_now(stays, paused)
            of_place = np.full(selection.log.n_items, NAT)
            of_place[now.item] = getattr(now, name)
            return to_lengths(of_place[place], lengths.unit)

        return lengths_of_items

    made: dict[str, Any] = {
        "last_time": last_time,
        "cycle_time": cycle_time,
        **{name: while_open(name) for name in ("in_stage", "age")},
    }
    further = further_values(selection.log, [name for name in names if name not in made], place, last_row)
    for name in names:
        table[name] = further[name] if name in further else made[name]()
    return table
