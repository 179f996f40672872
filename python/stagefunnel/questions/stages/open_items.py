"""The items that are open now, those first that have been in their stage long for a won one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, stage_values
from ...tables.options import MissingStages, Unlisted
from ...tables.schema import OPEN_ITEMS
from ...times.periods import MomentLike
from ...times.stamps import NAT, to_lengths
from ...working_hours import WorkingHours
from ..scope.breakdown import check_lines
from ..scope.further import further_names, further_values
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection, selection_of
from ..scope.where import Where, asked_of
from ..scope.working import Lengths
from .limits import LimitsLike, limits_of
from .stays import OpenNow, Stays, open_now, shares_no_longer, stays_of

SLOW: Final = 0.9  # an item is slow that was in its stage longer than this share of the visits of the won


def open_items(
    log: StageLog,
    pipeline: Pipeline,
    *,
    columns: str | Sequence[str] | None = (),
    top: int | None = None,
    limits: LimitsLike | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """List the items that are open now, the stuck ones first.

    Each is compared with the items that are won now: `quantile` is the share of their completed visits of the
    same stage that took no longer than the item has been there.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    columns
        Columns to add, of the items table, or of the log in the item's last row, such as ``"owner"``.
    top
        Number of rows to show, the worst ones.
    limits
        How long an item should be in a stage at most: ``{"Offer": "14d"}``; a number where the log's times
        are plain integers. They go before the ``limits`` of the pipeline, stage by stage, and ``None`` takes
        a limit of the pipeline off. With `calendar` days are working days, and a week is a week of work.
    unlisted, missing, where
        As for :func:`funnel`; with `where` the items are compared with those won that it chooses.
    as_of
        Moment at which the items are open; by default the end of observation.
    calendar
        Working hours in which `in_stage`, `age`, the visits of the won and the limits are measured.

    Returns
    -------
    DataFrame
        One row per item: ``item`` (its key), ``stage``, ``entered`` (the start of its current visit),
        ``in_stage`` (from then until the end of observation, or until the visit's own end), ``age`` (since
        the item's first row, without the ``paused`` stages of the pipeline), ``quantile``, ``over_limit``
        (true or false, missing without a limit), then the `columns`. The highest quantile comes first, then
        the longest ``in_stage``; a missing quantile comes last. What depends on a start that is not known is
        missing.
        Lengths of time are timedeltas, or whole numbers where the log's times are plain integers.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a limit of a stage that is not in progress, or that is not a length of
        time, and for a `calendar` with a log whose times are plain integers.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> stages = ["New", "Won", "New", "Won", "New", "New"]
    >>> rows = {"item": [1, 1, 2, 2, 3, 4], "stage": stages, "time": [0, 4, 1, 8, 6, 3]}
    >>> log = sf.StageLog(rows, observed_until=9)
    >>> sf.open_items(log, sf.Pipeline("New", won="Won"), limits={"New": 5})
       item stage  entered  in_stage  age  quantile  over_limit
    0     4   New        3         6    6       0.5        True
    1     3   New        6         3    3       0.0       False
    """
    check_lines(top)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    selection = selection_of(asked.log, pipeline, unlisted=unlisted, missing=asked.missing, as_of=as_of)
    lengths = Lengths.of(selection.data, calendar)
    limit = limits_of(limits, pipeline, lengths)
    names = further_names(asked.log, columns, OPEN_ITEMS)
    stays = stays_of(selection, lengths, as_of=as_of)
    now = open_now(stays, [label in pipeline.rules.paused for label in pipeline.labels])
    stage = stays.stage[now.visit]
    quantile = shares_no_longer(stays, stage, now.in_stage)
    over = limit.over(stage, now.in_stage)
    order = _worst_first(quantile, now.in_stage)[:top]
    shown = replace(
        now, item=now.item[order], visit=now.visit[order], in_stage=now.in_stage[order], age=now.age[order]
    )
    table = _table(selection, stays, shown, lengths.unit)
    table["quantile"] = quantile[order]
    table["over_limit"] = over[order]
    rows = rows_of_items(selection, "last")[shown.item]
    for name, values in further_values(selection.log, names, shown.item, rows).items():
        table[name] = values
    counted = {
        "listed": len(order),
        "open": len(now.item),
        "compared": int((~np.isnan(quantile)).sum()),
        "slow": int((quantile > SLOW).sum()),
        "limited": int((~over.isna()).sum()),
        "over_limit": int(np.count_nonzero(over.fillna(False))),
    }
    remember(table, "open_items", pipeline, counted=counted, **lengths.remembered_with_pauses(pipeline))
    return asked.remarked(selection.remarked(table))


def _table(selection: Selection, stays: Stays, now: OpenNow, unit: str | None) -> pd.DataFrame:
    """Put keys, labels and clocks on what was found of the items."""
    data = selection.data
    entered = data.journeys.time[stays.first_row[now.visit]]
    has_flags = data.marks is not None and data.marks.start_unknown is not None
    entered = np.where(stays.is_known[now.visit], entered, NAT)
    return pd.DataFrame(
        {
            "item": data.keys_at(selection.journeys.first_row[now.item]).reset_index(drop=True),
            "stage": stage_values(selection.pipeline, stays.stage[now.visit]),
            "entered": data.times_or_missing(entered) if has_flags else data.to_times(entered),
            "in_stage": to_lengths(now.in_stage, unit),
            "age": to_lengths(now.age, unit),
        }
    )


def _worst_first(quantile: npt.NDArray[np.float64], in_stage: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Sort items: the highest quantile first, then the longest time; what is missing comes last."""
    longest = np.where(in_stage == NAT, 1, -np.where(in_stage == NAT, 0, in_stage))
    return np.lexsort((longest, np.where(np.isnan(quantile), np.inf, -quantile)))
