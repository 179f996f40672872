"""The package itself, from columns or with the log built beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import stagefunnel as sf
from answers import Answer, Question, times_of_stages
from workload import LOST, N_OPEN, STAGES, WON, Columns

_BY_CODE = sf.Pipeline(list(range(N_OPEN)), won=[WON], lost=[LOST])
_BY_NAME = sf.Pipeline(list(STAGES[:N_OPEN]), won=[STAGES[WON]], lost=[STAGES[LOST]])


class Ours:
    """Builds the log from the columns, then asks it."""

    takes_text = reads_files = True

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Take the columns as they are."""
        return drawn

    def ask(self, data: Any, question: Question, threads: int) -> Answer:
        """Ask the log, which is built here unless the data is a log already."""
        log = data if isinstance(data, sf.StageLog) else sf.StageLog(**data, threads=threads)
        pipeline = _BY_CODE if log.unit is None else _BY_NAME  # only files have stage names and timestamps
        answer: Answer = {}
        if question != "durations":
            answer |= _funnel(log, pipeline)
        if question != "funnel":
            answer |= _durations(log, pipeline)
        return answer

    def read(self, path: Path, threads: int) -> Any:
        """Stream the file into a log, or read it whole where this version has no streams."""
        streams = {".parquet": "from_parquet", ".csv": "from_csv"}
        stream = getattr(sf.StageLog, streams[path.suffix], None)
        if stream is not None:
            return stream(path, threads=threads)
        return sf.StageLog(_whole(path), threads=threads)


class BuiltLog(Ours):
    """Asks a log that was built beforehand, like a further question in a notebook."""

    reads_files = False

    def prepare(self, drawn: Columns, threads: int) -> Any:
        """Build the log, and release the pool, whose memory is not the log's."""
        log = sf.StageLog(**drawn, threads=threads)
        sf.release_memory()
        return log


def _whole(path: Path) -> Any:
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        return parquet.read_table(path)
    import pyarrow.csv as csv

    return csv.read_csv(path)


def _funnel(log: sf.StageLog, pipeline: sf.Pipeline) -> Answer:
    # The peers have no flip rule, so items that are won after a loss stay in here too.
    table = sf.funnel(log, pipeline, kind="both", lost_then_won="include")
    classic, filled = (table[table["kind"] == kind].head(N_OPEN) for kind in ("classic", "conversions"))
    return {
        "passed": classic["passed"].tolist(),
        "filled": filled["reached"].tolist(),
        "lost": classic["lost_from"].tolist(),
        "skipped": classic["skipped"].tolist(),
    }


def _durations(log: sf.StageLog, pipeline: sf.Pipeline) -> Answer:
    table = sf.time_in_stage(log, pipeline, quantiles=()).head(N_OPEN)
    if log.unit is not None:
        for name in ("mean", "median"):
            table[name] /= pd.Timedelta(1, "ms")
    return times_of_stages(zip(range(N_OPEN), table["mean"], table["median"], strict=True))
