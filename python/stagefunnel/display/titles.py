"""The titles of tables that are one whole."""

from __future__ import annotations

from typing import Final

#: By the kind of a table; ``{items}`` is what it counts.
TITLES: Final = {
    "outcomes": "How {items} stand",
    "item_table": "Items",
    "open_items": "Open items, the stuck ones first",
    "variants": "Variants of journeys",
    "visits": "Visits",
    "transitions": "Moves between stages",
    "losses": "Where {items} are lost",
    "skips": "Skipped stages",
    "flow": "Flow balance",
    "sales_velocity": "Sales velocity, per day",
    "check": "Checks",
    "decomposition": "Which step made the difference",
    "drivers": "What goes with winning",
    "mix_rate": "Other {items}, or the same handled otherwise",
    "compared_groups": "Groups compared, step by step",
    "cohort_maturity": "How much of each cohort's answer is in",
    "absorption": "Where moves end, by stage",
    "win_probability": "Open {items}, the likeliest to be won first",
    "backtest": "Forecasts of past dates, and what came",
    "bottlenecks": "Where {items} wait, are lost, and would be worth saving",
    "markov_check": "Whether the next stage depends on more than the present one",
    "item_features": "What was known of open {items}, and what came",
    "state_occupation": "Where the open {items} will be",
    "win_within": "Chance to be won, by stage and time in it",
}
KIND_TITLES: Final = {
    "classic": "classic",
    "conversions": "with conversions",
    "furthest": "furthest",
    "strict": "strict",
}
PER_TITLES: Final = {
    "visit": "per visit",
    "item": "per item",
    "longest": "the longest visit of each item",
}
