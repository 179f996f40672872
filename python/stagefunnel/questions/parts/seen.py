"""When parts together begin, and until when they are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...times.periods import Clock
from ...times.stamps import to_times


@dataclass(frozen=True)
class Seen:
    """When parts together begin, and until when they are seen.

    Attributes
    ----------
    clock
        Unit and zone of the times.
    time_range
        The earliest time, and one that is no earlier; ``None`` without rows.
    end
        Until when the parts are seen; ``None`` without rows.
    """

    clock: Clock
    time_range: tuple[int, int] | None
    end: int | None

    def end_of_observation(self, as_of: int | None = None) -> int | None:
        """Return the moment until which a question sees the items."""
        return self.end if as_of is None else as_of

    def to_times(self, values: npt.NDArray[np.int64]) -> pd.Series:
        """Return times as people read them."""
        return to_times(values, self.clock.unit, self.clock.zone)
