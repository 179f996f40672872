"""What keys cost: building logs by kind of key, another build of the package beside this one.

``python benchmarks/keys.py --before DIR``, where DIR holds the other package as ``python/`` does here. Both
build in turn, in a process each; a figure is the least processor time of all rounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

ROWS, ITEMS = 1_000_000, 200_000
OWN = Path(__file__).resolve().parent.parent / "python"


def columns() -> dict[str, pa.Array]:
    """Make a column of keys of each kind, five rows an item in random order."""
    random = np.random.default_rng(1)
    numbers = random.integers(0, ITEMS, ROWS)
    sparse = random.integers(0, 2**62, ITEMS)[numbers]

    def texts(form: Callable[[int], str], of: np.ndarray = numbers) -> pa.Array:
        return pa.array(list(map(form, of.tolist())))

    return {
        "integers in sequence": pa.array(numbers),
        "sparse integers": pa.array(sparse),
        "grouped integers": pa.array(np.sort(numbers)),
        "short texts, packed": texts("D-{:07}".format),
        "texts of 12 bytes": texts("{:012x}".format, sparse % 2**48),
        "texts of 32 bytes": texts("{:032x}".format, sparse * 3),
        "UUIDs, 36 bytes": texts(lambda n: f"{n:08x}-0000-4000-8000-{n * 2654435761 % 2**48:012x}"),
        "texts of 100 bytes": texts("{:0100x}".format, sparse),
    }


def work() -> None:
    """Build a log of the kind that each line of the input names, and print the processor time."""
    import stagefunnel as sf

    random = np.random.default_rng(2)
    stage = pa.array(random.integers(0, 8, ROWS).astype(np.int8))
    at = pa.array(random.integers(0, 10**9, ROWS))
    tables = {kind: pa.table({"item": keys, "stage": stage, "time": at}) for kind, keys in columns().items()}
    for line in sys.stdin:
        way, kind = line.strip().split("|")
        begin = time.process_time()
        if way == "table":
            sf.StageLog(tables[kind], threads=1)
        else:
            sf.StageLog.from_batches(tables[kind].to_batches(100_000), threads=1)
        print(time.process_time() - begin, flush=True)


def measured(worker: subprocess.Popen[str], case: str) -> float:
    """Let a worker build one log and return its processor time."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(case + "\n")
    worker.stdin.flush()
    return float(worker.stdout.readline())


def main() -> None:
    """Print a table of nanoseconds a row, before and now."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "--work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(path)},
        )
        for path in (arguments.before, OWN)
    ]
    print("| keys | before, ns a row | now | ratio |\n|---|---|---|---|")
    for case in [f"{way}|{kind}" for way in ("table", "stream") for kind in columns()]:
        if arguments.only not in case:
            continue
        least = [float("inf")] * 2
        for number in range(arguments.rounds):
            for which in (0, 1) if number % 2 else (1, 0):
                least[which] = min(least[which], measured(workers[which], case))
        before, now = (seconds / ROWS * 1e9 for seconds in least)
        print(f"| {case.replace('|', ', ')} | {before:.1f} | {now:.1f} | {now / before:.2f} |", flush=True)
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
        worker.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["--work"]:
        work()
    else:
        main()
