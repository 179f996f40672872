"""What a page is about: its pipeline, rows and period, the end of observation, and the day it was made."""

from __future__ import annotations

import datetime
import os
from typing import Any

import numpy as np
import pandas as pd

from ..display.numbers import counted
from ..display.pipeline_words import pipeline_part
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..tables.labels import period_label
from ..times.periods import MomentLike, PeriodLike, pair_of
from ..words import tr, trc
from ..words.forms import day, minute


def about(
    log: StageLog, pipeline: Pipeline, period: PeriodLike | None, basis: str, as_of: MomentLike | None
) -> list[str]:
    """Say what the page is about, in two lines."""
    parts = [
        tr("{n_rows} of {n_items}", n_rows=counted(log.n_rows, "row"), n_items=counted(log.n_items, "item"))
    ]
    if period is not None:
        ends = pair_of(period) or (period,)
        parts.append(
            tr(
                "{basis} in {ends}",
                basis=trc("basis", basis),
                ends=tr(" to ").join("…" if end is None else _text(end) for end in ends),
            )
        )
    if as_of is not None:
        parts.append(tr("as of {as_of}", as_of=_text(as_of)))
    data = log._data
    if data.time_range is not None:
        first, last = data.to_times(np.array(data.time_range, dtype=np.int64))
        parts.append(tr("{first} to {last}", first=_text(first), last=_text(last)))
        if as_of is None:
            parts.append(tr("observed until {observed_until}", observed_until=_text(log.observed_until)))
    parts.append(tr("made on {made_on}", made_on=day(made_on())))
    return [_written(pipeline), tr("; ").join(parts)]


def _written(pipeline: Pipeline) -> str:
    """Write the stages of a pipeline as it does itself, with its words in the language that is spoken."""
    return " | ".join(map(pipeline_part, str(pipeline).split(" | ")))


def ends_at(log: StageLog, as_of: MomentLike | None) -> str:
    """Say until when the items of a page were observed."""
    if as_of is not None:
        return _text(as_of)
    return "" if log.observed_until is None else _text(log.observed_until)


def made_on() -> datetime.date:
    """Return the day on which the page is made; ``SOURCE_DATE_EPOCH`` sets it, so that pages are the same."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed.isdecimal():
        return datetime.datetime.fromtimestamp(int(fixed), datetime.UTC).date()
    return datetime.datetime.now().astimezone().date()


def _text(moment: Any) -> str:
    """Write a moment to the minute, and a day as a day."""
    if not isinstance(moment, pd.Timestamp | datetime.datetime):
        return period_label(moment)
    stamp = pd.Timestamp(moment)
    zone = f" {stamp.tzinfo}" if stamp.tzinfo is not None else ""
    if stamp == stamp.normalize():
        return day(stamp)
    return f"{minute(stamp)}{zone}"
