"""Random logs whose rows have ends and unknown starts."""

from typing import Any, NamedTuple

import pandas as pd
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import frame_of
from strategies import Case, Times, Unlisted, cases


class MarkedCase(NamedTuple):
    """A drawn log, the end of each of its rows (None: no end), and the rows of an unknown start."""

    case: Case
    ended: list[Any]
    start_unknown: list[bool]

    @property
    def frame(self) -> pd.DataFrame:
        frame = frame_of(self.case.rows)
        times = frame["time"].dtype
        frame["left"] = pd.Series(self.ended, dtype="Int64" if times == "int64" else times)
        return frame.assign(order=self.case.order, unknown=self.start_unknown)

    def log(self, **options: Any) -> sf.StageLog:
        return sf.StageLog(self.frame, exited="left", start_unknown="unknown", **options)

    def marks(self, **bounds: Any) -> reference.Marks:
        return reference.Marks(self.ended, self.start_unknown, **bounds)


@st.composite
def marked_cases(draw: st.DrawFn, *, unlisted: Unlisted = "never", times: Times = "integer") -> MarkedCase:
    """Draw a log with ends at, before and after the next rows, and starts that are mostly known."""
    case = draw(cases(unlisted=unlisted, times=times))
    n = len(case.rows)
    waits = draw(st.lists(st.none() | st.integers(0, 6), min_size=n, max_size=n))
    other = [time for _, _, time in case.rows]
    ended = []
    for (_, _, time), wait in zip(case.rows, waits, strict=True):
        if wait is None:
            ended.append(None)
        elif wait == 6:  # at some row's time, perhaps that of the item's next one
            ended.append(max(time, other[draw(st.integers(0, n - 1))]))
        else:
            ended.append(time + (wait if times == "integer" else pd.Timedelta(wait, "us")))
    unknown = draw(st.lists(st.integers(0, 4).map(lambda one: one == 4), min_size=n, max_size=n))
    return MarkedCase(case, ended, unknown)
