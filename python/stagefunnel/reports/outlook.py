"""The section about open items: how many will be won, what the counted rate hides, and which are too old."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..display.charts.incidence_chart import plot_incidence
from ..display.numbers import count, counted, length, percent, points
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.stages.incidence import cumulative_incidence
from ..questions.stages.open_items import open_items
from ..words import tr, trn
from . import sections
from .page import Section
from .painter import Draw

_NEARLY_ALL: Final = 0.98  # of the wins that are to be expected
_N_STEPS: Final = 50
_WORTH_A_LINE: Final = 0.005  # difference of two shares


def outlook(
    draw: Draw, log: StageLog, pipeline: Pipeline, calendar: Any, scope: Mapping[str, Any]
) -> Section | None:
    """Make the section; ``None`` where no item is open, or too few are old enough for a horizon."""
    if not len(pipeline.won) or not log.n_rows or scope["basis"] == "closed":
        return None
    options = {**scope, "basis": "created", "calendar": calendar}
    whole = cumulative_incidence(log, pipeline, **options)
    remembered = whole.attrs["stagefunnel"]
    n_open = sum(remembered["n_open"])
    won = whole[(whole["cause"] == "won") & ~whole["beyond_horizon"] & whole["incidence"].notna()]
    if not n_open or won.empty or not won["incidence"].iloc[-1]:
        return None
    ripe = won[won["incidence"] >= _NEARLY_ALL * won["incidence"].iloc[-1]].iloc[0]
    age, horizon = ripe["time"], won["time"].iloc[-1]
    table = whole
    if age < horizon / 2:  # the first days are what differs, and a chart of years would squeeze them
        table = cumulative_incidence(log, pipeline, times=_steps(age * 1.5), **options)
    findings = [_naive(won.iloc[-1])]
    if scope["period"] is None and len(won) > 1:
        findings.append(_too_old(log, pipeline, calendar, scope, age, horizon, remembered))
    figure = sections.figure_of(draw, plot_incidence, table)
    return Section(
        "outlook",
        tr("Outlook for open items"),
        tr(
            "How many of the items are won and lost by each age. An open item has not failed: it "
            "counts for as long as it was seen, and is taken to go on as older ones did. The dotted "
            "line takes every open item for one that is never won. In brackets, and as bands, are "
            "the bounds of 95%."
        ),
        sections.without(figure, tr("{word}, by age", word=tr("Won and lost"))),
        [sections.table_part(table, tr("Won and lost, by age"))],
        [line for line in findings if line],
    )


def _steps(longest: Any) -> list[Any]:
    """Make steps up to an age or a little more: of whole days, hours or minutes where there are enough."""
    step = longest / _N_STEPS
    if isinstance(step, pd.Timedelta):
        units = [unit for unit in map(pd.Timedelta, ("1D", "1h", "1min")) if unit <= step]
        step = step if not units else units[0] * math.ceil(step / units[0])
    return [step * place for place in range(1, _N_STEPS + 1)]


def _naive(last: pd.Series) -> str:
    """Say how far the counted share is below the estimate; nothing where it is not."""
    below = last["incidence"] - last["naive"]
    if pd.isna(below) or below < _WORTH_A_LINE:
        return ""
    too_low = points(below).removeprefix("+")
    return tr(
        "The counted share of {naive} is {too_low} too low, because some of the open items "
        "will still be won.",
        naive=percent(last["naive"]),
        too_low=too_low,
    )


def _too_old(
    log: StageLog,
    pipeline: Pipeline,
    calendar: Any,
    scope: Mapping[str, Any],
    age: Any,
    horizon: Any,
    remembered: Mapping[str, Any],
) -> str:
    """Say how many open items are older than nearly all of the won ones were."""
    named = ("unlisted", "missing", "as_of")
    table = open_items(log, pipeline, calendar=calendar, **{name: scope[name] for name in named})
    ages = table["age"].dropna()
    n_old = int((ages > age).sum())
    if not n_old:
        return ""
    working_day = remembered.get("working_day")
    age = age if isinstance(age, pd.Timedelta) else int(age)  # ages of plain integers are whole
    beyond = int((ages > horizon).sum())
    far = (
        trn(
            ", and {beyond} is beyond the horizon of {horizon}",
            ", and {beyond} are beyond the horizon of {horizon}",
            beyond,
            beyond=count(beyond),
            horizon=length(horizon, working_day),
        )
        if beyond
        else ""
    )
    return trn(
        "{nearly_all} of the wins come within {age}: {n_old} of {table} is older than that{far}.",
        "{nearly_all} of the wins come within {age}: {n_old} of {table} are older than that{far}.",
        n_old,
        nearly_all=percent(_NEARLY_ALL),
        age=length(age, working_day),
        n_old=count(n_old),
        table=counted(len(table), "open item"),
        far=far,
    )
