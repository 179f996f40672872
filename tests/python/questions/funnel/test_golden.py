"""The package against tables that were computed by hand."""

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import FRENCH, SHOP, frame_of, golden_rows, records

KINDS = [
    ("classic", {"kind": "classic"}),
    ("conversions_won", {"kind": "conversions"}),
    ("conversions_moves", {"kind": "conversions", "fill": "moves"}),
    ("furthest", {"kind": "furthest"}),
    ("strict", {"kind": "strict"}),
]


def french_log() -> sf.StageLog:
    frame = frame_of(golden_rows("french"))
    frame["time"] = pd.to_datetime(frame["time"], utc=True).dt.tz_convert("Europe/Paris").dt.as_unit("us")
    return sf.StageLog(frame)


@pytest.mark.parametrize(("name", "options"), KINDS)
@pytest.mark.parametrize("item", [str(number) for number in range(1, 14)])
def test_a_log_of_one_item_meets_its_line_of_the_worked_example(
    item: str, name: str, options: dict[str, Any]
) -> None:
    log = sf.StageLog(frame_of([row for row in golden_rows("worked_example") if row[0] == item]))
    table = sf.funnel(log, SHOP, **options)
    (line,) = (line for line in records(f"worked_example/expected_{name}.csv") if line["item"] == item)
    expected = [cell for column, cell in line.items() if column != "item"]
    if "left out" in expected:
        assert (table["left_out"] == 1).all()
        assert (table[["base", "reached", "passed", "assumed"]] == 0).all(axis=None)
    else:
        assert [str(count) for count in table["reached"]] == expected
        assert (table["base"] == 1).all()
        assert (table["left_out"] == 0).all()


@pytest.mark.parametrize("fill", ["won", "moves"])
def test_a_failure_then_success_that_is_included_fills_nothing(fill: Any) -> None:
    log = sf.StageLog(frame_of([row for row in golden_rows("worked_example") if row[0] == "8"]))
    table = sf.funnel(log, SHOP, kind="conversions", fill=fill, lost_then_won="include")
    assert table["reached"].tolist() == [1, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("kind", ["classic", "conversions"])
def test_the_totals_of_the_worked_example_are_met(kind: Any) -> None:
    log = sf.StageLog(frame_of(golden_rows("worked_example")))
    expected = records(f"worked_example/totals_{kind}.csv")
    table = sf.funnel(log, SHOP, kind=kind)[list(expected[0])]
    assert table.astype(str).to_dict("records") == expected
    both = sf.funnel(log, SHOP, kind="both")
    part = both.loc[both["kind"] == kind, list(expected[0])]
    assert part.astype(str).to_dict("records") == expected


@pytest.mark.parametrize("kind", ["classic", "conversions"])
def test_the_french_funnels_are_met(kind: Any) -> None:
    table = sf.funnel(french_log(), FRENCH, kind=kind)
    expected = records(f"french/expected_{kind}.csv")
    assert list(table.columns) == list(expected[0])
    for column in table.columns:
        cells = [line[column] for line in expected]
        if table[column].dtype.kind == "f":
            shares = [float(Fraction(cell)) if cell else None for cell in cells]
            assert table[column].astype(object).where(table[column].notna(), None).tolist() == shares
        else:
            assert table[column].astype(str).tolist() == cells


def test_the_french_times_in_stage_are_met() -> None:
    table = sf.time_in_stage(french_log(), FRENCH)
    expected = pd.DataFrame(records("french/expected_time_in_stage.csv"))
    assert list(table.columns) == list(expected.columns)
    for column in table.columns[:7]:
        assert table[column].astype(str).tolist() == expected[column].tolist()
    for column in table.columns[7:]:
        assert table[column].dtype == "timedelta64[us]"
        assert table[column].tolist() == pd.to_timedelta(expected[column]).tolist()


def test_the_french_items_are_listed_in_the_time_of_paris() -> None:
    items = sf.item_table(french_log(), FRENCH).set_index("item")
    assert str(items["first_time"].dtype) == "datetime64[us, Europe/Paris]"
    # D-4 comes back from Nouveau after the change of the clock, and stays open.
    assert str(items.loc["D-4", "first_time"]) == "2026-03-27 09:00:00+01:00"
    assert items.loc["D-4", ["outcome", "back_moves", "visits"]].tolist() == ["open", 1, 3]
    assert str(items.loc["D-6", "closed_at"]) == "2026-03-06 21:00:00+01:00"
    assert items.loc["D-6", ["outcome", "lost_from", "skipped"]].tolist() == ["lost", "Gagné", 3]


def breakdown_log(**options: Any) -> sf.StageLog:
    frame = pd.DataFrame(records("breakdown/events.csv"))
    frame["sum"] = pd.to_numeric(frame["sum"])
    frame["currency"] = frame["currency"].replace("", None)
    return sf.StageLog(frame, columns=["person", "sum", "currency"], **options)


@pytest.mark.parametrize("fill", ["won", "moves"])
def test_the_breakdown_at_the_stages_is_met(fill: Any) -> None:
    table = sf.funnel(
        breakdown_log(),
        SHOP,
        kind="conversions",
        fill=fill,
        by="person",
        at="stage",
        amount="sum",
        amount_at="stage",
    )
    expected = records(f"breakdown/expected_conversions_{fill}.csv")
    assert table[list(expected[0])].astype(str).to_dict("records") == expected


def test_the_breakdown_by_the_first_and_the_last_row_is_met() -> None:
    log = breakdown_log()
    first = sf.outcomes(log, SHOP, by="person")
    assert first[["person", "base", "won", "lost", "open"]].to_numpy().tolist() == [
        ["Ann", 3, 1, 2, 0],
        ["Bob", 1, 0, 0, 1],
        ["Cid", 1, 0, 0, 1],
    ]
    last = sf.outcomes(log, SHOP, by="person", at="last")
    assert last[["person", "base", "won", "lost", "open"]].to_numpy().tolist() == [
        ["Bob", 2, 0, 2, 0],
        ["Cid", 3, 1, 0, 2],
    ]


def test_two_currencies_of_the_breakdown_are_converted() -> None:
    options: dict[str, Any] = {"amount": "sum", "amount_at": "stage", "currency": "currency"}
    table = sf.funnel(breakdown_log(), SHOP, rates={"USD": 1.0, "EUR": 2.0}, **options)
    # New: 2 * (100 + 50) + 70 + 20. Lost: 2 * 60 + 0.
    assert table["amount"].tolist() == [390.0, 90.0, 0.0, 300.0, 310.0, 120.0]
    assert table["amount_missing"].tolist() == [0, 0, 1, 0, 0, 0]
    message = r"the amounts are in 2 currencies, which do not add up: 'EUR' \(5\), 'USD' \(6\); pass rates="
    with pytest.raises(sf.SchemaError, match=message):
        sf.funnel(breakdown_log(), SHOP, **options)
