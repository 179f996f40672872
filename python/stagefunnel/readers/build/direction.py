"""Which way the rows of a file run in time, which decides the order of rows of equal time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

_Ints: TypeAlias = npt.NDArray[np.int64]
_Flags: TypeAlias = npt.NDArray[np.bool_]
_NO_TIME: Final = np.iinfo(np.int64).min
# Files in which more than this share of the steps in time goes one way run that way as a whole: single rows
# are out of place.
_NEARLY_ALL: Final = 0.9


class _Pairs(NamedTuple):
    """Rows that follow each other in an item, in the order of the input.

    Attributes
    ----------
    items
        Item of each pair.
    firsts, seconds
        Positions of the two rows.
    steps
        Sign of the step in time from the first to the second.
    crosses
        Whether the two rows stand in different files.
    """

    items: _Ints
    firsts: _Ints
    seconds: _Ints
    steps: _Ints
    crosses: _Flags


def reading_order(
    items: pd.Series,
    times: pd.Series,
    *,
    starts: Sequence[int] = (0,),
    newest_first: bool = False,
    is_final: Callable[[], _Flags] | None = None,
) -> tuple[_Ints, int] | None:
    """Rank rows in the order in which they happened, as far as their order in the input says it.

    An item's rows that go back in time are ranked from the last to the first. An item whose rows have no
    direction, because their times are all equal or go both ways, follows most of the others. Where no item
    has a direction, final stages that stand before others at the same time show that rows go back in time, or
    a file whose times never rise. Where the times of most items go both ways, the input is in no order of
    time, and its order stands.

    Parameters
    ----------
    items, times
        Item and time of each row.
    starts
        Row at which each file begins. A file has its own direction, and so do the files as a whole.
    newest_first
        Direction where as many items run forwards as backwards.
    is_final
        Function that flags the rows of won and lost stages; it is asked where nothing else decides.

    Returns
    -------
    ranks, n_turned
        Rank of each row, and the number of rows that have another rank than before beside a row of the same
        item and time. ``None`` if that is no row: the order of the input stands.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.build.direction import reading_order
    >>> times = pd.Series(pd.to_datetime(["2026-03-02", "2026-03-02", "2026-03-01"]))
    >>> ranks, n_turned = reading_order(pd.Series(["7", "7", "7"]), times)
    >>> ranks.tolist(), n_turned
    ([2, 1, 0], 2)
    """
    stamps = pd.DatetimeIndex(times).asi8
    is_timed = stamps != _NO_TIME
    if _never_falls(stamps) and is_timed.all():
        return None
    codes = pd.factorize(items)[0].astype(np.int64)
    rows = np.flatnonzero(is_timed & (codes >= 0))
    ends = np.asarray([*starts[1:], len(stamps)], dtype=np.int64)
    files = np.searchsorted(ends, np.arange(len(stamps)), side="right")
    pairs = _pairs(codes, stamps, files, rows)
    n_items = int(codes.max(initial=-1)) + 1
    is_within = ~pairs.crosses
    falls = np.bincount(pairs.items[is_within & (pairs.steps < 0)], minlength=n_items)
    rises = np.bincount(pairs.items[is_within & (pairs.steps > 0)], minlength=n_items)
    is_mixed = bool(((falls > 0) & (rises > 0)).any() or pairs.crosses.any())
    if not is_mixed and not (pairs.steps == 0).any():
        return None  # there are no ties that an order could decide
    if not (falls.any() or rises.any()) and not newest_first:
        backwards = np.full(n_items, _runs_back(pairs, stamps[rows], is_final))
    else:
        backwards = _backwards(falls, rises, newest_first)
    tied = _tied(codes, stamps, rows) if backwards.any() or pairs.crosses.any() else rows[:0]
    if not len(tied):
        return None
    is_turned = np.zeros(len(stamps), dtype=bool)
    is_turned[rows] = backwards[codes[rows]]
    across = pairs.steps[pairs.crosses]
    ranks = _ranks(is_turned, files, ends, backwards=int((across < 0).sum()) > int((across > 0).sum()))
    n_turned = _n_turned(codes, stamps, tied, ranks)
    return (ranks, n_turned) if n_turned else None


def _never_falls(stamps: _Ints) -> bool:
    """Check for a file that runs forwards: equal times alone are no direction."""
    return len(stamps) < 2 or bool((stamps[1:] >= stamps[:-1]).all() and stamps[-1] > stamps[0])


def _pairs(codes: _Ints, stamps: _Ints, files: _Ints, rows: _Ints) -> _Pairs:
    by_item = rows[np.argsort(codes[rows], kind="stable")]
    firsts, seconds = by_item[:-1], by_item[1:]
    is_pair = codes[firsts] == codes[seconds]
    firsts, seconds = firsts[is_pair], seconds[is_pair]
    steps = np.sign(stamps[seconds] - stamps[firsts])
    return _Pairs(codes[firsts], firsts, seconds, steps, files[firsts] != files[seconds])


def _backwards(falls: _Ints, rises: _Ints, newest_first: bool) -> _Flags:
    """Flag the items whose rows go back in time."""
    n_falls, n_rises = int(falls.sum()), int(rises.sum())
    if max(n_falls, n_rises) > _NEARLY_ALL * (n_falls + n_rises):
        return np.full(len(falls), n_falls > n_rises)
    only_falls, only_rises = (falls > 0) & (rises == 0), (rises > 0) & (falls == 0)
    n_back, n_forth = int(only_falls.sum()), int(only_rises.sum())
    if n_back + n_forth < int(((falls > 0) & (rises > 0)).sum()) and not newest_first:
        return np.zeros(len(falls), dtype=bool)  # the rows are in no order of time
    others = newest_first if n_back == n_forth else n_back > n_forth
    return np.asarray(only_falls | (~only_rises & others), dtype=bool)


def _runs_back(pairs: _Pairs, stamps: _Ints, is_final: Callable[[], _Flags] | None) -> bool:
    """Check whether a file without a direction inside its items goes back in time."""
    if is_final is not None:
        final = is_final()
        of_first, of_second = final[pairs.firsts], final[pairs.seconds]
        n_before, n_after = int((of_first & ~of_second).sum()), int((~of_first & of_second).sum())
        if n_before != n_after:
            return n_before > n_after
    return bool((stamps[1:] <= stamps[:-1]).all() and stamps[-1] < stamps[0])


def _ranks(is_turned: _Flags, files: _Ints, ends: _Ints, *, backwards: bool) -> _Ints:
    """Rank rows: those that are turned from the end of their file, and files in the order of their times."""
    starts = np.asarray([0, *ends[:-1]], dtype=np.int64)
    position = np.arange(len(is_turned), dtype=np.int64)
    within = np.where(is_turned, ends[files] - 1 - position, position - starts[files])
    bases = len(is_turned) - ends if backwards else starts
    return np.asarray(bases[files] + within, dtype=np.int64)


def _tied(codes: _Ints, stamps: _Ints, rows: _Ints) -> _Ints:
    """List the rows that have the item and the time of another."""
    by_time = rows[np.lexsort((stamps[rows], codes[rows]))]
    is_equal = (codes[by_time][1:] == codes[by_time][:-1]) & (stamps[by_time][1:] == stamps[by_time][:-1])
    return np.sort(by_time[np.append(is_equal, False) | np.append(False, is_equal)])


def _n_turned(codes: _Ints, stamps: _Ints, tied: _Ints, ranks: _Ints) -> int:
    """Count the rows that stand elsewhere among those of their item and time than they did."""
    before = tied[np.lexsort((tied, stamps[tied], codes[tied]))]
    after = tied[np.lexsort((ranks[tied], stamps[tied], codes[tied]))]
    return int((before != after).sum())
