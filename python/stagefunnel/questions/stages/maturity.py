"""How much of a young cohort's answer is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share
from ...tables.options import BasisName, EveryName, MissingStages, Unlisted
from ...tables.schema import MATURITY
from ...times.every import check_every
from ...times.lengths import LengthLike, length_text
from ...times.periods import FREQUENCIES, MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, folded
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of, observed_until
from ..scope.working import Lengths
from ..stats.spells import Codes, Ticks
from .censored import positive_length
from .curves import curve_values
from .lives import LogSpells, Watch, item_spells

WON: Final = 0


def cohort_maturity(
    log: StageLog,
    pipeline: Pipeline,
    *,
    every: EveryName,
    tau: LengthLike,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Say of each cohort how much of its answer is in, and how many wins are still to come.

    The items created last have had the least time. How far items of their age have come is known from all
    cohorts together.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    every
        The periods of creation: ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``.
    tau
        The age up to which wins are expected: ``"180d"``.
    by
        Columns of the items table, or of the log at the item's first row; each group is as a log of its items
        alone.
    top
        Number of groups with the most items; the others become one group.
    unlisted, missing, period, as_of, where
        As for :func:`funnel`.
    basis
        As for :func:`funnel`; ``"created"`` by default.
    calendar
        Working hours, as for :func:`time_in_stage`.

    Returns
    -------
    DataFrame
        One row per group and period in which items were created: ``period``, ``n`` (items), ``n_won`` and
        ``n_open`` of them now, ``share_open``; ``maturity``, the share of its wins within `tau` that a cohort
        of these ages has had; ``expected_more_wins``, those that its open items may still bring by `tau`.
        The last two are missing where nobody was watched for so long.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a log whose times are plain integers, which have no calendar.

    Examples
    --------
    >>> import pandas as pd
    >>> import stagefunnel as sf
    >>> days = pd.to_datetime(["2026-01-01", "2026-01-11", "2026-01-01", "2026-02-01", "2026-02-06"])
    >>> rows = {"item": [1, 1, 2, 3, 4], "stage": ["New", "Won", "New", "New", "New"], "time": days}
    >>> log = sf.StageLog(rows, observed_until="2026-02-11")
    >>> table = sf.cohort_maturity(log, sf.Pipeline("New", won="Won"), every="month", tau="20d")
    >>> table[["period", "n", "n_won", "n_open", "maturity"]]
        period  n  n_won  n_open  maturity
    0  2026-01  2      1       1       1.0
    1  2026-02  2      0       2       0.5
    """
    check_every(every)
    check_top(top, by)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    if asked.log._data.unit is None:
        raise SchemaError("the log's times are plain integers, which have no calendar; give timestamps")
    kept = "created" if basis is None else basis_of(basis, None)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=kept,
        as_of=as_of,
    )
    lengths = Lengths.of(selection.data, calendar)
    limit = positive_length(tau, lengths)
    watch = Watch.of(selection, observed=None, period=period, basis=kept, as_of=as_of)
    spells = item_spells(selection, lengths, watch, target=-1, reopen="last", as_of=as_of, has_target=False)
    groups = groups_of(selection, by, reserved=MATURITY)
    counted = spells.is_counted
    sizes = np.bincount(groups.codes(len(counted))[counted], minlength=groups.n_groups).astype(np.int64)
    if top is not None:
        groups = folded(groups, sizes, sizes > 0, top)
        sizes = np.bincount(groups.codes(len(counted))[counted], minlength=groups.n_groups).astype(np.int64)
    code = np.ascontiguousarray(groups.codes(len(counted)))
    shown = groups.shown(sizes > 0)
    periods, cohort = cohorts_of(selection, spells, FREQUENCIES[every])
    tau_ticks, threads = int(limit // 1), selection.data.threads
    cell = code[counted].astype(np.int64) * len(periods) + cohort[counted]
    items = CohortItems(
        spells.followed[counted], spells.cause[counted] < 0, cell, groups.n_groups * len(periods)
    )
    matured = items.matured(spells, code, groups.n_groups, tau_ticks, code[counted], threads)
    n_won = np.bincount(cell[spells.cause[counted] == WON], minlength=items.n_cells)
    columns = matured | {"n_won": n_won.astype(np.int64)}
    table = maturity_table(pipeline, groups, shown, periods, columns)
    table.attrs["stagefunnel"] |= {
        "every": every,
        "tau": str(length_text(tau)),
        **observed_until(selection.data, None if as_of is None else watch.end),
        **lengths.remembered_with_pauses(pipeline),
    }
    return asked.remarked(selection.remarked(table))


def maturity_table(
    pipeline: Pipeline,
    groups: Groups,
    shown: npt.NDArray[np.intp],
    periods: pd.PeriodIndex,
    columns: Mapping[str, npt.NDArray[Any]],
) -> pd.DataFrame:
    """Make the table of :func:`cohort_maturity` of columns by group and period."""
    cells = (shown[:, np.newaxis] * len(periods) + np.arange(len(periods))).reshape(-1)
    table = pd.DataFrame(
        {
            "period": periods[np.tile(np.arange(len(periods)), len(shown))],
            **{name: columns[name][cells] for name in MATURITY[1:]},
        }
    )
    table = label_rows(table, groups.values, np.repeat(shown, len(periods)))
    remember(table, "cohort_maturity", pipeline, **groups.remembered)
    return table


def cohorts_of(
    selection: Selection, spells: LogSpells, freq: str
) -> tuple[pd.PeriodIndex, npt.NDArray[np.int64]]:
    """List the periods from the first to the last of a creation, and find that of each item."""
    counted = spells.is_counted
    cohort = np.full(len(counted), -1, dtype=np.int64)
    if not counted.any() or spells.began is None:
        return pd.PeriodIndex([], freq=freq), cohort
    times = pd.DatetimeIndex(selection.data.to_times(spells.began[counted]))
    number = times.tz_localize(None).to_period(freq).asi8  # each period's is one more than that before it
    first = number.min()
    cohort[counted] = number - first
    ordinals = range(first, number.max() + 1)
    # pandas has it since 2.2; its stubs do not know it.
    return pd.PeriodIndex.from_ordinals(ordinals, freq=freq), cohort  # type: ignore[attr-defined]


@dataclass(frozen=True, eq=False)
class CohortItems:
    """The items of the cohorts of all groups.

    Attributes
    ----------
    followed
        How long each could have been watched.
    is_open
        Whether it is open now.
    cell
        Its group and cohort.
    n_cells
        Number of these.
    """

    followed: Ticks
    is_open: npt.NDArray[np.bool_]
    cell: Ticks
    n_cells: int

    def matured(
        self, spells: LogSpells, code: Codes, n_groups: int, tau: int, group: Codes, threads: int
    ) -> dict[str, npt.NDArray[Any]]:
        """Say what the curves of the groups, made of `spells`, mean for the items of each cohort.

        `code` has the group of each spell, and `group` that of each item.
        """
        tau = min(tau, np.iinfo(np.int64).max)
        age = np.minimum(self.followed, tau)
        of_tau = np.full(n_groups, tau, dtype=np.int64)
        won, left = curve_values(spells, code, n_groups, age, threads, of=group)
        every_group = np.arange(n_groups, dtype=np.int32)
        by_tau = curve_values(spells, code, n_groups, of_tau, threads, of=every_group)[0][group]
        goes_on = self.is_open & (age < tau)
        to_come = np.where(goes_on, share(by_tau - won, left), np.where(np.isnan(by_tau), np.nan, 0.0))
        n = self._sums(self.cell)
        n_open = self._sums(self.cell[self.is_open])
        # Floats are added in the order of the ages, which is that of no log; items of one age and cell add
        # the same number or none.
        order = np.argsort(age)
        cell = self.cell[order]
        return {
            "n": n,
            "n_open": n_open,
            "share_open": share(n_open, n),
            "maturity": share(self._sums(cell, share(won, by_tau)[order]), n),
            "expected_more_wins": self._sums(cell, to_come[order]),
        }

    def _sums(self, cell: Ticks, values: npt.NDArray[np.float64] | None = None) -> npt.NDArray[Any]:
        """Count the items of each cell, or add up a value of each item."""
        return np.bincount(cell, weights=values, minlength=self.n_cells)
