"""What one question counted of some items, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from ...errors import SchemaError, amount_errors, named, quoted
from ...pipeline import Pipeline
from ...tables.summary import Summary
from ...times.periods import Clock
from ..counted.cells import MOST_ERROR
from ..counted.stages import Stages
from ..counted.stored import Stored
from ..scope.breakdown import check_top
from ..scope.remarks import remark
from .options import call
from .question_kind import Mergeable

# What `top` chooses of, where a question has several columns.
_BREAKDOWNS: Final = ("mix", "columns", "by")


def with_error(answer: Any, stored: Stored) -> Any:
    """Let tables remember how far their quantiles may be off, where lengths are counted in cells."""
    if not stored.is_bounded:
        return answer
    table = answer.time_in_stage if isinstance(answer, Summary) else answer
    remark(table, {"quantile_error": MOST_ERROR})
    return answer


@dataclass(frozen=True, eq=False)
class Answer:
    """What one question counted of some items.

    Attributes
    ----------
    kind
        The question.
    options
        All its options, as given or by default.
    stored
        The counts.
    """

    kind: Mergeable
    options: Mapping[str, Any]
    stored: Stored

    def table(self, pipeline: Pipeline | None, clock: Clock, of_all: Stages, **chosen: Any) -> Any:
        """Make the answer; `chosen` are options of the table."""
        strangers = [name for name in chosen if name not in self.kind.at_the_end]
        if strangers:
            raise SchemaError(
                f"{self.kind.name}() of partials takes {quoted(self.kind.at_the_end)} at the end, not ",
                named(strangers[0]),
                "; give it to partial()",
            )
        options = {**self.options, **chosen}
        read = pipeline if pipeline is None else self.kind.read_as(pipeline)
        if pipeline is not None and read is not None and "missing" in options:
            # Conditions choose of a log that is judged by the pipeline as it is given.
            judged = read if options.get("where") is None else pipeline
            of_all.fit(judged).refuse_without_rows(options["missing"])
        if self.kind.options.get("top", ...) is None:
            broken_down = next((name for name in _BREAKDOWNS if name in options), None)
            if broken_down is not None:
                check_top(options["top"], options[broken_down])
        # An option of the question may have the name of the clock.
        given = {"clock": clock, **options, "clock_of_log": clock, "pipeline": pipeline}
        with amount_errors(options.get("amount")):
            counts = self.stored.read(cast(Pipeline, read), clock)
            answer = call(self.kind.table, counts, **given)
        return with_error(answer, self.stored)
