"""What the compiler has to read: the units, and the headers in them, stay within the limits."""

import json
import shlex
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

import limits

ROOT = Path(__file__).parents[3]


@dataclass
class Unit:
    """A unit as the compiler reads it: its name, its lines and the headers that they come from."""

    name: str
    lines: int
    headers: set[str]

    def reads(self, header: str) -> bool:
        """Say whether a header is among those that the unit reads."""
        return any(path.endswith(header) for path in self.headers)


def preprocessed(command: dict[str, str]) -> Unit:
    arguments = [a for a in shlex.split(command["command"]) if a != "-c"]
    place = arguments.index("-o")
    text = subprocess.run(
        [*arguments[:place], *arguments[place + 2 :], "-E"],
        cwd=command["directory"],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode(errors="replace")
    lines = text.splitlines()
    # A line marker is `# 12 "/usr/include/stdio.h" 1 3`.
    headers = {line.split('"')[1] for line in lines if line.startswith("# ") and '"' in line}
    return Unit(command["file"], sum(not line.startswith("#") for line in lines), headers)


@pytest.fixture(scope="module")
def units(tmp_path_factory) -> list[Unit]:
    build = tmp_path_factory.mktemp("build")
    pure = sysconfig.get_path("purelib")
    subprocess.run(
        [
            *(
                "cmake",
                "-S",
                ROOT,
                "-B",
                build,
                "-G",
                "Ninja",
                "-DSTAGEFUNNEL_PYTHON=ON",
                "-DSTAGEFUNNEL_TESTS=ON",
            ),
            f"-DCMAKE_PREFIX_PATH={sys.prefix};{pure};{pure}/pybind11",
            f"-DPython_EXECUTABLE={sys.executable}",
        ],
        check=True,
        stdout=subprocess.PIPE,
    )
    return [preprocessed(command) for command in json.loads((build / "compile_commands.json").read_text())]


def is_of_tests(unit: Unit) -> bool:
    return "/tests/" in unit.name or "gtest" in unit.name


def test_the_compiler_reads_no_more_than_the_limits_allow(units):
    module = [unit for unit in units if not is_of_tests(unit)]
    counted = {
        "UNITS_OF_MODULE": len(module),
        "UNITS_OF_TESTS": len(units) - len(module),
        "UNITS_WITH_PYBIND11": sum(unit.reads("pybind11/pybind11.h") for unit in units),
        "UNITS_WITH_EIGEN": sum(unit.reads("Eigen/Core") for unit in module),
        "LINES_OF_LARGEST_UNIT": max(unit.lines for unit in units),
    }
    too_much = {name: n for name, n in counted.items() if n > getattr(limits, name)}
    assert not too_much, f"{too_much}; a limit that is exceeded on purpose is raised in limits.py"


def test_what_is_counted_is_there(units):
    assert any(unit.reads("pybind11/pybind11.h") for unit in units)
    assert any(unit.reads("Eigen/Core") for unit in units)
    assert max(unit.lines for unit in units) > limits.LINES_OF_LARGEST_UNIT / 2
