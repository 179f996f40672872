"""A funnel as a grid: the kinds side by side, one block of rows for each group, and sentences around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from ..tables.labels import columns_before, group_label
from ..tables.schema import AMOUNTS, BOTH
from ..words import Words, mark, tr, trc, trn
from .cells import with_bounds
from .extremes import group_name
from .folding import spare_columns
from .grid import Grid
from .heads import group_word, head
from .lost_stage import can_lose
from .money_sentences import notes_of_value, of_value
from .numbers import count, counted, more_groups, number, percent
from .outcomes import recorded_outcomes
from .period_sentences import of_periods
from .remarks import of_won_with_rows
from .restored import is_whole, marked_optional
from .sentences import findings, stage_namer
from .shown import Shown
from .standing import standing, standings
from .things import thing_of, things_of
from .titles import KIND_TITLES
from .unlike import notes_of_funnels

_MOST_GROUPS = 20
_MOST_GROUPS_WITH_FINDINGS = 6
_HEADINGS = Words(
    {
        "reached": mark("reached"),
        "assumed": mark("assumed"),
        "conversion_from_all": mark("of all"),
        "conversion_from_previous": mark("of previous"),
        "skipped": mark("skipped"),
        "began_beyond": mark("began\nbeyond"),
        "lost_from": mark("lost\nhere"),
        "open_at": mark("open\nhere"),
        "amount": mark("amount"),
        "amount_missing": mark("no amount"),
        "amount_conversion": mark("of value"),
    }
)
_SHARED = ("skipped", "began_beyond", "lost_from", "open_at")  # columns that are equal for all kinds


@dataclass(frozen=True)
class _Funnel:
    """A funnel table taken apart.

    Attributes
    ----------
    by
        Columns of the breakdown.
    blocks
        For each kind: the rows of its groups.
    columns
        For each kind: the columns that it shows.
    names
        What people read for a stage.
    marked_names
        The same, with the optional stages marked.
    shared
        The columns that stand once for all kinds.
    """

    by: list[Any]
    blocks: dict[str, list[pd.DataFrame]]
    columns: dict[str, list[str]]
    names: Mapping[str, str]
    marked_names: Mapping[str, str]
    shared: list[str]

    @property
    def first_blocks(self) -> list[pd.DataFrame]:
        """The groups of the first kind: those that are shown."""
        return next(iter(self.blocks.values()))


def show_funnel(
    table: pd.DataFrame, remembered: Mapping[str, Any], *, what: str = "", also: Sequence[str] = ()
) -> Shown:
    """Show a funnel.

    Parameters
    ----------
    table
        A table with the columns of a funnel.
    remembered
        Its ``attrs["stagefunnel"]``.
    what
        First word of the title.
    also
        Further sentences to stand below the grid.
    """
    table = table.copy(deep=False)
    table.attrs = {}  # pandas copies them with every step
    funnel = _taken_apart(table, remembered)
    kinds = list(funnel.blocks)
    above, below = _sentences(funnel, remembered)
    if funnel.by[:1] == ["period"] and len(kinds) == 1:
        won = of_won_with_rows(table, remembered)
        below += of_periods(won, remembered, stage_namer(funnel.names), funnel.by[1:])
    elif funnel.by and "part" not in funnel.by:
        below += notes_of_funnels(
            [(group_name(rows, funnel.by), rows) for rows in funnel.first_blocks], remembered
        )
    below += _of_length(table, remembered)
    titles = tr(" and ").join(KIND_TITLES.get(kind, kind) for kind in kinds)
    title = tr("{what}: {titles}", what=what or tr("Funnel"), titles=titles)
    return Shown(title, _grid(funnel), above, [*below, *also])


def _of_length(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say for how long items were followed, until when they were seen, and how many are left out for that."""
    within = remembered.get("within")
    if within is None or "too_recent" not in table:
        return []
    by = [name for name in columns_before(table, "stage") if name != "kind"]
    rows = table[table["stage"] == table["stage"].iloc[0]] if len(table) else table
    # The parts of a chain have the same leads, and groups that are read at a stage the whole report.
    is_of_all = not by or "part" in by or remembered.get("of_report", False)
    n = int((rows.head(1) if is_of_all else rows.drop_duplicates([*by]))["too_recent"].sum())
    thing = thing_of(remembered)
    left_out = trn(
        "{n} too recent for that is left out", "{n} too recent for that are left out", n, n=counted(n, thing)
    )
    return [
        tr(
            "Each {thing} is followed for {within} from its first row; observed until {until}{so}",
            thing=thing,
            within=within,
            until=remembered.get("observed_until", ""),
            so=tr(", so that {left_out}", left_out=left_out) if n else "",
        )
    ]


def _taken_apart(table: pd.DataFrame, remembered: Mapping[str, Any]) -> _Funnel:
    by = [name for name in columns_before(table, "stage") if name != "kind"]
    if "kind" in table.columns:
        present = [kind for kind in BOTH if (table["kind"] == kind).any()] or BOTH[:1]
        parts = {kind: table[table["kind"] == kind] for kind in present}
    else:
        parts = {remembered.get("kind", "classic"): table}
    return _Funnel(
        by,
        {kind: _blocks(part, by) for kind, part in parts.items()},
        {kind: _columns(kind, part) for kind, part in parts.items()},
        remembered.get("names", {}),
        marked_optional(remembered.get("names", {}), remembered),
        [name for name in _SHARED if name != "began_beyond" or table[name].any()],
    )


def _blocks(part: pd.DataFrame, by: list[Any]) -> list[pd.DataFrame]:
    """Split a table of one kind into its groups."""
    if not by:
        return [part]
    return [rows for _, rows in part.groupby(by, sort=False, dropna=False, observed=True)]


def _columns(kind: str, part: pd.DataFrame) -> list[str]:
    columns = ["reached"]
    if kind in ("conversions", "furthest"):
        columns.append("assumed")
    columns.append("conversion_from_all")
    if kind in ("furthest", "strict"):
        # Only in these kinds does a stage that is always asked for never have more than the one before it.
        columns.append("conversion_from_previous")
    return columns + [name for name in (*AMOUNTS, "amount_conversion") if name in part.columns]


def _grid(funnel: _Funnel) -> Grid:
    """Lay the kinds side by side, one block of rows per group."""
    headings = list(_headings(funnel))
    n_texts = len(funnel.by) + 1
    grid = Grid(headings, [True] * n_texts + [False] * (len(headings) - n_texts))
    names = [name for columns in funnel.columns.values() for name in columns] + funnel.shared
    grid.spare = spare_columns([*map(str, funnel.by), "stage", *names], "funnel", n_keys=n_texts)
    n_groups = len(funnel.first_blocks)
    for group, rows in enumerate(funnel.first_blocks[:_MOST_GROUPS], start=1):
        grid.rows += _cells(funnel, rows)
        start = len(grid.rows) - len(rows)
        grid.breaks.update(start + i for i in _ends_of_open_stages(rows))
        if group < n_groups:
            grid.breaks.add(len(grid.rows) - 1)
    return grid


def columns_of_grid(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the kind and the column of the funnel that each column of its grid shows."""
    table = table.copy(deep=False)
    table.attrs = {}  # pandas copies them with every step
    funnel = _taken_apart(table, remembered)
    kinds = list(funnel.columns)
    leading = [(kinds[0], str(name)) for name in (*funnel.by, "stage")]
    of_kinds = [(kind, name) for kind, names in funnel.columns.items() for name in names]
    return [*leading, *of_kinds, *((kinds[0], name) for name in funnel.shared)]


def _headings(funnel: _Funnel) -> Iterator[str]:
    yield from (*(head(str(name)) for name in funnel.by), head("stage"))
    for kind, columns in funnel.columns.items():
        above = f"{trc('kind', kind)}\n" if len(funnel.columns) > 1 else ""
        yield above + _HEADINGS[columns[0]]
        yield from (_HEADINGS[column] for column in columns[1:])
    yield from (_HEADINGS[column] for column in funnel.shared)


def _cells(funnel: _Funnel, rows: pd.DataFrame) -> list[list[str]]:
    """Write the rows of one group, with the numbers of all kinds."""
    name_of = stage_namer(funnel.marked_names)
    # One kind may leave out a group altogether, so groups match by their values and not by their place.
    of_kind = {kind: _same_group(blocks, rows, funnel.by) for kind, blocks in funnel.blocks.items()}
    blank = [""] * len(rows)
    columns = [[group_word(name, rows[name].iloc[0]), *blank[1:]] for name in funnel.by]
    columns.append([name_of(stage) for stage in rows["stage"].tolist()])
    for kind, names in funnel.columns.items():
        block = of_kind[kind]
        columns += [_column(block, name) if block is not None else blank for name in names]
    columns += [_column(rows, name) for name in funnel.shared]
    return [list(row) for row in zip(*columns, strict=True)]


def _same_group(blocks: list[pd.DataFrame], rows: pd.DataFrame, by: list[Any]) -> pd.DataFrame | None:
    wanted, stages = group_label(rows, by), rows["stage"].tolist()
    for block in blocks:
        if block is rows or (group_label(block, by) == wanted and block["stage"].tolist() == stages):
            return block
    return None


def _ends_of_open_stages(rows: pd.DataFrame) -> list[int]:
    """Find the rows of stages in progress before rows of other outcomes."""
    outcomes = rows["outcome"].tolist()
    pairs = enumerate(pairwise(outcomes))
    return [i for i, (here, following) in pairs if here == "open" and following != "open"]


def _column(rows: pd.DataFrame, name: str) -> list[str]:
    is_share = name.startswith("conversion") or name == "amount_conversion"
    write = percent if is_share else number if name == "amount" else count
    if name == "conversion_from_previous":
        rows = rows.assign(conversion_from_previous=rows[name].where(~(rows[name] > 1)))
    return with_bounds(write, rows, name)


def _sentences(funnel: _Funnel, remembered: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Compose the sentences above and below the grid."""
    outcomes = {kind: recorded_outcomes(remembered, kind, blocks) for kind, blocks in funnel.blocks.items()}
    of_all = {kind: of_groups[0] for kind, of_groups in outcomes.items() if of_groups}
    is_lossy = can_lose(remembered)
    above = [] if funnel.by else standings(of_all, thing_of(remembered), can_be_lost=is_lossy)
    below = []
    without = remembered.get("without_rows", ())
    n_groups = len(funnel.first_blocks)
    of_first_kind = next(iter(outcomes.values()))
    for rows, outcome in list(zip(funnel.first_blocks, of_first_kind, strict=True))[:_MOST_GROUPS]:
        prefix = tr("{rows}: ", rows=group_name(rows, funnel.by)) if funnel.by else ""
        is_lossy = can_lose(remembered, rows)
        if funnel.by and outcome is not None:
            below.append(f"{prefix}{standing(outcome, thing_of(remembered), can_be_lost=is_lossy)}")
        if n_groups <= _MOST_GROUPS_WITH_FINDINGS or not funnel.by:
            known = is_whole(rows, remembered)
            things = things_of(remembered)
            found = (
                findings(rows, outcome, funnel.names, without, things, can_be_lost=is_lossy) if known else []
            )
            found += of_value(rows, stage_namer(funnel.names), thing_of(remembered))
            below += [f"{prefix}{finding}" for finding in found]
    if n_groups > _MOST_GROUPS:
        below.append(more_groups(n_groups - _MOST_GROUPS))
    below += notes_of_value(remembered)
    return above, below
