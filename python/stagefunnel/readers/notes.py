"""What a reader did and what it could not know, as lines of the quality table."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from ..tables.schema import QUALITY


@dataclass
class Notes:
    """Counts of a reader, by check and note."""

    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, check: str, count: int, note: str) -> None:
        """Add a count to the line with this check and note; a count of 0 adds no line."""
        if count:
            self.lines[check, note] = self.lines.get((check, note), 0) + int(count)

    def take(self, others: Notes) -> None:
        """Add the lines of other notes."""
        for (check, note), count in others.lines.items():
            self.add(check, count, note)

    def below(self, quality: pd.DataFrame) -> pd.DataFrame:
        """Return the quality table of a log with these lines below its own."""
        checks, notes = [check for check, _ in self.lines], [note for _, note in self.lines]
        own = pd.DataFrame(
            {"check": checks, "count": pd.Series(list(self.lines.values()), dtype="int64"), "note": notes},
            columns=list(QUALITY),
        )
        return pd.concat([quality, own], ignore_index=True) if len(own) else quality
