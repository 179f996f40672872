"""The quality table of a log in partitions: what is found in each of them adds up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pandas as pd

from ...pipeline import Pipeline
from ...times.periods import Clock
from ..fit import Fit
from ..near_labels import alike
from ..quality import one_row_items, quality_counts, quality_table, stage_counts
from ..stage_log import StageLog
from ..stage_signs import UseOfStages


class _Parts(Protocol):
    """A log in partitions."""

    @property
    def n_rows(self) -> int: ...
    @property
    def n_items(self) -> int: ...
    @property
    def stages(self) -> pd.DataFrame: ...
    @property
    def clock(self) -> Clock: ...
    def partitions(self) -> Iterator[StageLog]: ...


def quality_of_parts(log: _Parts, pipeline: Pipeline | None, fit: Fit | None) -> pd.DataFrame:
    """Make the table of :meth:`stagefunnel.StageLog.quality`; each partition is read for it."""
    found: dict[str, int] = {}
    uses = []
    for part in log.partitions():
        for check, n in quality_counts(part._data, pipeline).items():
            found[check] = found.get(check, 0) + n
        if pipeline is not None:
            uses.append(UseOfStages.of(part._data, pipeline, is_part=True))
    stages = log.stages["stage"].tolist()
    found |= {
        "stages": len(stages),
        "stages_alike": len(alike(stages)),
        # These are about all items, or about all rows.
        "one_row_items": one_row_items(log.n_rows, log.n_items),
        "dates_as_numbers": log.n_rows if found["dates_as_numbers"] == log.n_rows else 0,
    }
    if pipeline is None or fit is None:
        return quality_table(found, stages)
    signs = UseOfStages.total(uses).signs(pipeline, log.clock)
    return quality_table(found | stage_counts(fit), stages, fit, signs=signs)
