"""Answers about parts of the items, which are merged into the answers about all items."""

# Making, merging and pickling a part read the same fields, so they stand together; half of it is docstrings.

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import pandas as pd

from ... import _core
from ...errors import SchemaError, check_option, counted, given
from ...log.data import ReaderLines
from ...log.near_labels import alike
from ...log.quality import (
    ABOUT_THE_ITEMS_TABLE,
    one_row_items,
    quality_counts,
    quality_table,
    stage_counts,
)
from ...log.stage_log import StageLog
from ...log.stage_signs import UseOfStages
from ...naming import public
from ...pipeline import Pipeline
from ...tables.frames import as_chosen
from ...tables.options import AtName, BasisName, Fill, LostThenWonName, MissingStages, PerName, Unlisted
from ...tables.schema import STAGE_TIMES, TRANSITIONS
from ...tables.summary import Summary
from ...times.periods import Clock, MomentLike, Period, PeriodLike, moment_of, period_of
from ..counted.stages import Stages
from ..counted.totals import total_chosen, total_lines
from ..funnel.count import count
from ..funnel.counts import FunnelCounts
from ..funnel.kinds import rules_of
from ..funnel.table import funnel_table, outcome_table, win_rate_standouts
from ..scope.breakdown import by_columns, check_top
from ..scope.conditions import Conditions, conditions_of
from ..scope.item_groups import item_groups_of
from ..scope.remarks import Ends, remark, remarks_of_reader, remarks_of_stages, with_basis
from ..scope.scope import Scope
from ..scope.selection import selection_of
from ..scope.where import Where, asked_of, read_as_part
from ..scope.working import Lengths
from ..stages.durations import QUANTILES, box_of, keep_box, quantiles_of, time_table
from ..stages.limits import Limits, LimitsLike, limits_of
from .differences import OPTIONS, refuse_difference
from .groups import PartGroups, added_up
from .item_keys import ItemIds
from .limited import Limited
from .moves import PartMoves
from .samples import Sample, times_of_samples, total_samples
from .stored import read_state, written_state
from .tables import largest_of_funnels, table_of_moves
from .visits import visits_of_part


@public
@dataclass(frozen=True, eq=False, repr=False)
class Partial:
    """Everything that a summary needs about some of the items; made by :func:`partial` and :func:`merge`.

    It holds counts, the durations of completed visits (for exact quantiles) and the keys of its items, with
    text as hashes of 128 bits (to show that no item is in two partials): about 8 to 32 bytes per item and 8
    per completed visit, whatever the number of rows. It can be pickled and sent: then it has 8 to 16 bytes
    per item.

    Attributes
    ----------
    pipeline, fill, lost_then_won, per, unlisted, missing
        The arguments of :func:`partial`.
    unit, zone
        Unit and zone of the log's times, see :class:`StageLog`.
    period, basis, as_of
        The arguments of :func:`partial`; moments are in the unit of the log's times.
    by, at
        The columns of the breakdown and where they are read; ``by`` is ``None`` without one.
    limits
        The limits of the stages that have one, in the unit of the log's times.
    where
        The conditions, as pairs of a column and its condition; ``None`` without any.
    """

    pipeline: Pipeline
    fill: Fill
    lost_then_won: LostThenWonName | None
    per: PerName
    unlisted: Unlisted
    missing: MissingStages
    unit: str | None
    zone: str | None
    period: Period
    basis: BasisName
    as_of: int | None
    by: tuple[Hashable, ...] | None
    at: AtName
    limits: Mapping[Hashable, int]
    where: Conditions | None
    _groups: PartGroups
    _counts: dict[str, FunnelCounts]
    _samples: list[Sample]  # of every stage of every group, group after group
    _moves: PartMoves
    _limited: Limited | None
    _observed: int | None  # until when a question sees the items
    _found: dict[str, int]
    _stages: Stages
    _stages_of_all: Stages  # of all items of the logs, which judge whether a stage has rows
    _chosen: Mapping[str, str | int]
    _use: UseOfStages
    _ends: Ends
    _start_unknown: int
    _reader_lines: ReaderLines
    _keys: ItemIds

    @property
    def n_items(self) -> int:
        """Number of distinct items."""
        return len(self._keys)

    @property
    def n_rows(self) -> int:
        """Number of rows, without dropped rows."""
        return self._found["rows"] - self._found["dropped"] - self._found.get("other_stages", 0)

    def __getstate__(self) -> dict[str, Any]:
        return written_state(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(read_state(state))

    def summary(self, *, quantiles: Sequence[float] = QUANTILES, top: int | None = None) -> Summary:
        """Answer as :func:`summary` answers for a log with just these items.

        Parameters
        ----------
        quantiles
            As for :func:`time_in_stage`.
        top
            As for :func:`summary`.

        Returns
        -------
        Summary
            Every number is equal to that of one log with the rows of all parts. The quality table leaves
            the items tables of the logs out.

        Raises
        ------
        SchemaError
            If a quantile is not between 0 and 1, or a stage of the pipeline has no rows in any part and
            `missing` refuses it.
        """
        exact_quantiles = quantiles_of(quantiles)
        check_top(top, self.by)
        fit = self._stages.fit(self.pipeline)
        self._stages_of_all.fit(self.pipeline).refuse_without_rows(self.missing)
        clock = Clock(self.unit, self.zone)
        of_where = {"where": dict(self._chosen)} if self._chosen else {}
        remarks = {
            **remarks_of_stages(fit, self.unlisted),
            **with_basis(self._ends.remarks(clock), self.basis),
            **remarks_of_reader(self._reader_lines),
            **({"start_unknown": self._start_unknown} if self._start_unknown else {}),
            **of_where,
        }
        groups, counts = largest_of_funnels(self._groups, self._counts, top)
        outcome = counts["classic"]
        tables = {
            "funnel": funnel_table(self.pipeline, "both", counts, groups),
            "outcomes": outcome_table(self.pipeline, outcome, groups, win_rate_standouts(outcome, groups)),
            **self._times_and_moves(exact_quantiles, top),
        }
        quality = quality_table(
            self._found,
            self._stages.rows,
            fit,
            self._reader_lines,
            self._use.signs(self.pipeline, clock),
        )
        answer = Summary(
            **{name: remark(table, remarks) for name, table in tables.items()},
            quality=remark(quality, of_where),
        )
        return cast(Summary, as_chosen(answer))

    def _times_and_moves(
        self, quantiles: Mapping[str, _core.stages.Quantile], top: int | None
    ) -> dict[str, pd.DataFrame]:
        """Make the tables of what visits and moves count, of the largest groups by their items."""
        pipeline, sizes = self.pipeline, self._groups.sizes
        groups, code = self._groups.largest(top, sizes, sizes > 0)
        n_groups, n_stages = len(groups.values), len(pipeline.labels)
        shown = groups.shown(added_up([sizes], [code], n_groups) > 0)
        of_box = box_of(quantiles) if groups.is_one else {}
        quantiles = {**quantiles, **of_box}
        samples = total_samples([self._samples], [code], n_groups, n_stages)
        times = time_table(
            pipeline,
            times_of_samples(samples, shown, n_stages, list(quantiles.values())),
            per=self.per,
            names=list(quantiles),
            unit=self.unit,
            groups=groups,
            shown=shown,
        )
        if self._limited is not None:
            limited = Limited.total([self._limited], [code], n_groups)
            shares = limited.shares(Limits.of(self.limits, pipeline), self._end_of_reading())
            times["over_limit"] = shares[shown].ravel()
        keep_box(times, list(of_box))
        moves = PartMoves.total([self._moves], [code])
        return {"time_in_stage": times, "transitions": table_of_moves(pipeline, groups, moves)}

    def _end_of_reading(self) -> int:
        """Return the moment until which visits go on."""
        _, end = self.period.ticks(Clock(self.unit, self.zone))
        observed = self._observed or 0
        return observed if end is None or self.basis != "active" else min(end, observed)

    def __repr__(self) -> str:
        return f"Partial: {counted(self.n_rows, 'row')}, {counted(self.n_items, 'item')}\n  {self.pipeline!r}"


def partial(
    log: StageLog,
    pipeline: Pipeline,
    *,
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    at: AtName = "first",
    per: PerName = "visit",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    unit: str | None = None,
    limits: LimitsLike | None = None,
    where: Where | None = None,
) -> Partial:
    """Take from a log with some of the items everything that the summary of all items needs.

    It serves data that comes in parts: make one log per part, keep its partial, and release the log. Every
    item must have all its rows in one part. :func:`merge` puts the partials together.

    Parameters
    ----------
    log, pipeline
        The stage history of some items, and the stages.
    fill, lost_then_won, by, at, per, unlisted, missing, period, basis, as_of, limits
        As for :func:`summary`; each part has the columns of `by`. Quantiles and the number of groups to show
        are chosen at the end, in :meth:`Partial.summary`, and there stages without rows are judged: another
        part may have them.
    unit
        Refused: the items of one account may be in several parts.
    where
        As for :func:`summary`. A part need not have the values that it names.

    Returns
    -------
    Partial

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`summary`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> pipeline = sf.Pipeline("New", won="Won")
    >>> january = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 4]})
    >>> february = sf.StageLog({"item": [2, 3, 3], "stage": ["New", "New", "Won"], "time": [5, 6, 8]})
    >>> whole = sf.merge([sf.partial(log, pipeline) for log in (january, february)])
    >>> whole
    Partial: 5 rows, 3 items
      Pipeline: New | won: Won
    >>> whole.summary(quantiles=[]).time_in_stage[["stage", "visits", "completed", "mean", "median"]]
      stage  visits  completed  mean  median
    0   New       3          2   3.0     3.0
    1   Won       2          0   NaN     NaN
    """
    if unit is not None:
        raise SchemaError(
            given("unit", unit),
            " counts items as one that may be in several parts, and a partial holds counts of its own part; "
            "ask funnel() or outcomes() of one log of all parts",
        )
    rules = rules_of("both", fill, lost_then_won)
    check_option("per", per, get_args(PerName))
    check_option("missing", missing, get_args(MissingStages))
    whole = log
    with read_as_part():
        asked = asked_of(log, pipeline, where, unlisted=unlisted, missing="ignore")
    log = asked.log
    selection = selection_of(
        log, pipeline, unlisted=unlisted, missing="ignore", period=period, basis=basis, as_of=as_of
    )
    clock = log._data.clock
    reserved = [*STAGE_TIMES, *TRANSITIONS, *quantiles_of(QUANTILES)]
    of_items = item_groups_of(selection, by, at=at, reserved=reserved)
    groups, places = PartGroups.of(of_items)
    moves = PartMoves.of(selection, of_items)
    scope, n_groups = Scope(selection), 1
    if of_items is not None:
        scope, n_groups = Scope(selection, of_items.groups), of_items.groups.n_groups
        moves = moves.at(places, n_groups)
    lengths = Lengths.of(log._data, None)
    limit = limits_of(limits, pipeline, lengths)
    samples, limited = visits_of_part(selection, lengths, of_items, places, per, limit, period, as_of, basis)
    found = quality_counts(log._data, pipeline)
    use = UseOfStages.of(log._data, pipeline, is_part=True)
    return Partial(
        pipeline=pipeline,
        fill=fill,
        lost_then_won=lost_then_won,
        per=per,
        unlisted=unlisted,
        missing=missing,
        unit=log.unit,
        zone=log.zone,
        period=period_of(period, clock),
        basis=basis,
        as_of=moment_of(as_of, clock, "as_of"),
        by=None if by is None else tuple(by_columns(by)),
        at=at,
        limits=limit.by_label(pipeline),
        where=None if where is None else tuple(sorted(conditions_of(where), key=repr)),
        _groups=groups,
        _counts={rule.kind: count(scope, rule).at_groups(places) for rule in rules},
        _samples=samples,
        _moves=moves,
        _limited=limited,
        _observed=log._data.end_of_observation(moment_of(as_of, clock, "as_of")),
        _found={check: n for check, n in found.items() if check not in ABOUT_THE_ITEMS_TABLE},
        _stages=Stages.of(log._data),
        _stages_of_all=Stages.of(whole._data),
        _chosen=asked.remarks.get("where", {}),
        _use=use,
        _ends=Ends.of(log._data, period, as_of),
        _start_unknown=selection.remarks.get("start_unknown", 0),
        _reader_lines=log._data.reader_lines,
        _keys=ItemIds.of(log._data),
    )


def merge(partials: Iterable[Partial]) -> Partial:
    """Put partials of different items together.

    The result is a partial again. Partials may be merged in any order and in steps: the result is the same.

    Parameters
    ----------
    partials
        One or more partials of the same pipeline and options, with times of the same unit and zone.

    Returns
    -------
    Partial
        The partial of all items; :meth:`Partial.summary` gives its tables.

    Raises
    ------
    SchemaError
        If the partials differ in pipeline, options, unit or zone, if items are text in one partial and
        integers in another or hashed with different keys (`hash_key` of :class:`StageLog`), or if an item is
        in two partials.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> pipeline = sf.Pipeline("New", won="Won")
    >>> logs = [sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}) for key in "abc"]
    >>> a, b, c = (sf.partial(log, pipeline) for log in logs)
    >>> sf.merge([c, sf.merge([a, b])]).summary()
    Summary: 3 items: 0 won, 0 lost, 3 open
      tables  funnel, outcomes, time_in_stage, transitions, quality
    """
    parts = list(partials) if isinstance(partials, Iterable) else [partials]
    others = [part for part in parts if not isinstance(part, Partial)]
    if others:
        raise SchemaError(f"merge takes partials, got {type(others[0]).__name__}")
    if not parts:
        raise SchemaError("there is nothing to merge: it takes one partial or more")
    first = parts[0]
    for number, other in enumerate(parts):
        refuse_difference(first, other, number)
    groups, codes = PartGroups.total([part._groups for part in parts])
    n_groups = len(groups.groups.values)
    limited = [part._limited for part in parts if part._limited is not None]
    observed = [part._observed for part in parts if part._observed is not None]
    stages = Stages.total([part._stages for part in parts])
    # A pipeline that a reader made is judged less strictly; which one stays must not depend on the order.
    written = [part.pipeline for part in parts if not part.pipeline.is_from_export]
    return Partial(
        pipeline=next(iter(written), first.pipeline),
        **{option: getattr(first, option) for option in OPTIONS},
        _groups=groups,
        _counts={
            kind: FunnelCounts.total([part._counts[kind] for part in parts], codes, n_groups)
            for kind in first._counts
        },
        _samples=total_samples(
            [part._samples for part in parts], codes, n_groups, len(first.pipeline.labels)
        ),
        _moves=PartMoves.total([part._moves for part in parts], codes),
        _limited=Limited.total(limited, codes, n_groups) if limited else None,
        _observed=max(observed, default=None),
        _found=_total_found(parts, stages),
        _stages=stages,
        _stages_of_all=Stages.total([part._stages_of_all for part in parts]),
        _chosen=total_chosen([part._chosen for part in parts]),
        _use=UseOfStages.total([part._use for part in parts]),
        _ends=Ends.total([part._ends for part in parts]),
        _start_unknown=sum(part._start_unknown for part in parts),
        _reader_lines=total_lines([part._reader_lines for part in parts]),
        _keys=ItemIds.merged([part._keys for part in parts]),
    )


def _total_found(parts: Sequence[Partial], stages: Stages) -> dict[str, int]:
    """Add up the counts of the quality table, except those of stages, which several parts may share."""
    # Parts may have columns that others have not.
    checks = dict.fromkeys(check for part in parts for check in part._found)
    found = {check: sum(part._found.get(check, 0) for part in parts) for check in checks}
    found["stages"] = len(stages.rows)
    found |= stage_counts(stages.fit(parts[0].pipeline))
    # These two are about all items, or about all rows.
    found["one_row_items"] = one_row_items(sum(part.n_rows for part in parts), found["items"])
    if any(part.n_rows and not part._found["dates_as_numbers"] for part in parts):
        found["dates_as_numbers"] = 0
    found["stages_alike"] = len(alike(stages.rows))
    return found
