"""Taking a log's columns in: which they are, what is missing in them, how many threads read them."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import Input, read_input, read_inputs
from .errors import InvalidRowError, SchemaError, quoted
from .times import parse_texts, refuse_unparsed

_MOST_THREADS = 1_024  # more would only cost their stacks


def gather(frame: Any, columns: dict[str, Any]) -> dict[str, Input]:
    """Read the columns of a log, given by name or as arrays."""
    given = {role: value for role, value in columns.items() if value is not None}
    names = {role: value for role, value in given.items() if isinstance(value, str)}
    if frame is None:
        if names:
            raise SchemaError(
                f"without a frame, item, stage and time are arrays; {quoted(names)} named a column"
            )
        return {role: read_input(value, role) for role, value in given.items()}
    if len(names) < len(given):
        arrays = [role for role in given if role not in names]
        raise SchemaError(f"with a frame, {quoted(arrays)} must be the name of a column")
    return read_inputs(frame, names)


def refuse_bytes(stage: Input) -> None:
    """Refuse stage labels that are bytes: no pipeline could name them."""
    form = stage.column.value_format
    if stage.column.holds_bytes and not form.endswith(("u", "U")):
        raise SchemaError(f"column {stage.name!r} holds bytes; decode the stages to text first")


def encode(encode: Any, column: Input, *options: int) -> Any:
    """Ask the core to encode a column; say which one it could not."""
    try:
        return encode(column.column, *options)
    except ValueError as error:
        raise SchemaError(f"column {column.name!r}: {error}") from error


def readable_times(
    column: Input, invalid: str, time_format: str | None
) -> tuple[Input, npt.NDArray[np.uint64]]:
    """Parse times that are text; rows that do not parse are refused or returned."""
    if not column.column.holds_bytes:
        if time_format is not None:
            raise SchemaError(
                f"time_format={time_format!r} is for text; column {column.name!r} holds times already"
            )
        return column, np.zeros(0, dtype=np.uint64)
    if not column.holds_text:
        raise SchemaError(f"column {column.name!r} holds bytes; expected dates, timestamps, text or integers")
    texts = column.take(np.arange(len(column), dtype=np.uint32))
    stamps, unparsed = parse_texts(texts, column.name, time_format)
    if len(unparsed) and invalid != "drop":
        refuse_unparsed(column.name, texts, unparsed, time_format)
    return read_input(stamps, column.name), unparsed


def rows_to_drop(
    missing: dict[str, npt.NDArray[np.uint64]],
    unparsed: npt.NDArray[np.uint64],
    invalid: str,
    inputs: dict[str, Input],
    n_rows: int,
) -> npt.NDArray[np.uint64]:
    """Rows to leave out; refuses what the caller did not ask to drop."""
    to_drop = dict(missing)
    if invalid == "keep_stage":
        del to_drop["stage"]
    rows = np.unique(np.concatenate([*to_drop.values(), unparsed])).astype(np.uint64)
    if invalid != "drop" and len(rows):
        row = int(rows[0])
        role = next(role for role, found in to_drop.items() if row in found)
        ways = 'invalid="drop" to leave such rows out'
        if role == "stage":
            ways += ' or invalid="keep_stage" to keep them'
        raise InvalidRowError(
            f"missing {role} in row {row:,} of column {inputs[role].name!r} ({len(to_drop[role]):,} "
            f"of {n_rows:,} rows); fill it in, or pass {ways}",
            row=row,
        )
    return rows


def thread_count(asked: int | None) -> int:
    """Read the number of threads from the argument, the environment or the machine."""
    if asked is None:
        text = os.environ.get("STAGEFUNNEL_THREADS", "")
        if text and not text.isdecimal():
            raise SchemaError(f"STAGEFUNNEL_THREADS={text!r} is not a whole number")
        asked = int(text) if text else _cores()
    if isinstance(asked, bool) or not isinstance(asked, int | np.integer) or asked < 1:
        raise SchemaError(f"threads={asked!r} is not a whole number of at least 1")
    return min(int(asked), _MOST_THREADS)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
