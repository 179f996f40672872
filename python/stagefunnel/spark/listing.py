"""Tables of single items as DataFrames: their columns are known before a row is read."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ..errors import SchemaError, given, named, quoted
from ..log.rows import row_table
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.forecast.shared_chances import SharedChances, listed_chances
from ..questions.forecast.win_probability import win_probability
from ..questions.parts.fit_counts import FIT
from ..questions.parts.mergeable import mergeable_of
from ..questions.scope.where import read_as_part
from ..questions.sequence.funnel import sequence_items
from ..questions.stages.items import item_table
from ..questions.stages.visits import visits
from .named_columns import names_in
from .reading import Reading

LISTS: Final[dict[str, Callable[..., pd.DataFrame]]] = {
    one.__name__: one for one in (item_table, row_table, sequence_items, visits, win_probability)
}
_OF_ALL: Final = "compares each item with all others, which no partition knows"
#: Tables that depend on the end of observation whatever their options.
_NEEDS_END: Final = ("sequence_items", FIT.name)
_REFUSED: Final = dict.fromkeys(("item_features", "open_items", "win_within"), _OF_ALL)


@dataclass(frozen=True)
class Listing:
    """A table of single items, which is made partition by partition.

    Attributes
    ----------
    reading
        How rows are read; of logs that were kept nothing is read anew.
    pipeline
        The stages; ``None`` where the table has none.
    name, options
        The function, and its options.
    types
        The columns and their types of Spark.
    chances
        The chances of all open items, where the table has them.
    """

    reading: Reading
    pipeline: Pipeline | None
    name: str
    options: Mapping[str, Any]
    types: Mapping[str, str]
    chances: SharedChances | None = None

    def table_of(self, log: StageLog) -> pd.DataFrame:
        """Make the table of a log of some of the items."""
        given_logs = (log,) if self.pipeline is None else (log, self.pipeline)
        with read_as_part():
            if self.chances is not None and self.pipeline is not None:
                own = {name: one for name, one in self.options.items() if name not in FIT.at_the_end}
                return listed_chances(log, self.pipeline, self.chances, **own)
            return LISTS[self.name](*given_logs, **self.options)

    def batches_of(self, log: StageLog) -> Iterator[Any]:
        """Make the rows of a log as Spark takes them."""
        import pyarrow as pa

        from .types import arrow_type

        table = self.table_of(log)
        zone = log._data.zone or "UTC"
        columns = []
        for name, kind in self.types.items():
            values = table[name]
            if isinstance(values.dtype, pd.CategoricalDtype):
                values = values.astype(object)
            if kind == "string":
                values = values.map(str, na_action="ignore").astype(object)
            target = arrow_type(name, kind, zone)
            if pa.types.is_decimal(target):  # the log has whole ones as integers
                wide = pa.array(values, from_pandas=True).cast(pa.decimal128(38, target.scale))
                columns.append(wide.cast(target))
            else:
                columns.append(pa.array(values, type=target, from_pandas=True, safe=False))
        yield from pa.table(columns, names=list(self.types)).to_batches(max_chunksize=10_000)


def read_listing(question: Any, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Read which table is meant, and its options.

    Raises
    ------
    SchemaError
        If it is not one of single items, or an option needs all rows.
    """
    function = inspect.unwrap(question) if callable(question) else question
    name = next((known for known, one in LISTS.items() if inspect.unwrap(one) is function), None)
    if name is None:
        called = getattr(function, "__name__", repr(function))
        if called in _REFUSED:
            raise SchemaError(f"{called}() {_REFUSED[called]}; tables are made of {quoted(LISTS)}")
        merges = mergeable_of(question)
        raise SchemaError(f"{merges.name}() has one answer; ask() gives it (tables: {quoted(LISTS)})")
    read = dict(options)
    if "missing" in inspect.signature(LISTS[name]).parameters:
        if read.get("missing", "ignore") != "ignore":
            raise SchemaError(
                given("missing", read["missing"]),
                " needs the stages of all rows, which no partition knows; leave it out",
            )
        read["missing"] = "ignore"
    if name == FIT.name and read.pop("top", None) is not None:
        raise SchemaError(
            given("top", options["top"]),
            " chooses among the rows of all partitions; leave it out, and sort and limit the DataFrame",
        )
    strangers = [option for option in read if option not in inspect.signature(LISTS[name]).parameters]
    if strangers:
        raise SchemaError(f"{name}() has no option {strangers[0]!r}", option=strangers[0])
    return name, read


def refuse_without_end(name: str, options: Mapping[str, Any], log: StageLog) -> None:
    """Refuse what depends on the end of observation, where it is not known."""
    if name not in _NEEDS_END or options.get("as_of") is not None or log._data.noted_end is not None:
        return
    raise SchemaError(
        f"{name}() depends on the end of observation, which no partition knows; pass ",
        named("as_of"),
        ", or ",
        named("observed_until"),
    )


def columns_of_rows(
    name: str, options: Mapping[str, Any], columns: Sequence[str], known: Mapping[str, str]
) -> dict[str, str]:
    """Choose the columns of rows and items that a table has as they are, with their types of Spark."""
    shown = {option: options.get(option) for option in ("columns", "by")}
    kept = {"item", *names_in(shown), *(("stage", *columns) if name == "row_table" else ())}
    return {column: kind for column, kind in known.items() if column in kept}


def types_of(table: pd.DataFrame, known: Mapping[str, str], zone: str | None) -> dict[str, str]:
    """Return the types of Spark of the columns of a table without rows.

    Parameters
    ----------
    table
        The table of a log without rows.
    known
        Types of columns that the rows or the items have.
    zone
        Zone of the log's times.
    """
    return {str(name): known.get(str(name)) or _type_of(table[name].dtype, zone) for name in table.columns}


def _type_of(dtype: Any, zone: str | None) -> str:
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(dtype):
        return "bigint"
    if pd.api.types.is_float_dtype(dtype):
        return "double"
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "interval day to second"
    if isinstance(dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_any_dtype(dtype):
        return "timestamp_ntz" if zone is None else "timestamp"
    return "string"
