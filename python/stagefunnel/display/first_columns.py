"""The first columns of each kind of table, by which a table is known to be whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..tables.schema import (
    ABSORPTION,
    COMPARED_GROUPS,
    COMPARISON,
    CONVERSION_TIMES,
    DECOMPOSED,
    DRIVERS,
    FLOW,
    FUNNEL,
    INCIDENCE,
    ITEMS,
    LOSSES,
    MATURITY,
    MIXED,
    OPEN_ITEMS,
    OUTCOME_TABLE,
    SEQUENCE,
    SEQUENCE_ITEMS,
    SEQUENCE_PATHS,
    SKIPS,
    STAGE_TIMES,
    TIMES_TO,
    TRANSITIONS,
    VARIANTS,
    VELOCITY,
)
from .forecast_sentences import FORECAST_TABLES

FIRST_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "funnel": FUNNEL,
    "chain": FUNNEL,
    "comparison": COMPARISON,
    "time_in_stage": STAGE_TIMES,
    "cohort_maturity": MATURITY,
    "absorption": ABSORPTION,
    **FORECAST_TABLES,
    "compared_groups": COMPARED_GROUPS,
    "decomposition": DECOMPOSED,
    "drivers": DRIVERS,
    "mix_rate": MIXED,
    "cumulative_incidence": INCIDENCE,
    "time_to": TIMES_TO,
    "transitions": TRANSITIONS,
    "losses": LOSSES,
    "skips": SKIPS,
    "flow": FLOW,
    "sales_velocity": VELOCITY,
    "outcomes": OUTCOME_TABLE,
    "item_table": ITEMS,
    "open_items": OPEN_ITEMS[:1],
    "sequence_funnel": SEQUENCE,
    "sequence_items": SEQUENCE_ITEMS,
    "sequence_trend": ("period",),
    "time_to_convert": CONVERSION_TIMES,
    "sequence_paths": SEQUENCE_PATHS,
    "variants": VARIANTS,
}

# Their sentences see themselves whether the rows still belong together.
CHECKED_BY_SENTENCES: Final = (
    *(VARIANTS, VELOCITY, INCIDENCE, MATURITY, ABSORPTION),
    *(COMPARED_GROUPS, DECOMPOSED, MIXED, DRIVERS),
    *FORECAST_TABLES.values(),
)
