"""Keys of the items of several logs, to see that no item is in two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, counted

# A row per item, in rising order: one word that is an integer key, or two that are the hash of a text.
Keys = npt.NDArray[np.uint64]


def keys_of(journeys: _core.journeys.Journeys) -> Keys:
    """Take the keys of the items out of a log."""
    low, high = journeys.common_keys
    keys = np.column_stack([low, high] if journeys.holds_text else [low])
    return keys[_rising(keys)]


def merged_keys(parts: Sequence[Keys]) -> Keys:
    """Put the keys of several logs together.

    Raises
    ------
    SchemaError
        If they are text in one and integers in another, or an item is in two.
    """
    known = [number for number, keys in enumerate(parts) if len(keys)]
    if not known:
        return parts[0]
    for number in known:
        if parts[number].shape[1] != parts[known[0]].shape[1]:
            said = " and ".join(f"{_kind(parts[i])} in number {i}" for i in (known[0], number))
            raise SchemaError(f"the items of the partials are {said}; make them one type")
    together = np.concatenate([parts[number] for number in known])
    order = _rising(together)
    together = together[order]
    repeats = np.flatnonzero((together[1:] == together[:-1]).all(axis=1))
    if len(repeats):
        part_of_row = np.repeat(known, [len(parts[number]) for number in known])
        _refuse_shared(together, repeats, part_of_row[order])
    return together


def _rising(keys: Keys) -> npt.NDArray[np.intp]:
    # Stable: an item that is in two parts is found in the earlier one first.
    return np.lexsort(keys.T)


def _kind(keys: Keys) -> str:
    return "integers" if keys.shape[1] == 1 else "text"


def _refuse_shared(keys: Keys, repeats: npt.NDArray[np.intp], part: npt.NDArray[np.intp]) -> None:
    """Say how many items are in several parts, and of one of them in which."""
    n_shared = int(np.count_nonzero(np.diff(repeats, prepend=-2) > 1))
    row = int(repeats[0])
    # A hash does not tell the text that it was made of.
    which = f"item {int(keys[row].view(np.int64)[0])}" if _kind(keys) == "integers" else "one"
    how_many = f"{counted(n_shared, 'item')} {'is' if n_shared == 1 else 'are'}"
    raise SchemaError(
        f"{how_many} in more than one partial: {which} in number {part[row]} and number {part[row + 1]}; "
        f"all rows of an item must be in one of them, so split the rows by item"
    )
