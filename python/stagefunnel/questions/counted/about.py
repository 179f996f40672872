"""What the tables of a question remember beside its numbers, of one log or of several parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import pandas as pd

from ...errors import SchemaError, named
from ...log.data import ReaderLines
from ...pipeline import Pipeline
from ...times.periods import Clock
from ..scope.remarks import Ends, Remarks, remark, remarks_of_reader, remarks_of_stages, with_basis
from ..scope.selection import Selection
from ..scope.where import Asked
from .plain import record
from .stages import Stages
from .totals import total_chosen, total_lines

# What tables remember beside what is made of stages, ends and readers, in the order of a table. What does not
# add up has to be the same in all parts.
_NOTED: Final = ("start_unknown", "within", "observed_until", "unit", "without_unit")
_ADDED: Final = ("start_unknown", "without_unit")


@record
@dataclass(frozen=True)
class Facts:
    """What the remarks about a log are made of, which adds up over parts.

    Attributes
    ----------
    stages
        The stages of the items that the question is about.
    unlisted, basis
        The options of the question.
    ends
        Where it looks in time; ``None`` where it does not note that.
    lines
        What the reader of an export noted.
    chosen
        How many items conditions have chosen, and of how many.
    noted
        What else tables remember, by name.
    """

    stages: Stages
    unlisted: str
    basis: str
    ends: Ends | None
    lines: ReaderLines = field(default_factory=dict)
    chosen: Mapping[str, str | int] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Put the facts about parts together; their order does not matter.

        Raises
        ------
        SchemaError
            If parts were observed until different moments, and the question depends on it.
        """
        first = parts[0]
        noted: dict[str, Any] = {}
        names = dict.fromkeys([*_NOTED, *sorted({name for part in parts for name in part.noted})])
        for name in names:
            known = {number: part.noted[name] for number, part in enumerate(parts) if name in part.noted}
            if known and name in _ADDED:
                noted[name] = sum(known.values())
            elif known:
                if len(set(known.values())) > 1:
                    _refuse(name, known)
                noted[name] = next(iter(known.values()))
        ends = [part.ends for part in parts if part.ends is not None]
        return cls(
            Stages.total(part.stages for part in parts),
            first.unlisted,
            first.basis,
            Ends.total(ends) if ends else None,
            total_lines([part.lines for part in parts]),
            total_chosen([part.chosen for part in parts]),
            noted,
        )

    def about(self, pipeline: Pipeline, clock: Clock) -> About:
        """Make what tables remember of the facts about all parts."""
        return About(self.remarks(pipeline, clock), lambda: self)

    def remarks(self, pipeline: Pipeline, clock: Clock) -> Remarks:
        """Make what tables remember of the facts, as a table about one log does."""
        ends = {} if self.ends is None else with_basis(self.ends.remarks(clock), self.basis)
        return {
            **remarks_of_stages(self.stages.fit(pipeline), self.unlisted),
            **ends,
            **remarks_of_reader(self.lines),
            **self.noted,
            **({"where": dict(self.chosen)} if self.chosen else {}),
        }


@dataclass(frozen=True, eq=False)
class About:
    """What a table remembers of the log, the pipeline and the options.

    Attributes
    ----------
    remarks
        What tables remember.
    facts
        Function that returns what this is made of, which only those need who put parts together.
    """

    remarks: Remarks
    facts: Callable[[], Facts]

    @classmethod
    def of(cls, asked: Asked, selection: Selection, *, noted: Mapping[str, Any] | None = None) -> Self:
        """Take what a table of a question remembers; `noted` is what it remembers beside."""
        more = {} if noted is None else noted
        return cls(
            {**selection.remarks, **asked.remarks, **more},
            lambda: _facts_of(asked.remarks, selection, dict(more)),
        )

    @classmethod
    def of_selection(cls, selection: Selection) -> Self:
        """Take what a table remembers of a selection alone."""
        return cls(dict(selection.remarks), lambda: _facts_of({}, selection, {}))

    def remarked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Let a table remember it, and return the table."""
        return remark(table, self.remarks)


def _facts_of(asked: Remarks, selection: Selection, more: Mapping[str, Any]) -> Facts:
    data, noted = selection.data, selection.noted
    kept = {**selection.remarks, **more}
    return Facts(
        Stages.of(data),
        noted.unlisted,
        noted.basis,
        Ends.of(data, noted.period, noted.as_of),
        data.reader_lines,
        dict(asked.get("where", {})),
        {
            name: kept[name]
            for name in (*_NOTED, *(name for name in more if name not in _NOTED))
            if name in kept
        },
    )


def _refuse(name: str, known: Mapping[int, Any]) -> None:
    first = next(iter(known))
    other = next(number for number, value in known.items() if value != known[first])
    shown = f"{known[first]!r} in number {first} and {known[other]!r} in number {other}"
    if name == "observed_until":
        raise SchemaError(
            f"the partials were observed until different moments: {shown}; give all of them one ",
            named("as_of"),
            ", or their logs one ",
            named("observed_until"),
        )
    raise SchemaError("the partials differ in ", named(name), f": {shown}", option=name)
