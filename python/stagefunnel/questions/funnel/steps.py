"""The steps of a funnel that are nested: how many of the items that got to a stage got to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...pipeline import Pipeline
from .counts import FunnelCounts

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Steps:
    """Nested counts of the furthest stages.

    Attributes
    ----------
    first
        The stage at which the first step begins.
    labels
        The stage at the end of each step from the second stage on; the last is the won one, if any.
    rows
        Rows of these and of the first stage in the counts of the funnel.
    passed_over
        Stages that are optional or have dates, which not every item could reach.
    """

    first: Any
    labels: tuple[Any, ...]
    rows: Integers
    passed_over: tuple[Any, ...]

    @classmethod
    def of(cls, pipeline: Pipeline) -> Steps:
        """Choose the stages of a pipeline whose won stages are one."""
        rules = pipeline.rules
        passed_over = tuple(
            label
            for label in pipeline.stages
            if label in rules.optional or label in rules.since or label in rules.until
        )
        rows = [row for row, label in enumerate(pipeline.stages) if label not in passed_over]
        rows += [len(pipeline.stages)] if pipeline.won else []
        labels = (*pipeline.stages, *pipeline.won)
        first, *later = (labels[row] for row in rows) if rows else (None,)
        return cls(first, tuple(later), np.array(rows, dtype=np.int64), passed_over)

    def reached(self, counts: FunnelCounts) -> Integers:
        """Return how many items of each group reach the first stage and the end of each step."""
        return np.asarray(counts.reached[:, self.rows])


def with_one_won_stage(pipeline: Pipeline) -> Pipeline:
    """Read all won stages as one, so that an item that was in two of them counts once."""
    if len(pipeline.won) < 2:
        return pipeline
    first, *others = pipeline.won
    aliases = dict.fromkeys(others, first)
    read_as = {name: aliases.get(label, label) for name, label in pipeline.rules.aliases.items()}
    changes: dict[str, Any] = {"won": first, "aliases": {**read_as, **aliases}}
    changes["names"] = {label: name for label, name in pipeline.names.items() if label not in aliases}
    shorter = pipeline.rules.ignore_shorter
    if isinstance(shorter, Mapping):
        changes["ignore_shorter"] = {label: one for label, one in shorter.items() if label not in aliases}
    return pipeline.replace(**changes)
