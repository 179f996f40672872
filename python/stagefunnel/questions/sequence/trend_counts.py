"""What entered a sequence in each period: everything that the table of a trend is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError
from ...log.stage_log import StageLog
from ...tables.options import AttributionName, EveryName
from ...tables.schema import SEQUENCE_TREND
from ...times.every import check_every
from ...times.periods import FREQUENCIES, MomentLike
from ..counted import fields
from ..counted.code_cells import Cells
from ..scope.groups import ONE_GROUP, Groups
from ..scope.where import Where, is_read_as_part
from .about import SequenceAbout
from .attribution import touch_of
from .counts import NO_RULES
from .period_answers import Entered, entered_by_period
from .question import question_of, steps_between
from .rules import SequenceRules
from .steps import StepsLike

Integers: TypeAlias = npt.NDArray[np.int64]
COUNTED = ("entered", "converted", "mature", "converted_mature")


@dataclass(frozen=True, eq=False)
class EnteredRows:
    """What entered in each period, by group.

    Attributes
    ----------
    period, group
        Ordinal of the period, and the group.
    n
        A column for each of `COUNTED`.
    """

    group: Integers = fields.key_of_group()
    period: Integers = fields.key()
    n: Integers = fields.value()


@dataclass(frozen=True, eq=False)
class TrendCounted:
    """What :func:`sequence_trend` counts.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    rows
        What entered.
    sizes
        What the groups of a part are ranked by, when the small ones are put together later.
    n_in_several
        Items that entered in more than one period, where bounds depend on it.
    steps
        Numbers of the two steps.
    begin, end
        When the log begins, and until when it is seen; ``None`` without rows.
    as_of
        The moment of the report.
    """

    groups: Groups = fields.groups()
    about: SequenceAbout = fields.about()
    rows: EnteredRows = fields.rows(EnteredRows)
    sizes: Integers | None = fields.dense()
    n_in_several: Integers = fields.dense(by_group=False)
    steps: tuple[int, int] = fields.same()
    begin: int | None = fields.settled(min)
    end: int | None = fields.same()
    as_of: int | None = fields.same()

    def periods(self, every: EveryName) -> pd.PeriodIndex:
        """Return the periods from the first to the last in which something entered."""
        period = self.rows.period
        ordinals = np.arange(period.min(), period.max() + 1) if len(period) else period
        of_ordinals: Any = pd.PeriodIndex
        found: pd.PeriodIndex = of_ordinals.from_ordinals(ordinals, freq=FREQUENCIES[every])
        return found


def count_trend(
    log: StageLog,
    steps: StepsLike,
    *,
    every: EveryName = "month",
    from_step: int | None = None,
    to_step: int | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: MomentLike | None = None,
    where: Where | None = None,
    confidence: float | None = None,
    rules: SequenceRules = NO_RULES,
) -> TrendCounted:
    """Count what :func:`sequence_trend` shows; `top` puts the small groups together before."""
    check_every(every)
    is_part = is_read_as_part()
    question = question_of(log, steps, as_of, rules, where)
    if question.log.unit is None:
        raise SchemaError("the log's times are plain integers, which have no calendar; give timestamps")
    between = steps_between(question, from_step, to_step)
    touch = touch_of(attribution, attribution_step, question.plan, by)
    entered = entered_by_period(question, every, *between, by, touch, SEQUENCE_TREND, top)
    data = question.log._data
    return TrendCounted(
        groups=ONE_GROUP if entered.groups is None else entered.groups.alone(),
        about=question.about,
        rows=_rows(entered),
        sizes=entered.sizes if is_part else None,
        n_in_several=np.array([entered.n_in_several if is_part or confidence is not None else 0]),
        steps=between,
        begin=None if data.time_range is None else data.time_range[0],
        end=data.end_of_observation(question.as_of),
        as_of=question.as_of,
    )


def _rows(entered: Entered) -> EnteredRows:
    ordinals = entered.periods.asi8
    n_periods = max(len(ordinals), 1)
    n_groups = 1 if entered.groups is None else entered.groups.n_groups
    cell = entered.group.astype(np.int64) * n_periods + entered.period
    if n_periods * n_groups <= 4 * len(cell) + 1_000:
        place, n_cells = cell, n_periods * n_groups
        sizes = np.bincount(cell, minlength=n_cells)
        used = found = np.flatnonzero(sizes)
    else:
        cells = Cells.of([cell])
        place, n_cells, sizes = cells.of_each, cells.n, cells.sizes()
        found, used = np.arange(n_cells), cells.keys[0]
    flags = (entered.converted, entered.mature, entered.converted & entered.mature)
    counts = [sizes, *(np.bincount(place[one], minlength=n_cells) for one in flags)]
    n = np.stack([one[found] for one in counts], axis=-1).astype(np.int64)
    return EnteredRows(used // n_periods, ordinals[used % n_periods], n)
