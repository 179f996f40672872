"""Counts of which the small groups are put together into one, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from ..scope.groups import Groups, folded
from .code_cells import Cells
from .fields import kinds_of
from .group_keys import GroupLabels

_Counts = TypeVar("_Counts")
_KEYS: Final = ("group", "key", "label")


def largest(
    counts: _Counts,
    groups: Groups,
    sizes: npt.NDArray[np.int64],
    top: int | None,
    *,
    shown: npt.NDArray[np.bool_] | None = None,
) -> _Counts:
    """Put all but the `top` largest groups of counts into one.

    `shown` flags the groups that have something; by default they are those with a size above 0.
    """
    if top is None or groups.is_one:
        return counts
    alone = groups.alone()
    found = folded(alone, sizes, sizes > 0 if shown is None else shown, top)
    return counts if found is alone else regrouped(counts, found)


def added_up(values: npt.NDArray[np.int64], code: npt.NDArray[np.integer[Any]], n: int) -> Any:
    """Add up whole numbers along the first axis; `code` says where each place goes."""
    total = np.zeros((n, *values.shape[1:]), dtype=np.int64)
    np.add.at(total, code, values)
    return total


def regrouped(counts: Any, groups: Groups) -> Any:
    """Put each group of counts where the code of `groups` says."""
    code, n = groups.code, groups.n_groups
    changed: dict[str, Any] = {}
    for name, kind in kinds_of(counts):
        value = getattr(counts, name)
        if value is None:
            continue
        if kind.what == "groups":
            changed[name] = groups.alone()
        elif kind.what == "rows":
            changed[name] = _regrouped_rows(value, groups)
        elif kind.what == "nested":
            changed[name] = (
                {key: regrouped(one, groups) for key, one in value.items()}
                if isinstance(value, dict)
                else regrouped(value, groups)
            )
        elif kind.what == "dense" and kind.by_group:
            changed[name] = _joined(value, code, n, kind.rule)
        elif kind.what == "sums" and kind.by_group:
            changed[name] = value.to(code, n)
        elif kind.what == "samples" and kind.by_group:
            each = len(value) // max(len(code), 1)
            places = (code[:, np.newaxis].astype(np.int64) * each + np.arange(each)).reshape(-1)
            changed[name] = value.to(places, n * each)
    return replace(counts, **changed)


def _joined(values: npt.NDArray[np.int64], code: npt.NDArray[np.integer[Any]], n: int, rule: str) -> Any:
    if rule == "sum":
        return added_up(values, code, n)
    limits = np.iinfo(np.int64)
    is_least = rule == "least"
    found = np.full((n, *values.shape[1:]), limits.max if is_least else limits.min, dtype=np.int64)
    (np.minimum if is_least else np.maximum).at(found, code, values)
    return found


def _regrouped_rows(rows: Any, groups: Groups) -> Any:
    of_group = [name for name, kind in kinds_of(rows) if kind.what == "group"]
    if not of_group:
        return rows
    changed = {name: groups.code[getattr(rows, name)] for name in of_group}
    return joined_rows(replace(rows, **changed))


def joined_rows(rows: Any) -> Any:
    """Put rows that have the same keys together, in rising order of the keys."""
    kinds = dict(kinds_of(rows))
    keys = {name: _codes(getattr(rows, name)) for name, kind in kinds.items() if kind.what in _KEYS}
    cells = Cells.of(list(keys.values()))
    changed: dict[str, Any] = {}
    for name, kind in kinds.items():
        value = getattr(rows, name)
        if value is None or name in keys:
            continue
        if kind.what == "value":
            changed[name] = _joined(value, cells.of_each, cells.n, kind.rule)
        else:
            changed[name] = value.to(cells.of_each, cells.n)
    for name, codes in zip(keys, cells.keys, strict=True):
        value = getattr(rows, name)
        changed[name] = replace(value, code=codes) if isinstance(value, GroupLabels) else codes
    return replace(rows, **changed)


def _codes(column: Any) -> npt.NDArray[np.integer[Any]]:
    return column.code if isinstance(column, GroupLabels) else column
