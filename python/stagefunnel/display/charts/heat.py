"""A heat map: a cell for each pair of names, coloured by its share, with a legible text in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .library import alt
from .marks import chart_of, layered
from .style import Theme, name_axis

LETTERS = ("#000000", "#FFFFFF")  # no other two colours have a higher least contrast on any cell


class Side(NamedTuple):
    """One side of a heat map: the field of its names, the names in order, and the size of a cell along it."""

    field: str
    names: Sequence[str]
    cell: int


def heat_map(
    look: Theme,
    records: Sequence[Mapping[str, Any]],
    *,
    columns: Side,
    rows: Side,
    share: str,
    tooltip: Sequence[Any],
    title: str | None = None,
    name_width: int,
) -> alt.LayerChart:
    """Draw the cells of a heat map.

    Parameters
    ----------
    look
        Colours of the chart.
    records
        A record for each cell: its two names, its share, its text as ``label`` and the colour of the text
        as ``letter``, see :func:`letter_on`.
    columns, rows
        Sides of the map; the names of the columns stand above it.
    share
        Field of the share.
    tooltip
        Fields for the box that appears over a cell.
    title, name_width
        Title of the columns, and the width in pixels at which their names are cut off.
    """
    above = alt.Axis(
        title=title, orient="top", labelAngle=-35, labelLimit=name_width, ticks=False, domain=False
    )
    cells = chart_of(records).encode(
        x=alt.X(f"{columns.field}:N", scale=alt.Scale(domain=columns.names), axis=above),
        y=alt.Y(f"{rows.field}:N", scale=alt.Scale(domain=rows.names), axis=name_axis(look)),
        tooltip=tooltip,
    )
    # The colours are mixed as `colour_of` mixes them: along the hues, the contrast would be unpredictable.
    heat = alt.Scale(domain=[0, 1], range=list(look.heat), interpolate="rgb")
    dark, light = map(alt.value, LETTERS)
    letters = alt.condition(alt.datum.letter == LETTERS[0], dark, light)
    layers = [
        cells.mark_rect(stroke=look.paper, strokeWidth=2).encode(
            color=alt.Color(f"{share}:Q", scale=heat, legend=None)
        ),
        cells.mark_text(fontSize=11.5).encode(text=alt.Text("label:N"), color=letters),
    ]
    return layered(layers, width=alt.Step(columns.cell), height=alt.Step(rows.cell))


def colour_of(look: Theme, share: float) -> str:
    """Return the colour of a cell: the mix of the two ends of the scale."""
    low, high = (_red_green_blue(end) for end in look.heat)
    mixed = (round(255 * (a + (b - a) * share)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{part:02X}" for part in mixed)


def letter_on(look: Theme, share: float) -> str:
    """Return the colour of letters with the highest contrast to the cell of a share."""
    return max(LETTERS, key=lambda letter: contrast(letter, colour_of(look, share)))


def letter_on_paper(look: Theme) -> str:
    """Return the colour of letters with the highest contrast to a cell without a colour."""
    return max(LETTERS, key=lambda letter: contrast(letter, look.paper))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG 2: from 1 to 21; text is legible from 4.5 on."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _red_green_blue(colour)
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _red_green_blue(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
