"""A saved log and the rows that came later, as one log."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from ... import _core
from ...errors import SchemaError, counted
from ...times.stamps import NAT, TICKS_A_SECOND
from ..columns.items import ItemsTable
from ..columns.joined_columns import joined_columns
from ..columns.joined_tables import joined_frames
from ..columns.kept import RowColumns
from ..columns.keys import LaterKeys, StoredKeys
from ..columns.marks import RowMarks
from ..data import LogData
from ..first_rows import joined_first_rows
from .insertion import Array, Insertion
from .item_ids import Places, joined_keys

_MOST_ROWS = 2**32 - 2


def joined(first: LogData, later: LogData, insertion: Insertion | None = None) -> LogData:
    """Make one log of a log and of rows that came later.

    Parameters
    ----------
    insertion
        Where the rows go, if that is known already.

    Raises
    ------
    SchemaError
        If they have more rows than a log can have. Units, zones and columns are the same (:func:`like`).
    """
    n_rows = int(first.journeys.n_rows) + int(later.journeys.n_rows)
    if max(n_rows, rows_before(first) + rows_before(later)) > _MOST_ROWS:
        raise SchemaError(f"{counted(n_rows, 'row')} are more than a log can have, which is {_MOST_ROWS:,}")
    insertion = insertion or Insertion.of(first, later)
    behind = rows_before(first)
    labels, code_of = _joined_labels(first, later)
    keys, keys_at = joined_keys(first, later, insertion.new)
    parts = [_core.journeys.parts_of(data.journeys) for data in (first, later)]
    kind = np.uint8 if len(labels) < 256 else np.uint16
    codes = [
        _with_codes(parts[0]["stage"], np.arange(len(first.labels)), len(labels), kind),
        _with_codes(parts[1]["stage"], code_of, len(labels), kind),
    ]
    journeys = _core.journeys.journeys_of_parts(
        offsets=insertion.offsets(first, later),
        stage=insertion.into(*codes),
        time=insertion.into(parts[0]["time"], parts[1]["time"]),
        first_row=np.concatenate(
            [parts[0]["first_row"], parts[1]["first_row"][insertion.new] + np.uint32(behind)]
        ).astype(np.uint32),
        n_labels=len(labels),
        **keys,
    )
    clock = first if first.journeys.n_rows else later  # one without rows has no times that say what they are
    label_rows, label_first_row = _rows_of_labels(first, later, code_of, len(labels))
    return LogData(
        journeys=journeys,
        n_input_rows=first.n_input_rows + later.n_input_rows,
        found=_sums(first.found, later.found),
        unit=clock.unit,
        zone=clock.zone,
        labels=labels,
        label_rows=label_rows,
        label_first_row=label_first_row,
        keys_of=None if keys_at is None else LaterKeys(lambda: keys_at(journeys)),
        threads=first.threads,
        other_labels=list(dict.fromkeys([*first.other_labels, *later.other_labels])),
        columns=joined_columns(first.columns, later.columns, insertion.into),
        marks=_joined_marks(first, later, insertion),
        items_table=_joined_tables(first, later, journeys),
        locate=None,  # rows of several inputs
        has_pipelines=clock.has_pipelines,
        observed_until=_noted_end(first, later),
        whole_end=_end_of_whole(first, later),
        reader_lines=_sums(first.reader_lines, later.reader_lines),
        read_as=first.read_as or later.read_as,
        first_rows=joined_first_rows(first.first_rows, later.first_rows, insertion.new),
    )


def like(first: LogData, later: LogData) -> LogData:
    """Return a log with its times in the unit of another, which it is to join.

    Raises
    ------
    SchemaError
        If its times are finer than that unit, or zones or columns differ.
    """
    if not later.journeys.n_rows:  # it has no times that could say what they are
        names = (
            {} if first.columns is None else {name: pd.Series(dtype=object) for name in first.columns.names}
        )
        columns = None if first.columns is None else RowColumns(names, np.zeros(0, dtype=np.uint32), 1)
        return replace(
            later, unit=first.unit, zone=first.zone, has_pipelines=first.has_pipelines, columns=columns
        )
    if not first.journeys.n_rows:
        clock: dict[str, Any] = {name: getattr(later, name) for name in ("unit", "zone", "has_pipelines")}
        refuse_unlike(replace(first, **clock), later)
        return later
    refuse_unlike(first, later)
    return later if first.unit == later.unit else _in_unit(later, str(first.unit))


def _in_unit(data: LogData, unit: str) -> LogData:
    """Write times in another unit, where that is exact."""
    ratio = Fraction(TICKS_A_SECOND[unit], TICKS_A_SECOND[str(data.unit)])
    parts = _core.journeys.parts_of(data.journeys)
    marks = data.marks
    ended = None if marks is None else marks.ended
    journeys = _core.journeys.journeys_of_parts(**{**parts, "time": _times_in(parts["time"], ratio, unit)})
    keys = data.keys_of
    return replace(
        data,
        journeys=journeys,
        unit=unit,
        keys_of=None if keys is None else StoredKeys(journeys, **StoredKeys.of(keys, data.journeys).parts),
        marks=None
        if marks is None
        else replace(marks, ended=None if ended is None else _times_in(ended, ratio, unit)),
        observed_until=None if data.observed_until is None else int(data.observed_until * ratio),
    )


def _times_in(times: Array, ratio: Fraction, unit: str) -> Array:
    known = times != NAT
    if ratio.denominator > 1 and (times[known] % ratio.denominator).any():
        raise SchemaError(
            f"the new rows have times that are finer than those of the saved log, whose unit is {unit!r}; "
            "round them, or save the log anew with finer times"
        )
    reach = np.iinfo(np.int64).max // ratio.numerator
    if (np.abs(times[known]) > reach).any():
        raise SchemaError(f"the new rows have times that do not fit the unit {unit!r} of the saved log")
    changed: Array = np.where(known, times // ratio.denominator * ratio.numerator, NAT)
    return changed


def refuse_unlike(first: LogData, later: LogData) -> None:
    """Refuse rows whose times or columns are not those of the log that they are to join."""
    kinds = [data.unit in TICKS_A_SECOND for data in (first, later)]
    for what, mine, theirs in (
        ("unit of the times", first.unit if not all(kinds) else "", later.unit if not all(kinds) else ""),
        ("zone of the times", first.zone, later.zone),
        ("further columns", _names(first), _names(later)),
        ("column of the pipeline", first.has_pipelines, later.has_pipelines),
    ):
        if mine != theirs:
            theirs, mine = (repr(value) if value else "none" for value in (theirs, mine))
            raise SchemaError(
                f"the new rows have another {what} than the saved log: {theirs}, and the log has {mine}; "
                "read them alike"
            )


def _names(data: LogData) -> list[str]:
    return [] if data.columns is None else sorted(data.columns.names)


def rows_before(data: LogData) -> int:
    """Return a number of rows beyond all that an item begins in; those of erased items may be gone."""
    first_row = _core.journeys.parts_of(data.journeys)["first_row"]
    return max(data.n_input_rows, int(first_row.max(initial=0)) + 1)


def _joined_labels(first: LogData, later: LogData) -> tuple[list[Any], Places]:
    """Return the labels of both, and the code of each label of the later log among them."""
    code_of: dict[Hashable, int] = {label: code for code, label in enumerate(first.labels)}
    for label in later.labels:
        code_of.setdefault(label, len(code_of))
    return list(code_of), np.array([code_of[label] for label in later.labels], dtype=np.int64)


def _rows_of_labels(first: LogData, later: LogData, code_of: Places, n_labels: int) -> tuple[Places, Places]:
    rows = np.zeros(n_labels, dtype=np.int64)
    rows[: len(first.labels)] = first.label_rows
    np.add.at(rows, code_of, later.label_rows)
    first_row = np.zeros(n_labels, dtype=np.int64)
    first_row[code_of] = later.label_first_row + rows_before(first)
    has_rows = np.flatnonzero(first.label_rows)
    first_row[has_rows] = first.label_first_row[has_rows]
    return rows, first_row


def _with_codes(stage: Array, code_of: Places, missing: int, kind: type[np.unsignedinteger[Any]]) -> Array:
    """Write codes of stages as those of other labels; `missing` is that of rows without a stage."""
    codes = np.append(code_of, missing).astype(kind)
    if stage.dtype == kind and np.array_equal(codes, np.arange(len(codes))):
        return stage  # all rows of a large log, of which none changes
    changed: Array = codes[stage]
    return changed


def _sums(first: Mapping[Any, int], later: Mapping[Any, int]) -> dict[Any, int]:
    return {name: first.get(name, 0) + later.get(name, 0) for name in {**first, **later}}


def _noted_end(*logs: LogData) -> int | None:
    """Return the later end of observation, unless a row is later still: then the last row is the end."""
    noted = [data.observed_until for data in logs if data.observed_until is not None]
    last = [data.time_range[1] for data in logs if data.time_range is not None]
    return max(noted) if noted and max(noted) >= max(last, default=max(noted)) else None


def _end_of_whole(first: LogData, later: LogData) -> int | None:
    """Return the end of the log of which some items are left, unless a later row gives another one."""
    last = [data.time_range[1] for data in (first, later) if data.time_range is not None]
    return None if first.whole_end is None or first.whole_end < max(last, default=0) else first.whole_end


def _joined_marks(first: LogData, later: LogData, insertion: Insertion) -> RowMarks | None:
    marks = [data.marks or RowMarks(None, None) for data in (first, later)]
    n_rows = [int(data.journeys.n_rows) for data in (first, later)]

    def column(name: str, missing: Any) -> Any:
        values = [getattr(one, name) for one in marks]
        if all(one is None for one in values):
            return None
        filled = [np.full(n, missing) if one is None else one for one, n in zip(values, n_rows, strict=True)]
        return insertion.into(*filled)

    if first.marks is None and later.marks is None:
        return None
    return RowMarks(column("ended", np.int64(NAT)), column("start_unknown", np.uint8(0)))


def _joined_tables(first: LogData, later: LogData, journeys: _core.journeys.Journeys) -> ItemsTable | None:
    """Make one table of items; a row of the later one takes the place of that with its key."""
    if first.items_table is None and later.items_table is None:
        return None
    tables = [table for table in (first.items_table, later.items_table) if table is not None]
    frame, key = joined_frames([(table.frame, table.parts["key"]) for table in tables])
    return ItemsTable(frame, key, journeys, "drop", first.threads)
