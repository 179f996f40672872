"""The comparison of the funnels of two periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from ...errors import SchemaError, check_flag, given_period, named
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
    Clock,
    MomentLike,
    Period,
    PeriodLike,
    begin_of,
    calendar_period,
    day_begun,
    moment_at,
    moment_of,
    pair_of,
    period_of,
)
from ..scope.breakdown import refuse_names_of_the_result
from ..scope.money import Rates
from ..scope.remarks import joined_remarks, of_unknown_start, remark
from ..scope.selection import Selection, remarks_about, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import Covered, basis_of, followed_for, observed_until, partly_covered
from ..stats.share_bounds import read_confidence
from .funnel import funnel
from .period_bounds import shared_items, with_difference_bounds

_COMPARED: Final = ("reached", "conversion_from_all", "open_at", "base")
_OWN: Final = COMPARISON.index("open_at")
_BEFORE: Final = ("previous", "last_year")


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
        periods=[_text(one, clock) for one in sides.periods],
        called=sides.called,
        basis=basis_of(basis, within),
        **({} if confidence is None else {"confidence": confidence}),
        **({"shared_items": shared} if shared else {}),
        **observed_until(seen, seen_at) | followed_for(seen, within, seen_at),
        partly_covered=[
            name
            for one, name in zip(sides.periods, sides.called, strict=True)
            if _is_partly_covered(seen, one, name, seen_at)
        ],
    )
    return table


@dataclass(frozen=True)
class ComparedPeriods:
    """Two periods that are compared.

    Attributes
    ----------
    periods
        The period, and the one that it is compared with.
    called
        Their names.
    """

    periods: tuple[Period, Period]
    called: list[str]

    def selections(self, log: StageLog, pipeline: Pipeline, **options: Any) -> list[Selection]:
        """Choose the rows of both; the options are those of :func:`selection_of`."""
        return [selection_of(log, pipeline, period=one, **options) for one in self.periods]

    def about_units(self, unit: str, without: Sequence[int]) -> dict[str, Any]:
        """Say what is counted, and how many items of each period are counted alone."""
        return {"unit": unit, "without_unit": dict(zip(self.called, without, strict=True))}


def compared_periods(
    seen: Covered,
    period: PeriodLike | None,
    against: PeriodLike,
    *,
    same_part: bool,
    as_of: MomentLike | None,
) -> ComparedPeriods:
    """Find the periods that are compared, by when a log is seen."""
    clock = seen.clock
    now = period_of(period, clock)
    before = _period_before(now, period, against, clock)
    called = [period_name(now, clock), period_name(before, clock)]
    if same_part:
        whole = now, before
        now, before = _same_part(seen, now, before, as_of)
        called = [
            name if part is all_of_it else f"{name} until {_minute(part.end)}"
            for name, part, all_of_it in zip(called, (now, before), whole, strict=True)
        ]
    return ComparedPeriods((now, before), called)


def with_period_before(log: StageLog, period: PeriodLike) -> list[tuple[Period, str]]:
    """Return a period and the one just before it, each with its name; nothing of one without both ends."""
    clock = log._data.clock
    now = period_of(period, clock)
    if now.start is None or now.end is None:
        return []
    return [(one, period_name(one, clock)) for one in (now, _period_before(now, period, "previous", clock))]


def _period_before(now: Period, period: PeriodLike | None, against: PeriodLike, clock: Clock) -> Period:
    """Find the period to compare with."""
    if not isinstance(against, str) or against not in _BEFORE:
        return _other_period(against, clock)
    if now.start is None or now.end is None:
        missing = "start" if now.start is None else "end"
        raise SchemaError(given_period("period", period), f" has no {missing}; give both")
    if isinstance(now.start, int) or isinstance(now.end, int):
        if against == "last_year":
            raise SchemaError(
                given_period("against", against), " needs timestamps, and the log's times are plain integers"
            )
        start, end = cast(tuple[int, int], (now.start, now.end))
        return Period(start - (end - start), start)
    if against == "previous":
        return Period(_length_before(now.start, now.end, clock), now.start)
    return _last_year(now.start, now.end, clock, weeks=_is_of_weeks(period))


def _is_partly_covered(seen: Covered, period: Period, name: str, seen_at: int | None) -> bool:
    start, end = period.ticks(seen.clock)
    if start is None or end is None:
        return False
    return bool(partly_covered(seen, seen_at, np.array([start, end]), [name]))


def _same_part(seen: Covered, now: Period, before: Period, as_of: MomentLike | None) -> tuple[Period, Period]:
    """Cut a period that is not over at the end of observation, and the other one at the same place."""
    clock = seen.clock
    seen_at = moment_of(as_of, clock, "as_of")
    observed = seen.end_of_observation(seen_at)
    start, end = now.ticks(clock)
    if observed is None or start is None or end is None or before.start is None:
        raise SchemaError(named("same_part"), " needs rows, and periods with both ends")
    # Rows at `as_of` are not read, rows at the end of the log are.
    cut = observed if seen_at is not None else observed + 1
    if cut <= start:
        raise SchemaError(
            named("same_part"),
            f" needs a period that has begun: it begins at {now.start}, after the end of observation",
        )
    if cut >= end:
        return now, before
    if isinstance(now.start, int) or isinstance(before.start, int):
        other: Any = cast(int, before.start) + cut - start
        moment: Any = cut
    else:
        moment = pd.Timestamp(seen.to_times(np.array([cut])).iloc[0])
        other = moment_at(_as_far(cast(pd.Timestamp, now.start), moment, before.start), clock)
    if before.end is not None:
        other = min(other, before.end)
    return Period(now.start, moment), Period(before.start, other)


def _as_far(start: pd.Timestamp, moment: pd.Timestamp, other: pd.Timestamp) -> pd.Timestamp:
    """Go from another start as far as a moment is from a start, by what the clock shows.

    From the first of a month it is months first, then days: 17 May is to 1 April what 17 February is to 1
    January.
    """
    start, moment, other = (one.tz_localize(None) for one in (start, moment, other))
    if not start.day == other.day == 1:
        return other + (moment - start)
    months = (moment.year - start.year) * 12 + moment.month - start.month
    whole = pd.DateOffset(months=months)
    return other + whole + (moment - (start + whole))


def _other_period(against: PeriodLike, clock: Clock) -> Period:
    """Read the period to compare with where it is a period of its own."""
    if against is None:
        raise SchemaError(named("against"), ' is a period, "previous" or "last_year"')
    return period_of(against, clock, option="against")


def _length_before(start: pd.Timestamp, end: pd.Timestamp, clock: Clock) -> pd.Timestamp:
    """Go back from a start by the length of the period, in whole months or days where it has them."""
    first, after = day_begun(start, clock), day_begun(end, clock)
    if first is None or after is None:
        return start - (end - start)
    if first.day == after.day == 1:
        months = (after.year - first.year) * 12 + after.month - first.month
        return moment_at(first - pd.DateOffset(months=months), clock)
    return moment_at(first - (after - first), clock)


def _last_year(start: pd.Timestamp, end: pd.Timestamp, clock: Clock, *, weeks: bool) -> Period:
    """Go back to the same dates and times of the clock a year before, or by 52 weeks."""
    year = pd.DateOffset(weeks=52) if weeks else pd.DateOffset(years=1)
    begin, until = (
        moment_at((day_begun(moment, clock) or moment.tz_localize(None)) - year, clock)
        for moment in (start, end)
    )
    # Noon of 28 and of 29 February are one moment a year before.
    return Period(begin, until if until > begin else begin + (end - start))


def _is_of_weeks(period: PeriodLike | None) -> bool:
    """Check whether a period is written as ISO weeks: one of them, or a pair."""
    sides = pair_of(period) or (period,)
    wholes = [calendar_period(side) for side in sides]
    return all(whole is not None and whole.freqstr.startswith("W") for whole in wholes)


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


def period_name(period: Period, clock: Clock) -> str:
    """Name a period as people do: ``2026``, ``2026Q1``, ``2026-03`` or a day, else by its two ends."""
    start, end = period.start, period.end
    if isinstance(start, pd.Timestamp) and isinstance(end, pd.Timestamp):
        for freq in ("Y", "Q", "M", "D"):
            whole = start.tz_localize(None).to_period(freq)
            if begin_of(whole, clock) == start and begin_of(whole + 1, clock) == end:
                return str(whole)
    return _text(period, clock)


def _text(period: Period, clock: Clock) -> str:
    return f"{_moment_text(period.start, clock)} … {_moment_text(period.end, clock)}"


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, pd.Timestamp) else str(moment)


def _moment_text(moment: Any, clock: Clock) -> str:
    day = day_begun(moment, clock) if isinstance(moment, pd.Timestamp) else None
    if day is not None:
        return str(day).split(" ")[0]  # whose year may be beyond what datetime.date has
    return "" if moment is None else str(moment)
