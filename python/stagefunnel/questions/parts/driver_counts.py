"""The values of columns that go with winning, counted in a part of a log, and the table of all parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import AdjustName
from ..counted.about import About
from ..counted.fields import about, groups, key_of_label, nested, rows, settled, value
from ..counted.folding import added_up
from ..counted.group_keys import GroupLabels, labels_of_rows
from ..counted.group_labels import GroupColumns
from ..funnel.count import count
from ..funnel.drivers import check_options, drivers_table, read_drivers, values_of
from ..scope.breakdown import by_columns
from ..scope.groups import ONE_GROUP, Groups, folded
from ..scope.scope import Scope

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ValueRows:
    """The items of each value of a column.

    Attributes
    ----------
    label
        The value.
    n
        Its items, those that are won now, those that are open, and a number above 0 where it has items that
        are counted or left out.
    """

    label: GroupLabels = key_of_label()
    n: Integers = value()


@dataclass(frozen=True, eq=False)
class ValuesCounted:
    """The values of one column.

    Attributes
    ----------
    values
        The values and their items.
    columns
        The column, without its values.
    """

    values: ValueRows = rows(ValueRows)
    columns: GroupColumns = settled(GroupColumns.total)


def total_recent(parts: Sequence[int | None]) -> int | None:
    """Add up items that are too recent, where there can be such."""
    known = [n for n in parts if n is not None]
    return sum(known) if known else None


@dataclass(frozen=True, eq=False)
class DriversCounted:
    """What :func:`drivers` counts of a part of a log.

    Attributes
    ----------
    groups, about
        No groups, and what the table remembers.
    of_column
        The values of each column, by its place among them.
    too_recent
        Items that are left out as too recent; ``None`` where none can be.
    """

    groups: Groups = groups()
    about: About = about()
    of_column: Mapping[str, ValuesCounted] = nested(ValuesCounted)
    too_recent: int | None = settled(total_recent)


def count_drivers(log: StageLog, pipeline: Pipeline, **options: Any) -> DriversCounted:
    """Count what :func:`drivers` needs of a part of a log; the options are its own."""
    read = read_drivers(log, pipeline, **options)
    of_column = {}
    for place, found in enumerate(read.groups.values()):
        counts = count(Scope(read.selection, found), read.rule)
        something = counts.counts_something("item").astype(np.int64)
        n = np.stack([counts.base, counts.won, counts.open, something], axis=-1)
        kept = n[: len(found.values)]
        of_column[str(place)] = ValuesCounted(
            ValueRows(GroupLabels.of_all(found), kept), GroupColumns.of(found)
        )
    return DriversCounted(ONE_GROUP, About.of(read.asked, read.selection), of_column, read.too_recent)


def drivers_of(
    counts: DriversCounted,
    pipeline: Pipeline,
    *,
    columns: str | Sequence[str],
    adjust: AdjustName = "holm",
    confidence: float = 0.95,
    top: int | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`drivers`."""
    check_options(adjust, confidence)
    found = []
    for place, name in enumerate(by_columns(columns, "columns")):
        of_column = counts.of_column[str(place)]
        labels = labels_of_rows(of_column.values.label, of_column.columns)
        chosen = labels.groups.alone()
        n = added_up(of_column.values.n, labels.code, chosen.n_groups)
        if top is not None and len(chosen.values):
            chosen = folded(chosen, n[:, 0], n[:, 3] > 0, top)
            n = added_up(n, chosen.code, chosen.n_groups)
        found.append(values_of(name, chosen, n[:, 0], n[:, 1], n[:, 2]))
    table = drivers_table(found, pipeline, adjust, confidence, counts.too_recent)
    return counts.about.remarked(table)
