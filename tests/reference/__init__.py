"""The slow, obvious version of every analysis, in plain Python.

It is written from ``docs/definitions.md`` alone and shares no code with the package, so that each can
check the other. Input is a pipeline and a list of ``(item, stage, time)`` tuples whose times are all
integers or all datetimes. A time in a zone with changes of the clock must be a ``pd.Timestamp``: between
plain datetimes of one zone Python compares the times on the clock.
"""

from reference.as_read import LEFT_OUT, AsRead, as_read
from reference.breakdown import (
    amounts_at_stages,
    funnel_at_stages,
    reasons_of_losses,
    skips_at_moves,
    values_at,
    values_at_losses,
)
from reference.chain import chain_funnel, standings_of_leads, unlinked
from reference.clickhouse import window_funnel
from reference.durations import time_in_stage
from reference.flow import flow
from reference.flow_amounts import flow_amounts
from reference.funnel import funnel, outcomes
from reference.items import item_table
from reference.journeys import (
    Visit,
    began_beyond,
    closed_at,
    failure_then_success,
    journeys,
    lost_from,
    outcome,
    reopened_won,
    skipped_stages,
    visits,
    visits_by_item,
)
from reference.kinds import Counted, counted
from reference.losses import losses, skips
from reference.open_items import OpenItem, open_items, shares_over_limit
from reference.quality import quality
from reference.selection import followed, kept_rows, moved_items
from reference.sequence_steps import Exclusion, Months
from reference.sequence_tables import item_matches, sequence_funnel, sequence_items
from reference.sequence_trend import sequence_trend
from reference.sequences import Match, sequence
from reference.stage_places import Place, stage_places
from reference.stage_signs import Signs, stage_signs
from reference.stages import Row, Stages, is_there, labels, outcome_of
from reference.stays import Marks, Stay, pauses_and_cuts, stays_by_item, visit_records
from reference.time_to import TimeTo, passed, time_to
from reference.transitions import transitions

__all__ = [
    "LEFT_OUT",
    "AsRead",
    "Counted",
    "Exclusion",
    "Marks",
    "Match",
    "Months",
    "OpenItem",
    "Place",
    "Row",
    "Signs",
    "Stages",
    "Stay",
    "TimeTo",
    "Visit",
    "amounts_at_stages",
    "as_read",
    "began_beyond",
    "chain_funnel",
    "closed_at",
    "counted",
    "failure_then_success",
    "flow",
    "flow_amounts",
    "followed",
    "funnel",
    "funnel_at_stages",
    "is_there",
    "item_matches",
    "item_table",
    "journeys",
    "kept_rows",
    "labels",
    "losses",
    "lost_from",
    "moved_items",
    "open_items",
    "outcome",
    "outcome_of",
    "outcomes",
    "passed",
    "pauses_and_cuts",
    "quality",
    "reasons_of_losses",
    "reopened_won",
    "sequence",
    "sequence_funnel",
    "sequence_items",
    "sequence_trend",
    "shares_over_limit",
    "skipped_stages",
    "skips",
    "skips_at_moves",
    "stage_places",
    "stage_signs",
    "standings_of_leads",
    "stays_by_item",
    "time_in_stage",
    "time_to",
    "transitions",
    "unlinked",
    "values_at",
    "values_at_losses",
    "visit_records",
    "visits",
    "visits_by_item",
    "window_funnel",
]
