"""NumPy: sorts the keys to number the items, packs item, time and stage into a word, and sorts the words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from answers import Answer, Question, funnel_of_states, times_of_stages
from workload import N_OPEN, Columns


class NumPy:
    """Sorts by SIMD quicksort where the processor has it; there is no fast way for text keys."""

    takes_text = reads_files = False

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Take the columns as they are."""
        return drawn

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Sort once, then answer each half."""
        item, time, stage = _ordered(data["item"], data["stage"], data["time"])
        first = np.flatnonzero(np.r_[True, item[1:] != item[:-1]])
        last = np.r_[first[1:] - 1, len(item) - 1]
        answer: Answer = {}
        if question != "durations":
            answer |= funnel_of_states(_states(stage, first, last))
        if question != "funnel":
            answer |= times_of_stages(_times(stage, time, last))
        return answer

    def read(self, path: Path, threads: int) -> Any:
        """Refuse a file, as `reads_files` says: NumPy cannot read these formats."""
        raise NotImplementedError("numpy reads neither Parquet nor CSV of text keys")


def _ordered(item: Any, stage: Any, time: Any) -> tuple[Any, Any, Any]:
    place = np.argsort(item)
    item = item[place]
    is_first = np.empty(len(item), bool)
    is_first[0] = True
    np.not_equal(item[1:], item[:-1], out=is_first[1:])
    start = time.min()
    width = int(time.max() - start).bit_length()
    word = ((np.cumsum(is_first) << width | (time[place] - start)) << 4) | stage[place]
    word.sort()
    return word >> (width + 4), (word >> 4) & ((1 << width) - 1), (word & 15).astype(np.int8)


def _states(stage: Any, first: Any, last: Any) -> list[tuple[int, int, int, int]]:
    visited = np.bitwise_or.reduceat(np.left_shift(1, stage, dtype=np.int16), first)
    row = np.where(stage < N_OPEN, np.arange(len(stage)), -1)
    row[first] = np.where(stage[first] < N_OPEN, first, 0)
    row = np.maximum.accumulate(row)[last]
    last_open = np.where((row >= first) & (stage[row] < N_OPEN), stage[row], -1)
    state = (visited.astype(np.int64) << 10) | (stage[last].astype(np.int64) << 5) | (last_open + 1)
    distinct, items = np.unique(state, return_counts=True)
    return [
        (packed >> 10, packed >> 5 & 31, (packed & 31) - 1, n)
        for packed, n in zip(distinct.tolist(), items.tolist(), strict=True)
    ]


def _times(stage: Any, time: Any, last: Any) -> list[tuple[int, float, float]]:
    goes_on = stage < N_OPEN
    goes_on[last] = False
    row = np.flatnonzero(goes_on)
    duration, of_stage = time[row + 1] - time[row], stage[row]
    by_stage = [duration[of_stage == code] for code in range(N_OPEN)]
    return [
        (code, lengths.sum() / len(lengths), float(np.median(lengths)))
        for code, lengths in enumerate(by_stage)
    ]
