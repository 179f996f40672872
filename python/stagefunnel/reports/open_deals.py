"""The section about what will be won of the open items, how well that held, and where saving would pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ..display.charts.forecast_chart import plot_forecast
from ..display.numbers import count
from ..display.sentences import answers
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.forecast.backtest import backtest
from ..questions.forecast.bottlenecks import bottlenecks
from ..questions.forecast.forecast import forecast
from ..questions.forecast.win_probability import win_probability
from ..questions.scope.conditions import columns_of_where
from ..questions.scope.today import columns_of_today
from ..questions.scope.where import Where
from ..times.periods import moment_of
from ..words import mark, tr, trn
from . import sections
from .findings import of_forecast
from .page import Section, TablePart
from .painter import Draw

_HORIZONS: Final = (90, 30, 7)  # days
_LEAST_OF_LOG: Final = 4  # horizons that the log has to be long
_MOST_TESTS: Final = 6
_DRAWS: Final = 500  # of each past date: a page waits for them, and ranges of whole wins need no more
_MOST_LISTED: Final = 10
_HEADING: Final = mark("Forecast of open items")
_DEFINITION: Final = mark(
    "What is expected to be won of what is open now, whatever the period of the page. A deal is "
    "compared with those that were as long in its stage. One that has been there longer than any "
    "that ever left is too old to forecast, and in no sum. Of a stage from which nothing was won "
    "yet nothing is known. The range is where nine of ten such forecasts end, if things go on as "
    "they did; the past dates show how often that was so."
)


def open_deals(
    draw: Draw,
    log: StageLog,
    pipeline: Pipeline,
    *,
    columns: Sequence[str] | None,
    money: Mapping[str, Any],
    where: Where | None,
    scope: Mapping[str, Any],
) -> Section | None:
    """Make the section; sentences alone where nothing can be forecast, ``None`` without a won stage.

    Parameters
    ----------
    draw, log, pipeline
        What draws charts; the log as `where` leaves it; the pipeline.
    columns
        Columns that the list of open items has; ``None``: no item is named.
    money, scope
        Options about amounts, and ``unlisted``, ``missing``, ``as_of`` and ``calendar``.
    where
        The conditions of the page, of which past dates know nothing where they are about values of today.
    """
    if not pipeline.won or not log.n_rows:
        return None
    days = _days(log, scope["as_of"])
    horizon = None if days is None else f"{days}d"
    table = forecast(log, pipeline, horizon=horizon, **money, **scope)
    found = answers(table, table.attrs["stagefunnel"])
    whole = table[table["line"] == "total"].iloc[0] if len(table) else None
    if whole is None or pd.isna(whole["win"]):
        sentences = found or [tr("Nothing is open.")]
        return Section(
            "forecast", tr(_HEADING), "", None, [], sentences, news=of_forecast(table), is_folded=True
        )
    figure = sections.figure_of(draw, plot_forecast, table)
    tables = [sections.table_part(table, tr("What is expected, by stage"))]
    findings = []
    if days is not None:
        more, sentences = _tested(log, pipeline, days, where, money, scope)
        tables, findings = [*tables, *more], sentences
    if columns is not None:
        listed = win_probability(
            log, pipeline, columns=columns, top=_MOST_LISTED, horizon=horizon, **money, **scope
        )
        caption = trn(
            "The likeliest to be won ({listed})",
            "The {listed} likeliest to be won",
            len(listed),
            listed=count(len(listed)),
        )
        tables.append(sections.table_part(listed, caption))
    leverage = bottlenecks(log, pipeline, **scope)
    findings += answers(leverage, leverage.attrs["stagefunnel"])
    if pipeline.lost:  # else every row of it is 0
        tables.append(sections.table_part(leverage, tr("Where losses cost most")))
    return Section(
        "forecast", tr(_HEADING), tr(_DEFINITION), figure, tables, findings, news=of_forecast(table)
    )


def _days(log: StageLog, as_of: Any) -> int | None:
    """Return the longest horizon that fits into the log several times; none where times are numbers."""
    if log.unit is None:
        return None
    first, end = _ends(log, as_of)
    return next((one for one in _HORIZONS if end - first >= _LEAST_OF_LOG * pd.Timedelta(days=one)), None)


def _ends(log: StageLog, as_of: Any) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first moment of the log, and the one that the page takes for now."""
    data = log._data
    assert data.time_range is not None  # a log without rows has no section
    now = data.end_of_observation(moment_of(as_of, data.clock, "as_of"))
    first, end = data.to_times(np.array([data.time_range[0], now], dtype=np.int64))
    return pd.Timestamp(first), pd.Timestamp(end)


def _tested(
    log: StageLog,
    pipeline: Pipeline,
    days: int,
    where: Where | None,
    money: Mapping[str, Any],
    scope: Mapping[str, Any],
) -> tuple[list[TablePart], list[str]]:
    """Test the same forecast at past dates that lie one horizon apart, so that each is a test of its own."""
    known_today = columns_of_today(log, columns_of_where(where), [])
    if known_today:
        return [], [
            tr(
                "The forecast was not tested at past dates: {known_today} has its values of "
                "today, which may know what came.",
                known_today=known_today[0],
            )
        ]
    first, end = _ends(log, scope["as_of"])
    step = pd.Timedelta(days=days)
    dates = [end - step * place for place in range(_MOST_TESTS, 0, -1)]
    table = backtest(
        log,
        pipeline,
        horizon=f"{days}d",
        draws=_DRAWS,
        dates=[date for date in dates if date >= first + step],
        **money,
        **scope,
    )
    if table.empty:
        return [], []
    sentences = answers(table, table.attrs["stagefunnel"])
    return [sections.table_part(table, tr("Forecasts of past dates, and what came"))], sentences
