"""Measures the package beside its peers and prints tables.

  python benchmarks/run.py                              every suite, ten million rows
  python benchmarks/run.py --suite memory further       these two
  python benchmarks/run.py --quick                      everything once and small; no times are printed

Every candidate's answers are compared with the answers of plain Python before any time is measured. Each
measurement is a process of its own that asks repeatedly: the figures are the time of its first call and the
median of its later calls. The candidates take turns; figures are medians over the rounds, and the best call.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import machine
import report
import targets
from check import check, installed
from harness import Effort, Measured, measure
from imports import seconds_beyond_numpy_and_pandas
from peers import NAMES
from store import DEFAULT, Store
from suites import SUITES

_QUICK_ROWS = 100_000
_QUICK = Effort(rounds=1, calls=2, wait=False)


def main() -> None:
    """Check the answers, measure, and print."""
    options = _options()
    names = installed(NAMES)
    wrong = check(names, min(options.rows, _QUICK_ROWS))
    if wrong:
        raise SystemExit("\n".join(wrong))
    store = Store(options.data)
    if options.quick:
        _quick(names, store)
        return
    print(f"\n{machine.description()}\n", flush=True)
    effort = Effort(options.rounds, options.calls, options.budget)
    measured = _measure(options, names, store, effort)
    import_seconds = seconds_beyond_numpy_and_pandas(options.rounds)
    print(f"import stagefunnel beyond NumPy and pandas: {import_seconds:.3f} s\n")
    print(targets.table(targets.Results(measured, options.rows, import_seconds)))


def _measure(
    options: argparse.Namespace, names: Sequence[str], store: Store, effort: Effort
) -> list[Measured]:
    all_measured: list[Measured] = []
    for suite in options.suite:
        for comparison in SUITES[suite](options.rows):
            taking_part = [name for name in comparison.names if name in names]
            measured = measure(comparison.case, taking_part, store, effort)
            print(report.table(measured), end="\n\n", flush=True)
            all_measured += measured
            if options.out:
                with options.out.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps(asdict(candidate)) + "\n" for candidate in measured)
    return all_measured


def _quick(names: Sequence[str], store: Store) -> None:
    """Run the first comparison of every suite once, with few rows."""
    all_measured: list[Measured] = []
    for suite, comparisons in SUITES.items():
        comparison = next(iter(comparisons(_QUICK_ROWS)))
        taking_part = [name for name in comparison.names if name in names]
        measured = measure(comparison.case, taking_part, store, _QUICK)
        report.table(measured)
        all_measured += measured
        print(f"{suite}: {len(measured)} candidates measured and their answers the same")
    targets.table(targets.Results(all_measured, _QUICK_ROWS, seconds_beyond_numpy_and_pandas(1)))
    print("quick: too small and too short for figures, so none are printed")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", nargs="+", choices=SUITES, default=list(SUITES))
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=5, help="most calls of one process")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds of one process, about")
    parser.add_argument("--data", type=Path, default=DEFAULT, help="folder of the drawn columns")
    parser.add_argument("--out", type=Path, help="append every measurement as a line of JSON")
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
