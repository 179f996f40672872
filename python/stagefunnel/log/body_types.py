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


def wrong_parts(body: Mapping[str, Any]) -> list[str]:
    """Name the parts of a stored log that are of another type than they were written with."""
    return [name for name, is_right in _checked(body) if not is_right]


def _checked(body: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "journeys", isinstance(body["journeys"], Mapping)
    if isinstance(body["journeys"], Mapping) and isinstance(body["keys"], Mapping):
        is_packed = body["keys"]["form"] not in ("numbers", "series") and body["keys"]["texts"] is None
        yield "journeys.prefix", not is_packed or isinstance(body["journeys"]["prefix"], bytes)
    yield from ((name, _is_number(body[name])) for name in _NUMBERS)
    found = body["found"]
    yield "found", isinstance(found, Mapping) and all(map(_is_number, found.values()))
    yield "unit", body["unit"] is None or _is_one_of(body["unit"], _UNITS)
    yield "zone", isinstance(body["zone"], str | None) and checked_zone(body["zone"]) != ""
    yield from ((name, isinstance(body[name], list)) for name in _LISTS)
    yield from ((name, _is_whole(body[name])) for name in ("label_rows", "label_first_row"))
    yield from ((name, isinstance(body[name], Mapping | None)) for name in _OPTIONAL_MAPS)
    yield "has_pipelines", isinstance(body["has_pipelines"], bool)
    yield from ((name, body[name] is None or _is_number(body[name])) for name in _MOMENTS)
    if isinstance(body["keys"], Mapping):
        yield from _checked_keys(body["keys"])
    if isinstance(body["items_table"], Mapping):
        table = body["items_table"]
        yield "items_table.frame", isinstance(table["frame"], pd.DataFrame)
        yield "items_table.key", isinstance(table["frame"], pd.DataFrame) and _is_column(table)
        yield "items_table.rows", _is_whole(table["rows"])
        yield "items_table.n_keyless", _is_number(table["n_keyless"])
    if isinstance(body["places"], Mapping):
        yield "places.files", isinstance(body["places"]["files"], tuple | list)


def _checked_keys(keys: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    yield "keys.form", _is_one_of(keys["form"], _FORMS)
    yield "keys.dtype", isinstance(keys["dtype"], str) and _is_dtype(keys["dtype"])
    yield from ((f"keys.{name}", keys[name] is None or _is_whole(keys[name])) for name in ("texts", "ends"))
    if _is_whole(keys["texts"]) and _is_whole(keys["ends"]):
        yield "keys.ends", _are_ends(keys["ends"], len(keys["texts"]))
        yield "keys.texts", keys["form"] != "text" or _is_utf8(keys["texts"])
    yield "keys.series", isinstance(keys["series"], pd.Series | None)


def _is_number(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


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
