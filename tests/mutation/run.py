"""Change operators and numbers of a module one by one, and see whether its tests notice.

    python tests/mutation/run.py                          some mutants of each module
    python tests/mutation/run.py --some 1000000           all of them
    python tests/mutation/run.py stats/quantiles.cpp      of the modules whose path has one of these words
    python tests/mutation/run.py --list                   the modules, their mutants and tests

A mutant that no test notices survives: its line and change are named. Not every survivor is a gap of the
tests: a change of speed, or of what a later check refuses anyway, gives the same answers. This takes long, so
CI does not run it. Modules of the core are compiled alone and laid before a library of the core, `--library`,
which has to be one of the preset `dev`; the random inputs of `tests/fuzz`, `--inputs`, are tests of theirs.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from mutants import Mutant, of_cpp, of_python

ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = ROOT / "python"
CPP: Final = ROOT / "cpp" / "src"
SECONDS: Final = 60  # a mutant that runs longer is noticed: it does not end

# Each module with the quick tests that are about it.
PYTHON_TESTS: Final = {
    "questions/stats/proportions.py": [
        "questions/stats/test_proportions.py",
        "questions/stats/test_share_bounds.py",
    ],
    "questions/checks/conditions.py": ["questions/checks"],
    "clean.py": ["display/test_hostile_names.py"],
    "questions/forecast/calibration.py": ["questions/forecast/test_backtest.py"],
    "questions/stats/logrank.py": [
        "questions/stats/test_comparisons.py",
        "questions/stats/test_answers_of_r.py",
    ],
    "questions/scope/calendar_periods.py": ["questions/funnel/test_trend.py"],
    "questions/scope/groups.py": [
        "questions/scope/test_breakdowns.py",
        "questions/scope/test_largest_groups.py",
    ],
    "questions/scope/within.py": ["questions/scope/test_within.py"],
    "questions/funnel/kinds.py": ["questions/funnel/test_funnel.py"],
    "questions/funnel/table.py": ["questions/funnel/test_funnel.py", "questions/funnel/test_golden.py"],
    "questions/funnel/decomposition.py": ["questions/funnel/test_decomposition.py"],
    "questions/stages/losses.py": ["questions/stages/test_losses.py"],
    "questions/stages/variants.py": ["questions/stages/test_variants.py"],
    "questions/stages/velocity.py": ["questions/stages/test_velocity.py"],
    "questions/sequence/step.py": ["questions/sequence/test_step.py"],
    "questions/sequence/paths.py": ["questions/sequence/test_paths.py"],
    "questions/parts/part_bytes.py": ["questions/parts/test_partial.py"],
    "log/body_types.py": ["log/test_travel.py"],
    "log/columns/number.py": ["log/test_columns_of_values.py", "log/test_types_of_arrow.py"],
    "log/columns/category.py": ["log/test_columns_of_values.py", "log/test_log_columns.py"],
    "readers/shapes/wide.py": ["readers/test_shapes.py", "readers/test_wide_names.py"],
    "readers/crm/kommo.py": ["readers/test_kommo.py"],
}
CPP_TESTS: Final = {
    "counts/bytes.cpp": ["counts/test_counts.cpp", "counts/test_counts_bytes.cpp"],
    "counts/checks.cpp": ["counts/test_counts.cpp", "counts/test_counts_bytes.cpp"],
    "counts/merge.cpp": ["counts/test_counts.cpp", "counts/test_counts_bytes.cpp"],
    "stats/quantiles.cpp": ["stats/test_quantiles.cpp"],
    "stats/incidence.cpp": ["stats/test_incidence.cpp", "questions/durations/test_life_cells.cpp"],
    "stats/risk_sets.cpp": ["stats/test_incidence.cpp"],
    "stats/chain.cpp": ["stats/test_chain.cpp"],
    "questions/sequence/in_order/latest_starts.cpp": [],
    "questions/sequence/in_order/match_finder.cpp": [],
    "journeys/row_stream.cpp": ["journeys/test_row_stream.cpp"],
    "journeys/parts.cpp": ["journeys/test_parts.cpp"],
    "journeys/grouping.hpp": ["journeys/test_journeys.cpp", "journeys/test_hostile_keys.cpp"],
    "journeys/runs.hpp": ["journeys/test_changed_columns.cpp", "journeys/test_journeys_at_scale.cpp"],
    "columns/values.hpp": ["columns/test_column.cpp", "columns/test_arrow_stream.cpp"],
    "questions/funnel/funnel_counter.hpp": [
        "questions/funnel/test_funnel.cpp",
        "questions/funnel/test_worked_example.cpp",
        "questions/funnel/test_stage_rules.cpp",
    ],
}
# The file that a header is compiled with.
COMPILED_WITH: Final = {
    "journeys/grouping.hpp": "journeys/journeys.cpp",
    "journeys/runs.hpp": "journeys/journeys.cpp",
    "columns/values.hpp": "columns/encode.cpp",
    "questions/funnel/funnel_counter.hpp": "questions/funnel/funnel.cpp",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("words", nargs="*", help="only modules whose path has one of these words")
    parser.add_argument("--some", type=int, default=30, help="mutants of each module, drawn; 30 by default")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    parser.add_argument("--library", type=Path, default=ROOT / "build/dev/libstagefunnel_core.a")
    parser.add_argument("--inputs", type=int, default=20_000, help="random inputs for modules of the core")
    parser.add_argument("--list", action="store_true", help="name the modules and run nothing")
    args = parser.parse_args()
    killed = survived = 0
    for name, mutants, tests in _modules(args.words):
        if args.list:
            say(f"{name}: {len(mutants)} mutants; {', '.join(tests)}")
            continue
        luck = random.Random(args.seed)
        some = sorted(luck.sample(mutants, min(args.some, len(mutants))), key=lambda mutant: mutant.line)
        noticed = _python(name, tests) if name.endswith(".py") else _core(name, tests, args)
        n_killed, alive, begun = 0, [], time.monotonic()
        for mutant in some:
            answer = noticed(mutant)
            n_killed += answer is True
            if answer is False:
                alive.append(mutant)
                say(f"  {name}:{mutant.line}: {mutant.change}")
        killed, survived = killed + n_killed, survived + len(alive)
        say(
            f"{name}: {len(alive)} of {n_killed + len(alive)} survive ({len(mutants)} in all), "
            f"{time.monotonic() - begun:.0f} s"
        )
    if killed + survived:
        say(f"{survived} of {killed + survived} survive: {100 * survived / (killed + survived):.1f}%")
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _modules(words: list[str]) -> Iterator[tuple[str, list[Mutant], list[str]]]:
    def is_meant(name: str) -> bool:
        return not words or any(word in name for word in words)

    for name, tests in PYTHON_TESTS.items():
        if is_meant(name):
            yield name, list(of_python((PYTHON / "stagefunnel" / name).read_text(encoding="utf-8"))), tests
    for name, tests in CPP_TESTS.items():
        if is_meant(name):
            yield name, list(of_cpp((CPP / name).read_text(encoding="utf-8"))), tests


def _python(name: str, tests: list[str]) -> Callable[[Mutant], bool | None]:
    """Say how a mutant of the package is tried: in a copy of it, by a process that has loaded the rest."""
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(PYTHON, folder / "python", ignore=shutil.ignore_patterns("__pycache__"))
    target = folder / "python" / "stagefunnel" / name
    original = target.read_text(encoding="utf-8")
    paths = [str(ROOT / "tests" / "python" / test) for test in tests]

    def tried(source: str) -> bool:
        target.write_text(source, encoding="utf-8")
        child = os.fork()
        if child == 0:
            run_pytest(folder, paths)
        return status_of(child) != 0

    import numpy  # noqa: F401  # loaded once for all mutants

    if tried(original):
        raise SystemExit(f"the tests of {name} fail without a change")
    return lambda mutant: tried(mutant.source)


def run_pytest(folder: Path, paths: list[str]) -> None:
    import pytest

    os.setsid()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder / "python"))
    os.environ["PYTHONPATH"] = str(folder / "python")
    os.chdir(ROOT)
    try:
        status = int(pytest.main(["-x", "-q", "-n0", "-p", "no:cacheprovider", "--no-header", *paths]))
    except BaseException:  # whatever the mutant does is noticed
        status = 1
    os._exit(status)


def status_of(child: int, seconds: int = SECONDS) -> int:
    """Wait for a process, and end it if it does not end."""
    for _ in range(seconds * 20):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _core(name: str, tests: list[str], args: argparse.Namespace) -> Callable[[Mutant], bool | None]:
    """Say how a mutant of the core is tried: linked before the library, whose own is not used."""
    folder = Path(tempfile.mkdtemp())
    gtest, eigen = Path(sys.prefix) / "src/gtest_vendor", "cmeel.prefix/include/eigen3"
    headers = [f"{sysconfig.get_path('purelib')}/{eigen}", f"{gtest}/include"]
    system = [part for path in headers for part in ("-isystem", path)]
    compile_one = [
        "c++",
        "-std=c++20",
        "-O1",
        f"-I{ROOT}/cpp/include",
        f"-I{CPP}",
        f"-I{ROOT}/tests/cpp",
        *system,
        "-c",
    ]
    objects: list[str] = []
    for source in sorted((ROOT / "tests" / "fuzz").glob("*.cpp")):
        if not source.name.startswith("fuzz_"):
            objects.append(f"{folder}/{source.stem}.o")
            subprocess.run([*compile_one, str(source), "-o", objects[-1]], check=True)
    unit_tests = [f"{folder}/{Path(test).stem}.test.o" for test in tests]
    for test, made in zip(tests, list(unit_tests), strict=True):
        subprocess.run([*compile_one, str(ROOT / "tests" / "cpp" / test), "-o", made], check=True)
    for source in ("gtest-all.cc", "gtest_main.cc") if tests else ():
        unit_tests.append(f"{folder}/{source}.o")
        subprocess.run(
            [*compile_one, f"-I{gtest}", f"{gtest}/src/{source}", "-o", unit_tests[-1]], check=True
        )
    home = (CPP / name).parent  # what a file includes from its own folder
    # A header stands before the one of its name.
    mutated = folder / "mutated" / name if name in COMPILED_WITH else folder / "mutant.cpp"
    mutated.parent.mkdir(parents=True, exist_ok=True)
    source_file = CPP / COMPILED_WITH[name] if name in COMPILED_WITH else mutated

    def program(parts: list[str]) -> list[str] | None:
        out = f"{folder}/tests"
        words = ["c++", "-Wl,--allow-multiple-definition", *parts, str(args.library), "-lpthread", "-o", out]
        return [out] if subprocess.run(words, capture_output=True, check=False).returncode == 0 else None

    def fails(command: list[str]) -> bool:
        try:
            return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode != 0
        except subprocess.TimeoutExpired:
            return True

    def tried(source: str) -> bool | None:
        mutated.write_text(source, encoding="utf-8")
        before = [f"-I{folder}/mutated"] if name in COMPILED_WITH else []
        made = f"{folder}/mutant.o"
        if subprocess.run(
            [*compile_one[:3], *before, *compile_one[3:], f"-I{home}", str(source_file), "-o", made],
            capture_output=True,
            check=False,
        ).returncode:
            return None
        # The mutant comes first: of inline functions that a test has too, the first one is taken.
        inputs = program([made, *objects])
        if inputs is None or fails([*inputs, "kernels", str(args.inputs)]):
            return True
        if unit_tests:
            run = program([made, *unit_tests])
            return run is None or fails(run)
        return False

    if tried((CPP / name).read_text(encoding="utf-8")) is not False:
        raise SystemExit(f"the tests of {name} fail without a change, or are not made")
    return lambda mutant: tried(mutant.source)


if __name__ == "__main__":
    sys.exit(main())
