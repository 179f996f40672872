"""A case to measure: the data that a candidate starts from and the question."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from answers import Question
from store import Format, is_number
from workload import Keys, Order


@dataclass(frozen=True)
class Case:
    """The rows, threads and question that all candidates of one comparison share."""

    rows: int
    threads: int
    order: Order = "random"
    keys: Keys = "sparse"
    question: Question = "both"
    file: Format | None = None  # the file to start from; None starts from columns in memory

    def allows(self, candidate: Any) -> bool:
        """Return whether a candidate can take part."""
        if self.file is not None:
            return bool(candidate.reads_files)
        return bool(candidate.takes_text) or is_number(self.keys)

    def as_json(self) -> str:
        """Write the case for the process that measures it."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        source = f"from {self.file}, text keys" if self.file else f"{self.order} order, {self.keys} keys"
        asked = {"both": "everything", "funnel": "funnel alone", "durations": "time in stage alone"}
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.rows:,} rows, {source}, {threads}: {asked[self.question]}"
