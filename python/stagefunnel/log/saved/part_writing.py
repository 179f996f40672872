"""One part of a saved log: a folder with the columns of its rows and of its items."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import pandas as pd

from ... import _core
from ..body import to_body
from ..columns.inputs import FORMATS, read_input
from ..data import LogData
from ..first_rows import FirstRows
from .columns_file import Array, Place, checksum, pyarrow, write_columns, write_table
from .kinds import kinds_of
from .plain_values import to_json

#: Files of a part.
ROWS, ITEMS, OFFSETS = "rows.arrow", "items.arrow", "offsets.arrow"
KEYS, TABLE = "keys.arrow", "items_table.arrow"
#: The column of the rows in which items begin in the whole input.
FIRST_IN_WHOLE = "first row in the whole"
#: Where the values of a further column lie, of which there may be any number.
VALUES = "values-{number}.arrow"


def write_part(data: LogData, folder: str) -> dict[str, Any]:
    """Write a log into a folder that is there; return what the header says of it."""
    body = to_body(data)
    journeys, keys = body["journeys"], body["keys"]
    hashed = _with_hashes(journeys, keys)
    files = {
        ROWS: _write_rows(folder, data, body),
        ITEMS: _write_items(folder, hashed, keys, body["items_table"], data.first_rows),
        OFFSETS: _write_offsets(folder, journeys["offsets"]),
    }
    part: dict[str, Any] = {
        "folder": os.path.basename(folder),
        "n_rows": len(journeys["time"]),
        "n_items": len(journeys["first_row"]),
        "ends": None if data.time_range is None else list(map(int, data.time_range)),
        "prefix": None if journeys["prefix"] is None else journeys["prefix"].hex(),
        "hash_key": hashed["hash_key"].hex(),
        "is_unsigned": journeys["is_unsigned"],
        "n_labels": int(journeys["n_labels"]),
        "labels": [to_json(label, "stage") for label in body["labels"]],
        "other_labels": [to_json(label, "stage") for label in body["other_labels"]],
        "label_rows": body["label_rows"].tolist(),
        "label_first_row": body["label_first_row"].tolist(),
        **{name: body[name] for name in ("n_input_rows", "found", "unit", "zone", "has_pipelines")},
        **{name: body[name] for name in ("observed_until", "whole_end", "reader_lines", "read_as")},
        "places": body["places"],
        "rows_end": None if data.first_rows is None else data.first_rows.end,
        "label_first_in_whole": None if data.first_rows is None else _of_labels(data.first_rows, data.labels),
        "keys": None if keys is None else {name: keys[name] for name in ("form", "dtype")},
        "kinds": kinds_of(data),
        "key_values": _about_keys(folder, keys),
        "columns": _about_columns(folder, body["columns"] or {}),
        "marks": None if data.marks is None else data.marks.counts,
        "items_table": _about_table(folder, body["items_table"]),
    }
    places = {name: {column: {**vars(place)} for column, place in of.items()} for name, of in files.items()}
    part["files"] = {
        name: {"bytes": os.path.getsize(os.path.join(folder, name)), "columns": places.get(name, {})}
        for name in sorted(os.listdir(folder))
    }
    for name, about in part["files"].items():
        if name not in places:
            about["checksum"] = checksum(np.fromfile(os.path.join(folder, name), dtype=np.uint8))
    return part


def _of_labels(rows: FirstRows, labels: Sequence[Any]) -> list[int | None]:
    return [rows.of_label.get(label) for label in labels]


def _with_hashes(journeys: Mapping[str, Any], keys: Mapping[str, Any] | None) -> dict[str, Any]:
    """Take the keys of the items; hashes of their texts are made with a key that stands beside them.

    Those of the process cannot be made again elsewhere; a key that was given stays.
    """
    if journeys["key"] is not None:
        return {name: journeys[name] for name in ("key", "high", "first_row", "hash_key")}
    assert keys is not None  # the body leaves hashes out only where it has the texts
    hash_key = journeys["hash_key"] or secrets.token_bytes(16)
    hash_ = _core.columns.TextHash.of_key(hash_key)
    if keys["series"] is not None:
        key, high = _core.columns.hashes_of(read_input(keys["series"], "item").column, hash_)
    else:
        key, high = _core.columns.hashes_of_joined(keys["texts"], keys["ends"], hash_)
    return {"key": key, "high": high, "first_row": journeys["first_row"], "hash_key": hash_key}


def _write_rows(folder: str, data: LogData, body: Mapping[str, Any]) -> dict[str, Place]:
    pa = pyarrow()
    journeys = body["journeys"]
    of_time = pa.timestamp(data.unit, tz=data.zone) if data.unit in FORMATS else pa.int64()
    columns = {
        "stage": _stages(journeys["stage"], body["labels"]),
        "time": _of_buffer(of_time, journeys["time"]),
    }
    marks = body["marks"] or {}
    if marks.get("ended") is not None:
        columns["ended"] = _of_buffer(of_time, marks["ended"])
    if marks.get("start_unknown") is not None:
        columns["start_unknown"] = pa.array(marks["start_unknown"])
    for name, part in (body["columns"] or {}).items():
        columns[f"column {name}"] = pa.array(part["values"] if "dtype" in part else part["code"])
    return write_columns(os.path.join(folder, ROWS), columns)


def _stages(codes: Array, labels: Sequence[Any]) -> Any:
    """Make a dictionary of the labels that other libraries take: it has a text for each code.

    Pandas takes none with a missing value, and polars none that is shorter than a code, whether a row is
    missing or not. So rows without a stage are missing by a mask above their codes, which stay as they are.
    """
    pa = pyarrow()
    is_missing = np.array([*(label is None for label in labels), True])
    is_there = ~is_missing[codes]
    names = [None if label is None else str(label) for label in labels]
    if not is_there.all():
        names.append(None)
    known = {*names}
    for at, name in enumerate(names):
        if name is None:
            names[at] = next(text for n in count(1) if (text := f"no stage {n}") not in known)
            known.add(names[at])
    mask = None if is_there.all() else pa.py_buffer(np.packbits(is_there, bitorder="little"))
    buffers = [mask, pa.py_buffer(np.ascontiguousarray(codes))]
    indices = pa.Array.from_buffers(pa.from_numpy_dtype(codes.dtype), len(codes), buffers)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()), safe=False)


def _write_items(
    folder: str,
    hashed: Mapping[str, Any],
    keys: Mapping[str, Any] | None,
    table: Mapping[str, Any] | None,
    numbers: FirstRows | None,
) -> dict[str, Place]:
    pa = pyarrow()
    columns = {"first_row": pa.array(hashed["first_row"]), "key": pa.array(hashed["key"])}
    if len(hashed["high"]):
        columns["high"] = pa.array(hashed["high"])
    if table is not None:
        columns["table_row"] = pa.array(table["rows"])
    if numbers is not None:
        columns[FIRST_IN_WHOLE] = pa.array(numbers.of_item)
    if keys is not None and keys["texts"] is not None:
        ends = np.concatenate([np.zeros(1, dtype=np.int64), keys["ends"]])
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(keys["texts"])]
        kind = pa.large_string() if keys["form"] == "text" else pa.large_binary()
        columns["item"] = pa.Array.from_buffers(kind, len(keys["ends"]), buffers)
    return write_columns(os.path.join(folder, ITEMS), columns)


def _write_offsets(folder: str, offsets: Array) -> dict[str, Place]:
    return write_columns(os.path.join(folder, OFFSETS), {"offsets": pyarrow().array(offsets)})


def _of_buffer(kind: Any, values: Array) -> Any:
    pa = pyarrow()
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def _about_columns(folder: str, parts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write the values that the codes of further columns stand for, and say how each column is held."""
    about = []
    for number, (name, part) in enumerate(parts.items()):
        if "dtype" in part:
            about.append({"name": name, "dtype": str(part["dtype"]), "scale": part["scale"]})
            continue
        frame = pd.DataFrame({"value": part["values"]})
        values = write_table(os.path.join(folder, VALUES.format(number=number)), frame, f"column {name!r}")
        about.append({"name": name, "dtype": None, "values": values})
    return about


def _about_keys(folder: str, keys: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if keys is None or keys["series"] is None:
        return None
    return write_table(os.path.join(folder, KEYS), pd.DataFrame({"item": keys["series"]}), "the items' keys")


def _about_table(folder: str, table: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if table is None:
        return None
    frame = table["frame"].reset_index(drop=True)
    written = write_table(os.path.join(folder, TABLE), frame, "the items table")
    about = {"key": to_json(table["key"], "column"), "n_keyless": table["n_keyless"], "n_rows": len(frame)}
    return {**about, **written}
