"""What stands in the place of a log or of a pipeline, and what to give there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..errors import SchemaError, quoted
from ..pipeline import Pipeline
from .stage_log import StageLog


def not_a_log(value: object) -> SchemaError:
    """Make the error for what stands in the place of a log."""
    advice = "make one with StageLog(...)"
    if isinstance(value, Pipeline):
        advice = "give the log first, then the pipeline"
    elif isinstance(getattr(value, "log", None), StageLog):
        advice = "give its log, as in export.log"
    return SchemaError(f"expected a StageLog, got {type(value).__name__}; {advice}")


def not_a_pipeline(value: object) -> SchemaError:
    """Make the error for what stands in the place of a pipeline."""
    advice = ""
    if isinstance(value, StageLog):
        advice = "; give the log first, then the pipeline"
    elif isinstance(value, str | os.PathLike):
        advice = "; Pipeline.from_toml reads a file of stages"
    elif isinstance(getattr(value, "pipeline", None), Pipeline):
        advice = "; give its pipeline, as in settings.pipeline"
    elif isinstance(value, Mapping) and any(isinstance(one, Pipeline) for one in value.values()):
        advice = f"; choose one of {quoted(value)}"
    return SchemaError(f"expected a Pipeline, got {type(value).__name__}{advice}")
