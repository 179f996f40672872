"""The two funnels from columns: ours and polars' in one run, interleaved, answers compared first.

  python gen.py --rows 10000000 --order random --ids sparse --out DIR
  python two_funnels.py DIR/sparse_random_10000000 [--rounds 5] [--threads 2]

Timed for both: from the three columns in memory to the counts of the classic funnel and of the funnel with
conversions (per stage: passed, with conversions, lost from, skipped). polars' query is that of peers.py
without the durations.
"""

import argparse
import os
import statistics
import time

import numpy as np
from gen import LOST, N_PIPE, STAGES, WON
from peers import POLARS_ENGINE, _bit, tail


def load(base):
    return {name: np.load(f"{base}.{name}.npy") for name in ("item", "stage", "time")}


def polars_counts(frame):
    import polars as pl

    stage = pl.col("stage")
    last_open = pl.when(stage < N_PIPE).then(stage).when(pl.col("new")).then(-1).forward_fill()
    groups = (
        frame.lazy()
        .sort("item", "time")
        .with_columns(new=(pl.col("item") != pl.col("item").shift(1)).fill_null(True))
        .with_columns(lp=last_open)
        .group_by("item")
        .agg(m=_bit(pl).bitwise_or(), f=stage.last(), lp=pl.col("lp").last())
        .group_by("m", "f", "lp")
        .len()
        .collect(engine=POLARS_ENGINE)
    )
    counts = tail(groups.rows(), [])
    return {name: counts[name] for name in ("passed", "conv", "lost", "skipped")}


def our_counts(columns, threads):
    import stagefunnel as sf

    pipeline = sf.Pipeline(list(range(N_PIPE)), won=[WON], lost=[LOST])
    log = sf.StageLog(**columns, threads=threads)
    # The workload's outcome is that of the last row, and no won item is left out.
    table = sf.funnel(log, pipeline, kind="both", lost_then_won="include")
    classic, filled = (table[table["kind"] == kind].head(N_PIPE) for kind in ("classic", "conversions"))
    return {
        "passed": classic["reached"].to_numpy(),
        "conv": filled["reached"].to_numpy(),
        "lost": classic["lost_from"].to_numpy(),
        "skipped": classic["skipped"].to_numpy(),
    }


def timed(ask):
    start = time.perf_counter()
    answer = ask()
    return time.perf_counter() - start, answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(args.threads)
    import polars as pl

    columns = load(args.base)
    frame = pl.DataFrame(columns)
    ask = {"stagefunnel": lambda: our_counts(columns, args.threads), "polars": lambda: polars_counts(frame)}
    seconds = {name: [] for name in ask}
    answers = {}
    for _ in range(args.rounds):
        for name, query in ask.items():
            took, answers[name] = timed(query)
            seconds[name].append(took)
    for name in answers["polars"]:
        ours, theirs = answers["stagefunnel"][name], answers["polars"][name]
        # A win that opens a journey or follows a loss differs by definition only where a won row repeats.
        if not np.array_equal(ours, theirs):
            raise SystemExit(f"{name} differs: {ours} against {theirs}")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    rows = len(columns["item"])
    print(f"{rows:,} rows, {args.threads} threads, {len(STAGES)} stages, median of {args.rounds} rounds")
    for name, values in seconds.items():
        print(f"{name:12} median {medians[name]:.3f} s  first {values[0]:.3f}  best {min(values):.3f}")
    print(f"polars / stagefunnel = {medians['polars'] / medians['stagefunnel']:.2f}")


if __name__ == "__main__":
    main()
