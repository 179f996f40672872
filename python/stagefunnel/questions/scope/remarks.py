"""What a table has to say beside its numbers: stages ignored, stages without rows, empty periods."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...log.data import LogData
from ...log.fit import Fit
from ...times.periods import MomentLike, PeriodLike

#: What a table remembers of these: ``ignored``, ``without_rows`` and ``outside``, as far as there are such.
Remarks = Mapping[str, Any]


def remarks_of_stages(fit: Fit, unlisted: str) -> Remarks:
    """Note the rows that are ignored, by stage, and the stages of the pipeline that no row has."""
    ignored = {str(label): rows for label, rows in fit.unlisted.items()} if unlisted == "ignore" else {}
    return _present(ignored=ignored, without_rows=_texts(fit.without_rows))


def remarks_of_time(
    data: LogData,
    start: int | None,
    end: int | None,
    seen_at: int | None,
    *,
    called: str,
    as_of: MomentLike | None,
) -> Remarks:
    """Note a period that ends before the log begins or begins after it ends, and a moment before it.

    Parameters
    ----------
    data
        The log.
    start, end, seen_at
        The ends of the period and the moment of the report, as the core reads them.
    called
        The period as people read it.
    as_of
        The moment as it was written.
    """
    if (start is None and end is None and seen_at is None) or data.time_range is None:
        return {}
    first, last = data.time_range
    outside = []
    if (start is not None and start > last) or (end is not None and end <= first):
        outside.append(f"period {called}")
    if seen_at is not None and seen_at <= first:
        outside.append(f"as of {as_of}")
    if not outside:
        return {}
    ends = data.to_times(np.array([first, last], dtype=np.int64))
    return {"outside": outside, "log_runs": [_moment(ends.iloc[0]), _moment(ends.iloc[1])]}


def joined_remarks(remarks: Iterable[Remarks]) -> Remarks:
    """Join what is to be said about several periods of one log."""
    joined: dict[str, Any] = {}
    for one in remarks:
        outside = [text for text in one.get("outside", []) if text not in joined.get("outside", [])]
        joined = {**joined, **one, **_present(outside=[*joined.get("outside", []), *outside])}
    return joined


def period_text(period: PeriodLike | None) -> str:
    """Write a period as it was given."""
    if isinstance(period, list | tuple):
        return " to ".join("…" if end is None else str(end) for end in period)
    return str(period)


def remark(table: pd.DataFrame, remarks: Remarks) -> pd.DataFrame:
    """Let a table remember remarks, and return it."""
    if remarks:
        table.attrs["stagefunnel"] = {**table.attrs.get("stagefunnel", {}), **remarks}
    return table


def _present(**remarks: Any) -> dict[str, Any]:
    return {name: value for name, value in remarks.items() if value}


def _texts(labels: Sequence[Hashable]) -> list[str]:
    return [str(label) for label in labels]


def _moment(moment: Any) -> str:
    return str(moment).removesuffix(" 00:00:00")
