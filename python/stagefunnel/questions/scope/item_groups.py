"""Groups of whole items, for the questions whose numbers are about visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, advised, given, is_named
from ...log.columns.category import Codes
from ...tables.options import AtName
from .breakdown import check_top, groups_of
from .groups import Groups, folded
from .item_rows import rows_of_items
from .selection import Selection


@dataclass(frozen=True, eq=False)
class ItemGroups:
    """The group of every item, and how many items of a report each group has.

    Attributes
    ----------
    groups
        The groups.
    code
        The group of each item, as the core reads it.
    sizes
        Items with a row that the report keeps, by group.
    """

    groups: Groups
    code: Codes
    sizes: npt.NDArray[np.int64]

    @property
    def shown(self) -> npt.NDArray[np.intp]:
        """The groups that a table shows: those with items."""
        return self.groups.shown(self.sizes > 0)


def item_groups_of(
    selection: Selection,
    by: str | Sequence[str] | None,
    *,
    at: AtName,
    top: int | None = None,
    reserved: Sequence[str] = (),
) -> ItemGroups | None:
    """Put every item in its group; ``None`` without a breakdown.

    The options are those of :func:`funnel`, but for ``at="stage"``, which gives an item several groups;
    `reserved` are the names of the result's own columns.
    """
    check_top(top, by)
    if is_named(at, "stage"):
        raise SchemaError(
            given("at", at),
            " reads an entry into a stage, and the groups are of whole items; pass ",
            advised("at", "first"),
            " or ",
            advised("at", "last"),
        )
    groups = groups_of(selection, by, at=at, reserved=reserved)
    if groups.is_one:
        return None
    has_rows = rows_of_items(selection, "first") >= 0
    sizes = _sizes(groups, has_rows)
    if top is not None:
        groups = folded(groups, sizes, sizes > 0, top)
        sizes = _sizes(groups, has_rows)
    return ItemGroups(groups, np.ascontiguousarray(groups.code, dtype=np.int32), sizes)


def _sizes(groups: Groups, has_rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return np.bincount(groups.code[has_rows], minlength=groups.n_groups).astype(np.int64)
