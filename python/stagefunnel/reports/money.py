"""The money of the page: its section, its numbers at the top, and the options of its questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..display.sentences import answers
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.scope.money import Rates
from ..questions.stages.velocity import sales_velocity
from ..words import tr
from . import sections
from .page import Section


def money_options(amount: str | None, currency: str | None, rates: Rates | None) -> dict[str, Any]:
    """Return the options about money that a question is asked with; none without an amount."""
    if amount is None and currency is None and rates is None:
        return {}
    return {"amount": amount, "currency": currency, "rates": rates}


def money_section(
    log: StageLog,
    pipeline: Pipeline,
    outcome: pd.DataFrame | None,
    money: Mapping[str, Any],
    scope: Mapping[str, Any],
) -> Section | None:
    """Make the section about money; ``None`` without an amount.

    A velocity is per day, so that a log of plain integers has none.
    """
    if outcome is None:
        return None
    tables = [sections.table_part(outcome, tr("Outcomes, with the sum of {amount}", amount=money["amount"]))]
    findings = answers(outcome, outcome.attrs["stagefunnel"])
    if log.unit is not None:
        of_time = {name: value for name, value in scope.items() if name != "basis"}
        velocity = sales_velocity(log, pipeline, **money, **of_time)
        tables.append(sections.table_part(velocity, tr("Sales velocity, per day")))
        findings += answers(velocity, velocity.attrs["stagefunnel"])
    return Section(
        "money",
        tr("Money"),
        tr(
            "The amounts of the items that are won, lost and open now. The average deal is that of "
            "the won items that have an amount. The sales velocity is the open items × the win rate "
            "× the average deal ÷ the days that won items took, the last three of the items that "
            "closed in the period."
        ),
        None,
        tables,
        findings,
    )
