"""The chart of skips: a bar for each stage, or a cell for each group and stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from ...tables.labels import value_labels
from ...tables.schema import SKIPS
from ...tables.skipping import LEAST_BASE, OnTheWay
from ...words import Language, tr
from ..heads import label
from ..numbers import count, percent, so_many
from ..remarks import of_stages_with_rows
from ..sentences import of_skips
from ..things import things_of
from .bars import Piece, Row, draw_rows, name_room, number_room
from .canvas import Canvas, rows_of
from .heat import Cell, draw_heat
from .intervals import interval_note, interval_of, percent_between
from .sheet import Sheet
from .style import SO_MANY, ThemeName, inert

_MOST_GROUPS = 60


def plot_skips(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw how often each stage is skipped on the way: by groups, a cell per group and stage.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.skips` with up to 60 groups.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        In each cell, or behind each bar, stands the rate by which :func:`stagefunnel.skips` ranks: the share
        of the items that went beyond the stage without a visit of it, where items that began beyond it do not
        count. Of fewer than 30 items there is no rate: a cell without a colour has the numbers, ``1 of 2``. A
        cell is empty if no item moved beyond the stage. Without groups, a bar is outlined where it is
        skipped.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 60 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_skips
    >>> shop = sf.datasets.furniture_shop()
    >>> chart = plot_skips(sf.skips(shop.log, shop.pipeline, by=None))
    >>> chart.to_dict()["title"]["text"][0]
    'Most often skipped: Discussion (554 of 1,339 that got past it, 41%; 131 more began'
    """
    canvas = Canvas.of(table, SKIPS, "skips()", theme, sort=False)
    table = canvas.table
    names = canvas.names_of(sorted(table["stage"].unique(), key=_place_in(table["stage"])))
    things = things_of(canvas.remembered)
    seen = of_stages_with_rows(table, canvas.remembered)
    title, *below = of_skips(seen, names.__getitem__, canvas.remembered)
    by = canvas.by_text
    below = [
        tr(
            "Skipped, of the {things} that got past a stage and did not begin beyond it{by}",
            things=things,
            by=by,
        ),
        *below,
    ]
    if not canvas.by:
        rows = _rows_of(table, names, things)
        if any(row.low is not None for row in rows):
            below += interval_note(canvas.remembered)
        elif "confidence" in canvas.remembered:
            below.append(tr("The intervals of the table are of all beyond a stage: point at a bar for them"))
        return canvas.drawn(lambda sheet: _draw_rows(sheet, rows), title, below, width=width)
    columns = [map(label, value_labels(table[name])) for name in canvas.by]
    groups = [inert(", ".join(values)) for values in zip(*columns, strict=True)]
    order = list(dict.fromkeys(groups))  # the table has the group with the highest rate first
    canvas.check_room(len(order), _MOST_GROUPS)
    cells = [
        Cell(
            group,
            names[row["stage"]],
            float(skipped / base) if base >= LEAST_BASE else float("nan"),
            percent(skipped / base)
            if base >= LEAST_BASE
            else tr("{skipped} of {base}", skipped=count(skipped), base=count(base)),
            {
                "group": group,
                "stage": names[row["stage"]],
                "skipped it": count(skipped),
                "of those beyond": count(base),
                "more that began beyond it": count(row["began_beyond"]),
                **_of_all_beyond(row),
            },
        )
        for group, row, skipped, base in zip(groups, rows_of(table), *OnTheWay.of_skips(table), strict=True)
        if base
    ]
    return canvas.drawn(
        lambda sheet: _draw_cells(sheet, cells, order, list(names.values())), title, below, width=width
    )


def _draw_cells(sheet: Sheet, cells: list[Cell], order: list[str], stages: list[str]) -> None:
    draw_heat(sheet, cells, order, stages, 0, 0, sheet.look.heat)


def _rows_of(table: pd.DataFrame, names: dict[Any, str], things: str) -> list[Row]:
    """Make a row of each stage in the pipeline's order: what passed it, and the outline of what did not."""
    place = {name: at for at, name in enumerate(names)}
    made = []
    for row, skipped, base in zip(rows_of(table), *OnTheWay.of_skips(table), strict=True):
        began = int(row["began_beyond"])
        own = {
            "stage": names[row["stage"]],
            tr("{things} beyond", things=things): count(base),
            "skipped it": count(skipped),
        }
        rate = skipped / base if base else 0.0
        note = tr("{skipped} of {base}", skipped=count(skipped), base=count(base)) + (
            so_many("; {n} more began beyond it", began) if began else ""
        )
        has_rate = base >= LEAST_BASE
        # The bounds are those of all beyond the stage, which the bar is of where none began there.
        sure = interval_of(row, "skip_rate") if has_rate and not began else None
        passed = Piece("moved" if has_rate else "early", 1 - rate if base else 0, {})
        made.append(
            (
                place[row["stage"]],
                Row(
                    names[row["stage"]],
                    (f"{percent(rate)} {sure.text()}" if sure else percent(rate)) if has_rate else "–",
                    [passed],
                    ghost=Piece("skipped", rate, {"part": so_many(SO_MANY["skipped"], skipped)}),
                    note=note if base or began else "",
                    low=1 - sure.high if sure else None,
                    high=1 - sure.low if sure else None,
                    about={**own, "more that began beyond it": count(began), **_of_all_beyond(row)},
                ),
            )
        )
    ranked = max((float(row.ghost.n) for _, row in made if row.ghost and row.number != "–"), default=0)
    return [
        replace(row, marked="skipped" if row.ghost and 0 < row.ghost.n == ranked else "")
        for _, row in sorted(made, key=lambda one: one[0])
    ]


def _of_all_beyond(row: Mapping[str, Any]) -> dict[str, str]:
    """Write the rate of the table with its bounds, of all beyond a stage, where the table has bounds."""
    has_bounds = interval_of(row, "skip_rate") is not None
    return {"skipped, of all beyond": percent_between(row, "skip_rate")} if has_bounds else {}


def _draw_rows(sheet: Sheet, rows: list[Row]) -> None:
    y = sheet.key(0, 0, {"moved": tr("passed it"), "skipped": tr("skipped it")}, sheet.width) + 6
    draw_rows(
        sheet, rows, 0, y, sheet.width, whole=1, names=name_room(rows, sheet), numbers=number_room(rows)
    )


def _place_in(stages: pd.Series) -> Callable[[Any], int]:
    """Return the place of each stage: in the categories of the column, otherwise in its order."""
    if isinstance(stages.dtype, pd.CategoricalDtype):
        return list(stages.cat.categories).index
    return list(stages.unique()).index
