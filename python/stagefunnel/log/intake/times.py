"""Times of rows and ends of visits: text is parsed, zones are given, units are made one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import InvalidRowError, SchemaError, advised, core_errors, counted, given
from ...times.stamps import NAT, in_unit, parse_texts, refuse_unparsed, to_times
from ...times.zones import localized
from ..columns.inputs import FORMATS, Input, read_input
from ..columns.marks import Ends
from ..data import Invalid

Rows = npt.NDArray[np.uint64]
_NO_ROWS: Rows = np.zeros(0, dtype=np.uint64)


def encode(encode: Any, column: Input, *more: Any) -> Any:
    """Encode a column by a function of the core, whose errors then name the column."""
    with core_errors(f"column {column.name!r}: "):
        return encode(column.column, *more)


def refuse_times(column: Input, role: str) -> None:
    """Refuse dates and times as keys of items or as stages: the columns are likely to be mixed up."""
    if column.time_unit is not None:
        what = "keys of items" if role == "item" else "stages"
        raise SchemaError(
            f"column {column.name!r} holds dates or times, which are not {what}; name another column, or "
            "make it text if these are meant",
            option=role,
        )


def readable_times(
    column: Input,
    invalid: Invalid,
    time_format: str | None,
    first_row: int | None = None,
    unit: str | None = None,
    *,
    blank_is_missing: bool = False,
) -> tuple[Input, Rows]:
    """Parse times that are text; rows that do not parse are refused or returned."""
    if not column.column.holds_bytes:
        if time_format is not None:
            raise SchemaError(
                given("time_format", time_format),
                f" is for text; column {column.name!r} holds times already",
            )
        return column, _NO_ROWS
    if not column.holds_text:
        raise SchemaError(f"column {column.name!r} holds bytes; expected dates, timestamps, text or integers")
    with core_errors(f"column {column.name!r}: "):  # of damaged memory
        texts = column.take(np.arange(len(column), dtype=np.uint32))
    if blank_is_missing:
        texts = texts.mask(texts.str.strip() == "")
    stamps, unparsed = parse_texts(texts, column.name, time_format)
    if len(unparsed) and invalid != "drop":
        refuse_unparsed(column.name, texts, unparsed, time_format, first_row)
    return read_input(in_unit(stamps, unit), column.name), unparsed


def in_zone(column: Input, zone: str, threads: int) -> tuple[Input, int]:
    """Read times without a zone as local times of one, and show others in it.

    Returns
    -------
    column, doubtful
        The times, and the number of those that a change of the clocks leaves in doubt.
    """
    if column.zone is not None:
        return replace(column, shown_in=zone), 0
    missing = encode(_core.columns.encode_times, column, threads).missing_rows
    unit = column.time_unit
    if unit is None:
        if len(missing) == len(column):
            return column, 0  # a column without a value often has no particular type
        raise SchemaError(
            given("zone", zone), f" is for dates and times; column {column.name!r} holds plain integers"
        )
    ticks = column.column.take_integers(np.arange(len(column), dtype=np.uint32))
    ticks = ticks * 86_400 if unit == "D" else ticks.copy()
    ticks[missing] = NAT
    with core_errors(f"column {column.name!r} in {zone}: "):
        local, doubtful = localized(
            pd.DatetimeIndex(ticks.view(f"datetime64[{'s' if unit == 'D' else unit}]")), zone
        )
    return read_input(local, column.name), doubtful


def read_ends(
    column: Input,
    times: Input,
    invalid: Invalid,
    time_format: str | None,
    first_row: int | None,
    zone: str | None,
    threads: int,
) -> tuple[Ends, Rows, dict[str, int]]:
    """Read the ends of visits as the times of the rows are read; a blank text is no end.

    Returns
    -------
    ends, unparsed, doubtful
        The ends, the rows whose text is not a time, and the local times that a change of the clocks leaves in
        doubt.
    """
    n_rows = len(column)
    if column.column.holds_bytes:
        column, unparsed = readable_times(column, invalid, time_format, first_row, blank_is_missing=True)
    else:
        unparsed = _NO_ROWS
    if len(encode(_core.columns.encode_times, column, threads).missing_rows) == n_rows:
        # A column without a value often has no particular type.
        return Ends(np.full(n_rows, NAT), times.time_unit), unparsed, {}
    doubtful = {}
    if zone is not None:
        column, doubtful["doubtful_local_times"] = in_zone(column, zone, threads)
    kinds = [_kind(one) for one in (column, times)]
    if kinds[0] != kinds[1]:
        raise SchemaError(
            f"column {column.name!r} holds {kinds[0]}, column {times.name!r} {kinds[1]}; make them one type"
        )
    stamps = encode(_core.columns.encode_times, column, threads)
    ticks = stamps.ticks
    ticks[stamps.missing_rows] = NAT
    return Ends(ticks, column.time_unit), unparsed, doubtful


def _kind(times: Input) -> str:
    if times.time_unit is None:
        return "plain integers"
    return "times with a zone" if times.zone is not None else "times without a zone"


def early_ends(
    ends: Ends,
    times: Input,
    stamps: _core.columns.Times,
    inputs: dict[str, Input],
    invalid: Invalid,
    first_row: int | None,
) -> Rows:
    """Find the rows that end before they begin; they are refused or returned."""
    starts = stamps.ticks
    starts[stamps.missing_rows] = NAT
    rows = ends.before(starts, times.time_unit)
    if invalid == "drop" or not len(rows):
        return rows
    row = int(rows[0])
    end = to_times(ends.ticks[row : row + 1], ends.unit, times.zone).iloc[0]
    start = to_times(starts[row : row + 1], times.time_unit, times.zone).iloc[0]
    share = f" ({len(rows):,} of {counted(len(starts), 'row')})" if first_row is None else ""
    row += first_row or 0
    raise InvalidRowError(
        f"row {row:,} ends before it begins: {end} in column {inputs['exited'].name!r} is before {start} in "
        f"column {inputs['time'].name!r}{share}",
        row=row,
        advice=("; correct it, or pass ", advised("invalid", "drop"), " to leave such rows out"),
    )


def refined(times: Input, stamps: _core.columns.Times, unit: str) -> Input:
    """Convert times to a finer unit."""
    ticks = stamps.ticks
    is_known = np.ones(len(ticks), dtype=bool)
    is_known[stamps.missing_rows] = False
    in_finer = np.full(len(ticks), NAT)
    in_finer[is_known] = Ends(ticks[is_known], times.time_unit).in_unit(unit, times.name)
    column = _core.columns.column_from_array(in_finer, None, f"ts{FORMATS[unit]}:{times.zone or ''}")
    return replace(times, column=column, of_session=False)
