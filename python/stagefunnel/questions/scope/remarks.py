"""What a table has to say beside its numbers: stages ignored, stages without rows, empty periods."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from ...log.data import LogData, ReaderLines
from ...log.fit import Fit
from ...tables.labels import period_label
from ...times.periods import Clock, MomentLike, PeriodLike, moment_of, pair_of, period_of
from ...times.stamps import to_times

_MOST_REMEMBERED: Final = 5

#: What a table remembers of the stages, as far as there are such: rows ignored because they are unlisted,
#: rows ignored by name, and stages without rows.
OF_STAGES: Final = ("ignored", "ignored_by_name", "without_rows")
#: What a table remembers of these; beside those of the stages ``outside``, ``guesses`` and ``warnings``.
Remarks = Mapping[str, Any]


@dataclass(frozen=True)
class Noted:
    """The options of a question that its tables remember something of."""

    unlisted: str = "error"
    basis: str = "active"
    period: PeriodLike | None = None
    as_of: MomentLike | None = None


def remarks_of_stages(fit: Fit, unlisted: str) -> Remarks:
    """Note the rows that are ignored, by stage, and the stages of the pipeline that no row has."""
    return _present(
        ignored=_summed(fit.unlisted_by_size) if unlisted == "ignore" else None,
        ignored_by_name=_summed(fit.ignored_by_size),
        without_rows=[str(label) for label in fit.without_rows],
    )


def _summed(ignored: Sequence[tuple[Hashable, int]]) -> dict[str, Any] | None:
    if not ignored:
        return None
    return {
        "rows": sum(rows for _, rows in ignored),
        "stages": len(ignored),
        # A table is copied with all that it remembers, so it remembers the largest alone.
        "largest": {str(label): rows for label, rows in ignored[:_MOST_REMEMBERED]},
    }


def remarks_of_reader(lines: ReaderLines) -> Remarks:
    """Note what the reader of an export took to be so, by check, and what makes the numbers doubtful."""
    guesses: dict[str, int] = {}
    for (check, level, _), n in lines.items():
        if level == "guess":
            guesses[check] = guesses.get(check, 0) + n
    warned = [[n, note] for (_, level, note), n in lines.items() if level == "warning"]
    return _present(guesses=guesses, warnings=warned)


def of_unknown_start(remarks: Remarks) -> Remarks:
    """Take out of remarks how many items are in no created cohort, because their start is not known."""
    return {name: n for name, n in remarks.items() if name == "start_unknown"}


@dataclass(frozen=True)
class Ends:
    """Where a question looks in time, and where a log begins and ends.

    Attributes
    ----------
    start, end, seen_at
        The ends of the period and the moment of the report, as the core reads them.
    log
        The first and the last time of the log; ``None`` without rows, and where a question looks everywhere.
    period, as_of
        The period and the moment, as people read them.
    """

    start: int | None
    end: int | None
    seen_at: int | None
    log: tuple[int, int] | None
    period: str
    as_of: str

    @classmethod
    def of(cls, data: LogData, period: PeriodLike | None, as_of: MomentLike | None, called: str = "") -> Self:
        """Read the ends; `called` is what people read for a period that is not as given."""
        if period is None and as_of is None:
            return cls(None, None, None, None, called or _ALWAYS, str(None))
        start, end = period_of(period, data.clock).ticks(data.clock)
        seen_at = moment_of(as_of, data.clock, "as_of")
        everywhere = start is None and end is None and seen_at is None
        return cls(
            start,
            end,
            seen_at,
            None if everywhere else data.time_range,
            called or period_text(period),
            str(as_of),
        )

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Join the ends of parts that ask about one period."""
        known = [part.log for part in parts if part.log is not None]
        log = (min(first for first, _ in known), max(last for _, last in known)) if known else None
        # Parts may write one period in several ways.
        written = min((part.period, part.as_of) for part in parts)
        return replace(parts[0], log=log, period=written[0], as_of=written[1])

    def remarks(self, clock: Clock) -> Remarks:
        """Note what was asked, and where a period or a moment lies outside the log."""
        if self.log is None:
            return {}
        asked = {
            name: text
            for name, text, is_given in (
                ("period", self.period, self.start is not None or self.end is not None),
                ("as_of", self.as_of, self.seen_at is not None),
            )
            if is_given
        }
        first, last = self.log
        outside = []
        if (self.start is not None and self.start > last) or (self.end is not None and self.end <= first):
            outside.append(f"period {self.period}")
        if self.seen_at is not None and self.seen_at <= first:
            outside.append(f"as of {self.as_of}")
        if not outside:
            return {"seen": asked}
        runs = to_times(np.array([first, last], dtype=np.int64), clock.unit, clock.zone)
        return {
            "seen": asked,
            "outside": outside,
            "log_runs": [str(time).removesuffix(" 00:00:00") for time in runs],
        }


def with_basis(remarks: Remarks, basis: str) -> Remarks:
    """Note which items a period has, where these are not the active ones."""
    if basis == "active" or "period" not in remarks.get("seen", {}):
        return remarks
    return {**remarks, "seen": {**remarks["seen"], "basis": basis}}


def outside_of(data: LogData, option: str, period: PeriodLike | None) -> Remarks:
    """Note a period that an option gives, where it lies outside the log."""
    return outside_text(option, Ends.of(data, period, None), data.clock)


def outside_text(option: str, ends: Ends, clock: Clock) -> Remarks:
    """Note the ends of a period that an option gives, where they lie outside the log."""
    found = ends.remarks(clock)
    if "outside" not in found:
        return {}
    return {"outside": [f"{option} {ends.period}"], "log_runs": found["log_runs"]}


def joined_remarks(remarks: Iterable[Remarks]) -> Remarks:
    """Join what is to be said about several periods of one log."""
    joined: dict[str, Any] = {}
    for one in remarks:
        outside = [text for text in one.get("outside", []) if text not in joined.get("outside", [])]
        joined = {**joined, **one, **_present(outside=[*joined.get("outside", []), *outside])}
    return joined


def remark(table: pd.DataFrame, remarks: Remarks) -> pd.DataFrame:
    """Let a table remember remarks, and return it."""
    if remarks:
        table.attrs["stagefunnel"] = {**table.attrs.get("stagefunnel", {}), **remarks}
    return table


def _present(**remarks: Any) -> dict[str, Any]:
    return {name: value for name, value in remarks.items() if value}


def period_text(period: PeriodLike | None) -> str:
    """Write a period as people read it."""
    pair = pair_of(period)
    if pair is None:
        return period_label(period)
    return " to ".join("…" if end is None else period_label(end) for end in pair)


_ALWAYS: Final = period_text(None)
