"""The types that the parts of a stored log have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..times.zones import checked_zone

_UNITS: Final = ("s", "ms", "us", "ns")
_FORMS: Final = ("numbers", "text", "bytes", "uuid", "series")
_OPTIONAL_MAPS: Final = ("keys", "columns", "marks", "items_table", "places")
_NUMBERS: Final = ("n_input_rows", "threads")
_LISTS: Final = ("labels", "other_labels", "reader_lines")
_MOMENTS: Final = ("observed_until", "whole_end")
_MARKS: Final = {"ended": np.int64, "start_unknown": np.uint8}
_IN_64_BITS: Final = range(-(2**63), 2**63)
_MOST_DECIMALS: Final = 30


def wrong_parts(body: Mapping[str, Any]) -> list[str]:
    """Name the parts of a stored log that are of another type than they were written with."""
    return [name for name, is_right in _checked(body) if not is_right]


def _checked(body: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "journeys", isinstance(body["journeys"], Mapping)
    if isinstance(body["journeys"], Mapping) and isinstance(body["keys"], Mapping):
        is_packed = body["keys"]["form"] not in ("numbers", "series") and body["keys"]["texts"] is None
        yield "journeys.prefix", not is_packed or isinstance(body["journeys"]["prefix"], bytes)
    yield from ((name, _is_count(body[name])) for name in _NUMBERS)
    found = body["found"]
    yield "found", isinstance(found, Mapping) and all(map(_is_count, found.values()))
    yield "unit", body["unit"] is None or _is_one_of(body["unit"], _UNITS)
    yield "zone", isinstance(body["zone"], str | None) and checked_zone(body["zone"]) != ""
    yield from ((name, isinstance(body[name], list)) for name in _LISTS)
    yield from ((name, _are_counts(body[name])) for name in ("label_rows", "label_first_row"))
    yield from ((name, isinstance(body[name], Mapping | None)) for name in _OPTIONAL_MAPS)
    yield "has_pipelines", isinstance(body["has_pipelines"], bool)
    yield from ((name, body[name] is None or _is_number(body[name])) for name in _MOMENTS)
    yield from _checked_lines(body["reader_lines"])
    read_as = body.get("read_as", {})
    yield (
        "read_as",
        isinstance(read_as, Mapping)
        and all(isinstance(text, str) for pair in read_as.items() for text in pair),
    )
    if isinstance(body["marks"], Mapping):
        yield from ((f"marks.{name}", _is_of(body["marks"][name], kind)) for name, kind in _MARKS.items())
    if isinstance(body["columns"], Mapping):
        yield from ((f"columns.{name}", _is_kept(part)) for name, part in body["columns"].items())
    if isinstance(body["keys"], Mapping):
        yield from _checked_keys(body["keys"])
    if isinstance(body["items_table"], Mapping):
        table = body["items_table"]
        yield "items_table.frame", isinstance(table["frame"], pd.DataFrame)
        yield "items_table.key", isinstance(table["frame"], pd.DataFrame) and _is_column(table)
        yield "items_table.rows", _is_whole(table["rows"]) and int(table["rows"].min(initial=0)) >= -1
        yield "items_table.n_keyless", _is_count(table["n_keyless"])
    if isinstance(body["places"], Mapping):
        yield from _checked_places(body["places"])


def _checked_places(places: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    files, starts = places["files"], places["starts"]
    are_files = isinstance(files, tuple | list) and all(isinstance(name, str) for name in files)
    yield "places.files", are_files
    are_starts = isinstance(starts, tuple | list) and all(map(_is_count, starts))
    yield "places.starts", are_starts and are_files and len(starts) == len(files)
    yield "places.kind", isinstance(places["kind"], str)


def _checked_lines(lines: object) -> Iterator[tuple[str, bool]]:
    are_lines = isinstance(lines, list) and all(
        isinstance(line, tuple | list) and len(line) == 4 for line in lines
    )
    yield (
        "reader_lines",
        are_lines
        and all(
            all(isinstance(text, str) for text in line[:3]) and _is_count(line[3])
            for line in lines  # type: ignore[attr-defined]  # a list, as was just seen
        ),
    )


def _is_kept(part: object) -> bool:
    """Check a column of the rows: amounts with their scale, or codes of values."""
    if not isinstance(part, Mapping):
        return False
    if "dtype" in part:
        scale = part["scale"]
        return _is_of(part["values"], np.float64) and _is_count(scale) and int(scale) <= _MOST_DECIMALS
    return _is_of(part["code"], np.int32) and isinstance(part["values"], pd.Series)


def _is_of(values: object, kind: Any) -> bool:
    return values is None or (isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype == kind)


def _checked_keys(keys: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "keys.form", _is_one_of(keys["form"], _FORMS)
    yield "keys.dtype", isinstance(keys["dtype"], str) and _is_dtype(keys["dtype"])
    yield from ((f"keys.{name}", keys[name] is None or _is_whole(keys[name])) for name in ("texts", "ends"))
    if _is_whole(keys["texts"]) and _is_whole(keys["ends"]):
        yield "keys.ends", _are_ends(keys["ends"], len(keys["texts"]))
        yield "keys.texts", keys["form"] != "text" or _is_utf8(keys["texts"])
    yield "keys.series", isinstance(keys["series"], pd.Series | None)


def _is_number(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) in _IN_64_BITS


def _is_count(value: object) -> bool:
    return _is_number(value) and int(value) >= 0  # type: ignore[call-overload]  # a number


def _are_counts(values: object) -> bool:
    return _is_whole(values) and int(values.min(initial=0)) >= 0  # type: ignore[attr-defined]  # an array


def _is_one_of(value: object, names: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in names


def _is_whole(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"


def _are_ends(ends: npt.NDArray[Any], n_bytes: int) -> bool:
    return bool((np.diff(ends, prepend=0) >= 0).all()) and (int(ends[-1]) if len(ends) else 0) == n_bytes


def _is_utf8(texts: npt.NDArray[Any]) -> bool:
    try:
        texts.tobytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_column(table: Mapping[str, Any]) -> bool:
    try:
        return table["key"] in table["frame"].columns
    except TypeError:  # of a key that has no hash
        return False


def _is_dtype(name: str) -> bool:
    try:
        pd.api.types.pandas_dtype(name)
    except TypeError:
        return False
    return True
