"""Groups of items or rows, out of the values of some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, counted, named
from ...log.columns.category import CategoryColumn, Codes, values_at

_MOST_COUNTED = 1 << 22  # a larger table of all combinations costs more than a search for those in use


@dataclass(frozen=True)
class Groups:
    """A group for every item of a log, or for every row.

    Attributes
    ----------
    code
        Group of each item in the order of the journeys, or of each of their rows; empty where all are in
        one group.
    values
        The breakdown columns, one row per group, in the order of the result; the group of items
        without a value comes last.
    each
        What has a group: ``"item"`` or ``"row"``.
    keeps_empty
        Whether groups without items are shown.
    later
        What groups are built on that became known later than what is counted: ``"outcome"``,
        ``"last_stage"``.
    """

    code: Codes
    values: pd.DataFrame
    each: Literal["item", "row"] = field(default="item", kw_only=True)
    keeps_empty: bool = False
    later: tuple[str, ...] = ()

    @property
    def names(self) -> list[Any]:
        """Names of the breakdown columns."""
        return [] if self.is_one else list(self.values.columns)

    @property
    def remembered(self) -> dict[str, Any]:
        """What a table remembers of its groups: their columns, and what they know from later."""
        return {"by": self.names, **({"later": [*self.later]} if self.later else {})}

    @property
    def is_one(self) -> bool:
        """Whether all items are in one group, because there is no breakdown."""
        return self.values.columns.empty

    @property
    def n_groups(self) -> int:
        """Number of groups, at least 1: the core needs a group also where a breakdown has no value."""
        return max(len(self.values), 1)

    def codes(self, n: int) -> Codes:
        """Return the group of each of the `n` items or rows."""
        return np.zeros(n, dtype=np.int32) if self.is_one else self.code

    def alone(self) -> Groups:
        """Return the groups without the items: the code of each group is its own."""
        return self if self.is_one else replace(self, code=np.arange(self.n_groups, dtype=np.int32))

    def shown(self, has_items: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
        """Choose the groups that a table shows."""
        return np.arange(len(self.values)) if self.keeps_empty else np.flatnonzero(has_items)


#: The group of a question without a breakdown.
ONE_GROUP: Final = Groups(
    np.zeros(0, dtype=np.int32),
    pd.DataFrame(index=range(1), columns=pd.Index([], dtype="str")),
    keeps_empty=True,
)


def combined(
    categories: Sequence[CategoryColumn], names: Sequence[str], each: Literal["item", "row"]
) -> Groups:
    """Make a group of every combination of values, sorted column by column, missing ones last."""
    sizes = [len(category.values) + 1 for category in categories]
    if len(categories) == 1:
        code = categories[0].code
        some_missing = code.min(initial=0) < 0
        used = np.arange(sizes[0] if some_missing else sizes[0] - 1)
        if some_missing:
            code = np.where(code < 0, np.int32(sizes[0] - 1), code)
    else:
        code, used = _numbered(categories, sizes)
    values = {}
    rest = used
    for name, category, size in reversed(list(zip(names, categories, sizes, strict=True))):
        rest, own = np.divmod(rest, size)
        values[name] = values_at(category.values, np.where(own == size - 1, -1, own))
    return Groups(code, pd.DataFrame({name: values[name] for name in names}), each=each)


def _numbered(
    categories: Sequence[CategoryColumn], sizes: Sequence[int]
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Give numbers to the combinations in use; return each row's number and each combination's place."""
    if np.prod([float(size) for size in sizes]) >= 2.0**62:
        product = " × ".join(f"{size:,}" for size in sizes)
        raise SchemaError(named("by"), f" makes {product} combinations; name fewer columns")
    all_code = np.zeros(len(categories[0].code), dtype=np.int64)
    for category, size in zip(categories, sizes, strict=True):
        all_code *= size
        all_code += np.where(category.code < 0, size - 1, category.code)
    n_all = int(np.prod(sizes, dtype=np.int64))
    if n_all <= max(_MOST_COUNTED, len(all_code)):
        used = np.flatnonzero(np.bincount(all_code, minlength=n_all))
        number = np.zeros(n_all, dtype=np.int32)
        number[used] = np.arange(len(used), dtype=np.int32)
        return number[all_code], used
    code, found = pd.factorize(all_code)
    order = np.argsort(found)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[code], found[order]


def largest(groups: Groups, code: npt.NDArray[np.integer[Any]], top: int | None) -> Groups:
    """Fold all but the `top` groups with the most entries of `code`; without a number keep all."""
    if top is None:
        return groups
    sizes = np.bincount(code, minlength=groups.n_groups).astype(np.int64)
    return folded(groups, sizes, sizes > 0, top)


def folded(groups: Groups, sizes: npt.NDArray[np.int64], shown: npt.NDArray[np.bool_], top: int) -> Groups:
    """Put all but the largest groups into one, which stands before the group of missing values.

    Parameters
    ----------
    groups
        The groups of a breakdown.
    sizes
        Size of each group; of equally large ones the first is larger.
    shown
        Whether something is counted in each group. The other groups are not counted as folded.
    top
        Number of groups to keep.
    """
    is_missing = groups.values.isna().all(axis="columns").to_numpy()
    ranked = np.flatnonzero(~is_missing & shown)
    ranked = ranked[np.argsort(-sizes[ranked], kind="stable")]
    kept, rest = np.sort(ranked[:top]), ranked[top:]
    if not len(rest):
        return groups
    missing = np.flatnonzero(is_missing)
    number = np.full(len(groups.values), len(kept), dtype=np.int32)
    number[kept] = np.arange(len(kept), dtype=np.int32)
    number[missing] = len(kept) + 1
    label = f"other ({counted(len(rest), 'group')})"
    parts = [groups.values.iloc[kept].astype(object), pd.DataFrame({name: [label] for name in groups.values})]
    values = pd.concat([*parts, groups.values.iloc[missing].astype(object)], ignore_index=True)
    return replace(groups, code=number[groups.code], values=values)


class PlacesByCode:
    """The places that have each code, in rising order, found for all codes at once.

    To look through all places for each code takes time that grows with the square, where a log has as many
    more groups as items.
    """

    def __init__(self, code: npt.NDArray[np.integer[Any]], n_codes: int) -> None:
        # One code for all is the usual case, and in order already.
        self._order: npt.NDArray[np.intp] = np.arange(len(code), dtype=np.intp)
        if n_codes > 1:
            self._order = np.argsort(code, kind="stable")
        self._bounds = np.zeros(n_codes + 1, dtype=np.int64)
        np.cumsum(np.bincount(code, minlength=n_codes), out=self._bounds[1:])

    def of(self, code: int) -> npt.NDArray[np.intp]:
        """Return the places that have a code."""
        return self._order[self._bounds[code] : self._bounds[code + 1]]
