"""Settings of all tests of Python."""

import os
from pathlib import Path

from examples import load_profile

load_profile()

# Workers are given a width, as if what they print had one, and narrow tables leave columns out.
os.environ.pop("COLUMNS", None)

# Written by tests/run.sh: the steps before this one and how long each took.
SECONDS = Path(__file__).parents[1] / "build" / "seconds.txt"


def pytest_terminal_summary(terminalreporter) -> None:
    """Show how long the steps before took, while the closing line of pytest stays the last one."""
    steps = [line.split() for line in SECONDS.read_text().splitlines()] if SECONDS.exists() else []
    if steps:
        terminalreporter.section("seconds of the steps before")
        for step, seconds in [*steps, ("all", sum(int(seconds) for _, seconds in steps))]:
            terminalreporter.line(f"{step:<10} {seconds:>5}")
