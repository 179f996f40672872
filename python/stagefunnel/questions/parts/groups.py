"""The groups of parts, and those of all parts together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named, quoted
from ...log.columns.category import category_column
from ..scope.groups import ONE_GROUP, Groups, combined, folded
from ..scope.item_groups import ItemGroups

Integers: TypeAlias = npt.NDArray[np.int64]
_NO_CODES = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class PartGroups:
    """The groups of a part that have items, in the order of the result.

    Attributes
    ----------
    groups
        Their values; items have no codes any more.
    sizes
        Items with a row that the report keeps, by group; of one group they are not counted.
    """

    groups: Groups
    sizes: Integers

    @classmethod
    def of(cls, of_items: ItemGroups | None) -> tuple[Self, npt.NDArray[np.intp]]:
        """Take the groups of a log, and return them with the places of those that are left."""
        if of_items is None:
            return cls(ONE_GROUP, np.zeros(1, dtype=np.int64)), np.arange(1)
        places = np.flatnonzero(of_items.sizes > 0)
        values = of_items.groups.values.iloc[places].reset_index(drop=True)
        groups = Groups(_NO_CODES, values, later=of_items.groups.later)
        return cls(groups, of_items.sizes[places]), places

    @classmethod
    def total(cls, parts: Sequence[Self]) -> tuple[Self, list[Integers]]:
        """Put groups together, in the order of one log; return where each group of each part went.

        Raises
        ------
        SchemaError
            If the columns differ, or values of the parts do not sort together.
        """
        first = parts[0].groups
        for number, part in enumerate(parts):
            if part.groups.names != first.names:
                raise SchemaError(
                    *("the partials differ in the columns of ", named("by"), ": "),
                    f"{quoted(first.names)} in number 0 and {quoted(part.groups.names)} in number {number}",
                    option="by",
                )
        if first.is_one:
            return parts[0], [np.zeros(1, dtype=np.int64) for _ in parts]
        filled = [part for part in parts if len(part.groups.values)] or [parts[0]]
        values = pd.concat([part.groups.values for part in filled], ignore_index=True)
        categories = [category_column(values[name], given("by", name)) for name in first.names]
        found = combined(categories, first.names, "item")
        ends = np.cumsum([len(part.groups.values) for part in parts])
        code = found.code.astype(np.int64)
        codes = np.split(code, ends[:-1])
        sizes = np.bincount(
            code, weights=np.concatenate([part.sizes for part in parts]), minlength=len(found.values)
        )
        groups = Groups(_NO_CODES, found.values, later=first.later)
        return cls(groups, sizes.astype(np.int64)), codes

    def largest(
        self, top: int | None, sizes: Integers, shown: npt.NDArray[np.bool_]
    ) -> tuple[Groups, Integers]:
        """Fold all but the largest groups into one; return the groups, and where each group went."""
        n = len(self.groups.values)
        every = Groups(
            np.arange(n, dtype=np.int32),
            self.groups.values,
            keeps_empty=self.groups.keeps_empty,
            later=self.groups.later,
        )
        chosen = every if top is None or self.groups.is_one else folded(every, sizes, shown, top)
        return chosen, chosen.code.astype(np.int64)


def added_up(arrays: Sequence[npt.NDArray[Any]], codes: Sequence[Integers], n_groups: int) -> Any:
    """Add up arrays with one row per group, each row where its group went."""
    total = np.zeros((n_groups, *arrays[0].shape[1:]), dtype=arrays[0].dtype)
    for array, code in zip(arrays, codes, strict=True):
        np.add.at(total, code, array)
    return total
