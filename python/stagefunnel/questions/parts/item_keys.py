"""Keys of the items of several logs, which show whether an item is in two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, counted

# One row per item, in rising order: one word is an integer key, two words are the hash of a text.
Keys = npt.NDArray[np.uint64]


def keys_of(journeys: _core.journeys.Journeys) -> Keys:
    """Return the keys of a log's items."""
    low, high = journeys.common_keys
    keys = np.column_stack([low, high] if journeys.holds_text else [low])
    return keys[_rising(keys)]


def merged_keys(parts: Sequence[Keys]) -> Keys:
    """Put the keys of several logs together.

    Raises
    ------
    SchemaError
        If the keys are text in one part and integers in another, or an item is in two parts.
    """
    filled = [number for number, keys in enumerate(parts) if len(keys)]
    if not filled:
        return parts[0]
    for number in filled:
        if parts[number].shape[1] != parts[filled[0]].shape[1]:
            types = " and ".join(f"{_type_of(parts[i])} in number {i}" for i in (filled[0], number))
            raise SchemaError(f"the items of the partials are {types}; make them one type")
    together = np.concatenate([parts[number] for number in filled])
    order = _rising(together)
    together = together[order]
    repeats = np.flatnonzero((together[1:] == together[:-1]).all(axis=1))
    if len(repeats):
        part_of_row = np.repeat(filled, [len(parts[number]) for number in filled])
        _refuse_shared(together, repeats, part_of_row[order])
    return together


def _rising(keys: Keys) -> npt.NDArray[np.intp]:
    # The sort is stable: an item that is in two parts is found in the earlier part first.
    return np.lexsort(keys.T)


def _type_of(keys: Keys) -> str:
    return "integers" if keys.shape[1] == 1 else "text"


def _refuse_shared(keys: Keys, repeats: npt.NDArray[np.intp], part: npt.NDArray[np.intp]) -> None:
    """Raise an error with the number of items that are in several parts, and the parts of the first item."""
    n_shared = int(np.count_nonzero(np.diff(repeats, prepend=-2) > 1))
    row = int(repeats[0])
    # The text that a hash was made of is not kept.
    which = f"item {int(keys[row].view(np.int64)[0])}" if _type_of(keys) == "integers" else "one"
    how_many = f"{counted(n_shared, 'item')} {'is' if n_shared == 1 else 'are'}"
    raise SchemaError(
        f"{how_many} in more than one partial: {which} in number {part[row]} and number {part[row + 1]}; "
        f"all rows of an item must be in one of them, so split the rows by item"
    )
