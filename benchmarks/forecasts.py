"""Measures forecasts of the past and features of open items beside the questions that they are like.

  python benchmarks/forecasts.py [--rows 10000000] [--calls 3] [--quick]

A backtest of 24 month-ends stands beside a trend by month, features at 12 moments beside the table of items,
and a forecast of all open items alone. Before any time is taken, dates of the backtest are compared with
forecasts of these dates, and moments of the features with features of each alone. Times are those of the
process, in all its threads, so that other work on the machine counts little; candidates take turns, and
figures are the least of the calls.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

import stagefunnel as sf
import workload

_DATES = list(pd.date_range("2024-02-01", periods=24, freq="MS"))
_MOMENTS = _DATES[1::2]
_QUICK_ROWS = 20_000
_ROUNDING = 1e-6  # the sums of a forecast are those of its stages


def built(rows: int) -> tuple[sf.StageLog, sf.Pipeline]:
    """Make a log in milliseconds."""
    drawn = workload.columns(rows)
    log = sf.StageLog({**drawn, "time": drawn["time"].astype("datetime64[ms]")})
    return log, sf.Pipeline(list(range(workload.N_OPEN)), won=workload.WON, lost=workload.LOST)


def check(log: sf.StageLog, pipeline: sf.Pipeline) -> None:
    """Compare some dates with the forecasts of these dates, and moments with each alone."""
    dates = _DATES[3::10]
    tested = sf.backtest(log, pipeline, dates=dates, horizon="90d", draws=100)
    for row in tested.itertuples():
        then = sf.forecast(log, pipeline, as_of=row.date, horizon="90d", draws=100).iloc[-1]
        names = ["n_open", "expected_wins_low", "expected_wins_high"]
        assert [row.n_open, row.expected_low, row.expected_high] == then[names].tolist()
        assert abs(row.expected - then["expected_wins"]) < _ROUNDING
    together = sf.item_features(log, pipeline, as_of=_MOMENTS, horizon="90d")
    for moment in _MOMENTS[::6]:
        alone = sf.item_features(log, pipeline, as_of=moment, horizon="90d")
        own = together[together["moment"] == moment].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone, check_exact=True)


def least(calls: int, asked: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Ask one after the other, again and again; return the least seconds of the process of each."""
    seconds = dict.fromkeys(asked, float("inf"))
    for _ in range(calls):
        for name, ask in asked.items():
            start = time.process_time()
            ask()
            seconds[name] = min(seconds[name], time.process_time() - start)
    return seconds


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    few = built(_QUICK_ROWS)
    check(*few)
    print(f"{_QUICK_ROWS:,} rows: dates and moments are what each is alone")
    log, pipeline = few if args.quick else built(args.rows)
    seconds = least(
        1 if args.quick else args.calls,
        {
            "trend": lambda: sf.funnel_by_period(log, pipeline, every="month"),
            "backtest": lambda: sf.backtest(log, pipeline, dates=_DATES, horizon="90d"),
            "items": lambda: sf.item_table(log, pipeline),
            "features": lambda: sf.item_features(log, pipeline, as_of=_MOMENTS, horizon="90d"),
            "forecast": lambda: sf.forecast(log, pipeline),
            "horizon": lambda: sf.forecast(log, pipeline, horizon="90d"),
        },
    )
    if args.quick:
        return
    for name, value in seconds.items():
        print(f"{name}: {value:.2f} s")
    print(f"backtest, times the trend: {seconds['backtest'] / seconds['trend']:.1f}")
    print(f"features, times the table of items: {seconds['features'] / seconds['items']:.1f}")


if __name__ == "__main__":
    main()
