"""The chart of two kinds of funnel, two periods or several groups side by side."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ...errors import SchemaError, advised, named
from ...tables.schema import COMPARISON, FUNNEL
from ...words import Language, begins, tr
from ..numbers import count, counted, percent, points
from ..period_sentences import ALL_THE_SAME, NameOf, of_comparison, of_series, series_of
from ..remarks import basis_of, of_stages_with_rows
from ..things import thing_of, things_of
from ..titles import KIND_TITLES
from ..unlike import LEAST_BASE, notes_of_funnels, why_not_compared
from .canvas import Canvas, Panels, rows_of
from .dots import Dot, draw_dots
from .groups import finding_of_groups, goal_of, why_groups_are_not_compared
from .heat import Cell, draw_heat
from .intervals import interval_note, interval_of, percent_between
from .sheet import Sheet
from .style import ThemeName, inert

_MOST_SERIES = 60
_FINDINGS: Final = (  # how a title that finds begins
    "Biggest change: {change_at}",
    "Furthest apart at {where}: {there}, {here}",
    "Largest difference: {change_at}",
    "No clear change between {before} and {now}",
    ALL_THE_SAME,
)


def plot_compare(
    table: pd.DataFrame,
    *,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw the share of all items that reached each stage: in two kinds, two periods or several groups.

    Two kinds or periods are a hollow and a filled dot for each stage, with the difference behind them, the
    largest first. Groups are a dot each at the share that reached the first won stage, the largest first,
    beside a line for all groups together, and below that a cell for each group and stage. Groups of fewer
    than 30 items are faint.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.compare_periods`, or one of :func:`stagefunnel.funnel` with
        ``kind="both"`` or, of one kind, with a breakdown of up to 60 groups.
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
        If the table is none of these, has no rows or has too many groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_compare
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.funnel(shop.log, shop.pipeline, kind="both")
    >>> plot_compare(table).to_dict()["title"]["text"]
    ['Furthest apart at Discussion: 68% (with conversions), 50% (classic)']
    """
    is_of_periods = isinstance(table, pd.DataFrame) and "reached_before" in table.columns
    columns, made_by = (
        (COMPARISON, "compare_periods()") if is_of_periods else (FUNNEL, "compare_periods() or funnel()")
    )
    canvas = Canvas.of(table, columns, made_by, theme)
    plain, series = _periods(canvas) if is_of_periods else _kinds_or_groups(canvas)
    about = [plain, *(basis_of(canvas.remembered) if is_of_periods else [])]
    names = canvas.names_of(canvas.stages())
    found = _sentences(canvas, series, names.__getitem__)
    things = things_of(canvas.remembered)
    if is_of_periods or canvas.by == ["kind"]:
        (before, one), (now, other) = series
        rows = _dots_of_two(one, other, names, inert(before), inert(now), thing_of(canvas.remembered))
        is_finding = bool(found) and begins(found[0], *_FINDINGS)
        title, below = (found[0], [*about, *found[1:]]) if is_finding else (plain, [*about[1:], *found])
        warned = None if is_finding else why_not_compared(found)
        if warned:
            title, below = warned[0], [*about, *warned[1]]
        if any(row.low is not None for row in rows):
            level = percent(float(canvas.remembered.get("confidence", 0.95)))
            below.append(
                tr(
                    "Thin lines with ends: {level} intervals of the difference, from the hollow dot on",
                    level=level,
                )
            )
        return canvas.drawn(
            lambda sheet: _draw_two(sheet, rows, inert(before), inert(now)), title, below, width=width
        )
    rows, all_at, stage = _dots_of_groups(series, names, things)
    cells = _cells_of_groups(series, names, things)
    if canvas.remembered.get("of_report", False):  # read at the stages, groups have no items of their own
        title, below = plain, found
    else:
        title = finding_of_groups(series, names, canvas.remembered)
        if not title:
            title, found = why_groups_are_not_compared(series, found, canvas.remembered)
        below = [plain, *found]
    below += interval_note(canvas.remembered) if any(row.low is not None for row in rows) else []
    order = [row.name for row in rows]
    all_text = tr("all groups: {all_at} reached {stage}", all_at=percent(all_at), stage=stage)
    return canvas.drawn(
        lambda sheet: _draw_groups(sheet, rows, all_at, all_text, cells, order, list(names.values())),
        title,
        below,
        width=width,
    )


def _sentences(canvas: Canvas, series: Panels, name_of: NameOf) -> list[str]:
    remembered = canvas.remembered
    if "reached_before" in canvas.table.columns:
        return of_comparison(of_stages_with_rows(canvas.remembering(), remembered), remembered, name_of)
    named = [(name, of_stages_with_rows(rows, remembered)) for name, rows in series]
    return of_series(named, name_of) if canvas.by == ["kind"] else notes_of_funnels(named, remembered)


def _kinds_or_groups(canvas: Canvas) -> tuple[str, Panels]:
    """Return the title of a funnel table, and the rows of each kind or of each group."""
    table, by = canvas.table, canvas.by
    if by == ["kind"]:
        series = [(KIND_TITLES[str(kind)], rows) for kind, rows in table.groupby("kind", observed=True)]
        if len(series) == 2:
            return tr("Funnel: {titles}", titles=tr(" and ").join(name for name, _ in series)), series
    if not by or by == ["kind"]:
        raise SchemaError(
            "one funnel has nothing to be compared with; give ", advised("kind", "both"), " or ", named("by")
        )
    if "kind" in by:
        raise SchemaError(
            'a breakdown of both kinds is too much for one chart; give table[table["kind"] == …]'
        )
    kind = str(canvas.remembered.get("kind", ""))
    return canvas.titled(tr("Funnel: {titles}", titles=KIND_TITLES.get(kind, kind))), canvas.groups(
        _MOST_SERIES
    )


def _periods(canvas: Canvas) -> tuple[str, Panels]:
    """Return the title of a comparison, and the rows of each period with the columns of a funnel."""
    if canvas.by:
        raise SchemaError("a comparison by groups is too much for one chart; give the rows of one group")
    now, before = map(str, canvas.remembered.get("called", ("now", "before")))
    kind = str(canvas.remembered.get("kind", ""))
    title = tr(
        "Funnel: {kind}, {now} compared with {before}",
        kind=KIND_TITLES.get(kind, kind),
        now=now,
        before=before,
    )
    return title, series_of(canvas.remembering())


def _dots_of_two(
    one: pd.DataFrame, other: pd.DataFrame, names: Mapping[Hashable, str], before: str, now: str, thing: str
) -> list[Dot]:
    """Make a row of each stage, the one with the largest difference first."""
    earlier = {row["stage"]: row for row in rows_of(one)}
    made: list[tuple[float, Dot]] = []
    for row in rows_of(other):
        was = earlier.get(row["stage"])
        if was is None:
            continue
        shares = (was["conversion_from_all"], row["conversion_from_all"])
        has_both = not any(pd.isna(share) for share in shares)
        difference = shares[1] - shares[0] if has_both else float("nan")
        about = {
            "stage": names[row["stage"]],
            now: tr(
                "{reached} of {base}",
                reached=count(row["reached"]),
                base=counted(row["base"], thing),
            ),
            before: tr(
                "{reached} of {base}",
                reached=count(was["reached"]),
                base=counted(was["base"], thing),
            ),
        }
        sure = interval_of(row, "conversion_from_all_difference") if has_both else None
        between = f" {sure.text(points)}" if sure else ""
        texts = " → ".join(percent(share) for share in shares)
        dot = Dot(
            names[row["stage"]],
            f"{texts}, {points(difference)}{between}" if has_both else texts,
            None if pd.isna(shares[1]) else float(shares[1]),
            None if pd.isna(shares[0]) else float(shares[0]),
            low=max(0.0, float(shares[0] + sure.low)) if sure else None,
            high=min(1.0, float(shares[0] + sure.high)) if sure else None,
            is_faint=min(row["base"], was["base"]) < LEAST_BASE,
            about=about,
        )
        made.append((-abs(difference) if has_both else 1.0, dot))
    return [dot for _, dot in sorted(made, key=lambda pair: pair[0])]


def _dots_of_groups(
    series: Panels, names: Mapping[Hashable, str], things: str
) -> tuple[list[Dot], float, str]:
    """Make a row of each group at the share that reached the first won stage, or the last stage there is."""
    label, found = goal_of(series)
    total = sum(base for _, _, base in found)
    # Read at the stages, groups have the base of the whole report, of which each has a share.
    all_at = sum(reached for _, reached, _ in found) / total if total else float("nan")
    stage = names[label]
    sure = {
        inert(group): interval_of(row, "conversion_from_all")
        for group, part in series
        for row in rows_of(part[part["stage"] == label])
    }
    bounds = [sure.get(group) for group, _, _ in found]
    rows_made = [
        Dot(
            group,
            tr(
                "{share} of {base}",
                share=(percent(reached / base) if base else "–") + (f" {own.text()}" if own else ""),
                base=count(base),
            ),
            reached / base if base else None,
            low=own and own.low,
            high=own and own.high,
            is_faint=base < LEAST_BASE,
            about={
                "group": group,
                tr("reached {stage}", stage=stage): count(reached),
                tr("all {things}", things=things): count(base),
            },
        )
        for (group, reached, base), own in zip(found, bounds, strict=True)
    ]
    return rows_made, all_at, stage


def _cells_of_groups(series: Panels, names: Mapping[Hashable, str], things: str) -> list[Cell]:
    return [
        Cell(
            inert(group),
            names[row["stage"]],
            row["conversion_from_all"],
            percent(row["conversion_from_all"]),
            {
                "group": inert(group),
                "stage": names[row["stage"]],
                "reached": count(row["reached"]),
                **_interval_about(row),
                tr("all {things}", things=things): count(row["base"]),
            },
        )
        for group, rows in series
        for row in rows_of(rows)
    ]


def _interval_about(row: Mapping[str, Any]) -> dict[str, str]:
    has_bounds = interval_of(row, "conversion_from_all") is not None
    return {"of all": percent_between(row, "conversion_from_all")} if has_bounds else {}


def _draw_two(sheet: Sheet, rows: Sequence[Dot], before: str, now: str) -> None:
    look = sheet.look
    sheet.point(6, 7, look.skipped, hollow=True, size=70)
    wide = sheet.text(16, 11, before, colour=look.quiet, room=sheet.width / 2 - 40)
    sheet.point(16 + wide + 24, 7, look.moved, size=110)
    sheet.text(16 + wide + 36, 11, now, colour=look.quiet, room=sheet.width / 2 - 40)
    draw_dots(sheet, rows, 22, from_zero=True)


def _draw_groups(
    sheet: Sheet,
    rows: Sequence[Dot],
    all_at: float,
    all_text: str,
    cells: Sequence[Cell],
    order: Sequence[str],
    stages: Sequence[str],
) -> None:
    at = None if pd.isna(all_at) else all_at
    y = draw_dots(sheet, rows, 0, all_at=at, all_text=all_text, from_zero=True)
    y = sheet.heading(0, y + 14, tr("Share of all that reached each stage"), [], sheet.width) + 6
    draw_heat(sheet, cells, order, stages, 0, y, sheet.look.heat)
