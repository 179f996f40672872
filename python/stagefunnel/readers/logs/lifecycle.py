"""From the states of activities in an event log, such as start and complete, to stays in a stage."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import quoted
from ..notes import Notes
from ..sources.places import Place, rows_at

# The words of the standard lifecycle of XES and those of BPAF that begin and end an activity.
_STARTS: Final = ("start", "started", "begin", "inprogress", "open.running.inprogress")
_ENDS: Final = ("complete", "completed", "end", "autoskip", "closed.completed", "closed.completed.success")
_ABORTS: Final = ("ate_abort", "pi_abort", "withdraw", "closed.cancelled", "closed.cancelled.aborted")


def stays_of(
    rows: pd.DataFrame, states: pd.Series, instances: pd.Series | None, place: Place, notes: Notes
) -> tuple[pd.DataFrame, Place]:
    """Join the start of an activity with its end; a log of one of them only stays a log of events.

    A start goes with the first end after it of the same case and activity, and of the same instance where
    rows have one; of several starts the first is the first to end.

    Parameters
    ----------
    rows
        Columns ``item``, ``stage``, ``time``, one row per event, in order of reading.
    states
        State of the activity, row by row; a missing one is that of an activity that ended.
    instances
        Id of what was done, row by row; ``None`` if the log has none.
    place
        Function that says where a row stands in the input.
    notes
        Notes that count the rows that were joined and those that were left out.

    Returns
    -------
    rows, place
        The entries, in the order of the input, with ``exited`` if the log has starts and ends.
    """
    words = states.astype("string").str.strip().str.lower()
    is_start = words.isin(_STARTS).to_numpy(dtype=bool)
    is_abort = words.isin(_ABORTS).to_numpy(dtype=bool)
    is_end = (words.isna() | words.isin(_ENDS)).to_numpy(dtype=bool)
    if not (is_start.any() or is_end.any()):
        notes.add(
            "rows_of_any_action",
            len(rows),
            f"rows of {quoted([str(state) for state in states.dropna().unique()], most=6)}, which are not "
            "states that begin or end an activity: all are taken as entries into stages",
        )
        return rows, place
    is_other = ~(is_start | is_end | is_abort)
    others = [str(state) for state in states[is_other].unique()]
    notes.add(
        "other_states",
        int(is_other.sum()),
        f"rows of other states of an activity than its start and its end, left out: {quoted(others, most=6)}",
    )
    if not (is_start.any() and is_end.any()):
        return _of_one_state(rows, is_start, is_end, is_abort, place, notes)
    kept, ends = _joined(rows, instances, is_start, is_end | is_abort, is_end)
    n_alone = int((is_end[kept] & ~is_start[kept]).sum())
    notes.add(
        "ends_without_start",
        n_alone,
        "ends of an activity that has no start: the item is in the stage from then until its next row",
    )
    n_open = int((is_start[kept] & (ends < 0)).sum())
    notes.add(
        "starts_without_end", n_open, "starts without an end after them: the item is taken to be there still"
    )
    n_lost = int(is_abort.sum()) - int(is_abort[ends[ends >= 0]].sum())
    notes.add("aborts_without_start", n_lost, "aborted activities that never started, left out")
    notes.add(
        "joined_states",
        int((ends >= 0).sum()),
        "starts and ends of an activity, joined: an item is in the stage from the one to the other",
    )
    times = rows["time"]
    exited = times.iloc[np.where(ends >= 0, ends, 0)].reset_index(drop=True).where(ends >= 0)
    found, found_place = rows_at(rows, place, kept)
    return found.assign(exited=exited), found_place


def _of_one_state(
    rows: pd.DataFrame,
    is_start: npt.NDArray[np.bool_],
    is_end: npt.NDArray[np.bool_],
    is_abort: npt.NDArray[np.bool_],
    place: Place,
    notes: Notes,
) -> tuple[pd.DataFrame, Place]:
    """Take the rows of a log that has only starts or only ends as entries into stages."""
    notes.add("aborts_without_start", int(is_abort.sum()), "aborted activities that never started, left out")
    n_ends = int(is_end.sum())
    notes.add(
        "entered_at_end",
        n_ends,
        "rows of activities that ended: the log does not say when they began, so that an item counts as in "
        "the stage from their end on",
    )
    return rows_at(rows, place, np.flatnonzero(is_end | is_start))


def _joined(
    rows: pd.DataFrame,
    instances: pd.Series | None,
    is_start: npt.NDArray[np.bool_],
    closes: npt.NDArray[np.bool_],
    is_end: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Find the end of each start: the n-th start of an activity that is open goes with its n-th end.

    Returns
    -------
    kept, ends
        Rows that are entries, and the row of the end of each; −1 where it has none.
    """
    keys = [rows["item"], rows["stage"], *([] if instances is None else [instances])]
    codes = pd.DataFrame({number: pd.factorize(key)[0] for number, key in enumerate(keys)})
    activity = codes.groupby(list(codes), sort=False).ngroup().to_numpy()
    candidates = np.flatnonzero(is_start | closes)
    stamps = pd.DatetimeIndex(rows["time"]).asi8[candidates]
    # Starts come first at equal times: what began and ended at once is whole, and a queue needs no more.
    in_time = candidates[np.lexsort((candidates, closes[candidates], stamps, activity[candidates]))]
    # What is open is a queue: levels of the walk +1, −1 that never fall below zero.
    steps = np.where(is_start[in_time], 1, -1)
    begins = np.flatnonzero(np.diff(activity[in_time], prepend=-1))
    group = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(in_time))))
    before = np.cumsum(steps) - steps
    walk = np.cumsum(steps) - before[begins][group]
    # Depths since each group's begin, without those of ends that had nothing to close.
    offset = np.int64(2 * len(in_time) + 2)
    lowest = np.minimum.accumulate(walk - group * offset) + group * offset
    previous = np.concatenate([[0], lowest[:-1]]) if len(lowest) else lowest
    previous[begins] = 0
    floor = np.minimum(previous, 0)
    has_open = (steps < 0) & (walk >= floor)
    starts = in_time[steps > 0]
    start_group = group[steps > 0]
    closing = in_time[has_open]
    # The n-th start of an activity goes with its n-th end that closes something.
    rank_start = _ranks(start_group)
    rank_close = _ranks(group[has_open])
    width = np.int64(len(in_time) + 1)
    start_keys, close_keys = start_group * width + rank_start, group[has_open] * width + rank_close
    at = np.searchsorted(start_keys, close_keys)
    end_of = np.full(len(rows), -1, dtype=np.intp)
    end_of[starts[at]] = closing
    alone = in_time[(steps < 0) & ~has_open]
    kept = np.sort(np.concatenate([starts, alone[is_end[alone]]]))
    return kept, end_of[kept]


def _ranks(groups: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Give the members of each group, which stand together, a number."""
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    return np.arange(len(groups)) - np.repeat(begins, np.diff(np.append(begins, len(groups))))
