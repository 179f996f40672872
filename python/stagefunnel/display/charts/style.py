"""How every chart looks: colours by outcome, letters, spacing. ``docs/charts.md`` has the rules in words.

A chart takes its colours from :class:`Theme` by what a mark means, so that no chart can have colours of its
own. What a mark means is one of the names of :data:`WORDS`, which are also the words of the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from ...clean import clean
from ...errors import SchemaError, check_option, given
from ...words import Words, mark, marks

ThemeName = Literal["light", "dark"]
Meaning: TypeAlias = Literal["moved", "open", "lost", "won", "assumed", "skipped", "early"]

# What people read for each meaning, in the order of a key.
WORDS: Final[Mapping[Meaning, str]] = Words(
    {
        "moved": mark("moved on"),
        "won": mark("won"),
        "open": mark("open here"),
        "lost": mark("lost here"),
        "assumed": mark("assumed"),
        "skipped": mark("skipped it"),
        "early": mark("too early to tell"),
    }
)

# The same about a number.
SO_MANY: Final[Mapping[Meaning, str]] = {
    "moved": marks("{n} moved on"),
    "open": marks("{n} open here"),
    "lost": marks("{n} lost here"),
    "assumed": marks("{n} assumed"),
    "skipped": marks("{n} skipped it"),
}

# These have the same widths; a browser without them takes a wider one, which `letters` counts on.
FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
# Sizes of letters in pixels. None is smaller than the last: it must be read on a phone.
TITLE, HEADING, NAME, SMALL = 17.0, 13.5, 12.5, 11.5
WIDE: Final = 920  # pixels of a chart by default
_NARROWEST, _WIDEST = 280, 4_000
NARROW: Final = 560  # below it names stand above their bars, and panels below each other


@dataclass(frozen=True)
class Theme:
    """The colours of a chart, by what they mean.

    The hues are those of Okabe and Ito (2008), which colour-blind eyes distinguish. Their lightness differs
    where they touch, so that they also differ in grey print: moved on is dark, open pale, lost between the
    two. Text has a contrast of at least 4.5 to the paper.

    Attributes
    ----------
    paper, ink, quiet, line
        Colours of the paper, of text, of text beside the point, and of lines that carry nothing.
    moved, open, lost, won, assumed, skipped, early
        Colours of outcomes. What is assumed is hatched, what is skipped an outline, what is early faint.
    lost_ink, won_ink
        Colours of text about losses and wins.
    heat, lost_heat
        Ends of the scales of cells, for shares that are neither good nor bad, and for losses.
    """

    paper: str
    ink: str
    quiet: str
    line: str
    moved: str
    open: str
    lost: str
    won: str
    assumed: str
    skipped: str
    early: str
    lost_ink: str
    won_ink: str
    heat: tuple[str, str]
    lost_heat: tuple[str, str]

    def colour(self, meaning: Meaning) -> str:
        """Return the colour of what a mark means."""
        return str(getattr(self, meaning))


_THEMES: Final = {
    "light": Theme(
        paper="#FFFFFF",
        ink="#222222",
        quiet="#595959",
        line="#DDDDDD",
        moved="#0B5C96",
        open="#B4D8EE",
        lost="#E2703A",
        won="#0C8254",
        assumed="#0B5C96",
        skipped="#767676",
        early="#8DB4CF",
        lost_ink="#A33F00",
        won_ink="#00664B",
        heat=("#F1F6FA", "#084C7D"),
        lost_heat=("#FDF3EC", "#A33F00"),
    ),
    "dark": Theme(
        paper="#16191D",
        ink="#EDEDED",
        quiet="#A8ADB3",
        line="#3A3F45",
        moved="#3E9BDC",
        open="#2A5878",
        lost="#F7A35C",
        won="#549248",
        assumed="#3E9BDC",
        skipped="#8A9097",
        early="#3F6F92",
        lost_ink="#F7A35C",
        won_ink="#7FC472",
        heat=("#22303B", "#7CC4F2"),
        lost_heat=("#33281F", "#F7A35C"),
    ),
}


def theme_of(name: str) -> Theme:
    """Return the theme with a name."""
    check_option("theme", name, get_args(ThemeName))
    return _THEMES[name]


def checked_width(width: Any) -> int:
    """Return the width of a chart in pixels; by default it is that of a notebook or a page."""
    if width is None:
        return WIDE
    if isinstance(width, bool) or not isinstance(width, int) or not _NARROWEST <= width <= _WIDEST:
        raise SchemaError(
            given("width", width),
            f" is not a number of pixels between {_NARROWEST} and {_WIDEST:,}, such as 390 for a phone",
            option="width",
        )
    return width


def inert(text: str) -> str:
    """Put an invisible space behind each ``<``, and write what is not a letter to be drawn as a code.

    A page holds a chart unchanged in a script, which a name like ``</script>`` would end.
    """
    if text.isascii() and text.isprintable() and "<" not in text:
        return text
    return clean(text).replace("<", "<\N{ZERO WIDTH SPACE}")
