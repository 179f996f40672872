"""Questions about a log in partitions: each of these is counted, and what they count is merged."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from ... import _core
from ...errors import SchemaError, named
from ...log.spilled.partitioned_log import IN_MEMORY, SOME_IN_MEMORY, PartitionedLog
from ...log.spilled.placing import Hashes, hashes_of_integers
from ...log.spilled.regrouped import regrouped
from ...log.stage_log import StageLog
from ...log.wrong_kinds import not_a_pipeline
from ...pipeline import Pipeline
from ..scope.units import named_units, units_of
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
    with parts_have_one_table():
        asked = {_ONLY: (kind, given)}
        # Nothing holds the counts of the parts when they are merged: lengths of time take much memory.
        parts = _parts_of(log, _unit_of([given]))
        whole = merge(counted_part(part, pipeline, asked, "exact", "none") for part in parts)
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


def _unit_of(asked: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the column whose values questions count in place of items.

    Raises
    ------
    SchemaError
        If they count those of several columns, of which no part has all items.
    """
    named_ones = dict.fromkeys(unit for options in asked if isinstance(unit := options.get("unit"), str))
    if len(named_ones) > 1:
        raise SchemaError(
            named("unit"),
            f" is {' and '.join(map(repr, named_ones))} in one partial of a log in partitions, and no "
            "part has all items of both; make a partial for each",
        )
    return next(iter(named_ones), None)


def _parts_of(log: PartitionedLog, unit: str | None) -> Iterator[StageLog]:
    """Give logs of some items each; all items of a unit are in one.

    Raises
    ------
    SchemaError
        If nobody knows the order of the items in the whole input, as a unit needs it.
    """
    if unit is None:
        return log.partitions()
    if not log.has_numbers:
        raise SchemaError(
            named("unit"),
            " needs the order in which the items of all partitions came, which an earlier version did not "
            "write; read the rows again, or ask ",
            IN_MEMORY,
        )
    return regrouped(log, lambda part: _hashes_of_units(part, unit))


def _hashes_of_units(part: StageLog, name: str) -> Hashes:
    """Hash the unit of each item; an item without one is one of its own, which may go anywhere."""
    units = units_of(part, name)
    assert units is not None  # it has a name
    hashes = np.arange(units.n, dtype=np.int64)
    hashes[: units.n_named] = list(map(hash, np.asarray(named_units(part, name), dtype=object)))
    return hashes_of_integers(hashes.view(np.uint64))[units.of_item]


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
    if not isinstance(log, PartitionedLog):
        of_log: Partial = question(log, **given)
        return of_log
    of_each = [
        options[1] for options in (given.get("questions") or {}).values() if isinstance(options, tuple)
    ]
    return merge([question(part, **given) for part in _parts_of(log, _unit_of([given, *of_each]))])
