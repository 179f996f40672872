"""The charts of differences with their intervals: of groups, of two periods, of values that go with wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ...errors import Option, SchemaError, advised
from ...tables.labels import columns_before, value_label
from ...tables.schema import COMPARED_GROUPS, COMPARISON, DRIVERS
from ...words import Language, begins, tr
from ..comparing_sentences import is_clear, of_compared_groups, of_drivers
from ..extremes import group_names
from ..heads import label
from ..numbers import count, p_value, percent
from ..remarks import basis_of
from ..sentences import answers, stage_namer
from ..things import things_of
from ..titles import KIND_TITLES, TITLES
from ..unlike import AGE, NOTES, PART, why_not_compared
from .canvas import Canvas, rows_of
from .gaps import MOST_ROWS, Gap, clearest, draw_clear_key, draw_gaps, number_of
from .sheet import Sheet
from .style import ThemeName, inert

_ENDS: Final = ("difference_low", "difference_high")
_BOUNDS: Final = tuple(f"conversion_from_all_{end}" for end in _ENDS)


def plot_differences(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw differences of shares with their intervals, the largest first, around a line at nothing.

    A difference is green or orange where chance alone does not make it (`p_adjusted` below 5%, and both
    sides have 30 items or more), and faint where it may. Of more than 24 the clearest are drawn. Where sides
    are unlike in age, or the log covers one only in part, the title warns of that.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.compare_groups`, or of :func:`stagefunnel.compare_periods` with
        ``confidence=``.
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
        If the table is of another function, has no rows, or has no bounds.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_differences
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.compare_groups(shop.log, shop.pipeline, by="source")
    >>> plot_differences(table).to_dict()["title"]["text"]
    ['Not to be compared yet: 19% of (missing) is still open, 11% of Exhibition']
    """
    is_of_periods = isinstance(table, pd.DataFrame) and "reached_before" in table.columns
    if is_of_periods:
        if not {*_BOUNDS, "p_adjusted"} <= {*table.columns}:
            raise SchemaError(
                "the table has no bounds of its differences; make it with ",
                Option("confidence", "0.95", "0.95"),
                " and ",
                advised("basis", "created"),
            )
        canvas = Canvas.of(table, COMPARISON, "compare_periods()", theme)
        return _of_periods(canvas, width)
    made_by = "compare_groups() or compare_periods()"
    canvas = Canvas.of(table, COMPARED_GROUPS, made_by, theme)
    return _of_groups(canvas, width)


def plot_drivers(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw which values go with winning: the difference of each from the rest, with its interval.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.drivers`.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart
        The values with the largest difference above that of the rest first; those that may be chance, or of
        fewer than 30 items, are faint. Of more than 24 the clearest are drawn.

    Raises
    ------
    SchemaError
        If the table is of another function, or has no rows.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_drivers
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.drivers(shop.log, shop.pipeline, ["source"], static=["source"])
    >>> plot_drivers(table).to_dict()["title"]["text"]
    ['No value clearly goes with winning or losing.']
    """
    canvas = Canvas.of(table, DRIVERS, "drivers()", theme, sort=False)
    things = things_of(canvas.remembered)
    columns = {str(name) for name in canvas.table["column"]}
    clear = is_clear(canvas.table, canvas.remembered, ["n"]).tolist()
    rows = [
        _gap(
            _name_of_value(row, columns),
            row,
            (row["conversion"], row["conversion_rest"]),
            (int(row["n"]), None),
            certain=certain,
            about={str(row["column"]): label(value_label(row["value"]))},
            things=things,
        )
        for row, certain in zip(rows_of(canvas.table), clear, strict=True)
    ]
    found = of_drivers(canvas.table, canvas.remembered)
    plain = TITLES["drivers"]
    sides = (tr("won less often than the rest"), tr("won more often than the rest"))
    return _drawn(canvas, rows, found, plain, sides, width, warns=False)


def _name_of_value(row: Mapping[str, Any], columns: set[str]) -> str:
    value = label(value_label(row["value"]))
    return inert(value if len(columns) == 1 else tr("{column}: {value}", column=row["column"], value=value))


def _of_groups(canvas: Canvas, width: int | None) -> Any:
    remembered = canvas.remembered
    names = canvas.names_of(canvas.stages())
    things = things_of(remembered)
    by = columns_before(canvas.table, "stage")
    clear = is_clear(canvas.table, remembered).tolist()
    groups = map(inert, group_names(canvas.table, by)) if by else [""] * len(clear)
    rows = []
    for row, certain, group in zip(rows_of(canvas.table), clear, groups, strict=True):
        name = " · ".join(filter(None, [group, names[row["stage"]]]))
        about = {"step to": names[row["stage"]], **({"group": group} if group else {})}
        shares = (row["conversion_a"], row["conversion_b"])
        sizes = (int(row["n_a"]), int(row["n_b"]))
        rows.append(_gap(name, row, shares, sizes, certain=certain, about=about, things=things))
    found = of_compared_groups(canvas.table, stage_namer(remembered.get("names", {})), remembered)
    a, b = _sides(remembered, by)
    sides = (tr("{a} gets fewer on than {b}", a=a, b=b), tr("{a} gets more on than {b}", a=a, b=b))
    return _drawn(canvas, rows, found, canvas.titled(TITLES["compared_groups"]), sides, width)


def _sides(remembered: Mapping[str, Any], by: Sequence[Any]) -> tuple[str, str]:
    sides = remembered.get("sides", ())
    if by or len(sides) != 1:
        return tr("a group"), tr("the rest")
    return inert(sides[0][0]), inert(sides[0][1] or tr("the rest"))


def _of_periods(canvas: Canvas, width: int | None) -> Any:
    remembered = canvas.remembered
    names = canvas.names_of(canvas.stages())
    by = columns_before(canvas.table, "stage")
    now, before = (inert(str(name)) for name in remembered.get("called", ("now", "before")))
    table = canvas.table.rename(
        columns={f"conversion_from_all_{name}": name for name in ("difference", *_ENDS)}
    )
    clear = is_clear(table, remembered, ["base", "base_before"]).tolist()
    groups = map(inert, group_names(table, by)) if by else [""] * len(clear)
    rows = []
    for row, certain, group in zip(rows_of(table), clear, groups, strict=True):
        name = " · ".join(filter(None, [group, names[row["stage"]]]))
        shares = (row["conversion_from_all"], row["conversion_from_all_before"])
        sizes = (int(row["base"]), int(row["base_before"]))
        about = {"stage": names[row["stage"]], **({"group": group} if group else {})}
        made = _gap(name, row, shares, sizes, certain=certain, about=about, things=things_of(remembered))
        rows.append(made)
    found = answers(canvas.remembering(), remembered)
    kind = str(remembered.get("kind", ""))
    plain = canvas.titled(
        tr(
            "Funnel: {kind}, {now} compared with {before}",
            kind=KIND_TITLES.get(kind, kind),
            now=now,
            before=before,
        )
    )
    sides = (tr("fewer of all in {now}", now=now), tr("more of all in {now}", now=now))
    return _drawn(canvas, rows, found, plain, sides, width, basis_of(remembered))


def _gap(
    name: str,
    row: Mapping[str, Any],
    shares: tuple[float, float],
    sizes: tuple[int, int | None],
    *,
    certain: bool,
    about: Mapping[str, Any],
    things: str,
) -> Gap:
    a, b = (percent(share) for share in shares)
    detail = tr("{a} of {sizes}, {b}", a=a, sizes=count(sizes[0]), b=b) + (
        tr(" of {sizes}", sizes=count(sizes[1])) if sizes[1] is not None else ""
    )
    p = row.get("p_adjusted")
    known = row.get("p_value", p)
    more = {things: detail, tr("p, adjusted"): p_value(p)}
    return Gap(
        name,
        detail,
        number_of(row["difference"]),
        number_of(row["difference_low"]),
        number_of(row["difference_high"]),
        certain,
        1.0 if pd.isna(known) else float(known),
        {**about, **more},
    )


def _drawn(
    canvas: Canvas,
    rows: Sequence[Gap],
    found: Sequence[str],
    plain: str,
    sides: tuple[str, str],
    width: int | None,
    about: Sequence[str] = (),
    *,
    warns: bool = True,
) -> Any:
    """Draw the rows below the sentence that states the finding, or warns that sides are unlike."""
    shown = clearest(rows)
    unlike = [line for line in found if warns and begins(line, AGE, PART)]
    warned = why_not_compared(unlike)
    if warned:
        finding, kept = warned
        rest = [line for line in found if line not in unlike or line in kept]
    else:
        finding = next((line for line in found if not begins(line, *NOTES)), "")
        rest = [line for line in found if line != finding]
    below = [plain, *about, *rest] if finding else [*about, *rest]
    if len(shown) < len(rows):
        below.append(
            tr(
                "The {most_rows} clearest of {rows} differences are drawn",
                most_rows=MOST_ROWS,
                rows=count(len(rows)),
            )
        )

    def draw(sheet: Sheet) -> None:
        y = draw_clear_key(sheet) if any(not row.is_clear for row in shown) else 0.0
        draw_gaps(sheet, shown, y, left=sides[0], right=sides[1])

    return canvas.drawn(draw, finding or plain, below, width=width)
