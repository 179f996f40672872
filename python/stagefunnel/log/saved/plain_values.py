"""Labels and other single values as JSON has them, so that each comes back as what it was."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import SchemaError

_WRITTEN: Final[Mapping[type, tuple[str, Callable[[Any], Any]]]] = {
    str: ("text", str),
    bool: ("flag", bool),
    int: ("integer", str),
    float: ("number", float.hex),
    bytes: ("bytes", bytes.hex),
    uuid.UUID: ("uuid", str),
    decimal.Decimal: ("decimal", str),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.datetime: ("moment", datetime.datetime.isoformat),
}
_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": str,
    "flag": bool,
    "integer": int,
    "number": float.fromhex,
    "bytes": bytes.fromhex,
    "uuid": uuid.UUID,
    "decimal": decimal.Decimal,
    "date": datetime.date.fromisoformat,
    "moment": datetime.datetime.fromisoformat,
    "stamp": pd.Timestamp,
}


def to_json(value: Any, what: str) -> list[Any]:
    """Write a value as its type and its text.

    Raises
    ------
    SchemaError
        If it is of a type that has no such form; `what` names the value.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA:
        return ["missing", None]
    if isinstance(value, pd.Timestamp):
        return ["stamp", value.isoformat()]
    if isinstance(value, tuple):
        return ["row", [to_json(part, what) for part in value]]
    known = _WRITTEN.get(type(value))
    if known is None:
        raise SchemaError(
            f"{what} {value!r} is of type {type(value).__name__}, which a file cannot hold; make it text or "
            f"an integer"
        )
    name, write = known
    return [name, write(value)]


def from_json(written: Any) -> Any:
    """Read a value that :func:`to_json` wrote.

    Raises
    ------
    SchemaError
        If nothing is written so.
    """
    match written:
        case ["missing", None]:
            return None
        case ["row", list(parts)]:
            return tuple(map(from_json, parts))
        case [str(name), text] if name in _READ and (isinstance(text, str) or name == "flag"):
            try:
                return _READ[name](text)
            except (ArithmeticError, ValueError) as error:
                raise SchemaError(f"{text!r} is not written as a {name}") from error
    raise SchemaError(f"{written!r} is not a value")
