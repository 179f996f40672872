"""Questions go to the executors, and their counts come back merged."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, get_args

from ..errors import SchemaError, StageFunnelWarning, check_option, named
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.parts.mergeable import mergeable_of
from ..questions.parts.part_bytes import Check, Precision
from ..questions.parts.partial import Partial
from .reading import Source
from .shipping import COUNTED, shipped
from .work import Asked, Counted, counted_in, merged

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
    return mergeable_of(of).name, dict(options)


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
    empty_log = source.empty_log()
    of_nothing = asked.part_of(empty_log)
    asked = replace(asked, hash_key=secrets.token_bytes(32))
    rows = source.by_item().mapInArrow(shipped("count_rows", asked), COUNTED)
    found = collected(rows, source.n_partitions)
    if found is None:
        if source.empty == "error":
            StageLog.from_batches([])  # says so
        return of_nothing
    return part_of(found)


def collected(rows: Any, n: int) -> Counted | None:
    """Merge what the partitions of a DataFrame counted on the executors until few are left, and the rest here.

    Parameters
    ----------
    n
        The number of partitions, at most.
    """
    while n > FAN_IN:
        n = -(-n // FAN_IN)
        rows = rows.repartition(n).mapInArrow(shipped("merge_counted", None), COUNTED)
    found = counted_in([bytes(row[0]) for row in rows.collect()])
    return merged(found) if found else None


def part_of(found: Counted) -> Partial:
    """Return the partial of all partitions, or raise what was wrong with one of them."""
    for text in found.warned:
        warnings.warn(StageFunnelWarning(text), stacklevel=4)
    if found.error is not None:
        raise found.error
    assert found.part is not None  # where there is no error
    return Partial.from_bytes(found.part)


Question = Callable[..., Any] | tuple[Callable[..., Any], Mapping[str, Any]]
