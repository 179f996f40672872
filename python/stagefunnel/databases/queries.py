"""Rows of a query: in batches for a log, or as one frame for a reader of exports."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Final

import pandas as pd

from ..errors import (
    MissingColumnError,
    ReaderError,
    SchemaError,
    counted,
    did_you_mean,
    given,
    named,
    quoted,
)
from . import arrow_columns, python_columns
from .drivers import NoRows
from .numerics import WideNumeric
from .opening import Database
from .psycopg_times import values_of
from .results import Result

_ROLES: Final = ("item", "stage", "time", "exited", "start_unknown")


class QueryBatches:
    """Columns of a query in batches; the next one is fetched while the one before is in use.

    Parameters
    ----------
    database
        The open database.
    query
        Text of the query.
    columns
        Names of the columns, by what they are.
    as_text
        Columns of numeric keys that become text.
    """

    def __init__(
        self, database: Database, query: str, columns: Mapping[str, str], as_text: Collection[str] = ()
    ) -> None:
        self._database, self._query, self._as_text = database, query, frozenset(as_text)
        self._role_of = dict.fromkeys(columns.values(), "column")
        self._role_of |= {columns[role]: role for role in reversed(_ROLES) if role in columns}

    def __iter__(self) -> Generator[Any, None, None]:
        """Run the query; who stops before the end closes the generator, which ends the query."""
        with _running(self._database, self._query, "the query") as result:
            _check_names(result.names, list(self._role_of), "the query")
            places = {name: result.names.index(name) for name in self._role_of}
            batches = _guarded(self._database, result, "the query")
            if not self._database.driver.may_wait_elsewhere:
                for batch in batches:
                    yield self._read(batch, places, result)
                return
            with closing(batches), ThreadPoolExecutor(1) as fetcher:
                coming = fetcher.submit(next, batches, None)
                try:
                    while (batch := coming.result()) is not None:
                        coming = fetcher.submit(next, batches, None)
                        yield self._read(batch, places, result)
                finally:
                    result.cancel()  # what is fetched ahead has nobody to wait for

    def _read(self, batch: Any, places: Mapping[str, int], result: Result) -> Any:
        read = {}
        columns = None if result.has_arrow else list(zip(*batch, strict=True))
        for name, role in self._role_of.items():
            place, as_text = places[name], name in self._as_text
            try:
                if columns is None:
                    field = batch.schema.field(place).with_name(name)
                    read[name] = arrow_columns.read_column(batch.column(place), field, role, as_text=as_text)
                elif place in result.texts:
                    read[name] = values_of(columns[place], result.texts[place])
                else:
                    read[name] = python_columns.read_column(
                        columns[place], name, role, scale=result.scales.get(place), as_text=as_text
                    )
            except WideNumeric as error:
                if role in ("item", "stage", "column"):
                    raise
                raise SchemaError(
                    f"column {name!r} has numerics that are not whole numbers of 64 bits, which are "
                    f"not times; cast it to a timestamp, in the query"
                ) from error
        return arrow_columns.batch_of(read) if columns is None else pd.DataFrame(read)


def columns_of_query(database: Database, query: str, name: str) -> list[str]:
    """Return the names of the columns that a query gives, without its rows."""
    with _running(database, query, name) as result:
        result.cancel()
        return result.names


def frame_of_query(
    database: Database, query: str, name: str, progress: Callable[[int], object] | None = None
) -> pd.DataFrame:
    """Read all rows of a query, with values as a reader of exports takes them.

    Parameters
    ----------
    database, query
        As for :class:`QueryBatches`.
    name
        Name of the query, for messages.
    progress
        Function that is called with the rows so far.
    """
    frames, n_rows = [], 0
    with _running(database, query, name) as result:
        _check_names(result.names, result.names, name)
        for batch in _guarded(database, result, name):
            n_rows += len(batch)
            if result.has_arrow:
                frames.append(arrow_columns.plain_frame(batch, result.names))
            else:
                frames.append(_plain_frame(batch, result))
            if progress is not None:
                progress(n_rows)
        if not frames:
            return pd.DataFrame({column: pd.Series([], dtype=object) for column in result.names})
    return frames[0] if len(frames) == 1 else _stacked(frames)


def _plain_frame(rows: Sequence[Sequence[Any]], result: Result) -> pd.DataFrame:
    columns = {}
    for place, values in enumerate(zip(*rows, strict=True)):
        kind = result.texts.get(place)
        columns[result.names[place]] = (
            python_columns.plain(values) if kind is None else values_of(values, kind)
        )
    return pd.DataFrame(columns)


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    columns = {}
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames]
        if len({part.dtype for part in parts}) > 1:  # one batch has times, another none or text
            parts = [part.astype(object) for part in parts]
        columns[name] = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(columns)


@contextmanager
def _running(database: Database, query: str, name: str) -> Iterator[Result]:
    """Run a query, and end it in the end; the error of a driver is reported without its secrets."""
    failure = None
    try:
        result = database.driver.run(query)
    except NoRows:
        failure = ReaderError(f"{name}: the statement gives no rows; write a SELECT")
    except Exception as error:  # each driver has errors of its own; all are reported without secrets
        failure = database.failed(f"{name}: the database refuses it", error)
    if failure is not None:  # outside of the handler, so that the driver's error is not chained
        raise failure
    try:
        yield result
    finally:
        result.close()


def _guarded(database: Database, result: Result, name: str) -> Generator[Any, None, None]:
    n_rows = 0
    while True:
        failure = None
        try:
            batch = next(result.batches, None)
        except Exception as error:  # likewise
            failure = database.failed(
                f"{name}: it broke after {counted(n_rows, 'row')}, and nothing is kept", error
            )
        if failure is not None:
            raise failure
        if batch is None:
            return
        n_rows += len(batch)
        if len(batch):
            yield batch


def _check_names(known: Sequence[str], wanted: Sequence[str], name: str) -> None:
    for column in wanted:
        if column not in known:
            raise MissingColumnError(
                f"{name}: no column {column!r}; it has: {quoted(known)}{_nearest(column, known)}",
                column=column,
            )
        if known.count(column) > 1:
            raise ReaderError(
                f"{name}: it has {known.count(column)} columns named {column!r}; give all but one of them "
                f"another name, with AS"
            )


def _nearest(column: str, known: Sequence[str]) -> str:
    """Name the nearest column; databases change the case of letters."""
    same = [one for one in known if one.casefold() == column.casefold()]
    return f"; did you mean {same[0]!r}?" if same else did_you_mean(column, known)


def queries_by_name(sql: Any) -> dict[str, str]:
    """Read queries: a text, a path of a file, or a mapping of names to these.

    Raises
    ------
    SchemaError
        For what is none of these, and for an empty one.
    """
    if isinstance(sql, str | os.PathLike):
        return {"query": query_text(sql)}
    if not isinstance(sql, Mapping) or not sql:
        raise SchemaError(
            named("sql"), f" is a {type(sql).__name__}, not a query or a mapping of names to queries"
        )
    return {str(name): query_text(query) for name, query in sql.items()}


def query_text(query: Any) -> str:
    """Read a query: its text, or the path of a file that holds it."""
    if isinstance(query, os.PathLike):
        with open(query, encoding="utf-8-sig") as file:
            query = file.read()
    if not isinstance(query, str):
        raise SchemaError(named("sql"), f" holds a {type(query).__name__}, not the text of a query")
    text = query.strip().rstrip(";").rstrip()
    if not text:
        raise SchemaError(named("sql"), " holds an empty query; write a SELECT")
    if text.lower().endswith(".sql") and not any(map(str.isspace, text)):
        raise SchemaError(given("sql", text), " is the name of a file; pass it as pathlib.Path")
    return text
