"""Questions about several periods of parts, worked out by hand."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def part_of(rows: list[tuple[Any, str, str]], **columns: Any) -> sf.StageLog:
    """Make a log of rows, with columns that have one value each."""
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    frame["time"] = pd.to_datetime(frame["time"])
    for name, value in columns.items():
        frame[name] = [value] * len(frame)
    return sf.StageLog(frame, columns=list(columns))


def table_of(question: Any, *logs: sf.StageLog, **options: Any) -> pd.DataFrame:
    parts = [sf.partial(log, PIPELINE, question, **options) for log in logs]
    return sf.merge(sf.Partial.from_bytes(part.to_bytes()) for part in reversed(parts)).table()


def test_an_item_that_is_open_behind_its_part_is_active_in_the_periods_of_others() -> None:
    one = part_of([(1, "New", "2026-01-10"), (2, "New", "2026-01-11"), (2, "Lost", "2026-01-12")])
    other = part_of([(3, "New", "2026-03-05"), (3, "Won", "2026-03-06")])
    table = table_of(sf.funnel_by_period, one, other, confidence=0.9)
    of_new = table[table["stage"] == "New"]
    assert list(map(str, of_new["period"])) == ["2026-01", "2026-02", "2026-03"]
    assert of_new[["base", "open_at"]].to_numpy().tolist() == [[2, 1], [1, 1], [2, 1]]
    remembered = table.attrs["stagefunnel"]
    assert remembered["shared_items"] == 1  # item 1
    assert remembered["partly_covered"] == ["2026-01", "2026-03"]
    # Its part may end before the first period, where the end is open.
    later = table_of(sf.funnel_by_period, one, other, period=("2026-02", None))
    assert later[later["stage"] == "New"]["base"].tolist() == [1, 2]
    with pytest.raises(sf.SchemaError, match="end before"):
        table_of(sf.funnel_by_period, one, period=("2026-02", None))


def test_the_largest_groups_of_a_trend_are_those_of_all_parts() -> None:
    one = part_of([(1, "New", "2026-01-10"), (2, "New", "2026-01-10")], who="ann")
    other = part_of([(item, "New", "2026-02-10") for item in (3, 4, 5)], who="bob")
    parts = [sf.partial(log, PIPELINE, sf.funnel_by_period, by="who") for log in (one, other)]
    table = sf.merge(parts).table(top=1)
    of_new = table[table["stage"] == "New"]
    # Both items of Ann are open, so that they are active in February too.
    shown = zip(map(str, of_new["period"]), of_new["who"], of_new["base"], strict=True)
    assert list(shown) == [
        ("2026-01", "other (1 group)", 2),
        ("2026-02", "bob", 3),
        ("2026-02", "other (1 group)", 2),
    ]


def test_amounts_of_a_trend_have_the_decimal_places_of_all_parts() -> None:
    one = part_of([(1, "New", "2026-01-10"), (1, "Won", "2026-01-11")], amount=Decimal("0.10"))
    other = part_of([(2, "New", "2026-02-10"), (2, "Won", "2026-02-11")], amount=Decimal("7"))
    table = table_of(sf.funnel_by_period, one, other, amount="amount", basis="created")
    assert table[table["stage"] == "Won"]["amount"].tolist() == [0.1, 7.0]
    losses = [
        part_of([(item, "New", "2026-01-10"), (item, "Lost", "2026-01-11")], amount=amount, why=why)
        for item, amount, why in [(1, Decimal("7"), "price"), (2, Decimal("0.10"), "time")]
    ]
    assert table_of(sf.losses, *losses, reason="why", amount="amount")["amount"].tolist() == [7.0, 0.1]


def test_parts_of_a_trend_may_have_no_rows() -> None:
    days = pd.to_datetime(["2026-01-10", "2026-01-11"])
    frame = pd.DataFrame({"item": [1, 1], "stage": ["New", "Won"], "time": days, "who": ["ann", "ann"]})
    some, none = (sf.StageLog(rows, columns=["who"], empty="allow") for rows in (frame, frame[:0]))
    for by in (None, "who"):
        options: dict[str, Any] = {"by": by, "missing": "ignore"}
        for logs in ((some, none), (none, none)):
            expected = sf.funnel_by_period(logs[0], PIPELINE, **options)
            assert_frame_equal(table_of(sf.funnel_by_period, *logs, **options), expected)


def test_periods_of_parts_are_compared_with_all_items() -> None:
    one = part_of([(1, "New", "2026-02-10"), (2, "New", "2026-03-10"), (2, "Won", "2026-03-11")], who="ann")
    other = part_of([(item, "New", "2026-02-10") for item in (3, 4)], who="bob")
    options: dict[str, Any] = {"period": "2026-03", "by": "who", "basis": "created", "confidence": 0.9}
    table = table_of(sf.compare_periods, one, other, **options)
    of_new = table[table["stage"] == "New"]
    assert of_new[["who", "reached", "reached_before"]].to_numpy().tolist() == [["ann", 1, 1], ["bob", 0, 2]]
    remembered = table.attrs["stagefunnel"]
    assert remembered["called"] == ["2026-03", "2026-02"]
    assert remembered["partly_covered"] == ["2026-03", "2026-02"]
    with pytest.raises(sf.SchemaError, match="same_part= depends on the end of observation"):
        sf.partial(one, PIPELINE, sf.compare_periods, period="2026-03", same_part=True)
