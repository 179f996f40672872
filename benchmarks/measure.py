"""Makes one measurement in a process of its own: prepares, asks repeatedly, and prints one line of JSON.

The harness starts it.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from answers import Answer, differences
from case import Case
from peers import candidate
from store import Store

_LEAST = 0.5  # seconds that short calls are repeated for


def main(name: str, case: Case, root: Path, calls: int, budget: float) -> None:
    """Ask `calls` times or for half a second, at least twice, within about `budget` seconds."""
    store = Store(root)
    measured = candidate(name)
    expected = store.expected(case.rows)
    held = 0
    if case.file is None:
        columns = store.columns(case.rows, case.order, case.keys)
        before = _resident()
        data = measured.prepare(columns, case.threads)
        gc.collect()
        held = _resident() - before

        def ask() -> Answer:
            return measured.ask(data, case.question, case.threads)
    else:
        path = store.file(case.rows, case.file)

        def ask() -> Answer:
            return measured.ask(measured.read(path, case.threads), case.question, case.threads)

    seconds, answers, extra = _timed(ask, calls, budget)
    wrong = [each for answer in answers for each in differences(answer, expected, case.question)]
    if wrong:
        raise SystemExit(f"{name} answers otherwise: {wrong[0]}")
    report = {"seconds": seconds, "held_bytes": held, "extra_bytes": extra}
    print(json.dumps(report))


def _timed(ask: Callable[[], Answer], calls: int, budget: float) -> tuple[list[float], list[Answer], int]:
    """Return the seconds and the answer of each call, and the peak of memory of the first call."""
    seconds: list[float] = []
    answers = []
    extra = 0
    begin = time.perf_counter()
    while _goes_on(len(seconds), time.perf_counter() - begin, calls, budget):
        before = _reset_peak() if not seconds else 0
        start = time.perf_counter()
        answers.append(ask())
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            extra = peak() - before
    return seconds, answers, extra


def _goes_on(done: int, elapsed: float, calls: int, budget: float) -> bool:
    if done < 2:
        return True
    # A few calls of milliseconds are too noisy, so short calls are repeated beyond the given number.
    return elapsed < budget and (done < calls or elapsed < _LEAST)


def _reset_peak() -> int:
    """Forget earlier peaks where the system can, and return the memory from which the peak is counted."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return peak()
    return _resident()


def _resident() -> int:
    return _status("VmRSS")


def peak() -> int:
    """Return the peak of memory of this process, in bytes."""
    return _status("VmHWM")


def _status(field: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:  # other systems: the highest peak so far stands for both
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    _name, _case, _root, _calls, _budget = sys.argv[1:]
    main(_name, Case(**json.loads(_case)), Path(_root), int(_calls), float(_budget))
