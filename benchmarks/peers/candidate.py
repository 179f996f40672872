"""The interface of a candidate."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from answers import Answer, Question
from workload import Columns


class Candidate(Protocol):
    """A way to answer the questions."""

    takes_text: bool  # whether keys may be text
    reads_files: bool

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Put columns where the candidate wants them; this is not timed."""

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Answer from the data that `prepare` or `read` returned; this is timed."""

    def read(self, path: Path, threads: int) -> Any:
        """Open a Parquet or CSV file of text keys, names of stages and timestamps; this is timed."""
