"""Exact sums of amounts in cells."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...log.columns.number import NumberColumn
from ..scope.money import Amounts
from ..scope.where import is_read_as_part
from .exact_sums import ExactSums, plain_numbers

Integers: TypeAlias = npt.NDArray[np.int64]


def sums_of_cells(
    amounts: Amounts, places: npt.NDArray[np.integer[Any]] | None, cell: Integers, n_cells: int
) -> tuple[ExactSums, _core.funnel.CellSums]:
    """Add up amounts by cell, and return what the core found besides.

    Parameters
    ----------
    amounts
        The amounts of the items.
    places
        The items whose amounts are added up; ``None``: all.
    cell
        The cell of each of them; -1 leaves it out.
    """
    numbers = amounts.numbers
    assert numbers is not None  # the caller has amounts
    found = _found(amounts, numbers, places, cell, n_cells)
    sums = ExactSums(found.whole, found.fraction, numbers.scale)
    if is_read_as_part():
        plain = None
        if numbers.scale:
            floats = _found(amounts, plain_numbers(numbers), places, cell, n_cells)
            plain = ExactSums(floats.whole, floats.fraction, 0)
        sums = sums.of_part(numbers, plain, is_converted=amounts.is_converted)
    return sums, found


def _found(
    amounts: Amounts,
    numbers: NumberColumn,
    places: npt.NDArray[np.integer[Any]] | None,
    cell: Integers,
    n_cells: int,
) -> _core.funnel.CellSums:
    chosen = numbers if places is None else numbers.at(places)
    with amounts.errors():
        return _core.funnel.sums_of_cells(
            amount=chosen.values, cell=cell, n_cells=n_cells, scale=chosen.scale
        )
