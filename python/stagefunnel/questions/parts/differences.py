"""In what partials differ that are not to be merged."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Final

from ...errors import SchemaError, named
from ...pipeline import Pipeline

#: What partials that are merged have in common, beside the pipeline.
OPTIONS: Final = (
    *("fill", "lost_then_won", "by", "at", "per", "unlisted", "missing", "unit", "zone", "period", "basis"),
    *("as_of", "limits", "where"),
)


def refuse_difference(first: Any, other: Any, number: int) -> None:
    """Refuse a partial that has another pipeline or other options than the first one."""
    if first.pipeline != other.pipeline:
        raise SchemaError(
            f"the partials read different pipelines, number 0 {first.pipeline!r} and number {number} "
            f"{other.pipeline!r}: {_first_difference(first.pipeline, other.pipeline)}"
        )
    for option in OPTIONS:
        mine, theirs = getattr(first, option), getattr(other, option)
        if mine != theirs:
            raise SchemaError(
                "the partials differ in ",
                named(option),
                f" ({mine!r} in number 0 and {theirs!r} in number {number})",
                option=option,
            )


def _first_difference(one: Pipeline, other: Pipeline) -> str:
    """Describe the first difference of two pipelines, which their short forms may not show."""
    for part in ("stages", "won", "lost", "elsewhere"):
        pairs = zip_longest(getattr(one, part), getattr(other, part), fillvalue=None)
        for place, (mine, theirs) in enumerate(pairs):
            if mine != theirs:
                return f"{part}[{place}] is {mine!r} and {theirs!r}"
    if one.moved_out != other.moved_out:
        return f"moved_out is {one.moved_out!r} and {other.moved_out!r}"
    for rule in {**one.rules.given, **other.rules.given}:
        mine, theirs = getattr(one.rules, rule), getattr(other.rules, rule)
        if mine != theirs:
            return f"{rule} is {mine!r} and {theirs!r}"
    label = next(label for label in one.labels if one.names[label] != other.names[label])
    return f"{label!r} is named {one.names[label]!r} and {other.names[label]!r}"
