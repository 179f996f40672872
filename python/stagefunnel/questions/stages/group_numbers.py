"""The key numbers of each group of a breakdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.labels import columns_before, value_labels
from ...tables.options import BasisName
from ...times.periods import PeriodLike
from ...working_hours import WorkingHours
from ..funnel.funnel import outcomes
from ..scope.breakdown import groups_of
from ..scope.selection import selection_of
from .key_numbers import medians, times_to_win, with_win_rates

#: A group: one label for each column of the breakdown.
Label: TypeAlias = tuple[str, ...]


def group_numbers(
    log: StageLog,
    pipeline: Pipeline,
    by: str | Sequence[str] | None,
    period: PeriodLike | None,
    wanted: Sequence[Label],
    *,
    basis: BasisName,
    confidence: float,
    money: Mapping[str, Any],
    calendar: WorkingHours | None,
    scope: Mapping[str, Any],
) -> dict[Label, pd.Series]:
    """Count for each group what :func:`key_numbers` counts for a period, but whether it is partly covered.

    Of the groups that are wanted, one without an item in the period is not there; without a breakdown the
    one group has no label.
    """
    options = {"period": period, **{name: scope[name] for name in ("unlisted", "missing", "as_of")}}
    now = outcomes(log, pipeline, by=by, basis=basis, **money, **options)
    place = {label: at for at, label in enumerate(labels_of(now, columns_before(now, "base")))}
    labels = [label for label in wanted if label in place]
    now = now.iloc[[place[label] for label in labels]].reset_index(drop=True)
    table = now[[name for name in ("won", "lost", "open", "amount_won") if name in now]].copy()
    table["created"] = now["base"]
    if basis == "active" and period is not None:
        created = outcomes(log, pipeline, by=by, basis="created", **options)
        of_created = labels_of(created, columns_before(created, "base"))
        counts = dict(zip(of_created, created["base"].tolist(), strict=True))
        table["created"] = [counts.get(label, 0) for label in labels]
    selection = selection_of(log, pipeline, basis=basis, **options)
    groups = groups_of(selection, by, reserved=None)
    items, took, unit = times_to_win(selection, calendar)
    of_group = _split(took, groups.codes(selection.journeys.n_items)[items], groups.n_groups)
    times = dict(zip(labels_of(groups.values, groups.names), of_group, strict=False))
    for name, values in medians([times[label] for label in labels], unit, confidence).items():
        table[name] = values
    table = with_win_rates(table, confidence)
    return {label: table.iloc[at] for at, label in enumerate(labels)}


def _split(
    values: npt.NDArray[np.int64], code: npt.NDArray[np.integer[Any]], n: int
) -> list[npt.NDArray[np.int64]]:
    """Put the values of each code together."""
    order = np.argsort(code, kind="stable")
    return np.split(values[order], np.searchsorted(code[order], np.arange(1, n)))


def labels_of(table: pd.DataFrame, names: Sequence[Any]) -> list[Label]:
    """Write the group of each row; rows without a breakdown are of the group without a label."""
    if not names:
        return [()] * len(table)
    return [*zip(*(value_labels(table[name]) for name in names), strict=True)]
