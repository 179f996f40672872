"""A log as plain data: what is pickled of it, and what a file may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from .. import _core
from ..errors import SchemaError, advised, core_errors, quoted
from ..files.places import FilePlaces
from .body_types import wrong_parts
from .columns.inputs import read_input
from .columns.items import ItemsTable
from .columns.kept import RowColumns
from .columns.keys import StoredKeys
from .columns.marks import RowMarks
from .data import LogData
from .intake.checks import hash_of_key, thread_count

MAGIC: Final = "stagefunnel log"
# Raise it when a body changes so that an older version would misread it; `from_body` reads all older ones.
VERSION: Final = 2
_DAMAGED: Final = "the stored log is damaged: "


def to_body(data: LogData) -> dict[str, Any]:
    """Write a log as a dict of arrays, texts and numbers.

    The columns of the journeys are shared with the log and must not be written to. Labels of stages, values
    of further columns and the table of items are what the log was given: a file has to say how it holds them.
    """
    keys = None if data.keys_of is None else StoredKeys.of(data.keys_of, data.journeys)
    return {
        "magic": MAGIC,
        "version": VERSION,
        "journeys": _parts_of(data.journeys, has_texts=keys is not None),
        "n_input_rows": data.n_input_rows,
        "found": dict(data.found),
        "unit": data.unit,
        "zone": data.zone,
        "labels": list(data.labels),
        "label_rows": data.label_rows,
        "label_first_row": data.label_first_row,
        "keys": None if keys is None else keys.parts,
        "threads": data.threads,
        "other_labels": list(data.other_labels),
        "columns": None if data.columns is None else data.columns.parts,
        "marks": None if data.marks is None else vars(data.marks).copy(),
        "items_table": None if data.items_table is None else data.items_table.parts,
        "places": vars(data.locate).copy() if isinstance(data.locate, FilePlaces) else None,
        "has_pipelines": data.has_pipelines,
        "observed_until": data.observed_until,
        "whole_end": data.whole_end,
        "reader_lines": [(*line, n) for line, n in data.reader_lines.items()],
        "read_as": dict(data.read_as),
    }


def _parts_of(journeys: _core.journeys.Journeys, *, has_texts: bool) -> dict[str, Any]:
    """Take the columns of journeys. Hashes are made anew of the texts: each process has its own."""
    parts = _core.journeys.parts_of(journeys)
    return {**parts, "key": None, "high": None} if has_texts and journeys.hashed else parts


def _journeys_of(parts: Mapping[str, Any], keys: Mapping[str, Any] | None) -> _core.journeys.Journeys:
    """Make journeys of their columns, and the hashes of their items of the texts."""
    older = {"hash_key": b"", "is_unsigned": keys is not None and keys["dtype"] == "uint64"}
    parts = {**older, **parts}
    if parts["high"] is not None and not len(parts["high"]):
        return _core.journeys.journeys_of_parts(**parts)
    if keys is not None:
        hash_ = hash_of_key(parts["hash_key"] or None)
        if keys["series"] is not None:
            column = read_input(keys["series"], "item").column
            parts["key"], parts["high"] = _core.columns.hashes_of(column, hash_)
        else:
            parts["key"], parts["high"] = _core.columns.hashes_of_joined(keys["texts"], keys["ends"], hash_)
    elif not parts["hash_key"]:
        raise SchemaError(
            "an earlier version stored this log with hashes of its items' texts that this version cannot "
            "make, so it would find none of its items; read the rows again and store the new log, with ",
            advised("keys", "keep"),
            " if it has to keep the texts",
        )
    return _core.journeys.journeys_of_parts(**parts)


def from_body(body: Any) -> LogData:
    """Make the log that a body was written of.

    Raises
    ------
    SchemaError
        If it is not the body of a log, a newer version has written it, or it is damaged.
    """
    magic = body.get("magic") if isinstance(body, Mapping) else None
    if not isinstance(magic, str) or magic != MAGIC:
        raise SchemaError("the stored data is not a log of stagefunnel")
    version = body.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise SchemaError(
            f"a newer stagefunnel stored this log (version {version!r} of the stored form; this one reads "
            f"versions up to {VERSION}); update it with: pip install --upgrade stagefunnel"
        )
    try:
        with core_errors(_DAMAGED):
            data = _data_of(body)
            _check_lengths(data)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise SchemaError(f"{_DAMAGED}{error}") from error
    return data


def _data_of(body: Mapping[str, Any]) -> LogData:
    wrong = wrong_parts(body)
    if wrong:
        raise SchemaError(f"{_DAMAGED}{quoted(wrong)} are of another type than a log has")
    keys, columns, table = body["keys"], body["columns"], body["items_table"]
    journeys = _journeys_of(body["journeys"], keys)
    return LogData(
        journeys=journeys,
        n_input_rows=body["n_input_rows"],
        found=dict(body["found"]),
        unit=body["unit"],
        zone=body["zone"],
        labels=list(body["labels"]),
        label_rows=body["label_rows"],
        label_first_row=body["label_first_row"],
        keys_of=None if keys is None else StoredKeys(journeys, **keys),
        # Another machine may have fewer processors, and the results do not depend on their number.
        threads=min(body["threads"], thread_count(None)),
        other_labels=list(body["other_labels"]),
        columns=None if columns is None else RowColumns.of_parts(columns),
        marks=None if body["marks"] is None else RowMarks(**body["marks"]),
        items_table=None if table is None else ItemsTable.of_parts(table),
        locate=None if body["places"] is None else FilePlaces(**body["places"]),
        has_pipelines=body["has_pipelines"],
        observed_until=body["observed_until"],
        whole_end=body["whole_end"],
        reader_lines={(check, level, note): n for check, level, note, n in body["reader_lines"]},
        read_as=dict(body.get("read_as", {})),  # of which older versions said nothing
    )


def _check_lengths(data: LogData) -> None:
    """Refuse columns that are shorter or longer than the log: the core reads them without looking again."""
    n_rows, n_items = int(data.journeys.n_rows), int(data.journeys.n_items)
    lengths = {"labels": (len(data.labels), _core.journeys.parts_of(data.journeys)["n_labels"])}
    lengths["label_rows"] = (len(data.label_rows), len(data.labels))
    lengths["label_first_row"] = (len(data.label_first_row), len(data.labels))
    if isinstance(data.keys_of, StoredKeys):
        keys = data.keys_of.series if data.keys_of.ends is None else data.keys_of.ends
        lengths["keys"] = (n_items if keys is None else len(keys), n_items)
    if data.items_table is not None:
        lengths["items_table"] = (data.items_table.n_items, n_items)
    of_rows = dict(data.columns.lengths) if data.columns is not None else {}
    if data.marks is not None:
        of_rows |= {name: len(values) for name, values in vars(data.marks).items() if values is not None}
    lengths |= {name: (length, n_rows) for name, length in of_rows.items()}
    wrong = [name for name, (length, expected) in lengths.items() if length != expected]
    if wrong:
        raise SchemaError(f"{_DAMAGED}{quoted(wrong)} are not as long as the log needs")
    items = np.arange(n_items, dtype=np.uint32)
    rows = _core.journeys.rows_of_codes(data.journeys, items, data.threads)[: len(data.labels)]
    if not np.array_equal(rows, data.label_rows):
        raise SchemaError(f"{_DAMAGED}'label_rows' are not the rows of the stages")
