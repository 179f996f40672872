"""Times the phases of the C++ core without Python.

  cmake -S . -B build/benchmarks/core -DSTAGEFUNNEL_BENCHMARKS=ON && cmake --build build/benchmarks/core
  python benchmarks/core.py build/benchmarks/core/benchmarks/cpp/stagefunnel_benchmark

`run.sh` runs both commands. The first call is shown apart: its memory was never touched before.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from store import DEFAULT, Store
from workload import Keys, Order

_CASES: tuple[tuple[Order, Keys], ...] = (
    *((order, "sparse") for order in get_args(Order)),
    ("random", "dense"),
)


def phases(program: Path, store: Store, rows: int, order: Order, keys: Keys, effort: Sequence[int]) -> Any:
    """Run one case with an effort of (threads, calls), and stop if its counts are wrong."""
    store.draw(rows, order, keys)
    run = subprocess.run(
        [str(program), *store.integer_files(rows, order, keys), *map(str, effort)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = json.loads(run.stdout)
    passed = seconds.pop("passed")
    if passed != store.expected(rows)["passed"]:
        raise SystemExit(f"{order}, {keys}: the core counts {passed}")
    return seconds


def main() -> None:
    """Print one row per case, number of threads and phase."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--calls", type=int, default=7)
    parser.add_argument("--data", type=Path, default=DEFAULT)
    parser.add_argument("--quick", action="store_true", help="check the counts, print no times")
    options = parser.parse_args()
    store = Store(options.data)
    if options.quick:
        phases(options.program, store, 100_000, "random", "sparse", (2, 2))
        print("core: counts the same")
        return
    print(f"### Phases of the core, {options.rows:,} rows\n")
    print("| order | keys | threads | phase | first, ms | median, ms | best, ms |")
    print("|---|---|---|---|---|---|---|")
    for order, keys in _CASES:
        for threads in (1, 2):
            of_phase = phases(options.program, store, options.rows, order, keys, (threads, options.calls))
            for phase, seconds in of_phase.items():
                later = seconds[1:] or seconds
                figures = (seconds[0], statistics.median(later), min(later))
                cells = " | ".join(f"{1000 * figure:.1f}" for figure in figures)
                print(f"| {order} | {keys} | {threads} | {phase} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
