"""What the bottlenecks of a part of a log are made of, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import MissingStages, Unlisted
from ...tables.schema import BOTTLENECKS
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.fields import about, dense, groups, key, key_of_label, rows, same, samples, settled, value
from ..counted.folding import largest
from ..counted.group_keys import GroupLabels, labels_of_rows
from ..counted.group_labels import GroupColumns
from ..counted.listed import listed
from ..counted.samples import Binned, Samples
from ..forecast.bottlenecks import (
    BenchmarkLike,
    GroupChains,
    begun_in,
    bottlenecks_table,
    check_won,
    moves_of,
)
from ..forecast.exits import VisitEnds
from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stages.lives import Watch
from ..stages.stays import stays_of
from ..stats.spells import CENSORED, LEFT_OUT

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BenchmarkRows:
    """Moves from each stage, by the values of the column that is the benchmark.

    Attributes
    ----------
    group, stage
        The value, and the stage that is left.
    n
        The moves, by what follows.
    """

    group: GroupLabels = key_of_label()
    stage: Integers = key()
    n: Integers = value()


@dataclass(frozen=True, eq=False)
class BottlenecksCounted:
    """What :func:`bottlenecks` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    sizes
        Items of each group with a visit that counts.
    begun
        Items of each group by the stage in which they begin, a final one behind the others.
    exits
        How long each visit was seen, by group, stage and what ended it; what goes on comes last.
    benchmark, columns
        The moves by the values of a column, and this column; ``None`` without one.
    unit, noted
        Unit of the lengths, and what the table remembers of their calendar.
    """

    groups: Groups = groups()
    about: About = about()
    sizes: Integers = dense()
    begun: Integers = dense()
    exits: Samples | Binned = samples()
    benchmark: BenchmarkRows | None = rows(BenchmarkRows)
    columns: GroupColumns | None = settled(GroupColumns.total)
    unit: str | None = same()
    noted: Mapping[str, Any] = same()


def count_bottlenecks(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    benchmark: BenchmarkLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> BottlenecksCounted:
    """Count what :func:`bottlenecks` needs of a part of a log; the options are its own."""
    check_won(pipeline)
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
    lengths = Lengths.of(selection.data, calendar)
    watch = Watch.of(selection, observed=None, period=None, basis="created", as_of=as_of)
    ends = VisitEnds.of(selection, lengths, watch)
    found = groups_of(selection, by, reserved=BOTTLENECKS)
    code = found.codes(asked.log.n_items)
    counted, n, n_ends = ends.cause != LEFT_OUT, ends.n_stages, ends.n_stages + 3
    place = np.where(ends.cause == CENSORED, n_ends - 1, ends.cause)[counted]
    cell = (code[ends.item].astype(np.int64) * n + ends.stage)[counted] * n_ends + place
    of_items = code[np.unique(ends.item[counted])]
    of_column, columns = None, None
    if isinstance(benchmark, str):
        column = groups_of(selection, benchmark, option="benchmark")
        moves = moves_of(ends, column.codes(asked.log.n_items)[ends.item], column.n_groups)
        group, stage = np.nonzero(moves.any(axis=2))
        labels = GroupLabels(column.alone(), group.astype(np.int64))
        of_column = BenchmarkRows(labels, stage.astype(np.int64), moves[group, stage].astype(np.int64))
        columns = GroupColumns.of(column)
    return BottlenecksCounted(
        groups=found.alone(),
        about=About.of(asked, selection),
        sizes=np.bincount(of_items, minlength=found.n_groups).astype(np.int64),
        begun=begun_in(selection, stays_of(selection, lengths, as_of=as_of), found),
        exits=Samples.of(ends.exit[counted].view(np.uint64), cell, found.n_groups * n * n_ends),
        benchmark=of_column,
        columns=columns,
        unit=lengths.unit,
        noted=lengths.remembered,
    )


def bottlenecks_of(
    counts: BottlenecksCounted,
    pipeline: Pipeline,
    *,
    top: int | None = None,
    benchmark: BenchmarkLike | None = None,
) -> pd.DataFrame:
    """Make the table of :func:`bottlenecks`."""
    counts = largest(counts, counts.groups, counts.sizes, top)
    n = len(pipeline.stages)
    exits = listed(counts.exits)
    cell, place = np.divmod(exits.row, n + 3)
    group, stage = np.divmod(cell, n)
    cause = np.where(place == n + 2, CENSORED, place).astype(np.int32)
    ends = VisitEnds(exits.values, cause, stage.astype(np.int32), np.zeros(0, dtype=np.int64), n)
    moves = None
    if counts.benchmark is not None and counts.columns is not None:
        labels = labels_of_rows(counts.benchmark.group, counts.columns)
        moves = np.zeros((labels.groups.n_groups, n, n + 2))
        np.add.at(moves, (labels.code, counts.benchmark.stage), counts.benchmark.n)
    begun = counts.begun if len(counts.begun) else np.zeros((1, n + 2), dtype=np.int64)
    chains = GroupChains(pipeline, ends, group.astype(np.int64), begun, 1)
    table = bottlenecks_table(chains, counts.groups, benchmark, moves, counts.unit, counts.noted)
    return counts.about.remarked(table)
