"""Which groups of a breakdown go through which step better than the others, and whether that is chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args

import numpy as np
import pandas as pd

from ...errors import SchemaError, check_option, given, named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share
from ...tables.labels import MISSING
from ...tables.options import AdjustName, AtName, BasisName, MissingStages, Unlisted
from ...tables.schema import COMPARED_GROUPS
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ..counted.about import About
from ..counted.fields import dense
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of
from ..stats.adjusting import adjusted, surely_below
from ..stats.bounds import Floats, check_confidence
from ..stats.comparisons import differences, ratios, score_tests
from ..stats.significance import chi_square_tail
from .count import largest_groups
from .counts import FunnelCounts
from .halves import FunnelsCounted
from .kinds import rules_of
from .sides import GroupLike, check_sides, group_at
from .steps import Integers, Steps, with_one_won_stage
from .table import labels_of


def compare_groups(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str],
    a: GroupLike = None,
    b: GroupLike = None,
    adjust: AdjustName = "holm",
    confidence: float = 0.95,
    at: AtName = "first",
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Compare groups step by step: who gets more of the items on, and whether it is more than chance.

    The items of a step are those that got to the stage before, counted as by ``kind="furthest"``, so that
    the steps are nested. Optional stages and stages with dates are passed over, and a note names them. a is
    what is looked at, b what it is compared with: a difference is a − b. Nobody was assigned to a group by
    lot: a difference between groups is not what a group does.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table or of the log that make the groups, as for :func:`funnel`.
    a
        The group to look at: its value, or a tuple of values with several columns. Without it every group is
        compared with the rest.
    b
        The group to compare it with; by default the rest: all items that are not of `a`.
    adjust
        How p-values are adjusted for the number of rows of the table. ``"holm"`` keeps the chance of any
        false alarm below the level; ``"bh"`` keeps the share of false alarms below it.
    confidence
        How sure the bounds are: a share between 0 and 1.
    at, unlisted, missing, period, as_of, within, unit, where
        As for :func:`funnel`; with ``at="stage"`` groups share items, so that there are neither bounds nor
        p-values.
    top
        Number of the largest groups to show; the others become one group.
    basis
        As for :func:`funnel`, but ``"created"`` by default.

    Returns
    -------
    DataFrame
        One row per step, and per group where no `a` is given, whose columns come first: ``stage`` (where the
        step ends; from the second stage on, the won stages together last), ``n_a``, ``n_b`` (items that got
        to the stage before), ``conversion_a``, ``conversion_b``, ``difference`` with its bounds
        ``difference_low`` and ``difference_high`` (Newcombe), ``p_value`` (score test), ``p_adjusted``,
        ``ratio`` with ``ratio_low`` and ``ratio_high`` (Katz). What is not estimable is NaN.
        ``attrs["stagefunnel"]["global_test"]`` has the test of all steps and groups at once: ``statistic``
        (G²), ``df`` and ``p_value``.

    Raises
    ------
    UnknownStageError
        As for :func:`funnel`.
    SchemaError
        As for :func:`funnel`; also if there is no such group, `a` and `b` are the same, or `b` is given
        without `a`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.compare_groups(shop.log, shop.pipeline, by="manager", a="Anna Schmidt")
    >>> table[["stage", "n_a", "n_b", "conversion_a", "conversion_b", "p_adjusted"]].round(3)
                    stage  n_a   n_b  conversion_a  conversion_b  p_adjusted
    0          Discussion  438  1562         0.888         0.827       0.008
    1  Prepayment invoice  389  1291         0.838         0.886       0.031
    2            Delivery  326  1144         0.604         0.613       0.782
    3                 Won  197   701         0.832         0.899       0.031
    """
    check_options(a, b, adjust, confidence)
    counts = count_groups(
        log,
        pipeline,
        by=by,
        at=at,
        top=top,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        where=where,
    )
    return groups_table(counts, pipeline, a=a, b=b, adjust=adjust, confidence=confidence)


def check_options(a: GroupLike, b: GroupLike, adjust: AdjustName, confidence: float) -> None:
    """Refuse options of the table that are wrong, before anything is counted."""
    check_option("adjust", adjust, get_args(AdjustName))
    check_confidence(confidence)
    check_sides(a, b)


@dataclass(frozen=True, eq=False)
class GroupsCounted(FunnelsCounted):
    """What :func:`compare_groups` counts.

    Attributes
    ----------
    known
        1 for each group, so that one in which nothing is counted is known nevertheless.
    """

    known: Integers | None = dense(default=None)


def count_groups(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str],
    at: AtName = "first",
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    where: Where | None = None,
) -> GroupsCounted:
    """Count what :func:`compare_groups` compares; `top` puts the small groups together beforehand."""
    if by is None:
        raise SchemaError(named("by"), " is missing; name the columns whose groups are compared")
    (rule,) = rules_of("furthest", "won", None)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    kept = "created" if basis is None and within is None else basis_of(basis, within)
    selection = selection_of(
        asked.log,
        with_one_won_stage(pipeline),
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=kept,
        as_of=as_of,
        within=within,
        unit=unit,
        flips=[rule.lost_then_won],
    )
    check_top(top, by)
    scope = Scope(selection, groups_of(selection, by, at=at, reserved=COMPARED_GROUPS))
    scope = Scope(selection, largest_groups(scope, [rule], top))
    found = FunnelsCounted.of(scope, [rule], About.of(asked, selection))
    known = np.ones(len(scope.groups.values), dtype=np.int64)
    return GroupsCounted(**{one.name: getattr(found, one.name) for one in fields(found)}, known=known)


def groups_table(
    counted: GroupsCounted,
    pipeline: Pipeline,
    *,
    a: GroupLike = None,
    b: GroupLike = None,
    adjust: AdjustName = "holm",
    confidence: float = 0.95,
    top: int | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`compare_groups`."""
    check_options(a, b, adjust, confidence)
    sure = check_confidence(confidence)
    merged = with_one_won_stage(pipeline)
    found = counted.rounded_largest(top)
    groups, (counts, *_) = found.groups, found.of_kind.values()
    steps = Steps.of(merged)
    sides = [*_sides(groups, counts, steps.reached(counts), a, b)]
    table = _table(steps, sides, sure, adjust, is_disjoint=groups.each == "item")
    clear = clear_steps(table, sure, adjust)
    if a is None:
        places = np.repeat([side.group for side in sides], len(steps.labels)).astype(np.intp)
        table = label_rows(table, groups.values, places)
    remember(
        table,
        "compared_groups",
        merged,
        **(groups.remembered if a is None else {**groups.remembered, "by": []}),
        rows=len(table),
        columns=[str(name) for name in groups.names],
        confidence=sure,
        adjust=adjust,
        clear=[[sides[at // len(steps.labels)].name, str(table["stage"].iloc[at])] for at in clear],
        steps=[str(label) for label in (steps.first, *steps.labels)],
        won=[str(label) for label in merged.won],
        sides=[[side.name, side.other] for side in sides],
        items=[[side.items_a, side.items_b] for side in sides],
        open=[[side.open_a, side.open_b] for side in sides],
        global_test=_global_test(groups, steps.reached(counts), sides, is_all=a is None),
        passed_over=[str(label) for label in steps.passed_over],
        **counts.said_too_recent,
        **({"has_missing": True} if _has_missing(groups, counts) else {}),
        **({"of_report": True} if groups.each == "row" else {}),
    )
    return counted.about.remarked(table)


@dataclass(frozen=True, eq=False)
class _Side:
    """One comparison: what is looked at, and what it is compared with."""

    group: int
    name: str
    other: str  # "" for the rest
    reached_a: Integers
    reached_b: Integers
    items_a: int
    items_b: int
    open_a: int
    open_b: int


def _sides(groups: Groups, counts: FunnelCounts, reached: Integers, a: Any, b: Any) -> Iterator[_Side]:
    labels = [", ".join(labels) for labels in labels_of(groups)]
    if a is None:
        looked_at = groups.shown(counts.counts_something(groups.each)).tolist()
    else:
        looked_at = [group_at(groups.values, a, "a")]
    other = None if b is None else group_at(groups.values, b, "b")
    if other is not None and other in looked_at:
        raise SchemaError(given("b", b), " is the group that is looked at too; name another one")

    def beside(numbers: Integers) -> Integers:
        """Count what each group is compared with: the other one, or all groups but itself."""
        # Summed for each group anew, the time would grow with the square of the groups.
        rest: Integers = numbers.sum(axis=0) - numbers
        return rest if other is None else np.broadcast_to(numbers[other], numbers.shape)

    reached_b, base_b, open_b = (beside(numbers) for numbers in (reached, counts.base, counts.open))
    for group in looked_at:
        yield _Side(
            group,
            labels[group],
            "" if other is None else labels[other],
            reached[group],
            reached_b[group],
            int(counts.base[group]),
            int(base_b[group]),
            int(counts.open[group]),
            int(open_b[group]),
        )


def _has_missing(groups: Groups, counts: FunnelCounts) -> bool:
    """Check for items without a value, which are a group, and part of the rest of every other one."""
    labels = [", ".join(labels) for labels in labels_of(groups)]
    if not labels:  # of no items there are no groups, and the counts have a row of zeros
        return False
    return any(label == MISSING and n for label, n in zip(labels, counts.base.tolist(), strict=True))


def _table(
    steps: Steps, sides: Sequence[_Side], confidence: float, adjust: AdjustName, *, is_disjoint: bool
) -> pd.DataFrame:
    """Compare the sides at every step."""
    empty = np.zeros((0, len(steps.rows)), dtype=np.int64)
    reached_a = np.vstack([empty, *(side.reached_a for side in sides)])
    reached_b = np.vstack([empty, *(side.reached_b for side in sides)])
    n_a, k_a = reached_a[:, :-1].reshape(-1), reached_a[:, 1:].reshape(-1)
    n_b, k_b = reached_b[:, :-1].reshape(-1), reached_b[:, 1:].reshape(-1)
    columns: dict[str, Any] = {
        "stage": pd.Categorical(list(steps.labels) * len(sides), categories=list(steps.labels), ordered=True),
        "n_a": n_a,
        "n_b": n_b,
        "conversion_a": share(k_a, n_a),
        "conversion_b": share(k_b, n_b),
    }
    columns["difference"] = columns["conversion_a"] - columns["conversion_b"]
    columns |= {name: np.full(len(n_a), np.nan) for name in COMPARED_GROUPS[6:]}
    columns["ratio"] = share(columns["conversion_a"], columns["conversion_b"])
    if is_disjoint:
        a, of_a, b, of_b = (one.astype(np.float64) for one in (k_a, n_a, k_b, n_b))
        _, columns["difference_low"], columns["difference_high"] = differences(a, of_a, b, of_b, confidence)
        columns["p_value"] = score_tests(a, of_a, b, of_b)
        columns["p_adjusted"] = adjusted(columns["p_value"], adjust)
        columns["ratio"], columns["ratio_low"], columns["ratio_high"] = ratios(a, of_a, b, of_b, confidence)
    return pd.DataFrame({name: columns[name] for name in COMPARED_GROUPS})


def clear_steps(table: pd.DataFrame, confidence: float, adjust: AdjustName) -> list[int]:
    """Find the rows of a table that a sentence may name: two tests say that they are more than chance."""
    n_a, n_b = (table[name].to_numpy() for name in ("n_a", "n_b"))
    k_a, k_b = (
        np.rint(np.nan_to_num(table[f"conversion_{side}"].to_numpy()) * n).astype(np.int64)
        for side, n in (("a", n_a), ("b", n_b))
    )
    p_values = table["p_value"].to_numpy(dtype=np.float64)
    is_clear = surely_below(p_values, (k_a, n_a, k_b, n_b), 1 - confidence, adjust)
    return np.flatnonzero(is_clear).tolist()


def _global_test(
    groups: Groups, reached: Integers, sides: Sequence[_Side], *, is_all: bool
) -> dict[str, Any]:
    """Test at once whether the furthest stages of all sides are spread alike: G², as plain data.

    It is the sum of the statistics of all steps, because each step is a binomial of those that got to it.
    """
    rows = reached if is_all else np.vstack([sides[0].reached_a, sides[0].reached_b])
    furthest = np.diff(-rows, axis=1, append=0).astype(np.float64)  # those that went no further
    furthest = furthest[furthest.sum(axis=1) > 0]
    furthest = furthest[:, furthest.sum(axis=0) > 0]
    degrees = max(len(furthest) - 1, 0) * max(furthest.shape[1] - 1, 0)
    if groups.each == "row" or not degrees:
        return {"statistic": None, "df": degrees, "p_value": None}
    statistic = _likelihood_ratio(furthest)
    return {"statistic": statistic, "df": degrees, "p_value": chi_square_tail(statistic, degrees)}


def _likelihood_ratio(table: Floats) -> float:
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    some = table > 0
    return max(float(2 * (table[some] * np.log(table[some] / expected[some])).sum()), 0.0)
