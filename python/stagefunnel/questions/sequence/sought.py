"""The rows of a log that fill the steps of a sequence, or that its exclusions name."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ...log.data import LogData
from .row_events import AskedStep, StageFlags, row_events
from .stages import StageReader
from .step import Step, parts_of


class Sought(NamedTuple):
    """What rows are sought for: the stage of a step or an exclusion.

    Attributes
    ----------
    stage
        Stage, or several, as :func:`stages_of_step` returns them.
    place, option
        Place that errors name, and the option that is wrong then.
    """

    stage: Hashable
    place: str
    option: str


class Event(NamedTuple):
    """A step with conditions, whether its event has rows, and whether one of these fulfils the conditions."""

    step: Step
    has_rows: bool
    is_fulfilled: bool


_Codes: TypeAlias = npt.NDArray[np.int64]
# A stage, with conditions or without, and the stages of the log that it names.
_Part: TypeAlias = tuple[Hashable, StageFlags]


@dataclass(frozen=True, eq=False)
class Found:
    """Rows that were sought.

    Attributes
    ----------
    data
        The inside of the log whose codes tell the rows apart; the log's own where there are no conditions.
    stage_of
        Code of the stage in the log as it was for each code of `data`; ``None`` where they are the same.
    flags
        For each stage that was sought the codes of its rows.
    parts
        For each stage that was sought its parts.
    events
        Steps with conditions, whether their event has rows, and whether one of these fulfils the conditions.
    """

    data: LogData
    stage_of: _Codes | None
    flags: tuple[StageFlags, ...]
    parts: tuple[tuple[_Part, ...], ...]
    events: tuple[Event, ...] = ()


def find_rows(sought: Sequence[Sought], data: LogData, reader: StageReader, *, is_part: bool) -> Found:
    """Find the rows of a log that fill steps, or that exclusions name.

    Raises
    ------
    SchemaError
        If the log does not have a stage, or does not keep a column of a condition.
    """
    parts = tuple(
        tuple((part, reader.flags(part, place, option)) for part in parts_of(stage))
        for stage, place, option in sought
    )
    asked: list[AskedStep] = []
    for (_, place, option), own in zip(sought, parts, strict=True):
        for part, stages in own:
            if isinstance(part, Step) and part not in [one.step for one in asked]:
                asked.append(AskedStep(part, stages, place, option))
    if not asked:
        return Found(data, None, tuple(_any_of([stages for _, stages in own]) for own in parts), parts)
    events = row_events(data, asked, is_part=is_part)
    steps = [one.step for one in asked]
    flags = tuple(
        _any_of(
            [
                events.fits[steps.index(part)] if isinstance(part, Step) else events.spread(stages)
                for part, stages in own
            ]
        )
        for own in parts
    )
    has_rows = data.label_rows > 0
    found = tuple(
        Event(one.step, bool((one.stages.astype(bool) & has_rows).any()), bool(fits.any()))
        for one, fits in zip(asked, events.fits, strict=True)
    )
    return Found(events.data, events.stage_of, flags, parts, found)


def events_of(sought: Sequence[Sought]) -> list[Step]:
    """List the steps with conditions, each once."""
    found: list[Step] = []
    for stage, _, _ in sought:
        found += [part for part in parts_of(stage) if isinstance(part, Step) and part not in found]
    return found


def share_rows(some: Sequence[_Part], others: Sequence[_Part]) -> bool:
    """Return whether two exclusions name the same rows, by the same stage and equal conditions."""
    return any(
        bool((stages & other_stages).any()) and _conditions(part) == _conditions(other)
        for part, stages in some
        for other, other_stages in others
    )


def _conditions(part: Hashable) -> Step | None:
    return Step("*", where=part.where) if isinstance(part, Step) else None


def _any_of(flags: Sequence[StageFlags]) -> StageFlags:
    found: StageFlags = np.maximum.reduce(list(flags))
    return found
