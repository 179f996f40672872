"""The parts of a flow balance, in items or in money: what stood there, what came, and what left."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from ...tables.schema import FLOW, FLOW_AMOUNTS
from ...words import mark, tr
from ..numbers import brief
from .style import Meaning


class Part(NamedTuple):
    """A part of a balance: its name, how much it adds, what it means, and whether it is a sum."""

    name: str
    n: float
    meaning: Meaning
    is_sum: bool = False

    @property
    def text(self) -> str:
        """Write how much it is, with its sign where it is a change."""
        text = brief(round(abs(self.n)))
        return text if self.is_sum else f"{'+' if self.n > 0 else '−'}{text}"


# Columns of a balance with their names, signs and meanings; moves between stages cancel out in that of all.
_SUMS = (("at_start", mark("at the start")), ("at_end", mark("at the end")))
_OF_ALL: tuple[tuple[str, str, int, Meaning], ...] = (
    ("created", mark("created"), 1, "open"),
    ("from_closed", mark("opened again"), 1, "open"),
    ("moved_in", mark("from another pipeline"), 1, "open"),
    ("raised", mark("raised"), 1, "open"),
    ("won", mark("won"), -1, "won"),
    ("lost", mark("lost"), -1, "lost"),
    ("moved_out", mark("to another pipeline"), -1, "skipped"),
    ("lowered", mark("lowered"), -1, "skipped"),
)
_OF_STAGE: tuple[tuple[str, str, int, Meaning], ...] = (
    ("created", mark("created here"), 1, "open"),
    ("from_earlier", mark("from earlier stages"), 1, "open"),
    ("from_later", mark("from later stages"), 1, "open"),
    *_OF_ALL[1:4],
    ("advanced", mark("moved on"), -1, "moved"),
    ("went_back", mark("went back"), -1, "skipped"),
    *_OF_ALL[4:],
)


def has_money(table: pd.DataFrame) -> bool:
    """Check for a balance with amounts."""
    return {*FLOW_AMOUNTS[:-1]} <= {*table.columns}


def parts_of(rows: pd.DataFrame, *, of_stage: bool, in_money: bool) -> list[Part]:
    """Make the balance of one stage, or of all stages in progress together; parts of nothing are left out."""
    totals = totals_of(rows, in_money=in_money)
    (first, at_start), (last, at_end) = _SUMS
    changes = [
        Part(tr(name), sign * totals[column], meaning)
        for column, name, sign, meaning in (_OF_STAGE if of_stage else _OF_ALL)
        if totals.get(column)
    ]
    return [
        Part(tr(at_start), totals[first], "moved", is_sum=True),
        *changes,
        Part(tr(at_end), totals[last], "moved", is_sum=True),
    ]


def totals_of(rows: pd.DataFrame, *, in_money: bool) -> dict[str, float]:
    """Add up the columns of a balance, of items or of their amounts, by the names of those of items."""
    columns = FLOW_AMOUNTS[:-1] if in_money else FLOW[2:]
    # Sums of money are written in whole units, and what is less than half of one is rounding.
    sums = {name.removeprefix("amount_"): float(rows[name].sum()) for name in columns}
    return {name: total if abs(total) >= 0.005 else 0.0 for name, total in sums.items()}
