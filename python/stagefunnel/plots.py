"""Charts of result tables, one function per chart; they need the extra ``plots``.

A chart takes a table of pandas, polars or Arrow, as :class:`stagefunnel.options` gives them.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from .display.charts import (
    backtest_chart,
    bottlenecks_chart,
    calibration_chart,
    compare_chart,
    conversion_chart,
    decomposition_chart,
    differences_chart,
    flow_chart,
    forecast_chart,
    funnel_chart,
    incidence_chart,
    losses_chart,
    outcomes_charts,
    sequence_chart,
    sequence_trend_chart,
    skips_chart,
    survival_chart,
    time_chart,
    transitions_chart,
    trend_chart,
)
from .signatures import show_values
from .tables.frames import of_any_frame
from .words import spoken_in

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _public(chart: Callable[_P, _T]) -> Callable[_P, _T]:
    show_values(chart)  # before it is wrapped, which takes over what a signature shows
    return of_any_frame(_in_its_language(chart))


def _in_its_language(chart: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a chart speak the language that it is asked in while it is drawn."""

    @wraps(chart)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with spoken_in(cast("str | None", kwargs.get("language"))):
            return chart(*args, **kwargs)

    return drawn


plot_backtest = _public(backtest_chart.plot_backtest)
plot_bottlenecks = _public(bottlenecks_chart.plot_bottlenecks)
plot_calibration = _public(calibration_chart.plot_calibration)
plot_compare = _public(compare_chart.plot_compare)
plot_decomposition = _public(decomposition_chart.plot_decomposition)
plot_differences = _public(differences_chart.plot_differences)
plot_drivers = _public(differences_chart.plot_drivers)
plot_flow = _public(flow_chart.plot_flow)
plot_forecast = _public(forecast_chart.plot_forecast)
plot_funnel = _public(funnel_chart.plot_funnel)
plot_incidence = _public(incidence_chart.plot_incidence)
plot_losses = _public(losses_chart.plot_losses)
plot_paths = _public(sequence_chart.plot_paths)
plot_sequence = _public(sequence_chart.plot_sequence)
plot_sequence_trend = _public(sequence_trend_chart.plot_sequence_trend)
plot_skips = _public(skips_chart.plot_skips)
plot_survival = _public(survival_chart.plot_survival)
plot_time_in_stage = _public(time_chart.plot_time_in_stage)
plot_time_to_convert = _public(conversion_chart.plot_time_to_convert)
plot_transitions = _public(transitions_chart.plot_transitions)
plot_trend = _public(trend_chart.plot_trend)
plot_variants = _public(outcomes_charts.plot_variants)
plot_win_rate = _public(outcomes_charts.plot_win_rate)

__all__ = [
    "plot_backtest",
    "plot_bottlenecks",
    "plot_calibration",
    "plot_compare",
    "plot_decomposition",
    "plot_differences",
    "plot_drivers",
    "plot_flow",
    "plot_forecast",
    "plot_funnel",
    "plot_incidence",
    "plot_losses",
    "plot_paths",
    "plot_sequence",
    "plot_sequence_trend",
    "plot_skips",
    "plot_survival",
    "plot_time_in_stage",
    "plot_time_to_convert",
    "plot_transitions",
    "plot_trend",
    "plot_variants",
    "plot_win_rate",
]


def __dir__() -> list[str]:
    """List the charts alone, which Tab offers."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
