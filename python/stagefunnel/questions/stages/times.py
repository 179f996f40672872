"""Times of which some are missing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.data import LogData
from ...times.stamps import NAT


def times_or_missing(
    ticks: npt.NDArray[np.int64], is_missing: npt.NDArray[np.bool_], data: LogData
) -> pd.Series:
    """Turn the core's times into those of a log; plain integers, which have no missing value, get one."""
    if data.unit is None:
        return pd.Series(pd.arrays.IntegerArray(ticks, is_missing), dtype="Int64")
    return data.to_times(np.where(is_missing, NAT, ticks))
