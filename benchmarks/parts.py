"""What parts of a log cost, and what they cost the questions of one log.

``python benchmarks/parts.py``: how long a thousand parts of a summary take to merge, and how large a part of
bounded precision without keys is. ``--before DIR``, where DIR holds another build of the package as
``python/`` does here, compares the plain questions: both answer in turn, in a process each; a figure is the
least processor time of all rounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

OWN = Path(__file__).resolve().parent.parent / "python"
STAGES = ["New", "Call", "Offer", "Terms"]
WON, LOST = "Won", "Lost"
SIZES = {"1e6 rows": (1_000_000, 1), "100 rows": (100, 20)}  # with the calls of a round


def rows_of(n: int, first_item: int = 0, seed: int = 1) -> dict[str, Any]:
    """Make rows of items that have five each, the last of which is won, lost or open."""
    random = np.random.default_rng(seed)
    n_items = max(n // 5, 1)
    labels = np.array([*STAGES, WON, LOST])
    codes = np.sort(random.integers(0, len(STAGES), (n_items, 5)), axis=1)
    codes[:, 4] = np.where(random.random(n_items) < 0.7, random.integers(4, 6, n_items), codes[:, 4])
    created = random.integers(0, 63_000_000, n_items)
    seconds = created[:, None] + np.cumsum(random.integers(60, 900_000, (n_items, 5)), axis=1)
    return {
        "item": np.repeat(np.arange(first_item, first_item + n_items), 5),
        "stage": labels[codes.ravel()],
        "time": np.datetime64("2024-01-01", "s") + seconds.ravel().astype("timedelta64[s]"),
    }


def _questions(sf: Any, log: Any, pipeline: Any) -> dict[str, Callable[[], object]]:
    return {
        "funnel": lambda: sf.funnel(log, pipeline),
        "losses": lambda: sf.losses(log, pipeline),
        "time_in_stage": lambda: sf.time_in_stage(log, pipeline),
        "transitions": lambda: sf.transitions(log, pipeline),
        "summary": lambda: sf.summary(log, pipeline),
        "time_to": lambda: sf.time_to(log, pipeline, WON),
        "flow": lambda: sf.flow(log, pipeline, every="month"),
        "variants": lambda: sf.variants(log, pipeline, top=10),
        "cohort_maturity": lambda: sf.cohort_maturity(log, pipeline, every="month", tau="30D"),
    }


NAMES = tuple(_questions(None, None, None))


def answer_in_turn(n: int, calls: int) -> None:
    """Answer each question that a line of the input names; print the processor time of a call."""
    import stagefunnel as sf

    pipeline = sf.Pipeline(STAGES, won=WON, lost=LOST)
    questions = _questions(sf, sf.StageLog(rows_of(n), threads=1), pipeline)
    for line in sys.stdin:
        ask = questions[line.strip()]
        start = time.process_time()
        for _ in range(calls):
            ask()
        print((time.process_time() - start) / calls, flush=True)


@contextmanager
def _worker(package: Path, n: int, calls: int) -> Iterator[Callable[[str], float]]:
    words = [sys.executable, __file__, "--worker", str(n), str(calls)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, env=os.environ | {"PYTHONPATH": str(package)}, **pipes) as process:

        def measured(question: str) -> float:
            process.stdin.write(f"{question}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield measured
        process.stdin.close()


def compare(before: Path, rounds: int, names: tuple[str, ...]) -> None:
    """Print the least time of each question in both packages."""
    print("| question | log | before | now | ratio |\n|---|---|---|---|---|")
    for size, (n, calls) in SIZES.items():
        with _worker(before, n, calls) as old, _worker(OWN, n, calls) as new:
            for name in names:
                old(name), new(name)  # what is made once
                a, b = np.array([(old(name), new(name)) for _ in range(rounds)]).min(axis=0)
                print(
                    f"| {name} | {size} | {1000 * a:.3f} ms | {1000 * b:.3f} ms | {b / a:.3f} |", flush=True
                )


def merge_many(n_parts: int = 1000, rows: int = 1000) -> None:
    """Print how long it takes to merge many parts of a summary."""
    import stagefunnel as sf

    pipeline = sf.Pipeline(STAGES, won=WON, lost=LOST)
    logs = [
        sf.StageLog(rows_of(rows, first_item=part * rows, seed=part), threads=1) for part in range(n_parts)
    ]
    for precision, check in (
        ("exact", "keys"),
        ("exact", "none"),
        ("bounded", "sketch"),
        ("bounded", "none"),
    ):
        parts = [sf.partial(log, pipeline, precision=precision, check=check) for log in logs]
        start = time.process_time()
        whole = sf.merge(parts)
        merged = time.process_time() - start
        sent = [part.to_bytes() for part in parts]
        start = time.process_time()
        read = [sf.Partial.from_bytes(data) for data in sent]
        took = time.process_time() - start
        assert len(read) == n_parts
        assert whole.n_items == n_parts * rows // 5
        size = len(whole.to_bytes())
        print(
            f"| {precision}, {check} | {merged:.2f} s | {took:.2f} s | {len(sent[0]) / 1e3:.1f} kB "
            f"| {size / 1e6:.2f} MB |",
            flush=True,
        )


def sizes(most: int) -> None:
    """Print how large a bounded part of a summary without keys is, and an exact one."""
    import stagefunnel as sf

    pipeline = sf.Pipeline(STAGES, won=WON, lost=LOST)
    n = 10_000
    while n <= most:
        log = sf.StageLog(rows_of(n))
        bounded = sf.partial(log, pipeline, precision="bounded", check="none").to_bytes()
        exact = sf.partial(log, pipeline).to_bytes() if n <= most // 10 else b""
        print(f"| {n:,} | {len(bounded) / 1e6:.3f} MB | {len(exact) / 1e6:.2f} MB |", flush=True)
        n *= 10


def main() -> None:
    """Read the words and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--questions", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--most", type=int, default=10_000_000, metavar="ROWS")
    parser.add_argument("--worker", type=int, nargs=2, metavar="N", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker is not None:
        answer_in_turn(*args.worker)
    elif args.before is not None:
        compare(args.before, args.rounds, tuple(args.questions))
    else:
        merge_many()
        sizes(args.most)


if __name__ == "__main__":
    main()
