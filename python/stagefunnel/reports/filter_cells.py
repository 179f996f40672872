"""The numbers of one choice of the page's filters, as the browser shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..display.cells import absent_words, cell_writer, with_bounds, without_bounds
from ..display.numbers import NOTHING
from ..display.sentences import stage_namer
from ..questions.stages.group_numbers import Label, labels_of
from ..tables.labels import columns_before
from .filter_data import Rows, Value


def funnel_rows(table: pd.DataFrame, columns: Sequence[tuple[str, str]], n_stages: int) -> dict[Label, Rows]:
    """Write the funnels of both kinds, of each group, with some of their columns.

    Parameters
    ----------
    table
        A funnel of both kinds.
    columns
        Kind and name of each column.
    n_stages
        How many rows a funnel has.
    """
    by = [name for name in columns_before(table, "stage") if name != "kind"]
    starts: dict[str, dict[Label, int]] = {}
    written: dict[tuple[str, str], list[Value]] = {}
    for kind in dict.fromkeys(kind for kind, _ in columns):
        part = table[table["kind"] == kind]
        starts[kind] = {label: n_stages * at for at, label in enumerate(labels_of(part[::n_stages], by))}
        written |= {(kind, name): _written(part, name) for of_kind, name in columns if of_kind == kind}
    groups = dict.fromkeys(label for of_kind in starts.values() for label in of_kind)
    return {
        label: [
            [
                # A kind may leave out all items of a group, as another funnel of these items does.
                _nothing(table, name) if start is None else written[kind, name][start + at]
                for kind, name in columns
                for start in [starts[kind].get(label)]
            ]
            for at in range(n_stages)
        ]
        for label in groups
    }


def no_funnel(table: pd.DataFrame, columns: Sequence[tuple[str, str]], n_stages: int) -> Rows:
    """Write the funnels of no item."""
    return [[_nothing(table, name) for _, name in columns] for _ in range(n_stages)]


def _nothing(table: pd.DataFrame, name: str) -> Value:
    """Write a column of a funnel that counts no item: a sum is 0, a share is of nothing."""
    if table[name].dtype.kind == "i":
        return 0
    return "0" if name == "amount" else NOTHING


def loss_rows(table: pd.DataFrame) -> dict[Label, Rows]:
    """Write the losses of each group, row by row."""
    remembered: Mapping[str, Any] = table.attrs["stagefunnel"]
    by = columns_before(table, "from_stage")
    names = [name for name in without_bounds([*table.columns]) if name not in by]
    columns = [
        _written(table, name, remembered.get("names", {}), remembered.get("working_day")) for name in names
    ]
    rows: dict[Label, Rows] = {}
    for label, *row in zip(labels_of(table, by), *columns, strict=True):
        rows.setdefault(label, []).append(row)
    return rows


def _written(
    table: pd.DataFrame, name: str, names: Mapping[str, str] | None = None, working_day: float | None = None
) -> list[Value]:
    if table[name].dtype.kind == "i" and name != "item":
        return [*table[name].tolist()]
    cells = with_bounds(cell_writer(name, table[name], stage_namer(names or {}), working_day), table, name)
    absent = absent_words(table.attrs.get("stagefunnel", {})).get(str(name))
    if absent is None:
        return [*cells]
    return [absent if gone else cell for cell, gone in zip(cells, table[name].isna().tolist(), strict=True)]
