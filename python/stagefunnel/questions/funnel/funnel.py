"""The funnel: what items passed, skipped and were lost from, under each of the kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import pandas as pd

from ...errors import check_option, is_named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import (
    AmountAtName,
    AtName,
    BasisName,
    Fill,
    KindName,
    LostThenWonName,
    MissingStages,
    Unlisted,
)
from ...tables.schema import OUTCOME_AMOUNTS
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ..counted.about import About
from ..scope.breakdown import check_top, groups_of
from ..scope.money import Rates, amounts_of
from ..scope.scope import Scope
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of, is_read_as_part
from ..stats.share_bounds import read_confidence
from .count import count, largest_groups
from .halves import (
    FunnelsCounted,
    OutcomesCounted,
    check_groups_of_items,
    funnel_of,
    outcomes_of,
    remarked_funnel,
)
from .kinds import Rule, rules_of
from .outcome_money import check_amount_at, outcome_amounts
from .value_bounds import check_one_amount, with_value_shares
from .value_counts import ValueCounted


def funnel(
    log: StageLog,
    pipeline: Pipeline,
    *,
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Count the items that reach each stage of a pipeline.

    An item counts in a stage if it has a visit of the stage (``passed``), or because the kind of funnel
    fills the stage in (``assumed``). Items without a row of a listed stage do not count. The definitions page
    has every rule with a worked example; classic and conversions are the two funnels of Bitrix24.

    Parameters
    ----------
    log, pipeline
        The stage history, and the stages in order.
    kind
        What an item counts in. ``"classic"``: the stages that it really passed; the table shows which stages
        are skipped. ``"conversions"``: also the stages that a success implies; the table shows after which
        stage items are closed as failed. ``"furthest"``: every stage up to its furthest, and all stages if it
        was ever won. ``"strict"``: the longest run of stages that it passed in order from the first.
        ``"both"``: classic and conversions in one table, with a first column ``kind``.
    fill
        Rule of conversions. ``"won"``: an entry into a won stage, from work in progress or at creation,
        implies every in-progress stage. ``"moves"``: every move implies the stages that it passes over.
    lost_then_won
        What happens to items that were lost and are won now. ``"include"`` keeps them (the default for all
        kinds but conversions). ``"exclude"`` leaves out the items whose win directly follows a loss (the
        default for conversions), and ``"exclude_reopened"`` leaves out also the items that were worked on
        between loss and win.
    by
        Columns of the items table or of the log; there is one funnel for each combination of their values.
        Also what the log knows: ``"created:month"``, ``"outcome"``, ``"last_stage"``, ``"amount:[0, 1000]"``.
    at
        Where a column of the log is read. ``"first"``, ``"last"``: in the first or last of the item's rows
        that the report keeps. ``"stage"``: where the item entered the stage last, or where it made the move
        that implies an assumed stage; ``base`` is then that of the whole report.
    top
        Number of the largest groups to show; the others become one group, labelled ``"other (37 groups)"``.
    amount
        Column of the items table or of the log to add up.
    amount_at
        Where an amount of the log is read. ``"last"``: in the last of the item's rows that the report keeps;
        ``"last_known"``, ``"first_known"``: in the last or first of them that has an amount. ``"stage"``:
        where the item entered the stage last; an assumed stage takes the amount of the next stage that was
        really entered.
    currency
        Column of the items table or of the log with the currencies of the amounts. Amounts in several
        currencies are refused without `rates`.
    rates
        Worth of one unit of each currency: ``{"USD": 1.0, "EUR": 1.08}``.
    unlisted
        What happens to rows of stages that the pipeline does not list. ``"error"``: they are refused.
        ``"ignore"``: they are taken out before visits are formed, and every display says how many.
    missing
        What happens to a stage of the pipeline that no row of the log has. ``"near"``: it is refused where
        the log has another stage with a near label, such as a misspelled one, unless a reader made the
        pipeline. ``"error"``: it is always refused. ``"ignore"``: never. The table names those that are not.
    period
        Stretch of time: text such as ``"2026-03"``, ``"2026-Q1"`` or ``"2026"``, a pandas Period, or a pair
        ``(start, end)`` in which text is included whole and timestamps are half-open. A slice is read as
        the pair of its ends; a pandas Interval has its closed sides and not its open ones. Text is read in
        the log's zone. A log of plain integers takes a pair of integers.
    basis
        Which items a period keeps. ``"active"`` (default): items with a row before its end that were not
        closed before its start, as they stood at its end. ``"created"``, ``"closed"``: items that were
        created or closed in it, with their whole journeys.
    as_of
        Moment of the report: rows at or after it are taken out first.
    within
        Length of time for which each item is read from its first row on: ``"30d"``, a timedelta, or a number
        where the log's times are plain integers. An item whose first row is too recent for that is left out,
        won and lost ones too, and counted in ``too_recent``. The items are those created in `period`.
    unit
        Column of the items table whose values are counted in place of items, such as ``"account"``. An
        account counts in a stage if any of its items does, and stands as its best item does: won, else open,
        else lost. A period chooses accounts by the first row of any of their items and by when they closed,
        and `by` is read on the item with this first row. An item without a value is one of its own.
    confidence
        How sure the bounds of each share are, such as 0.95; its bounds ``…_low`` and ``…_high`` (Wilson's)
        stand right after it. By default there are none. A ratio of bars that are not nested has
        none, nor has a share whose groups are read ``at="stage"``.
    where
        Conditions that choose items, by column of the items table or of the log (in an item's first row):
        ``{"source": "web", "amount": ">100"}``, a list of values, ``None`` for no value, or the name of a
        column of true and false. The answer is that for these items alone, observed as long as the log.

    Returns
    -------
    DataFrame
        One row per stage (in progress, won, lost), per group of `by`:

        - ``stage`` (ordered categorical), ``outcome`` (``open``, ``won``, ``lost``);
        - ``reached`` = ``passed`` + ``assumed``, ``passed``, ``assumed``;
        - ``skipped``: items that went beyond the stage without a visit of it; ``began_beyond``: of these, the
          items whose first visit was beyond it, such as renewals and imports; ``lost_from``: items that are
          lost now, by the last stage before; ``open_at``: items that are open now, by their stage;
        - ``conversion_from_all``: ``reached / base``; ``conversion_from_previous``: ``reached`` over that of
          the in-progress stage before that is not optional (for a won stage the last one, for a lost stage
          ``base``), NaN where items got past either stage while it was not there;
        - ``skip_rate``: share of the items that went beyond; ``loss_rate``: share of the items with a visit;
        - ``amount``, ``amount_missing`` (items reached without an amount), with `amount`; with `confidence`
          too ``amount_conversion`` (of the base's amount) and bounds, ``amount_n_eff`` and ``top_share``;
        - ``base``: items in the report; ``left_out`` by `lost_then_won`, ``too_recent`` by `within`;
        - ``moved_out``: items of the base that are now in another pipeline, if the pipeline keeps them.

        Counts are int64; shares are float64, NaN where the denominator is 0.

    Raises
    ------
    UnknownStageError
        If the log has stages that the pipeline does not list, as `unlisted` and `missing` say.
    SchemaError
        If an option or a column does not exist, an amount is not a number, or amounts in several currencies
        have no rates.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> table = sf.funnel(shop.log, shop.pipeline, kind="conversions")
    >>> table[["stage", "reached", "passed", "assumed"]]
            stage  reached  passed  assumed
    0         New       10       8        2
    1  Discussion        7       2        5
    2  Prepayment        8       3        5
    3    Delivery        7       3        4
    4         Won        7       7        0
    5        Lost        6       6        0
    """
    share = read_confidence(confidence)
    check_one_amount(amount, amount_at, share)
    found = _count_funnel(
        log,
        pipeline,
        kind=kind,
        fill=fill,
        lost_then_won=lost_then_won,
        by=by,
        at=at,
        top=top,
        amount=amount,
        amount_at=amount_at,
        currency=currency,
        rates=rates,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        where=where,
    )
    table = funnel_of(found.counts, pipeline, kind=kind, confidence=share)
    if share is not None and amount is not None:
        values, is_of_units = ValueCounted.of(found.scope, found.rules), unit is not None
        scope = found.scope
        table = with_value_shares(
            table, values, found.counts.of_kind, scope.groups, share, is_of_units=is_of_units
        )
    return remarked_funnel(table, found.counts)


def outcomes(
    log: StageLog,
    pipeline: Pipeline,
    *,
    lost_then_won: LostThenWonName = "include",
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Count the items that are won, lost and open now.

    An item's outcome is that of its last visit; earlier visits do not count.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    lost_then_won, by, at, top, unlisted, missing, period, basis, as_of, within, unit, confidence, where
        As for :func:`funnel`; `at` is ``"first"`` or ``"last"``.
    amount, amount_at, currency, rates
        As for :func:`funnel`; `amount_at` is not ``"stage"``.

    Returns
    -------
    DataFrame
        One row per group: ``base`` = ``won`` + ``lost`` + ``open``, ``win_rate`` = ``won`` / (``won`` +
        ``lost``), ``left_out`` (items taken out by `lost_then_won`), ``reopened_won`` (won items with an
        earlier loss that stay in). With `amount` also ``amount_won``, ``amount_lost`` and ``amount_open``,
        ``mean_amount`` (of the won items that have an amount; NaN without) and ``amount_missing`` (items of
        the base that have none); with `unit` the amounts of all items of the accounts, and the mean is that
        of the won accounts. A pipeline that keeps items that moved to another pipeline adds ``moved_out``,
        which is in ``base`` too; `within` adds ``too_recent``, which is not.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> sf.outcomes(shop.log, shop.pipeline).round(2)
       base  won  lost  open  win_rate  left_out  reopened_won
    0    13    6     5     2      0.55         0             2
    """
    counts = count_outcomes(
        log,
        pipeline,
        lost_then_won=lost_then_won,
        by=by,
        at=at,
        top=top,
        amount=amount,
        amount_at=amount_at,
        currency=currency,
        rates=rates,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        confidence=confidence,
        where=where,
    )
    return outcomes_of(counts, pipeline, top=top, confidence=confidence)


@dataclass(frozen=True)
class _Found:
    """What was counted, of which scope under which rules."""

    counts: FunnelsCounted
    scope: Scope
    rules: Sequence[Rule]


def count_funnel(log: StageLog, pipeline: Pipeline, **options: Any) -> FunnelsCounted:
    """Count what :func:`funnel` counts; the options are its own, but for those of the table."""
    return _count_funnel(log, pipeline, **options).counts


def _count_funnel(
    log: StageLog,
    pipeline: Pipeline,
    *,
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    where: Where | None = None,
) -> _Found:
    rules = rules_of(kind, fill, lost_then_won)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        flips=[rule.lost_then_won for rule in rules],
    )
    check_top(top, by)
    groups = groups_of(selection, by, at=at)
    amounts = amounts_of(selection, amount, amount_at=amount_at, currency=currency, rates=rates)
    scope = Scope(selection, groups, amounts)
    # To count the largest groups alone is less work than to add up all of them afterwards.
    scope = replace(scope, groups=largest_groups(scope, rules, top))
    counts = FunnelsCounted.of(scope, rules, About.of(asked, selection))
    if is_read_as_part() and amount is not None and not is_named(amount_at, "stage"):
        # A confidence may be chosen at the end.
        counts = replace(counts, value=ValueCounted.of(scope, rules))
    return _Found(counts, scope, rules)


def count_outcomes(
    log: StageLog,
    pipeline: Pipeline,
    *,
    lost_then_won: LostThenWonName = "include",
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    top: int | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    confidence: float | None = None,
    where: Where | None = None,
) -> OutcomesCounted:
    """Count what :func:`outcomes` counts; the options are its own, of which the table needs some too."""
    check_option("lost_then_won", lost_then_won, get_args(LostThenWonName))
    (rule,) = rules_of("classic", "won", lost_then_won)
    read_confidence(confidence)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        flips=[rule.lost_then_won],
    )
    check_top(top, by)
    check_groups_of_items(at)
    check_amount_at(amount_at)
    amounts = amounts_of(selection, amount, amount_at=amount_at, currency=currency, rates=rates)
    reserved = () if amount is None else OUTCOME_AMOUNTS
    scope = Scope(selection, groups_of(selection, by, at=at, reserved=reserved))
    counts = count(scope, rule)
    money = outcome_amounts(replace(scope, amounts=amounts), rule)
    return OutcomesCounted(scope.groups, About.of(asked, selection), counts, money, amounts.used)
