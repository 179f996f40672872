"""Sales funnels over columns of item, stage and time.

Start with a :class:`StageLog` and a :class:`Pipeline`, then ask: :func:`funnel`, :func:`outcomes`,
:func:`time_in_stage`, :func:`transitions`, :func:`item_table`, :func:`explain`, or all that most need at
once: :func:`summary`. :func:`losses` says where items are lost and why, :func:`skips` who skips what,
:func:`flow` what came and left in a period, and :func:`chain_funnel` joins leads and deals. Each takes a
period; :func:`funnel_by_period` shows one after the other and :func:`compare_periods` two side by side.
:func:`partial` and :func:`merge` give the summary where the items come in parts.
:func:`sequence_funnel` and :func:`sequence_items` ask how far items come through steps inside a window,
:func:`sequence_trend` when, :func:`time_to_convert` how fast, and :func:`sequence_paths` what came between.
:func:`show` prints a table the way people read it.
"""

from . import datasets
from ._core import __version__
from .between_steps import sequence_paths
from .chains import chain_funnel
from .comparisons import compare_periods
from .conversion_times import time_to_convert
from .display import show
from .durations import time_in_stage
from .errors import (
    InvalidRowError,
    MissingColumnError,
    ReaderError,
    SchemaError,
    StageFunnelError,
    UnknownItemError,
    UnknownStageError,
)
from .explanation import explain
from .flows import flow
from .funnels import funnel, outcomes
from .items import item_table
from .log import StageLog
from .lost_items import losses
from .memory import release_memory
from .moves import transitions
from .overview import Summary
from .partials import Partial, merge, partial
from .pipeline import Pipeline
from .readers import Export, read
from .reports import report
from .rows import row_table
from .sequence_options import Exclusion
from .sequence_periods import sequence_trend
from .sequences import sequence_funnel, sequence_items
from .settings import Settings
from .several import pipelines_of_log
from .skipping import skips
from .summaries import summary
from .trends import funnel_by_period

__all__ = [
    "Exclusion",
    "Export",
    "InvalidRowError",
    "MissingColumnError",
    "Partial",
    "Pipeline",
    "ReaderError",
    "SchemaError",
    "Settings",
    "StageFunnelError",
    "StageLog",
    "Summary",
    "UnknownItemError",
    "UnknownStageError",
    "__version__",
    "chain_funnel",
    "compare_periods",
    "datasets",
    "explain",
    "flow",
    "funnel",
    "funnel_by_period",
    "item_table",
    "losses",
    "merge",
    "outcomes",
    "partial",
    "pipelines_of_log",
    "read",
    "release_memory",
    "report",
    "row_table",
    "sequence_funnel",
    "sequence_items",
    "sequence_paths",
    "sequence_trend",
    "show",
    "skips",
    "summary",
    "time_in_stage",
    "time_to_convert",
    "transitions",
]
