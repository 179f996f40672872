"""Variants: whole journeys as the stages that they passed, the most frequent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import check_option, check_whole, counted
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share
from ...tables.options import BasisName, MissingStages, SkipAtName, Unlisted
from ...tables.schema import VARIANTS
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..scope.breakdown import groups_of
from ..scope.medians import medians_of_lines
from ..scope.selection import Selection, selection_of
from ..scope.unknown_starts import born_unknown
from ..scope.where import Where, asked_of
from ..scope.working import Lengths

_MOST: Final = 10_000
_NO_VARIANT: Final = np.iinfo(np.uint32).max
ARROW: Final = " → "
OPEN, WON, LOST = range(3)  # the core's outcomes


def variants(
    log: StageLog,
    pipeline: Pipeline,
    *,
    top: int = 20,
    by: str | Sequence[str] | None = None,
    at: SkipAtName = "first",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """List whole journeys as the stages that they passed, the most frequent first.

    Items share a variant if their visits are of the same stages in the same order; a stage that comes several
    times in a row is one visit.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    top
        Number of variants to list, of each group; all others share one line.
    by, at, unlisted, missing, period, basis, as_of, where
        As for :func:`funnel`; a column of the log is read in an item's first or last row.
    calendar
        Working hours, as for :func:`time_in_stage`.

    Returns
    -------
    DataFrame
        One row per variant, per group of `by`: ``variant`` (the names of its stages in their order),
        ``items``, ``share`` of the items of the group, ``won``, ``lost`` and ``open`` of them now,
        ``median_cycle_time`` (from the first listed row to the first of the closing won or lost visits, of
        items that are closed and whose start is known, without the pipeline's ``paused`` stages; missing
        where there is none), ``rework`` = visits − distinct stages (missing for the line of others). Equally
        frequent variants are in the order of their stages in the pipeline, stage by stage. An item that moved
        to another pipeline, and is kept, is none of won, lost and open.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also if `top` is not a number from 1 to 10,000.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> stages = ["New", "Won", "New", "Won", "New", "Offer", "New", "Lost"]
    >>> rows = {"item": [1, 1, 2, 2, 3, 3, 3, 3], "stage": stages, "time": [0, 4, 1, 3, 0, 1, 2, 3]}
    >>> log = sf.StageLog(rows)
    >>> table = sf.variants(log, sf.Pipeline(["New", "Offer"], won="Won", lost="Lost"))
    >>> table[["variant", "items", "won", "lost", "median_cycle_time", "rework"]]
                          variant  items  won  lost  median_cycle_time  rework
    0                   New → Won      2    2     0                3.0       0
    1  New → Offer → New → Lost      1    0     1                3.0       1
    """
    check_variants(top)
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
    groups = groups_of(selection, by, at=at, reserved=VARIANTS)
    lengths = Lengths.of(selection.data, calendar)
    found = _core.stages.find_variants(
        journeys=selection.journeys, pipeline=selection.lookup, threads=selection.data.threads
    )
    items = VariantItems.of(selection, lengths, found.of_item, groups.codes(asked.log.n_items))
    lines = _lines_of(selection, found, items, groups.n_groups, top)
    n = len(lines.group)
    is_closed = items.is_known & (items.outcome != OPEN) & ~items.moved
    counts = {
        name: np.bincount(lines.of_item[(items.outcome == code) & ~items.moved], minlength=n)
        for name, code in (("won", WON), ("lost", LOST), ("open", OPEN))
    }
    n_items = np.bincount(lines.of_item, minlength=n).astype(np.int64)
    of_group = np.bincount(lines.group, weights=n_items, minlength=groups.n_groups)
    cycle = items.closed_at[is_closed] - items.first_time[is_closed]
    columns: dict[str, Any] = {
        "variant": pd.Series(lines.names, dtype="str"),
        "items": n_items,
        "share": share(n_items, of_group[lines.group]),
        **{name: values.astype(np.int64) for name, values in counts.items()},
        "median_cycle_time": to_durations(medians_of_lines(cycle, lines.of_item[is_closed], n), lengths.unit),
        "rework": pd.array(lines.rework, dtype="Int64"),
    }
    table = label_rows(pd.DataFrame({name: columns[name] for name in VARIANTS}), groups.values, lines.group)
    remember(
        table,
        "variants",
        pipeline,
        **groups.remembered,
        n_variants=len(np.unique(items.variant)),
        **lengths.remembered_with_pauses(pipeline),
    )
    return asked.remarked(selection.remarked(table))


def check_variants(top: int) -> None:
    """Check how many variants are to be listed."""
    check_whole("top", top, _MOST)


@dataclass(frozen=True)
class VariantItems:
    """The items that have a variant, in the order of their first rows: what each line counts of them."""

    variant: npt.NDArray[np.uint32]
    group: npt.NDArray[np.int32]
    outcome: npt.NDArray[np.uint8]
    first_time: npt.NDArray[np.int64]
    closed_at: npt.NDArray[np.int64]
    moved: npt.NDArray[np.bool_]
    is_known: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        selection: Selection,
        lengths: Lengths,
        variant: npt.NDArray[np.uint32],
        group: npt.NDArray[np.int32],
    ) -> VariantItems:
        """Read the items of a selection, by the variant and the group of each item of the log."""
        journeys = selection.journeys
        facts = _core.stages.item_facts(
            journeys=lengths.with_pauses(selection, lengths.journeys(journeys)),
            pipeline=selection.lookup,
            threads=selection.data.threads,
        )
        in_order = _core.journeys.items_by_first_row(journeys)
        item = in_order[variant[in_order] != _NO_VARIANT]  # as the facts are
        unborn = born_unknown(selection.data, selection.lookup, journeys)
        nobody = np.zeros(len(variant), dtype=bool)
        return cls(
            variant[item],
            group[item],
            facts.outcome,
            facts.first_time,
            facts.closed_at,
            (nobody if selection.moved is None else selection.moved)[item],
            ~(nobody if unborn is None else unborn)[item],
        )


@dataclass(frozen=True)
class _Lines:
    """The lines of the table, and the line of each item."""

    group: npt.NDArray[np.int64]
    names: list[str]
    rework: list[int | None]
    of_item: npt.NDArray[np.int64]


def _lines_of(
    selection: Selection, found: _core.stages.Variants, items: VariantItems, n_groups: int, top: int
) -> _Lines:
    """Choose the variants of each group that are listed; the others of a group share its last line."""
    n_variants = max(len(found.example), 1)
    pairs, pair, sizes = _pairs(items, n_variants, n_groups)
    group, variant = np.divmod(pairs, n_variants)
    bounds = np.searchsorted(group, np.arange(n_groups + 1)).astype(np.int64)
    chosen = _core.stages.most_frequent(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        variants=found,
        variant=variant.astype(np.uint32),
        items=sizes.astype(np.int64),
        bounds=bounds,
        top=top,
    ).astype(np.int64)
    # The line of each chosen pair, with room for one line of others behind those of each group.
    sizes_of_groups = np.diff(bounds)
    has_others = sizes_of_groups > top
    n_lines = np.minimum(sizes_of_groups, top) + has_others
    starts = np.cumsum(n_lines) - n_lines
    line_of_pair = (starts + n_lines - 1)[group]
    group_of_chosen = group[chosen]
    place = np.arange(len(chosen)) - np.searchsorted(group_of_chosen, group_of_chosen)
    line_of_pair[chosen] = starts[group_of_chosen] + place
    names = [""] * int(n_lines.sum())
    rework: list[int | None] = [None] * len(names)
    labels = list(selection.pipeline.names.values())
    texts: dict[int, tuple[str, int]] = {}
    for at, line in zip(chosen.tolist(), line_of_pair[chosen].tolist(), strict=True):
        number = int(variant[at])
        if number not in texts:
            stages = _core.stages.stages_visited(
                journeys=selection.journeys, pipeline=selection.lookup, item=int(found.example[number])
            )
            texts[number] = ARROW.join(labels[row] for row in stages), len(stages) - len(set(stages))
        names[line], rework[line] = texts[number]
    for number in np.flatnonzero(has_others).tolist():
        rest = int(sizes_of_groups[number]) - top
        names[int(starts[number] + n_lines[number]) - 1] = f"other ({counted(rest, 'variant')})"
    return _Lines(np.repeat(np.arange(n_groups), n_lines), names, rework, line_of_pair[pair])


def _pairs(
    items: VariantItems, n_variants: int, n_groups: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give numbers to the pairs of a group and a variant that items have; return the pair of each item."""
    if n_groups == 1:
        sizes = np.bincount(items.variant, minlength=n_variants)
        pairs = np.flatnonzero(sizes)
        number = np.zeros(n_variants, dtype=np.int64)
        number[pairs] = np.arange(len(pairs))
        return pairs, number[items.variant], sizes[pairs]
    code = items.group.astype(np.int64) * n_variants + items.variant
    pairs, pair, sizes = np.unique(code, return_inverse=True, return_counts=True)
    return pairs, pair.reshape(-1), sizes
