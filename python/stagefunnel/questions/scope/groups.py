"""Groups of items or rows, out of the values of some columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, counted
from ...log.columns.category import CategoryColumn, Codes, values_at

_MOST_COUNTED = 1 << 22  # beyond, a table of all combinations costs more than looking for those there are


@dataclass(frozen=True)
class Groups:
    """A group for every item of a log, or for every row.

    Attributes
    ----------
    code
        Group of each item in the order of the journeys, or of each of their rows.
    values
        The breakdown columns, one row per group, in the order of the result; the group of items
        without a value comes last.
    each
        What has a group: ``"item"`` or ``"row"``.
    keeps_empty
        Whether groups without items are shown.
    """

    code: Codes
    values: pd.DataFrame
    each: Literal["item", "row"] = field(default="item", kw_only=True)
    keeps_empty: bool = False


def combined(
    categories: Sequence[CategoryColumn], names: Sequence[str], each: Literal["item", "row"]
) -> Groups:
    """Make a group of every combination of values, sorted column by column, missing ones last."""
    sizes = [len(category.values) + 1 for category in categories]
    if len(categories) == 1:
        code = categories[0].code
        some_missing = code.min(initial=0) < 0
        known = np.arange(sizes[0] if some_missing else sizes[0] - 1)
        if some_missing:
            code = np.where(code < 0, np.int32(sizes[0] - 1), code)
    else:
        code, known = _numbered(categories, sizes)
    values = {}
    rest = known
    for name, category, size in reversed(list(zip(names, categories, sizes, strict=True))):
        rest, own = np.divmod(rest, size)
        values[name] = values_at(category.values, np.where(own == size - 1, -1, own))
    return Groups(code, pd.DataFrame({name: values[name] for name in names}), each=each)


def _numbered(
    categories: Sequence[CategoryColumn], sizes: Sequence[int]
) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Give numbers to the combinations that there are, and tell for each which one of all it is."""
    if np.prod([float(size) for size in sizes]) >= 2.0**62:
        raise SchemaError(f"by= makes {' × '.join(f'{size:,}' for size in sizes)} combinations; take fewer")
    all_code = np.zeros(len(categories[0].code), dtype=np.int64)
    for category, size in zip(categories, sizes, strict=True):
        all_code *= size
        all_code += np.where(category.code < 0, size - 1, category.code)
    n_all = int(np.prod(sizes, dtype=np.int64))
    if n_all <= max(_MOST_COUNTED, len(all_code)):
        known = np.flatnonzero(np.bincount(all_code, minlength=n_all))
        number = np.zeros(n_all, dtype=np.int32)
        number[known] = np.arange(len(known), dtype=np.int32)
        return number[all_code], known
    code, found = pd.factorize(all_code)
    order = np.argsort(found)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[code], found[order]


def folded(groups: Groups, sizes: npt.NDArray[np.int64], top: int) -> Groups:
    """Put all but the largest groups into one, which stands before that of missing values.

    Parameters
    ----------
    sizes
        Of each group; those of size 0 are not counted as folded.
    """
    is_missing = groups.values.isna().all(axis="columns").to_numpy()
    ranked = np.flatnonzero(~is_missing & (sizes > 0))
    ranked = ranked[np.argsort(-sizes[ranked], kind="stable")]
    kept, rest = np.sort(ranked[:top]), ranked[top:]
    if not len(rest):
        return groups
    missing = np.flatnonzero(is_missing)
    place = np.full(len(groups.values), len(kept), dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    place[missing] = len(kept) + 1
    label = f"other ({counted(len(rest), 'group')})"
    parts = [groups.values.iloc[kept].astype(object), pd.DataFrame({name: [label] for name in groups.values})]
    values = pd.concat([*parts, groups.values.iloc[missing].astype(object)], ignore_index=True)
    return Groups(place[groups.code], values, each=groups.each)
