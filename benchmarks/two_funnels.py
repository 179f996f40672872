"""The two funnels from columns: ours and polars' in one run, interleaved, the answers compared first.

  python benchmarks/two_funnels.py [--rows 10000000] [--order random] [--rounds 7] [--threads 2]

Timed for both, from three columns in memory: per stage how many items passed it, count in it with
conversions, were lost from it, and skipped it. An item's outcome is that of its last row.
"""

import argparse
import os
import statistics
import time

import numpy as np
from workload import LOST, N_OPEN, WON, rows


def our_counts(columns, threads):
    """Build the log and ask it for both funnels."""
    import stagefunnel as sf

    pipeline = sf.Pipeline(list(range(N_OPEN)), won=[WON], lost=[LOST])
    log = sf.StageLog(**columns, threads=threads)
    table = sf.funnel(log, pipeline, kind="both", lost_then_won="include")
    classic, filled = (table[table["kind"] == kind].head(N_OPEN) for kind in ("classic", "conversions"))
    return np.array([classic["reached"], filled["reached"], classic["lost_from"], classic["skipped"]])


def polars_counts(frame):
    """Ask polars the same: sort, one mask of stages per item, then count the distinct masks."""
    import polars as pl

    stage = pl.col("stage")
    is_new = (pl.col("item") != pl.col("item").shift(1)).fill_null(True)
    groups = (
        frame.lazy()
        .sort("item", "time")
        .with_columns(new=is_new)
        .with_columns(lp=pl.when(stage < N_OPEN).then(stage).when(pl.col("new")).then(-1).forward_fill())
        .group_by("item")
        .agg(
            mask=pl.lit(2, pl.Int32).pow(stage).cast(pl.Int16).bitwise_or(),
            last=stage.last(),
            lost_from=pl.col("lp").last(),
        )
        .group_by("mask", "last", "lost_from")
        .len()
        .collect(engine="in-memory")
    )
    counts = np.zeros((4, N_OPEN), dtype=np.int64)
    for mask, last, lost_from, n in groups.rows():
        furthest = (mask & ((1 << N_OPEN) - 1)).bit_length() - 1
        for s in range(N_OPEN):
            has = bool(mask >> s & 1)
            counts[:2, s] += n * np.array([has, has or last == WON])
            counts[3, s] += n * (not has and (last == WON or furthest > s))
        if last == LOST and lost_from >= 0:
            counts[2, lost_from] += n
    return counts


def main():
    """Compare the answers, then print medians and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--order", choices=("random", "time", "grouped"), default="random")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = str(args.threads)
    import polars as pl

    columns = dict(zip(("item", "stage", "time"), rows(args.rows, args.order), strict=True))
    frame = pl.DataFrame(columns)
    asks = {"stagefunnel": lambda: our_counts(columns, args.threads), "polars": lambda: polars_counts(frame)}
    answers, seconds = {}, {name: [] for name in asks}
    for _ in range(args.rounds):
        for name, ask in asks.items():
            start = time.perf_counter()
            answers[name] = ask()
            seconds[name].append(time.perf_counter() - start)
    if not np.array_equal(answers["stagefunnel"], answers["polars"]):
        raise SystemExit(f"the answers differ:\n{answers}")
    print(
        f"{args.rows:,} rows, {args.order} order, {args.threads} threads, {args.rounds} rounds; same answer"
    )
    for name, took in seconds.items():
        print(f"{name:12} median {statistics.median(took):.3f} s, first {took[0]:.3f}, best {min(took):.3f}")
    ratios = [theirs / ours for ours, theirs in zip(*seconds.values(), strict=True)]
    print(f"polars / stagefunnel: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
