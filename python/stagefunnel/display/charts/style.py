"""How charts look, and what all of them share: colours, letters, titles, and names that break nothing."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import pandas as pd

from ...errors import SchemaError, check_option, quoted
from ...tables.labels import value_label

if TYPE_CHECKING:
    import altair as alt

ThemeName = Literal["light", "dark"]
AnyChart = TypeVar("AnyChart", "alt.ConcatChart", "alt.LayerChart", "alt.Chart")

NAME_WIDTH = 170
ROW_HEIGHT = 28
# Of one width, whichever of them is there; where none is, names still have room to be longer by a sixth.
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
_LETTER = 0.53  # the width of a usual letter, as a share of its height


@dataclass(frozen=True)
class Theme:
    """The colours of a chart.

    Those of the data are Okabe and Ito's, which colour-blind eyes tell apart; assumed is a lighter shade of
    passed, so that the two differ in grey print too.
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
        """The colours of a funnel's parts, in the order of their legend."""
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
    """Look a theme up."""
    check_option("theme", name, get_args(ThemeName))
    return _THEMES[name]


def require_altair() -> None:
    """Say what to install where the library that draws is missing; it is no dependency of the tables."""
    try:
        import_module("altair")
    except ImportError as error:
        raise ImportError('charts need altair: pip install "stagefunnel[plots]"') from error


def check_table(table: Any, columns: Sequence[str], made_by: str) -> dict[str, Any]:
    """Refuse a table that another function made, or an empty one, and return what it remembers."""
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"a chart draws a table of {made_by}, got {type(table).__name__}")
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise SchemaError(f"this is no table of {made_by}: it lacks {quoted(lacking)}")
    if table.empty:
        raise SchemaError(f"the table of {made_by} has no rows to draw")
    told: dict[str, Any] = table.attrs.get("stagefunnel", {})
    return told


def inert(text: str) -> str:
    """Part ``<`` from what follows, invisibly.

    A chart is written into a page's script as it is, where a name like ``</script>`` would end it.
    """
    return text.replace("<", "<\N{ZERO WIDTH SPACE}")


def unique_names(labels: Iterable[Hashable], names: Mapping[str, str]) -> dict[Hashable, str]:
    """Name every label; codes of one name stand behind it, or their marks would fall on each other."""
    shown = {label: names.get(str(label), str(label)) for label in labels}
    times = Counter(shown.values())
    return {label: inert(f"{name} ({label})" if times[name] > 1 else name) for label, name in shown.items()}


def finished(
    chart: AnyChart,
    theme: Theme,
    title: str,
    sentences: Sequence[str] = (),
    *,
    width: int = 570,
    of_panels: Sequence[str] = (),
) -> AnyChart:
    """Give a chart its title and sentences, the theme's colours, and words for those who cannot see it.

    All sentences, also those under the titles of its panels, stand whole in the chart's ``usermeta``.
    """
    import altair as alt

    title, sentences = inert(title), [inert(line) for line in sentences]
    told: list[str] = [*sentences, *map(inert, of_panels)]
    heading = alt.TitleParams(
        _title(title, width, 17),
        subtitle=_wrapped(sentences, width, 12.5),
        anchor="start",
        fontSize=17,
        subtitleFontSize=12.5,
        subtitlePadding=7,
        color=theme.ink,
        subtitleColor=theme.quiet,
        offset=18,
    )
    described = chart.properties(
        title=heading,
        background=theme.paper,
        padding={"left": 34, "top": 18, "right": 38, "bottom": 18},
        description=". ".join([title, *told]),
        usermeta={"sentences": told},
    )
    configured: AnyChart = (
        described.configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=theme.ink,
            titleColor=theme.quiet,
            gridColor=theme.line,
            domainColor=theme.line,
            tickColor=theme.line,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor=theme.ink,
            titleColor=theme.quiet,
            symbolSize=110,
            titleFontWeight="normal",
            columnPadding=20,
        )
    )
    return configured


def _wrapped(texts: Sequence[str], width: int, size: float) -> list[str]:
    """Break texts into lines that have room: no word of a finding is cut off."""
    letters = int(width / (_LETTER * size))
    return [line for text in texts for line in textwrap.wrap(text, letters) or [text]]


def _title(text: str, width: int, size: float) -> str | list[str]:
    lines = _wrapped([text], width, size)
    return lines[0] if len(lines) == 1 else lines


def layered(
    layers: Sequence[Any], *, width: Any, height: Any, title: Any = None, data: Any = None
) -> alt.LayerChart:
    """Put marks over each other."""
    import altair as alt

    return alt.LayerChart(
        layer=list(layers),
        data=alt.Undefined if data is None else data,
        width=width,
        height=height,
        title=alt.Undefined if title is None else title,
    )


def name_axis(theme: Theme, *, labels: bool = True, limit: int = NAME_WIDTH) -> Any:
    """Make the axis on which the stages stand."""
    import altair as alt

    return alt.Axis(
        title=None,
        domain=False,
        ticks=False,
        labels=labels,
        labelFontSize=12.5,
        labelColor=theme.ink,
        labelLimit=limit,
        labelPadding=8,
    )


def legend(title: str | None = None) -> Any:
    """Make a legend below the chart, whatever marks it is of."""
    import altair as alt

    return alt.Legend(title=title, orient="bottom", symbolType="square", symbolOpacity=1)


def groups_of(table: pd.DataFrame, by: Sequence[str], most: int) -> list[tuple[str, pd.DataFrame]]:
    """Split a table by its breakdown, each group with what people read of it."""
    if not by:
        return [("", table)]
    grouped = table.groupby(list(by), sort=False, dropna=False, observed=True)
    if grouped.ngroups > most:
        raise SchemaError(
            f"a chart has room for {most} groups, the table has {grouped.ngroups:,}; filter it "
            f"first, for example table[table[{by[0]!r}].isin([...])]"
        )
    return [(", ".join(map(value_label, values)), rows) for values, rows in grouped]


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Read the rows of a table, each as a mapping."""
    columns = {str(name): table[name].tolist() for name in table.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def columns_before(table: pd.DataFrame, name: str) -> list[str]:
    """Read which columns a table is broken down by: those before the first of its own."""
    return [str(one) for one in table.columns[: list(table.columns).index(name)]]


def panel_title(theme: Theme, text: str, sentences: Sequence[str] = (), *, width: int) -> Any:
    """Make the title of one panel of several."""
    import altair as alt

    return alt.TitleParams(
        _title(inert(text), width, 14),
        subtitle=_wrapped([inert(line) for line in sentences], width, 12),
        anchor="start",
        fontSize=14,
        subtitleFontSize=12,
        color=theme.ink,
        subtitleColor=theme.quiet,
    )
