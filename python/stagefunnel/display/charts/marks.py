"""The marks that several charts share: records as data, tooltips, bars with numbers behind them, panels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .library import alt
from .style import Theme, legend

GAP = 0.42  # gap between two bars as a share of a row; a conversion stands in it


def chart_of(records: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """Make a chart of records, which stand in its specification."""
    return alt.Chart(inline(records))


def inline(records: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Put records into a specification; altair copies a list with every step, and a tuple never."""
    return alt.InlineData(values=tuple(records))


def tooltip(fields: Iterable[str], headings: Mapping[str, str] | None = None) -> list[alt.Tooltip]:
    """List fields for the box that appears over a mark, with headings other than their names."""
    headings = headings or {}
    return [
        alt.Tooltip(f"{field}:N", title=headings[field]) if field in headings else alt.Tooltip(f"{field}:N")
        for field in fields
    ]


def room_for(longest: float, room: float) -> alt.Scale:
    """Make the scale of bars: `room` times the longest one, so that a number fits behind it."""
    return alt.Scale(domain=[0, room * longest], nice=False)


def numbers_behind(chart: alt.Chart, look: Theme, *, dx: int = 6, size: float = 11.5) -> alt.Chart:
    """Draw the texts that stand behind bars."""
    numbers: alt.Chart = chart.mark_text(align="left", dx=dx, fontSize=size, color=look.ink)
    return numbers


def stacked_bars(
    pieces: Sequence[Mapping[str, Any]],
    totals: Sequence[Mapping[str, Any]],
    look: Theme,
    *,
    y: alt.Y,
    length: str,
    room: alt.Scale,
    colours: alt.Scale,
    shown: Iterable[str],
    headings: Mapping[str, str] | None = None,
) -> list[Any]:
    """Draw bars of several pieces, with a number behind each bar.

    Pieces are records with a `length`, a ``part`` and a ``place`` in the bar; totals are records with the
    `length` of a bar and its number as ``label``. The box over a piece has the fields `shown`, with
    `headings` other than their names.
    """
    x: dict[str, Any] = {"scale": room, "axis": None}
    bars = (
        chart_of(pieces)
        .mark_bar()
        .encode(
            y=y,
            x=alt.X(f"{length}:Q", stack="zero", **x),
            order=alt.Order("place:Q"),
            color=alt.Color("part:N", scale=colours, legend=legend()),
            tooltip=tooltip(shown, headings),
        )
    )
    numbers = numbers_behind(chart_of(totals), look)
    return [bars, numbers.encode(y=y, x=alt.X(f"{length}:Q", **x), text=alt.Text("label:N"))]


def conversions_between(
    steps: Sequence[Mapping[str, Any]], field: str, order: alt.Scale, look: Theme, row_height: int
) -> alt.Chart:
    """Write the conversion from the bar above into the gap over a bar.

    Parameters
    ----------
    steps
        Records with the name of the bar as `field` and the text as ``text``.
    field
        Field of the names.
    order
        Scale of the names.
    row_height
        Height of a bar and a gap.
    """
    words = chart_of(steps).mark_text(
        align="left", baseline="middle", fontSize=10, color=look.quiet, dy=-round(GAP * row_height / 2) + 1
    )
    drawn: alt.Chart = words.encode(
        y=alt.Y(f"{field}:N", scale=order, bandPosition=0), x=alt.value(4), text=alt.Text("text:N")
    )
    return drawn


def layered(
    layers: Sequence[Any], *, width: Any, height: Any, title: Any = None, records: Any = None
) -> alt.LayerChart:
    """Put marks over each other; without data of their own they share the `records`."""
    return alt.LayerChart(
        layer=list(layers),
        data=alt.Undefined if records is None else inline(records),
        width=width,
        height=height,
        title=alt.Undefined if title is None else title,
    )


def side_by_side(panels: Sequence[Any], **options: Any) -> alt.ConcatChart:
    """Set panels in two columns."""
    return alt.concat(*panels, columns=min(2, len(panels)), **{"spacing": 24, **options})
