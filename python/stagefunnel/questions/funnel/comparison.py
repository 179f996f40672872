"""The comparison of the funnels of two periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ...errors import check_flag
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...renamed import renamed
from ...tables.build import frame, remember, share
from ...tables.options import (
    AmountAtName,
    BasisName,
    Fill,
    KindName,
    LostThenWonName,
    MissingStages,
    Unlisted,
)
from ...tables.schema import COMPARED_AMOUNTS, COMPARED_TOO_RECENT, COMPARISON, TOO_RECENT
from ...times.lengths import LengthLike
from ...times.periods import (
    MomentLike,
    PeriodLike,
    moment_of,
)
from ..scope.breakdown import refuse_names_of_the_result
from ..scope.money import Rates
from ..scope.remarks import joined_remarks, of_unknown_start, remark
from ..scope.selection import remarks_about
from ..scope.where import Where, asked_of
from ..scope.within import Covered, basis_of, followed_for, observed_until
from ..stats.share_bounds import read_confidence
from .compared_periods import ComparedPeriods, compared_periods, is_partly_covered, period_text
from .funnel import funnel
from .period_bounds import shared_items, with_difference_bounds

_COMPARED: Final = ("reached", "conversion_from_all", "open_at", "base")
_OWN: Final = COMPARISON.index("open_at")


@renamed(with_="against")
def compare_periods(
    log: StageLog,
    pipeline: Pipeline,
    period: PeriodLike | None,
    *,
    against: PeriodLike = "previous",
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    same_part: bool = False,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Put the funnel of one period beside the funnel of another.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    period
        The period, as for :func:`funnel`; with both ends.
    against
        The period to compare with. ``"previous"``: the period just before, with as many months where
        `period` has whole months (March with February), else with as many days or the same length of time.
        ``"last_year"``: the same dates a year before; for what is written as weeks, 52 weeks before. Or any
        period.
    kind, fill, lost_then_won, by, amount, amount_at, currency, rates
        As for :func:`funnel`; `amount_at` reads a column of the log in the rows that each period keeps.
    unlisted, missing, basis, as_of, within, unit
        As for :func:`funnel`.
    same_part
        Whether a `period` that is not over is compared with the same part of the other period, as in
        month to date: the part of each up to the end of observation, which is `as_of` or, without it, the
        log's ``observed_until``. A period that is over is compared whole.
    confidence
        How sure the bounds of ``conversion_from_all_difference`` are, such as 0.95. By default there are
        none. They need periods that share no item: `basis` ``"created"`` or ``"closed"``.
    where
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per stage, per group of `by` that either period has: ``stage``, ``outcome``; ``reached``,
        ``reached_before`` (in the period compared with), ``reached_difference``, ``reached_change``
        (the difference over ``reached_before``, NaN if that is 0); ``conversion_from_all``,
        ``conversion_from_all_before``, ``conversion_from_all_difference``; ``open_at``, ``open_at_before``
        (items still open there: younger ones have had less time); ``base``, ``base_before``; with `amount`
        also ``amount``, ``amount_before``, ``amount_difference``, ``amount_change``, with `within` also
        ``too_recent``, ``too_recent_before``.
        With `confidence` also ``conversion_from_all_difference_low`` and ``…_high`` (Newcombe's), ``p_value``
        (score test) and ``p_adjusted`` (Holm over all rows), right after the difference; NaN where the
        periods share items, whose number is in ``attrs["stagefunnel"]["shared_items"]``.
        The ends of both periods are in ``attrs["stagefunnel"]["periods"]``.

    Raises
    ------
    SchemaError
        As for :func:`funnel`; also for a period without both ends, and for ``"last_year"`` where times are
        plain integers.
    UnknownStageError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.compare_periods(shop.log, shop.pipeline, "2026-03", basis="created")
    >>> table.attrs["stagefunnel"]["periods"]
    ['2026-03-01 … 2026-04-01', '2026-02-01 … 2026-03-01']
    """
    check_flag("same_part", same_part)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    sure = read_confidence(confidence)
    log, missing = asked.log, asked.missing
    sides = compared_periods(log._data, period, against, same_part=same_part, as_of=as_of)
    options: dict[str, Any] = {
        "kind": kind,
        "fill": fill,
        "lost_then_won": lost_then_won,
        "by": by,
        "amount": amount,
        "amount_at": amount_at,
        "currency": currency,
        "rates": rates,
        "unlisted": unlisted,
        "missing": missing,
        "basis": basis,
        "as_of": as_of,
        "within": within,
        "unit": unit,
    }
    counts, counts_before = (funnel(log, pipeline, **options, period=one) for one in sides.periods)
    remembered = [one.attrs["stagefunnel"] for one in (counts, counts_before)]
    groups = {name: remembered[0][name] for name in ("by", "later") if name in remembered[0]}
    check_names(log, groups["by"])
    shared = 0
    if sure is not None:
        of_items = ("unlisted", "missing", "basis", "as_of", "within", "unit")
        shared = shared_items(sides.selections(log, pipeline, **{name: options[name] for name in of_items}))
    table = comparison_table(
        *(counts, counts_before, pipeline, sides, log._data),
        kind=kind,
        groups=groups,
        has_amounts=amount is not None,
        basis=basis,
        as_of=as_of,
        within=within,
        confidence=sure,
        shared=shared,
    )
    remarks = [
        remarks_about(log, pipeline, unlisted, period=one, as_of=as_of, called=name)
        for one, name in zip(sides.periods, sides.called, strict=True)
    ]
    about = {**joined_remarks(remarks), **of_unknown_start(remembered[0])}
    if unit is not None:
        about |= sides.about_units(unit, [one["without_unit"] for one in remembered])
    return asked.remarked(remark(table, about))


def check_names(log: StageLog, columns: Sequence[Any]) -> None:
    """Refuse a breakdown by columns that are called as those of the comparison."""
    refuse_names_of_the_result(log, columns, [*COMPARISON, *COMPARED_AMOUNTS, *COMPARED_TOO_RECENT])


def comparison_table(
    now: pd.DataFrame,
    before: pd.DataFrame,
    pipeline: Pipeline,
    sides: ComparedPeriods,
    seen: Covered,
    *,
    kind: KindName,
    groups: Mapping[str, Any],
    has_amounts: bool,
    basis: BasisName | None,
    as_of: MomentLike | None,
    within: LengthLike | None,
    confidence: float | None,
    shared: int,
) -> pd.DataFrame:
    """Put the funnels of two periods side by side, and remember which periods they are.

    `groups` is what the funnels remember of theirs, and `shared` how many items are in both periods.
    """
    leading = groups["by"]
    keys = ["kind", *leading] if kind == "both" else leading
    names = [*_COMPARED]
    names += ["amount"] if has_amounts else []
    names += [TOO_RECENT] if within is not None else []
    table = _beside(now, before, keys, names)
    if confidence is not None:
        table = with_difference_bounds(table, confidence, shared)
    clock = seen.clock
    seen_at = moment_of(as_of, clock, "as_of")
    remember(
        table,
        "comparison",
        pipeline,
        kind=kind,
        **groups,
        periods=[period_text(one, clock) for one in sides.periods],
        called=sides.called,
        basis=basis_of(basis, within),
        **({} if confidence is None else {"confidence": confidence}),
        **({"shared_items": shared} if shared else {}),
        **observed_until(seen, seen_at) | followed_for(seen, within, seen_at),
        partly_covered=[
            name
            for one, name in zip(sides.periods, sides.called, strict=True)
            if is_partly_covered(seen, one, name, seen_at)
        ],
    )
    return table


def _beside(now: pd.DataFrame, then: pd.DataFrame, leading: list[str], names: list[str]) -> pd.DataFrame:
    """Put two funnels side by side; a group that is in one of them only counts 0 in the other."""
    keys = [*leading, "stage", "outcome"]
    order = [
        *COMPARISON[:_OWN],
        *(COMPARED_AMOUNTS if "amount" in names else ()),
        *COMPARISON[_OWN:],
        *(COMPARED_TOO_RECENT if TOO_RECENT in names else ()),
    ]
    # Stages, kinds and outcomes sort as categories, and groups by value with the missing ones last.
    if now.empty and then.empty:  # whose texts pandas does not merge
        both = now[[*keys, *names]].assign(**{f"{name}_before": then[name] for name in names})
    else:
        both = now[[*keys, *names]].merge(
            then[[*keys, *names]], on=keys, how="outer", suffixes=("", "_before"), sort=False
        )
    both = both.sort_values([*leading, "stage"], na_position="last", ignore_index=True)
    columns: dict[str, Any] = {name: both[name] for name in keys}
    for name in names:
        one, other = both[name], both[f"{name}_before"]
        if name != "conversion_from_all":
            one, other = (column.fillna(0).astype(now[name].dtype) for column in (one, other))
        difference = one - other
        changes: dict[str, Any] = {
            name: one,
            f"{name}_before": other,
            f"{name}_difference": difference,
            f"{name}_change": share(difference, other),
        }
        # Only the columns of the result are reserved: a breakdown may have a column "base_change".
        columns |= {column: values for column, values in changes.items() if column in order}
    return frame(columns, [*leading, *order])
