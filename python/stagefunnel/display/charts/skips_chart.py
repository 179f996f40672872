"""The chart of skips: a heat map of stages and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ...tables.labels import value_labels
from ...tables.schema import SKIPS
from ...tables.skipping import LEAST_BASE, OnTheWay
from ..numbers import count, percent
from ..remarks import of_stages_with_rows
from ..sentences import of_skips
from ..things import things_of
from .canvas import Canvas, rows_of
from .heat import Side, heat_map, letter_on, letter_on_paper
from .library import alt
from .marks import tooltip
from .style import Theme, ThemeName, inert

_MOST_GROUPS, _CELL, _HEIGHT = 60, 92, 30


def plot_skips(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how often each stage is skipped on the way: a cell per group and stage, darker for a higher rate.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.skips` with up to 60 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart
        In each cell stands the rate by which :func:`stagefunnel.skips` ranks: the share of the items that
        went beyond the stage without a visit of it, where items that began beyond it do not count. Of fewer
        than 30 items there is no rate: a cell without a colour has the numbers, ``1 of 2``. A cell is empty
        if no item moved beyond the stage.

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
    groups = [inert(", ".join(values)) for values in zip(*columns, strict=True)] or [
        f"all {things_of(canvas.remembered)}"
    ] * len(table)
    order = list(dict.fromkeys(groups))  # the table has the group with the highest rate first
    canvas.check_room(len(order), _MOST_GROUPS)
    on_the_way = OnTheWay.of_skips(table)
    records: list[dict[str, Any]] = [
        {
            "group": group,
            "stage": names[row["stage"]],
            **_cell(canvas.look, skipped, base),
            "skipped": count(skipped),
            "base": count(base),
            "began_beyond": count(row["began_beyond"]),
        }
        for group, row, skipped, base in zip(groups, rows_of(table), *on_the_way, strict=True)
        if base
    ]
    chart = heat_map(
        canvas.look,
        records,
        columns=Side("stage", list(names.values()), _CELL),
        rows=Side("group", order, _HEIGHT),
        share="rate",
        tooltip=tooltip(
            ("group", "stage", "skipped", "base", "began_beyond"),
            {"skipped": "skipped it", "base": "of those beyond", "began_beyond": "more that began beyond it"},
        ),
        name_width=190,
    )
    seen = of_stages_with_rows(table, canvas.remembered)
    sentences = of_skips(seen, names.__getitem__, canvas.remembered)
    return canvas.finished(chart, canvas.titled("Skipped stages"), sentences)


def _cell(look: Theme, skipped: int, base: int) -> dict[str, Any]:
    """Give a cell its rate and colour, or the numbers alone where they are too small for a rate."""
    if base < LEAST_BASE:
        return {"rate": None, "letter": letter_on_paper(look), "label": f"{count(skipped)} of {count(base)}"}
    rate = float(skipped / base)
    return {"rate": rate, "letter": letter_on(look, rate), "label": percent(rate)}


def _place_in(stages: pd.Series) -> Callable[[Any], int]:
    """Return the place of each stage: in the categories of the column, otherwise in its order."""
    if isinstance(stages.dtype, pd.CategoricalDtype):
        return list(stages.cat.categories).index
    return list(stages.unique()).index
