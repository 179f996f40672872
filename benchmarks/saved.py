"""Measures saved logs beside logs in memory: opening, both funnels, and a day that is appended.

  python benchmarks/saved.py [--rows 10000000] [--threads 1] [--rounds 5]

The answers are compared first; then the two take turns, and the least time of the processor counts. The first
question of an opened log checks each row that it reads, and is measured apart.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

import stagefunnel as sf
import workload

PIPELINE = sf.Pipeline(list(workload.STAGES[:8]), won="won", lost="lost")
DAY = 100_000


def seconds(run: Callable[[], object]) -> float:
    """Return the time of the processor that a call takes."""
    begin = time.process_time()
    run()
    return time.process_time() - begin


def frame_of(n_rows: int, seed: int = workload.SEED) -> pd.DataFrame:
    """Draw rows with names of stages as categories, so that a day has the same ones."""
    columns = workload.columns(n_rows, "random", "dense", seed)
    stages = pd.Categorical.from_codes(columns["stage"], dtype=pd.CategoricalDtype(workload.STAGES))
    times = columns["time"].astype("datetime64[ms]")
    return pd.DataFrame({"item": columns["item"], "stage": stages, "time": times})


def main() -> None:
    """Draw, save, measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    log = sf.StageLog(frame_of(args.rows), threads=args.threads)

    def both(asked: sf.StageLog) -> pd.DataFrame:
        return sf.funnel(asked, PIPELINE, kind="both")

    def times(asked: sf.StageLog) -> pd.DataFrame:
        return sf.time_in_stage(asked, PIPELINE)

    def opened() -> sf.StageLog:
        return sf.StageLog.load(path, threads=args.threads)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.sf")
        print(f"save\t{seconds(lambda: log.save(path)):.3f} s")
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        print(f"bytes a row\t{size / args.rows:.1f}")
        print(f"open\t{1_000 * min(seconds(opened) for _ in range(args.rounds)):.2f} ms")
        first = opened()
        print(f"first question\t{1_000 * seconds(lambda: both(first)):.1f} ms")
        pd.testing.assert_frame_equal(both(first), both(log))
        for name, ask in (("both funnels", both), ("time in stage", times)):
            best = {"memory": float("inf"), "saved": float("inf")}
            for _ in range(args.rounds):
                for place, one in (("memory", log), ("saved", first)):
                    best[place] = min(best[place], seconds(partial(ask, one)))
            print(f"{name}, in memory\t{1_000 * best['memory']:.1f} ms")
            print(
                f"{name}, saved\t{1_000 * best['saved']:.1f} ms, {best['saved'] / best['memory']:.2f} times"
            )
        later = frame_of(DAY, workload.SEED + 7)
        later["item"] = later["item"].to_numpy() + args.rows // 10  # some are known, some new
        print(f"append {DAY:,} rows\t{seconds(lambda: sf.StageLog.append(path, later)):.3f} s")
        print(f"first question after it\t{seconds(lambda: both(opened())):.3f} s")
        print(f"compact\t{seconds(lambda: sf.StageLog.compact(path)):.3f} s")
        print(f"first question after that\t{seconds(lambda: both(opened())):.3f} s")


if __name__ == "__main__":
    main()
