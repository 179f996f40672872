"""The reference against tables computed by hand."""

import csv
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import reference
from reference.kinds import Fill, Kind
from reference.stages import Row

GOLDEN = Path(__file__).parent.parent / "golden"
SHOP = reference.Stages(("New", "Discussion", "Prepayment", "Delivery"), ("Won",), ("Lost",))
FRENCH = reference.Stages(
    ("Nouveau", "Qualifié", "Proposition envoyée", "Négociation"), ("Gagné",), ("Perdu",)
)


def records(path: str) -> list[dict[str, str]]:
    with (GOLDEN / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def events(case: str) -> list[Row]:
    return [
        (row["item"], row["stage"], datetime.fromisoformat(row["time"]))
        for row in records(f"{case}/events.csv")
    ]


def cells(rows: list[Row], **options: Any) -> list[str]:
    table = reference.funnel(rows, SHOP, **options)
    if table["left_out"].iloc[0] == 1:
        return ["left out"] * len(table)
    return [str(count) for count in table["reached"]]


@pytest.mark.parametrize(
    ("kind", "fill"),
    [
        ("classic", "won"),
        ("conversions", "won"),
        ("conversions", "moves"),
        ("furthest", "won"),
        ("strict", "won"),
    ],
)
def test_every_cell_of_the_worked_example_is_met(kind: Kind, fill: Fill) -> None:
    rows = events("worked_example")
    name = f"{kind}_{fill}" if kind == "conversions" else kind
    expected = records(f"worked_example/expected_{name}.csv")
    assert len(expected) == 13
    for line in expected:
        own = [row for row in rows if row[0] == line["item"]]
        counts = cells(own, kind=kind, fill=fill)
        assert counts == list(line.values())[1:], f"item {line['item']}"


@pytest.mark.parametrize("fill", ["won", "moves"])
def test_a_failure_then_success_that_is_included_is_filled_by_nothing(fill: Fill) -> None:
    own = [row for row in events("worked_example") if row[0] == "8"]
    counts = cells(own, kind="conversions", fill=fill, lost_then_won="include")
    assert counts == ["1", "0", "0", "0", "1", "1"]


@pytest.mark.parametrize("kind", ["classic", "conversions"])
def test_the_totals_of_the_worked_example_are_met(kind: Kind) -> None:
    table = reference.funnel(events("worked_example"), SHOP, kind=kind)
    expected = records(f"worked_example/totals_{kind}.csv")
    assert [{name: str(row[name]) for name in expected[0]} for row in table.to_dict("records")] == expected


@pytest.mark.parametrize("kind", ["classic", "conversions"])
def test_the_french_funnels_are_met(kind: Kind) -> None:
    table = reference.funnel(events("french"), FRENCH, kind=kind)
    expected = records(f"french/expected_{kind}.csv")
    assert list(table.columns) == list(expected[0])
    for row, line in zip(table.to_dict("records"), expected, strict=True):
        for name, cell in line.items():
            assert same(row[name], cell), (line["stage"], name)


def test_the_french_times_in_stage_are_met() -> None:
    table = reference.time_in_stage(events("french"), FRENCH)
    expected = records("french/expected_time_in_stage.csv")
    assert list(table.columns) == list(expected[0])
    assert (table.dtypes.loc["mean":] == "timedelta64[us]").all()
    for row, line in zip(table.to_dict("records"), expected, strict=True):
        for name, cell in line.items():
            duration = isinstance(row[name], pd.Timedelta)
            agrees = row[name] == pd.Timedelta(cell) if duration else str(row[name]) == cell
            assert agrees, (line["stage"], name)


def same(value: Any, cell: str) -> bool:
    if isinstance(value, float):
        return value == float(Fraction(cell)) if cell else value != value
    return str(value) == cell


def test_both_kinds_come_in_one_table_each_with_its_own_flip_rule() -> None:
    table = reference.funnel(events("worked_example"), SHOP, kind="both")
    assert list(table["kind"]) == ["classic"] * 6 + ["conversions"] * 6
    assert list(table["base"]) == [13] * 6 + [12] * 6


@pytest.mark.parametrize("fill", ["won", "moves"])
def test_the_breakdown_at_the_stages_is_met(fill: Fill) -> None:
    lines = records("breakdown/events.csv")
    rows = [(line["item"], line["stage"], datetime.fromisoformat(line["time"])) for line in lines]
    table = reference.funnel_at_stages(
        rows,
        SHOP,
        [line["person"] for line in lines],
        amounts=[float(line["sum"]) if line["sum"] else None for line in lines],
        kind="conversions",
        fill=fill,
        by="person",
    )
    expected = records(f"breakdown/expected_conversions_{fill}.csv")
    assert table[list(expected[0])].astype(str).to_dict("records") == expected
