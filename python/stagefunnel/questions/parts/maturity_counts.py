"""The cohorts of a part of a log, and how much of the answer of all parts is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName, EveryName, MissingStages, Unlisted
from ...tables.schema import MATURITY
from ...times.every import check_every
from ...times.lengths import LengthLike, length_text
from ...times.periods import FREQUENCIES, MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.code_cells import Cells
from ..counted.fields import about, dense, groups, key, key_of_group, rows, same, samples, value
from ..counted.folding import largest
from ..counted.listed import listed
from ..counted.samples import Binned, Samples
from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.within import basis_of, observed_until
from ..scope.working import Lengths
from ..stages.censored import positive_length
from ..stages.lives import LogSpells, Watch, item_spells
from ..stages.maturity import WON, CohortItems, cohorts_of, maturity_table
from ..stats.spells import CENSORED
from .flows import period_list

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CohortRows:
    """The items of each group and cohort.

    Attributes
    ----------
    group, period
        The group, and the ordinal of the period in which they were created.
    won
        Items that are won now.
    is_open, is_closed
        How long each could have been watched, of the open items and of all others.
    """

    group: Integers = key_of_group()
    period: Integers = key()
    won: Integers = value()
    is_open: Samples | Binned = samples()
    is_closed: Samples | Binned = samples()


@dataclass(frozen=True, eq=False)
class MaturityCounted:
    """What :func:`cohort_maturity` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    sizes
        Items of each group.
    exits
        When each life ended or was seen last, by group and by what ended it; those that go on come last.
    cohorts
        The items of each cohort.
    tau
        The age up to which wins are expected, in whole ticks.
    noted
        What the table remembers of how lengths are measured and until when items were seen.
    """

    groups: Groups = groups()
    about: About = about()
    sizes: Integers = dense()
    exits: Samples | Binned = samples()
    cohorts: CohortRows = rows(CohortRows)
    tau: int = same()
    noted: Mapping[str, Any] = same()


def count_maturity(
    log: StageLog,
    pipeline: Pipeline,
    *,
    every: EveryName,
    tau: LengthLike,
    by: str | Sequence[str] | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> MaturityCounted:
    """Count what :func:`cohort_maturity` needs of a part of a log; the options are its own."""
    check_every(every)
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
    found = groups_of(selection, by, reserved=MATURITY)
    counted, n = spells.is_counted, len(spells.causes) + 1
    code = found.codes(len(counted)).astype(np.int64)[counted]
    cause = spells.cause[counted]
    place = np.where(cause == CENSORED, n - 1, cause)
    periods, cohort = cohorts_of(selection, spells, FREQUENCIES[every])
    ordinal = cohort[counted] + (periods.asi8[0] if len(periods) else 0)
    cells = Cells.of([code, ordinal])
    followed, is_open = spells.followed[counted].view(np.uint64), cause == CENSORED
    return MaturityCounted(
        groups=found.alone(),
        about=About.of(asked, selection),
        sizes=np.bincount(code, minlength=found.n_groups).astype(np.int64),
        exits=Samples.of(spells.exit[counted].view(np.uint64), code * n + place, found.n_groups * n),
        cohorts=CohortRows(
            group=cells.keys[0],
            period=cells.keys[1],
            won=np.bincount(cells.of_each[cause == WON], minlength=cells.n).astype(np.int64),
            is_open=Samples.of(followed[is_open], cells.of_each[is_open], cells.n),
            is_closed=Samples.of(followed[~is_open], cells.of_each[~is_open], cells.n),
        ),
        tau=int(limit // 1),
        noted={
            **observed_until(selection.data, None if as_of is None else watch.end),
            **lengths.remembered_with_pauses(pipeline),
        },
    )


def maturity_of(
    counts: MaturityCounted,
    pipeline: Pipeline,
    *,
    every: EveryName,
    tau: LengthLike,
    top: int | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`cohort_maturity`."""
    counts = largest(counts, counts.groups, counts.sizes, top)
    chosen, cohorts = counts.groups, counts.cohorts
    n_groups = chosen.n_groups
    exits = listed(counts.exits)
    n = max(exits.n_rows // n_groups, 2)
    group, place = np.divmod(exits.row, n)
    spells = LogSpells(
        exit=exits.values,
        cause=np.where(place == n - 1, CENSORED, place).astype(np.int32),
        entry=None,
        followed=exits.values,
        item=None,
        causes=["won", "lost", "moved_out"][: n - 1],
        n_unknown=0,
    )
    first = int(cohorts.period.min()) if len(cohorts.period) else 0
    n_periods = int(cohorts.period.max()) - first + 1 if len(cohorts.period) else 0
    periods = period_list(first, n_periods, every)
    cell = cohorts.group * n_periods + (cohorts.period - first)
    of_open, of_closed = listed(cohorts.is_open), listed(cohorts.is_closed)
    row = np.concatenate([of_open.row, of_closed.row])
    items = CohortItems(
        np.concatenate([of_open.values, of_closed.values]),
        np.arange(len(row)) < len(of_open.row),
        cell[row],
        n_groups * n_periods,
    )
    columns = items.matured(
        spells,
        np.ascontiguousarray(group, dtype=np.int32),
        n_groups,
        counts.tau,
        np.ascontiguousarray(cohorts.group[row], dtype=np.int32),
        1,
    )
    won = np.zeros(n_groups * n_periods, dtype=np.int64)
    np.add.at(won, cell, cohorts.won)
    shown = chosen.shown(counts.sizes > 0)
    table = maturity_table(pipeline, chosen, shown, periods, columns | {"n_won": won})
    table.attrs["stagefunnel"] |= {"every": every, "tau": str(length_text(tau)), **counts.noted}
    return counts.about.remarked(table)
