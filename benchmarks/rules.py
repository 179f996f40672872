"""Measures questions with rules of stages, filters and units beside the plain question, one after the other.

  python benchmarks/rules.py [--rows 10000000] [--seconds 2] [--threads 1] [--only TEXT]

A line has the CPU time of the plain question and of the other one, the least of many calls that take turns,
and their ratio. *First* calls find nothing kept of earlier questions, neither do plain ones beside them;
*later* calls find what their own first call kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

import stagefunnel as sf
import workload
from stagefunnel.log import short_visits
from stagefunnel.questions.funnel import states
from stagefunnel.questions.funnel import units as counted_units
from stagefunnel.questions.scope import reading, units, where
from stagefunnel.questions.stages import counted_lives

_KEPT: tuple[Any, ...] = (
    *(states._kept, counted_units._kept, units._kept, where._kept, short_visits._kept),
    reading._kept_facts,
    *(counted_lives._kept_lives, counted_lives._kept_ranges),
)
_STAGES = list(workload.STAGES[: workload.N_OPEN])
_PER_ACCOUNT = 5
_N_MANAGERS = 1000
_QUESTIONS: dict[str, Callable[..., pd.DataFrame]] = {
    "funnel": sf.funnel,
    "outcomes": sf.outcomes,
    "losses": sf.losses,
    "trend": sf.funnel_by_period,
    "cohorts": lambda *asked, **options: sf.funnel_by_period(*asked, basis="created", **options),
    "funnel by manager": lambda *asked, **options: sf.funnel(*asked, by="manager", **options),
    "both by manager": lambda *asked, **options: sf.funnel(*asked, kind="both", by="manager", **options),
}
Ask = Callable[[], Any]


def built(rows: int, threads: int) -> sf.StageLog:
    """Make a log with a source, a manager and an account of each item beside it."""
    drawn = workload.columns(rows, keys="dense")
    stage = pd.Categorical.from_codes(drawn["stage"], list(workload.STAGES))
    keys = np.unique(drawn["item"])
    random = np.random.default_rng(workload.SEED)
    source = random.choice(4, len(keys), p=[0.48, 0.40, 0.07, 0.05])
    items = pd.DataFrame(
        {
            "item": keys,
            "source": pd.Categorical.from_codes(source, ["web", "fair", "call", "post"]),
            "manager": random.integers(0, _N_MANAGERS, len(keys)),
            "account": random.integers(0, len(keys) // _PER_ACCOUNT, len(keys)),
        }
    )
    moment = drawn["time"].astype("datetime64[ms]")
    return sf.StageLog({**drawn, "stage": stage, "time": moment}, items=items, threads=threads)


def pipeline(**rules: Any) -> sf.Pipeline:
    """Make the pipeline, with some rules."""
    left_out = {*rules.get("ignore", ()), *rules.get("aliases", {})}
    stages = [stage for stage in _STAGES if stage not in left_out]
    return sf.Pipeline(stages, won="won", lost="lost", **rules)


def others() -> dict[str, tuple[sf.Pipeline, dict[str, Any]]]:
    """Name the pipelines with rules, and the options, that are asked beside the plain question."""
    three = {"meeting": "2024-06-01", "proposal": "2024-12-01"}
    plain = pipeline()
    return {
        "one dated stage": (pipeline(since={"meeting": "2024-09-01"}), {}),
        "three dated stages": (pipeline(since=three, until={"invoice": "2025-09-30"}), {}),
        "optional": (pipeline(optional=["proposal"]), {}),
        "aliases": (pipeline(aliases={"proposal": "meeting"}), {}),
        "ignore": (pipeline(ignore=["proposal"]), {}),
        "ignore_shorter": (pipeline(ignore_shorter="2h"), {}),
        "unit": (plain, {"unit": "account"}),
        "where, 48% of the items": (plain, {"where": {"source": "web"}}),
        "where, 95% of the items": (plain, {"where": {"source": ["web", "fair", "call"]}}),
        "where, 7% of the items": (plain, {"where": {"source": "call"}}),
    }


def forget() -> None:
    """Forget what is kept of earlier questions."""
    for kept in _KEPT:
        kept.clear()


def least(plain: Ask, other: Ask, before: Callable[[], None], seconds: float) -> tuple[float, float]:
    """Ask both in turns for some seconds, and return the least CPU time of each."""
    times: tuple[list[float], list[float]] = ([], [])
    plain(), other()
    start = time.perf_counter()
    while len(times[0]) < 3 or time.perf_counter() - start < seconds:
        for ask, own in zip((plain, other), times, strict=True):
            before()
            begun = time.process_time()
            ask()
            own.append(time.process_time() - begun)
    return min(times[0]), min(times[1])


def lines(log: sf.StageLog, seconds: float, only: str) -> Iterator[str]:
    """Measure each question with each rule, as rows of a table."""
    plain = pipeline()
    yield "| question | | calls | plain, ms | with, ms | ratio |"
    yield "|---|---|---|---|---|---|"
    for question, ask in _QUESTIONS.items():
        for name, (ruled, options) in others().items():
            if only not in f"{question}, {name}":
                continue
            for calls, before in (("first", forget), ("later", lambda: None)):
                found = least(
                    partial(ask, log, plain),
                    partial(ask, log, ruled, **options),
                    before,
                    seconds,
                )
                figures = " | ".join(f"{1000 * one:.1f}" for one in found)
                yield f"| {question} | {name} | {calls} | {figures} | {found[1] / found[0]:.2f} |"


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    for line in lines(built(args.rows, args.threads), args.seconds, args.only):
        print(line, flush=True)


if __name__ == "__main__":
    main()
