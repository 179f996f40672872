"""Who skips what: a heat map of stages and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...errors import SchemaError
from ...tables.labels import value_label
from ...tables.schema import SKIPS
from ..numbers import count, percent
from ..sentences import of_skips
from .heat import heat_layers, letter_on
from .style import (
    ThemeName,
    check_table,
    columns_before,
    finished,
    inert,
    layered,
    name_axis,
    require_altair,
    rows_of,
    theme_of,
    unique_names,
)

if TYPE_CHECKING:
    import altair as alt

_MOST_GROUPS, _CELL, _HEIGHT = 60, 92, 30


def plot_skips(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how often each stage is skipped: a cell per group and stage, the darker the more often.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.skips` with up to 60 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart
        In each cell the skip rate: of the items that came beyond the stage, those that skipped it. An empty
        cell had none.

    Raises
    ------
    SchemaError
        If the table is another, has no rows or has more than 60 groups.
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
    require_altair()
    import altair as alt

    look = theme_of(theme)
    told = check_table(table, SKIPS, "skips()")
    by = columns_before(table, "stage")
    names = unique_names(
        sorted(table["stage"].unique(), key=_place_in(table["stage"])), told.get("names", {})
    )
    groups = [
        ", ".join(map(value_label, values)) for values in zip(*(table[name] for name in by), strict=True)
    ]
    groups = [inert(group) for group in groups] or ["all items"] * len(table)
    order = list(dict.fromkeys(groups))  # the worst first, as the table has them
    if len(order) > _MOST_GROUPS:
        raise SchemaError(
            f"a chart has room for {_MOST_GROUPS} groups, the table has {len(order):,}; filter it first, "
            f"for example table[table[{by[0]!r}].isin([...])]"
        )
    records: list[dict[str, Any]] = [
        {
            "group": group,
            "stage": names[row["stage"]],
            "rate": float(row["skip_rate"]),
            "letter": letter_on(look, row["skip_rate"]),
            "label": percent(row["skip_rate"]),
            "skipped": count(row["skipped"]),
            "beyond": count(row["beyond"]),
        }
        for group, row in zip(groups, rows_of(table), strict=True)
        if not pd.isna(row["skip_rate"])
    ]
    cells = alt.Chart(alt.InlineData(values=records)).encode(
        x=alt.X(
            "stage:N",
            scale=alt.Scale(domain=list(names.values())),
            axis=alt.Axis(
                title=None, orient="top", labelAngle=-35, labelLimit=190, ticks=False, domain=False
            ),
        ),
        y=alt.Y("group:N", scale=alt.Scale(domain=order), axis=name_axis(look)),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("stage:N"),
            alt.Tooltip("skipped:N", title="skipped it"),
            alt.Tooltip("beyond:N", title="came beyond it"),
        ],
    )
    chart = layered(
        heat_layers(cells, look, "rate", "label"), width=alt.Step(_CELL), height=alt.Step(_HEIGHT)
    )
    said = of_skips(table, names.__getitem__)
    return finished(chart, look, "Skipped stages" + (f", by {', '.join(by)}" if by else ""), said)


def _place_in(stages: pd.Series) -> Callable[[Any], int]:
    """Order stages as the pipeline has them, which the column knows."""
    if isinstance(stages.dtype, pd.CategoricalDtype):
        return list(stages.cat.categories).index
    return list(stages.unique()).index
