"""What the fit of open items stands on: the visits of a part of a log, and the ages of its open items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import MissingStages, Unlisted
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.about import About
from ..counted.fields import about, groups, same, samples
from ..counted.listed import listed
from ..counted.samples import Binned, Samples
from ..forecast.asking import HorizonLike, OpenReading
from ..forecast.exits import VisitEnds
from ..forecast.shared_chances import OpenAges, SharedChances
from ..forecast.win_probability import win_probability
from ..scope.groups import Groups
from ..scope.where import Where, asked_of
from ..stats.spells import CENSORED, LEFT_OUT
from .mergeable import BY_NAME
from .question_kind import Mergeable


@dataclass(frozen=True, eq=False)
class FitCounted:
    """What :func:`win_probability` counts of a part of a log.

    Attributes
    ----------
    groups, about
        The groups that are each fitted, and what tables remember.
    exits
        How long each visit was seen, by group, stage and what ended it; what goes on comes last.
    open_ages
        The ages of the open items by group, stage, and whether the age is known.
    horizon
        How long the horizon is from the end of observation; ``None`` without one.
    unit
        Unit of the lengths.
    """

    groups: Groups = groups()
    about: About = about()
    exits: Samples | Binned = samples()
    open_ages: Samples | Binned = samples()
    horizon: int | None = same()
    unit: str | None = same()


def count_fit(
    log: StageLog,
    pipeline: Pipeline,
    *,
    fit_by: str | Sequence[str] | None = None,
    horizon: HorizonLike | None = None,
    train: PeriodLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> FitCounted:
    """Count what :func:`win_probability` needs of a part of a log; the options are its own."""
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    read = OpenReading.of(
        asked,
        pipeline,
        horizon=horizon,
        fit_by=fit_by,
        train=train,
        unlisted=unlisted,
        as_of=as_of,
        calendar=calendar,
    )
    ends, found = read.ends(), read.groups
    n = ends.n_stages
    n_ends = n + 3
    is_counted = ends.cause != LEFT_OUT
    code = found.codes(asked.log.n_items)[ends.item].astype(np.int64)
    place = np.where(ends.cause == CENSORED, n_ends - 1, ends.cause)
    exits = ((code * n + ends.stage) * n_ends + place)[is_counted]
    ages = OpenAges.of(OpenAges.cells(read.group, read.stage, read.is_known, n), read.age)
    return FitCounted(
        groups=found.alone(),
        about=About.of(asked, read.selection),
        exits=Samples.of(ends.exit[is_counted].view(np.uint64), exits, found.n_groups * n * n_ends),
        open_ages=Samples.of(ages.age.view(np.uint64), ages.cell, found.n_groups * n * 2),
        horizon=None if read.horizon is None else int(read.horizon.length),
        unit=read.lengths.unit,
    )


def chances_of_fit(
    counts: FitCounted, pipeline: Pipeline, *, method: str, confidence: float, seed: int
) -> SharedChances:
    """Fit the visits of all parts, and read the chances of all open items."""
    n = len(pipeline.stages)
    exits, ages = listed(counts.exits), listed(counts.open_ages)
    cell, place = np.divmod(exits.row, n + 3)
    group, stage = np.divmod(cell, n)
    cause = np.where(place == n + 2, CENSORED, place).astype(np.int32)
    return SharedChances.of(
        counts.groups,
        VisitEnds(exits.values, cause, stage.astype(np.int32), group.astype(np.int64), n),
        OpenAges.of(ages.row.astype(np.int64), ages.values),
        method=method,
        horizon=counts.horizon,
        confidence=confidence,
        seed=seed,
    )


#: What is counted before the open items of each part are listed; no partial of it is public.
FIT: Final = Mergeable(
    win_probability,
    FitCounted,
    count_fit,
    chances_of_fit,
    at_the_end=("method", "confidence", "seed"),
    settled=("horizon",),
    always_needs_end=True,
)
#: All that is counted of parts, by the name of its function.
KINDS: Final = {**BY_NAME, FIT.name: FIT}
#: Options that the fit depends on; the others are about what the rows of items show.
OF_FIT: Final = (
    *("fit_by", "horizon", "method", "confidence", "train", "seed", "unlisted", "missing", "as_of"),
    *("calendar", "where"),
)
