"""Questions about a log in partitions: each of these is counted, and what they count is merged."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ... import _core
from ...errors import SchemaError, named
from ...log.spilled.partitioned_log import IN_MEMORY, SOME_IN_MEMORY, PartitionedLog
from ...log.stage_log import StageLog
from ...log.wrong_kinds import not_a_pipeline
from ...pipeline import Pipeline
from ..scope.where import parts_have_one_table
from .mergeable import BY_NAME, Mergeable, mergeable_of, reason_against
from .partial import Partial, counted_part, merge

_ONLY: Final = "answer"


def answer(question: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Answer a public function that was given a log in partitions.

    Raises
    ------
    SchemaError
        If its answers do not add up, or an option needs all items at once.
    """
    name = question.__name__
    if name == "partial":
        return _partial_of(question, args, options)
    if name not in BY_NAME:
        reason = reason_against(name)
        if reason is None:
            return question(*args, **options)  # it only takes the log along
        raise SchemaError(f"{name}() {reason}, and the log is in partitions; ask it of ", SOME_IN_MEMORY)
    kind = mergeable_of(question)
    if kind.beside:
        raise SchemaError(
            f"{name}() joins two logs, and a chain may lie in several partitions of a log; ask it of ",
            IN_MEMORY,
        )
    given = _arguments(question, args, options)
    log, pipeline = given.pop("log"), given.pop("pipeline", None)
    if not isinstance(log, PartitionedLog):
        return question(*args, **options)
    if kind.has_pipeline:
        if not isinstance(pipeline, Pipeline):
            raise not_a_pipeline(pipeline)
        _refuse_stages(log, pipeline, kind, given)
    _refuse_units([given])
    with parts_have_one_table():
        asked = {_ONLY: (kind, given)}
        # Nothing holds the counts of the parts when they are merged: lengths of time take much memory.
        whole = merge(counted_part(part, pipeline, asked, "exact", "none") for part in log.partitions())
        _core.journeys.release_idle()
        return whole.table()


def _arguments(
    question: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what was given to a question, by name."""
    signature = inspect.signature(question)
    given = dict(signature.bind(*args, **options).arguments)
    for one in signature.parameters.values():
        if one.kind is inspect.Parameter.VAR_KEYWORD:
            given |= given.pop(one.name, {})
    return given


def _refuse_units(asked: Iterable[Mapping[str, Any]]) -> None:
    if any(options.get("unit") is not None for options in asked):
        raise SchemaError(
            named("unit"),
            " counts values whose items may be in several partitions; leave it out, or ask it of ",
            IN_MEMORY,
        )


def _refuse_stages(
    log: PartitionedLog, pipeline: Pipeline, kind: Mergeable, given: Mapping[str, Any]
) -> None:
    """Refuse stages by those of all partitions, before any of them is read."""
    options = {**kind.options, **given}
    if "unlisted" not in options:
        return
    if options["unlisted"] == "error":
        log.fit_of_all(pipeline).refuse_unlisted()
    if options.get("missing") in ("near", "error"):
        judged = pipeline if options.get("where") is not None else kind.read_as(pipeline)
        log.fit_of_all(judged).refuse_without_rows(options["missing"])


def _partial_of(question: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Partial:
    """Make the partial of a log in partitions."""
    given = _arguments(question, args, options)
    log = given.pop("log")
    _refuse_units([given, *(options for _, options in (given.get("questions") or {}).values())])
    return merge([question(part, **given) for part in _logs(log)])


def _logs(log: StageLog) -> Iterator[StageLog]:
    if isinstance(log, PartitionedLog):
        yield from log.partitions()
    else:
        yield log
