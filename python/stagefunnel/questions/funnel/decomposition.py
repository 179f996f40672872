"""Why a conversion changed: which step made the difference, and whether the mix of items did."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError, given, may_be_label, named, quoted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, share
from ...tables.options import AtName, BasisName, MissingStages, Unlisted
from ...tables.schema import DECOMPOSED, MIXED
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ..scope.breakdown import check_top
from ..scope.where import Where, asked_of
from ..stats.mixes import is_reversed, mix_and_rate
from ..stats.steps import effects_of_counts
from .sides import SideLike
from .steps import Steps
from .two_sides import Side, TwoSides, group_labels, two_sides


def decompose(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    a: SideLike,
    b: SideLike,
    at: AtName = "first",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Split the difference of two funnels into what each step made of it: a − b.

    The conversion of all is that of items ever won, and the product of those of the steps, counted as by
    ``kind="furthest"``. The effect of a step is how much the product changes when its conversion goes from b
    to a, averaged over all orders in which the steps could change (Shapley's value).

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns whose groups the sides are, as for :func:`funnel`; without it `a` and `b` are periods.
    a
        What is looked at: the value of a group (a tuple of values with several columns), or a period.
    b
        What it is compared with: likewise; ``None`` is the rest, where there is `by`.
    at
        As for :func:`funnel`, but not ``"stage"``.
    unlisted, missing, as_of, within, unit, where
        As for :func:`funnel`.
    period
        As for :func:`funnel`, with `by`.
    basis
        As for :func:`funnel`, but ``"created"`` by default. With ``"active"`` two periods share items, and
        errors are missing.

    Returns
    -------
    DataFrame
        One row per stage from the first on, the won stages together last: ``stage``, ``conversion_a``,
        ``conversion_b`` (from the stage before; that of the first stage is of ``base``), ``effect``,
        ``effect_se``, ``share`` (of the whole difference). The effects add up to the difference of ever won /
        base. A stage that nobody on one side got to has no effect of its own: NaN.

    Raises
    ------
    UnknownStageError
        As for :func:`funnel`.
    SchemaError
        As for :func:`funnel`; also if a side is missing or is not there.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 3, 3, 3, 4], "time": [0, 1, 0, 0, 1, 2, 0]}
    >>> rows["stage"] = ["New", "Offer", "New", "New", "Offer", "Won", "New"]
    >>> items = {"item": [1, 2, 3, 4], "manager": ["Bob", "Bob", "Ann", "Ann"]}
    >>> log, pipeline = sf.StageLog(rows, items=items), sf.Pipeline(["New", "Offer"], won="Won")
    >>> sf.decompose(log, pipeline, by="manager", a="Ann", b="Bob")[["stage", "effect", "share"]]
       stage  effect  share
    0    New     0.0    0.0
    1  Offer     0.0    0.0
    2    Won     0.5    1.0
    """
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    options: dict[str, Any] = {
        "unlisted": unlisted,
        "period": period,
        "basis": basis,
        "as_of": as_of,
        "within": within,
    }
    return decomposed(two_sides(asked, pipeline, by, a, b, at=at, unit=unit, **options))


def decomposed(sides: TwoSides) -> pd.DataFrame:
    """Make the table of :func:`decompose`."""
    steps = Steps.of(sides.pipeline)
    labels = [steps.first, *steps.labels] if len(steps.rows) else []
    counts = [_nested(side, steps) for side in (sides.a, sides.b)]
    effects = effects_of_counts(*counts)
    table = pd.DataFrame(
        {
            "stage": pd.Categorical(labels, categories=labels, ordered=True),
            "conversion_a": share(counts[0][1:], counts[0][:-1]),
            "conversion_b": share(counts[1][1:], counts[1][:-1]),
            "effect": effects.effect,
            "effect_se": np.where(sides.shared > 0, np.nan, effects.se),
            "share": effects.share,
        },
        columns=[*DECOMPOSED],
    )
    remember(
        table,
        "decomposition",
        sides.pipeline,
        **sides.remembered,
        rows=len(table),
        totals=[_part(one[-1], one[0]) for one in counts],
        passed_over=[str(label) for label in steps.passed_over],
    )
    return sides.remarked(table)


def mix_rate(
    log: StageLog,
    pipeline: Pipeline,
    *,
    mix: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    a: SideLike,
    b: SideLike,
    stage: Hashable = None,
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
    """Split the difference of two rates into other items, and the same items handled otherwise: a − b.

    The parts are those of Kitagawa (1955): the **mix**, as far as more or fewer items are of a group that
    does better or worse, and the **rate**, as far as the groups themselves do better or worse.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    mix
        Columns whose groups may be mixed otherwise, such as the source.
    by, a, b
        The sides, as for :func:`decompose`.
    stage
        Without it the rate is won now / base; with it the share of the base that reached this stage, counted
        as by ``kind="furthest"``.
    at, unlisted, missing, period, basis, as_of, within, unit, where
        As for :func:`decompose`.
    top
        Number of the largest groups to show, of both sides together; the others become one group.

    Returns
    -------
    DataFrame
        One row per group of `mix`: ``group``, ``share_a``, ``share_b`` (of the items of each side),
        ``rate_a``, ``rate_b``, ``mix``, ``rate``. Both of the last together add up to the difference of the
        two rates. A group that is on one side only is all mix.

    Raises
    ------
    UnknownStageError
        As for :func:`funnel`.
    SchemaError
        As for :func:`decompose`; also if `stage` is not a stage of the pipeline.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 2, 3, 3, 4, 4], "time": [0, 0, 0, 1, 0, 1]}
    >>> rows["stage"] = ["New", "New", "New", "Won", "New", "Won"]
    >>> items = {"item": [1, 2, 3, 4], "who": ["Ann", "Ann", "Ann", "Bob"]}
    >>> items["source"] = ["web", "web", "fair", "fair"]
    >>> log, pipeline = sf.StageLog(rows, items=items), sf.Pipeline("New", won="Won")
    >>> table = sf.mix_rate(log, pipeline, mix="source", by="who", a="Ann", b=None)
    >>> table[["group", "share_a", "mix", "rate"]].round(3)
      group  share_a    mix  rate
    0  fair    0.333 -0.222   0.0
    1   web    0.667 -0.444   0.0
    """
    check_mix(mix, top)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    options: dict[str, Any] = {
        "unlisted": unlisted,
        "period": period,
        "basis": basis,
        "as_of": as_of,
        "within": within,
    }
    sides = two_sides(asked, pipeline, by, a, b, mix=mix, at=at, unit=unit, **options)
    return mixed(sides, pipeline, stage, top)


def mixed(sides: TwoSides, pipeline: Pipeline, stage: Hashable, top: int | None) -> pd.DataFrame:
    """Make the table of :func:`mix_rate`."""
    row = None if stage is None else _row_of(pipeline, sides.pipeline, stage)
    counted = _by_group(sides.a, sides.b, row)
    if top is not None and len(counted) > top:
        counted = _largest(counted, top)
    numbers = [counted[name].to_numpy(dtype=np.float64) for name in ("k_a", "n_a", "k_b", "n_b")]
    parts = mix_and_rate(*numbers)
    totals = [_part(numbers[at].sum(), numbers[at + 1].sum()) for at in (0, 2)]
    table = pd.DataFrame({"group": counted.index.to_numpy(), **parts._asdict()}, columns=[*MIXED])
    difference = np.nan if None in totals else float(totals[0] or 0) - float(totals[1] or 0)
    remember(
        table,
        "mix_rate",
        sides.pipeline,
        **sides.remembered,
        rows=len(table),
        totals=totals,
        reversed=is_reversed(parts, difference),
        **({} if stage is None else {"stage": str(stage)}),
    )
    return sides.remarked(table)


def check_mix(mix: str | Sequence[str] | None, top: int | None) -> None:
    """Refuse a mix that is of no columns."""
    check_top(top, mix)
    if mix is None:
        raise SchemaError(named("mix"), " is missing; name the columns whose groups may be mixed otherwise")


def _nested(side: Side, steps: Steps) -> Any:
    """Count all items of a side, those that reach the first stage, and so on."""
    reached = steps.reached(side.counts).sum(axis=0)
    return np.concatenate([[side.counts.base.sum()], reached]).astype(np.float64)


def _part(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


def _row_of(pipeline: Pipeline, merged: Pipeline, stage: Any) -> int:
    labels = [*merged.stages, *merged.won, *merged.lost]
    wanted = merged.won[0] if may_be_label(stage) and stage in pipeline.won else stage
    if not may_be_label(wanted) or wanted not in labels:
        raise SchemaError(
            given("stage", stage),
            f" is not a stage of the pipeline, which has {quoted([str(label) for label in pipeline.labels])}",
        )
    return labels.index(wanted)


def _by_group(a: Side, b: Side, row: int | None) -> pd.DataFrame:
    """Put the counts of both sides beside each other, by the group of the mix."""
    found: dict[Any, list[int]] = {}
    for place, side in enumerate((a, b)):
        if not side.counts.base.sum():
            continue  # a log without rows has no values, and so no groups
        successes = side.counts.won if row is None else side.counts.reached[:, row]
        for label, n, k in zip(group_labels(side.values), side.counts.base, successes, strict=True):
            if not n:
                continue  # a group of the other side, or of none, would lend its type to the column
            numbers = found.setdefault(label, [0, 0, 0, 0])
            numbers[2 * place] += int(n)
            numbers[2 * place + 1] += int(k)
    table = pd.DataFrame.from_dict(found, orient="index", columns=["n_a", "k_a", "n_b", "k_b"], dtype="int64")
    order = sorted(range(len(table)), key=lambda at: _sort_key(table.index[at]))
    return table.iloc[order]


def _sort_key(label: Any) -> tuple[str, Any]:
    """Sort numbers by value and the rest as text, so that groups of either side have one order."""
    is_number = isinstance(label, (int, float)) and not isinstance(label, bool)
    return ("", label) if is_number else (type(label).__name__, str(label))


def _largest(counted: pd.DataFrame, top: int) -> pd.DataFrame:
    sizes = (counted["n_a"] + counted["n_b"]).to_numpy()
    kept = np.sort(np.argsort(-sizes, kind="stable")[:top])
    rest = counted.drop(index=counted.index[kept])
    n = len(rest)
    other = pd.DataFrame([rest.sum()], index=[f"other ({n:,} {'group' if n == 1 else 'groups'})"])
    return pd.concat([counted.iloc[kept], other])
