"""What a reader hands back: a log with its pipelines and items, and what is to be known of them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..log.stage_log import StageLog
from ..pipeline import Pipeline


@dataclass(frozen=True, eq=False, repr=False)
class Export:
    """An export of a CRM, read; made by :func:`stagefunnel.read`.

    Attributes
    ----------
    format
        The format as which it was recognised, for example ``"bitrix24"``.
    log
        Its stage history. Stages are the CRM's codes, items its ids, both text.
    pipelines
        By name: the stages of each in their order, with their names and what they mean.
    items
        One row per item: ``item``; ``pipeline``, ``amount``, ``currency``, ``manager`` and ``created``
        where they are known; then the export's other columns, as text.
    quality
        ``check``, ``count``, ``note``: what :meth:`StageLog.quality` counts, what the reader did, and what
        the format cannot know.
    leads, deals
        Where an export holds both: an export each. What is said above is then about the deals.
    links
        Where an export holds both: one row per deal with a lead, ``deal`` and ``lead``.
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
        lines = [f"Export of {self.format}: {self.log.n_rows:,} rows, {self.log.n_items:,} items"]
        if self.leads is not None and self.links is not None:
            lines[0] += f"; leads: {self.leads.log.n_rows:,} rows, {self.leads.log.n_items:,} items"
            lines.append(f"  links     {len(self.links):,} deals with a lead")
        for name, pipeline in list(self.pipelines.items())[:6]:
            lines.append(f"  pipeline  {name!r}: {repr(pipeline).removeprefix('Pipeline: ')}")
        if len(self.pipelines) > 6:
            lines.append(f"            … ({len(self.pipelines) - 6:,} more pipelines)")
        lines.append(f"  items     {len(self.items):,} rows: {_some(list(self.items.columns))}")
        found = self.quality[self.quality["count"] > 0]
        said = [f"{check} {n:,}" for check, n in zip(found["check"], found["count"], strict=True)]
        lines.append(f"  quality   {_some(said)}")
        return "\n".join(lines)


def _some(words: list[str], most: int = 10) -> str:
    rest = len(words) - most
    return ", ".join(words[:most]) + (f", … ({rest:,} more)" if rest > 0 else "")
