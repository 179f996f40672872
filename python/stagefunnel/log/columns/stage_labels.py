"""Labels of stages that two columns name: the pipeline and the stage."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import SchemaError, counted
from .inputs import Input, read_input

_BETWEEN: Final = " / "


def qualified(pipeline: Any, stage: Any) -> str:
    """Name a stage by its pipeline too."""
    return f"{pipeline}{_BETWEEN}{stage}"


def halves(label: str) -> tuple[str, ...]:
    """Take a label apart that :func:`qualified` made; a name may hold the mark between them too."""
    return tuple(label.split(_BETWEEN))


def joined(stage: Input, pipeline: Input) -> Input:
    """Make one column of the stages and their pipelines; a row that misses one of them has no stage."""
    if len(stage) != len(pipeline):
        raise SchemaError(
            f"the columns differ in length: stage has {counted(len(stage), 'row')}, "
            f"pipeline has {counted(len(pipeline), 'row')}"
        )
    rows = np.arange(len(stage), dtype=np.uint32)
    stage_codes, stages = pd.factorize(stage.take(rows))
    pipeline_codes, pipelines = pd.factorize(pipeline.take(rows))
    known = (stage_codes >= 0) & (pipeline_codes >= 0)
    pairs = np.where(known, pipeline_codes * len(stages) + stage_codes, -1)
    # In order of first appearance, as the labels of a log are.
    codes, seen = pd.factorize(pairs)
    labels = [
        qualified(pipelines[pair // len(stages)], stages[pair % len(stages)]) for pair in seen if pair >= 0
    ]
    places = np.cumsum(seen >= 0) - 1
    places[seen < 0] = -1
    return read_input(
        pd.Categorical.from_codes(places[codes], categories=pd.Index(labels, dtype=object)), stage.name
    )
