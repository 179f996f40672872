"""How charts look: colours, letters, titles, axes and legends."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from ...errors import check_option
from .library import alt

ThemeName = Literal["light", "dark"]
AnyChart = TypeVar("AnyChart", "alt.ConcatChart", "alt.LayerChart", "alt.Chart")

NAME_WIDTH = 170
ROW_HEIGHT = 28
# The three named fonts have the same widths; with any other one, names may be a sixth longer and still fit.
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_LETTER = 0.53  # width of a usual letter, as a share of its height


@dataclass(frozen=True)
class Theme:
    """The colours of a chart.

    The colours of the data are those of Okabe and Ito (2008), which colour-blind eyes can distinguish. The
    colour of assumed is a lighter shade of that of passed, so that the two differ in grey print too.
    """

    paper: str
    ink: str
    quiet: str
    line: str
    passed: str
    assumed: str
    won: str
    lost: str
    skipped: str
    series: tuple[str, ...]
    heat: tuple[str, str]

    @property
    def parts(self) -> dict[str, str]:
        """Colours of the parts of a funnel, in the order of the legend."""
        return {
            "passed": self.passed,
            "assumed": self.assumed,
            "won": self.won,
            "lost": self.lost,
            "skipped": self.skipped,
        }


_THEMES = {
    "light": Theme(
        paper="#FFFFFF",
        ink="#2B2B2B",
        quiet="#666666",
        line="#DDDDDD",
        passed="#0072B2",
        assumed="#A3CDE8",
        won="#009E73",
        lost="#D55E00",
        skipped="#AA4499",
        series=("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C00", "#555555"),
        heat=("#F2F6FA", "#084C7D"),
    ),
    "dark": Theme(
        paper="#16191D",
        ink="#EDEDED",
        quiet="#A8ADB3",
        line="#3A3F45",
        passed="#56B4E9",
        assumed="#2B5D7D",
        won="#2BC297",
        lost="#F08A43",
        skipped="#DDA0D0",
        series=("#56B4E9", "#E69F00", "#2BC297", "#DDA0D0", "#F0E442", "#F08A43", "#9FD0F0", "#BBBBBB"),
        heat=("#22303B", "#7CC4F2"),
    ),
}


def theme_of(name: str) -> Theme:
    """Return the theme with a name."""
    check_option("theme", name, get_args(ThemeName))
    return _THEMES[name]


def inert(text: str) -> str:
    """Put an invisible space behind each ``<``.

    A page holds a chart unchanged in a script, which a name like ``</script>`` would end.
    """
    return text.replace("<", "<\N{ZERO WIDTH SPACE}")


def finished(
    chart: AnyChart,
    theme: Theme,
    title: str,
    sentences: Sequence[str] = (),
    *,
    width: int = 570,
    of_panels: Sequence[str] = (),
) -> AnyChart:
    """Give a chart its title and sentences, the colours of a theme, and a description for screen readers.

    The chart's ``usermeta`` holds all sentences unbroken, with those under the titles of its panels.

    Parameters
    ----------
    chart, theme
        The chart and its colours.
    title, sentences
        Texts above the chart.
    width
        Width of the texts in pixels.
    of_panels
        Sentences that already stand under the titles of the panels.
    """
    title, sentences = inert(title), [inert(line) for line in sentences]
    all_sentences: list[str] = [*sentences, *map(inert, of_panels)]
    heading = alt.TitleParams(
        _title_lines(title, width, 17),
        subtitle=_wrapped(sentences, width, 12.5),
        anchor="start",
        fontSize=17,
        subtitleFontSize=12.5,
        subtitlePadding=7,
        color=theme.ink,
        subtitleColor=theme.quiet,
        offset=18,
    )
    # Every method of altair that sets one of these copies the whole chart.
    parts: dict[str, Any] = {
        "title": heading,
        "background": theme.paper,
        "padding": {"left": 34, "top": 18, "right": 38, "bottom": 18},
        "description": ". ".join([title, *all_sentences]),
        "usermeta": {"sentences": all_sentences},
        "config": _config(theme),
    }
    for name, value in parts.items():
        chart[name] = value
    return chart


def _config(theme: Theme) -> alt.Config:
    return alt.Config(
        font=_FONT,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor=theme.ink,
            titleColor=theme.quiet,
            gridColor=theme.line,
            domainColor=theme.line,
            tickColor=theme.line,
            titleFontWeight="normal",
        ),
        legend=alt.LegendConfig(
            labelColor=theme.ink,
            titleColor=theme.quiet,
            symbolSize=110,
            titleFontWeight="normal",
            columnPadding=20,
        ),
    )


def _wrapped(texts: Sequence[str], width: int, size: float) -> list[str]:
    """Break texts into lines that fit the width, so that no word is cut off."""
    letters = int(width / (_LETTER * size))
    return [line for text in texts for line in textwrap.wrap(text, letters) or [text]]


def _title_lines(text: str, width: int, size: float) -> str | list[str]:
    lines = _wrapped([text], width, size)
    return lines[0] if len(lines) == 1 else lines


def name_axis(theme: Theme, *, labels: bool = True) -> Any:
    """Make the axis with the names of stages."""
    return alt.Axis(
        title=None,
        domain=False,
        ticks=False,
        labels=labels,
        labelFontSize=12.5,
        labelColor=theme.ink,
        labelLimit=NAME_WIDTH,
        labelPadding=8,
    )


def legend() -> Any:
    """Make a legend below the chart, with squares for marks of any form."""
    return alt.Legend(title=None, orient="bottom", symbolType="square", symbolOpacity=1)


def panel_title(theme: Theme, text: str, sentences: Sequence[str] = (), *, width: int) -> Any:
    """Make the title of one of several panels."""
    return alt.TitleParams(
        _title_lines(inert(text), width, 14),
        subtitle=_wrapped([inert(line) for line in sentences], width, 12),
        anchor="start",
        fontSize=14,
        subtitleFontSize=12,
        color=theme.ink,
        subtitleColor=theme.quiet,
    )
