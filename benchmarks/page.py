"""Measures the page of a large log: what its tables cost, and what all the rest does.

  python benchmarks/page.py [--rows 10000000] [--calls 3] [--demo] [--quick]

The tables are all calls of questions that the page makes, its tiles and findings too; the rest is words,
pictures and HTML. Times are those of the process, in all its threads, so that other work counts
little; what the process beside it draws is measured apart, because it draws while the tables are counted.
``--demo`` measures the command that writes the sample and its page, again and again, as whole processes.
Before any time is taken, the page of a small log is compared with itself made with one process less.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

import stagefunnel as sf
import workload

_QUICK_ROWS = 20_000
_TEAMS = 10
_CHECKED = ["funnels", "losses"]  # sections with pictures


def built(rows: int) -> tuple[sf.StageLog, sf.Pipeline]:
    """Make a log in milliseconds, with a table of items that has a team for each."""
    drawn = workload.columns(rows)
    keys = np.unique(drawn["item"])
    items = pd.DataFrame({"item": keys, "team": keys % _TEAMS})
    log = sf.StageLog({**drawn, "time": drawn["time"].astype("datetime64[ms]")}, items=items)
    return log, sf.Pipeline(list(range(workload.N_OPEN)), won=workload.WON, lost=workload.LOST)


class Clock:
    """The seconds of the process that pass inside questions, each counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    def of(self, question: Callable[..., Any]) -> Callable[..., Any]:
        """Count the time of a question."""

        @wraps(question)
        def asked(*args: Any, **options: Any) -> Any:
            start, self._depth = time.process_time(), self._depth + 1
            try:
                return question(*args, **options)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.process_time() - start

        return asked


@contextmanager
def tables_on(clock: Clock) -> Iterator[None]:
    """Let a clock count the questions that the modules of the page ask."""
    modules = [
        one
        for name, one in sys.modules.items()
        if name.startswith("stagefunnel.reports.") and one is not None
    ]
    patches = [
        mock.patch.object(module, name, clock.of(value))
        for module in modules
        for name, value in vars(module).items()
        if callable(value)
        and not isinstance(value, type)
        and getattr(value, "__module__", "").startswith("stagefunnel.questions.")
    ]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def page_of(log: sf.StageLog, pipeline: sf.Pipeline, folder: str, **options: Any) -> bytes:
    """Make a page and read it."""
    return sf.report(log, pipeline, Path(folder) / "page.html", by="team", **options).read_bytes()


def check(folder: str) -> None:
    """Compare a page with the same one, whose pictures are drawn here and not by a process beside."""
    log, pipeline = built(_QUICK_ROWS)
    page = page_of(log, pipeline, folder, sections=_CHECKED)
    with mock.patch("stagefunnel.reports.painter._process", return_value=nullcontext(None)):
        assert page_of(log, pipeline, folder, sections=_CHECKED) == page
    print(f"{_QUICK_ROWS:,} rows: the page is the same without a process beside it")


def measured(rows: int, calls: int, folder: str) -> None:
    """Print the least seconds of some pages."""
    log, pipeline = built(rows)
    least: dict[str, float] = {}
    for _ in range(calls):
        clock, drawing = Clock(), _children()
        with tables_on(clock):
            start, since = time.process_time(), time.perf_counter()
            page = page_of(log, pipeline, folder)
            whole, waited = time.process_time() - start, time.perf_counter() - since
        found = {
            "page, by the clock": waited,
            "page": whole,
            "tables": clock.seconds,
            "beyond its tables": whole - clock.seconds,
            "drawing beside": _children() - drawing,
        }
        least = {name: min(seconds, least.get(name, seconds)) for name, seconds in found.items()}
    print(f"{rows:,} rows, {log.n_items:,} items, a page of {len(page) / 1e6:.2f} MB")
    for name, seconds in least.items():
        print(f"{name:20} {seconds:6.2f} s")


def demo(calls: int, folder: str) -> None:
    """Print the least seconds of the demo's command."""
    code = "import sys; from stagefunnel.cli import main; sys.exit(main(['demo', sys.argv[1]]))"
    clock, process = [], []
    for _ in range(calls):
        before, since = _children(), time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, os.path.join(folder, "demo")], check=True, stdout=subprocess.DEVNULL
        )
        clock.append(time.perf_counter() - since)
        process.append(_children() - before)
    print(f"demo, by the clock   {min(clock):6.2f} s")
    print(f"demo, both processes {min(process):6.2f} s")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check(folder)
        if args.quick:
            return
        if args.demo:
            demo(args.calls, folder)
        else:
            measured(args.rows, args.calls, folder)


if __name__ == "__main__":
    main()
