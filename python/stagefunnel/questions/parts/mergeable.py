"""The questions whose counts add up over parts of a log, and the reasons why others do not."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final

from ...errors import SchemaError
from ...log.stage_log import StageLog
from ..chain.chain import chain_funnel
from ..chain.chain_counts import ChainCounted
from ..forecast.bottlenecks import bottlenecks
from ..funnel.comparison import compare_periods
from ..funnel.decomposition import decompose, mix_rate
from ..funnel.drivers import check_options as check_options_of_drivers
from ..funnel.drivers import drivers
from ..funnel.funnel import count_funnel, count_outcomes, funnel, outcomes
from ..funnel.group_comparison import GroupsCounted, check_options, compare_groups, count_groups, groups_table
from ..funnel.halves import FunnelsCounted, OutcomesCounted, funnel_table_of, outcomes_of
from ..funnel.skips import SkipCounts, count_skips, skips, skips_table
from ..funnel.steps import with_one_won_stage
from ..funnel.trend import funnel_by_period
from ..sequence.conversion_counts import ConversionsCounted, count_conversions
from ..sequence.conversion_times import conversion_table, time_to_convert
from ..sequence.counts import SequenceCounted, count_sequence
from ..sequence.funnel import sequence_funnel
from ..sequence.path_counts import PathsCounted, count_paths
from ..sequence.paths import paths_table, sequence_paths
from ..sequence.rules import DEFAULTS
from ..sequence.table import sequence_table
from ..sequence.trend import sequence_trend, trend_table
from ..sequence.trend_counts import TrendCounted as SequenceTrendCounted
from ..sequence.trend_counts import count_trend as count_sequence_trend
from ..stages.absorption import absorption
from ..stages.durations import time_in_stage
from ..stages.flow import flow
from ..stages.incidence import cumulative_incidence
from ..stages.loss_counts import LossCounts, count_losses
from ..stages.losses import losses, losses_table
from ..stages.maturity import cohort_maturity
from ..stages.time_to import TimeToCounts, count_time_to, time_to, time_to_table
from ..stages.transitions import TransitionCounts, count_transitions, transitions, transitions_table
from ..stages.variants import variants
from ..stages.velocity import sales_velocity
from ..summary import summary
from .absorption_counts import AbsorptionCounted, absorption_of, absorption_refused, count_absorption
from .bottleneck_counts import BottlenecksCounted, bottlenecks_of, count_bottlenecks
from .chains import chain_of_parts, count_chain
from .comparison_counts import ComparisonCounted, comparison_of, count_comparison
from .driver_counts import DriversCounted, count_drivers, drivers_of
from .flows import FlowCounted, count_flows, flows_of
from .incidence_counts import LivesCounted, count_incidence, incidence_of, lives_refused
from .maturity_counts import MaturityCounted, count_maturity, maturity_of
from .quality_counts import QualityCounted, count_quality, quality_of_parts
from .question_kind import Mergeable as Mergeable
from .sequences import ends_of_steps, rules_in_steps
from .side_counts import SidesCounted, count_decomposition, count_mix, decomposition_of, mix_of
from .stage_times import TimesCounted, count_times, times_of
from .summary_counts import SummaryCounted, count_summary, summary_of
from .trend_counts import TrendCounted, count_trend, trend_of
from .variant_counts import VariantsCounted, count_variants, variants_of
from .velocity_counts import VelocityCounted, count_velocity, velocities_of


def _groups_refused(options: Mapping[str, Any]) -> tuple[Any, ...] | None:
    check_options(options["a"], options["b"], options["adjust"], options["confidence"])
    return None


def _drivers_refused(options: Mapping[str, Any]) -> tuple[Any, ...] | None:
    check_options_of_drivers(options["adjust"], options["confidence"])
    return None


_ALL: Final = (
    Mergeable(
        summary,
        SummaryCounted,
        count_summary,
        summary_of,
        at_the_end=("top", "quantiles"),
        settled=("limits",),
    ),
    Mergeable(
        funnel,
        FunnelsCounted,
        count_funnel,
        funnel_table_of,
        at_the_end=("top", "confidence"),
    ),
    Mergeable(
        outcomes,
        OutcomesCounted,
        count_outcomes,
        outcomes_of,
        at_the_end=("top", "confidence"),
    ),
    Mergeable(funnel_by_period, TrendCounted, count_trend, trend_of),
    Mergeable(
        compare_periods,
        ComparisonCounted,
        count_comparison,
        comparison_of,
        at_the_end=(),
        needs_end=("within", "same_part"),
    ),
    Mergeable(
        compare_groups,
        GroupsCounted,
        count_groups,
        groups_table,
        at_the_end=("top", "a", "b", "adjust", "confidence"),
        refused=_groups_refused,
        read_as=with_one_won_stage,
    ),
    Mergeable(
        decompose,
        SidesCounted,
        count_decomposition,
        decomposition_of,
        at_the_end=(),
        read_as=with_one_won_stage,
    ),
    Mergeable(
        mix_rate,
        SidesCounted,
        count_mix,
        mix_of,
        at_the_end=("top", "stage"),
        read_as=with_one_won_stage,
    ),
    Mergeable(
        drivers,
        DriversCounted,
        count_drivers,
        drivers_of,
        at_the_end=("top", "adjust", "confidence"),
        refused=_drivers_refused,
    ),
    Mergeable(
        transitions,
        TransitionCounts,
        count_transitions,
        transitions_table,
        at_the_end=("top", "confidence"),
    ),
    Mergeable(
        losses,
        LossCounts,
        count_losses,
        losses_table,
        at_the_end=("top", "confidence"),
    ),
    Mergeable(
        skips,
        SkipCounts,
        count_skips,
        skips_table,
        at_the_end=("top", "confidence"),
    ),
    Mergeable(
        time_in_stage,
        TimesCounted,
        count_times,
        times_of,
        at_the_end=("top", "quantiles", "confidence"),
        settled=("limits",),
        needs_end=("open_visits",),
    ),
    Mergeable(flow, FlowCounted, count_flows, flows_of),
    Mergeable(variants, VariantsCounted, count_variants, variants_of),
    Mergeable(
        cumulative_incidence,
        LivesCounted,
        count_incidence,
        incidence_of,
        at_the_end=("top", "confidence", "min_at_risk"),
        refused=lives_refused,
        always_needs_end=True,
    ),
    Mergeable(
        absorption,
        AbsorptionCounted,
        count_absorption,
        absorption_of,
        at_the_end=("top", "confidence"),
        refused=absorption_refused,
        always_needs_end=True,
    ),
    Mergeable(
        chain_funnel,
        ChainCounted,
        count_chain,
        chain_of_parts,
        at_the_end=("top", "confidence"),
        logs=("leads", "lead_pipeline"),
        beside=("deals", "links"),
    ),
    Mergeable(StageLog.quality, QualityCounted, count_quality, quality_of_parts, at_the_end=()),
    Mergeable(bottlenecks, BottlenecksCounted, count_bottlenecks, bottlenecks_of, always_needs_end=True),
    Mergeable(
        cohort_maturity,
        MaturityCounted,
        count_maturity,
        maturity_of,
        always_needs_end=True,
    ),
    Mergeable(sales_velocity, VelocityCounted, count_velocity, velocities_of),
    Mergeable(
        sequence_funnel,
        SequenceCounted,
        count_sequence,
        sequence_table,
        at_the_end=("top", "quantiles", "confidence"),
        rules=tuple(DEFAULTS),
        read=rules_in_steps,
        depends=ends_of_steps,
    ),
    Mergeable(
        sequence_trend,
        SequenceTrendCounted,
        count_sequence_trend,
        trend_table,
        at_the_end=("top", "confidence"),
        rules=tuple(DEFAULTS),
        read=rules_in_steps,
        always_needs_end=True,
    ),
    Mergeable(
        time_to_convert,
        ConversionsCounted,
        count_conversions,
        conversion_table,
        at_the_end=("top", "bins"),
        rules=tuple(DEFAULTS),
        read=rules_in_steps,
        depends=ends_of_steps,
    ),
    Mergeable(
        sequence_paths,
        PathsCounted,
        count_paths,
        paths_table,
        rules=tuple(DEFAULTS),
        read=rules_in_steps,
        depends=ends_of_steps,
    ),
    Mergeable(
        time_to,
        TimeToCounts,
        count_time_to,
        time_to_table,
        at_the_end=("top", "quantiles"),
        needs_end=("open_visits",),
    ),
)
BY_NAME: Final[dict[str, Mergeable]] = {one.name: one for one in _ALL}

_ITEMS: Final = "lists single items, so that parts of its answer do not add up"
_FITTED: Final = "is fitted to the visits of all items together"
_NO_ANSWER: Final = "is not a question with one answer of counts"
_REFUSED: Final = {
    "explain": "is about one item, so that there is nothing to add up",
    **dict.fromkeys(("item_features", "item_table", "open_items", "row_table"), _ITEMS),
    **dict.fromkeys(("sequence_items", "visits", "win_probability", "win_within"), _ITEMS),
    **dict.fromkeys(("backtest", "forecast", "markov_check", "state_occupation"), _FITTED),
    **dict.fromkeys(("check", "partial", "pipelines_of_log", "report"), _NO_ANSWER),
}


def reason_against(name: str) -> str | None:
    """Return why the answers of a question do not add up; ``None`` for what is no such question."""
    return _REFUSED.get(name)


def mergeable_of(question: Any) -> Mergeable:
    """Return what is known of a public question.

    Raises
    ------
    SchemaError
        If it is not a question, or its answer is not made of counts that add up.
    """
    function = inspect.unwrap(question) if callable(question) else question
    for one in _ALL:
        if function is inspect.unwrap(one.question):
            return one
    known = ", ".join(f"{name}()" for name in BY_NAME)
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or not getattr(function, "__module__", "").startswith("stagefunnel."):
        raise SchemaError(
            f"{question!r} is not a question of stagefunnel; partials know {known}", option="question"
        )
    reason = _REFUSED.get(name, "is not one of the questions of partials")
    raise SchemaError(
        f"{name}() {reason}; ask it of one log of all parts (partials know {known})",
        option="question",
    )
