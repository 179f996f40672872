"""The time of an import, measured in an interpreter of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

_BASE = "import numpy, pandas"


def seconds_beyond_numpy_and_pandas(rounds: int) -> float:
    """Return the median of the extra time that importing the package takes beyond NumPy and pandas."""
    _seconds("import stagefunnel")  # compiles the package and brings its files into memory
    return statistics.median(
        _seconds(f"{_BASE}, stagefunnel") - _seconds(_BASE) for _ in range(max(1, rounds))
    )


def _seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start
