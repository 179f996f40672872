"""The two sides of a difference of a part of a log, and the tables of all parts together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog, as_read
from ...pipeline import Pipeline
from ...tables.options import AtName, BasisName, MissingStages, Unlisted
from ...times.lengths import LengthLike
from ...times.periods import Clock, MomentLike, PeriodLike
from ..counted.about import About
from ..counted.fields import about, dense, groups, nested, settled
from ..funnel.counts import FunnelCounts
from ..funnel.decomposition import check_mix, decomposed, mixed
from ..funnel.steps import with_one_won_stage
from ..funnel.two_sides import CountedSides, TwoSides, count_sides, joined_of_periods, sides_of
from ..scope.groups import Groups
from ..scope.remarks import OF_STAGES, Ends, Noted, Remarks, with_basis
from ..scope.selection import Selection, core_pipeline, remarks_about
from ..scope.where import Asked, Where, asked_of
from ..scope.within import basis_of
from .comparison_counts import OF_READERS, of_both

Integers: TypeAlias = npt.NDArray[np.int64]
_OF_ALL = ("within", "observed_until")


@dataclass(frozen=True, eq=False)
class SidesCounted:
    """What :func:`decompose` and :func:`mix_rate` count of a part of a log.

    Attributes
    ----------
    groups, about
        The groups that the sides are made of, or are mixed of, and what the table remembers of the log.
    counts, counts_b
        The counts of all items; without `by` those of the first and of the second period.
    ends, ends_b
        Where the periods lie; ``None`` with `by`.
    start_unknown, start_unknown_b, without_unit
        Items whose start is not known, by period, and items of the second one that are counted alone.
    shared
        Items that are on both sides.
    known
        1 for each group, so that one in which nothing is counted is known nevertheless.
    """

    groups: Groups = groups()
    about: About = about()
    counts: FunnelCounts = nested(FunnelCounts)
    counts_b: FunnelCounts | None = nested(FunnelCounts)
    ends: Ends | None = settled(Ends.total)
    ends_b: Ends | None = settled(Ends.total)
    start_unknown: int = settled(sum)
    start_unknown_b: int = settled(sum)
    without_unit: int = settled(sum)
    shared: int = settled(sum)
    known: Integers = dense()


def count_decomposition(
    log: StageLog,
    pipeline: Pipeline,
    *,
    a: Any,
    b: Any,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    where: Where | None = None,
    mix: str | Sequence[str] | None = None,
) -> SidesCounted:
    """Count what :func:`decompose` needs of a part of a log; the options are its own."""
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    options: dict[str, Any] = {
        "unlisted": unlisted,
        "period": period,
        "basis": basis,
        "as_of": as_of,
        "within": within,
    }
    sides = count_sides(asked, pipeline, by, a, b, mix=mix, at=at, unit=unit, **options)
    if sides.periods is None:
        return SidesCounted(
            groups=sides.groups[0].alone(),
            about=About.of(asked, sides.selections[0]),
            counts=sides.counts[0],
            counts_b=None,
            ends=None,
            ends_b=None,
            start_unknown=0,
            start_unknown_b=0,
            without_unit=0,
            shared=0,
            known=np.ones(len(sides.groups[0].values), dtype=np.int64),
        )
    return _of_periods(asked, pipeline, sides, unlisted, as_of)


def count_mix(log: StageLog, pipeline: Pipeline, *, mix: str | Sequence[str], **options: Any) -> SidesCounted:
    """Count what :func:`mix_rate` needs of a part of a log; the options are its own."""
    check_mix(mix, None)
    return count_decomposition(log, pipeline, mix=mix, **options)


def _of_periods(
    asked: Asked, pipeline: Pipeline, sides: CountedSides, unlisted: str, as_of: MomentLike | None
) -> SidesCounted:
    """Take what is counted of two periods, by the groups of both."""
    assert sides.periods is not None  # the caller has periods
    data, merged = asked.log._data, with_one_won_stage(pipeline)
    both, codes = of_both(sides.groups)
    counts = [one.to(code, both.n_groups) for one, code in zip(sides.counts, codes, strict=True)]
    said = [one.remarks for one in sides.selections]
    lookup = core_pipeline(asked.log, merged, unlisted, asked.missing)
    whole = Selection(
        as_read(asked.log, merged, lookup),
        merged,
        lookup,
        remarks=remarks_about(asked.log, merged, unlisted),
        noted=Noted(unlisted),
    )
    ends = [Ends.of(data, one.noted.period, as_of) for one in sides.selections]
    return SidesCounted(
        groups=both,
        about=About.of(asked, whole, noted={name: said[0][name] for name in _OF_ALL if name in said[0]}),
        counts=counts[0],
        counts_b=counts[1],
        ends=ends[0],
        ends_b=ends[1],
        start_unknown=said[0].get("start_unknown", 0),
        start_unknown_b=said[1].get("start_unknown", 0),
        without_unit=said[1].get("without_unit", 0),
        shared=sides.shared,
        known=np.ones(len(both.values), dtype=np.int64),
    )


def decomposition_of(
    counts: SidesCounted,
    pipeline: Pipeline,
    clock: Clock,
    *,
    a: Any,
    b: Any,
    by: str | Sequence[str] | None = None,
    basis: BasisName | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`decompose`."""
    return decomposed(_sides(counts, pipeline, clock, a, b, by, basis, within, unit))


def mix_of(
    counts: SidesCounted,
    pipeline: Pipeline,
    clock: Clock,
    *,
    a: Any,
    b: Any,
    mix: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    stage: Hashable = None,
    top: int | None = None,
    basis: BasisName | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`mix_rate`."""
    check_mix(mix, top)
    return mixed(_sides(counts, pipeline, clock, a, b, by, basis, within, unit), pipeline, stage, top)


def _sides(
    counts: SidesCounted,
    pipeline: Pipeline,
    clock: Clock,
    a: Any,
    b: Any,
    by: str | Sequence[str] | None,
    basis: BasisName | None,
    within: LengthLike | None,
    unit: str | None,
) -> TwoSides:
    remarks = counts.about.remarks
    of_sides = [counts.counts]
    if counts.counts_b is not None:
        of_sides.append(counts.counts_b)
        remarks = _remarks(counts, clock, basis, within, unit)
    return sides_of(
        *(of_sides, [counts.groups] * len(of_sides), counts.shared, remarks),
        pipeline=pipeline,
        by=by,
        a=a,
        b=b,
        clock=clock,
    )


def _remarks(
    counts: SidesCounted, clock: Clock, basis: BasisName | None, within: LengthLike | None, unit: str | None
) -> Remarks:
    """Note what stands under a table about two periods, in the order of one log."""
    noted = counts.about.remarks
    kept = "created" if basis is None and within is None else basis_of(basis, within)
    said: list[Remarks] = []
    for ends, unknown in ((counts.ends, counts.start_unknown), (counts.ends_b, counts.start_unknown_b)):
        assert ends is not None  # both periods have theirs
        one = {
            **{name: noted[name] for name in OF_STAGES if name in noted},
            **ends.remarks(clock),
            **{name: noted[name] for name in OF_READERS if name in noted},
        }
        said.append(
            {
                **with_basis(one, kept),
                **({"start_unknown": unknown} if unknown else {}),
                **{name: noted[name] for name in _OF_ALL if name in noted},
                **({} if unit is None else {"unit": unit, "without_unit": counts.without_unit}),
            }
        )
    conditions = {"where": noted["where"]} if "where" in noted else {}
    return {**joined_of_periods(said), **conditions}
