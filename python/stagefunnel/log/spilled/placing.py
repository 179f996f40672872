"""In which partition an item lies: that of the first bits of a hash of its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ..columns.inputs import read_input

Hashes = npt.NDArray[np.uint64]
#: The hash is the same in all processes and for all time: rows that are appended find their partition by it.
_HASH: Final = _core.columns.TextHash.of_key(b"stagefunnel partitions")
_FACTORS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, order=True)
class Place:
    """The items whose hashes begin with the same bits.

    Attributes
    ----------
    prefix
        These bits.
    bits
        How many there are.
    """

    prefix: int
    bits: int

    def holds(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Check for each hash whether its item lies here."""
        found: npt.NDArray[np.bool_] = numbers_of(hashes, self.bits) == self.prefix
        return found

    def lies_in(self, other: Place) -> bool:
        """Check whether all items of this are items of another one."""
        return self.bits >= other.bits and self.prefix >> (self.bits - other.bits) == other.prefix

    @property
    def halves(self) -> tuple[Place, Place]:
        """The two parts of it, by the next bit."""
        return Place(self.prefix * 2, self.bits + 1), Place(self.prefix * 2 + 1, self.bits + 1)


def numbers_of(hashes: Hashes, bits: int) -> npt.NDArray[np.int64]:
    """Return the first bits of hashes as numbers."""
    if not bits:
        return np.zeros(len(hashes), dtype=np.int64)
    return (hashes >> np.uint64(64 - bits)).astype(np.int64)


def hashes_of_column(column: _core.columns.Column) -> Hashes:
    """Hash the keys in a column: equal keys alike, whatever type of column holds them; none is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from stagefunnel.log.columns.inputs import read_input
    >>> columns = [np.array([7, -1], dtype=np.int8), [7, -1], np.array([7.0, -1.0])]
    >>> hashes = [hashes_of_column(read_input(one, "item").column).tolist() for one in columns]
    >>> hashes[0] == hashes[1] == hashes[2]
    True
    """
    if column.holds_bytes:
        low, high = _core.columns.hashes_of(column, _HASH)
        return low ^ high
    rows = np.arange(len(column), dtype=np.uint32)
    return hashes_of_integers(column.take_integers(rows).view(np.uint64))


def hashes_of_integers(keys: Hashes) -> Hashes:
    """Spread integers over all bits (the finalizer of SplitMix64, Steele et al. 2014)."""
    mixed = keys ^ (keys >> np.uint64(30))
    mixed = mixed * _FACTORS[0]
    mixed ^= mixed >> np.uint64(27)
    mixed *= _FACTORS[1]
    mixed ^= mixed >> np.uint64(31)
    return mixed


def hashes_of_keys(keys: pd.Series) -> Hashes:
    """Hash keys in a column of pandas."""
    return hashes_of_column(read_input(keys, "item").column)


def place_of_all(places: Sequence[Place], hashes: Hashes) -> npt.NDArray[np.int64]:
    """Return the number of the place in which each item lies; places share no item, and have all of them."""
    found = np.full(len(hashes), -1, dtype=np.int64)
    for number, place in enumerate(places):
        found[place.holds(hashes)] = number
    return found


def as_json(place: Place) -> list[int]:
    """Write a place."""
    return [place.prefix, place.bits]


def from_json(stored: Any) -> Place:
    """Read a place that was written."""
    prefix, bits = stored
    return Place(int(prefix), int(bits))
