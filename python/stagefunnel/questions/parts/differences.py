"""In what partials differ that are not to be merged."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from ...errors import SchemaError, named
from ...pipeline import Pipeline


def refuse_pipelines(one: Pipeline | None, other: Pipeline | None, number: int) -> None:
    """Refuse the partial of a number that has another pipeline than the first one."""
    if one == other:
        return
    beginning = f"the partials read different pipelines, number 0 {one!r} and number {number} {other!r}"
    if one is None or other is None:
        raise SchemaError(beginning)
    raise SchemaError(f"{beginning}: {_first_difference(one, other)}")


def refuse_option(name: str, one: Any, other: Any, number: int) -> None:
    """Say in which option the partial of a number differs from the first one."""
    raise SchemaError(
        "the partials differ in ",
        named(name),
        f" ({one!r} in number 0 and {other!r} in number {number})",
        option=name,
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
