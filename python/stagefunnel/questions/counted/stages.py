"""The stages that a part of the items has, which parts may share."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from ...log.data import LogData
from ...log.fit import Fit
from ...pipeline import Pipeline
from .plain import record


@record
@dataclass(frozen=True)
class Stages:
    """The stages of some parts.

    Attributes
    ----------
    rows
        Rows of each stage, in an order that does not depend on that of the parts.
    left_out
        Stages whose rows were left out.
    has_pipelines
        Whether labels are a pipeline and a stage.
    """

    rows: Mapping[Hashable, int]
    left_out: tuple[Hashable, ...]
    has_pipelines: bool

    @classmethod
    def of(cls, data: LogData) -> Self:
        """Take the stages of a log."""
        n_rows = data.label_rows[np.flatnonzero(data.label_rows)].tolist()
        rows = dict(zip(data.stage_labels, n_rows, strict=True))
        return cls(_in_order(rows), tuple(_in_order(dict.fromkeys(data.other_labels, 0))), data.has_pipelines)

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add up the stages of parts."""
        rows: dict[Hashable, int] = {}
        left_out: dict[Hashable, int] = {}
        has_pipelines = False
        for part in parts:
            for label, n in part.rows.items():
                rows[label] = rows.get(label, 0) + n
            left_out |= dict.fromkeys(part.left_out, 0)
            has_pipelines |= part.has_pipelines
        return cls(_in_order(rows), tuple(_in_order(left_out)), has_pipelines)

    def fit(self, pipeline: Pipeline) -> Fit:
        """Put a pipeline beside the stages."""
        return Fit(pipeline, self.rows, left_out=self.left_out, has_pipelines=self.has_pipelines)


def _in_order(rows: Mapping[Hashable, int]) -> dict[Hashable, int]:
    return dict(sorted(rows.items(), key=lambda one: (type(one[0]).__name__, repr(one[0]))))
