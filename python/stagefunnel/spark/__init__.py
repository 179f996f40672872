"""The same questions for rows in Spark: they are counted where they lie, and only counts come back.

:func:`ask` answers one question about a DataFrame of Spark, :func:`ask_all` several in one pass, and
:func:`summary` the usual ones. It needs the extra ``spark``, and executors that can import stagefunnel.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any, cast

from ..errors import SchemaError, given, named
from ..log.columns.kept import column_names
from ..log.data import Empty, Invalid
from ..pipeline import Pipeline
from ..questions.parts.part_bytes import Check, Precision
from ..questions.summary import summary as summary_question
from ..tables.summary import Summary
from ..times.periods import MomentLike
from .asking import (
    Question,
    answer,
    answer_kept,
    kept_of,
    listed,
    listed_kept,
    read_question,
    read_questions,
    unit_of,
)
from .kept import is_kept
from .listing import read_listing
from .named_columns import names_in, refuse_unknown
from .reading import Reading, of_saved_logs, source_of
from .session import check_installed, checked_frame

__all__ = ["ask", "ask_all", "keep", "summary", "table"]


def ask(
    rows: Any,
    pipeline: Pipeline | None,
    question: Question,
    *,
    item: str = "item",
    stage: str = "stage",
    time: str = "time",
    order: str | None = None,
    exited: str | None = None,
    start_unknown: str | None = None,
    stages: Iterable[Hashable] | None = None,
    columns: str | Iterable[str] | None = (),
    time_format: str | None = None,
    zone: str | None = None,
    items: Any = None,
    items_key: str | None = None,
    invalid: Invalid = "error",
    empty: Empty = "error",
    observed_until: MomentLike | None = None,
    partitions: int | None = None,
    partitioned: bool = False,
    precision: Precision = "exact",
    check: Check | None = None,
    **options: Any,
) -> Any:
    """Answer a question about the rows of a DataFrame of Spark.

    The rows of an item are brought to one partition, each partition is counted, and the counts are merged on
    the executors; the answer is that of one :class:`stagefunnel.StageLog` with all rows.

    Parameters
    ----------
    rows
        A DataFrame of Spark, classic or Connect, of which only the columns that are needed are read; or
        saved logs, as :func:`keep` makes them, which are not read anew.
    pipeline
        The stages; ``None`` for a question about sequences.
    question
        A question that merges, such as :func:`stagefunnel.funnel`, or such a question with its options: an
        option with the name of one that is listed here has to be given so, as in
        ``(sf.cumulative_incidence, {"stage": "Offer"})``.
    item, stage, time, exited, start_unknown, stages, time_format, zone, invalid, empty, observed_until
        As for :class:`stagefunnel.StageLog`. Moments without `zone` are shown in the time zone of the
        session. `observed_until` is needed where an answer depends on the end of observation.
    order
        Name of a column that decides between rows of equal time. A DataFrame has no order, so without it the
        rows of an item with equal times are taken in the order of the pipeline.
    columns
        Further columns to keep; what options such as `by` name is kept without it.
    items, items_key
        A table with one row per item: a DataFrame of Spark, whose rows go to the partitions of their items,
        or a small one of pandas, polars or Arrow, which goes to all of them.
    partitions
        Number of partitions; by default Spark chooses it.
    partitioned
        Whether all rows of an item are in one partition already, so that they are not moved. An item in two
        of them is an error.
    precision
        As for :func:`stagefunnel.partial`. With ``"bounded"`` what comes back does not grow with the rows.
    check
        As for :func:`stagefunnel.partial`; by default ``"keys"`` where rows are `partitioned`, and else
        ``"none"``, for Spark moves the rows by a hash of their item.
    **options
        Options of the question.

    Returns
    -------
    DataFrame
        The table of the question, of pandas; a :class:`stagefunnel.Summary` of :func:`stagefunnel.summary`.

    Raises
    ------
    SchemaError, InvalidRowError, UnknownStageError
        As for the log and the question. What can be seen without rows is found before Spark runs.
    StageFunnelError
        If pyspark is not there or too old, or an executor cannot import the same stagefunnel.
    """
    of, own = read_question(question)
    tables = _asked(
        rows,
        pipeline,
        {"answer": (of, {**own, **options})},
        precision=precision,
        check=check,
        **_reading(locals()),
    )
    return tables["answer"]


def ask_all(
    rows: Any,
    pipeline: Pipeline | None,
    questions: Mapping[str, Question],
    *,
    item: str = "item",
    stage: str = "stage",
    time: str = "time",
    order: str | None = None,
    exited: str | None = None,
    start_unknown: str | None = None,
    stages: Iterable[Hashable] | None = None,
    columns: str | Iterable[str] | None = (),
    time_format: str | None = None,
    zone: str | None = None,
    items: Any = None,
    items_key: str | None = None,
    invalid: Invalid = "error",
    empty: Empty = "error",
    observed_until: MomentLike | None = None,
    partitions: int | None = None,
    partitioned: bool = False,
    precision: Precision = "exact",
    check: Check | None = None,
) -> dict[str, Any]:
    """Answer several questions about the rows of a DataFrame of Spark, which are read once.

    Parameters
    ----------
    rows, pipeline
        As for :func:`ask`.
    questions
        The questions by names of your choice, each alone or with its options: ``{"funnel": sf.funnel, "by
        manager": (sf.outcomes, {"by": "manager"})}``.
    item, stage, time, order, exited, start_unknown, stages, columns, time_format, zone
        As for :func:`ask`.
    items, items_key, invalid, empty, observed_until, partitions, partitioned, precision, check
        As for :func:`ask`.

    Returns
    -------
    dict
        The answers by these names.

    Raises
    ------
    SchemaError, InvalidRowError, UnknownStageError
        As for :func:`ask`.
    StageFunnelError
        As for :func:`ask`.
    """
    return _asked(
        rows,
        pipeline,
        read_questions(questions),
        precision=precision,
        check=check,
        **_reading(locals()),
    )


def summary(rows: Any, pipeline: Pipeline, **options: Any) -> Summary:
    """Answer the usual questions at once, as :func:`stagefunnel.summary` does.

    Parameters
    ----------
    rows, pipeline
        As for :func:`ask`.
    **options
        Those of :func:`ask` and of :func:`stagefunnel.summary`.

    Returns
    -------
    Summary

    Raises
    ------
    SchemaError, InvalidRowError, UnknownStageError
        As for :func:`ask`.
    StageFunnelError
        As for :func:`ask`.
    """
    return cast(Summary, ask(rows, pipeline, summary_question, **options))


def keep(
    rows: Any,
    *,
    item: str = "item",
    stage: str = "stage",
    time: str = "time",
    order: str | None = None,
    exited: str | None = None,
    start_unknown: str | None = None,
    stages: Iterable[Hashable] | None = None,
    columns: str | Iterable[str] | None = (),
    time_format: str | None = None,
    zone: str | None = None,
    items: Any = None,
    items_key: str | None = None,
    invalid: Invalid = "error",
    observed_until: MomentLike | None = None,
    partitions: int | None = None,
    partitioned: bool = False,
    unit: str | None = None,
) -> Any:
    """Make a DataFrame of saved logs, one for each partition: rows that are read and grouped once.

    Persist it, or write it to Parquet or a table of the lake, and ask it in place of the rows: they are not
    read, moved and grouped anew. What the log of all rows would warn of is warned of when they are asked.

    Parameters
    ----------
    rows, item, stage, time, order, exited, start_unknown, stages, time_format
        As for :func:`ask`.
    zone, items, items_key, invalid, observed_until, partitions, partitioned
        As for :func:`ask`.
    columns
        Further columns to keep: all that later questions name.
    unit
        Column of the items table whose items are to be in one partition, for questions with this `unit`.

    Returns
    -------
    DataFrame
        Of Spark. A row has the log of a partition in ``saved_log``, and how many ``rows`` and ``items`` it
        has.

    Raises
    ------
    SchemaError
        As for :func:`ask`; what is wrong with rows is an error of the job that computes them.
    StageFunnelError
        If pyspark is not there or too old.
    """
    check_installed()
    reading = _reading(locals(), without=("empty",))
    return kept_of(source_of(rows, (), empty="allow", unit=unit, **reading), unit)


def table(
    rows: Any,
    pipeline: Pipeline | None,
    question: Question,
    *,
    item: str = "item",
    stage: str = "stage",
    time: str = "time",
    order: str | None = None,
    exited: str | None = None,
    start_unknown: str | None = None,
    stages: Iterable[Hashable] | None = None,
    columns: str | Iterable[str] | None = (),
    time_format: str | None = None,
    zone: str | None = None,
    items: Any = None,
    items_key: str | None = None,
    invalid: Invalid = "error",
    observed_until: MomentLike | None = None,
    partitions: int | None = None,
    partitioned: bool = False,
    **options: Any,
) -> Any:
    """Make a table with a row for each item, or each visit of it, as a DataFrame of Spark.

    Where times are whole numbers, 1,000 of them are looked at first, and those that read as dates are warned
    of.

    Parameters
    ----------
    rows
        As for :func:`ask`; also saved logs of :func:`keep`.
    pipeline
        The stages; ``None`` for :func:`stagefunnel.sequence_items` and :func:`stagefunnel.row_table`.
    question
        :func:`stagefunnel.visits`, :func:`stagefunnel.item_table`, :func:`stagefunnel.sequence_items`,
        :func:`stagefunnel.row_table` or :func:`stagefunnel.win_probability`, alone or with its options:
        `columns` of the table has to be given so, as in ``(sf.visits, {"columns": "manager"})``. The last one
        reads the rows twice: all visits are fitted when it is called, and the open items of each partition
        are listed with the table.
    item, stage, time, order, exited, start_unknown, stages, columns, time_format
        As for :func:`ask`.
    zone, items, items_key, invalid, observed_until, partitions, partitioned
        As for :func:`ask`.
    **options
        Options of the table. No partition has all stages, so those without rows are not looked for, and none
        has all rows, so `top` is refused.

    Returns
    -------
    DataFrame
        Of Spark, whose rows have no order; stages and outcomes are text, and lengths of time intervals.

    Raises
    ------
    SchemaError
        As for :func:`ask`; what is wrong with rows is an error of the job that computes them.
    StageFunnelError
        If pyspark is not there or too old. Where rows of :func:`stagefunnel.win_probability` are other ones
        when they are read again, that is an error of the job.
    """
    check_installed()
    given_question = question if isinstance(question, tuple) else (question, {})
    name, read = read_listing(given_question[0], {**given_question[1], **options})
    reading = _reading(locals(), without=("empty",))
    checked_frame(rows, "rows")
    if is_kept(rows):
        return listed_kept(rows, _of_kept(reading), pipeline, name, read)
    for option in ("by", "fit_by"):
        refuse_unknown(option, read.get(option), rows, reading["items"])
    return listed(source_of(rows, names_in(read), empty="allow", **reading), pipeline, name, read)


_OF_READING = (
    *("item", "stage", "time", "order", "exited", "start_unknown", "stages", "columns", "time_format"),
    *("zone", "items", "items_key", "invalid", "empty", "observed_until", "partitions", "partitioned"),
)


def _reading(arguments: Mapping[str, Any], without: Collection[str] = ()) -> dict[str, Any]:
    reading = {name: arguments[name] for name in _OF_READING if name not in without}
    return reading | {"columns": tuple(column_names(reading["columns"]))}


def _asked(
    rows: Any,
    pipeline: Pipeline | None,
    questions: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    precision: Precision,
    check: Check | None,
    **reading: Any,
) -> dict[str, Any]:
    check_installed()
    checked_frame(rows, "rows")
    if is_kept(rows):
        read = _of_kept(reading)
        part = answer_kept(rows, read, pipeline, questions, precision=precision, check=check)
        return dict(part.tables)
    for _, options in questions.values():
        refuse_unknown("by", options.get("by"), rows, reading["items"])
    names = [name for _, options in questions.values() for name in names_in(options)]
    source = source_of(rows, names, unit=unit_of(questions), whole_table=False, **reading)
    return dict(answer(source, pipeline, questions, precision=precision, check=check).tables)


def _of_kept(options: Mapping[str, Any]) -> Reading:
    """Read how saved logs are read: not at all, so that options of it are refused."""
    defaults = {name: one.default for name, one in inspect.signature(ask_all).parameters.items()}
    for name, value in options.items():
        is_plain = isinstance(value, str | int | list | tuple)
        if value is not defaults[name] and not (is_plain and (value == defaults[name] or value == [])):
            shown = given(name, value) if is_plain else named(name)
            raise SchemaError(shown, " says how rows are read; the saved logs were read when they were kept")
    return of_saved_logs()
