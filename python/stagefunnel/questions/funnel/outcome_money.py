"""The amounts of the items that are won, lost and open now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, advised, given, is_named
from ...log.columns.number import NumberColumn
from ...tables.build import share
from ...tables.options import AmountAtName
from ..counted.exact_sums import ExactSums, plain_numbers
from ..counted.fields import dense, sums
from ..scope.money import Amounts
from ..scope.scope import Scope
from ..scope.units import Flags, Units
from ..scope.where import is_read_as_part
from .counts import added_to
from .kinds import Rule

Integers: TypeAlias = npt.NDArray[np.int64]

# The cells of one group; the last one has the items that moved out and are kept.
_CELLS = ("won", "lost", "open", "moved_out")


def check_amount_at(amount_at: AmountAtName) -> None:
    """Refuse amounts that are read at an entry into a stage."""
    if is_named(amount_at, "stage"):
        raise SchemaError(
            given("amount_at", amount_at),
            " reads an entry into a stage, and an outcome belongs to an item; pass ",
            advised("amount_at", "last"),
            " or ",
            advised("amount_at", "last_known"),
        )


@dataclass(frozen=True, eq=False)
class OutcomeMoney:
    """The amounts of each group by outcome, in the order of `_CELLS`.

    Attributes
    ----------
    sums
        Their sums, not yet rounded.
    missing
        How many items have no amount.
    n_won
        Won items, or won units, that have one.
    """

    sums: ExactSums = sums()
    missing: Integers = dense()
    n_won: Integers = dense()

    def to(self, code: Integers, n_groups: int) -> OutcomeMoney:
        """Add up the groups, each where it went."""
        return OutcomeMoney(
            self.sums.to(code, n_groups), *(added_to(code, n_groups, of) for of in (self.missing, self.n_won))
        )

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns of a table of outcomes."""
        rounded = self.sums.rounded()
        return {
            **{f"amount_{name}": rounded[:, i] for i, name in enumerate(_CELLS[:3])},
            "mean_amount": share(rounded[:, 0], self.n_won),
            "amount_missing": self.missing.sum(axis=1),
        }


def outcome_amounts(scope: Scope, rule: Rule) -> OutcomeMoney | None:
    """Add up the amounts of each group of a scope by outcome; ``None`` where it has no amounts.

    Of units the amounts of all their items count where the unit stands, and the mean is that of the won units
    of which an item has an amount.
    """
    numbers = scope.amounts.numbers
    if numbers is None:
        return None
    groups, units = scope.groups, scope.selection.units
    at, group = cells_of_items(scope, rule)
    cell = np.where(at < 0, -1, group * len(_CELLS) + at)
    found, missing, present = _added_up(scope.amounts, numbers, cell, groups.n_groups)
    if is_read_as_part():
        plain = None
        if numbers.scale:
            plain, *_ = _added_up(scope.amounts, plain_numbers(numbers), cell, groups.n_groups)
        found = found.of_part(numbers, plain, is_converted=scope.amounts.is_converted)
    n_won = present[:, 0]
    if units is not None:
        n_won = _won_units(units, cell, ~np.isnan(numbers.values), groups.n_groups)
    return OutcomeMoney(found, missing, n_won)


def _added_up(
    amounts: Amounts, numbers: NumberColumn, cell: Integers, n_groups: int
) -> tuple[ExactSums, Integers, Integers]:
    """Add up the amounts of each cell, and count those that are missing and present."""
    with amounts.errors():
        found = _core.funnel.sums_of_cells(
            amount=numbers.values, cell=cell, n_cells=n_groups * len(_CELLS), scale=numbers.scale
        )
    sums = ExactSums(found.whole, found.fraction, numbers.scale).reshape(n_groups, len(_CELLS))
    missing, present = (array.reshape(n_groups, len(_CELLS)) for array in (found.missing, found.present))
    return sums, missing, present


def cells_of_items(scope: Scope, rule: Rule) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how each item stands, as a place in won, lost, open and moved out, and its group.

    An item that is not in the base stands at -1.
    """
    selection, groups = scope.selection, scope.groups
    outcome = _core.funnel.outcomes_of_items(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        lost_then_won=rule.lost_then_won,
        threads=selection.data.threads,
    )
    group = np.zeros(len(outcome), dtype=np.int64)
    if groups.each == "item":
        group = groups.codes(len(outcome)).astype(np.int64)
    place = np.full(max(one.value for one in _core.funnel.ItemOutcome) + 1, -1, dtype=np.int64)
    for name in ("won", "lost", "open"):
        place[_core.funnel.ItemOutcome[name].value] = _CELLS.index(name)
    at = place[outcome]
    if selection.moved is not None:
        at[selection.moved & (at >= 0)] = _CELLS.index("moved_out")
    if selection.units is not None:
        at, group = _of_units(scope, rule, selection.units, at, group)
    return at, group


def _of_units(
    scope: Scope, rule: Rule, units: Units, at: npt.NDArray[np.int64], group: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Put each item that counts where its unit stands, and in the group of the unit's first item."""
    facts = scope.selection.facts(rule.lost_then_won)
    counts: Flags = at >= 0
    in_report = scope.selection.in_report.get(rule.lost_then_won)
    if in_report is not None:
        counts = counts & in_report[units.of_item]
    place = np.full(max(one.value for one in _core.funnel.Standing) + 1, -1, dtype=np.int64)
    for i, name in enumerate(_CELLS):
        place[_core.funnel.Standing[name].value] = i
    standing = place[facts.facts.standing][units.of_item]
    return np.where(counts, standing, -1), group[np.maximum(facts.first_items, 0)]


def _won_units(
    units: Units, cell: npt.NDArray[np.int64], has_amount: Flags, n_groups: int
) -> npt.NDArray[np.int64]:
    """Count the won units of each group of which an item has an amount."""
    is_won = (cell >= 0) & (cell % len(_CELLS) == 0) & has_amount
    first = np.unique(units.of_item[is_won], return_index=True)[1]
    return np.bincount(cell[is_won][first] // len(_CELLS), minlength=n_groups).astype(np.int64)
