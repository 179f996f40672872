"""Whether the next stage depends on the present one alone, which a chain of moves takes for granted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, stage_values
from ...tables.options import MissingStages, Unlisted
from ...tables.schema import MARKOV_CHECK
from ...times.periods import MomentLike, PeriodLike
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, largest
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stages.stays import stays_of
from ..stats.significance import chi_square_tail

FEW: Final = 5  # an expected count below it makes the test rough
_TESTS: Final = ("order", "homogeneity")


def markov_check(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    as_of: MomentLike | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Test whether what follows a stage depends on where an item came from, or on its group.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns whose groups are compared: whether moves are alike in all of them.
    top
        Number of groups with the most items; the others become one group.
    unlisted, missing, as_of, where
        As for :func:`funnel`.
    period
        Items that were created in it.

    Returns
    -------
    DataFrame
        One row per test and stage in progress, and one of all stages with a missing ``stage``: ``test``
        (``order``: the stage before × the stage after; with `by` ``homogeneity``: the group × the stage
        after), ``n`` (moves), ``statistic`` (the likelihood ratio, G²), ``pearson`` (χ²), ``df`` (of rows
        and columns that are not empty), ``p_value`` of the likelihood ratio, ``few_expected``, the share of
        cells in which fewer than 5 are expected: where it is large, the p-value is rough. Where there is
        nothing to compare, `df` is 0 and the p-value missing.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`.

    References
    ----------
    T. W. Anderson and L. A. Goodman, "Statistical inference about Markov chains", 1957.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [], "stage": [], "time": []}
    >>> for item in range(40):
    ...     path = ["Web" if item % 2 else "Fair", "Offer", "Won" if item % 2 else "Lost"]
    ...     for time, stage in enumerate(path):
    ...         rows["item"].append(item)
    ...         rows["stage"].append(stage)
    ...         rows["time"].append(time)
    >>> pipeline = sf.Pipeline(["Web", "Fair", "Offer"], won="Won", lost="Lost")
    >>> table = sf.markov_check(sf.StageLog(rows), pipeline)
    >>> table.loc[2:, ["stage", "n", "df", "pearson", "few_expected"]]
       stage   n  df  pearson  few_expected
    2  Offer  40   1     40.0           0.0
    3    NaN  80   1     40.0           0.0
    """
    check_top(top, by)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis="created",
        as_of=as_of,
    )
    moves = _Moves.of(selection, as_of)
    tests = [("order", moves.before + 1, len(pipeline.labels) + 1)]
    if by is not None:
        groups = _groups(selection, moves, by, top)
        code = groups.codes(selection.log.n_items)[moves.item].astype(np.int64)
        tests.append(("homogeneity", code, groups.n_groups))
    table = pd.concat(
        [_rows(name, moves, of_row, n_rows, pipeline) for name, of_row, n_rows in tests], ignore_index=True
    )
    table["test"] = pd.Categorical(table["test"], categories=list(_TESTS[: len(tests)]))
    compared = {} if by is None else {"compared": [str(one) for one in groups.names]}
    remember(table, "markov_check", pipeline, rows=len(table), **compared)
    return asked.remarked(selection.remarked(table))


def _groups(selection: Selection, moves: _Moves, by: str | Sequence[str], top: int | None) -> Groups:
    groups = groups_of(selection, by, reserved=MARKOV_CHECK)
    return largest(groups, groups.codes(selection.log.n_items)[np.unique(moves.item)], top)


@dataclass(frozen=True, eq=False)
class _Moves:
    """The moves out of stages in progress.

    Attributes
    ----------
    item, before, stage, after
        Place of the item, and rows of the stages before (-1: the item began here), of the move and after it.
    """

    item: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    stage: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]

    @classmethod
    def of(cls, selection: Selection, as_of: MomentLike | None) -> _Moves:
        stays = stays_of(selection, Lengths.of(selection.data, None), as_of=as_of)
        stage = stays.stage.astype(np.int64)
        is_first = np.zeros(len(stage) + 1, dtype=bool)
        is_first[stays.bounds] = True
        leaves = ~is_first[1:] & (stage < len(selection.pipeline.stages))
        at = np.flatnonzero(leaves)
        before = np.where(is_first[at], -1, stage[at - 1])
        of_item = np.repeat(stays.item.astype(np.int64), np.diff(stays.bounds))
        return cls(of_item[at], before, stage[at], stage[at + 1])


def _rows(
    name: str, moves: _Moves, of_row: npt.NDArray[np.int64], n_rows: int, pipeline: Pipeline
) -> pd.DataFrame:
    """Test each stage, and all of them together."""
    n_stages, n_after = len(pipeline.stages), len(pipeline.labels)
    cell = (moves.stage * n_rows + of_row) * n_after + moves.after
    counts = np.bincount(cell, minlength=n_stages * n_rows * n_after).reshape(n_stages, n_rows, n_after)
    found = [_test(counts[stage]) for stage in range(n_stages)]
    table = pd.DataFrame([*found, _together(found)])
    table["p_value"] = [
        chi_square_tail(statistic, int(df)) if df else np.nan
        for statistic, df in zip(table["statistic"].tolist(), table["df"].tolist(), strict=True)
    ]
    table["few_expected"] = np.where(table["cells"] > 0, table["few"] / table["cells"].clip(lower=1), np.nan)
    table["test"] = name
    table["stage"] = stage_values(pipeline, np.array([*range(n_stages), -1], dtype=np.int32))
    table = table.astype({"n": "int64", "df": "int64"})
    return table[list(MARKOV_CHECK)]


def _test(counts: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Compare the rows of a table of counts; empty rows and columns are none."""
    kept = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(np.float64)
    n = kept.sum()
    if kept.shape[0] < 2 or kept.shape[1] < 2:
        return {"n": n, "statistic": 0.0, "pearson": 0.0, "df": 0, "cells": 0, "few": 0}
    expected = np.outer(kept.sum(axis=1), kept.sum(axis=0)) / n
    some = kept > 0
    return {
        "n": n,
        "statistic": float(2 * (kept[some] * np.log(kept[some] / expected[some])).sum()),
        "pearson": float(((kept - expected) ** 2 / expected).sum()),
        "df": (kept.shape[0] - 1) * (kept.shape[1] - 1),
        "cells": kept.size,
        "few": int((expected < FEW).sum()),
    }


def _together(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add up the tests of all stages, which are of different moves."""
    names = ("n", "statistic", "pearson", "df", "cells", "few")
    return {name: sum(one[name] for one in found) for name in names}
