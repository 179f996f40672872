"""Values of columns as keys of rows, where they are not the groups of the counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ..scope.groups import Groups
from .group_labels import GroupColumns


@dataclass(frozen=True, eq=False)
class GroupLabels:
    """A column of rows: the values of one or more columns, such as the reason of a loss.

    The labels are written when they are iterated over, so that a question of one log needs none.

    Attributes
    ----------
    groups
        The values.
    code
        Which of them each row has.
    """

    groups: Groups
    code: npt.NDArray[np.int64]

    @classmethod
    def of_all(cls, groups: Groups) -> Self:
        """Take each value once."""
        return cls(groups.alone(), np.arange(len(groups.values), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.code)

    def __iter__(self) -> Iterator[bytes]:
        labels = GroupColumns.of(self.groups).labels(self.groups)
        return (labels[place] for place in self.code.tolist())


def labels_of_rows(column: GroupLabels | Sequence[bytes], columns: GroupColumns) -> GroupLabels:
    """Return the labels of rows, those of several parts in the order of one log."""
    if isinstance(column, GroupLabels):
        return column
    groups, code = columns.groups(column)
    return GroupLabels(groups.alone(), code)
