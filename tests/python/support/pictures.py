"""Every chart, of logs that are hard to draw: many stages, one, none, and hostile names."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import stagefunnel as sf
from stagefunnel import plots

Chart = Callable[..., Any]
Case = tuple[sf.StageLog, sf.Pipeline]
LONG = "A name of a stage that nobody would read to its end, as customers invent them"
HOSTILE = (
    "</script><script>alert(1)</script>",
    "long " * 60,
    "عرض السعر للعميل",
    "🙂 Ablöse ✅ 見積もり",
    'a "quote" & <b>bold</b>\t\x07 {{ x }} $\\alpha$',
)


def steps_of(pipeline: sf.Pipeline) -> list[Any]:
    return [*pipeline.stages[:60], *pipeline.won]


def optional_of(pipeline: sf.Pipeline) -> set[int]:
    return set(range(2, min(60, len(pipeline.stages)) + 1))


def _sequence(log: sf.StageLog, pipe: sf.Pipeline, **options: Any) -> pd.DataFrame:
    return sf.sequence_funnel(log, steps_of(pipe), optional=optional_of(pipe), **options)


def _forecast(log: sf.StageLog, pipe: sf.Pipeline, **options: Any) -> pd.DataFrame:
    return sf.forecast(log, pipe, draws=200, as_of="2025-10-01", **options)


def _backtest(log: sf.StageLog, pipe: sf.Pipeline, **options: Any) -> pd.DataFrame:
    return sf.backtest(log, pipe, draws=100, horizon="30d", **options)


# For each chart its function and the table that it draws.
CHARTS: dict[str, tuple[Chart, Callable[[sf.StageLog, sf.Pipeline], pd.DataFrame]]] = {
    "funnel": (plots.plot_funnel, lambda log, pipe: sf.funnel(log, pipe)),
    "funnel both": (plots.plot_funnel, lambda log, pipe: sf.funnel(log, pipe, kind="both")),
    "funnel by": (plots.plot_funnel, lambda log, pipe: sf.funnel(log, pipe, kind="both", by="manager")),
    "funnel by many": (plots.plot_funnel, lambda log, pipe: sf.funnel(log, pipe, by=["manager", "source"])),
    "compare kinds": (plots.plot_compare, lambda log, pipe: sf.funnel(log, pipe, kind="both")),
    "compare groups": (plots.plot_compare, lambda log, pipe: sf.funnel(log, pipe, by="manager")),
    "compare periods": (plots.plot_compare, lambda log, pipe: sf.compare_periods(log, pipe, "2025-Q2")),
    "incidence": (plots.plot_incidence, lambda log, pipe: sf.cumulative_incidence(log, pipe)),
    "incidence by": (
        plots.plot_incidence,
        lambda log, pipe: sf.cumulative_incidence(log, pipe, by="manager"),
    ),
    "incidence of stage": (
        plots.plot_incidence,
        lambda log, pipe: sf.cumulative_incidence(log, pipe, clock="stage", stage=pipe.stages[0]),
    ),
    "survival": (
        plots.plot_survival,
        lambda log, pipe: sf.cumulative_incidence(log, pipe, clock="stage", stage=pipe.stages[0]),
    ),
    "survival by": (
        plots.plot_survival,
        lambda log, pipe: sf.cumulative_incidence(
            log, pipe, clock="stage", stage=pipe.stages[0], by="manager"
        ),
    ),
    "differences": (
        plots.plot_differences,
        lambda log, pipe: sf.compare_groups(log, pipe, by="source"),
    ),
    "differences of periods": (
        plots.plot_differences,
        lambda log, pipe: sf.compare_periods(log, pipe, "2025-Q2", basis="created", confidence=0.95),
    ),
    "decomposition": (
        plots.plot_decomposition,
        lambda log, pipe: sf.decompose(log, pipe, a="2025-Q2", b="2025-Q1"),
    ),
    "drivers": (
        plots.plot_drivers,
        lambda log, pipe: sf.drivers(log, pipe, ["manager", "source"], static=["manager", "source"]),
    ),
    "forecast": (plots.plot_forecast, lambda log, pipe: _forecast(log, pipe, horizon="60d")),
    "forecast of money": (plots.plot_forecast, lambda log, pipe: _forecast(log, pipe, amount="amount")),
    "forecast by": (
        plots.plot_forecast,
        lambda log, pipe: _forecast(log, pipe, by="manager", horizon="60d", amount="amount"),
    ),
    "backtest": (plots.plot_backtest, lambda log, pipe: _backtest(log, pipe, every="month")),
    "backtest of money": (
        plots.plot_backtest,
        lambda log, pipe: _backtest(log, pipe, every="quarter", amount="amount", static="amount"),
    ),
    "backtest of days": (
        plots.plot_backtest,
        lambda log, pipe: _backtest(
            log, pipe, dates=[f"2025-{month:02}-{day:02}" for month in range(2, 9) for day in range(1, 28, 2)]
        ),
    ),
    "calibration": (plots.plot_calibration, lambda log, pipe: _backtest(log, pipe, every="month")),
    "bottlenecks": (plots.plot_bottlenecks, lambda log, pipe: sf.bottlenecks(log, pipe)),
    "bottlenecks by": (plots.plot_bottlenecks, lambda log, pipe: sf.bottlenecks(log, pipe, by="manager")),
    "bottlenecks with a benchmark": (
        plots.plot_bottlenecks,
        lambda log, pipe: sf.bottlenecks(log, pipe, benchmark={pipe.stages[0]: 0.1}),
    ),
    "losses": (plots.plot_losses, lambda log, pipe: sf.losses(log, pipe)),
    "losses by": (
        plots.plot_losses,
        lambda log, pipe: sf.losses(log, pipe, by="manager", reason="source"),
    ),
    "skips": (plots.plot_skips, lambda log, pipe: sf.skips(log, pipe, by=None)),
    "skips by": (plots.plot_skips, lambda log, pipe: sf.skips(log, pipe, by="manager")),
    "time": (plots.plot_time_in_stage, lambda log, pipe: sf.time_in_stage(log, pipe)),
    "matrix": (
        lambda table, **look: plots.plot_transitions(table, form="matrix", **look),
        lambda log, pipe: sf.transitions(log, pipe),
    ),
    "sankey": (
        lambda table, **look: plots.plot_transitions(table, form="sankey", **look),
        lambda log, pipe: sf.transitions(log, pipe),
    ),
    "trend": (plots.plot_trend, lambda log, pipe: sf.funnel_by_period(log, pipe)),
    "trend of weeks": (
        plots.plot_trend,
        lambda log, pipe: sf.funnel_by_period(log, pipe, every="week", basis="created"),
    ),
    "trend by": (
        plots.plot_trend,
        lambda log, pipe: sf.funnel_by_period(log, pipe, every="quarter", basis="created", by="manager"),
    ),
    "flow": (plots.plot_flow, lambda log, pipe: sf.flow(log, pipe, period="2025-06")),
    "flow of money": (
        plots.plot_flow,
        lambda log, pipe: sf.flow(log, pipe, period="2025-06", amount="amount"),
    ),
    "flow of months": (plots.plot_flow, lambda log, pipe: sf.flow(log, pipe, every="month", amount="amount")),
    "flow by": (plots.plot_flow, lambda log, pipe: sf.flow(log, pipe, every="quarter", by="manager")),
    "funnel sure": (
        plots.plot_funnel,
        lambda log, pipe: sf.funnel(log, pipe, kind="furthest", by="manager", confidence=0.95),
    ),
    "losses sure": (plots.plot_losses, lambda log, pipe: sf.losses(log, pipe, confidence=0.9)),
    "skips sure": (plots.plot_skips, lambda log, pipe: sf.skips(log, pipe, by=None, confidence=0.95)),
    "win rate sure": (
        plots.plot_win_rate,
        lambda log, pipe: sf.outcomes(log, pipe, by="manager", confidence=0.95),
    ),
    "trend sure": (
        plots.plot_trend,
        lambda log, pipe: sf.funnel_by_period(log, pipe, basis="created", within="60d", confidence=0.95),
    ),
    "periods sure": (
        plots.plot_compare,
        lambda log, pipe: sf.compare_periods(log, pipe, "2025-Q2", basis="created", confidence=0.95),
    ),
    "groups sure": (
        plots.plot_compare,
        lambda log, pipe: sf.funnel(log, pipe, by="manager", confidence=0.95),
    ),
    "sequence sure": (
        plots.plot_sequence,
        lambda log, pipe: _sequence(log, pipe, window="200d", confidence=0.95),
    ),
    "sequence trend sure": (
        plots.plot_sequence_trend,
        lambda log, pipe: sf.sequence_trend(
            log, steps_of(pipe), window="200d", optional=optional_of(pipe), confidence=0.95
        ),
    ),
    "win rate": (plots.plot_win_rate, lambda log, pipe: sf.outcomes(log, pipe, by="manager")),
    "variants": (plots.plot_variants, lambda log, pipe: sf.variants(log, pipe)),
    "sequence": (plots.plot_sequence, lambda log, pipe: _sequence(log, pipe, window="200d")),
    "sequence by": (plots.plot_sequence, lambda log, pipe: _sequence(log, pipe, by="manager")),
    "sequence trend": (
        plots.plot_sequence_trend,
        lambda log, pipe: sf.sequence_trend(log, steps_of(pipe), window="200d", optional=optional_of(pipe)),
    ),
    "sequence trend by": (
        plots.plot_sequence_trend,
        lambda log, pipe: sf.sequence_trend(log, steps_of(pipe), by="manager", optional=optional_of(pipe)),
    ),
    "time to convert": (
        plots.plot_time_to_convert,
        lambda log, pipe: sf.time_to_convert(log, steps_of(pipe), optional=optional_of(pipe)),
    ),
    "paths": (
        plots.plot_paths,
        lambda log, pipe: sf.sequence_paths(log, steps_of(pipe), optional=optional_of(pipe)),
    ),
}
# Charts of a log without rows; the others refuse a table without rows.
OF_NOTHING = ("funnel", "funnel both", "compare kinds", "flow", "time", "incidence", "decomposition")


def deals(labels: list[str], managers: list[str]) -> Case:
    """Make a log in which items pass, skip, go back, win and lose."""
    rng = np.random.default_rng(7)
    rows, items = [], []
    for item in range(120):
        amount = 990.5 * (item % 7 + 1)
        items.append(
            {
                "item": item,
                "manager": managers[item % len(managers)],
                "source": "xyz"[item % 2],
                "amount": amount,
            }
        )
        day = int(rng.integers(0, 360))
        walk = [label for label in labels if rng.random() < 0.7] or labels[:1]
        walk = walk[: int(rng.integers(1, len(walk) + 1))]
        end = ["Won", "Lost", None][item % 3]
        for stage in [*walk, *([walk[0]] if item % 10 == 0 else []), *([end] if end else [])]:
            moment = pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(days=day)
            rows.append({"item": item, "stage": stage, "time": moment})
            day += int(rng.integers(1, 9))
    log = sf.StageLog(pd.DataFrame(rows), items=pd.DataFrame(items))
    return log, sf.Pipeline(labels, won="Won", lost="Lost")


def _numbered(n: int, name: str = "Stage") -> list[str]:
    return [f"{number}. {name}" for number in range(1, n + 1)]


USUAL_MANAGERS = ["Anna", f"{LONG}, II", "Олена"]


@cache
def case_of(name: str) -> Case:
    """Make a log and its pipeline by name."""
    if name == "hostile":
        return deals(list(HOSTILE), [*HOSTILE[2:], "Bob"])
    if name == "none":
        _, pipe = case_of("two stages")
        frame = pd.DataFrame({"item": [1], "stage": ["Won"], "time": [pd.Timestamp("2025-06-01", tz="UTC")]})
        return sf.StageLog(frame[:0], empty="allow"), pipe
    number = {"one stage": 1, "two stages": 2, "six stages": 6, "seventy stages": 70}
    if name == "thirty long names":
        return deals(_numbered(30, LONG), USUAL_MANAGERS)
    return deals(_numbered(number[name]), USUAL_MANAGERS)


@cache
def table_of(name: str, case: str) -> pd.DataFrame:
    """Make the table of a chart."""
    return CHARTS[name][1](*case_of(case))


@cache  # to make a chart takes about as long as to draw it
def chart_of(name: str, case: str, theme: str = "light", width: int | None = None) -> Any:
    """Make a chart of a log."""
    return CHARTS[name][0](table_of(name, case), theme=theme, width=width)
