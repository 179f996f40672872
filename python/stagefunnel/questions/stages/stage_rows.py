"""The row of a stage that an option names."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from ...errors import SchemaError, did_you_mean, given, is_named, may_be_label, quoted
from ...pipeline import Pipeline

CREATED: Final = "created"


def row_of_stage(pipeline: Pipeline, option: str, label: Hashable) -> int:
    """Return the row of a stage; a name that people read in place of a label is refused with the label."""
    for row, known in enumerate(pipeline.labels):
        if may_be_label(label) and label == known:
            return row
    names = pipeline.names
    named_so = [known for known, name in names.items() if is_named(label, name)]
    hint = f"; it is the name of {quoted(named_so)}" if named_so else did_you_mean(label, pipeline.labels)
    # Whoever has a name in mind gets near it, and then learns the label.
    hint = hint or did_you_mean(label, list(names.values()))
    more = f', and "{CREATED}" is the creation' if option == "start" else ""
    raise SchemaError(
        given(option, label),
        f" is not a stage of the pipeline{hint}; it has: {quoted(pipeline.labels)}{more}",
    )
