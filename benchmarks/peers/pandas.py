"""pandas: sorts once, then shifts and aggregates; NumPy joins the stages of an item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from answers import Answer, Question, funnel_of_states, times_of_stages
from workload import N_OPEN, STAGES, Columns


class Pandas:
    """Asks a frame; text keys are factorised first."""

    takes_text = reads_files = True

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Make a frame over the same memory."""
        item = drawn["item"]
        if not isinstance(item, np.ndarray):
            item = item.to_pandas()
        return pd.DataFrame({**drawn, "item": item}, copy=False)

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Sort once, then answer each half."""
        if data["item"].dtype != np.int64:
            data = data.assign(item=pd.factorize(data["item"])[0])
        rows = data.sort_values(["item", "time"], ignore_index=True)
        is_first = rows["item"].ne(rows["item"].shift())
        is_last = is_first.shift(-1, fill_value=True)
        answer: Answer = {}
        if question != "durations":
            answer |= funnel_of_states(_states(rows["stage"], is_first, is_last))
        if question != "funnel":
            answer |= times_of_stages(_times(rows, is_last))
        return answer

    def read(self, path: Path, threads: int) -> Any:
        """Read the file by pyarrow, in both formats."""
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, engine="pyarrow", parse_dates=["time"])
        frame["stage"] = pd.Categorical(frame["stage"], categories=STAGES).codes
        frame["time"] = frame["time"].astype("datetime64[ms]").astype("int64")
        return frame


def _states(stage: Any, is_first: Any, is_last: Any) -> list[tuple[int, int, int, int]]:
    is_open = stage < N_OPEN
    last_open = stage.where(is_open).mask(~is_open & is_first, -1).ffill()
    bits = np.left_shift(1, stage.to_numpy(), dtype=np.int16)
    visited = np.bitwise_or.reduceat(bits, np.flatnonzero(is_first.to_numpy()))
    items = pd.DataFrame(
        {"visited": visited, "last": stage[is_last].to_numpy(), "last_open": last_open[is_last].to_numpy()}
    )
    counts = items.groupby(["visited", "last", "last_open"]).size()
    return [(*map(int, state), int(n)) for state, n in counts.items()]


def _times(rows: Any, is_last: Any) -> list[tuple[int, float, float]]:
    goes_on = (rows["stage"] < N_OPEN) & ~is_last
    duration = (rows["time"].shift(-1) - rows["time"])[goes_on]
    summary = duration.groupby(rows["stage"][goes_on]).agg(["mean", "median"])
    return list(summary.itertuples())
