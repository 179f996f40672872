"""What the table of a sequence is made of: how many items did each step, and how long they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...log.stage_log import StageLog
from ...tables.options import AttributionName
from ...tables.schema import SEQUENCE
from ...times.periods import MomentLike
from ..counted import fields
from ..counted.samples import Binned, Samples
from ..scope.groups import ONE_GROUP, Groups
from ..scope.where import Where, is_read_as_part
from ..stages.durations import QUANTILES, quantiles_of
from .about import SequenceAbout
from .attribution import Grouped, grouped_by, items_of_groups, touch_of
from .matches import Matches, counts_of, items_before, matches_of, window_funnel
from .question import Question, question_of
from .rules import SequenceRules
from .steps import StepsLike
from .times import NoTimes, SampledTimes, SummarisedTimes, Times, signed_samples

Numbers: TypeAlias = npt.NDArray[np.int64]
NO_RULES: Final[SequenceRules] = {}


@dataclass(frozen=True, eq=False)
class StepCounts:
    """How many items did each step, a row per group.

    Attributes
    ----------
    items, left_out
        Items, or entries, of each group, and how many of them an exclusion drops.
    reached, dropped, immature
        Counts with a column per step.
    """

    items: Numbers = fields.dense()
    left_out: Numbers = fields.dense()
    reached: Numbers = fields.dense()
    dropped: Numbers = fields.dense()
    immature: Numbers = fields.dense()


@dataclass(frozen=True, eq=False)
class StepLengths:
    """The times to each step of a part, group by group; those that go back without their sign.

    Attributes
    ----------
    from_previous, from_first
        From the step before, and from the first one.
    back_from_previous, back_from_first
        The same, of steps that were done earlier than these.
    """

    from_previous: Samples | Binned = fields.samples()
    from_first: Samples | Binned = fields.samples()
    back_from_previous: Samples | Binned = fields.samples()
    back_from_first: Samples | Binned = fields.samples()


@dataclass(frozen=True, eq=False)
class SequenceCounted:
    """What :func:`sequence_funnel` counts.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    counts
        The counts.
    sizes
        Items of each group of a part, of which the small ones are put together later.
    lengths
        The times of a part; ``None`` where they are not known.
    times
        The times of one log, from the step before and from the first one.
    """

    groups: Groups = fields.groups()
    about: SequenceAbout = fields.about()
    counts: StepCounts = fields.nested(StepCounts)
    sizes: Numbers | None = fields.dense(default=None)
    lengths: StepLengths | None = fields.nested(StepLengths, default=None)
    times: tuple[Times, Times] | None = fields.of_whole(default=None)

    def both_times(self) -> tuple[Times, Times]:
        """Return the times from the step before, and from the first one."""
        if self.times is not None:
            return self.times
        if self.lengths is None:
            return NoTimes(), NoTimes()
        lengths = self.lengths
        return (
            SampledTimes(lengths.from_previous, lengths.back_from_previous),
            SampledTimes(lengths.from_first, lengths.back_from_first),
        )


def count_sequence(
    log: StageLog,
    steps: StepsLike,
    *,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    quantiles: Sequence[float] | None = QUANTILES,
    as_of: MomentLike | None = None,
    where: Where | None = None,
    rules: SequenceRules = NO_RULES,
) -> SequenceCounted:
    """Count what :func:`sequence_funnel` shows; `top` puts the small groups together before."""
    question = question_of(log, steps, as_of, rules, where)
    shares = None if quantiles is None else quantiles_of(quantiles)
    reserved = [
        f"{name}_from_{start}" for name in ("mean", *(shares or ())) for start in ("previous", "first")
    ]
    touch = touch_of(attribution, attribution_step, question.plan, by)
    grouped = grouped_by(question, by, touch, (*SEQUENCE, *reserved), top)
    groups = ONE_GROUP if grouped.groups is None else grouped.groups.alone()
    about = question.about
    if question.plan.mode == "clickhouse":
        return SequenceCounted(groups, about, _counts_of_levels(question, grouped), _sizes(question, grouped))
    if not is_read_as_part():
        found = _found(question, grouped, None if shares is None else list(shares.values()))
        times = None
        if shares is not None:
            previous, first = found.from_previous, found.from_first
            times = SummarisedTimes(previous, found.excess), SummarisedTimes(first, found.excess)
        return SequenceCounted(groups, about, _step_counts(found), times=times)
    matches = matches_of(question.log, grouped.plan, question.as_of, grouped.journeys)
    lengths = _lengths(matches, _code_of(grouped)[matches.item], groups.n_groups)
    counts = _step_counts(_found(question, grouped, None))
    return SequenceCounted(groups, about, counts, _sizes(question, grouped), lengths)


def _found(
    question: Question, grouped: Grouped, quantiles: Sequence[_core.stages.Quantile] | None
) -> _core.sequence.Counts:
    return counts_of(question.log, grouped.plan, question.as_of, grouped.groups, quantiles, grouped.journeys)


def _step_counts(found: _core.sequence.Counts) -> StepCounts:
    return StepCounts(found.items, found.left_out, found.reached, found.dropped, found.immature)


def _sizes(question: Question, grouped: Grouped) -> Numbers | None:
    """Count the items of each group where the small groups of a part are put together later."""
    if grouped.groups is None or not is_read_as_part():
        return None
    return items_of_groups(grouped.journeys, grouped.groups, question.as_of)


def _code_of(grouped: Grouped) -> npt.NDArray[np.integer[Any]]:
    return grouped.groups.code if grouped.groups is not None else np.zeros(grouped.journeys.n_items, np.int32)


def _lengths(matches: Matches, group: npt.NDArray[np.integer[Any]], n_groups: int) -> StepLengths:
    """Keep the times of all matches that did two steps."""
    n_steps = matches.done.shape[1]
    kept = []
    for start in ("previous", "first"):
        times, rows = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for step in range(1, n_steps):
            before = step - 1 if start == "previous" else 0
            both = matches.done[:, before] & matches.done[:, step]
            times.append(matches.time[both, step] - matches.time[both, before])
            rows.append(group[both].astype(np.int64) * n_steps + step)
        kept.append(signed_samples(np.concatenate(times), np.concatenate(rows), n_groups * n_steps))
    (previous, back_previous), (first, back_first) = kept
    return StepLengths(previous, first, back_previous, back_first)


def _counts_of_levels(question: Question, grouped: Grouped) -> StepCounts:
    """Count items by the levels of windowFunnel."""
    is_there = items_before(question.log._data.journeys, question.as_of)
    n_groups = 1 if grouped.groups is None else len(grouped.groups.values)
    level = window_funnel(question.log, grouped.plan, question.as_of)[is_there]
    n_steps = len(grouped.plan.steps)
    n_levels = n_steps + 1
    cell = _code_of(grouped)[is_there].astype(np.int64) * n_levels + level
    by_level = np.bincount(cell, minlength=n_groups * n_levels).reshape(n_groups, n_levels).astype(np.int64)
    reached = by_level[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    dropped = by_level[:, 1:].copy()
    dropped[:, -1] = 0
    return StepCounts(
        items=by_level.sum(axis=1),
        left_out=np.zeros(n_groups, dtype=np.int64),
        reached=reached,
        dropped=dropped,
        immature=np.zeros_like(reached),
    )
