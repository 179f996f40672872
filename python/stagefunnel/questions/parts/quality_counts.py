"""What is unusual in the rows of a part of a log, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ...log.data import ReaderLines
from ...log.near_labels import alike
from ...log.quality import (
    ABOUT_THE_ITEMS_TABLE,
    one_row_items,
    quality_counts,
    quality_table,
    stage_counts,
)
from ...log.stage_log import StageLog
from ...log.stage_signs import UseOfStages
from ...pipeline import Pipeline
from ...times.periods import Clock
from ..counted.fields import settled
from ..counted.stages import Stages
from ..counted.totals import total_lines
from ..scope.where import tables_add_up


def summed(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Add up counts by check; parts may have columns that others have not."""
    checks = sorted({check for part in parts for check in part})
    return {check: sum(part.get(check, 0) for part in parts) for check in checks}


def found_in_rows(log: StageLog, pipeline: Pipeline | None) -> dict[str, int]:
    """Count the rows by check, without what is about the items table where each part has it as a whole."""
    found = quality_counts(log._data, pipeline)
    return {check: n for check, n in found.items() if tables_add_up() or check not in ABOUT_THE_ITEMS_TABLE}


def rows_read(found: Mapping[str, int]) -> int:
    """Return the number of rows, without dropped rows."""
    return found["rows"] - found["dropped"] - found.get("other_stages", 0)


@dataclass(frozen=True, eq=False)
class QualityCounted:
    """What :meth:`StageLog.quality` counts of a part of a log.

    Attributes
    ----------
    found
        Counts by check.
    stages
        The stages of the part.
    lines
        What the reader of an export noted.
    use
        How the part uses the stages of the pipeline; ``None`` without one.
    """

    found: Mapping[str, int] = settled(summed)
    stages: Stages = settled(Stages.total)
    lines: ReaderLines = settled(total_lines)
    use: UseOfStages | None = settled(UseOfStages.total, default=None)

    def table(self, pipeline: Pipeline | None, clock: Clock) -> pd.DataFrame:
        """Make the table: stages are counted once, which several parts may have."""
        fit = None if pipeline is None else self.stages.fit(pipeline)
        found = {**self.found, "stages": len(self.stages.rows), **({} if fit is None else stage_counts(fit))}
        # These are about all items, or about all rows.
        n_rows = rows_read(found)
        found["one_row_items"] = one_row_items(n_rows, found["items"])
        if found["dates_as_numbers"] != n_rows:
            found["dates_as_numbers"] = 0
        found["stages_alike"] = len(alike(self.stages.rows))
        signs = None if pipeline is None or self.use is None else self.use.signs(pipeline, clock)
        return quality_table(found, self.stages.rows, fit, self.lines, signs)


def count_quality(log: StageLog, pipeline: Pipeline | None = None) -> QualityCounted:
    """Count what :meth:`StageLog.quality` needs of a part of a log."""
    data = log._data
    return QualityCounted(
        found_in_rows(log, pipeline),
        Stages.of(data),
        data.reader_lines,
        None if pipeline is None else UseOfStages.of(data, pipeline, is_part=True),
    )


def quality_of_parts(counts: QualityCounted, pipeline: Pipeline | None, *, clock: Clock) -> pd.DataFrame:
    """Make the table of :meth:`StageLog.quality`, without what is about items tables."""
    return counts.table(pipeline, clock)
