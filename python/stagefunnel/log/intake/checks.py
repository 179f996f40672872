"""Checks of a log's columns and options: lengths, missing values, stages to keep, threads."""

from __future__ import annotations

import os
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import (
    InvalidRowError,
    Parts,
    SchemaError,
    advised,
    check_option,
    counted,
    given,
    is_whole_number,
    named,
    quoted,
)
from ...times.stamps import NAT
from ..columns.inputs import Input
from ..columns.marks import Ends
from ..data import Empty, Invalid
from .times import early_ends, encode, in_zone, read_ends, readable_times, refined, refuse_times

_EMPTY_ADVICE: Final[Parts] = ("; pass ", advised("empty", "allow"), " if that is expected")
_MOST_THREADS = 1_024  # more would only cost their stacks


@dataclass(frozen=True)
class Rows:
    """Encoded rows after the checks: all rows of a frame, or a batch of a stream."""

    inputs: dict[str, Input]
    times: Input
    keys: _core.columns.ItemKeys
    codes: _core.columns.StageCodes
    stamps: _core.columns.Times
    dropped: npt.NDArray[np.uint64]
    found: dict[str, int]
    other_labels: list[Hashable]
    ends: Ends | None = None

    def __len__(self) -> int:
        return len(self.inputs["item"])

    def in_unit(self, unit: str | None, threads: int) -> Rows:
        """Return the rows with their times in a finer unit, where the ends of visits need one."""
        if unit is None or unit == self.times.time_unit:
            return self
        times = refined(self.times, self.stamps, unit)
        return replace(self, times=times, stamps=encode(_core.columns.encode_times, times, threads))


def check_options(invalid: str, empty: str, keys: str, hash_key: object) -> None:
    """Refuse options of a log that are not what they may be."""
    check_option("invalid", invalid, ("error", "drop", "keep_stage"))
    check_option("empty", empty, ("error", "allow"))
    check_option("keys", keys, ("auto", "keep", "exact"))
    if hash_key is None:
        return
    # A message must not show a key.
    what = f"{len(hash_key)} bytes" if isinstance(hash_key, bytes) else f"a {type(hash_key).__name__}"
    if not isinstance(hash_key, bytes) or not 16 <= len(hash_key) <= 64:
        raise SchemaError(
            named("hash_key"), f" is {what}, not 16 to 64 bytes that are secret, such as os.urandom(32)"
        )


def hash_of_key(hash_key: bytes | None) -> _core.columns.TextHash:
    """Return the hash of texts of a key, or that of the process."""
    if hash_key is None:
        return _core.columns.TextHash.of_process()
    return _core.columns.TextHash.of_key(hash_key)


def stages_to_keep(stages: Any) -> frozenset[Hashable] | None:
    """Read the stages that a log keeps; ``None`` keeps all of them."""
    if stages is None:
        return None
    if isinstance(stages, str | bytes) or not isinstance(stages, Iterable):
        raise SchemaError(given("stages", stages), " is not a list of stages, such as ['visit', 'order']")
    labels = list(stages)
    if not labels:
        raise SchemaError(
            given("stages", labels), " keeps no row; name the stages to keep, or leave it out to keep all"
        )
    for stage in labels:
        if isinstance(stage, bool) or not isinstance(stage, Hashable):
            raise SchemaError(
                named("stages"),
                f" has {stage!r}, which is not a stage: text, a whole number or an enum member",
            )
    return frozenset(labels)


def refuse_empty(n_dropped: int, empty: Empty) -> None:
    """Refuse a log without rows, or without any that is left, unless that is allowed."""
    if empty == "error":
        problem = "the log has no rows"
        if n_dropped:
            problem = f"no row is left after dropping {counted(n_dropped, 'invalid row')}"
        raise SchemaError(problem, *_EMPTY_ADVICE)


def refuse_nothing_left(
    n_rows: int, found: Mapping[str, int], other_labels: Collection[Hashable], empty: Empty
) -> None:
    """Refuse a log of which no row is left, unless that is allowed."""
    n_dropped, n_other = found.get("dropped", 0), found.get("other_stages", 0)
    if n_dropped + n_other < n_rows or not n_rows:
        return
    if n_other and empty == "error":
        raise SchemaError(
            "no row is of a stage that ",
            named("stages"),
            f" names; the log has: {quoted(list(other_labels)[:20])}",
            *_EMPTY_ADVICE,
        )
    refuse_empty(n_dropped, empty)


def look_over(
    inputs: dict[str, Input],
    *,
    time_format: str | None,
    invalid: Invalid,
    threads: int,
    text_hash: _core.columns.TextHash,
    pack: bool = True,
    first_row: int | None = None,
    unit: str | None = None,
    zone: str | None = None,
    stages: frozenset[Hashable] | None = None,
) -> Rows:
    """Encode columns and find rows that miss a value; rows to be dropped are left out of the counts.

    Parameters
    ----------
    stages
        Stages whose rows are kept; ``None`` keeps all. Rows to be dropped do not count as rows of other
        stages.
    text_hash
        The hash of texts that are items.
    pack
        Whether short texts may become keys as they are, instead of hashes.
    first_row
        Row of the stream at which a batch begins; ``None`` if the columns are the whole input.
    unit
        Unit for times that are text, if it can hold them.
    zone
        Zone of times without one, to which others are converted; ``None`` leaves times as they are.
    """
    times, unparsed = readable_times(inputs["time"], invalid, time_format, first_row, unit)
    doubtful = {}
    if zone is not None:
        times, doubtful["doubtful_local_times"] = in_zone(times, zone, threads)
    for role in ("item", "stage"):
        refuse_times(inputs[role], role)
    encode_keys = _core.columns.pack_items if pack else _core.columns.encode_items
    keys = encode(encode_keys, inputs["item"], threads, text_hash)
    codes = encode(_core.columns.encode_stages, inputs["stage"], threads)
    stamps = encode(_core.columns.encode_times, times, threads)
    ends, bad_ends = None, {}
    if "exited" in inputs:
        ends, unparsed_ends, doubtful_ends = read_ends(
            inputs["exited"], times, invalid, time_format, first_row, zone, threads
        )
        early = early_ends(ends, times, stamps, inputs, invalid, first_row)
        bad_ends = {"unparsed_end": unparsed_ends, "ended_before_start": early}
        for check, count in doubtful_ends.items():
            doubtful[check] = doubtful.get(check, 0) + count
    missing = {
        "item": keys.missing_rows,
        "stage": codes.missing_rows,
        "time": np.setdiff1d(stamps.missing_rows, unparsed),
    }
    unreadable = np.concatenate([unparsed, *bad_ends.values()])
    dropped = rows_to_drop(missing, unreadable, invalid, inputs, first_row)
    if len(dropped):
        _core.columns.leave_out(codes, dropped)
    found = {f"missing_{role}": len(rows) for role, rows in missing.items()}
    found |= {"unparsed_time": len(unparsed), **{check: len(rows) for check, rows in bad_ends.items()}}
    found |= {**doubtful, "dropped": len(dropped)}
    other_labels: list[Hashable] = []
    if stages is not None:
        members = inputs["stage"].labels
        labels = [label if members is None else members[label] for label in codes.labels]
        other_labels = [label for label in labels if label not in stages]
        kept = np.array([label in stages for label in labels], dtype=np.uint8)
        found["other_stages"] = _core.columns.keep_stages(codes, kept, threads)
    if ends is not None:
        # The ends of rows that are not read decide nothing, such as the unit of the log.
        ends.ticks[dropped], ends.ticks[codes.left_out_rows] = NAT, NAT
    return Rows(inputs, times, keys, codes, stamps, dropped, found, other_labels, ends)


def refuse_the_missing_number(rows: Rows, first_row: int = 0) -> None:
    """Refuse the integer that stands for a missing time in every table, and would come out as one."""
    if rows.times.time_unit is not None:
        return
    ticks = rows.stamps.ticks
    if not len(ticks) or ticks.min() != NAT:
        return
    left_out = np.concatenate([rows.dropped, rows.codes.left_out_rows])
    found = np.setdiff1d(np.flatnonzero(ticks == NAT), left_out)
    if len(found):
        row = int(found[0]) + first_row
        raise InvalidRowError(
            f"the time in row {row:,} of column {rows.times.name!r} is {NAT}, the integer that stands for a "
            f"missing time; leave such rows out, or count time from {NAT + 1} on",
            row=row,
        )


def check_columns(inputs: dict[str, Input], more: Mapping[str, pd.Series] | None = None) -> None:
    """Refuse columns that differ in length, and stages that are bytes: no pipeline could name them."""
    stage = inputs["stage"]
    if stage.column.holds_bytes and not stage.holds_text:
        raise SchemaError(f"column {stage.name!r} holds bytes; decode the stages to text first")
    lengths = {role: len(column) for role, column in inputs.items()}
    lengths |= {name: len(column) for name, column in (more or {}).items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{role} has {counted(length, 'row')}" for role, length in lengths.items())
        raise SchemaError(f"the columns differ in length: {listed}")


def rows_to_drop(
    missing: dict[str, npt.NDArray[np.uint64]],
    unparsed: npt.NDArray[np.uint64],
    invalid: str,
    inputs: dict[str, Input],
    first_row: int | None = None,
) -> npt.NDArray[np.uint64]:
    """Return the rows to leave out; raise an error if `invalid` does not allow them."""
    to_drop = dict(missing)
    if invalid == "keep_stage":
        del to_drop["stage"]
    rows = np.unique(np.concatenate([*to_drop.values(), unparsed])).astype(np.uint64)
    if invalid != "drop" and len(rows):
        row = int(rows[0])
        role = next(role for role, found in to_drop.items() if row in found)
        advice: Parts = ("; fill it in, or pass ", advised("invalid", "drop"), " to leave such rows out")
        if role == "stage":
            advice = (*advice, " or ", advised("invalid", "keep_stage"), " to keep them")
        column = inputs[role]
        # The number of such rows of a stream is not known before its end.
        share = f" ({len(to_drop[role]):,} of {counted(len(column), 'row')})" if first_row is None else ""
        row += first_row or 0
        raise InvalidRowError(
            f"missing {role} in row {row:,} of column {column.name!r}{share}", row=row, advice=advice
        )
    return rows


def thread_count(threads: int | None) -> int:
    """Read the number of threads from the argument, the environment or the machine."""
    if threads is None:
        text = os.environ.get("STAGEFUNNEL_THREADS", "")
        if text and not text.isdecimal():
            raise SchemaError(f"STAGEFUNNEL_THREADS={text!r} is not a whole number")
        threads = int(text) if text else _cores()
    if not is_whole_number(threads) or threads < 1:
        raise SchemaError(given("threads", threads), " is not a whole number of at least 1")
    return min(int(threads), _MOST_THREADS)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
