"""Where the items of a partition begin in the whole input, which puts those of several in an order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class FirstRows:
    """The first rows of items, numbered through an input that several logs have the rows of.

    Attributes
    ----------
    of_item
        The number of each item's first row in that input.
    end
        A number beyond those of all rows of that input, those of the other logs included.
    of_label
        The number of each stage's first row in that input.
    """

    of_item: Numbers
    end: int
    of_label: Mapping[Hashable, int] = field(default_factory=dict)

    def at(self, items: npt.NDArray[np.integer[Any]]) -> FirstRows:
        """Return those of some items."""
        return replace(self, of_item=self.of_item[items])

    def ranks(self) -> npt.NDArray[np.uint32]:
        """Return the place of each item in the order of the input.

        Examples
        --------
        >>> FirstRows(np.array([30, 7, 2**40], dtype=np.uint64), 2**41).ranks().tolist()
        [1, 0, 2]
        """
        ranks = np.empty(len(self.of_item), dtype=np.uint32)
        ranks[np.argsort(self.of_item)] = np.arange(len(ranks), dtype=np.uint32)
        return ranks


def joined_first_rows(
    first: FirstRows | None, later: FirstRows | None, new: npt.NDArray[np.int64]
) -> FirstRows | None:
    """Put those of the new items of a later log behind those of a log; ``None`` where one has no numbers."""
    if first is None or later is None:
        return None
    of_item = np.concatenate([first.of_item, later.of_item[new]])
    of_label = dict(first.of_label)
    for label, number in later.of_label.items():
        of_label[label] = min(of_label.get(label, number), number)
    return FirstRows(of_item, max(first.end, later.end), of_label)
