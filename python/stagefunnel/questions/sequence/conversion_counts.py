"""How long matches took between two steps: everything that the histogram is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...log.stage_log import StageLog
from ...tables.options import AttributionName
from ...tables.schema import CONVERSION_TIMES
from ...times.periods import MomentLike
from ...working_hours import WorkingHours
from ..counted import fields
from ..counted.listed import Listed, listed
from ..counted.samples import Binned, Samples
from ..scope.groups import ONE_GROUP, Groups
from ..scope.where import Where, is_read_as_part
from ..scope.working import Lengths
from .about import SequenceAbout
from .attribution import grouped_by, items_of_groups, touch_of
from .counts import NO_RULES
from .matches import matches_of
from .question import question_of, steps_between
from .rules import SequenceRules
from .steps import StepsLike
from .times import signed_samples

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ConversionsCounted:
    """What :func:`time_to_convert` counts.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    sizes
        Items of each group of a part, of which the small ones are put together later.
    ahead, back
        The times of a part by group; those that go back without their sign.
    times
        The times of one log, and the group of each.
    steps
        Numbers of the two steps.
    unit, noted
        Unit of the times, and what the table remembers of their calendar.
    """

    groups: Groups = fields.groups()
    about: SequenceAbout = fields.about()
    sizes: Integers | None = fields.dense()
    ahead: Samples | Binned | None = fields.samples()
    back: Samples | Binned | None = fields.samples()
    steps: tuple[int, int] = fields.same()
    unit: str | None = fields.same()
    noted: Mapping[str, Any] = fields.same()
    times: Listed | None = fields.of_whole(default=None)

    def listed(self) -> tuple[Integers, npt.NDArray[np.integer[Any]]]:
        """Return all times and their groups."""
        if self.times is not None:
            return self.times.values, self.times.row
        assert self.ahead is not None
        assert self.back is not None  # a part has both
        ahead, back = listed(self.ahead), listed(self.back)
        return np.concatenate([ahead.values, -back.values]), np.concatenate([ahead.row, back.row])


def count_conversions(
    log: StageLog,
    steps: StepsLike,
    *,
    from_step: int | None = None,
    to_step: int | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
    rules: SequenceRules = NO_RULES,
) -> ConversionsCounted:
    """Count what :func:`time_to_convert` shows; `top` puts the small groups together before."""
    question = question_of(log, steps, as_of, rules, where)
    log = question.log
    start, end = steps_between(question, from_step, to_step)
    touch = touch_of(attribution, attribution_step, question.plan, by)
    grouped = grouped_by(question, by, touch, CONVERSION_TIMES, top)
    matches = matches_of(log, grouped.plan, question.as_of, grouped.journeys)
    both = matches.done[:, start - 1] & matches.done[:, end - 1]
    measured = Lengths.of(log._data, calendar)
    from_time, to_time = (measured.times(matches.time[both, step - 1]) for step in (start, end))
    lengths = to_time - from_time
    of_items = grouped.groups
    groups = ONE_GROUP if of_items is None else of_items.alone()
    group = np.zeros(len(lengths), dtype=np.int64) if of_items is None else of_items.code[matches.item[both]]
    sizes = ahead = back = times = None
    if not is_read_as_part():
        times = Listed(lengths, group, groups.n_groups)
    else:
        ahead, back = signed_samples(lengths, group, groups.n_groups)
        if of_items is not None:
            sizes = items_of_groups(grouped.journeys, of_items, question.as_of)
    return ConversionsCounted(
        groups=groups,
        about=question.about,
        sizes=sizes,
        ahead=ahead,
        back=back,
        steps=(start, end),
        unit=measured.unit,
        noted=measured.remembered,
        times=times,
    )
