"""Settings of all tests of Python."""

import gc
import os
from pathlib import Path

import pytest

import no_width  # noqa: F401 - it acts as it is imported
from examples import load_profile
from undrawn import specified, specifying

load_profile()

# Tools, which are run as scripts; the fuzz watches all modules that are imported after it, by a library that
# the tests do not need.
collect_ignore = ["mutation", "hostile", "fuzz/fuzz_readers.py"]
# A step of its own, which installs Spark.
collect_ignore += [] if "STAGEFUNNEL_SPARK" in os.environ else ["spark"]

# Written by tests/run.sh: the steps before this one, and when each began and ended.
SECONDS = Path(__file__).parents[1] / "build" / "seconds.txt"


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each chart of a page once and leave it undrawn: all its pictures take longer than all else."""
    monkeypatch.setattr("stagefunnel.reports.build.painter", specifying)
    monkeypatch.setattr("stagefunnel.reports.sections.figure_of", specified)


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of the search for garbage, which else walks through all of them.

    There are more than ten thousand, and the search took an eighth of the time of all tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """Search for garbage once before pytest does so twice, to hear of what is thrown as objects go."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter) -> None:
    """Show how long the steps before took, while the closing line of pytest stays the last one."""
    steps = [line.split() for line in SECONDS.read_text().splitlines()] if SECONDS.exists() else []
    if steps:
        terminalreporter.section("seconds of the steps before: each, when it began and ended")
        for step, began, ended in steps:
            terminalreporter.line(f"{step:<10} {int(ended) - int(began):>5} {began:>5} {ended:>5}")
        terminalreporter.line(f"{'all':<10} {max(int(ended) for *_, ended in steps):>5}")
