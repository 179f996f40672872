"""All of a log's answers together, as tables with names."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from ..errors import counted
from ..naming import public


@public
@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """The tables that answer the usual questions about a log; made by :func:`summary`.

    Attributes
    ----------
    funnel
        As :func:`funnel` with ``kind="both"``.
    outcomes
        As :func:`outcomes`.
    time_in_stage
        As :func:`time_in_stage`.
    transitions
        As :func:`transitions`.
    quality
        As :meth:`StageLog.quality` with the pipeline.
    """

    funnel: pd.DataFrame
    outcomes: pd.DataFrame
    time_in_stage: pd.DataFrame
    transitions: pd.DataFrame
    quality: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by their names, in the order in which they are shown."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __repr__(self) -> str:
        base, won, lost, still_open = (
            _total(self.outcomes[name]) for name in ("base", "won", "lost", "open")
        )
        return (
            f"Summary: {counted(base, 'item')}: {won:,} won, {lost:,} lost, {still_open:,} open\n"
            f"  tables  {', '.join(self.tables)}"
        )


def _total(column: Any) -> int:
    """Add up a column of pandas, polars or Arrow."""
    return int(sum(column.to_pylist()) if hasattr(column, "to_pylist") else column.sum())
