"""Ask everything that the page tells, and write it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..display.write import write_file
from ..errors import SchemaError, counted
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.funnel.funnel import funnel, outcomes
from ..questions.funnel.skips import skips
from ..questions.funnel.trend import funnel_by_period
from ..questions.stages.losses import losses
from ..questions.summary import summary
from ..tables.options import BasisName, EveryName, Unlisted
from . import sections
from .page import Page, Section, rendered

_MOST_PERIODS = 36


def report(
    log: StageLog,
    pipeline: Pipeline,
    path: str | os.PathLike[str],
    *,
    title: str = "Sales funnel",
    by: str | Sequence[str] | None = None,
    top: int = 10,
    reason: str | None = None,
    every: EveryName | None = None,
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> Path:
    """Write one page that tells what a log says, for those who do not open a notebook.

    The page stands alone: it loads nothing, its charts are drawings, its tables can be filtered, and saved as
    CSV. It has both funnels side by side, where items are lost and what is skipped, time in stage, moves, the
    trend where the log has dates, a breakdown where one is asked for, and what was unusual in the rows; each
    with a sentence that says what it shows here, and its definition.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    path
        The file to write, which appears only when it is whole.
    title
        Of the page.
    by
        Columns to break down by, of the items table or of the log.
    top
        How many groups to show; the others are one.
    reason
        Column with the reason of a loss.
    every
        Length of the trend's periods; by default the shortest of week, month, quarter and year that makes 36
        of them at most.
    unlisted, period, basis, as_of
        As for :func:`stagefunnel.funnel`.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    SchemaError, UnknownStageError
        As for :func:`stagefunnel.funnel`.
    ImportError
        If altair or jinja2 is not installed: ``pip install "stagefunnel[report]"``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> page = sf.report(shop.log, shop.pipeline, pathlib.Path(tempfile.mkdtemp()) / "report.html")
    >>> page.read_text(encoding="utf-8").startswith("<!doctype html>")
    True
    """
    asked = {"unlisted": unlisted, "period": period, "basis": basis, "as_of": as_of}
    found = summary(log, pipeline, **asked)
    parts: list[Section | None] = [
        sections.funnels(found.funnel),
        sections.lost(losses(log, pipeline, reason=reason, **asked)),
        sections.skipped(skips(log, pipeline, by=_one(by), **asked)),
        sections.times(found.time_in_stage),
        sections.moves(found.transitions),
    ]
    if log.unit is not None and log.n_rows:
        parts.append(sections.trend(_trend(log, pipeline, every, asked)))
    if by is not None:
        grouped = funnel(log, pipeline, kind="both", by=by, top=top, **asked)
        parts.append(sections.groups(outcomes(log, pipeline, by=by, top=top, **asked), grouped))
    parts.append(sections.quality(found.quality))
    page = Page(
        title=title,
        facts=sections.facts(found.outcomes),
        about=_about(log, period, basis, as_of),
        sections=[part for part in parts if part is not None],
    )
    write_file(rendered(page), "html", os.fspath(path))
    return Path(path)


def _one(by: str | Sequence[str] | None) -> str | None:
    """Choose the first column: a heat map has one axis for groups."""
    return by if by is None or isinstance(by, str) else next(iter(by))


def _trend(
    log: StageLog, pipeline: Pipeline, every: EveryName | None, asked: dict[str, Any]
) -> pd.DataFrame | None:
    """Count by the period in which items were created, in periods of which there are not too many."""
    options = {
        "unlisted": asked["unlisted"],
        "as_of": asked["as_of"],
        "basis": "created",
        "kind": "conversions",
    }
    lengths: list[EveryName] = ["week", "month", "quarter", "year"] if every is None else [every]
    for length in lengths:
        try:
            table = funnel_by_period(log, pipeline, every=length, **options)
        except SchemaError:
            if length == lengths[-1]:
                raise
            continue
        if table["period"].nunique() <= _MOST_PERIODS or length == lengths[-1]:
            return table if table["period"].nunique() > 1 else None
    return None


def _about(log: StageLog, period: Any, basis: str, as_of: Any) -> str:
    said = [f"{counted(log.n_rows, 'row')} of {counted(log.n_items, 'item')}"]
    if period is not None:
        said.append(f"{basis} in {period if isinstance(period, str) else ' to '.join(map(str, period))}")
    if as_of is not None:
        said.append(f"as of {as_of}")
    first_and_last = log._data.time_range
    if first_and_last is not None:
        ends = log._data.to_times(np.array(first_and_last, dtype=np.int64))
        said.append(f"{ends.iloc[0]} to {ends.iloc[1]}")
    return "; ".join(said)
