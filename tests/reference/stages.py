"""The pipeline as three tuples of labels, and the columns that carry its labels."""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

import pandas as pd

Item: TypeAlias = Hashable
Stage: TypeAlias = Hashable
# An integer or a datetime, the same type throughout a log; only order and differences are used.
Time: TypeAlias = Any
Row: TypeAlias = tuple[Item, Stage, Time]
Outcome: TypeAlias = Literal["open", "won", "lost"]
Unlisted: TypeAlias = Literal["error", "ignore"]


class Pipeline(Hashable, Protocol):
    """An object with the labels of a pipeline, such as the package's own class."""

    @property
    def stages(self) -> tuple[Any, ...]:
        """The in-progress stages in their order."""

    @property
    def won(self) -> tuple[Any, ...]:
        """The won stages."""

    @property
    def lost(self) -> tuple[Any, ...]:
        """The lost stages."""


class Stages(NamedTuple):
    """A pipeline for tests that do not use the package."""

    stages: tuple[Stage, ...]
    won: tuple[Stage, ...] = ()
    lost: tuple[Stage, ...] = ()


def is_optional(stage: Stage, pipeline: Pipeline) -> bool:
    """Return whether nothing skips a stage in progress, fills it in or requires it."""
    rules = getattr(pipeline, "rules", None)
    return rules is not None and stage in rules.optional


def is_there(stage: Stage, time: Time, pipeline: Pipeline) -> bool:
    """Return whether a stage in progress was there for a move that was made then."""
    rules = getattr(pipeline, "rules", None)
    if rules is None:
        return True
    if stage in rules.since and time < _first_moment(rules.since[stage], time):
        return False
    return stage not in rules.until or bool(time < _moment_after(rules.until[stage], time))


def _first_moment(given: Any, like: Time) -> Any:
    return given if isinstance(given, int | datetime) else _localised(pd.Period(given).start_time, like)


def _moment_after(given: Any, like: Time) -> Any:
    if isinstance(given, int):
        return given + 1
    return given if isinstance(given, datetime) else _localised((pd.Period(given) + 1).start_time, like)


def _localised(moment: pd.Timestamp, like: Time) -> pd.Timestamp:
    return moment.tz_localize(getattr(like, "tzinfo", None))


def labels(pipeline: Pipeline) -> tuple[Stage, ...]:
    """Return every stage in the order of a table's rows."""
    return (*pipeline.stages, *pipeline.won, *pipeline.lost)


def outcome_of(stage: Stage, pipeline: Pipeline) -> Outcome:
    """Return the outcome that a listed stage stands for."""
    if stage in pipeline.won:
        return "won"
    if stage in pipeline.lost:
        return "lost"
    return "open"


def stage_column(values: Iterable[Stage | None], pipeline: Pipeline) -> pd.Categorical:
    """Make a column of stages, ordered as in the pipeline; None is missing."""
    return pd.Categorical(list(values), categories=list(labels(pipeline)), ordered=True)


def outcome_column(values: Iterable[str], more: Iterable[str] = ()) -> "pd.Categorical[str]":
    """Make a column of outcomes, and of more than these."""
    return pd.Categorical(list(values), categories=["open", "won", "lost", *more])
