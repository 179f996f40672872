"""Charts of result tables, one function per chart; they need the extra ``plots``.

A chart takes a table of pandas, polars or Arrow, as :class:`stagefunnel.options` gives them.
"""

from .display.charts import (
    compare_chart,
    conversion_chart,
    funnel_chart,
    losses_chart,
    sequence_chart,
    sequence_trend_chart,
    skips_chart,
    time_chart,
    transitions_chart,
    trend_chart,
)
from .tables.frames import of_any_frame

plot_compare = of_any_frame(compare_chart.plot_compare)
plot_time_to_convert = of_any_frame(conversion_chart.plot_time_to_convert)
plot_funnel = of_any_frame(funnel_chart.plot_funnel)
plot_losses = of_any_frame(losses_chart.plot_losses)
plot_sequence = of_any_frame(sequence_chart.plot_sequence)
plot_sequence_trend = of_any_frame(sequence_trend_chart.plot_sequence_trend)
plot_skips = of_any_frame(skips_chart.plot_skips)
plot_time_in_stage = of_any_frame(time_chart.plot_time_in_stage)
plot_transitions = of_any_frame(transitions_chart.plot_transitions)
plot_trend = of_any_frame(trend_chart.plot_trend)

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
