"""Lengths of time in cells, whose numbers add up and take little room."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

# A cell above twice this number of ticks is a share of 1 / 1,024 of its lengths wide.
_PER_OCTAVE: Final = 1024
_BITS: Final = 10

#: A length that is read off the middle of its cell is at most this share away from itself.
MOST_ERROR: Final = 1 / (2 * _PER_OCTAVE)


def cell_of(lengths: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return the cell of each length; longer ones are in later cells, and up to 2,047 each has its own."""
    shift = np.zeros(len(lengths), dtype=np.uint64)
    rest = lengths >> np.uint64(_BITS + 1)
    for step in (32, 16, 8, 4, 2, 1):
        is_large = rest >= np.uint64(1 << step - 1)
        shift[is_large] += np.uint64(step)
        rest = np.where(is_large, rest >> np.uint64(step), rest)
    mantissa = (lengths >> shift).astype(np.int64)
    return mantissa + _PER_OCTAVE * shift.astype(np.int64)


def middle_of(cell: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Return the length in the middle of each cell."""
    shift = np.maximum(cell // _PER_OCTAVE - 1, 0)
    mantissa = (cell - _PER_OCTAVE * shift).astype(np.uint64)
    half = np.where(shift > 0, np.uint64(1) << np.maximum(shift - 1, 0).astype(np.uint64), np.uint64(0))
    middle: npt.NDArray[np.uint64] = (mantissa << shift.astype(np.uint64)) + half
    return middle
