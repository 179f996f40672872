"""Visits of a part beside the limits of their stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ...times.periods import Clock
from ...working_hours import WorkingHours
from ..counted.fields import dense, key, key_of_group, rows, value
from ..funnel.counts import added_to
from ..scope.working import passed_until
from ..stages.limits import Limits
from ..stages.stays import Stays

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OpenVisits:
    """Visits of stages with a limit that go on, by their start.

    Attributes
    ----------
    group, stage, started
        Group, stage and start.
    n
        How many visits have these.
    """

    group: Integers = key_of_group()
    stage: Integers = key()
    started: Integers = key()
    n: Integers = value()


@dataclass(frozen=True, eq=False)
class Limited:
    """How many visits of each stage are longer than its limit.

    How long a visit is that goes on depends on the last row of all parts, so its start is kept.

    Attributes
    ----------
    known, beyond
        Visits of a known start that are over, and those of them that are beyond the limit, by group and
        stage.
    still_open
        The visits that go on.
    """

    known: Integers = dense()
    beyond: Integers = dense()
    still_open: OpenVisits = rows(OpenVisits)

    @classmethod
    def of(cls, stays: Stays, began: Integers, limits: Limits, group: Integers, n_groups: int) -> Self:
        """Take what is needed out of the visits of a log.

        `began` is when each visit did, by no calendar, for nobody knows its end yet; `group` is its group.
        """
        limit = limits.of_stage[stays.stage]
        is_limited = stays.is_known & (limit >= 0)
        is_over = is_limited & ~stays.goes_on
        is_beyond = is_over & (stays.length > limit)
        n_stages = len(limits.of_stage)
        cell = group * n_stages + stays.stage
        known, beyond = (
            np.bincount(cell[flags], minlength=n_groups * n_stages).reshape(n_groups, n_stages)
            for flags in (is_over, is_beyond)
        )
        goes_on = is_limited & stays.goes_on
        starts = [group[goes_on], stays.stage[goes_on].astype(np.int64), began[goes_on]]
        ones = np.ones(len(starts[0]), dtype=np.int64)
        return cls(known, beyond, OpenVisits(starts[0], starts[1], starts[2], ones))

    def to(self, code: Integers, n_groups: int) -> Self:
        """Add up the groups, each where it went."""
        visits = self.still_open
        return type(self)(
            added_to(code, n_groups, self.known),
            added_to(code, n_groups, self.beyond),
            OpenVisits(code[visits.group], visits.stage, visits.started, visits.n),
        )

    def shares(
        self, limits: Limits, until: int, clock: Clock, calendar: WorkingHours | None
    ) -> npt.NDArray[np.float64]:
        """Return the share of the visits that are beyond, open ones too as long as they are by `until`."""
        known, beyond = self.known.copy(), self.beyond.copy()
        visits = self.still_open
        cells = (visits.group, visits.stage)
        passed = passed_until(visits.started, until, clock, calendar)
        np.add.at(known, cells, visits.n)
        np.add.at(beyond, cells, visits.n * (passed > limits.of_stage[visits.stage]))
        shares = np.full(known.shape, np.nan)
        np.divide(beyond, known, out=shares, where=(known > 0) & (limits.of_stage >= 0))
        return shares
