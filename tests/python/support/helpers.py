"""What several tests share: logs and pipelines out of drawn cases, golden tables, comparisons."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pandas.testing

import reference
import stagefunnel as sf
from strategies import Case

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"

SHOP = sf.Pipeline(["New", "Discussion", "Prepayment", "Delivery"], won="Won", lost="Lost")
FRENCH = sf.Pipeline(["Nouveau", "Qualifié", "Proposition envoyée", "Négociation"], won="Gagné", lost="Perdu")
SMALL = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def write_export(rows: str, items: str) -> None:
    """Write a log, its items and the file of the pipeline SMALL into the directory that the test is in."""
    Path("log.csv").write_text(rows)
    Path("items.csv").write_text(items)
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n')


def frame_of(rows: Sequence[reference.Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["item", "stage", "time"])


def log_of(case: Case, *, ordered: bool = False, **options: Any) -> sf.StageLog:
    """Read a drawn case; `ordered` also gives its order column."""
    frame = frame_of(case.rows)
    if ordered:
        frame["order"] = case.order
        options["order"] = "order"
    return sf.StageLog(frame, **options)


def order_of(case: Case, ordered: bool) -> list[Any] | None:
    return list(case.order) if ordered else None


def pipeline_of(stages: reference.Stages) -> sf.Pipeline:
    return sf.Pipeline(stages.stages, won=stages.won, lost=stages.lost)


def journeys_log(*paths: str, **options: Any) -> sf.StageLog:
    """Read journeys like ``"New > Won"``, one item each from 1 on, one unit of time a step."""
    rows = [
        (item, stage, time)
        for item, path in enumerate(paths, start=1)
        for time, stage in enumerate(path.split(" > "))
    ]
    return sf.StageLog(frame_of(rows), **options)


def items_of(values: Mapping[Any, Any], name: str, like: Sequence[Any]) -> pd.DataFrame:
    """Build an items table; its key column has the type that the log's has."""
    keys = pd.Series(list(values), dtype=pd.Series(list(like)).dtype)
    return pd.DataFrame({"item": keys, name: pd.Series(list(values.values()), dtype=object)})


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, *, by: Sequence[str] = ()) -> None:
    """Compare two tables exactly; the columns of `by` keep the type they had in the items table."""
    for name in by:
        assert plain(found[name]) == plain(expected[name])
    assert list(found.columns) == list(expected.columns)
    if by:
        found, expected = found.drop(columns=[*by]), expected.drop(columns=[*by])
    assert_frame_equal(found, expected, check_exact=True, check_freq=False)


def assert_frame_equal(found: pd.DataFrame, expected: pd.DataFrame, **options: Any) -> None:
    """Compare two tables as pandas does, which takes long, so it is left to name a difference."""
    if not _identical(found, expected):
        pandas.testing.assert_frame_equal(found, expected, **options)


def _identical(found: pd.DataFrame, expected: pd.DataFrame) -> bool:
    """Tell whether two tables have the same labels, types and values; a missing value equals another."""
    return (
        type(found) is type(expected)
        and found.flags == expected.flags
        and found.columns.identical(expected.columns)
        and found.index.identical(expected.index)
        and all(map(_same_type, found.dtypes, expected.dtypes))
        and found.equals(expected)
    )


def _same_type(one: Any, other: Any) -> bool:
    # Types of unordered categories are equal whatever the order in which they hold these.
    if isinstance(one, pd.CategoricalDtype) and isinstance(other, pd.CategoricalDtype):
        return one.ordered == other.ordered and one.categories.identical(other.categories)
    return bool(one == other)


DEALS_TOML = """\
[pipeline]
stages = ["New", "Offer"]
won = "Won"
lost = "Lost"
[columns]
item = "deal"
stage = "phase"
time = "at"
"""


def assert_summary(found: sf.Summary, expected: Mapping[str, pd.DataFrame]) -> None:
    """Compare all tables exactly, and what they remember."""
    assert list(found.tables) == list(expected)
    for name, table in expected.items():
        assert getattr(found, name) is found.tables[name]
        assert_frame_equal(found.tables[name], table, check_exact=True)
        # As text: a share of nothing is NaN, which equals nothing.
        assert json.dumps(found.tables[name].attrs) == json.dumps(table.attrs), name


def plain(column: "pd.Series[Any]") -> list[Any]:
    """Return a column's values, None where one is missing."""
    return [None if pd.isna(value) else value for value in column]


def records(path: str) -> list[dict[str, str]]:
    """Read a golden CSV file as text."""
    with (GOLDEN / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def golden_rows(case: str) -> list[reference.Row]:
    return [
        (row["item"], row["stage"], datetime.fromisoformat(row["time"]))
        for row in records(f"{case}/events.csv")
    ]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of an interpreter that finds what this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}


def run_python(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run an interpreter of its own, with `more` in its environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=environment(**more),
        check=False,
    )
