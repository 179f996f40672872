"""The funnels: what items passed, skipped and were lost from, under each of the kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import _core
from .digests import digest_of
from .errors import SchemaError, check_option
from .funnel_tables import Counts, funnel_table, outcome_table
from .items_table import Groups
from .kinds import Rule, rules_of
from .log import StageLog
from .pipeline import Pipeline
from .schema import (
    AMOUNTS,
    FUNNEL,
    MOVED_OUT,
    OUTCOME_TABLE,
    BasisName,
    Fill,
    KindName,
    LostThenWonName,
    Unlisted,
)
from .tally import Tally
from .view import View, view_of


def funnel(
    log: StageLog,
    pipeline: Pipeline,
    *,
    kind: KindName = "classic",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    amount: str | None = None,
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> pd.DataFrame:
    """Count the items that reach each stage of a pipeline.

    An item counts in a stage if it has a visit of it (``passed``), or because the kind of funnel fills
    the stage in (``assumed``). Items without a row of a listed stage are in no count.

    Parameters
    ----------
    log
        The stage history.
    pipeline
        The stages, in order.
    kind
        ``"classic"``: only what items really passed; it shows which stages are skipped.
        ``"conversions"``: and the stages that a success implies; it shows after which stage items are
        closed as failed. ``"furthest"``: every stage up to the furthest, all for an item ever won.
        ``"strict"``: the longest run of stages passed in order from the first. ``"both"``: classic and
        conversions in one table, with a first column ``kind``.
    fill
        For conversions. ``"won"``: an entry into a won stage, from work in progress or at creation,
        implies every in-progress stage. ``"moves"``: every move implies the stages it passes over.
    lost_then_won
        What to do with items that were lost and are won now. ``"exclude"`` leaves out those whose win
        directly follows a loss (the default for conversions), ``"exclude_reopened"`` also those worked
        on in between, ``"include"`` none (the default for all others).
    by
        Columns of the log's items table: one funnel per combination of their values.
    amount
        Column of the items table to add up.
    unlisted
        ``"error"`` or ``"ignore"`` for rows of stages that the pipeline does not list; ignored ones
        are taken out before visits are formed.
    period
        A stretch of time: text such as ``"2026-03"``, ``"2026-Q1"`` or ``"2026"``, a pandas Period, or a
        pair ``(start, end)`` in which text is included whole and timestamps are half-open. Text is read
        in the log's zone. For a log of plain integers a pair of them.
    basis
        Which items a period keeps. ``"active"``: those with a row before its end and not closed before
        its start, as they stood at its end. ``"created"``, ``"closed"``: those created or closed in it,
        with their whole journey.
    as_of
        A moment: rows at or after it are taken out first. It is the report as it looked then.

    Returns
    -------
    DataFrame
        One row per stage (in progress, won, lost), per group of `by`:

        - ``stage`` (ordered categorical), ``outcome`` (``open``, ``won``, ``lost``);
        - ``reached`` = ``passed`` + ``assumed``, ``passed``, ``assumed``;
        - ``skipped``: items that went beyond the stage without a visit of it; ``lost_from``: items lost
          now, by the last stage before; ``open_at``: items open now, by their stage;
        - ``conversion_from_all``: ``reached / base``; ``conversion_from_previous``: over the
          in-progress stage before (a won row: the last one; a lost row: ``base``);
        - ``skip_rate``: of the items that went beyond, ``loss_rate``: of the items with a visit;
        - ``amount`` and ``amount_missing`` (items reached without an amount), with `amount`;
        - ``base``: items in the report, ``left_out``: items taken out by `lost_then_won`;
        - ``moved_out``: items of the base that are now in another pipeline, if the pipeline keeps them.

        Counts are int64; shares are float64, NaN where the denominator is 0.

    Raises
    ------
    UnknownStageError
        If the log has stages that the pipeline does not list, unless ``unlisted="ignore"``.
    SchemaError
        If an option or a column is not known, or `by` or `amount` is given without an items table.

    Notes
    -----
    The two funnels are those of Bitrix24; the definitions page has every rule with a worked example.

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
    rules = rules_of(kind, fill, lost_then_won)
    view = view_of(log, pipeline, unlisted=unlisted, period=period, basis=basis, as_of=as_of)
    groups = groups_of(log, by)
    amounts = amounts_of(log, amount)
    counted = {rule.kind: count(view, rule, groups, amounts) for rule in rules}
    return funnel_table(pipeline, kind, counted, groups, with_amount=amounts is not None)


def outcomes(
    log: StageLog,
    pipeline: Pipeline,
    *,
    lost_then_won: LostThenWonName = "include",
    by: str | Sequence[str] | None = None,
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> pd.DataFrame:
    """Count the items that are won, lost and open now.

    An item's outcome is that of its last visit; earlier ones do not count.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    lost_then_won, by, unlisted, period, basis, as_of
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per group: ``base`` = ``won`` + ``lost`` + ``open``, ``win_rate`` = ``won`` / (``won`` +
        ``lost``), ``left_out`` (items taken out by `lost_then_won`), ``reopened_won`` (won items with an
        earlier loss that stay in). A pipeline that keeps items now in another one adds ``moved_out``, which
        is in ``base`` too.

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
    check_option("lost_then_won", lost_then_won, get_args(LostThenWonName))
    (rule,) = rules_of("classic", "won", lost_then_won)
    view = view_of(log, pipeline, unlisted=unlisted, period=period, basis=basis, as_of=as_of)
    groups = groups_of(log, by)
    return outcome_table(pipeline, count(view, rule, groups), groups)


def _items_table(log: StageLog, option: str) -> Any:
    if log._items_table is None:
        raise SchemaError(
            f"{option}= names a column of the items table, and the log has none; pass "
            f"items=your_table to StageLog"
        )
    return log._items_table


def groups_of(
    log: StageLog, by: str | Sequence[str] | None, *, reserved: Sequence[str] = ()
) -> Groups | None:
    """Put every item in its group; names of the result's own columns are refused."""
    if by is None:
        return None
    groups: Groups = _items_table(log, "by").groups(by)
    taken = {"kind", *reserved, MOVED_OUT, *FUNNEL, *AMOUNTS, *OUTCOME_TABLE} & set(groups.values.columns)
    if taken:
        raise SchemaError(
            f"by= names {sorted(taken)}, which are columns of the result; rename them in the items table"
        )
    return groups


def amounts_of(log: StageLog, amount: str | None) -> npt.NDArray[np.float64] | None:
    """Read the amount of every item."""
    if amount is None:
        return None
    amounts: npt.NDArray[np.float64] = _items_table(log, "amount").amounts(amount)
    return amounts


def count(
    view: View,
    rule: Rule,
    groups: Groups | None = None,
    amounts: npt.NDArray[np.float64] | None = None,
) -> Counts:
    """Ask the core for the counts of one kind."""
    code = None if groups is None else groups.code
    n_groups = 1 if groups is None else max(len(groups.values), 1)
    if view.moved is None:
        return _count(view, rule, code, n_groups, amounts)
    # Items that moved out are counted in groups of their own, which lie behind the others.
    own = np.zeros(len(view.moved), dtype=np.int32) if code is None else code
    apart = own + view.moved.astype(np.int32) * np.int32(n_groups)
    counts = _count(view, rule, apart, 2 * n_groups, amounts)
    return Tally.with_moved(counts, np.arange(n_groups), np.arange(n_groups, 2 * n_groups))


def _count(
    view: View,
    rule: Rule,
    code: npt.NDArray[np.int32] | None,
    n_groups: int,
    amounts: npt.NDArray[np.float64] | None,
) -> _core.FunnelCounts:
    # Groups and amounts are counted item by item.
    digestible = view.is_whole and code is None and amounts is None
    digest = digest_of(view.log, view.lookup) if digestible else None
    try:
        return _core.count_funnel(
            view.journeys,
            view.lookup,
            rule.core_kind,
            rule.lost_then_won,
            code,
            n_groups,
            amounts,
            view.log._threads,
            digest,
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error
