"""How long an import takes, in interpreters of their own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

_BASE = "import numpy, pandas"


def seconds_beyond_numpy_and_pandas(rounds: int) -> float:
    """Median of the difference between importing the package and what it needs, in turns."""
    _seconds("import stagefunnel")  # compiles it, and brings the files into memory
    return statistics.median(
        _seconds(f"{_BASE}, stagefunnel") - _seconds(_BASE) for _ in range(max(1, rounds))
    )


def _seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start
