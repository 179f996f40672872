"""The chart of losses: from which stages items are lost, and into which stages or for which reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ...tables.labels import columns_behind, present_or_missing
from ...tables.schema import LOSSES
from ..group_notes import notes_of_losses
from ..numbers import brief, count, length, percent
from ..sentences import of_losses
from ..things import things_of
from .canvas import Canvas
from .library import alt
from .marks import layered, room_for, side_by_side, stacked_bars
from .style import ROW_HEIGHT, ThemeName, name_axis, panel_title

_MOST_GROUPS, _WIDTH, _ROOM, _MOST_COLOURS = 12, 400, 1.25, 8


def plot_losses(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw from which stages items were lost, and into which lost stage or for which reason.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.losses` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        One panel per group, with a bar per stage whose length is its share of the losses. The parts of a
        bar are the reasons, or the lost stages if the table has no reasons.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_losses
    >>> shop = sf.datasets.worked_example()
    >>> plot_losses(sf.losses(shop.log, shop.pipeline)).to_dict()["title"]["subtitle"]
    ['Most often lost from: Won (2 of 5 lost, 40 %)']
    """
    canvas = Canvas.of(table, LOSSES, "losses()", theme)
    look, table = canvas.look, canvas.table
    part = _part_column(table)
    names = canvas.names_of(map(present_or_missing, table["from_stage"].unique()))
    parts = canvas.names_of(map(present_or_missing, table[part].unique()))
    leading = table.groupby(part, observed=True, dropna=False)["items"].sum().sort_values(ascending=False)
    domain = [parts[present_or_missing(value)] for value in leading.index][: _MOST_COLOURS - 1]
    if len(leading) > len(domain) and "other" not in domain:  # a reason may have that name
        domain.append("other")
    scale = alt.Scale(domain=domain, range=list(look.series[: len(domain)]))
    things = things_of(canvas.remembered)
    panels = []
    for group, rows in canvas.groups(_MOST_GROUPS):
        records = _piece_records(rows, part, names, parts, domain, canvas.remembered.get("working_day"))
        stages = list(dict.fromkeys(record["stage"] for record in records))
        totals = _totals(records)
        y = alt.Y("stage:N", scale=alt.Scale(domain=stages), axis=name_axis(look))
        layers = stacked_bars(
            records,
            totals,
            look,
            y=y,
            length="share",
            room=room_for(max(record["share"] for record in totals), _ROOM),
            colours=scale,
            shown=("stage", "into", "items", "of the lost", "until lost"),
            headings={"items": things} if things != "items" else None,
        )
        title = panel_title(look, group, width=_WIDTH) if group else None
        panels.append(layered(layers, width=_WIDTH, height=alt.Step(ROW_HEIGHT), title=title))
    if canvas.by:
        findings = notes_of_losses(table, canvas.remembered)
    else:
        findings = of_losses(table, names.__getitem__, canvas.remembered)
    return canvas.finished(side_by_side(panels), canvas.titled(f"Where {things} are lost"), findings)


def _part_column(table: pd.DataFrame) -> str:
    """Choose the column that divides a bar: the reason if the table has one, otherwise the lost stage."""
    after = columns_behind(table, "lost_stage")[0]
    return str(after) if after != "items" else "lost_stage"


def _piece_records(
    rows: pd.DataFrame,
    part: str,
    names: Mapping[Any, str],
    parts: Mapping[Any, str],
    shown: Sequence[str],
    working_day: float | None,
) -> list[dict[str, Any]]:
    """Record the pieces of the bars; parts without a colour of their own are drawn as ``other``."""
    records = []
    for row in rows.to_dict("records"):
        into = parts[present_or_missing(row[part])]
        colour = into if into in shown else "other"
        until = length(row["median_until_lost"], working_day) if "median_until_lost" in row else ""
        records.append(
            {
                "stage": names[present_or_missing(row["from_stage"])],
                "part": colour,
                "place": shown.index(colour),
                "share": float(row["share"]),
                "into": into,
                "items": count(row["items"]),
                "n": int(row["items"]),
                "of the lost": percent(row["share"]),
                "until lost": until,
            }
        )
    return records


def _totals(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add up the pieces of each bar, for the number behind it."""
    totals: dict[str, dict[str, Any]] = {}
    for record in records:
        total = totals.setdefault(record["stage"], {"stage": record["stage"], "share": 0.0, "n": 0})
        total["share"] += record["share"]
        total["n"] += record["n"]
    for total in totals.values():
        total["label"] = f"{brief(total['n'])} · {percent(total['share'])}"
    return list(totals.values())
