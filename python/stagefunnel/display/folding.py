"""Wide tables on narrow terminals: which columns are left out, and how wide the others are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .grid import Grid

_GAP = 3  # between two columns
_QUANTILE: Final = re.compile(r"q\d")
_STEP: Final = re.compile(r"time_\d")
# The columns of each table that are left out first, the least important at the beginning. The others follow
# from the right, and the first of these stays.
_SPARE: Final[Mapping[str, Sequence[str]]] = {
    "comparison": (
        *("base_before", "base", "open_at_before", "open_at", "too_recent_before", "too_recent", "outcome"),
        *("reached_change", "conversion_from_all_before", "amount_change", "amount_before"),
        *("reached_before", "amount_difference", "reached_difference", "amount"),
    ),
    "time_in_stage": ("outcome", "start_unknown", "quantiles", "mean", "items", "completed", "open"),
    "visits": (
        *("visit_of_stage", "stage_outcome", "item_outcome", "visit", "open", "next_stage", "exited"),
        "duration",
    ),
    "losses": ("amount_missing", "mean_in_stage", "mean_until_lost", "lost_stage", "median_until_lost"),
    "skips": ("began_beyond", "passed", "skip_rate", "skipped", "beyond"),
    "flow": (
        *("outcome", "moved_in", "amount_moved_in", "moved_out", "amount_moved_out", "amount_missing"),
        *("from_closed", "amount_from_closed", "from_later", "amount_from_later", "amount_created"),
        *("amount_went_back", "amount_from_earlier", "amount_advanced", "created", "went_back"),
        *("from_earlier", "advanced", "lost", "won", "amount_lost", "lowered", "raised"),
    ),
    "sales_velocity": ("amount_missing", "won", "mean_cycle_time", "mean_amount", "win_rate", "closed"),
    "outcomes": (
        *("reopened_won", "left_out", "moved_out", "too_recent", "amount_missing", "amount_lost"),
        *("open", "base", "amount_open"),
    ),
    "item_table": (
        *("back_moves", "skipped", "visits", "lost_from", "furthest_stage", "last_stage", "first_time"),
    ),
    "open_items": ("entered", "age", "quantile"),
    "sequence_funnel": ("immature", "median_from_first", "dropped", "conversion_from_previous"),
    "sequence_items": ("entry_time", "stop", "steps"),
    "sequence_trend": ("converted_mature", "mature", "conversion_mature", "converted"),
    "compared_groups": ("ratio", "p_value", "n_b", "n_a"),
    "cumulative_incidence": ("beyond_horizon", "se", "events", "naive", "at_risk", "share_open"),
    "time_to_convert": ("share_to_date",),
    "absorption": (
        *("expected_time_se", "win_se", "win_if_won", "win_if_closed", "expected_visits"),
        *("items_in", "expected_time", "lost"),
    ),
    "forecast": (
        *("amount_beyond_support", "expected_wins_if_closed", "win_if_closed", "n_beyond_support"),
        "win",
    ),
    "win_probability": ("entered", "age", "win_if_closed", "beyond_support"),
    "backtest": ("brier", "bias", "inside"),
    "bottlenecks": (
        *("sensitivity", "elasticity", "share_of_losses", "forgone_wins", "share_of_time", "n_open"),
        *("median_time", "benchmark_gain", "n_lost"),
    ),
    "markov_check": ("pearson", "few_expected", "statistic", "df"),
    "transitions": ("items",),
    "funnel": (
        *("began_beyond", "amount_missing", "assumed", "open_at", "lost_from", "skipped"),
        *("conversion_from_previous", "conversion_from_all", "amount", "amount_conversion"),
    ),
}
# Tables whose text wraps and says the most, so that nothing is left out of them.
_OF_TEXT: Final = frozenset({"quality", "sequence_paths", "variants", "explanation"})


@dataclass(frozen=True)
class Folded:
    """The columns of a grid that have room.

    Attributes
    ----------
    columns
        Their numbers.
    widths
        Their widths; ``None`` where there is no room for all of them, so that text wraps.
    left_out
        The headings of the others.
    """

    columns: list[int]
    widths: list[int] | None
    left_out: list[str]


def spare_columns(names: Sequence[str], kind: str, n_keys: int = 1) -> list[int]:
    """List the columns that may be left out, the least important first.

    Parameters
    ----------
    names
        The columns of a table.
    kind
        What table it is; of one that is not known all columns but the first may be left out, from the right.
    n_keys
        How many columns at the start name the rows.
    """
    if kind in _OF_TEXT:
        return []
    if kind not in _SPARE:
        return list(range(len(names) - 1, n_keys - 1, -1))
    spare = list[int]()
    for wanted in _SPARE[kind]:
        spare += [i for i, name in enumerate(names) if i >= n_keys and _is_meant(wanted, name)]
    others = [i for i in range(n_keys, len(names)) if i not in spare]
    return [*spare, *reversed(others[1:])]


def _is_meant(wanted: str, name: str) -> bool:
    if wanted == "quantiles":
        return _QUANTILE.match(name) is not None
    return _STEP.match(name) is not None if wanted == "steps" else name == wanted


def folded(grid: Grid, width: int | None) -> Folded:
    """Choose the columns that have room in a width; ``None`` is room for all."""
    from rich.cells import cell_len

    columns = list(range(len(grid.headings)))
    cells = [max((cell_len(row[i]) for row in grid.rows), default=1) for i in columns]
    lines = [grid.headings[i].split("\n") for i in columns]
    natural = [max(cells[i], *map(cell_len, lines[i])) for i in columns]
    if width is None or _total(natural, columns) <= width:
        return Folded(columns, None, [])
    # A heading wraps between its words.
    least = [
        max(cells[i], *(cell_len(word) for line in lines[i] for word in line.split(" "))) for i in columns
    ]
    columns = _with_room(least, grid.spare, width)
    left_out = [" ".join(grid.headings[i].split()) for i in range(len(least)) if i not in columns]
    room = width - _total(least, columns)
    if room < 0:
        return Folded(columns, None, left_out)
    widths = list[int]()
    for i in columns:
        more = natural[i] - least[i] if natural[i] - least[i] <= room else 0
        widths.append(least[i] + more)
        room -= more
    return Folded(columns, widths, left_out)


def _with_room(widths: Sequence[int], spare: Sequence[int], width: int) -> list[int]:
    """Leave out columns until the others have room; one that then has room after all comes back."""
    columns = list(range(len(widths)))
    left_out = list[int]()
    for one in spare:
        if _total(widths, columns) <= width:
            break
        columns.remove(one)
        left_out.append(one)
    for one in reversed(left_out):
        if _total(widths, more := sorted([*columns, one])) <= width:
            columns = more
    return columns


def _total(widths: Sequence[int], columns: Sequence[int]) -> int:
    return sum(widths[i] for i in columns) + _GAP * (len(columns) - 1)
