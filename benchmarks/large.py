"""Measures a log too large to hold twice: the time to read a Parquet file, and the peak of the process.

  python benchmarks/large.py [--rows 200000000] [--block 10000000] [--threads 2]

The file has text keys and names of stages. It is drawn in blocks of whole items, and the rows of a block are
spread over the file, so that every item comes back again and again. The items that passed each stage are
counted while the file is drawn, and compared with the answer. The peak is of the whole process, with
interpreter and libraries.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import workload
from measure import peak
from store import DEFAULT
from workload import N_OPEN, TextKeys

_DIGITS = 10
_PARTS = 20  # pieces of each block, one in every twentieth of the file


def draw(path: Path, rows: int, block: int) -> None:
    """Write the file and, beside it, the number of items that passed each stage."""
    import pyarrow.parquet as parquet

    passed = np.zeros(N_OPEN, np.int64)
    blocks = []
    for number, start in enumerate(range(0, rows, block)):
        columns = workload.columns(min(block, rows - start), "random", "dense", workload.SEED + 2 * number)
        passed += _passed(columns)
        # Items are numbered from 1,000,000 in every block, which has fewer items than rows.
        columns["item"] = columns["item"] + number * block
        blocks.append(columns)
    part = path.with_suffix(".part")
    writer = None
    for place in range(_PARTS):
        table = workload.named_table(_part(blocks, place))
        writer = writer or parquet.ParquetWriter(part, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    path.with_suffix(".json").write_text(json.dumps(passed.tolist()), encoding="utf-8")
    part.rename(path)


def _passed(columns: workload.Columns) -> Any:
    """Count the items of each open stage by the distinct pairs of item and stage."""
    pairs = np.unique(columns["item"] * 16 + columns["stage"])
    return np.bincount(pairs & 15, minlength=16)[:N_OPEN]


def _part(blocks: list[workload.Columns], place: int) -> workload.Columns:
    pieces = {
        name: np.concatenate([np.array_split(block[name], _PARTS)[place] for block in blocks])
        for name in ("item", "stage", "time")
    }
    return {**pieces, "item": TextKeys(pieces["item"], _DIGITS)}


def measure(path: Path, threads: int) -> None:
    """Read the file and ask everything in this process; print seconds, peak and the items that passed."""
    from peers.ours import Ours

    start = time.perf_counter()
    log = Ours().read(path, threads)
    built = time.perf_counter()
    answer = Ours().ask(log, "both", threads)
    asked = time.perf_counter()
    figures = {"read": built - start, "asked": asked - built, "peak": peak(), "passed": answer["passed"]}
    print(json.dumps(figures))


def main() -> None:
    """Draw the file unless it exists, measure in a process of its own, and compare the answers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000_000)
    parser.add_argument("--block", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", type=Path, default=DEFAULT)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.threads)
        return
    options.data.mkdir(parents=True, exist_ok=True)
    path = options.data / f"large-{options.rows}-{options.block}.parquet"
    if not path.exists():
        draw(path, options.rows, options.block)
    command = [sys.executable, __file__, "--measure", str(path), "--threads", str(options.threads)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)
    figures = json.loads(run.stdout)
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    if figures["passed"] != expected:
        raise SystemExit(f"passed {figures['passed']}, not {expected}")
    size = path.stat().st_size / 1e9
    print(f"{options.rows:,} rows from Parquet ({size:.2f} GB), {options.threads} threads")
    print(f"{figures['read']:.1f} s to read, {figures['asked']:.2f} s to ask everything")
    print(f"peak {figures['peak'] / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
