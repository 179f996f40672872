"""The commands about what will become of the open items."""

from __future__ import annotations

from typing import Final

from .. import forecast_options, item_options, money_options, options, where_options
from .command import Command

_GROUPS = (options.groups, where_options.where)
_ITEMS = (where_options.items_file, where_options.where)
_SEEN = (options.observed, options.calendar, options.marks)
FORECAST_COMMANDS: Final = {
    "forecast": Command(
        "forecast how many of the open items will be won, and what they are worth",
        "forecasting.forecast",
        (
            *(forecast_options.horizon, *_GROUPS, options.largest, money_options.amount),
            *(money_options.money, forecast_options.probability, forecast_options.target),
            *(forecast_options.fit, forecast_options.bounds, forecast_options.seed),
            *(forecast_options.now, *_SEEN),
        ),
        """\
examples:
  stagefunnel forecast deals.csv --pipeline pipeline.toml --horizon 90d
  stagefunnel forecast deals.csv --pipeline pipeline.toml --items items.csv --by manager --amount amount
""",
    ),
    "win-probability": Command(
        "list the open items with their chance to be won, the likeliest first",
        "forecasting.win_probability",
        (
            *(forecast_options.horizon, item_options.items_table, where_options.where),
            *(money_options.amount, money_options.money, forecast_options.fit, forecast_options.confidence),
            *(forecast_options.seed, forecast_options.likeliest, forecast_options.now, *_SEEN),
        ),
        """\
example:
  stagefunnel win-probability deals.csv --pipeline pipeline.toml --items items.csv --amount amount \\
      --columns manager --top 10
""",
    ),
    "backtest": Command(
        "compare forecasts of past dates with what came",
        "forecasting.backtest",
        (
            *(forecast_options.dates, forecast_options.length, *_ITEMS, forecast_options.static),
            *(money_options.amount, money_options.money, forecast_options.probability),
            *(forecast_options.method, forecast_options.fit_by, forecast_options.bounds),
            *(forecast_options.seed, forecast_options.now, *_SEEN),
        ),
        """\
example:
  stagefunnel backtest deals.csv --pipeline pipeline.toml --every month --horizon 60d
""",
        other_names={"dates": "--from-dates"},
    ),
    "bottlenecks": Command(
        "say where items wait, where they are lost, and where saving them would be worth most",
        "forecasting.bottlenecks",
        (
            *(*_GROUPS, options.largest, forecast_options.benchmark, forecast_options.created),
            *_SEEN,
        ),
        """\
examples:
  stagefunnel bottlenecks deals.csv --pipeline pipeline.toml
  stagefunnel bottlenecks deals.csv --pipeline pipeline.toml --items items.csv --benchmark manager
""",
    ),
    "markov-check": Command(
        "test whether the next stage depends on more than the present one",
        "forecasting.markov_check",
        (*_GROUPS, options.largest, forecast_options.created),
        """\
example:
  stagefunnel markov-check deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "state-occupation": Command(
        "say where the open items are to be expected after some time",
        "forecasting.state_occupation",
        (
            *(forecast_options.times, *_GROUPS, options.largest, forecast_options.fit),
            *(forecast_options.now, *_SEEN),
        ),
        """\
example:
  stagefunnel state-occupation deals.csv --pipeline pipeline.toml --times 30d,90d
""",
    ),
    "win-within": Command(
        "say how likely an item is won within a time, by its stage and how long it has been there",
        "forecasting.win_within",
        (
            *(forecast_options.horizon_needed, forecast_options.ages, *_ITEMS, forecast_options.method),
            *(forecast_options.confidence, forecast_options.seed),
            *(forecast_options.train, forecast_options.now, *_SEEN),
        ),
        """\
example:
  stagefunnel win-within deals.csv --pipeline pipeline.toml --horizon 60d
""",
    ),
    "item-features": Command(
        "describe open items by what was known at some moments, and say what became of them",
        "forecasting.item_features",
        (
            *(forecast_options.moments, item_options.items_table, where_options.where),
            *(forecast_options.static, *_SEEN),
        ),
        """\
example:
  stagefunnel item-features deals.csv --pipeline pipeline.toml --as-of 2026-01-01,2026-04-01 --horizon 60d
""",
    ),
}
