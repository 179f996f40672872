"""The quality table of a log in partitions: what is found in each of them adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ...pipeline import Pipeline
from ..near_labels import alike
from ..quality import one_row_items, quality_counts, quality_table, stage_counts
from ..stage_signs import UseOfStages

if TYPE_CHECKING:
    from .partitioned_log import PartitionedLog


def quality_of_partitions(log: PartitionedLog, pipeline: Pipeline | None) -> pd.DataFrame:
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
    if pipeline is None:
        return quality_table(found, stages)
    fit = log.fit_of_all(pipeline)
    signs = UseOfStages.total(uses).signs(pipeline, log.clock)
    return quality_table(found | stage_counts(fit), stages, fit, signs=signs)
