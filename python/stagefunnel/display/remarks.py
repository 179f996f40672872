"""What stands under every table beside its findings: rows ignored, stages without rows, empty periods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from .numbers import count, counted

_MOST_NAMED: Final = 5
_PARTS: Final = {"lead": "leads", "deal": "deals"}


def remarks_of(remembered: Mapping[str, Any]) -> list[str]:
    """Compose the remarks of a table from its ``attrs["stagefunnel"]``."""
    names = remembered.get("names", {})
    if "parts_remarks" not in remembered:
        return _lines(remembered, names)
    return [
        f"{line} ({_PARTS.get(part, part)})"
        for part, own in remembered["parts_remarks"].items()
        for line in _lines(own, names.get(part, {}))
    ]


def of_stages_with_rows(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Leave out the rows of stages that no row of the log has: no superlative is about them."""
    without_rows = remembered.get("without_rows", ())
    if not without_rows or "stage" not in table.columns:
        return table
    return table[~table["stage"].astype(str).isin(without_rows)]


def of_won_with_rows(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Leave out the stages without rows if a won one is left: a trend is about the first won stage."""
    seen = of_stages_with_rows(table, remembered)
    return seen if (seen["outcome"] == "won").any() else table


def _lines(remembered: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    lines = []
    ignored: Mapping[str, Any] = remembered.get("ignored", {})
    if ignored:
        largest = [f"{stage} {count(rows)}" for stage, rows in ignored["largest"].items()]
        stages = _some(largest, ignored["stages"])
        total = counted(ignored["rows"], "row")
        lines.append(f"Ignored: {total} of stages that the pipeline does not list ({stages})")
    without_rows = remembered.get("without_rows", ())
    if without_rows:
        lines.append(f"Stages without rows: {_some([names.get(stage, stage) for stage in without_rows])}")
    unknown = remembered.get("start_unknown", 0)
    if unknown:
        lines.append(f"Start unknown, so in no created cohort: {counted(unknown, 'item')}")
    outside = remembered.get("outside", ())
    if outside:
        first, last = remembered["log_runs"]
        lines.append(f"Outside the log, which runs from {first} to {last}: {', '.join(outside)}")
    return lines


def _some(texts: list[str], of: int | None = None) -> str:
    """List the first of some texts, or of as many as `of` says, and count the others."""
    rest = (len(texts) if of is None else of) - min(len(texts), _MOST_NAMED)
    return ", ".join(texts[:_MOST_NAMED]) + (f", … ({rest:,} more)" if rest > 0 else "")
