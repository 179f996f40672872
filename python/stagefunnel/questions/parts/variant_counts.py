"""The variants of a part of a log, and the table of all parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option, counted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share
from ...tables.options import BasisName, MissingStages, SkipAtName, Unlisted
from ...tables.schema import VARIANTS
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.code_cells import Cells
from ..counted.fields import about, groups, key_of_group, key_of_label, rows, same, samples, value
from ..counted.lengths import means_and_medians
from ..counted.samples import Binned, Samples
from ..scope.breakdown import groups_of
from ..scope.groups import Groups
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from ..stages.variants import ARROW, LOST, OPEN, WON, VariantItems, check_variants

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class VariantRows:
    """The items of each group and variant.

    Attributes
    ----------
    group
        The group.
    variant
        The rows of the stages that were visited, as text.
    items, won, lost, open
        The items, and how they stand.
    cycle
        How long those took that are closed and whose start is known.
    """

    group: Integers = key_of_group()
    variant: Sequence[str] = key_of_label()
    items: Integers = value()
    won: Integers = value()
    lost: Integers = value()
    open: Integers = value()
    cycle: Samples | Binned = samples()


@dataclass(frozen=True, eq=False)
class VariantsCounted:
    """What :func:`variants` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    rows
        The variants.
    unit, noted
        Unit of the lengths, and what the table remembers of them.
    """

    groups: Groups = groups()
    about: About = about()
    rows: VariantRows = rows(VariantRows)
    unit: str | None = same()
    noted: Mapping[str, Any] = same()


def count_variants(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    at: SkipAtName = "first",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> VariantsCounted:
    """Count what :func:`variants` needs of a part of a log; the options are its own."""
    check_option("at", at, get_args(SkipAtName))
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(
        asked.log,
        pipeline,
        unlisted=unlisted,
        missing=asked.missing,
        period=period,
        basis=basis,
        as_of=as_of,
    )
    found_groups = groups_of(selection, by, at=at, reserved=VARIANTS)
    lengths = Lengths.of(selection.data, calendar)
    found = _core.stages.find_variants(
        journeys=selection.journeys, pipeline=selection.lookup, threads=selection.data.threads
    )
    items = VariantItems.of(selection, lengths, found.of_item, found_groups.codes(asked.log.n_items))
    texts = [
        ",".join(map(str, _core.stages.stages_visited(selection.journeys, selection.lookup, int(item))))
        for item in found.example
    ]
    cells = Cells.of([items.group, items.variant])
    of_outcome = {
        name: np.bincount(cells.of_each[(items.outcome == code) & ~items.moved], minlength=cells.n).astype(
            np.int64
        )
        for name, code in (("won", WON), ("lost", LOST), ("open", OPEN))
    }
    is_closed = items.is_known & (items.outcome != OPEN) & ~items.moved
    cycle = (items.closed_at - items.first_time)[is_closed].view(np.uint64)
    return VariantsCounted(
        groups=found_groups.alone(),
        about=About.of(asked, selection),
        rows=VariantRows(
            group=cells.keys[0],
            variant=[texts[number] for number in cells.keys[1].tolist()],
            items=cells.sizes(),
            **of_outcome,
            cycle=Samples.of(cycle, cells.of_each[is_closed], cells.n),
        ),
        unit=lengths.unit,
        noted=lengths.remembered_with_pauses(pipeline),
    )


def variants_of(counts: VariantsCounted, pipeline: Pipeline, *, top: int = 20) -> pd.DataFrame:
    """Make the table of :func:`variants`."""
    check_variants(top)
    found, chosen = counts.rows, counts.groups
    stages = [tuple(map(int, text.split(","))) for text in found.variant]
    # The most frequent variants of each group come first; of equally frequent ones the stages decide.
    order = sorted(range(len(stages)), key=lambda at: (found.group[at], -found.items[at], stages[at]))
    group = found.group[order]
    starts = np.searchsorted(group, np.arange(chosen.n_groups + 1))
    place = np.arange(len(order)) - starts[group]
    sizes = np.diff(starts)
    n_lines = np.minimum(sizes, top) + (sizes > top)
    line = (np.cumsum(n_lines) - n_lines)[group] + np.minimum(place, top)
    line_of = np.empty(len(order), dtype=np.int64)
    line_of[order] = line
    n = int(n_lines.sum())
    names = [""] * n
    rework: list[int | None] = [None] * n
    labels = list(pipeline.names.values())
    for at, number in zip(order, line.tolist(), strict=True):
        if not names[number]:
            names[number] = ARROW.join(labels[row] for row in stages[at])
            rework[number] = len(stages[at]) - len({*stages[at]})
    ends = np.cumsum(n_lines)
    for number in np.flatnonzero(sizes > top).tolist():
        last = int(ends[number]) - 1
        names[last] = f"other ({counted(int(sizes[number]) - top, 'variant')})"
        rework[last] = None
    numbers = {name: _added(getattr(found, name), line_of, n) for name in ("items", "won", "lost", "open")}
    group_of_line = np.repeat(np.arange(chosen.n_groups), n_lines)
    of_group = _added(numbers["items"], group_of_line, chosen.n_groups)
    _, medians = means_and_medians(found.cycle.to(line_of, n))
    columns: dict[str, Any] = {
        "variant": pd.Series(names, dtype="str"),
        **numbers,
        "share": share(numbers["items"], of_group[group_of_line]),
        "median_cycle_time": to_durations(medians, counts.unit),
        "rework": pd.array(rework, dtype="Int64"),
    }
    table = label_rows(pd.DataFrame({name: columns[name] for name in VARIANTS}), chosen.values, group_of_line)
    remember(
        table,
        "variants",
        pipeline,
        **chosen.remembered,
        n_variants=len({*found.variant}),
        **counts.noted,
    )
    return counts.about.remarked(table)


def _added(values: Integers, code: Integers, n: int) -> Integers:
    total = np.zeros(n, dtype=np.int64)
    np.add.at(total, code, values)
    return total
