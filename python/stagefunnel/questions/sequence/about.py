"""What the tables of a sequence remember beside their numbers, of one log or of several parts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ...errors import SchemaError, named
from ...log.data import ReaderLines
from ...times.periods import Clock
from ..counted.plain import kept_as, record
from ..counted.stages import Stages
from ..counted.totals import total_chosen, total_lines
from ..scope.remarks import Ends, Remarks, remarks_of_reader
from .plan import sought_of
from .rules import Exclusion
from .sought import events_of
from .stages import StageReader
from .step import Step, labels_of
from .steps import Steps

record(Exclusion)
kept_as(Step, "step", lambda step: [step.event, step.conditions], lambda plain: Step.of_conditions(*plain))
kept_as(
    Steps,
    "steps",
    lambda steps: [steps.labels, steps.steps, dict(steps.rules)],
    lambda plain: Steps.of_checked(*plain),
)


@record
@dataclass(frozen=True)
class SequenceFacts:
    """What the remarks about a sequence are made of, which adds up over parts.

    Attributes
    ----------
    steps
        The steps with all rules.
    whole, chosen
        The stages of all items, and of those that conditions have chosen.
    ends
        Where the question looks in time.
    lines
        What the reader of an export noted.
    where
        How many items conditions have chosen, and of how many.
    filled
        Whether any row fills each step.
    events
        For each step with conditions, whether its event has rows, and whether one of them fulfils them.
    observed
        Until when items are observed, where a table says so.
    """

    steps: Steps
    whole: Stages
    chosen: Stages
    ends: Ends
    lines: ReaderLines
    where: Mapping[str, str | int]
    filled: tuple[bool, ...]
    events: tuple[tuple[bool, bool], ...]
    observed: str | None

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Put the facts about parts together; their order does not matter.

        Raises
        ------
        SchemaError
            If parts were observed until different moments, and the table says until when.
        """
        first = parts[0]
        known = {number: part.observed for number, part in enumerate(parts) if part.observed is not None}
        _refuse_other_ends(known)
        return cls(
            first.steps,
            Stages.total(part.whole for part in parts),
            Stages.total(part.chosen for part in parts),
            Ends.total([part.ends for part in parts]),
            total_lines([part.lines for part in parts]),
            total_chosen([part.where for part in parts]),
            tuple(map(any, zip(*(part.filled for part in parts), strict=True))),
            tuple(
                (any(has_rows for has_rows, _ in one), any(is_fulfilled for _, is_fulfilled in one))
                for one in zip(*(part.events for part in parts), strict=True)
            ),
            next(iter(known.values()), None),
        )

    def about(self, _: Any, clock: Clock) -> SequenceAbout:
        """Make what tables remember of the facts, as a question of one log does.

        Raises
        ------
        SchemaError
            If no part has a stage, and the steps refuse that.
        """
        self._without_rows(self.whole, self.steps.missing)
        without_rows = self._without_rows(self.chosen, "ignore")
        events = zip(events_of(sought_of(self.steps)), self.events, strict=True)
        unfulfilled = [step for step, (has_rows, is_fulfilled) in events if has_rows and not is_fulfilled]
        remarks = {
            **self.ends.remarks(clock),
            **remarks_of_reader(self.lines),
            **({"where": dict(self.where)} if self.where else {}),
            **remarks_of_steps(self.filled, without_rows, unfulfilled),
        }
        observed = {} if self.observed is None else {"observed_until": self.observed}
        return SequenceAbout(self.steps, clock.unit, remarks, observed, lambda: self)

    def _without_rows(self, stages: Stages, missing: Any) -> Sequence[Hashable]:
        """Find the stages without rows, and refuse those that `missing` refuses."""
        sought = sought_of(self.steps)
        labels = {label for stage, _, _ in sought for label in labels_of(stage)}
        reader = StageReader(_StagesOfParts(stages), missing, labels)
        for stage, place, option in sought:
            reader.flags(stage, place, option)
        return reader.without_rows


@dataclass(frozen=True, eq=False)
class SequenceAbout:
    """What a table of a sequence remembers of the log, the steps and the options.

    Attributes
    ----------
    steps
        The steps with all rules.
    unit
        Unit of the log's times.
    remarks
        What a table has to say beside its numbers.
    observed
        Until when items are observed, where a table says so.
    facts
        Function that returns what this is made of, which only those need who put parts together.
    """

    steps: Steps
    unit: str | None
    remarks: Remarks
    observed: Mapping[str, str]
    facts: Callable[[], SequenceFacts]

    def remember(self, table: pd.DataFrame, name: str, **more: Any) -> None:
        """Note the rules by which a table was made, as plain data that survives JSON."""
        steps, window = self.steps, self.steps.window
        table.attrs["stagefunnel"] = {
            "table": name,
            "steps": list(steps.labels),
            "mode": steps.mode,
            "modes": sorted(steps.modes),
            "timing": steps.timing,
            "entries": steps.entries,
            "window": window if window is None or isinstance(window, int | str) else str(window),
            **self.observed,
            **self.remarks,
            **more,
        }


def has_end(steps: Steps) -> bool:
    """Whether it matters until when items are observed."""
    return steps.window is not None and steps.mode != "open"


def remarks_of_steps(
    filled: Sequence[bool], without_rows: Sequence[Hashable], unfulfilled: Sequence[Step]
) -> dict[str, Any]:
    """Note the steps that no row fills, where the log lacks stages or its rows fulfil no condition."""
    remarks: dict[str, Any] = {}
    if without_rows or unfulfilled:
        remarks["empty_steps"] = [number for number, is_filled in enumerate(filled, 1) if not is_filled]
    if without_rows:
        remarks["without_rows"] = [str(label) for label in without_rows]
    if unfulfilled:
        remarks["unfulfilled"] = [str(step) for step in unfulfilled]
    return remarks


class _StagesOfParts:
    """The stages of parts, as :class:`StageReader` reads those of a log."""

    def __init__(self, stages: Stages) -> None:
        self.labels = list(stages.rows)
        self.label_rows = np.array(list(stages.rows.values()), dtype=np.int64)
        self.other_labels = stages.left_out
        self.has_pipelines = stages.has_pipelines


def _refuse_other_ends(known: Mapping[int, str]) -> None:
    for number, value in known.items():
        first = next(iter(known))
        if value != known[first]:
            raise SchemaError(
                f"the partials were observed until different moments: {known[first]!r} in number {first} "
                f"and {value!r} in number {number}; give all of them one ",
                named("as_of"),
                ", or their logs one ",
                named("observed_until"),
            )
