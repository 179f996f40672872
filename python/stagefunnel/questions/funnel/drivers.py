"""Which values of which columns go with winning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pandas as pd

from ...errors import SchemaError, check_option, given, named, quoted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, share
from ...tables.options import AdjustName, BasisName, MissingStages, Unlisted
from ...tables.schema import DRIVERS
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ..scope.breakdown import by_columns, check_top, groups_of
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import Selection, selection_of
from ..scope.today import columns_of_today
from ..scope.where import Asked, Where, asked_of
from ..scope.within import basis_of
from ..stats.adjusting import adjusted, surely_below
from ..stats.bounds import check_confidence
from ..stats.comparisons import differences, score_tests
from .count import count, largest_groups
from .counts import Integers
from .kinds import Rule, rules_of
from .table import labels_of


def drivers(
    log: StageLog,
    pipeline: Pipeline,
    columns: str | Sequence[str],
    *,
    static: str | Sequence[str] | None = None,
    adjust: AdjustName = "holm",
    confidence: float = 0.95,
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
    """Rank the values of columns by how much they go with winning, each against the rest.

    What goes with winning need not cause it. A column of the items table has its value of today, and a field
    that is filled in after the win "explains" it: such columns have to be named in `static`.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    columns
        Columns of the log, read in an item's first row, or of the items table, as `by` of :func:`funnel`.
    static
        Those of them that are of the items table: whoever names a column here knows that its values were
        there before the item was won or lost.
    adjust
        As for :func:`compare_groups`, over all rows of the table.
    confidence
        How sure the bounds are: a share between 0 and 1.
    top
        Number of the largest groups of each column; its others become one group.
    unlisted, missing, period, as_of, within, unit, where
        As for :func:`funnel`.
    basis
        As for :func:`funnel`, but ``"created"`` by default.

    Returns
    -------
    DataFrame
        One row per column and value, the strongest first (by p-value): ``column``, ``value``, ``n`` (items),
        ``conversion`` (won now / n), ``conversion_rest`` (of all other items), ``difference`` with its bounds
        ``difference_low`` and ``difference_high``, ``p_adjusted``. What is not estimable is NaN.

    Raises
    ------
    UnknownStageError
        As for :func:`funnel`.
    SchemaError
        As for :func:`funnel`; also for a column of the items table that `static` does not name, and for a
        column that is known from later, such as the outcome.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 4], "time": [0, 1, 0, 1, 0, 0]}
    >>> rows["stage"] = ["New", "Won", "New", "Won", "New", "New"]
    >>> items = {"item": [1, 2, 3, 4], "source": ["fair", "fair", "web", "web"]}
    >>> log, pipeline = sf.StageLog(rows, items=items), sf.Pipeline("New", won="Won")
    >>> table = sf.drivers(log, pipeline, ["source"], static=["source"])
    >>> table[["column", "value", "n", "conversion", "conversion_rest", "difference"]]
       column value  n  conversion  conversion_rest  difference
    0  source  fair  2         1.0              0.0         1.0
    1  source   web  2         0.0              1.0        -1.0
    """
    check_options(adjust, confidence)
    read = read_drivers(
        log,
        pipeline,
        columns,
        static=static,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        unit=unit,
        where=where,
    )
    check_top(top, list(read.groups))
    found = []
    for name, groups in read.groups.items():
        of_largest = largest_groups(Scope(read.selection, groups), [read.rule], top)
        counts = count(Scope(read.selection, of_largest), read.rule)
        found.append(values_of(name, of_largest, counts.base, counts.won, counts.open))
    table = drivers_table(found, pipeline, adjust, confidence, read.too_recent)
    return read.asked.remarked(read.selection.remarked(table))


def check_options(adjust: AdjustName, confidence: float) -> None:
    """Refuse options of the table that are wrong, before anything is counted."""
    check_option("adjust", adjust, get_args(AdjustName))
    check_confidence(confidence)


@dataclass(frozen=True, eq=False)
class DriversRead:
    """What :func:`drivers` reads.

    Attributes
    ----------
    asked, selection
        The log, and the rows that are read.
    rule
        How items are counted.
    groups
        The values of each column.
    """

    asked: Asked
    selection: Selection
    rule: Rule
    groups: Mapping[Any, Groups]

    @property
    def too_recent(self) -> int | None:
        """Items that are left out as too recent; ``None`` where none can be."""
        flags = self.selection.too_recent
        return None if flags is None else int(np.count_nonzero(flags))


def read_drivers(
    log: StageLog,
    pipeline: Pipeline,
    columns: str | Sequence[str],
    *,
    static: str | Sequence[str] | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    unit: str | None = None,
    where: Where | None = None,
) -> DriversRead:
    """Read what :func:`drivers` counts; the options are its own."""
    names = by_columns(columns, "columns")
    _check_static(log, names, static)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    (rule,) = rules_of("furthest", "won", None)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis="created" if basis is None and within is None else basis_of(basis, within),
        as_of=as_of,
        within=within,
        unit=unit,
        flips=[rule.lost_then_won],
    )
    return DriversRead(asked, selection, rule, {name: _groups(selection, name) for name in names})


def drivers_table(
    found: Sequence[pd.DataFrame],
    pipeline: Pipeline,
    adjust: AdjustName,
    confidence: float,
    too_recent: int | None,
) -> pd.DataFrame:
    """Make the table of :func:`drivers` of the values of each column."""
    check_options(adjust, confidence)
    sure = check_confidence(confidence)
    counted = pd.concat(list(found), ignore_index=True)
    table, clear = _table(counted, sure, adjust)
    remember(
        table,
        "drivers",
        pipeline,
        confidence=sure,
        rows=len(table),
        clear=clear,
        sides=[f"{row[0]} {row[1]}" for row in counted[["column", "value"]].to_numpy().tolist()],
        items=counted["n"].tolist(),
        open=counted["open"].tolist(),
        **({} if too_recent is None else {"too_recent": too_recent}),
    )
    return table


def _check_static(log: StageLog, names: Sequence[Any], static: Any) -> None:
    """Refuse columns whose values are of today, unless somebody vouches for them."""
    vouched = [] if static is None else by_columns(static, "static")
    strangers = [str(name) for name in vouched if name not in names]
    if strangers:
        raise SchemaError(given("static", strangers[0]), " is not one of the columns that are compared")
    for name in columns_of_today(log, names, vouched):
        raise SchemaError(
            given("columns", name),
            " is a column of the items table, whose values are of today: one that is filled in after the "
            f"win would explain it; if {quoted([str(name)])} was known before, name it in ",
            named("static"),
            " too",
        )


def _groups(selection: Any, name: Any) -> Any:
    groups = groups_of(selection, [name], option="columns", reserved=None)
    if groups.later:
        raise SchemaError(
            given("columns", name),
            " is known only when an item is closed; name a column that was known before",
        )
    return groups


def values_of(name: Any, groups: Groups, base: Integers, won: Integers, is_open: Integers) -> pd.DataFrame:
    """Put the items of each value of a column beside those of all other values."""
    n_groups = len(groups.values)
    rows = pd.DataFrame(
        {
            "column": [str(name)] * n_groups,
            "value": [label for (label,) in labels_of(groups)],
            "n": base[:n_groups],
            "won": won[:n_groups],
            "open": is_open[:n_groups],
        }
    )
    rows["n_rest"], rows["won_rest"] = rows["n"].sum() - rows["n"], rows["won"].sum() - rows["won"]
    return rows[rows["n"] > 0]


def _table(rows: pd.DataFrame, confidence: float, adjust: AdjustName) -> tuple[pd.DataFrame, list[list[str]]]:
    """Compare each value with the rest; return the table, and the values that a sentence may name."""
    names = ("won", "n", "won_rest", "n_rest")
    won, n, won_rest, n_rest = (rows[name].to_numpy(dtype=np.float64) for name in names)
    p_values = score_tests(won, n, won_rest, n_rest)
    difference, low, high = differences(won, n, won_rest, n_rest, confidence)
    table = pd.DataFrame(
        {
            "column": rows["column"],
            "value": rows["value"],
            "n": rows["n"],
            "conversion": share(won, n),
            "conversion_rest": share(won_rest, n_rest),
            "difference": difference,
            "difference_low": low,
            "difference_high": high,
            "p_adjusted": adjusted(p_values, adjust),
        },
        columns=[*DRIVERS],
    )
    unknown = np.isnan(p_values)
    order = np.lexsort((-np.abs(np.nan_to_num(difference)), np.where(unknown, 2.0, p_values)))
    counts = [rows[name].to_numpy() for name in names]
    is_clear = surely_below(p_values, counts, 1 - confidence, adjust)
    clear = [
        [str(column), str(value)] for column, value in rows.loc[is_clear, ["column", "value"]].to_numpy()
    ]
    return table.iloc[order].reset_index(drop=True), clear
