"""Types of Spark's columns as types of Arrow: what an executor gets, known before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from ..errors import SchemaError
from ..log.columns.inputs import check_names
from ..times.zones import zone_name
from .session import refuse_names_of_one_letter_case

_PLAIN: Final = {
    "boolean": "bool_",
    "tinyint": "int8",
    "smallint": "int16",
    "int": "int32",
    "bigint": "int64",
    "float": "float32",
    "double": "float64",
    "string": "string",
    "binary": "binary",
    "date": "date32",
}
#: Parts of names of collations that leave letter case, accents or trailing spaces out.
_COARSE: Final = {"lcase", "ci", "ai", "rtrim"}


def empty_table(frame: Any, names: Iterable[str], zone: str, what: str = "the DataFrame") -> Any:
    """Make an empty table of Arrow with some columns of a DataFrame, as its executors get them.

    Raises
    ------
    SchemaError
        If the DataFrame has no such column, or one is of a type that is not read.
    """
    import pyarrow as pa

    wanted = list(dict.fromkeys(names))
    check_names(wanted, list(frame.columns), what)
    refuse_names_of_one_letter_case(frame, wanted, what)
    types = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
    return pa.table({name: pa.array([], type=arrow_type(name, types[name], zone, what)) for name in wanted})


def arrow_type(name: str, kind: str, zone: str, what: str = "the DataFrame") -> Any:
    """Return the type of Arrow of a column of a type of Spark.

    Raises
    ------
    SchemaError
        If it is not read.
    """
    import pyarrow as pa

    if kind in _PLAIN:
        return getattr(pa, _PLAIN[kind])()
    _, _, collation = kind.lower().partition(" collate ")
    if any(part in _COARSE for part in re.split("[_ ]", collation)):
        raise SchemaError(
            f"column {name!r} of {what} has the collation {collation.upper()}, by which different texts are "
            "equal, and here texts are equal where their bytes are; cast it to 'string collate UTF8_BINARY' "
            "first, behind lower() where letter case is not to count"
        )
    if kind.startswith(("string", "varchar", "char")):  # with a collation, or a length
        return pa.string()
    if kind == "timestamp":
        return pa.timestamp("us", tz=_known_zone(name, zone))
    if kind == "timestamp_ntz":
        return pa.timestamp("us")
    if kind == "interval day to second":
        return pa.duration("us")
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", kind)
    if decimal is not None:
        return pa.decimal128(*map(int, decimal.groups()))
    raise SchemaError(
        f"column {name!r} of {what} is of type {kind}; cast it to integers, text, a date or a timestamp "
        f"first{'' if what == 'the DataFrame' else ', or drop it'}"
    )


def _known_zone(name: str, zone: str) -> str:
    try:
        zone_name(zone)
    except SchemaError as error:
        raise SchemaError(
            f"column {name!r} of the DataFrame is shown in a zone that the time zone database does not have: "
            f"spark.sql.session.timeZone is {zone!r}; set it to a name such as 'Europe/Berlin'"
        ) from error
    return zone
