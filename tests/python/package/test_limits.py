"""What an answer waits for, counted: the modules that are loaded before it begins. See limits.py."""

import pytest

import limits
from helpers import run_python

RUN = """
import atexit, sys
atexit.register(lambda: print("\\nloaded", *sys.modules))
{code}
"""
COMMAND = "from stagefunnel.cli import main\nmain({arguments!r})"

# Everything that the command answers by itself.
ANSWERS = [
    ["--help"],
    ["funnel", "--help"],
    ["sequence-funnel", "--help"],
    ["--version"],
    ["--print-completion", "bash"],
    ["--no-such-option"],
    ["no-such-command"],
    ["funnel"],
    ["funnel", "log.csv", "--no-such-option"],
    ["funnel", "log.csv", "--kind", "no-such-kind"],
    ["sequence-funnel", "log.csv"],
    ["demo", "--format", "csv"],
]


def loaded_by(code: str) -> set[str]:
    """Run code in an interpreter of its own and return the modules that are loaded at its end."""
    return set(run_python("-c", RUN.format(code=code)).stdout.rpartition("\nloaded ")[2].split())


def loaded_for(arguments: list[str]) -> set[str]:
    return loaded_by(COMMAND.format(arguments=arguments))


def own(modules: set[str]) -> set[str]:
    """Return the modules of the package; the rooms of the core are one file."""
    package = {name for name in modules if name.partition(".")[0] == "stagefunnel"}
    return {name for name in package if not name.startswith("stagefunnel._core.")}


@pytest.mark.parametrize("arguments", ANSWERS, ids=" ".join)
def test_help_and_errors_of_arguments_load_no_library(arguments: list[str]) -> None:
    loaded = loaded_for(arguments)
    assert "stagefunnel.cli.parser" in loaded
    assert not loaded & limits.LIBRARIES
    assert len(own(loaded)) <= limits.MODULES_OF_HELP, sorted(own(loaded))


def test_only_the_version_loads_the_core() -> None:
    assert [arguments for arguments in ANSWERS if "stagefunnel._core" in loaded_for(arguments)] == [
        ["--version"]
    ]


def test_help_loads_few_modules_in_all() -> None:
    loaded = loaded_for(["--help"]) - loaded_by("pass")
    assert len(loaded) <= limits.MODULES_OF_HELP_IN_ALL, sorted(loaded)


def test_importing_the_package_loads_the_package_alone() -> None:
    loaded = loaded_by("import stagefunnel")
    assert not loaded & limits.LIBRARIES
    assert len(own(loaded)) <= limits.MODULES_OF_IMPORT, sorted(own(loaded))


def test_an_answer_would_be_seen_to_load_more() -> None:
    loaded = loaded_by("import stagefunnel\nstagefunnel.Pipeline\nstagefunnel.StageLog")
    assert {"numpy", "pandas", "stagefunnel._core"} <= loaded
    assert len(own(loaded)) > limits.MODULES_OF_HELP
