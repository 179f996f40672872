"""The moves of a part of a log, and where the chains of all parts together end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import advised, check_option
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName, ChainErrorName, ChainMethodName, MissingStages, Unlisted
from ...times.lengths import LengthLike
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.fields import about, dense, groups, same, samples
from ..counted.folding import largest
from ..counted.listed import listed
from ..counted.samples import Binned, Samples
from ..scope.groups import Groups
from ..scope.where import Where
from ..stages.absorption import absorption_table, chain_visits_of, counts_by_group
from ..stages.chain_counts import ChainCounts, SeenVisits
from ..stages.chain_visits import ENDS
from ..stages.log_chain import solve
from ..stats.bounds import check_confidence
from ..stats.spells import CENSORED

Integers: TypeAlias = npt.NDArray[np.int64]
_DENSE = ("moves", "n_timed", "spent", "begun", "items_in")


@dataclass(frozen=True, eq=False)
class AbsorptionCounted:
    """What :func:`absorption` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    moves, n_timed, spent, begun, items_in
        As :class:`ChainCounts` has them, by group.
    lengths
        How long visits took or were seen, by group, stage and what ended them; those that go on come last.
        ``None`` where no curves are made.
    n_unknown
        Items with a visit of an unknown start.
    unit, noted
        Unit of the lengths, and what the table remembers of them.
    """

    groups: Groups = groups()
    about: About = about()
    moves: Integers = dense()
    n_timed: Integers = dense()
    spent: Integers = dense()
    begun: Integers = dense()
    items_in: Integers = dense()
    lengths: Samples | Binned | None = samples()
    n_unknown: Integers = dense(by_group=False)
    unit: str | None = same()
    noted: Mapping[str, Any] = same()

    def by_group(self, places: Sequence[int]) -> Iterator[ChainCounts]:
        """Return what is counted of some groups, one after another."""
        _, n_stages, width = self.moves.shape
        of_all = None if self.lengths is None else listed(self.lengths)
        for place in places:
            counts = {name: getattr(self, name)[place] for name in _DENSE}
            seen = None
            if of_all is not None:
                n_rows = n_stages * (width + 1)
                begin, end = np.searchsorted(of_all.row, [place * n_rows, (place + 1) * n_rows])
                stage, cause = np.divmod(of_all.row[begin:end] - place * n_rows, width + 1)
                cause = np.where(cause == width, CENSORED, cause)
                seen = SeenVisits(stage.astype(np.int32), cause.astype(np.int32), of_all.values[begin:end])
            yield ChainCounts(**counts, seen=seen)


def absorption_refused(options: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Say why a part cannot have some errors."""
    if options.get("se") != "robust":
        return None
    return (
        advised("se", "robust"),
        " adds up by item what its visits change in the answer about all items, which counts of moves do not "
        "know; ask absorption() of one log of all parts",
    )


def count_absorption(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    method: ChainMethodName = "visits",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    within: LengthLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> AbsorptionCounted:
    """Count what :func:`absorption` needs of a part of a log; the options are its own."""
    check_option("method", method, get_args(ChainMethodName))
    found = chain_visits_of(
        log,
        pipeline,
        by=by,
        unlisted=unlisted,
        missing=missing,
        period=period,
        basis=basis,
        as_of=as_of,
        within=within,
        calendar=calendar,
        where=where,
    )
    n_stages, n_groups = len(pipeline.labels), found.groups.n_groups
    counts = [counts for counts, _ in counts_by_group(found, found.groups, range(n_groups), method)]
    width = n_stages + len(ENDS)
    shapes = {"moves": (n_stages, width), "spent": (n_stages, 3)}
    lengths = None
    if method == "aalen_johansen":
        seen = [one.seen for one in counts if one.seen is not None]
        n = width + 1
        rows = [
            (group * n_stages + one.stage.astype(np.int64)) * n + np.where(one.cause < 0, width, one.cause)
            for group, one in enumerate(seen)
        ]
        nothing = np.zeros(0, dtype=np.int64)
        values = np.concatenate([nothing, *(one.length for one in seen)]).view(np.uint64)
        lengths = Samples.of(values, np.concatenate([nothing, *rows]), n_groups * n_stages * n)
    dense_counts = {
        name: np.array([getattr(one, name) for one in counts], dtype=np.int64).reshape(
            n_groups, *shapes.get(name, (n_stages,))
        )
        for name in _DENSE
    }
    return AbsorptionCounted(
        groups=found.groups.alone(),
        about=found.about,
        **dense_counts,
        lengths=lengths,
        n_unknown=np.array([found.n_unknown], dtype=np.int64),
        unit=found.unit,
        noted=found.noted,
    )


def absorption_of(
    counts: AbsorptionCounted,
    pipeline: Pipeline,
    *,
    top: int | None = None,
    method: ChainMethodName = "visits",
    se: ChainErrorName = "delta",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Make the table of :func:`absorption`."""
    check_option("se", se, get_args(ChainErrorName))
    sure = check_confidence(confidence)
    sizes = counts.begun.sum(axis=1)
    counts = largest(counts, counts.groups, sizes, top)
    shown = counts.groups.shown(counts.begun.sum(axis=1) > 0)
    runs = np.array([label not in pipeline.rules.paused for label in pipeline.labels], dtype=bool)
    answers = [solve(one, runs, method, se) for one in counts.by_group(shown.tolist())]
    return absorption_table(
        pipeline,
        answers,
        counts.groups,
        shown,
        sure,
        method=method,
        se=se,
        unit=counts.unit,
        noted=counts.noted,
        remembered=counts.about,
        n_unknown=int(counts.n_unknown.sum()),
    )
