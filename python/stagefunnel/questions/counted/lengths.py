"""Means and medians of lengths of time, as exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from .samples import Samples

Integers: TypeAlias = npt.NDArray[np.int64]
_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(2**32 - 1)


def length_sums(values: npt.NDArray[Any], row: npt.NDArray[np.integer[Any]], n_rows: int) -> Integers:
    """Add up lengths by row: their upper and lower halves, so that no sum overflows, and their number."""
    lengths = values.view(np.uint64)
    sums = np.zeros((n_rows, 3), dtype=np.int64)
    np.add.at(sums[:, 0], row, (lengths >> _HALF).view(np.int64))
    np.add.at(sums[:, 1], row, (lengths & _LOW).view(np.int64))
    sums[:, 2] = np.bincount(row, minlength=n_rows)
    return sums


def means_of_sums(sums: Integers) -> list[Fraction | None]:
    """Return the exact means of lengths that are added up so."""
    return [Fraction((high << 32) + low, n) if n else None for high, low, n in sums.tolist()]


def means_and_medians(samples: Any) -> tuple[list[Fraction | None], list[Fraction | None]]:
    """Return the exact means and medians of samples; ``None`` where a row has no lengths."""
    if isinstance(samples, Samples):
        return _means(samples), _medians(samples)
    times = samples.times([_core.stages.Quantile(1, 2)])
    means = [_fraction(one.mean) if one.completed else None for one in times]
    return means, [_fraction(one.quantiles[0]) if one.completed else None for one in times]


def _fraction(length: Any) -> Fraction:
    exact: Fraction = length.whole + Fraction(length.rest, length.of)
    return exact


def _means(samples: Samples) -> list[Fraction | None]:
    filled, sizes, starts = _filled(samples)
    if not len(filled):
        return [None] * len(samples)
    upper = np.add.reduceat(samples.values >> _HALF, starts)
    lower = np.add.reduceat(samples.values & _LOW, starts)
    sums = [(high << 32) + low for high, low in zip(upper.tolist(), lower.tolist(), strict=True)]
    means = [Fraction(total, size) for total, size in zip(sums, sizes.tolist(), strict=True)]
    return _by_row(len(samples), filled, means)


def _medians(samples: Samples) -> list[Fraction | None]:
    """Return the medians; of an even number of lengths, half the sum of the two in the middle."""
    filled, sizes, starts = _filled(samples)
    low = samples.values[starts + (sizes - 1) // 2]
    high = samples.values[starts + sizes // 2]
    medians = [Fraction(a + b, 2) for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    return _by_row(len(samples), filled, medians)


def _filled(samples: Samples) -> tuple[Integers, Integers, Integers]:
    """Return the rows with lengths, how many they have, and where these begin."""
    sizes = samples.sizes
    filled = np.flatnonzero(sizes)
    return filled, sizes[filled], samples.bounds[:-1][filled]


def _by_row(n_rows: int, filled: Integers, values: list[Fraction]) -> list[Fraction | None]:
    of_row: list[Fraction | None] = [None] * n_rows
    for row, value in zip(filled.tolist(), values, strict=True):
        of_row[row] = value
    return of_row
