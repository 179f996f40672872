"""Which items a question is about: those whose columns fulfil some conditions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from ...log.chosen_data import with_items_flagged
from ...log.columns.items import ItemsTable
from ...log.data import LogData
from ...log.stage_log import StageLog, log_of_data
from ...pipeline import Pipeline
from .columns import source_of
from .conditions import Conditions, Flags, Key, conditions_of, flags_of, keeps_missing, key_of, text_of
from .conditions import Where as Where
from .remarks import Remarks, remark
from .selection import core_pipeline, data_of

#: Logs of chosen items that are kept for the next question, for each log.
_MOST_KEPT: Final = 4


@dataclass(frozen=True)
class Asked:
    """The log that a question is asked of, once `where` has chosen its items.

    Attributes
    ----------
    log
        A log of the chosen items, observed as long as the whole one.
    missing
        What happens to stages without rows; the whole log was looked at where there are conditions.
    remarks
        What tables remember of the conditions.
    is_chosen
        A flag for each item of the whole log; ``None`` without conditions.
    """

    log: StageLog
    missing: Any
    remarks: Remarks = field(default_factory=dict)
    is_chosen: Flags | None = None

    def remarked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Let a table remember the conditions, and return it."""
        return remark(table, self.remarks)


_is_part: ContextVar[bool] = ContextVar("is_part", default=False)


@contextmanager
def read_as_part() -> Iterator[None]:
    """Read logs meanwhile as parts of one: another part may have the value that a condition names."""
    token = _is_part.set(True)
    try:
        yield
    finally:
        _is_part.reset(token)


def is_read_as_part() -> bool:
    """Whether logs are read as parts of one."""
    return _is_part.get()


_has_one_table: ContextVar[bool] = ContextVar("has_one_table", default=False)


@contextmanager
def parts_have_one_table() -> Iterator[None]:
    """Read the tables of items of parts meanwhile as parts of one, whose rows add up."""
    token = _has_one_table.set(True)
    try:
        yield
    finally:
        _has_one_table.reset(token)


def tables_add_up() -> bool:
    """Whether the tables of items of parts are parts of one."""
    return _has_one_table.get()


_kept: WeakKeyDictionary[LogData, dict[Key | None, Asked]] = WeakKeyDictionary()


def asked_of(
    log: StageLog,
    pipeline: Pipeline | None,
    where: Where | None,
    *,
    unlisted: str,
    missing: Any,
) -> Asked:
    """Choose the items of a log that fulfil some conditions.

    The stages are checked against the whole log: a stage that the chosen items alone lack is no slip of the
    pen. Columns of the log are read in the first row of an item. Where the log is read as a part of
    one, another part may have a value that it lacks, so that a near one is not taken for it.

    Raises
    ------
    SchemaError
        If a column does not exist, cannot be compared, or has only near values for one that is wanted.
    """
    data_of(log)
    if where is None:
        return Asked(log, missing)
    if pipeline is not None:
        core_pipeline(log, pipeline, unlisted, missing)
    return _chosen(log, conditions_of(where), is_part=_is_part.get())


def _chosen(log: StageLog, conditions: Conditions, *, is_part: bool) -> Asked:
    """Choose the items, or take those of an earlier question with the same conditions."""
    kept, key = _kept.setdefault(log._data, {}), key_of(conditions, is_part)
    earlier = kept.get(key)
    if earlier is not None:
        return earlier
    fulfilled = reduce(
        np.logical_and,
        (_fulfil(log, column, condition, is_part=is_part) for column, condition in conditions),
    )
    of_chosen = log_of_data(with_items_flagged(log._data, fulfilled))
    remarks = {"where": {"text": text_of(conditions), "items": of_chosen.n_items, "of": log.n_items}}
    chosen = Asked(of_chosen, "ignore", remarks, fulfilled)
    if key is not None:
        kept[key] = chosen
        if len(kept) > _MOST_KEPT:
            kept.pop(next(iter(kept)), None)
    return chosen


def _fulfil(log: StageLog, column: str, condition: Any, *, is_part: bool) -> Flags:
    """Find the items whose value of a column fulfils a condition."""
    source = source_of(log, column, "where")
    if isinstance(source, ItemsTable):
        values, rows = source.series(column, "where")
        fulfils = flags_of(values, column, condition, is_part=is_part)
        # An item that the table does not have has no value.
        if not len(fulfils):
            return np.full(len(rows), keeps_missing(condition))
        # Clipped, so that no place is checked: an item that the table does not have is set below.
        of_items: Flags = np.take(fulfils, rows, mode="clip")
        if source.n_unmatched:  # their -1 has read the first row
            of_items[rows < 0] = keeps_missing(condition)
        return of_items
    first = log._data.journeys.offsets[:-1].astype(np.int64)
    return flags_of(source.values_at(column, first), column, condition, is_part=is_part)
