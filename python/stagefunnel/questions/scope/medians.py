"""Exact medians of many lines at once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# Up to so many lines it is faster to look for the middle of each than to sort all lengths.
_FEW: Final = 1_000


def medians_of_lines(
    lengths: npt.NDArray[np.int64], line: npt.NDArray[np.integer[Any]], n_lines: int
) -> list[Fraction | None]:
    """Return the median of the lengths of each of `n_lines` lines, ``None`` where a line has none.

    Examples
    --------
    >>> import numpy as np
    >>> from stagefunnel.questions.scope.medians import medians_of_lines
    >>> medians_of_lines(np.array([5, 1, 2]), np.array([0, 2, 2]), 3)
    [Fraction(5, 1), None, Fraction(3, 2)]
    """
    sizes = np.bincount(line, minlength=n_lines)
    filled = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[filled]
    low, high = starts + (sizes[filled] - 1) // 2, starts + sizes[filled] // 2
    if n_lines <= _FEW:
        in_order = lengths[np.argsort(line.astype(np.uint16), kind="stable")]  # numbers so small in one pass
        for at, (start, size) in enumerate(zip(starts.tolist(), sizes[filled].tolist(), strict=True)):
            in_order[start : start + size].partition((int(low[at]) - start, int(high[at]) - start))
    else:
        in_order = lengths[np.lexsort((lengths, line))]
    medians: list[Fraction | None] = [None] * n_lines
    for at, a, b in zip(filled.tolist(), in_order[low].tolist(), in_order[high].tolist(), strict=True):
        medians[at] = Fraction(a + b, 2)
    return medians
