"""The chart of skips: a heat map of stages and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ...tables.labels import value_labels
from ...tables.schema import SKIPS
from ..numbers import count, percent
from ..sentences import of_skips
from .canvas import Canvas, rows_of
from .heat import Side, heat_map, letter_on
from .library import alt
from .marks import tooltip
from .style import ThemeName, inert

_MOST_GROUPS, _CELL, _HEIGHT = 60, 92, 30


def plot_skips(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how often each stage is skipped: a cell per group and stage, darker for a higher rate.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.skips` with up to 60 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart
        In each cell stands the skip rate: the share of the items that went beyond the stage without a visit
        of it. A cell is empty if no item went beyond the stage.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 60 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_skips
    >>> shop = sf.datasets.furniture_shop()
    >>> chart = plot_skips(sf.skips(shop.log, shop.pipeline, by="manager"))
    >>> chart.to_dict()["title"]["text"]
    'Skipped stages, by manager'
    """
    canvas = Canvas.of(table, SKIPS, "skips()", theme, sort=False)
    table = canvas.table
    names = canvas.names_of(sorted(table["stage"].unique(), key=_place_in(table["stage"])))
    columns = [value_labels(table[name]) for name in canvas.by]
    groups = [inert(", ".join(values)) for values in zip(*columns, strict=True)] or ["all items"] * len(table)
    order = list(dict.fromkeys(groups))  # the table has the group with the highest rate first
    canvas.check_room(len(order), _MOST_GROUPS)
    records: list[dict[str, Any]] = [
        {
            "group": group,
            "stage": names[row["stage"]],
            "rate": float(row["skip_rate"]),
            "letter": letter_on(canvas.look, row["skip_rate"]),
            "label": percent(row["skip_rate"]),
            "skipped": count(row["skipped"]),
            "beyond": count(row["beyond"]),
        }
        for group, row in zip(groups, rows_of(table), strict=True)
        if not pd.isna(row["skip_rate"])
    ]
    chart = heat_map(
        canvas.look,
        records,
        columns=Side("stage", list(names.values()), _CELL),
        rows=Side("group", order, _HEIGHT),
        share="rate",
        tooltip=tooltip(
            ("group", "stage", "skipped", "beyond"), {"skipped": "skipped it", "beyond": "came beyond it"}
        ),
        name_width=190,
    )
    return canvas.finished(chart, canvas.titled("Skipped stages"), of_skips(table, names.__getitem__))


def _place_in(stages: pd.Series) -> Callable[[Any], int]:
    """Return the place of each stage: in the categories of the column, otherwise in its order."""
    if isinstance(stages.dtype, pd.CategoricalDtype):
        return list(stages.cat.categories).index
    return list(stages.unique()).index
