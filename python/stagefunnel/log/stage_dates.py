"""The rules of single stages in the times of a log: what the core asks of each stage in progress."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

import numpy as np

from ..errors import SchemaError, written
from ..pipeline import Pipeline
from ..times.periods import Clock, MomentLike, span_of

_ALWAYS: Final = int(np.iinfo(np.int64).min)
_FOREVER: Final = int(np.iinfo(np.int64).max)


def core_rules(pipeline: Pipeline, clock: Clock) -> tuple[list[int], list[int], list[int]] | None:
    """Return for each stage in progress whether it is optional, and from when until when it is there.

    The dates are half-open, in the unit of the log's times; where no stage has any, both lists of them are
    empty. ``None`` where the pipeline has neither.

    Raises
    ------
    SchemaError
        If a date cannot be read, does not fit the log's times, or ends a stage before it begins.
    """
    rules = pipeline.rules
    optional = [int(label in rules.optional) for label in pipeline.stages] if rules.optional else []
    if not rules.since and not rules.until:
        return (optional, [], []) if optional else None
    since, until = [], []
    for label in pipeline.stages:
        begin, end = _ALWAYS, _FOREVER
        if label in rules.since:
            begin, _ = _span("since", label, rules.since[label], clock)
        if label in rules.until:
            _, end = _span("until", label, rules.until[label], clock)
        if end <= begin:
            dates = f"since {rules.since.get(label)} and until {rules.until.get(label)}"
            raise SchemaError(f"{label!r} has {dates}, which is not later; give a later until")
        since.append(begin)
        until.append(end)
    return optional, since, until


def _span(name: str, label: Hashable, value: MomentLike, clock: Clock) -> tuple[int, int]:
    try:
        return span_of(value, clock)
    except SchemaError as error:
        raise SchemaError(f"{name} of {label!r} is {written(value)}: ", *error.parts) from error
