"""The quality table: counts of unusual rows of a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from .. import _core
from ..pipeline import Pipeline
from ..tables.schema import QUALITY
from .data import LogData

_NOTES = {
    "rows": "rows of the input",
    "items": "distinct items",
    "stages": "distinct stages",
    "dropped": 'invalid rows left out, as invalid="drop" asked',
    "other_stages": "rows of stages that stages= does not name, left out",
    "missing_item": "rows without an item",
    "missing_stage": "rows without a stage",
    "missing_time": "rows without a time",
    "unparsed_time": "rows whose time is a text that is not a time",
    "doubtful_local_times": "local times that the clocks show twice (read as winter time) or never",
    "ragged_rows": "rows of CSV files with more or fewer fields than the header, left out and not in rows",
    "exact_duplicates": "rows equal in item, stage and time to an earlier row",
    "repeats": "rows of the stage that the item is in already; one visit with the row before",
    "ties": "rows of an item at the time of its row before; they keep the order of the input",
    "table_rows_without_item": "rows of the items table that have no key, left out",
    "items_not_in_table": "items that the items table does not have",
    "elsewhere_rows": "rows of other pipelines' stages",
    "unlisted_stages": "stages of the log that the pipeline does not list",
    "unlisted_rows": "rows of these stages",
    "items_without_rows": "items that have only such rows: they are in no base",
    "bridged_visits": "places where two visits become one because rows between them are not listed",
    "ties_deciding_outcome": "items whose last time has rows of several outcomes: their order decides",
}
ABOUT_THE_ITEMS_TABLE: Final = ("table_rows_without_item", "items_not_in_table")


def quality_counts(
    data: LogData, pipeline: Pipeline | None, known: _core.summary.Summary | None = None
) -> dict[str, int]:
    """Count the rows of :meth:`stagefunnel.StageLog.quality`, by check; `known` spares the scan."""
    found = _core.stages.log_quality(data.journeys, data.threads) if known is None else known.log_quality
    counts = {
        "rows": data.n_input_rows,
        "items": data.journeys.n_items,
        "stages": len(data.stages),
        **data.found,
        "exact_duplicates": found.exact_duplicates,
        "repeats": found.repeats,
        "ties": found.ties,
    }
    if data.items_table is not None:
        counts["table_rows_without_item"] = data.items_table.n_keyless
        counts["items_not_in_table"] = data.items_table.n_unmatched
    if pipeline is not None:
        if known is None:
            lookup = data.lookup(pipeline, "ignore")
            read = _core.stages.pipeline_quality(data.journeys, lookup, data.threads)
        else:
            read = known.pipeline_quality
        elsewhere = set(pipeline.elsewhere)
        listed = {*pipeline.labels, *elsewhere}
        stages = data.stages
        if elsewhere:
            away = [label in elsewhere for label in stages["stage"]]
            counts["elsewhere_rows"] = int(stages["rows"][away].sum())
        unlisted = [label not in listed for label in stages["stage"]]
        counts["unlisted_stages"] = sum(unlisted)
        counts["unlisted_rows"] = int(stages["rows"][unlisted].sum())
        counts["items_without_rows"] = read.items_without_rows
        counts["bridged_visits"] = read.bridged_visits
        counts["ties_deciding_outcome"] = read.ties_deciding_outcome
    return counts


def quality_table(counts: Mapping[str, int]) -> pd.DataFrame:
    """Build the table of :meth:`stagefunnel.StageLog.quality` from its counts."""
    checks = [check for check in _NOTES if check in counts]
    return pd.DataFrame(
        {
            "check": checks,
            "count": pd.Series([counts[check] for check in checks], dtype="int64"),
            "note": [_NOTES[check] for check in checks],
        },
        columns=list(QUALITY),
    )
