"""Charts of result tables, one function per chart; they need the extra ``plots``."""

from .display.charts.compare_chart import plot_compare
from .display.charts.conversion_chart import plot_time_to_convert
from .display.charts.funnel_chart import plot_funnel
from .display.charts.losses_chart import plot_losses
from .display.charts.sequence_chart import plot_sequence
from .display.charts.sequence_trend_chart import plot_sequence_trend
from .display.charts.skips_chart import plot_skips
from .display.charts.time_chart import plot_time_in_stage
from .display.charts.transitions_chart import plot_transitions
from .display.charts.trend_chart import plot_trend
from .signatures import show_values

__all__ = [
    "plot_compare",
    "plot_funnel",
    "plot_losses",
    "plot_sequence",
    "plot_sequence_trend",
    "plot_skips",
    "plot_time_in_stage",
    "plot_time_to_convert",
    "plot_transitions",
    "plot_trend",
]

for _name in __all__:
    show_values(globals()[_name])


def __dir__() -> list[str]:
    """List the charts alone, which Tab offers."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
