"""The funnels: what items passed, skipped and were lost from, under each of the kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import _core
from .digests import digest_of
from .errors import SchemaError, check_option
from .items_table import Groups
from .kinds import Rule, rules_of
from .log import StageLog, core_pipeline
from .pipeline import Pipeline
from .schema import (
    AMOUNTS,
    BOTH,
    FUNNEL,
    OUTCOME_TABLE,
    OUTCOMES,
    Fill,
    KindName,
    LostThenWonName,
    Unlisted,
    frame,
    outcome_values,
    remember,
    row_outcomes,
    share,
    stage_values,
)
from .tally import Tally
from .wording import value_label

Counts: TypeAlias = _core.FunnelCounts | Tally


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
        - ``base``: items in the report, ``left_out``: items taken out by `lost_then_won`.

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
    lookup = core_pipeline(log, pipeline, unlisted)
    groups = _groups(log, by)
    amounts = None if amount is None else _items_table(log, "amount").amounts(amount)
    counted = {rule.kind: count(log, lookup, rule, groups, amounts) for rule in rules}
    return funnel_table(pipeline, kind, counted, groups, with_amount=amounts is not None)


def funnel_table(
    pipeline: Pipeline,
    kind: KindName,
    counted: Mapping[str, Counts],
    groups: Groups | None = None,
    *,
    with_amount: bool = False,
) -> pd.DataFrame:
    """Build the table of :func:`funnel` from the counts of its kinds."""
    tables = [_table_of_kind(pipeline, counts, groups, with_amount) for counts in counted.values()]
    told = {one: _outcome_rows(counts, groups) for one, counts in counted.items()}
    table = tables[0]
    if kind == "both":
        table = pd.concat(tables, ignore_index=True)
        names = np.repeat(np.arange(len(BOTH)), [len(one) for one in tables])
        kinds_column = pd.Series(pd.Categorical.from_codes(names, categories=pd.Index(BOTH)))
        table.insert(0, "kind", kinds_column)
    by_columns = [] if groups is None else list(groups.values.columns)
    remember(
        table,
        "funnel",
        pipeline,
        kind=kind,
        by=by_columns,
        outcomes={one: rows[list(OUTCOME_TABLE)].to_dict("list") for one, rows in told.items()},
        groups={one: _labels_of(rows, by_columns) for one, rows in told.items()},
    )
    return table


def outcomes(
    log: StageLog,
    pipeline: Pipeline,
    *,
    lost_then_won: LostThenWonName = "include",
    by: str | Sequence[str] | None = None,
    unlisted: Unlisted = "error",
) -> pd.DataFrame:
    """Count the items that are won, lost and open now.

    An item's outcome is that of its last visit; earlier ones do not count.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    lost_then_won, by, unlisted
        As for :func:`funnel`.

    Returns
    -------
    DataFrame
        One row per group: ``base`` = ``won`` + ``lost`` + ``open``, ``win_rate`` = ``won`` / (``won`` +
        ``lost``), ``left_out`` (items taken out by `lost_then_won`), ``reopened_won`` (won items with an
        earlier loss that stay in).

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
    lookup = core_pipeline(log, pipeline, unlisted)
    groups = _groups(log, by)
    return outcome_table(pipeline, count(log, lookup, rule, groups), groups)


def outcome_table(pipeline: Pipeline, counts: Counts, groups: Groups | None = None) -> pd.DataFrame:
    """Build the table of :func:`outcomes` from the counts of a funnel."""
    table = _outcome_rows(counts, groups)
    remember(table, "outcomes", pipeline)
    return table


def _labels_of(table: pd.DataFrame, by: list[str]) -> list[list[str]]:
    """Write the group of every row as text: a value may be of a type that JSON has not."""
    columns = [[value_label(value) for value in table[name]] for name in by]
    return [list(labels) for labels in zip(*columns, strict=True)] if by else [[]] * len(table)


def _items_table(log: StageLog, option: str) -> Any:
    if log._items_table is None:
        raise SchemaError(
            f"{option}= names a column of the items table, and the log has none; pass "
            f"items=your_table to StageLog"
        )
    return log._items_table


def _groups(log: StageLog, by: str | Sequence[str] | None) -> Groups | None:
    if by is None:
        return None
    groups: Groups = _items_table(log, "by").groups(by)
    taken = {"kind", *FUNNEL, *AMOUNTS, *OUTCOME_TABLE} & set(groups.values.columns)
    if taken:
        raise SchemaError(
            f"by= names {sorted(taken)}, which are columns of the result; rename them in the items table"
        )
    return groups


def count(
    log: StageLog,
    lookup: _core.Pipeline,
    rule: Rule,
    groups: Groups | None = None,
    amounts: npt.NDArray[np.float64] | None = None,
) -> _core.FunnelCounts:
    """Ask the core for the counts of one kind."""
    # Groups and amounts are counted item by item.
    digest = digest_of(log, lookup) if groups is None and amounts is None else None
    try:
        return _core.count_funnel(
            log._journeys,
            lookup,
            rule.core_kind,
            rule.lost_then_won,
            None if groups is None else groups.code,
            1 if groups is None else max(len(groups.values), 1),
            amounts,
            log._threads,
            digest,
        )
    except ValueError as error:
        raise SchemaError(str(error)) from error


def _kept(counts: Counts, groups: Groups | None) -> npt.NDArray[np.intp]:
    """Choose the groups to show: those with an item, and the one group of a funnel without `by`."""
    if groups is None:
        return np.zeros(1, dtype=np.intp)
    return np.flatnonzero(counts.won + counts.lost + counts.open + counts.left_out)


def _with_groups(
    table: pd.DataFrame, groups: Groups | None, kept: npt.NDArray[np.intp], times: int
) -> pd.DataFrame:
    if groups is None:
        return table
    values = groups.values.iloc[np.repeat(kept, times)].reset_index(drop=True)
    return pd.concat([values, table], axis="columns")


def _table_of_kind(
    pipeline: Pipeline, counts: Counts, groups: Groups | None, with_amount: bool
) -> pd.DataFrame:
    kept = _kept(counts, groups)
    n_stages = len(pipeline.labels)
    n_open, n_won = len(pipeline.stages), len(pipeline.won)
    passed, assumed, visited = (matrix[kept] for matrix in (counts.passed, counts.assumed, counts.visited))
    skipped, beyond = counts.skipped[kept], counts.beyond[kept]
    lost_from = counts.lost_from[kept]
    reached = passed + assumed
    base = (counts.won + counts.lost + counts.open)[kept][:, np.newaxis]
    previous = np.empty_like(reached)
    previous[:, 0] = 0
    previous[:, 1:n_open] = reached[:, : n_open - 1]
    previous[:, n_open : n_open + n_won] = reached[:, n_open - 1 : n_open]
    previous[:, n_open + n_won :] = base
    per_stage = {
        "reached": reached,
        "passed": passed,
        "assumed": assumed,
        "skipped": skipped,
        "lost_from": lost_from,
        "open_at": counts.open_at[kept],
        "conversion_from_all": share(reached, base),
        "conversion_from_previous": share(reached, previous),
        "skip_rate": share(skipped, skipped + beyond),
        "loss_rate": share(lost_from, visited),
        "base": np.broadcast_to(base, reached.shape),
        "left_out": np.broadcast_to(counts.left_out[kept][:, np.newaxis], reached.shape),
    }
    order = list(FUNNEL)
    if with_amount and isinstance(counts, _core.FunnelCounts):
        # A log without items has no matrix of sums.
        zeros = np.zeros_like(reached)
        per_stage["amount"] = counts.amount[kept] if counts.amount.size else zeros.astype(float)
        per_stage["amount_missing"] = counts.amount_missing[kept] if counts.amount_missing.size else zeros
        at = order.index("base")
        order[at:at] = AMOUNTS
    columns: dict[str, Any] = {name: matrix.reshape(-1) for name, matrix in per_stage.items()}
    columns["stage"] = stage_values(pipeline, np.tile(np.arange(n_stages), len(kept)))
    columns["outcome"] = outcome_values(np.tile(row_outcomes(pipeline), len(kept)))
    return _with_groups(frame(columns, order), groups, kept, n_stages)


def _outcome_rows(counts: Counts, groups: Groups | None) -> pd.DataFrame:
    kept = _kept(counts, groups)
    columns = {name: getattr(counts, name)[kept] for name in (*OUTCOMES, "left_out", "reopened_won")}
    columns["base"] = columns["won"] + columns["lost"] + columns["open"]
    columns["win_rate"] = share(columns["won"], columns["won"] + columns["lost"])
    return _with_groups(frame(columns, OUTCOME_TABLE), groups, kept, 1)
