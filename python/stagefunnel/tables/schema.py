"""The columns of every result table, in their order."""

from __future__ import annotations

from typing import Final

OUTCOMES: Final = ("open", "won", "lost")
BOTH: Final = ("classic", "conversions")
PARTS: Final = ("lead", "deal")  # of a chain

FUNNEL: Final = (
    "stage",
    "outcome",
    "reached",
    "passed",
    "assumed",
    "skipped",
    "began_beyond",
    "lost_from",
    "open_at",
    "conversion_from_all",
    "conversion_from_previous",
    "skip_rate",
    "loss_rate",
    "base",
    "left_out",
)
AMOUNTS: Final = ("amount", "amount_missing")  # before "base", with an amount
VALUE_SHARES: Final = (  # after these, with a confidence
    *("amount_conversion", "amount_conversion_low", "amount_conversion_high"),
    *("amount_n_eff", "top_share"),
)
MOVED_OUT: Final = "moved_out"  # last, where a pipeline keeps items that moved to another pipeline
TOO_RECENT: Final = "too_recent"  # last, where items are read for a length of time
OUTCOME_TABLE: Final = ("base", "won", "lost", "open", "win_rate", "left_out", "reopened_won")
OUTCOME_AMOUNTS: Final = (  # after these, with an amount
    *("amount_won", "amount_lost", "amount_open"),
    *("mean_amount", "amount_missing"),
)
COMPARISON: Final = (
    "stage",
    "outcome",
    "reached",
    "reached_before",
    "reached_difference",
    "reached_change",
    "conversion_from_all",
    "conversion_from_all_before",
    "conversion_from_all_difference",
    "open_at",
    "open_at_before",
    "base",
    "base_before",
)
COMPARED_AMOUNTS: Final = (  # before "open_at"
    "amount",
    "amount_before",
    "amount_difference",
    "amount_change",
)
COMPARED_TOO_RECENT: Final = ("too_recent", "too_recent_before")  # last, as TOO_RECENT
COMPARED_GROUPS: Final = (
    *("stage", "n_a", "n_b", "conversion_a", "conversion_b"),
    *("difference", "difference_low", "difference_high", "p_value", "p_adjusted"),
    *("ratio", "ratio_low", "ratio_high"),
)
DECOMPOSED: Final = ("stage", "conversion_a", "conversion_b", "effect", "effect_se", "share")
MIXED: Final = ("group", "share_a", "share_b", "rate_a", "rate_b", "mix", "rate")
DRIVERS: Final = (
    *("column", "value", "n", "conversion", "conversion_rest"),
    *("difference", "difference_low", "difference_high", "p_adjusted"),
)
STAGE_TIMES: Final = (
    *("stage", "outcome", "visits", "completed", "open", "start_unknown"),
    *("items", "mean", "median"),
)
CENSORED_TIMES: Final = ("tau", "restricted_mean", "restricted_mean_se")  # after the quantiles, on request
MATURITY: Final = ("period", "n", "n_won", "n_open", "share_open", "maturity", "expected_more_wins")
INCIDENCE: Final = (
    *("cause", "time", "at_risk", "events", "incidence", "se", "incidence_low", "incidence_high"),
    *("open", "naive", "beyond_horizon"),
)
ABSORPTION: Final = (
    *("stage", "items_in", "win", "win_se", "win_low", "win_high", "lost", "undetermined"),
    *("win_if_closed", "win_if_won", "expected_visits", "expected_time", "expected_time_se"),
)
TIMES_TO: Final = ("n", "completed", "open", "closed", "mean", "median")
TRANSITIONS: Final = ("from_stage", "to_stage", "moves", "items", "share")
LOSSES: Final = ("from_stage", "lost_stage", "items", "share")
LOST_LENGTHS: Final = ("mean_until_lost", "median_until_lost", "mean_in_stage")
SKIPS: Final = ("stage", "passed", "beyond", "skipped", "began_beyond", "skip_rate")
ENTRIES: Final = ("created", "from_earlier", "from_later", "from_closed", "moved_in")
FLOW: Final = (
    "stage",
    "outcome",
    "at_start",
    "entered",
    *ENTRIES,
    "advanced",
    "went_back",
    "won",
    "lost",
    "moved_out",
    "at_end",
)
_FLOW_BEGINS: Final = ("at_start", "entered", *ENTRIES)
_FLOW_ENDS: Final = ("advanced", "went_back", "won", "lost", "moved_out")
FLOW_AMOUNTS: Final = (  # after these, with an amount
    *(f"amount_{name}" for name in _FLOW_BEGINS),
    "raised",
    *(f"amount_{name}" for name in _FLOW_ENDS),
    *("lowered", "amount_at_end", "amount_missing"),
)
VELOCITY: Final = (
    *("open_at_end", "closed", "won", "win_rate", "mean_amount"),
    *("mean_cycle_time", "velocity", "amount_missing"),
)
ITEMS: Final = (
    "item",
    "outcome",
    "first_time",
    "closed_at",
    "last_stage",
    "furthest_stage",
    "lost_from",
    "visits",
    "back_moves",
    "skipped",
)
MADE_OF_ITEMS: Final = ("last_time", "cycle_time", "in_stage", "age")  # on request
OPEN_ITEMS: Final = (  # before the columns that are asked for
    *("item", "stage", "entered", "in_stage"),
    *("age", "quantile", "over_limit"),
)
WIN_PROBABILITY: Final = (  # before the amount and the columns that are asked for
    *("item", "stage", "entered", "in_stage", "age"),
    *("win", "win_low", "win_high", "win_if_closed", "beyond_support"),
)
FORECAST: Final = (
    *("line", "stage", "n_open", "win", "win_if_closed"),
    *("expected_wins", "expected_wins_low", "expected_wins_high"),
    *("expected_wins_if_closed", "expected_wins_if_closed_low", "expected_wins_if_closed_high"),
    "n_beyond_support",
)
FORECAST_AMOUNTS: Final = (
    *("expected_amount", "expected_amount_low", "expected_amount_high"),
    "amount_beyond_support",
)
FORECAST_CRM: Final = ("crm_wins",)
FORECAST_CRM_AMOUNTS: Final = ("crm_amount",)
BACKTEST: Final = (
    *("date", "n_open", "expected", "expected_low", "expected_high"),
    *("actual", "inside", "brier", "bias"),
)
BACKTEST_AMOUNTS: Final = (
    *("expected_amount", "expected_amount_low", "expected_amount_high"),
    "actual_amount",
)
BACKTEST_CRM: Final = ("crm_expected", "crm_brier", "crm_bias")
BOTTLENECKS: Final = (
    *("stage", "n_open", "median_time", "share_of_time"),
    *("n_lost", "share_of_losses", "loss_probability", "forgone_wins"),
    *("sensitivity", "elasticity", "removal_gain", "benchmark_gain"),
)
MARKOV_CHECK: Final = (
    *("test", "stage", "n", "statistic", "pearson", "df"),
    *("p_value", "few_expected"),
)
ITEM_FEATURES: Final = (  # before the moves, the times in stages and the columns; the label is last
    *("item", "moment", "stage", "age", "in_stage"),
    *("visits", "back_moves", "skipped"),
    "label",
)
OCCUPATION: Final = ("time", "state", "stage", "items", "share")
WIN_WITHIN: Final = ("stage", "age", "win", "win_low", "win_high", "win_if_closed", "n", "beyond_support")
ROWS: Final = ("item", "stage", "time")
VISITS: Final = (  # before the log's own columns
    *("item", "visit", "stage", "visit_of_stage", "stage_outcome", "item_outcome"),
    *("entered", "exited", "duration", "open", "next_stage"),
)
VARIANTS: Final = (
    *("variant", "items", "share", "won", "lost", "open"),
    *("median_cycle_time", "rework"),
)
SEQUENCE: Final = (
    "step",
    "label",
    "reached",
    "dropped",
    "immature",
    "conversion_from_first",
    "conversion_from_previous",
    "conversion_from_all",
)
SEQUENCE_ITEMS: Final = ("item", "level", "entry_time")  # before "time_1" and on, and "stop"
SEQUENCE_TREND: Final = (
    "period",
    "entered",
    "converted",
    "conversion",
    "mature",
    "converted_mature",
    "conversion_mature",
)
CONVERSION_TIMES: Final = ("start", "end", "count", "share", "share_to_date")
SEQUENCE_PATHS: Final = ("path", "items", "share", "median")
STOPS: Final = ("completed", "no_event", "window", "gap", "interrupted", "excluded", "immature")
EXPLANATION: Final = ("kind", "stage", "outcome", "passed", "assumed", "reason")
QUALITY: Final = ("check", "count", "level", "note")
CHECKED: Final = ("condition", "value", "limit", "failed", "note")
CHECKED_SHARES: Final = ("win_rate",)  # what a condition compares with a share or a percentage
PROBLEMS: Final = ("problem", "stage", "rows", "hint")
