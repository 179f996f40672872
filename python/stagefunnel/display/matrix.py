"""A trend as a matrix: the periods across, and down the stages or the groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from ..errors import SchemaError, did_you_mean, given, named, quoted
from ..tables.labels import columns_before, period_label, value_label
from ..tables.schema import BOTH, FLOW, FUNNEL, SEQUENCE_TREND
from ..words import tr
from .cells import cell_writer, is_number
from .grid import Grid
from .heads import head
from .numbers import NOTHING
from .period_rows import PeriodRows
from .period_sentences import immature, sides_of_periods
from .restored import restored
from .sentences import stage_namer
from .sequence_sentences import sequence_title
from .shown import Shown
from .titles import KIND_TITLES
from .unlike import PART, listed

_MARK: Final = "*"


def show_matrix(table: pd.DataFrame, remembered: Mapping[str, Any], column: str) -> Shown:
    """Show one column of a trend with the periods across.

    Parameters
    ----------
    table
        A table of ``funnel_by_period``, ``sequence_trend``, or ``flow`` with ``every``.
    remembered
        Its ``attrs["stagefunnel"]``.
    column
        The column whose numbers are shown.
    """
    has_periods = "period" in table.columns
    kind = next(
        (
            kind
            for kind in _KINDS
            if {*kind.columns} <= {*table.columns} and (has_periods or not kind.has_stages)
        ),
        None,
    )
    if kind is None:
        raise SchemaError(
            given("matrix", column),
            " needs a table with periods, as funnel_by_period, sequence_trend and flow with ",
            named("every"),
            " give it",
        )
    numbers = [str(name) for name in table.columns if is_number(table[name])]
    if column not in numbers:
        raise SchemaError(
            given("matrix", column),
            f" is not a column of numbers; there are {quoted(numbers, most=20)}",
            did_you_mean(column, numbers),
        )
    table = restored(table, kind.columns, kind.made_by)
    keys = [
        name for name in columns_before(table, "stage" if kind.has_stages else "entered") if name != "period"
    ]
    keys += ["stage"] if kind.has_stages else []
    notes, marked = kind.notes_of(table, remembered)
    grid = _grid(table, keys, column, marked, stage_namer(remembered.get("names", {})))
    title = kind.title_of(remembered, head(column))
    return Shown(title, grid, [], [f"{_MARK} {note}" for note in notes])


def _grid(table: pd.DataFrame, keys: Sequence[Any], column: str, marked: set[str], name_of: Any) -> Grid:
    """Lay out a row for each value of the keys, and a column for each period."""
    write = cell_writer(column, table[column], name_of, None)
    periods = _periods(table["period"])
    labels = [map(name_of if name == "stage" else value_label, table[name]) for name in keys]
    rows = dict[tuple[str, ...], dict[str, str]]()
    for period, value, *key in zip(map(period_label, table["period"]), table[column], *labels, strict=True):
        rows.setdefault(tuple(key), {})[period] = write(value)
    return Grid(
        headings=[
            *(head(str(key)) for key in keys),
            *(f"{one}{_MARK}" if one in marked else one for one in periods),
        ],
        is_text=[True] * len(keys) + [False] * len(periods),
        rows=[[*key, *(cells.get(one, NOTHING) for one in periods)] for key, cells in rows.items()],
        breaks=_ends_of_groups(list(rows)) if "stage" in keys else set(),
        # The oldest periods have the least to say.
        spare=list(range(len(keys), len(keys) + len(periods) - 1)),
    )


def _periods(column: pd.Series) -> list[str]:
    """List the periods; one between two others in which there is no group has its place too."""
    if isinstance(column.dtype, pd.PeriodDtype) and len(column):
        return [period_label(one) for one in pd.period_range(column.min(), column.max())]
    return list(dict.fromkeys(map(period_label, column)))


def _ends_of_groups(rows: Sequence[tuple[str, ...]]) -> set[int]:
    """Find the last stage of each group but the last."""
    return {i for i in range(len(rows) - 1) if rows[i][:-1] != rows[i + 1][:-1]}


def _of_funnels(table: pd.DataFrame, remembered: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    """Name the periods that are covered in part, and those of which more is open than of earlier ones."""
    sides = sides_of_periods(PeriodRows.of(table), remembered)
    partial = [side.name for side in sides if side.is_partial]
    flags = immature(sides, remembered)
    young = [
        side.name for side, is_young in zip(sides, flags, strict=True) if is_young and not side.is_partial
    ]
    what = (
        tr("Not covered whole, or with too recent items")
        if "within" in remembered
        else tr(PART).split("{")[0].rstrip(": \N{NO-BREAK SPACE}")
    )
    notes = [tr("{what}: {partial}", what=what, partial=listed(partial))] if partial else []
    notes += [tr("More is still open than in earlier periods: {young}", young=listed(young))] if young else []
    return notes, {*partial, *young}


def _of_sequences(table: pd.DataFrame, remembered: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    """Name the periods that are covered in part, and those in which a window is not over."""
    covered = [period_label(one) for one in remembered.get("partly_covered", ())]
    names = list(dict.fromkeys(map(period_label, table["period"])))
    partial = [name for name in names if name in covered]
    is_young = table["mature"] < table["entered"]
    of_young = (
        {*map(period_label, table["period"][is_young])}
        if remembered.get("window") is not None
        else set[str]()
    )
    young = [name for name in names if name in of_young and name not in partial]
    notes = [tr(PART, names=listed(partial))] if partial else []
    notes += [tr("With windows that are not over: {young}", young=listed(young))] if young else []
    return notes, {*partial, *young}


def _title_of_funnels(remembered: Mapping[str, Any], name: str) -> str:
    kind = str(remembered.get("kind", ""))
    kinds = BOTH if kind == "both" else (kind,)
    return tr(
        "Funnel: {kinds}, {name} by period",
        kinds=tr(" and ").join(KIND_TITLES.get(one, one) for one in kinds),
        name=name,
    )


class _Kind(NamedTuple):
    """A table with periods: its columns, whether stages go down, its notes and marked periods, its title."""

    columns: Sequence[str]
    made_by: str
    has_stages: bool
    notes_of: Callable[[pd.DataFrame, Mapping[str, Any]], tuple[list[str], set[str]]]
    title_of: Callable[[Mapping[str, Any], str], str]


_KINDS: Final = (
    _Kind(FUNNEL, "funnel_by_period()", True, _of_funnels, _title_of_funnels),
    _Kind(
        FLOW, "flow()", True, lambda *_: ([], set()), lambda _, name: tr("Flow: {name} by period", name=name)
    ),
    _Kind(
        SEQUENCE_TREND,
        "sequence_trend()",
        False,
        _of_sequences,
        lambda remembered, name: tr(
            "{sequence_title}: {name}", sequence_title=sequence_title(remembered), name=name
        ),
    ),
)
