"""What a candidate can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from answers import Answer, Question
from workload import Columns


class Candidate(Protocol):
    """One way to answer the questions."""

    takes_text: bool  # can keys be text
    reads_files: bool

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Put columns where the candidate wants them. Not timed."""

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Answer from what `prepare` or `read` returned. Timed."""

    def read(self, path: Path, threads: int) -> Any:
        """Open a Parquet or CSV file of text keys, names of stages and timestamps. Timed."""
