"""Lengths of time as a question of one log lists them: in no order, since they are only read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..scope.where import is_read_as_part
from .cells import middle_of
from .samples import Binned, Samples

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Listed:
    """Lengths of time with the row of each, in any order.

    Attributes
    ----------
    values
        The lengths.
    row
        The row of each.
    n_rows
        Number of rows.
    """

    values: npt.NDArray[Any]
    row: npt.NDArray[np.integer[Any]]
    n_rows: int


def kept_lengths(
    values: npt.NDArray[Any], row: npt.NDArray[np.integer[Any]], n_rows: int
) -> Listed | Samples:
    """Keep lengths as they are listed, and those of a part of a log so that others can be added."""
    if is_read_as_part():
        return Samples.of(values.astype(np.uint64, copy=False), row, n_rows)
    return Listed(values, row, n_rows)


def listed(lengths: Listed | Samples | Binned) -> Listed:
    """List lengths one by one; those that are counted in cells are in the middle of theirs."""
    if isinstance(lengths, Listed):
        return lengths
    if isinstance(lengths, Samples):
        row = np.repeat(np.arange(len(lengths)), lengths.sizes)
        return Listed(lengths.values.view(np.int64), row, len(lengths))
    row = np.repeat(np.arange(len(lengths)), np.diff(lengths.bounds))
    values = np.repeat(middle_of(lengths.cell), lengths.n).view(np.int64)
    return Listed(values, np.repeat(row, lengths.n), len(lengths))
