"""The questions whose counts add up over parts of a log, and the reasons why others do not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...errors import SchemaError, named
from ..funnel.funnel import count_funnel, count_outcomes, funnel, outcomes
from ..funnel.halves import FunnelsCounted, OutcomesCounted, funnel_table_of, outcomes_of
from ..stats.share_bounds import read_confidence
from ..summary import summary
from .summary_counts import SummaryCounted, count_summary, summary_of


@dataclass(frozen=True)
class Mergeable:
    """A question whose counts add up.

    Attributes
    ----------
    question
        The public function.
    of
        The dataclass of what it counts.
    count
        Function of a log and, unless the question has none, a pipeline, that counts. It takes the options of
        the question, but for those of the table.
    table
        Function of the counts that makes the answer. It takes what it names of ``pipeline``, ``clock`` and
        the options of the question.
    at_the_end
        Options of the table alone, which may be chosen when the parts are merged.
    refused
        Function of the options that says why a part cannot have them; ``None`` where it can.
    settled
        Options that are compared as the counts have them.
    needs_end
        Options that need the end of observation while the question counts.
    """

    question: Callable[..., Any]
    of: type
    count: Callable[..., Any]
    table: Callable[..., Any]
    at_the_end: tuple[str, ...] = ("top",)
    refused: Callable[[Mapping[str, Any]], tuple[Any, ...] | None] = field(default=lambda _: None)
    settled: tuple[str, ...] = ()
    needs_end: tuple[str, ...] = ("within",)

    @property
    def name(self) -> str:
        """Name of the public function."""
        return self.question.__name__

    @property
    def options(self) -> dict[str, Any]:
        """The options of the question and their defaults."""
        return {
            name: one.default
            for name, one in inspect.signature(self.question).parameters.items()
            if one.kind is inspect.Parameter.KEYWORD_ONLY
        }

    @property
    def has_pipeline(self) -> bool:
        """Whether the question takes a pipeline."""
        return "pipeline" in inspect.signature(self.question).parameters


def _funnel_refused(options: Mapping[str, Any]) -> tuple[Any, ...] | None:
    read_confidence(options.get("confidence"))
    if options.get("amount") is not None and options.get("confidence") is not None:
        return (
            named("confidence"),
            " with ",
            named("amount"),
            " bounds shares of the value by squares of the amounts, in a measure of the largest of all "
            "parts; ask funnel() of one log of all parts, or leave one of the two out",
        )
    return None


_ALL: Final = (
    Mergeable(
        summary,
        SummaryCounted,
        count_summary,
        summary_of,
        at_the_end=("top", "quantiles"),
        settled=("limits",),
    ),
    Mergeable(
        funnel,
        FunnelsCounted,
        count_funnel,
        funnel_table_of,
        at_the_end=("top", "confidence"),
        refused=_funnel_refused,
    ),
    Mergeable(
        outcomes,
        OutcomesCounted,
        count_outcomes,
        outcomes_of,
        at_the_end=("top", "confidence"),
    ),
)
BY_NAME: Final[dict[str, Mergeable]] = {one.name: one for one in _ALL}

_ITEMS: Final = "lists single items, so that parts of its answer do not add up"
_FITTED: Final = "is fitted to the visits of all items together"
_NO_ANSWER: Final = "is not a question with one answer of counts"
_REFUSED: Final = {
    **dict.fromkeys(("explain", "item_features", "item_table", "open_items", "row_table"), _ITEMS),
    **dict.fromkeys(("sequence_items", "visits", "win_probability", "win_within"), _ITEMS),
    **dict.fromkeys(("backtest", "forecast", "markov_check", "state_occupation"), _FITTED),
    **dict.fromkeys(("check", "partial", "pipelines_of_log", "report"), _NO_ANSWER),
}


def mergeable_of(question: Any) -> Mergeable:
    """Return what is known of a public question.

    Raises
    ------
    SchemaError
        If it is not a question, or its answer is not made of counts that add up.
    """
    function = inspect.unwrap(question) if callable(question) else question
    for one in _ALL:
        if function is one.question:
            return one
    known = ", ".join(f"{name}()" for name in BY_NAME)
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or not getattr(function, "__module__", "").startswith("stagefunnel."):
        raise SchemaError(
            f"{question!r} is not a question of stagefunnel; partials know {known}", option="question"
        )
    reason = _REFUSED.get(name, "is not one of the questions of partials")
    raise SchemaError(
        f"{name}() {reason}; ask it of one log of all parts (partials know {known})",
        option="question",
    )
