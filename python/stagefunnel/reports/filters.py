"""The filters of the page: one group, one kind, one period, and the numbers of each choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from ..display import heads
from ..display.funnel_grid import columns_of_grid
from ..display.period_rows import PeriodRows
from ..questions.scope.breakdown import by_columns
from ..questions.stages.group_numbers import Label, labels_of
from ..tables.labels import columns_before, spoken
from ..times.periods import PeriodLike, period_of
from ..words import tr
from .choice_changes import ChoiceNumbers, pair_of, with_changes
from .choice_questions import Asked
from .filter_cells import funnel_rows, loss_rows, no_funnel
from .filter_data import ALL, Cell, Filters, range_of
from .page import Tile, kept_together
from .tiles import number_tiles
from .words import GROUPS_ARE_REASONS, NO_CHANGES, OTHER_GROUPS, OTHER_PERIODS

_MOST_CELLS: Final = 1_000  # choices of a group and a period
_MOST_ROWS: Final = 5_000_000  # rows that are read for the periods, unless the filters are asked for


def filters_of(
    asked: Asked,
    shown: pd.DataFrame | None,
    trend: pd.DataFrame | None,
    *,
    is_limited: bool,
    compared: Sequence[tuple[PeriodLike, str]] = (),
) -> Filters | None:
    """Ask for the numbers of each choice; ``None`` where there is nothing to choose.

    Parameters
    ----------
    asked
        What they are asked with.
    shown
        The outcomes of the groups of the page, if groups can be chosen.
    trend
        The trend of the page, if its periods can be chosen.
    is_limited
        Whether only as many periods are asked for as take a moment.
    compared
        The two periods that the tiles of the page compare, each with its name; nothing where there are none.
    """
    left_out: list[str] = []
    labels: list[Label] = []
    known = ChoiceNumbers(asked, labels)
    if shown is not None and asked.reason is not None and asked.reason in by_columns(asked.by or ()):
        left_out.append(tr(GROUPS_ARE_REASONS, name=asked.reason))
    elif shown is not None:
        labels = labels_of(shown, columns_before(shown, "base"))
        known = ChoiceNumbers(asked, labels)
        of_whole = known.of(asked.period)
        rest = [_called(label) for label in labels if label not in of_whole]
        labels = [label for label in labels if label in of_whole]
        known.labels = labels
        left_out += [tr(OTHER_GROUPS, names=", ".join(rest))] if rest else []
    names = [] if trend is None else _periods_within(asked, PeriodRows.of(trend).names)
    most = max(1, _MOST_CELLS // (len(labels) + 1))
    if is_limited:
        most = min(most, _MOST_ROWS // max(asked.log.n_rows, 1))
    if names[most:]:
        left_out.append(tr(OTHER_PERIODS, names=range_of(names[most:])))
    periods = names[:most]
    if not labels and not periods:
        return None
    cells: dict[tuple[int, int], Cell] = {}
    whole = asked.funnel(None, asked.period)
    columns = columns_of_grid(whole, whole.attrs["stagefunnel"])[1:]
    has_changes = not (compared and labels and is_limited and 2 * asked.log.n_rows > _MOST_ROWS)
    left_out += [] if has_changes else [tr(NO_CHANGES)]
    for place, period in [(ALL, None), *enumerate(periods)]:
        cells |= {(group, place): cell for group, cell in _cells(asked, known, period, columns)}
    pairs = [
        (ALL, compared if has_changes else ()),
        *((at, pair_of(periods, at)) for at in range(len(periods))),
    ]
    of_page, n_choices = [name for _, name in compared], (len(labels), len(periods))
    for place, pair in pairs:
        is_of_page = [name for _, name in pair] == of_page
        for group in (ALL, *range(len(labels))):
            cells |= with_changes(cells, (group, place), known, pair, n_choices, is_of_page=is_of_page)
    is_whole = asked.period is None
    money = {"amount_won": 0} if asked.money else {}
    zero = pd.Series({**dict.fromkeys(_COUNTS, 0), **dict.fromkeys(_UNKNOWN), **money}, dtype=object)
    nothing = Cell(_texts(_tiles(asked, zero)), no_funnel(whole, columns, _n_stages(whole)), [])
    return Filters(
        tr(" and ").join(map(spoken, columns_before(shown, "base"))) if labels and shown is not None else "",
        [_called(label) for label in labels],
        periods,
        columns,
        [*map(str, whole["outcome"].iloc[: _n_stages(whole)])],
        ([tile.name for tile in _tiles(asked, zero, is_whole)], [tile.name for tile in _tiles(asked, zero)]),
        _loss_texts(asked),
        cells,
        nothing,
        left_out,
    )


_COUNTS: Final = ("created", "won", "lost", "open", "closed")
_UNKNOWN: Final = ("win_rate", "win_rate_low", "win_rate_high", "median", "median_low", "median_high")


def _cells(
    asked: Asked, known: ChoiceNumbers, name: str | None, columns: Sequence[tuple[str, str]]
) -> Iterator[tuple[int, Cell]]:
    """Ask for the numbers of all groups and of each, in one period or in that of the page."""
    period = asked.period if name is None else name
    numbers = known.of(period)
    for by, wanted in known.questions:
        table = asked.funnel(by, period)
        rows = funnel_rows(table, columns, _n_stages(table))
        lost = loss_rows(asked.losses(by, period))
        for place, label in enumerate(wanted):
            if label in numbers:
                tiles = _texts(_tiles(asked, numbers[label]))
                yield ALL if by is None else place, Cell(tiles, rows[label], lost.get(label, []))


def _texts(tiles: Sequence[Tile]) -> list[tuple[str, str]]:
    return [(kept_together(tile.value), kept_together(tile.detail)) for tile in tiles]


def _tiles(asked: Asked, row: pd.Series, is_whole: bool = False) -> list[Tile]:
    return number_tiles(row, asked.pipeline, basis=asked.basis, is_whole=is_whole, calendar=asked.calendar)


def _n_stages(table: pd.DataFrame) -> int:
    return max(len(table["stage"].cat.categories), 1)


def _loss_texts(asked: Asked) -> int:
    """Count the columns of losses that stand before the numbers: both stages, and the reason."""
    return 2 + (asked.reason is not None)


def _called(label: Label) -> str:
    return ", ".join(map(heads.label, label))


def _periods_within(asked: Asked, names: Sequence[str]) -> list[str]:
    """Choose the periods that lie within that of the page, the last one first."""
    if asked.period is None:
        return [*reversed(names)]
    clock = asked.log._data.clock
    start, end = period_of(asked.period, clock).ticks(clock)
    kept = []
    for name in reversed(names):
        first, last = period_of(name, clock).ticks(clock)
        if (start is None or (first is not None and first >= start)) and (
            end is None or (last is not None and last <= end)
        ):
            kept.append(name)
    return kept
