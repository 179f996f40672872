"""How far a target is, and how likely it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import SchemaError, advised, given, is_whole_number, named
from ...log.columns.number import NumberColumn
from .asking import OpenItems, OpenState
from .exits import Floats
from .standing import WON, Standing


@dataclass(frozen=True, eq=False)
class Target:
    """A number of wins, or an amount, that is to be reached in a period.

    Attributes
    ----------
    value, amounts
        What is to be reached, and the amounts of all items; ``None``: wins are counted.
    begin
        First moment of the period.
    """

    value: float
    amounts: NumberColumn | None
    begin: int

    @classmethod
    def of(cls, value: Any, state: OpenState, amounts: NumberColumn | None) -> Target | None:
        """Read a target."""
        if value is None:
            return None
        is_number = is_whole_number(value) or isinstance(value, float | np.floating)
        if isinstance(value, bool) or not is_number or not np.isfinite(float(value)) or value <= 0:
            raise SchemaError(given("target", value), " is not a number above 0")
        if state.horizon is None or state.horizon.begin is None:
            raise SchemaError(
                named("target"), " needs a horizon that is a period, such as ", advised("horizon", "2026-Q3")
            )
        return cls(float(value), amounts, state.horizon.begin)

    def reached(self, state: OpenItems, drawn: Floats, expected: float, open_now: float) -> dict[str, Any]:
        """Say what is won so far, what is expected, and how likely the target is reached.

        `drawn` and `expected` are what is still to come, of new items too; `open_now` is what is open.
        """
        so_far = self._so_far(state)
        missing = max(self.value - so_far, 0.0)
        is_known = not np.isnan(expected)
        return {
            "value": self.value,
            "so_far": so_far,
            "expected": so_far + expected if is_known else None,
            "missing": missing,
            "coverage": open_now / missing if missing else None,
            "probability": float((so_far + drawn >= self.value).mean()) if is_known else None,
        }

    def _so_far(self, state: OpenItems) -> float:
        """Add up the items that are won now and were closed in the period so far."""
        selection, standing = state.selection, Standing(state.selection)
        items = np.arange(len(selection.journeys.first_row))
        won = items[standing.outcome(items) == WON]
        won = won[standing.closed_at(won) >= self.begin]
        if self.amounts is None:
            return float(len(won))
        return self.amounts.total(np.nan_to_num(self.amounts.values[won]))
