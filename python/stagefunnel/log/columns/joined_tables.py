"""Tables of items that came one after the other, as one with the types of all its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from .one_type import joined_values, missing_values


def joined_frames(tables: Sequence[tuple[pd.DataFrame, Any]]) -> tuple[pd.DataFrame, Any]:
    """Put tables of items behind each other, each with its key; a later row replaces that with its key."""
    frame, key = tables[0]
    for later, key_of_later in tables[1:]:
        is_kept = frame[key].isna() | ~frame[key].isin(later[key_of_later])  # rows without a key replace none
        kept = frame[is_kept].rename(columns={key: key_of_later})
        frame, key = frames_behind_each_other([kept, later]), key_of_later
    return frame, key


def frames_behind_each_other(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables behind each other; what one of them lacks is missing there."""
    names = dict.fromkeys(name for frame in frames for name in frame.columns)
    columns = {
        name: joined_values(
            [frame[name] if name in frame else missing_values(len(frame)) for frame in frames]
        )
        for name in names
    }
    n_rows = sum(map(len, frames))
    together = pd.DataFrame(dict(enumerate(columns.values())), index=pd.RangeIndex(n_rows))
    return together.set_axis(pd.Index(list(columns), tupleize_cols=False), axis=1)
