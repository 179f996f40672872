"""Charts of result tables; they need the ``plots`` extra."""

from .compare_chart import plot_compare
from .conversion_chart import plot_time_to_convert
from .funnel_chart import plot_funnel
from .losses_chart import plot_losses
from .sequence_chart import plot_sequence
from .skips_chart import plot_skips
from .time_chart import plot_time_in_stage
from .transitions_chart import plot_transitions
from .trend_chart import plot_trend

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
