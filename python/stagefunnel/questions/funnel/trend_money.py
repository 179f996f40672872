"""The amounts of a trend: those of the items table, or of whole journeys in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...errors import SchemaError, advised, given
from ...log.columns.kept import RowColumns
from ...log.stage_log import StageLog
from ...tables.options import AmountAtName, BasisName
from ..scope.columns import source_of
from ..scope.money import Amounts, Rates, amounts_of
from ..scope.selection import Selection


@dataclass(frozen=True)
class TrendMoney:
    """What a trend adds up; the options are those of :func:`funnel`."""

    amount: str | None
    amount_at: AmountAtName
    currency: str | None
    rates: Rates | None

    def check(self, log: StageLog, basis: BasisName) -> None:
        """Refuse columns of the log where each period reads other rows of an item."""
        if basis != "active":
            return
        for option, name in (("amount", self.amount), ("currency", self.currency)):
            if name is not None and isinstance(source_of(log, name, option), RowColumns):
                raise SchemaError(
                    given(option, name),
                    " is a column of the log, and a trend of active items reads it in another row for each "
                    "period; pass ",
                    advised("basis", "created"),
                    " or ",
                    advised("basis", "closed"),
                    ", or name a column of the items table",
                )

    def of(self, selection: Selection) -> Amounts:
        """Read the amounts of a selection."""
        return amounts_of(
            selection, self.amount, amount_at=self.amount_at, currency=self.currency, rates=self.rates
        )

    def of_active(self, whole: Selection, stretch: Callable[[], Selection]) -> Amounts:
        """Read those of all items; only items that are active in the stretch of time need a currency."""
        if self.amount is None or self.currency is None:
            return self.of(whole)
        return self.of(stretch())
