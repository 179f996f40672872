"""The transitions between stages."""

from collections.abc import Hashable, Sequence
from itertools import pairwise

import pandas as pd

from reference.journeys import visits_by_item
from reference.report import table_of
from reference.stages import Pipeline, Row, Unlisted, labels, stage_column


def transitions(
    rows: Sequence[Row],
    pipeline: Pipeline,
    *,
    unlisted: Unlisted = "error",
    order: Sequence[Hashable] | None = None,
) -> pd.DataFrame:
    """Count the transitions between every two stages that have one, in the pipeline's order."""
    every = [
        (item, left.stage, entered.stage)
        for item, item_visits in visits_by_item(rows, pipeline, unlisted, order).items()
        for left, entered in pairwise(item_visits)
    ]
    records = []
    for from_stage in labels(pipeline):
        leaving = [transition for transition in every if transition[1] == from_stage]
        for to_stage in labels(pipeline):
            items = [item for item, _, entered in leaving if entered == to_stage]
            if items:
                record = {
                    "from_stage": from_stage,
                    "to_stage": to_stage,
                    "moves": len(items),
                    "items": len(set(items)),
                    "share": len(items) / len(leaving),
                }
                records.append(record)
    types = {"moves": "int64", "items": "int64", "share": "float64"}
    table = table_of(records, ["from_stage", "to_stage", *types], types)
    table["from_stage"] = stage_column(table["from_stage"], pipeline)
    table["to_stage"] = stage_column(table["to_stage"], pipeline)
    return table
