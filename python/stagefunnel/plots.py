"""Charts of the result tables, one function per table; they need the extra ``plots``."""

from .display.charts import (
    plot_compare,
    plot_funnel,
    plot_losses,
    plot_sequence,
    plot_skips,
    plot_time_in_stage,
    plot_time_to_convert,
    plot_transitions,
    plot_trend,
)

__all__ = [
    "plot_compare",
    "plot_funnel",
    "plot_losses",
    "plot_sequence",
    "plot_skips",
    "plot_time_in_stage",
    "plot_time_to_convert",
    "plot_transitions",
    "plot_trend",
]
