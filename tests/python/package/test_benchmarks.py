"""The benchmarks do not rot: who is measured gives the answers of plain Python, and a wrong one is told."""

import json
from pathlib import Path

import pytest

from helpers import ROOT, run_python

BENCHMARKS = ROOT / "benchmarks"
REQUIRED = ("stagefunnel", "stagefunnel log", "polars", "duckdb", "numpy", "pandas")


def run_in_benchmarks(code: str) -> str:
    run = run_python("-c", f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\n{code}")
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_every_candidate_gives_the_answers_of_plain_python() -> None:
    run = run_python(str(BENCHMARKS / "check.py"), "--rows", "20000", "--only", *REQUIRED)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == [f"{name}: same answers" for name in REQUIRED]


# What the benchmarks of one question each print when they are quick.
OF_PYTHON = "30,000 rows: all answers are those of plain Python"
PRINTED = {
    **dict.fromkeys(["breakdown", "incidence", "sequences", "visits"], OF_PYTHON),
    "forecasts": "20,000 rows: dates and moments are what each is alone",
    "databases": "20,000 rows: the log of the database is that of the file",
}
RUN_ALL = """
import contextlib, io, json, runpy, traceback
found = {}
for name in NAMES:
    sys.argv = [f"{name}.py", "--quick"]
    printed, failed = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            runpy.run_path(f"{sys.path[0]}/{name}.py", run_name="__main__")
        except SystemExit as ended:
            failed = "" if ended.code in (None, 0) else str(ended.code)
        except Exception:
            failed = traceback.format_exc()
    found[name] = [failed, printed.getvalue()]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def ran() -> dict[str, list[str]]:
    """Run the quick benchmarks in one process: to import what they measure takes longer than most of them."""
    found: dict[str, list[str]] = json.loads(run_in_benchmarks(f"NAMES = {[*PRINTED]}\n{RUN_ALL}"))
    return found


@pytest.mark.parametrize("name", PRINTED)
def test_a_benchmark_of_its_own_checks_the_answers_before_it_takes_a_time(
    name: str, ran: dict[str, list[str]]
) -> None:
    failed, printed = ran[name]
    assert failed == ""
    assert printed.splitlines() == [PRINTED[name]]


def test_the_benchmark_of_the_page_compares_it_with_one_that_is_drawn_in_this_process() -> None:
    run = run_python(str(BENCHMARKS / "page.py"), "--quick")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == ["20,000 rows: the page is the same without a process beside it"]


def test_plain_python_agrees_with_three_journeys_counted_by_hand() -> None:
    # 1: new 0, meeting 10, won 40.  2: new 0, lost 6.  3: qualified 5, open.
    found = run_in_benchmarks(
        "import numpy as np, plain\n"
        "rows = np.array([(2, 9, 6), (1, 2, 10), (1, 0, 0), (3, 1, 5), (2, 0, 0), (1, 8, 40)])\n"
        "answer = plain.answer(dict(zip(('item', 'stage', 'time'), rows.T)))\n"
        "for name, values in answer.items(): print(name, *values[:4])"
    )
    assert found.splitlines() == [
        "passed 2 1 1 0",
        "filled 2 2 1 1",
        "lost 1 0 0 0",
        "skipped 1 1 0 1",
        "mean 8.0 nan 30.0 nan",
        "median 8.0 nan 30.0 nan",
    ]


def test_a_candidate_that_answers_otherwise_is_named_with_the_figure() -> None:
    found = run_in_benchmarks(
        "import check\n"
        "from peers.numpy import NumPy\n"
        "class Wrong(NumPy):\n"
        "    def ask(self, data, question, threads):\n"
        "        answer = super().ask(data, question, threads)\n"
        "        if 'lost' in answer: answer['lost'][3] += 1\n"
        "        return answer\n"
        "check.candidate = lambda name: Wrong()\n"
        "for message in check.check(['numpy'], 2000)[:1]: print(message)"
    )
    verdict, first = found.splitlines()
    assert verdict == "numpy: DIFFERS"
    assert first.startswith("numpy, 2,000 rows, random order, sparse keys, 1 thread")
    assert ": lost of stage 3 is " in first


def test_a_measurement_with_a_wrong_answer_gives_no_time(tmp_path: Path) -> None:
    found = run_in_benchmarks(
        "import json, pathlib, harness\n"
        "from case import Case\n"
        "from store import Store\n"
        f"store = Store(pathlib.Path({str(tmp_path)!r}))\n"
        "answer = store.expected(2000)\n"
        "answer['median'][0] += 0.5\n"
        "(store.root / '2000.expected.json').write_text(json.dumps(answer))\n"
        "effort = harness.Effort(rounds=1, calls=2, wait=False)\n"
        "try: print(harness.measure(Case(2000, 1), ['numpy'], store, effort))\n"
        "except SystemExit as refused: print(str(refused).splitlines()[-1])"
    )
    assert found.startswith("numpy answers otherwise: median of stage 0")


def test_a_target_is_met_at_its_bound_and_not_beyond_it_and_says_when_nothing_was_measured() -> None:
    found = run_in_benchmarks(
        "import targets\n"
        "from case import Case\n"
        "from harness import Measured\n"
        "case = Case(1000, 2)\n"
        "def took(name, first, later):\n"
        "    one = Measured(case, name)\n"
        "    one.add(dict(seconds=[first, later, later], extra_bytes=24_500, held_bytes=0))\n"
        "    return one\n"
        "run = [took('stagefunnel', 2.0, 1.0), took('polars', 9.0, 12.0), took('duckdb', 90.0, 14.9)]\n"
        "print(targets.table(targets.Results(run, 1000, 0.25)))"
    )
    lines = found.splitlines()
    assert "| times polars, two threads: at least 12 | 12 | yes |" in lines
    assert "| times DuckDB, two threads: at least 15 | 14.9 | no |" in lines
    assert "| times polars, one thread: at least 12 | not measured | |" in lines
    assert "| peak extra memory, B/row: at most 24 | 24.5 | no |" in lines
    assert "| first call, times the steady one: at most 2 | 2 | yes |" in lines
    assert "| import beyond NumPy and pandas, s: at most 0.1 | 0.25 | no |" in lines
