"""The result of reading an export: a log with its pipelines, its items and their quality."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..clean import clean
from ..errors import counted
from ..log.stage_log import StageLog
from ..naming import public
from ..pipeline import Pipeline


@public
@dataclass(frozen=True, eq=False, repr=False)
class Export:
    """The log, pipelines and items of a CRM's export; made by :func:`stagefunnel.read`.

    Attributes
    ----------
    format
        Format of the export, for example ``"bitrix24"``.
    log
        Stage history. Stages are the CRM's codes and items its ids, both as text.
    pipelines
        Pipelines by name: the stages of each in their order, with their names and meaning.
    items
        One row per item: ``item``; then ``pipeline``, ``amount``, ``currency``, ``manager`` and
        ``created``, as far as the export has them; then the export's other columns, as text.
    quality
        Columns ``check``, ``count``, ``level`` and ``note``, as ``log.quality()`` has them: the counts of
        :meth:`StageLog.quality`, what the reader did, and what the format cannot know.
    leads, deals
        Export of the leads and export of the deals, if the input has both; all other attributes are then
        those of the deals.
    links
        One row per deal that has a lead, with the columns ``deal`` and ``lead``, if the input has both.
    """

    format: str
    log: StageLog
    pipelines: dict[str, Pipeline]
    items: pd.DataFrame
    quality: pd.DataFrame
    leads: Export | None = None
    deals: Export | None = None
    links: pd.DataFrame | None = None

    def __repr__(self) -> str:
        lines = [f"Export of {self.format}: {_size(self.log)}"]
        if self.leads is not None and self.links is not None:
            lines[0] += f"; leads: {_size(self.leads.log)}"
            lines.append(f"  links     {counted(len(self.links), 'deal')} with a lead")
        for name, pipeline in list(self.pipelines.items())[:6]:
            lines.append(f"  pipeline  {name!r}: {repr(pipeline).removeprefix('Pipeline: ')}")
        if len(self.pipelines) > 6:
            lines.append(f"            … ({counted(len(self.pipelines) - 6, 'more pipeline')})")
        common = self.quality.loc[self.quality["check"] == "common_events", "note"]
        lines += [f"  events    {str(note).partition(': ')[2]}" for note in common]
        lines.append(f"  items     {counted(len(self.items), 'row')}: {_some(list(self.items.columns))}")
        nonzero = self.quality[self.quality["count"] > 0]
        counts = [f"{check} {n:,}" for check, n in zip(nonzero["check"], nonzero["count"], strict=True)]
        lines.append(f"  quality   {_some(counts)}")
        lines += _doubts(self.quality)
        if self.leads is not None:
            lines += _doubts(self.leads.quality, "leads, ")
        return "\n".join(map(clean, lines))


def _doubts(quality: pd.DataFrame, of: str = "") -> list[str]:
    """Write out what a quality table warns of, then what the reader guessed."""
    lines = []
    for level in ("warning", "guess"):
        found = quality[(quality["level"] == level) & (quality["count"] > 0)]
        for check, n, note in zip(found["check"], found["count"], found["note"], strict=True):
            lines.append(f"  {level:<9} {of}{check} {n:,}: {note}")
    return lines


def _size(log: StageLog) -> str:
    return f"{counted(log.n_rows, 'row')}, {counted(log.n_items, 'item')}"


def _some(words: list[str], most: int = 10) -> str:
    rest = len(words) - most
    return ", ".join(words[:most]) + (f", … ({rest:,} more)" if rest > 0 else "")
