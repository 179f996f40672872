"""The cells of a heat map: a colour for each share, and letters that can be read on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .style import Theme

if TYPE_CHECKING:
    import altair as alt

LETTERS = ("#000000", "#FFFFFF")  # of any two colours these leave the least contrast highest


def heat_layers(cells: alt.Chart, look: Theme, share: str, text: str) -> list[alt.Chart]:
    """Draw the cells of a share, and a text in each; their records hold `letter_on` as ``letter``."""
    import altair as alt

    # Between the two ends as `colour_of` has it, not along the hues, where nobody could tell the contrast.
    heat = alt.Scale(domain=[0, 1], range=list(look.heat), interpolate="rgb")
    squares = cells.mark_rect(stroke=look.paper, strokeWidth=2)
    dark, light = map(alt.value, LETTERS)
    letters = alt.condition(alt.datum.letter == LETTERS[0], dark, light)
    return [
        squares.encode(color=alt.Color(f"{share}:Q", scale=heat, legend=None)),
        cells.mark_text(fontSize=11.5).encode(text=f"{text}:N", color=letters),
    ]


def colour_of(look: Theme, share: float) -> str:
    """Mix the colour of a cell."""
    low, high = (_parts(end) for end in look.heat)
    mixed = (round(255 * (a + (b - a) * share)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{part:02X}" for part in mixed)


def letter_on(look: Theme, share: float) -> str:
    """Choose the colour of letters that stands out most from the cell of a share."""
    return max(LETTERS, key=lambda letter: contrast(letter, colour_of(look, share)))


def contrast(one: str, other: str) -> float:
    """Compare two colours as WCAG 2 does: from 1 to 21; 4.5 can be read."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _parts(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
