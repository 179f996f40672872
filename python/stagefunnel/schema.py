"""The columns of every result table, in their order, and how stages and outcomes look in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from .pipeline import Pipeline

KindName = Literal["classic", "conversions", "furthest", "strict", "both"]
Fill = Literal["won", "moves"]
LostThenWonName = Literal["include", "exclude", "exclude_reopened"]
PerName = Literal["visit", "item", "longest"]
Unlisted = Literal["error", "ignore"]
AtName = Literal["first", "last", "stage"]
AmountAtName = Literal["last", "stage"]
BasisName = Literal["active", "created", "closed"]
ChainBasisName = Literal["entity", "origin"]
EveryName = Literal["day", "week", "month", "quarter", "year"]
SequenceMode = Literal[
    "ordered", "increase", "strict", "first_entry", "unordered", "hybrid", "open", "clickhouse"
]
WindowFunnelMode = Literal[
    "strict_order", "strict_deduplication", "strict_increase", "strict_once", "allow_reentry"
]
TimingName = Literal["last_entry", "first_entry"]
EffectName = Literal["drop", "stop", "reset"]
EntriesName = Literal["best", "all"]
AttributionName = Literal["first_touch", "last_touch", "step", "all_events"]
MissingStages = Literal["error", "ignore"]

OUTCOMES: Final = ("open", "won", "lost")
BOTH: Final = ("classic", "conversions")
PARTS: Final = ("lead", "deal")  # of a chain

FUNNEL: Final = (
    "stage",
    "outcome",
    "reached",
    "passed",
    "assumed",
    "skipped",
    "lost_from",
    "open_at",
    "conversion_from_all",
    "conversion_from_previous",
    "skip_rate",
    "loss_rate",
    "base",
    "left_out",
)
AMOUNTS: Final = ("amount", "amount_missing")  # before "base", where an amount is given
MOVED_OUT: Final = "moved_out"  # last, where a pipeline keeps items that moved to another
OUTCOME_TABLE: Final = ("base", "won", "lost", "open", "win_rate", "left_out", "reopened_won")
COMPARISON: Final = (
    "stage",
    "outcome",
    "reached",
    "reached_before",
    "reached_difference",
    "reached_change",
    "conversion_from_all",
    "conversion_from_all_before",
    "conversion_from_all_difference",
    "base",
    "base_before",
)
STAGE_TIMES: Final = ("stage", "outcome", "visits", "completed", "open", "items", "mean", "median")
TRANSITIONS: Final = ("from_stage", "to_stage", "moves", "items", "share")
LOSSES: Final = ("from_stage", "lost_stage", "items", "share")
LOST_LENGTHS: Final = ("mean_until_lost", "median_until_lost", "mean_in_stage")
SKIPS: Final = ("stage", "passed", "beyond", "skipped", "skip_rate")
ENTRIES: Final = ("created", "from_earlier", "from_later", "from_closed", "moved_in")
FLOW: Final = (
    "stage",
    "outcome",
    "at_start",
    "entered",
    *ENTRIES,
    "advanced",
    "went_back",
    "won",
    "lost",
    "moved_out",
    "at_end",
)
ITEMS: Final = (
    "item",
    "outcome",
    "first_time",
    "closed_at",
    "last_stage",
    "furthest_stage",
    "lost_from",
    "visits",
    "back_moves",
    "skipped",
)
ROWS: Final = ("item", "stage", "time")
SEQUENCE: Final = (
    "step",
    "label",
    "reached",
    "dropped",
    "immature",
    "conversion_from_first",
    "conversion_from_previous",
    "conversion_from_all",
)
SEQUENCE_ITEMS: Final = ("item", "level", "entry_time")  # before "time_1" and on, and "stop"
SEQUENCE_TREND: Final = ("period", "entered", "converted", "immature", "conversion")
CONVERSION_TIMES: Final = ("start", "end", "count", "share", "share_to_date")
SEQUENCE_PATHS: Final = ("path", "items", "share", "median")
STOPS: Final = ("completed", "no_event", "window", "gap", "interrupted", "excluded", "immature")
EXPLANATION: Final = ("kind", "stage", "outcome", "passed", "assumed", "reason")
QUALITY: Final = ("check", "count", "note")
PROBLEMS: Final = ("problem", "stage", "rows", "hint")

Rows = npt.NDArray[np.integer[Any]]


def stage_values(pipeline: Pipeline, rows: Rows | Sequence[int]) -> pd.Categorical:
    """Turn rows of a pipeline into labels; -1 is missing."""
    return pd.Categorical.from_codes(
        np.asarray(rows, dtype=np.int64), categories=pd.Index(pipeline.labels), ordered=True
    )


def outcome_values(codes: Rows | Sequence[int]) -> pd.Categorical[str]:
    """Turn the core's outcomes into their names."""
    return pd.Categorical.from_codes(np.asarray(codes, dtype=np.int64), categories=pd.Index(OUTCOMES))


def row_outcomes(pipeline: Pipeline) -> npt.NDArray[np.int64]:
    """Return the core's outcome of every row of a pipeline."""
    return np.repeat([0, 1, 2], [len(pipeline.stages), len(pipeline.won), len(pipeline.lost)])


def remember(table: pd.DataFrame, what: str, pipeline: Pipeline, **more: Any) -> None:
    """Note on a table what showing it needs beside the numbers, as plain data that survives JSON."""
    names = {str(label): name for label, name in pipeline.names.items()}
    table.attrs["stagefunnel"] = {"table": what, "names": names, **more}


def share(part: npt.ArrayLike, whole: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Divide counts; a share of nothing is NaN."""
    parts = np.asarray(part, dtype=np.float64)
    wholes = np.asarray(whole, dtype=np.float64)
    out = np.full(np.broadcast_shapes(parts.shape, wholes.shape), np.nan)
    np.divide(parts, wholes, out=out, where=wholes != 0)
    return out


def frame(columns: Mapping[str, Any], order: Sequence[str]) -> pd.DataFrame:
    """Build a table with exactly these columns in this order."""
    return pd.DataFrame({name: columns[name] for name in order})
