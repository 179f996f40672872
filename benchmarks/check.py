"""Checks that every candidate gives the answers of plain Python; no time is taken.

  python benchmarks/check.py [--rows 100000] [--only polars duckdb …]

The cases are all orders, all kinds of keys, one and two threads, each half of the question alone, and both
kinds of file. A candidate whose package is not installed is skipped, with a line that says so.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import plain
import workload
from answers import Answer, Question, differences
from case import Case
from peers import NAMES, candidate, is_installed, measured_package
from store import Format, Store
from workload import Keys, Order


def cases(n_rows: int) -> Iterator[Case]:
    """Yield every case that can be measured, with few rows."""
    for threads in (1, 2):
        for order in get_args(Order):
            for keys in get_args(Keys):
                yield Case(n_rows, threads, order, keys)
        for question in get_args(Question):
            yield Case(n_rows, threads, question=question)
        for file in get_args(Format):
            yield Case(n_rows, threads, file=file)


def complaints(name: str, checked: Any, n_rows: int, store: Store, expected: Answer) -> Iterator[str]:
    """Ask a candidate all cases and describe where its answers differ."""
    for case in cases(n_rows):
        if not case.allows(checked):
            continue
        if case.file is None:
            data = checked.prepare(drawn(n_rows, case.order, case.keys), case.threads)
        else:
            data = checked.read(store.file(n_rows, case.file), case.threads)
        answer = checked.ask(data, case.question, case.threads)
        for difference in differences(answer, expected, case.question):
            yield f"{name}, {case}: {difference}"


@cache
def drawn(n_rows: int, order: Order, keys: Keys) -> workload.Columns:
    """Draw columns without leaving them on disk."""
    columns = workload.columns(n_rows, order, keys)
    item = columns["item"]
    return {**columns, "item": item.text() if isinstance(item, workload.TextKeys) else item}


def installed(names: Sequence[str]) -> list[str]:
    """Return the candidates whose package is installed, and print the others."""
    present = [name for name in names if is_installed(name)]
    for name in names:
        if name not in present:
            print(f"{name}: skipped, {measured_package(name)} is not installed")
    return present


def check(names: Sequence[str], n_rows: int) -> list[str]:
    """Check candidates one after the other, and return the differences."""
    expected = plain.answer(workload.columns(n_rows, "random", "sparse"))
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory))
        for name in names:
            found = list(complaints(name, candidate(name), n_rows, store, expected))
            print(f"{name}: {'DIFFERS' if found else 'same answers'}")
            wrong += found
    return wrong


def main() -> None:
    """Check the candidates, and fail if an answer differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="CANDIDATE")
    options = parser.parse_args()
    wrong = check(installed(options.only), options.rows)
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
