"""The titles of tables that are one whole."""

from __future__ import annotations

from typing import Final

from ..words import Words, mark

#: By the kind of a table; ``{items}`` is what it counts.
TITLES: Final = Words(
    {
        "outcomes": mark("How {items} stand"),
        "item_table": mark("Items"),
        "open_items": mark("Open items, the stuck ones first"),
        "variants": mark("Variants of journeys"),
        "visits": mark("Visits"),
        "transitions": mark("Moves between stages"),
        "losses": mark("Where {items} are lost"),
        "skips": mark("Skipped stages"),
        "flow": mark("Flow balance"),
        "sales_velocity": mark("Sales velocity, per day"),
        "check": mark("Checks"),
        "decomposition": mark("Which step made the difference"),
        "drivers": mark("What goes with winning"),
        "mix_rate": mark("Other {items}, or the same handled otherwise"),
        "compared_groups": mark("Groups compared, step by step"),
        "cohort_maturity": mark("How much of each cohort's answer is in"),
        "absorption": mark("Where moves end, by stage"),
        "win_probability": mark("Open {items}, the likeliest to be won first"),
        "backtest": mark("Forecasts of past dates, and what came"),
        "bottlenecks": mark("Where {items} wait, are lost, and would be worth saving"),
        "markov_check": mark("Whether the next stage depends on more than the present one"),
        "item_features": mark("What was known of open {items}, and what came"),
        "state_occupation": mark("Where the open {items} will be"),
        "win_within": mark("Chance to be won, by stage and time in it"),
    }
)
KIND_TITLES: Final = Words(
    {
        "classic": mark("classic"),
        "conversions": mark("with conversions"),
        "furthest": mark("furthest"),
        "strict": mark("strict"),
    }
)
PER_TITLES: Final = Words(
    {
        "visit": mark("per visit"),
        "item": mark("per item"),
        "longest": mark("the longest visit of each item"),
    }
)
