"""Runs each measurement in a process of its own, in rounds over the candidates, and collects the figures."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from case import Case
from store import Store

_HERE = Path(__file__).parent
_TIMEOUT = 1800


@dataclass
class Measured:
    """The figures of one candidate for one case, over all rounds; times are in seconds."""

    case: Case
    name: str
    first: list[float] = field(default_factory=list)  # first call of each process
    steady: list[float] = field(default_factory=list)  # median of the later calls of each process
    best: float = float("inf")  # fastest of all later calls
    extra: list[float] = field(default_factory=list)  # peak while the first call ran, bytes a row
    held: list[float] = field(default_factory=list)  # memory of the prepared data, bytes a row

    @property
    def median(self) -> float:
        """The median of the steady times over the processes."""
        return statistics.median(self.steady)

    @property
    def median_first(self) -> float:
        """The median of the first calls."""
        return statistics.median(self.first)

    def add(self, report: dict[str, object]) -> None:
        """Add the report of one process."""
        seconds = report["seconds"]
        assert isinstance(seconds, list)
        self.first.append(seconds[0])
        self.steady.append(statistics.median(seconds[1:]))
        self.best = min(self.best, *seconds[1:])
        for place, name in ((self.extra, "extra_bytes"), (self.held, "held_bytes")):
            place.append(float(str(report[name])) / self.case.rows)


@dataclass(frozen=True)
class Effort:
    """The limits of a measurement."""

    rounds: int = 3
    calls: int = 5
    budget: float = 10.0  # seconds of one process, about
    wait: bool = True  # wait until the machine is quiet


def measure(case: Case, names: Sequence[str], store: Store, effort: Effort) -> list[Measured]:
    """Measure one case for all candidates in turns; a wrong answer ends the run."""
    if case.file is None:
        store.draw(case.rows, case.order, case.keys)
    else:
        store.file(case.rows, case.file)
    store.expected(case.rows)
    measured = {name: Measured(case, name) for name in names}
    for _ in range(effort.rounds):
        for name in names:
            if effort.wait:
                _wait_until_quiet()
            measured[name].add(_report(name, case, store, effort))
    return list(measured.values())


def _report(name: str, case: Case, store: Store, effort: Effort) -> dict[str, object]:
    arguments = [name, case.as_json(), str(store.given), str(effort.calls), str(effort.budget)]
    threads = str(case.threads)
    bounds = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "STAGEFUNNEL_THREADS"), threads)
    run = subprocess.run(
        [sys.executable, str(_HERE / "measure.py"), *arguments],
        env={**os.environ, **bounds},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if run.returncode:
        raise SystemExit(f"{name}, {case}:\n{run.stderr[-2000:]}")
    report: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
    return report


def _wait_until_quiet(idle: float = 0.94, at_most: float = 8.0) -> None:
    """Wait until the processors idle for half a second, on systems that have /proc/stat."""
    end = time.monotonic() + at_most
    shares = _idle_shares()
    while time.monotonic() < end:
        if next(shares, 1.0) >= idle:
            return


def _idle_shares() -> Iterator[float]:
    stat = Path("/proc/stat")
    if not stat.exists():
        return
    before = _ticks(stat)
    while True:
        time.sleep(0.5)
        after = _ticks(stat)
        yield (after[1] - before[1]) / max(1, after[0] - before[0])
        before = after


def _ticks(stat: Path) -> tuple[int, int]:
    ticks = [int(field) for field in stat.read_text(encoding="ascii").splitlines()[0].split()[1:]]
    return sum(ticks), ticks[3] + ticks[4]
