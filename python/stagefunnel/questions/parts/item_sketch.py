"""Short hashes of items, which show nearly surely whether an item is in two parts, in little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, Way, advised, counted
from .item_keys import ItemIds, without_own

#: Bits of the hash of an item: of `n` items in all, one is found in two parts by chance with a probability
#: of at most n² / 2^57.
BITS: Final = 56


@dataclass(frozen=True, eq=False)
class ItemSketch:
    """Hashes of the items of a part, by the kind of key that they are made of.

    Attributes
    ----------
    hashes
        The hashes in rising order.
    """

    hashes: dict[str, npt.NDArray[np.int64]]

    def __len__(self) -> int:
        return len(next(iter(self.hashes.values())))

    @classmethod
    def of(cls, keys: ItemIds) -> ItemSketch:
        """Hash the keys of a log."""
        return cls({kind: np.sort(_hashes(words)) for kind, words in keys.of_sketch().items()})

    def sent(self) -> ItemSketch:
        """Return what leaves the process, as for keys."""
        return ItemSketch(without_own(self.hashes))

    @classmethod
    def merged(cls, parts: Sequence[ItemSketch], what: str = "item") -> ItemSketch:
        """Put the hashes of several parts together.

        Raises
        ------
        SchemaError
            If two parts have an item in common, or have no kind of key in common.
        """
        filled = [part for part in parts if len(part)]
        if not filled:
            return parts[0]
        kinds = [kind for kind in filled[0].hashes if all(kind in part.hashes for part in filled)]
        if not kinds:
            raise SchemaError(
                f"the {what}s of the partials are of different types, or their texts are hashed with other "
                "keys; read the logs of all parts with one type",
                Way(
                    " and one hash_key=, before they are saved", ", and of the files of rows, not saved logs"
                ),
            )
        return cls({kind: _together([part.hashes[kind] for part in filled], what) for kind in kinds})

    def blocks(self) -> _core.counts.Counts:
        """Return the hashes as blocks of the core, which writes them as differences."""
        return _core.counts.in_order(
            [],
            [
                _core.counts.Block(
                    name=kind,
                    keys=[_core.counts.Key.number],
                    rules=[],
                    cells=hashes,
                    bounds=None,
                    lengths=None,
                )
                for kind, hashes in self.hashes.items()
            ],
        )

    @classmethod
    def of_blocks(cls, blocks: _core.counts.Counts) -> ItemSketch:
        """Read hashes that were written so."""
        return cls({block.name: block.cells.copy() for block in blocks.blocks})


def _hashes(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Mix the words of each key: each bit of them changes half the bits of the hash (MurmurHash3)."""
    mixed = np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        mixed = mixed ^ column
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(0xC4CEB9FE1A85EC53)
        mixed ^= mixed >> np.uint64(33)
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def _together(hashes: Sequence[npt.NDArray[np.int64]], what: str) -> npt.NDArray[np.int64]:
    # One part may have two items of one hash, which says nothing.
    own = np.sort(np.concatenate([np.unique(one) for one in hashes]))
    n_shared = len(np.unique(own[1:][own[1:] == own[:-1]]))
    if n_shared:
        n = sum(map(len, hashes))
        chance = min(1.0, n**2 / 2.0 ** (BITS + 1))
        is_are = "seems" if n_shared == 1 else "seem"
        raise SchemaError(
            f"{counted(n_shared, what)} {is_are} to be in more than one partial (by hashes of {BITS} bits; "
            f"that two of {n:,} share one by chance has a probability of at most {chance:.2g}); all rows of "
            f"one {what} must be in one of them, so split the rows by {what}, or pass ",
            advised("check", "keys"),
            " to be sure",
        )
    return np.sort(np.concatenate(list(hashes)))
