"""What is needed of Spark: which versions are read, and what stands in the place of a DataFrame."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from ..errors import SchemaError, StageFunnelError, named

OLDEST: Final = (4, 0)
_INSTALL: Final = 'pip install "stagefunnel[spark]"'


def check_installed() -> None:
    """Refuse to go on without pyspark, or with one that is too old.

    Raises
    ------
    StageFunnelError
        If it is not there, or older than :data:`OLDEST`.
    """
    try:
        import pyspark
    except ImportError as error:
        raise StageFunnelError(f"Spark needs pyspark: {_INSTALL}") from error
    check_version(str(pyspark.__version__))


def check_version(version: str) -> None:
    """Refuse a version of pyspark that is too old.

    Raises
    ------
    StageFunnelError
        If it is older than :data:`OLDEST`.
    """
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is not None and tuple(map(int, found.groups())) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise StageFunnelError(f"pyspark {version} is too old; {oldest} or newer is needed: {_INSTALL}")


def checked_frame(rows: Any, what: str) -> Any:
    """Return a DataFrame of Spark, classic or Connect; anything else is refused."""
    if is_spark(rows):
        if getattr(rows, "isStreaming", False):
            raise SchemaError(
                named(what), " is a stream, which has no end; write it to a table, and give that"
            )
        return rows
    module = type(rows).__module__.partition(".")[0]
    advice = "give a DataFrame of Spark"
    if type(rows).__module__.startswith("pyspark.pandas."):
        module, advice = "pyspark.pandas", f"{advice}, as its to_spark() makes"
    if what == "rows" and module in ("pandas", "polars", "pyarrow", "duckdb"):
        advice += "; StageLog(rows) reads this one"
    raise SchemaError(named(what), f" is a {module} {type(rows).__name__}; {advice}")


def is_of_spark(value: Any) -> bool:
    """Check for anything of Spark, whether it is a DataFrame or something else."""
    return type(value).__module__.partition(".")[0] == "pyspark"


def is_spark(rows: Any) -> bool:
    """Check for a DataFrame of Spark, classic or Connect."""
    return is_of_spark(rows) and all(hasattr(rows, name) for name in ("mapInArrow", "schema"))


def refuse_names_of_one_letter_case(rows: Any, names: Iterable[str], what: str) -> None:
    """Refuse a name that Spark cannot tell from that of another column, where it reads no letter case.

    Raises
    ------
    SchemaError
        If there is one.
    """
    columns = list(rows.columns)
    for name in names:
        other = next((one for one in columns if one != name and one.lower() == name.lower()), None)
        if other is not None and rows.sparkSession.conf.get("spark.sql.caseSensitive") != "true":
            raise SchemaError(
                f"{what} has the columns {name!r} and {other!r}, which are one name to Spark; rename or drop "
                "one, or set spark.sql.caseSensitive to true"
            )


def zone_of_session(rows: Any) -> str:
    """Return the time zone in which the session of a DataFrame shows moments."""
    return str(rows.sparkSession.conf.get("spark.sql.session.timeZone"))


def shuffle_partitions(rows: Any) -> int:
    """Return the number of partitions that a shuffle makes at most, where none is named."""
    found = str(rows.sparkSession.conf.get("spark.sql.shuffle.partitions", "200"))
    return int(found) if found.isdecimal() else 200


def column(name: str) -> Any:
    """Return a column by its name as it is, whatever letters it has."""
    from pyspark.sql import functions

    escaped = name.replace("`", "``")
    return functions.col(f"`{escaped}`")
