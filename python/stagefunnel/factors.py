"""Columns as codes: which of its distinct values each row has, and groups out of several of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import SchemaError

Codes = npt.NDArray[np.int32]
_NARROW = 1 << 20
_MOST_COUNTED = 1 << 22  # beyond, a table of all combinations costs more than looking for those there are


@dataclass(frozen=True, eq=False)
class Factor:
    """A column with one value per item, or per row of a log.

    Attributes
    ----------
    code
        Place of each value in `values`, -1 where it is missing.
    values
        The distinct values in rising order.
    """

    code: Codes
    values: pd.Series

    def at(self, places: npt.NDArray[np.integer[Any]]) -> Factor:
        """Take the values at some places, a missing one at -1."""
        if not len(self.code):
            return replace(self, code=np.full(len(places), -1, dtype=np.int32))
        code = self.code[places]
        # Mostly no place is missing, and one look at the least is cheaper than a mask.
        if places.min(initial=0) < 0:
            code[places < 0] = -1
        return replace(self, code=code)


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


def factor_of(column: pd.Series, said: str) -> Factor:
    """Give numbers to the distinct values of a column; categories keep their order."""
    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = pd.Categorical.from_codes(np.arange(len(column.cat.categories)), dtype=column.dtype)
        return Factor(column.cat.codes.to_numpy().astype(np.int32), pd.Series(categories))
    if is_narrow(column):
        return _narrow_factor(column)
    try:
        code, found = pd.factorize(column)
        order = pd.Index(found).argsort()
    except TypeError as error:
        raise SchemaError(f"{said} has values that do not sort: {error}") from error
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank[-1] = -1
    return Factor(rank[code], pd.Series(found).iloc[order].reset_index(drop=True))


def is_narrow(column: pd.Series) -> bool:
    """Tell integers that lie so near each other that a table of all between them is small."""
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iu" or not len(column):
        return False
    return int(column.max()) - int(column.min()) < _NARROW


def _narrow_factor(column: pd.Series) -> Factor:
    # Wide enough that the distance of two of them is one of them.
    values = column.to_numpy().astype(np.uint64 if column.dtype.kind == "u" else np.int64, copy=False)
    lowest = values.min()
    places = (values - lowest).astype(np.int32)
    is_there = np.zeros(_NARROW, dtype=bool)
    is_there[places] = True
    there = np.flatnonzero(is_there)
    number = np.zeros(_NARROW, dtype=np.int32)
    number[there] = np.arange(len(there), dtype=np.int32)
    return Factor(number[places], pd.Series((there.astype(values.dtype) + lowest).astype(column.dtype)))


def combined(factors: Sequence[Factor], names: Sequence[str], each: Literal["item", "row"]) -> Groups:
    """Make a group of every combination of values, sorted column by column, missing ones last."""
    sizes = [len(factor.values) + 1 for factor in factors]
    if len(factors) == 1:
        code = factors[0].code
        some_missing = code.min(initial=0) < 0
        known = np.arange(sizes[0] if some_missing else sizes[0] - 1)
        if some_missing:
            code = np.where(code < 0, np.int32(sizes[0] - 1), code)
    else:
        code, known = _numbered(factors, sizes)
    values = {}
    rest = known
    for name, factor, size in reversed(list(zip(names, factors, sizes, strict=True))):
        rest, own = np.divmod(rest, size)
        values[name] = values_at(factor.values, np.where(own == size - 1, -1, own))
    return Groups(code, pd.DataFrame({name: values[name] for name in names}), each=each)


def _numbered(factors: Sequence[Factor], sizes: Sequence[int]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """Give numbers to the combinations that there are, and tell for each which one of all it is."""
    if np.prod([float(size) for size in sizes]) >= 2.0**62:
        raise SchemaError(f"by= makes {' × '.join(f'{size:,}' for size in sizes)} combinations; take fewer")
    all_code = np.zeros(len(factors[0].code), dtype=np.int64)
    for factor, size in zip(factors, sizes, strict=True):
        all_code *= size
        all_code += np.where(factor.code < 0, size - 1, factor.code)
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


def values_at(values: pd.Series, places: npt.NDArray[np.integer[Any]]) -> pd.Series:
    """Take some values, missing at -1; integers stay integers."""
    if not (places < 0).any():
        return values.iloc[places].reset_index(drop=True)
    taken = values.reindex(places).reset_index(drop=True)
    if pd.api.types.is_integer_dtype(values.dtype) and not pd.api.types.is_integer_dtype(taken.dtype):
        return taken.astype("Int64")
    return taken


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
    label = f"other ({len(rest):,} group{'s' if len(rest) > 1 else ''})"
    parts = [groups.values.iloc[kept].astype(object), pd.DataFrame({name: [label] for name in groups.values})]
    values = pd.concat([*parts, groups.values.iloc[missing].astype(object)], ignore_index=True)
    return Groups(place[groups.code], values, each=groups.each)
