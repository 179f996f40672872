"""The chart of bottlenecks: where most is lost beside where fewer losses would gain most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ...tables.schema import BOTTLENECKS
from ...words import Language, Words, begins, mark, tr
from ..bottleneck_sentences import gain_of, of_bottlenecks, worth_most
from ..extremes import with_ties
from ..lost_stage import can_lose
from ..numbers import brief, count, length, percent, points, without_points
from ..sentences import stage_namer
from ..things import things_of
from ..titles import TITLES
from ..unlike import LEAST_BASE
from .bars import Piece, Row, draw_rows, name_room, number_room
from .canvas import Canvas, rows_of
from .gaps import number_of
from .sheet import Sheet
from .style import Meaning, ThemeName, inert

_MOST_GROUPS: Final = 12
_GAP: Final = 34
_WORDS: Final[Mapping[Meaning, str]] = Words(
    {
        "lost": mark("lost here"),
        "won": mark("to be gained"),
        "early": mark("to be gained, of fewer than 30 visits"),
        "skipped": mark("with no losses at all"),
    }
)


@dataclass(frozen=True)
class Panel:
    """A group: its losses and its gains, stage by stage."""

    heading: str
    losses: Sequence[Row]
    gains: Sequence[Row]


def plot_bottlenecks(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw how many are lost in each stage, beside how much the win rate would rise without these losses.

    The two need not have their largest bar in the same stage: who is saved early may be lost later. A gain
    that is read off fewer than 30 visits that ended is faint.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.bottlenecks`, with up to 12 groups. With ``benchmark=`` the bar is what
        the losses of the benchmark would gain, and an outline what no losses at all would.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_bottlenecks
    >>> shop = sf.datasets.furniture_shop()
    >>> chart = plot_bottlenecks(sf.bottlenecks(shop.log, shop.pipeline))
    >>> " ".join(chart.to_dict()["title"]["text"]).split(". ")[0]
    'Most losses are in Prepayment invoice: 50%'
    """
    canvas = Canvas.of(table, BOTTLENECKS, "bottlenecks()", theme)
    remembered = canvas.remembered
    names = canvas.names_of(canvas.stages())
    things = things_of(remembered)
    groups = canvas.groups(_MOST_GROUPS)
    panels = [_panel(inert(group), rows, names, remembered) for group, rows in groups]
    found = of_bottlenecks(canvas.table, stage_namer(remembered.get("names", {})), remembered)
    plain = canvas.titled(TITLES["bottlenecks"].replace("{items}", things))
    of_panels: list[str] = []
    if canvas.by:
        title, below = _of_groups(panels, plain), [plain, *found[-1:]]
        of_panels = found[:-1]
    elif len(found) > 1:
        n = 2 if begins(found[1], "But most is to be gained", "Most is to be gained there") else 1
        title, below = " ".join(found[:n]), found[n:]
    else:
        title, below = (found[0] if found else plain), []
    rates = remembered.get("win_rate", ())
    if found and can_lose(remembered) and len(rates) == 1 and not pd.isna(rates[0]):
        below = [tr("Win rate as the moves have it: {rates}", rates=percent(rates[0])), *below]
    heads = _headings(canvas.table)
    return canvas.drawn(
        lambda sheet: _draw(sheet, panels, heads), title, below, width=width, of_panels=of_panels
    )


def _headings(table: pd.DataFrame) -> tuple[str, str]:
    what = (
        tr("with the losses of the benchmark")
        if gain_of(table) == "benchmark_gain"
        else tr("without these losses")
    )
    return tr("Lost here"), tr("Points of win rate gained {what}", what=what)


def _of_groups(panels: Sequence[Panel], plain: str) -> str:
    """Say where most is to be gained in most of the groups."""
    best = Counter(row.name for panel in panels for row in panel.gains if row.marked)
    if not best:
        return plain
    stage, n = best.most_common(1)[0]
    values = pd.Series([*best.values()])
    of = (
        tr("all {panels} groups", panels=len(panels))
        if n == len(panels)
        else tr("{n} of {panels} groups", n=n, panels=len(panels))
    )
    return with_ties(tr("Most is to be gained in {stage} in {of}", stage=stage, of=of), values)


def _panel(
    heading: str, table: pd.DataFrame, names: Mapping[Any, str], remembered: Mapping[str, Any]
) -> Panel:
    rows = rows_of(table)
    gain = gain_of(table)
    working_day = remembered.get("working_day")
    most_lost = max((row["n_lost"] for row in rows), default=0)
    best = worth_most(table, gain)
    losses, gains = [], []
    for at, row in enumerate(rows):
        name = names[row["stage"]]
        value, removal = number_of(row[gain]), number_of(row["removal_gain"])
        about = {
            "stage": name,
            "lost": tr(
                "{n_lost}, {loss_probability} of visits that ended",
                n_lost=count(row["n_lost"]),
                loss_probability=percent(row["loss_probability"]),
            ),
            "gain without losses": points(row["removal_gain"]),
            "median time": length(row["median_time"], working_day),
            "open": count(row["n_open"]),
        }
        if gain == "benchmark_gain":
            about["gain with the benchmark"] = points(row["benchmark_gain"])
        of_losses = percent(row["share_of_losses"])
        losses.append(
            Row(
                name,
                f"{brief(row['n_lost'])} · {of_losses}" if row["n_lost"] else "none",
                [Piece("lost", float(row["n_lost"]), {})],
                marked="most" if most_lost and row["n_lost"] == most_lost else "",
                about=about,
            )
        )
        shown = max(value or 0.0, 0.0)
        beyond = max((removal or 0.0) - shown, 0.0) if gain == "benchmark_gain" else 0.0
        gains.append(
            Row(
                name,
                "–" if value is None else without_points(points(value)),
                [Piece("won" if _n_ended(row) >= LEAST_BASE else "early", shown, {})],
                ghost=Piece("skipped", beyond, {}) if beyond else None,
                marked="most" if at in best else "",
                about=about,
            )
        )
    return Panel(heading, losses, gains)


def _n_ended(row: Mapping[str, Any]) -> float:
    """Return how many visits of a stage ended, as its losses and their share say; at least these."""
    loss = number_of(row["loss_probability"])
    return float(row["n_lost"]) / loss if loss else float("inf")


def _draw(sheet: Sheet, panels: Sequence[Panel], heads: tuple[str, str]) -> None:
    every = [row for panel in panels for row in panel.gains]
    losses = [row for panel in panels for row in panel.losses]
    used = {piece.meaning for row in [*every, *losses] for piece in row.pieces if piece.n}
    used |= {"skipped"} if any(row.ghost for row in every) else set()
    words = {meaning: word for meaning, word in _WORDS.items() if meaning in used}
    y = sheet.key(0, 0, words, sheet.width) if words else 0.0
    names = name_room(every, sheet)
    for panel in panels:
        if panel.heading:
            y = sheet.heading(0, y + 4, panel.heading, [], sheet.width)
        y = _draw_panel(sheet, panel, panels, heads, names, y + 4) + 12


def _draw_panel(
    sheet: Sheet,
    panel: Panel,
    panels: Sequence[Panel],
    heads: tuple[str, str],
    names: float,
    y: float,
) -> float:
    """Draw losses at the left and gains at the right, or below where it is narrow."""
    wide = sheet.width if sheet.is_narrow else (sheet.width - names - _GAP) / 2
    sides = ((0.0, names), (0.0 if sheet.is_narrow else names + wide + _GAP, 0.0))
    top = end = y
    if not sheet.is_narrow:  # rows of both sides stand beside each other
        ends = [
            sheet.heading(x + own, y, head, [], wide) for (x, own), head in zip(sides, heads, strict=True)
        ]
        top = max(ends) + 2
    for side, (x, own) in enumerate(sides):
        rows = (panel.losses, panel.gains)[side]
        of_all = [row for one in panels for row in (one.losses, one.gains)[side]]
        if sheet.is_narrow:
            top = sheet.heading(0, end + (8 if side else 0), heads[side], [], wide) + 2
        bottom = draw_rows(
            sheet,
            rows,
            x,
            top,
            own + wide,
            whole=max([row.total + (row.ghost.n if row.ghost else 0.0) for row in of_all] + [1e-9]),
            names=own,
            numbers=number_room(of_all),
            shows_names=side == 0 or sheet.is_narrow,
        )
        end = max(end, bottom)
    return end
