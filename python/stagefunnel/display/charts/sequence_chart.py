"""How far items come through the steps of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...tables.schema import SEQUENCE
from ..numbers import brief, count, percent
from ..sequence_sentences import sequence_findings, sequence_title
from .style import (
    NAME_WIDTH,
    Theme,
    ThemeName,
    check_table,
    columns_before,
    finished,
    groups_of,
    inert,
    layered,
    legend,
    name_axis,
    panel_title,
    require_altair,
    rows_of,
    theme_of,
)

if TYPE_CHECKING:
    import altair as alt

_MOST_GROUPS, _WIDTH, _ROOM, _ROW_HEIGHT, _GAP = 12, 400, 1.35, 42, 0.42


def plot_sequence(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw the funnel of a sequence: a bar per step, of which those who went on, may still, or dropped out.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.sequence_funnel` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        A panel per group. Between two bars stands the conversion from the previous step, unless that is
        optional and more came than did it.

    Raises
    ------
    SchemaError
        If the table is another, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_sequence
    >>> rows = {"item": [1, 1, 2], "stage": ["visit", "order", "visit"], "time": [0, 2, 4]}
    >>> table = sf.sequence_funnel(sf.StageLog(rows), ["visit", "order"])
    >>> plot_sequence(table).to_dict()["title"]["text"]
    'Sequence: visit → order'
    """
    require_altair()
    import altair as alt

    look = theme_of(theme)
    told = check_table(table, SEQUENCE, "sequence_funnel()")
    by = columns_before(table, "step")
    groups = groups_of(table, by, _MOST_GROUPS)
    panels = [_bars(rows, group, look) for group, rows in groups]
    columns = min(2, len(panels))
    chart = alt.concat(*panels, columns=columns, spacing=24)
    title = sequence_title(told) + (f", by {', '.join(by)}" if by else "")
    width = columns * _WIDTH + NAME_WIDTH
    return finished(chart, look, title, sequence_findings(table, told), width=width)


def _bars(table: pd.DataFrame, group: str, look: Theme) -> alt.LayerChart:
    import altair as alt

    rows = rows_of(table)
    names = [inert(f"{row['step']}. {row['label']}") for row in rows]
    longest = max([row["reached"] for row in rows] + [1])
    pieces: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    for name, row in zip(names, rows, strict=True):
        on = row["reached"] - row["dropped"] - row["immature"]
        said = {part: count(row[part]) for part in ("reached", "dropped", "immature")}
        parts = (("went on", on), ("may still", row["immature"]), ("dropped out", row["dropped"]))
        pieces += [
            {"step": name, "part": part, "place": place, "n": int(value), **said}
            for place, (part, value) in enumerate(parts)
            if value
        ]
        label = f"{brief(row['reached'])} · {percent(row['conversion_from_first'])}"
        totals.append({"step": name, "n": int(row["reached"]), "label": label})
        if row["step"] > 1 and row["conversion_from_previous"] <= 1:
            step = f"\N{DOWNWARDS ARROW} {percent(row['conversion_from_previous'])}"
            steps.append({"step": name, "said": step})
    order = alt.Scale(domain=names, paddingInner=_GAP)
    room = alt.Scale(domain=[0, _ROOM * longest], nice=False)
    y = alt.Y("step:N", scale=order, axis=name_axis(look))
    colours = alt.Scale(
        domain=["went on", "may still", "dropped out"], range=[look.passed, look.assumed, look.lost]
    )
    bars = alt.Chart(alt.InlineData(values=pieces)).mark_bar()
    layers: list[Any] = [
        bars.encode(
            y=y,
            x=alt.X("n:Q", scale=room, axis=None, stack="zero"),
            order=alt.Order("place:Q"),
            color=alt.Color("part:N", scale=colours, legend=legend()),
            tooltip=[alt.Tooltip(f"{name}:N") for name in ("step", "reached", "dropped", "immature")],
        ),
        alt.Chart(alt.InlineData(values=totals))
        .mark_text(align="left", dx=6, fontSize=11.5, color=look.ink)
        .encode(y=y, x=alt.X("n:Q", scale=room, axis=None), text="label:N"),
        alt.Chart(alt.InlineData(values=steps))
        .mark_text(align="left", fontSize=10, color=look.quiet, dy=-round(_GAP * _ROW_HEIGHT / 2) + 1)
        .encode(y=alt.Y("step:N", scale=order, bandPosition=0), x=alt.value(4), text="said:N"),
    ]
    title = panel_title(look, group, width=_WIDTH) if group else None
    return layered(layers, width=_WIDTH, height=alt.Step(_ROW_HEIGHT), title=title)
