"""What a log nobody has described is likely to mean: its columns, its stages and their order."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from ..errors import ReaderError, SchemaError, StageFunnelError, counted
from ..files import expand, kind_of, read_head, read_tables
from ..log.columns.arrow import frame_of, series_of, speaks_arrow, table_of
from ..log.stage_log import StageLog
from ..readers import Export, read
from ..readers.options import Options
from ..readers.recognise import format_of
from ..readers.shapes.column_names import columns_of
from ..readers.sources.opening import pandas_frame
from .columns import FoundColumns, find_columns
from .doubts import Doubt
from .of_export import suggest_for_export
from .of_table import has_ties, suggest_for_columns, suggest_for_log, suggest_for_table
from .row_order import row_order
from .suggestion import Suggestion

_ROLES: Final = ("item", "stage", "time")
# Rows of each file in which its columns are looked for.
_HEAD: Final = 20_000


def suggest(
    data: Any,
    *,
    item: str | None = None,
    stage: str | None = None,
    time: str | None = None,
    order: str | None = None,
    time_format: str | None = None,
    dayfirst: bool | None = None,
    zone: str | None = None,
    encoding: str | None = None,
) -> Suggestion:
    """Suggest the columns, the stages and their order for rows that nobody has described.

    The columns are found by their usual names, else by their values: items repeat, stages are few and change
    within an item, times can be read. The order of the stages is one in which few moves go back; stages
    between which the moves do not decide stand as their median places in the journeys, then as they first
    appear. Won and lost are known by their names in many languages, else by the ends of journeys. What may
    be otherwise is in :attr:`Suggestion.doubts`.

    Parameters
    ----------
    data
        A log, a table as :class:`StageLog` takes it or a list of dicts, a path or a glob or several of them,
        or an export. Files
        and tables that :func:`read` recognises as the export of a CRM, or as another shape than one row per
        move, are read so, and their own pipelines are suggested.
    item, stage, time, order
        Names of columns that are known.
    time_format
        Format of the times, as for :class:`StageLog`.
    dayfirst
        Whether dates like ``03/04/2026`` have the day first, where the column could be read both ways.
    zone
        Time zone of times without one.
    encoding
        Encoding of text files, as for :func:`read`.

    Returns
    -------
    Suggestion
        Pipeline, settings, what was seen of each stage, and the doubts.

    Raises
    ------
    SchemaError
        If no column can be the item, the stage or the time.
    ReaderError
        If a file cannot be read.
    FileNotFoundError
        If a path or a glob matches no file.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {
    ...     "Vorgang": ["A", "A", "B", "B", "B"],
    ...     "Phase": ["Neu", "Angebot", "Neu", "Angebot", "Gewonnen"],
    ...     "Datum": ["01.03.2026", "05.03.2026", "02.03.2026", "09.03.2026", "30.03.2026"],
    ... }
    >>> suggestion = sf.suggest(rows)
    >>> suggestion.pipeline
    Pipeline: Neu → Angebot | won: Gewonnen
    >>> suggestion.settings.columns["time_format"], suggestion.doubts
    ('%d.%m.%Y', ['All of it rests on 3 moves between stages.'])
    """
    names = {"item": item, "stage": stage, "time": time, "order": order}
    named_columns = {role: name for role, name in names.items() if name is not None}
    known = _Known(named_columns, time_format, dayfirst, zone, encoding)
    if isinstance(data, StageLog):
        _refuse_options(known, "a log", "its columns are read already")
        return suggest_for_log(data)
    if isinstance(data, Export):
        _refuse_options(known, "an export", "it is read already")
        return suggest_for_export(data)
    if _is_paths(data):
        return _of_files(expand([os.fspath(path) for path in _listed(data)]), known)
    if isinstance(data, list | tuple):
        return _of_frame(pd.DataFrame(list(data)), known) if _are_flat(data) else _of_export(data, known)
    return _of_frame(_frame_of(data), known)


class _Known:
    """What the caller knows, as the options of a table and of a reader."""

    def __init__(
        self,
        names: Mapping[str, str],
        time_format: str | None,
        dayfirst: bool | None,
        zone: str | None,
        encoding: str | None,
    ) -> None:
        self.names, self.time_format, self.dayfirst = dict(names), time_format, dayfirst
        self.zone, self.encoding = zone, encoding

    def for_reader(self) -> dict[str, Any]:
        more = {"time_format": self.time_format, "dayfirst": self.dayfirst, "zone": self.zone}
        given = {name: value for name, value in more.items() if value is not None}
        return {**self.names, **given, "encoding": self.encoding}


def _refuse_options(known: _Known, what: str, why: str) -> None:
    given = {name: value for name, value in known.for_reader().items() if value is not None}
    if given:
        raise SchemaError(
            f"{', '.join(f'{name}=' for name in given)} says how a table is read, and this is {what}: {why}"
        )


def _is_paths(data: Any) -> bool:
    if isinstance(data, str | os.PathLike):
        return True
    return (
        isinstance(data, list | tuple)
        and bool(data)
        and all(isinstance(one, str | os.PathLike) for one in data)
    )


def _are_flat(data: Sequence[Any]) -> bool:
    """Check for records that are rows of a table: none of their values is a record or a list itself."""
    return bool(data) and all(
        isinstance(record, Mapping) and not any(isinstance(one, Mapping | list) for one in record.values())
        for record in data
    )


def _listed(data: Any) -> Sequence[Any]:
    return [data] if isinstance(data, str | os.PathLike) else data


def _frame_of(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, Mapping):
        return pd.DataFrame({name: series_of(values).reset_index(drop=True) for name, values in data.items()})
    if not speaks_arrow(data):
        raise SchemaError(
            f"cannot suggest a pipeline for {type(data).__name__}: give a StageLog, a table as StageLog "
            "takes it, or the path of a file"
        )
    try:
        return frame_of(table_of(data))
    except ImportError:
        return pandas_frame(data)


def _of_frame(frame: pd.DataFrame, known: _Known) -> Suggestion:
    texts = frame.rename(columns=str)
    if _is_export([texts.head(1_000)], known):
        return _of_export(texts, known)
    return _of_table(texts, find_columns(texts, known.names, known.dayfirst, known.time_format), known)


def _of_files(files: list[str], known: _Known) -> Suggestion:
    try:
        heads = [read_head(file, _HEAD) for file in files]
    except ReaderError:
        return _of_export(files, known)  # another kind of file, or of text
    if known.encoding is not None or _is_export([head.head(1_000) for head in heads], known):
        return _of_export(files, known)
    # The columns are found in the first rows, and only these are read as a whole.
    head = heads[0]
    try:
        first = find_columns(head, known.names, known.dayfirst, known.time_format)
    except SchemaError:
        # Rows may stand in blocks, so that items do not come again at once, or times come later.
        frame = read_tables(files, None).frame
        return _of_table(
            frame, find_columns(frame, known.names, known.dayfirst, known.time_format), known, files
        )
    pipeline = _pipeline_column(head, first)
    log = None if pipeline else _log_of_batches(files, first, known)
    if log is not None:
        return suggest_for_columns(log, first, known.zone)
    frame = read_tables(files, list(dict.fromkeys([*first.names.values(), *pipeline]))).frame
    found = find_columns(frame, first.names, known.dayfirst, known.time_format)
    # What was said of the columns beside them still holds.
    return _of_table(frame, replace(found, reasons=first.reasons, doubts=first.doubts), known, files)


def _is_export(heads: list[pd.DataFrame], known: _Known) -> bool:
    """Check whether a reader knows these tables.

    Events of the web with plain names and times are a table like any other: whether an item is a person or a
    session is for their owner to choose.
    """
    form = format_of(heads, known.names)
    if form != "web" or len(heads) > 1:
        return form is not None
    try:
        found = find_columns(heads[0], known.names, known.dayfirst, known.time_format)
    except SchemaError:
        return True
    return found.times.kind not in ("iso", "format")


def _pipeline_column(frame: pd.DataFrame, found: FoundColumns) -> list[str]:
    """Name the column that says which pipeline a stage is of, if there is one."""
    name = columns_of(list(frame.columns), Options(), ("pipeline",)).get("pipeline")
    return [name] if name is not None and name not in found.names.values() else []


def _log_of_batches(files: list[str], found: FoundColumns, known: _Known) -> StageLog | None:
    """Read files batch by batch, as a command reads them; ``None`` where that needs a look at all rows."""
    times = found.times
    if "order" in found.names or times.others or times.kind not in ("iso", "format", "numbers"):
        return None
    if {kind_of(file) for file in files} != {"csv"}:
        return None
    columns: dict[str, Any] = {role: found.names[role] for role in _ROLES}
    try:
        log = StageLog.from_csv(files, **columns, time_format=times.time_format, zone=known.zone)
    except StageFunnelError:
        return None  # a look at all rows says which of them, or that they can be read otherwise
    return None if log._data.log_quality.ties else log


def _of_table(
    frame: pd.DataFrame, found: FoundColumns, known: _Known, files: list[str] | None = None
) -> Suggestion:
    has_pipelines = any(frame[name].nunique() > 1 for name in _pipeline_column(frame, found))
    if has_pipelines or (found.times.kind in ("words", "counted") and known.time_format is None):
        # A reader of exports reads both, and a pipeline file has no words for them.
        names = {role: found.names[role] for role in _ROLES}
        return _of_export(frame if files is None else files, known, names)
    if not has_ties(frame, found, known.zone):
        return suggest_for_table(frame, found, known.zone)
    order = row_order(frame, found)
    if order.has_useless_order and "order" not in known.names:
        names = {role: name for role, name in found.names.items() if role != "order"}
        found = replace(found, names=names)
    if not order.n_turned:
        return suggest_for_table(frame, found, known.zone)
    if files is not None and found.times.kind != "numbers":
        return _of_export(files, known, {role: found.names[role] for role in _ROLES})
    doubt = Doubt(
        f"The newest row stands first, and {counted(order.n_turned, 'row')} of one time would be read in "
        "reverse: turn the table round before it is read, or read it with read()."
    )
    forwards = replace(found, doubts=(*found.doubts, doubt))
    return suggest_for_table(frame.iloc[order.positions], forwards, known.zone)


def _of_export(data: Any, known: _Known, names: Mapping[str, str] | None = None) -> Suggestion:
    options = {**known.for_reader(), **(names or {})}
    try:
        suggestion = suggest_for_export(read(data, **options))
        reading = {name: value for name, value in options.items() if value is not None}
        others = {name: replace(other, reading=reading) for name, other in suggestion.others.items()}
        return replace(suggestion, reading=reading, others=others)
    except StageFunnelError:
        if not isinstance(data, pd.DataFrame) or names is not None:
            raise
        return _of_table(data, find_columns(data, known.names, known.dayfirst, known.time_format), known)
