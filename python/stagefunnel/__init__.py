"""Sales funnels over columns of item, stage and time.

Start with a :class:`StageLog` and a :class:`Pipeline`, then ask: :func:`funnel`, :func:`outcomes`,
:func:`time_in_stage`, :func:`transitions`, :func:`item_table`, :func:`explain`, or all that most need at
once: :func:`summary`. :func:`losses` says where items are lost and why, :func:`open_items` which are stuck
now, :func:`time_to` how long they take to a stage, :func:`cumulative_incidence` how many are won by which
age though some are open, :func:`skips` who skips what, :func:`flow` what came and left in a period, and
:func:`chain_funnel` joins leads and deals. Each takes a period;
:func:`funnel_by_period` shows one after the other and :func:`compare_periods` two side by side.
:func:`partial` and :func:`merge` give the summary where the items come in parts.
:func:`sequence_funnel` and :func:`sequence_items` ask how far items come through steps inside a window,
:func:`sequence_trend` when, :func:`time_to_convert` how fast, and :func:`sequence_paths` what came between;
:class:`Steps` holds the steps with their rules, and :class:`Step` is one with conditions on its row.
:mod:`stagefunnel.stats` has the statistics of plain arrays.
:func:`show` prints a table the way people read it, and :func:`bind` names a log and a pipeline once for
many questions.
"""

import sys
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from . import datasets, stats
    from ._core import __version__
    from .bound import Bound, bind
    from .display.charts.saving import save_chart
    from .display.excel import to_excel
    from .display.show import show
    from .display.to_database import write
    from .errors import (
        InvalidRowError,
        MissingColumnError,
        ReaderError,
        SchemaError,
        StageFunnelError,
        StageFunnelWarning,
        UnknownItemError,
        UnknownStageError,
    )
    from .log.memory import release_memory
    from .log.pipelines import pipelines_of_log
    from .log.rows import row_table
    from .log.spilled.partitioned_log import PartitionedLog
    from .log.stage_log import StageLog
    from .pipeline import Pipeline
    from .questions.chain.chain import chain_funnel
    from .questions.checks.check import check
    from .questions.forecast.backtest import backtest
    from .questions.forecast.bottlenecks import bottlenecks
    from .questions.forecast.features import item_features
    from .questions.forecast.forecast import forecast
    from .questions.forecast.markov_check import markov_check
    from .questions.forecast.occupation import state_occupation, win_within
    from .questions.forecast.win_probability import win_probability
    from .questions.funnel.comparison import compare_periods
    from .questions.funnel.decomposition import decompose, mix_rate
    from .questions.funnel.drivers import drivers
    from .questions.funnel.explain import explain
    from .questions.funnel.funnel import funnel, outcomes
    from .questions.funnel.group_comparison import compare_groups
    from .questions.funnel.skips import skips
    from .questions.funnel.trend import funnel_by_period
    from .questions.parts.partial import Partial, merge, partial
    from .questions.sequence.conversion_times import time_to_convert
    from .questions.sequence.funnel import sequence_funnel, sequence_items
    from .questions.sequence.paths import sequence_paths
    from .questions.sequence.rules import Exclusion
    from .questions.sequence.step import Step
    from .questions.sequence.steps import Steps
    from .questions.sequence.trend import sequence_trend
    from .questions.stages.absorption import absorption
    from .questions.stages.durations import time_in_stage
    from .questions.stages.flow import flow
    from .questions.stages.incidence import cumulative_incidence
    from .questions.stages.items import item_table
    from .questions.stages.losses import losses
    from .questions.stages.maturity import cohort_maturity
    from .questions.stages.open_items import open_items
    from .questions.stages.time_to import time_to
    from .questions.stages.transitions import transitions
    from .questions.stages.variants import variants
    from .questions.stages.velocity import sales_velocity
    from .questions.stages.visits import visits
    from .questions.summary import summary
    from .readers import Export, read
    from .reports.build import report
    from .settings import Settings
    from .suggesting.suggest import suggest
    from .suggesting.suggestion import Suggestion
    from .tables.choices import options
    from .tables.summary import Summary
    from .working_hours import WorkingHours

__all__ = [
    "Bound",
    "Exclusion",
    "Export",
    "InvalidRowError",
    "MissingColumnError",
    "Partial",
    "PartitionedLog",
    "Pipeline",
    "ReaderError",
    "SchemaError",
    "Settings",
    "StageFunnelError",
    "StageFunnelWarning",
    "StageLog",
    "Step",
    "Steps",
    "Suggestion",
    "Summary",
    "UnknownItemError",
    "UnknownStageError",
    "WorkingHours",
    "__version__",
    "absorption",
    "backtest",
    "bind",
    "bottlenecks",
    "chain_funnel",
    "check",
    "cohort_maturity",
    "compare_groups",
    "compare_periods",
    "cumulative_incidence",
    "datasets",
    "decompose",
    "drivers",
    "explain",
    "flow",
    "forecast",
    "funnel",
    "funnel_by_period",
    "item_features",
    "item_table",
    "losses",
    "markov_check",
    "merge",
    "mix_rate",
    "open_items",
    "options",
    "outcomes",
    "partial",
    "pipelines_of_log",
    "read",
    "release_memory",
    "report",
    "row_table",
    "sales_velocity",
    "save_chart",
    "sequence_funnel",
    "sequence_items",
    "sequence_paths",
    "sequence_trend",
    "show",
    "skips",
    "state_occupation",
    "stats",
    "suggest",
    "summary",
    "time_in_stage",
    "time_to",
    "time_to_convert",
    "to_excel",
    "transitions",
    "variants",
    "visits",
    "win_probability",
    "win_within",
    "write",
]

# A public name is imported when it is first used: a command that prints help needs none, and pandas alone
# takes half a second. The table says what the imports above say, which only type checkers run.
_NAMES_OF: Final = {
    "_core": ("__version__",),
    "bound": ("Bound", "bind"),
    "display.charts.saving": ("save_chart",),
    "display.excel": ("to_excel",),
    "display.show": ("show",),
    "display.to_database": ("write",),
    "errors": (
        "InvalidRowError",
        "MissingColumnError",
        "ReaderError",
        "SchemaError",
        "StageFunnelError",
        "StageFunnelWarning",
        "UnknownItemError",
        "UnknownStageError",
    ),
    "log.memory": ("release_memory",),
    "log.pipelines": ("pipelines_of_log",),
    "log.rows": ("row_table",),
    "log.spilled.partitioned_log": ("PartitionedLog",),
    "log.stage_log": ("StageLog",),
    "pipeline": ("Pipeline",),
    "questions.chain.chain": ("chain_funnel",),
    "questions.checks.check": ("check",),
    "questions.forecast.backtest": ("backtest",),
    "questions.forecast.bottlenecks": ("bottlenecks",),
    "questions.forecast.features": ("item_features",),
    "questions.forecast.forecast": ("forecast",),
    "questions.forecast.markov_check": ("markov_check",),
    "questions.forecast.occupation": ("state_occupation", "win_within"),
    "questions.forecast.win_probability": ("win_probability",),
    "questions.funnel.comparison": ("compare_periods",),
    "questions.funnel.decomposition": ("decompose", "mix_rate"),
    "questions.funnel.drivers": ("drivers",),
    "questions.funnel.explain": ("explain",),
    "questions.funnel.funnel": ("funnel", "outcomes"),
    "questions.funnel.group_comparison": ("compare_groups",),
    "questions.funnel.skips": ("skips",),
    "questions.funnel.trend": ("funnel_by_period",),
    "questions.parts.partial": ("Partial", "merge", "partial"),
    "questions.sequence.conversion_times": ("time_to_convert",),
    "questions.sequence.funnel": ("sequence_funnel", "sequence_items"),
    "questions.sequence.paths": ("sequence_paths",),
    "questions.sequence.rules": ("Exclusion",),
    "questions.sequence.step": ("Step",),
    "questions.sequence.steps": ("Steps",),
    "questions.sequence.trend": ("sequence_trend",),
    "questions.stages.absorption": ("absorption",),
    "questions.stages.durations": ("time_in_stage",),
    "questions.stages.flow": ("flow",),
    "questions.stages.incidence": ("cumulative_incidence",),
    "questions.stages.items": ("item_table",),
    "questions.stages.losses": ("losses",),
    "questions.stages.maturity": ("cohort_maturity",),
    "questions.stages.open_items": ("open_items",),
    "questions.stages.time_to": ("time_to",),
    "questions.stages.transitions": ("transitions",),
    "questions.stages.variants": ("variants",),
    "questions.stages.velocity": ("sales_velocity",),
    "questions.stages.visits": ("visits",),
    "questions.summary": ("summary",),
    "readers": ("Export", "read"),
    "reports.build": ("report",),
    "settings": ("Settings",),
    "suggesting.suggest": ("suggest",),
    "suggesting.suggestion": ("Suggestion",),
    "tables.choices": ("options",),
    "tables.summary": ("Summary",),
    "working_hours": ("WorkingHours",),
}
_HOMES: Final = {name: module for module, names in _NAMES_OF.items() for name in names}
_MODULES: Final = frozenset(
    (
        *("_core", "datasets", "display", "errors", "files", "log", "pipeline", "pipeline_file"),
        *("questions", "readers", "reports", "settings", "stats", "tables", "times"),
    )
)

# To a type checker, a module with __getattr__ has every name, so it does not see this one.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import a public name, or one of the modules that need no import statement of their own."""
        import_module(".forking", __name__)  # before there is anything that a fork could find in the middle
        if name in _MODULES:
            return import_module(f".{name}", __name__)
        if name not in _HOMES:
            raise AttributeError(
                f"module {__name__!r} has no attribute {name!r}", name=name, obj=sys.modules[__name__]
            )
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        if callable(value):
            import_module(".signatures", __name__).show_values(value)
        if isinstance(value, FunctionType):
            # The package calls its functions themselves; callers get tables of the library that they chose.
            instead = import_module(".any_log", __name__).answer_of_partitions
            value = import_module(".tables.frames", __name__).at_the_edge(value, instead)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names alone, which Tab offers; modules are there all the same."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
