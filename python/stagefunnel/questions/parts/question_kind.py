"""What is known of a question whose counts add up over parts of a log."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...cached import cached_property
from ...pipeline import Pipeline


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
    always_needs_end
        Whether the question needs it whatever its options.
    read_as
        Function of the pipeline that returns the one that the question reads in its place.
    rules
        Options that are kept in another one.
    read
        Function of all options and the names of those that were given, which puts the rules there.
    depends
        Function of the options in this form that names those that need the end of observation, where their
        names alone do not say it.
    logs
        What the question calls the log and the pipeline.
    beside
        Options that are read beside the log and are not kept: other logs, and what links them. Items of the
        other logs must not be in two parts either.
    """

    question: Callable[..., Any]
    of: type
    count: Callable[..., Any]
    table: Callable[..., Any]
    at_the_end: tuple[str, ...] = ("top",)
    refused: Callable[[Mapping[str, Any]], tuple[Any, ...] | None] = field(default=lambda _: None)
    settled: tuple[str, ...] = ()
    needs_end: tuple[str, ...] = ("within",)
    always_needs_end: bool = False
    read_as: Callable[[Pipeline], Pipeline] = field(default=lambda pipeline: pipeline)
    rules: Collection[str] = ()
    read: Callable[[Mapping[str, Any], Collection[str]], dict[str, Any]] = field(
        default=lambda options, _: dict(options)
    )
    depends: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    logs: tuple[str, str] = ("log", "pipeline")
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the public function."""
        return self.question.__name__

    @cached_property
    def options(self) -> dict[str, Any]:
        """The options of the question and their defaults; one that has to be given has none."""
        return {
            # Of a balance the period is all of the log where none is given.
            name: None if one.default is ... else one.default
            for name, one in inspect.signature(self.question).parameters.items()
            if name not in ("self", *self.logs)
        }

    @property
    def has_pipeline(self) -> bool:
        """Whether the question takes a pipeline."""
        return self.logs[1] in inspect.signature(self.question).parameters

    @property
    def needs_pipeline(self) -> bool:
        """Whether the question has no answer without a pipeline."""
        pipeline = inspect.signature(self.question).parameters.get(self.logs[1])
        # A chain has its pipelines of an export, too, and a part of one has none.
        return pipeline is not None and (pipeline.default is inspect.Parameter.empty or bool(self.beside))
