"""Questions go to the executors, and their counts come back merged."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from ..errors import SchemaError, check_option, named
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.parts.fit_counts import FIT, OF_FIT
from ..questions.parts.mergeable import mergeable_of
from ..questions.parts.part_bytes import Check, Precision
from ..questions.parts.partial import Partial
from .counted import Counted, counted_in, merged, part_of, warn_of_dates
from .kept import SCHEMA, first_of, kept_in, packed, refuse_unlike, unpacked
from .listing import Listing, columns_of_rows, refuse_without_end, types_of
from .reading import Reading, Source
from .session import shuffle_partitions
from .shipping import COUNTED, refuse_without_arrow, shipped
from .work import Asked, Keeping

#: So many parts are merged by one task, and by the driver.
FAN_IN: Final = 32


def read_questions(questions: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Read questions by names of the caller's choice, each alone or with a mapping of its options.

    Raises
    ------
    SchemaError
        If they are something else, or a question does not merge.
    """
    if not isinstance(questions, Mapping) or not questions:
        raise SchemaError(
            named("questions"),
            f" is {questions!r}, not a mapping of names to questions, such as "
            "{'won': (sf.outcomes, {'by': 'manager'})}",
        )
    return {str(name): read_question(one) for name, one in questions.items()}


def read_question(question: Any) -> tuple[str, dict[str, Any]]:
    """Read a question: a function, or a function and its options."""
    of, options = question if isinstance(question, tuple) and len(question) == 2 else (question, {})
    if not isinstance(options, Mapping):
        raise SchemaError(
            named("question"),
            f" has {options!r} beside {getattr(of, '__name__', of)}, not a mapping of its options",
        )
    kind = mergeable_of(of)
    if kind.beside:
        raise SchemaError(
            named("question"),
            f" is {kind.name}, which joins two logs, and a chain may lie in several partitions; ask it "
            "of logs in memory",
        )
    return kind.name, dict(options)


def unit_of(questions: Mapping[str, tuple[str, Mapping[str, Any]]]) -> str | None:
    """Return the unit whose items are to be in one partition; ``None`` where items are.

    Raises
    ------
    SchemaError
        If questions have different units.
    """
    units = {options["unit"] for _, options in questions.values() if options.get("unit") is not None}
    if len(units) > 1:
        raise SchemaError(
            named("unit"),
            f" is {' and '.join(map(repr, sorted(units, key=str)))} in one pass; all items of a unit have to "
            "be in one partition, so ask once for each",
        )
    return next(iter(units), None)


def answer(
    source: Source,
    pipeline: Pipeline | None,
    questions: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    precision: Precision,
    check: Check | None,
) -> Partial:
    """Ask questions about the rows of a DataFrame, and merge what its partitions count."""
    check_option("precision", precision, get_args(Precision))
    if check is None:
        check = "keys" if source.partitioned else "none"
    check_option("check", check, get_args(Check))
    asked = Asked(source.reading, pipeline, questions, precision, check, hash_key=None)
    of_nothing = asked.part_of(source.empty_log())
    asked = replace(asked, hash_key=secrets.token_bytes(32))
    rows = source.by_item().mapInArrow(shipped("count_rows", asked), COUNTED)
    found = collected(rows, source.n_partitions)
    if found is None and source.empty == "error":
        StageLog.from_batches([])  # says so
    return of_nothing if found is None else part_of(found)


def answer_kept(
    rows: Any,
    reading: Reading,
    pipeline: Pipeline | None,
    questions: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    precision: Precision,
    check: Check | None,
) -> Partial:
    """Ask questions about saved logs, and merge what they count."""
    check_option("precision", precision, get_args(Precision))
    first = first_of(rows)
    if check is None:
        check = "none" if first.is_moved else "keys"
    check_option("check", check, get_args(Check))
    asked = Asked(reading, pipeline, questions, precision, check, hash_key=None)
    with unpacked(first.empty_log, 1) as empty_log:
        asked.part_of(empty_log)
    counted = rows.mapInArrow(shipped("count_kept", asked), COUNTED)
    found = collected(counted, shuffle_partitions(rows))
    assert found is not None  # it has a first row
    if found.error is None:
        refuse_unlike(found.kept, unit_of(questions), check != "none")
    return part_of(found)


def kept_of(source: Source, unit: str | None) -> Any:
    """Make the DataFrame of the saved logs of all partitions."""
    empty_log = source.empty_log()
    keeping = Keeping(
        source.reading,
        secrets.token_hex(8),
        unit,
        not source.partitioned,
        json.dumps(source.types),
        packed(empty_log),
    )
    return source.by_item().mapInArrow(shipped("keep_rows", keeping, answers=False), SCHEMA)


def listed(source: Source, pipeline: Pipeline | None, name: str, options: Mapping[str, Any]) -> Any:
    """Make the DataFrame of a table of single items."""
    if source.partitioned:
        source.refuse_shared_items()
    listing = _listing(source.reading, pipeline, name, options, source.empty_log(), source.types)
    if name == FIT.name:
        part = answer(source, pipeline, _fit_of(options), precision="exact", check=None)
        listing = replace(listing, chances=part.tables[name])
    else:
        warn_of_dates(source.written_as())
    work = shipped("list_rows", listing, answers=False)
    return source.by_item().mapInArrow(work, _schema(listing.types))


def listed_kept(
    rows: Any, reading: Reading, pipeline: Pipeline | None, name: str, options: Mapping[str, Any]
) -> Any:
    """Make the DataFrame of a table of single items of saved logs."""
    first = first_of(rows)
    if name != FIT.name:  # a fit is asked of them all
        _refuse_shared(rows, reading, pipeline, options)
    with unpacked(first.empty_log, 1) as empty_log:
        listing = _listing(reading, pipeline, name, options, empty_log, first.types)
    if name == FIT.name:
        part = answer_kept(rows, reading, pipeline, _fit_of(options), precision="exact", check=None)
        listing = replace(listing, chances=part.tables[name])
    else:
        warn_of_dates(first.written_as)
    return rows.mapInArrow(shipped("list_kept", listing, answers=False), _schema(listing.types))


def _refuse_shared(
    rows: Any, reading: Reading, pipeline: Pipeline | None, options: Mapping[str, Any]
) -> None:
    """Refuse saved logs of which two have an item: its rows would be two items of the table."""
    kept = kept_in(rows)
    refuse_unlike(kept, None, checks_items=True)
    if len({one.keep for one in kept}) == 1 and all(one.is_moved for one in kept):
        return
    question = ("sequence_funnel", {"steps": options["steps"]}) if "steps" in options else None
    if pipeline is not None:
        question = ("outcomes", {name: options[name] for name in ("unlisted",) if name in options})
    if question is not None:  # a table of rows needs no whole items
        answer_kept(rows, reading, pipeline, {"items": question}, precision="exact", check="keys")


def _fit_of(options: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what is counted before open items are listed: a fit, and none of what their rows show."""
    return {FIT.name: (FIT.name, {name: one for name, one in options.items() if name in OF_FIT})}


def _listing(
    reading: Reading,
    pipeline: Pipeline | None,
    name: str,
    options: Mapping[str, Any],
    empty_log: StageLog,
    types: Mapping[str, str],
) -> Listing:
    refuse_without_end(name, options, empty_log)
    listing = Listing(reading, pipeline, name, options, {})
    table = listing.table_of(empty_log)
    known = columns_of_rows(name, options, [*table.columns], types)
    return replace(listing, types=types_of(table, known, empty_log._data.zone))


def _schema(types: Mapping[str, str]) -> str:
    escaped = ((name.replace("`", "``"), kind) for name, kind in types.items())
    return ", ".join(f"`{name}` {kind}" for name, kind in escaped)


def collected(rows: Any, n: int) -> Counted | None:
    """Merge what partitions counted: on the executors until few parts are left, and these here.

    Parameters
    ----------
    n
        The number of partitions, at most.
    """
    while n > FAN_IN:
        n = -(-n // FAN_IN)
        rows = rows.repartition(n).mapInArrow(shipped("merge_counted", None), COUNTED)
    try:
        parts = rows.collect()
    except Exception as error:  # those of Spark have no class in common; all are raised again
        refuse_without_arrow(error)
        raise
    found = counted_in([bytes(row[0]) for row in parts])
    return merged(found) if found else None


Question = Callable[..., Any] | tuple[Callable[..., Any], Mapping[str, Any]]
