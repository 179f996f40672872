"""What is asked for the choices of a reader, with the options of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.funnel import funnel
from ..questions.scope.breakdown import where_read
from ..questions.stages.group_numbers import Label, group_numbers
from ..questions.stages.losses import losses
from ..tables.options import BasisName
from ..times.periods import PeriodLike
from ..working_hours import WorkingHours

_SURE: Final = 0.95  # the confidence of all bounds on the page


@dataclass(frozen=True)
class Asked:
    """What the numbers of each choice are asked with.

    Attributes
    ----------
    log, pipeline
        The stage history, as the conditions of the page leave it, and the stages.
    by, reason
        Options of the page.
    period, basis
        Those of the page.
    money, calendar, scope
        Options about amounts; the working hours; ``unlisted``, ``missing`` and ``as_of``.
    """

    log: StageLog
    pipeline: Pipeline
    by: str | Sequence[str] | None
    reason: str | None
    period: PeriodLike | None
    basis: BasisName
    money: Mapping[str, Any]
    calendar: WorkingHours | None
    scope: Mapping[str, Any]

    def funnel(self, by: Any, period: PeriodLike | None) -> pd.DataFrame:
        """Ask for both funnels."""
        options = {**self.money, **self.scope, "by": by, "period": period, "basis": self.basis}
        return funnel(self.log, self.pipeline, kind="both", confidence=_SURE, **options)

    def losses(self, by: Any, period: PeriodLike | None) -> pd.DataFrame:
        """Ask for the losses; a column of the log is read in the first row of an item, as for a funnel."""
        at = where_read(self.log, by, None, choices=(), of_log="first row")
        options = {**self.money, **self.scope, "by": by, "period": period, "basis": self.basis}
        options |= {"at": "first"} if at == "first row" else {}
        return losses(
            self.log, self.pipeline, reason=self.reason, calendar=self.calendar, confidence=_SURE, **options
        )

    def numbers(self, by: Any, period: PeriodLike | None, wanted: Sequence[Label]) -> dict[Label, pd.Series]:
        """Ask for the numbers of the tiles."""
        return group_numbers(
            self.log,
            self.pipeline,
            by,
            period,
            wanted,
            basis=self.basis,
            confidence=_SURE,
            money=self.money,
            calendar=self.calendar,
            scope=self.scope,
        )
