"""The lives of the items of a part of a log, and the incidence of all parts together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import advised, check_option
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName, LifeClockName, MissingStages, ReopenName, Unlisted
from ...tables.schema import INCIDENCE
from ...times.lengths import LengthLike
from ...times.periods import Clock, MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.fields import about, dense, groups, key, key_of_group, rows, same, samples, settled, value
from ..counted.folding import largest
from ..counted.listed import listed
from ..counted.samples import Binned, Samples
from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.remarks import Ends, joined_remarks, outside_text, period_text, remark
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of
from ..scope.working import Lengths
from ..stages.curves import GroupCurves, ages_of
from ..stages.incidence import OUTCOME, incidence_table, target_of, with_unknown
from ..stages.lives import LogSpells, Watch, item_spells, visit_spells
from ..stats.bounds import check_confidence
from ..stats.incidence import least_at_risk
from ..stats.spells import CENSORED

Integers: TypeAlias = npt.NDArray[np.int64]
_PASSED = ("passed_through", "ever_lost", "reopened")


@dataclass(frozen=True, eq=False)
class WatchedLives:
    """Lives that are watched from an age of their own on.

    Attributes
    ----------
    group, place
        Group, and what ended them; those that go on come last.
    entry, exit
        From which age on they were watched, and at which they ended or were seen last.
    n
        How many lives have these.
    """

    group: Integers = key_of_group()
    place: Integers = key()
    entry: Integers = key()
    exit: Integers = key()
    n: Integers = value()


@dataclass(frozen=True, eq=False)
class LivesCounted:
    """What :func:`cumulative_incidence` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    exits
        When each life ended or was seen last, by group and by what ended it; those that go on come last.
        ``None`` where lives are watched from an age on.
    watched
        Those lives.
    followed
        How long each could have been seen, by group.
    causes
        Flag of each cause: whether it is one of the answer.
    passed
        How many items passed a closing, were lost, and were reopened.
    n_unknown
        Lives without a known beginning.
    ages
        The ages that are asked for, as fractions of ticks; ``None``: the steps up to the horizon.
    unit, noted
        Unit of the lengths, and what the table remembers of them.
    observed
        Where the stretch of time lies in which lives are watched.
    """

    groups: Groups = groups()
    about: About = about()
    exits: Samples | Binned | None = samples()
    followed: Samples | Binned = samples()
    causes: Integers = dense("most", by_group=False)
    passed: Integers = dense(by_group=False)
    n_unknown: Integers = dense(by_group=False)
    ages: Sequence[Sequence[int]] | None = same()
    unit: str | None = same()
    noted: Mapping[str, Any] = same()
    watched: WatchedLives | None = rows(WatchedLives, default=None)
    observed: Ends | None = settled(Ends.total, default=None)


def lives_refused(options: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Say why a part cannot have some options."""
    whole = "; ask cumulative_incidence() of one log of all parts"
    if options.get("se") == "robust":
        return (advised("se", "robust"), " puts the visits of one item together, which counts cannot", whole)
    return None


def count_incidence(
    log: StageLog,
    pipeline: Pipeline,
    *,
    to: Hashable = OUTCOME,
    clock: LifeClockName = "created",
    stage: Hashable | None = None,
    by: str | Sequence[str] | None = None,
    times: Sequence[LengthLike] | None = None,
    reopen: ReopenName = "last",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    observed: PeriodLike | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> LivesCounted:
    """Count what :func:`cumulative_incidence` needs of a part of a log; the options are its own."""
    check_option("clock", clock, get_args(LifeClockName))
    check_option("reopen", reopen, get_args(ReopenName))
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    kept = "created" if basis is None else basis_of(basis, within)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=kept,
        as_of=as_of,
        within=within,
    )
    lengths = Lengths.of(selection.data, calendar)
    watch = Watch.of(selection, observed=observed, period=period, basis=kept, as_of=as_of)
    row = target_of(pipeline, to, stage, is_of_stage=clock == "stage")
    found = groups_of(selection, by, reserved=INCIDENCE)
    if clock == "stage":
        spells, _ = visit_spells(selection, lengths, watch, range(row, row + 1), by_next=True)
        cause, causes = _by_stage(selection, spells, row)
    else:
        spells = item_spells(
            selection, lengths, watch, target=row, reopen=reopen, as_of=as_of, has_target=row >= 0
        )
        cause, causes = spells.cause.astype(np.int64), np.ones(len(spells.causes), dtype=np.int64)
    counted, n = spells.is_counted, len(causes) + 1
    code = found.codes(asked.log.n_items).astype(np.int64)
    group = (code if spells.item is None else code[spells.item])[counted]
    place = np.where(cause[counted] == CENSORED, len(causes), cause[counted])
    ages = ages_of(times, lengths)
    cell = group * n + place
    return LivesCounted(
        groups=found.alone(),
        about=About.of(asked, selection),
        exits=None
        if spells.entry is not None
        else Samples.of(spells.exit[counted].view(np.uint64), cell, found.n_groups * n),
        followed=Samples.of(spells.followed[counted].view(np.uint64), group, found.n_groups),
        causes=causes,
        passed=np.array([spells.passed.get(name, 0) for name in _PASSED], dtype=np.int64),
        n_unknown=np.array([spells.n_unknown], dtype=np.int64),
        ages=None if ages is None else tuple(age.as_integer_ratio() for age in ages),
        unit=lengths.unit,
        noted=lengths.remembered_with_pauses(pipeline),
        watched=None if spells.entry is None else _watched(spells, counted, group, place),
        observed=None if observed is None else Ends.of(selection.data, observed, None),
    )


def _watched(
    spells: LogSpells, counted: npt.NDArray[np.bool_], group: Integers, place: Integers
) -> WatchedLives:
    """Count the lives that are alike."""
    assert spells.entry is not None  # the caller has looked
    columns = np.stack([group, place, spells.entry[counted], spells.exit[counted]], axis=1)
    keys, n = np.unique(columns, axis=0, return_counts=True)
    return WatchedLives(keys[:, 0], keys[:, 1], keys[:, 2], keys[:, 3], n)


def _by_stage(selection: Selection, spells: LogSpells, row: int) -> tuple[Integers, Integers]:
    """Give each next stage its number in the pipeline, a move elsewhere the last; flag those that occur."""
    labels = list(selection.pipeline.labels)
    number = {label: place for place, label in enumerate([*labels, "moved_out"])}
    of_cause = np.array([number[cause] for cause in spells.causes] or [0], dtype=np.int64)
    cause = np.where(spells.cause >= 0, of_cause[np.maximum(spells.cause, 0)], spells.cause)
    causes = np.zeros(len(labels) + 1, dtype=np.int64)
    causes[of_cause[: len(spells.causes)]] = 1
    return cause, causes


def incidence_of(
    counts: LivesCounted,
    pipeline: Pipeline,
    *,
    to: Hashable = OUTCOME,
    clock: LifeClockName = "created",
    stage: Hashable | None = None,
    top: int | None = None,
    reopen: ReopenName = "last",
    confidence: float = 0.95,
    min_at_risk: int | None = None,
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    within: LengthLike | None = None,
    observed: PeriodLike | None = None,
    clock_of_log: Clock,
) -> pd.DataFrame:
    """Make the table of :func:`cumulative_incidence`."""
    sure, least = check_confidence(confidence), least_at_risk(min_at_risk)
    counts = largest(counts, counts.groups, counts.followed.sizes, top)
    followed = listed(counts.followed)
    n = len(counts.causes)
    if counts.watched is not None:
        names = ("group", "place", "entry", "exit")
        columns = [np.repeat(getattr(counts.watched, name), counts.watched.n) for name in names]
        group, place, entry, exits = columns
    else:
        assert counts.exits is not None  # lives have one of the two
        each, entry = listed(counts.exits), None
        exits, (group, place) = each.values, np.divmod(each.row, n + 1)
    present = np.flatnonzero(counts.causes > 0)
    number = np.full(n + 1, CENSORED, dtype=np.int32)
    number[present] = np.arange(len(present), dtype=np.int32)
    if clock == "stage":
        labels: list[Hashable] = [*pipeline.labels, "moved_out"]
    else:
        is_outcome = isinstance(to, str) and to == OUTCOME
        labels = ["won" if is_outcome else "reached", "lost", "moved_out"]
    is_of_item = clock != "stage"
    spells = LogSpells(
        exit=exits,
        cause=number[place],
        entry=entry,
        followed=followed.values,
        item=None,
        causes=[labels[one] for one in present.tolist()],
        n_unknown=int(counts.n_unknown.sum()),
        passed=dict(zip(_PASSED, counts.passed.tolist(), strict=True)) if is_of_item else {},
    )
    code = np.ascontiguousarray(group, dtype=np.int32)
    question = GroupCurves.of(spells, counts.groups, code, least, 1)
    ages = None if counts.ages is None else [Fraction(*age) for age in counts.ages]
    kept = "created" if basis is None else basis_of(basis, within)
    table = incidence_table(
        question,
        question.wanted(ages),
        pipeline,
        counts.groups,
        counts.unit,
        sure,
        asked_for={
            "clock": clock,
            "to": str(to),
            "stage": None if stage is None else str(stage),
            "reopen": reopen,
            "basis": None if period is None else kept,
            "observed": None if observed is None else period_text(observed),
        },
        se="greenwood",
        passed={**spells.passed, **counts.noted},
    )
    table = counts.about.remarked(table)
    if counts.observed is not None and (outside := outside_text("observed", counts.observed, clock_of_log)):
        table = remark(table, joined_remarks([table.attrs["stagefunnel"], outside]))
    return with_unknown(table, spells.n_unknown)
