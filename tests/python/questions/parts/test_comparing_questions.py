"""Questions about parts that put periods or groups side by side, worked out by hand."""

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


@pytest.mark.parametrize(
    ("question", "options"),
    [
        (sf.funnel_by_period, {}),
        (sf.funnel_by_period, {"by": "who"}),
        (sf.compare_periods, {"period": "2026-01"}),
        (sf.compare_periods, {"period": "2026-01", "by": "who"}),
        (sf.compare_groups, {"by": "who"}),
        (sf.decompose, {"a": "2026-01", "b": "2026-02"}),
        (sf.mix_rate, {"mix": "who", "a": "2026-01", "b": "2026-02"}),
        (sf.drivers, {"columns": "who"}),
    ],
)
def test_parts_may_have_no_rows(question: Any, options: dict[str, Any]) -> None:
    days = pd.to_datetime(["2026-01-10", "2026-01-11"])
    frame = pd.DataFrame({"item": [1, 1], "stage": ["New", "Won"], "time": days, "who": ["ann", "ann"]})
    some, none = (sf.StageLog(rows, columns=["who"], empty="allow") for rows in (frame, frame[:0]))
    asked = {**options, "missing": "ignore"}
    for logs in ((some, none), (none, none)):
        assert_frame_equal(table_of(question, *logs, **asked), question(logs[0], PIPELINE, **asked))


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


def test_groups_of_parts_are_compared_with_the_rest_of_all_items() -> None:
    # Ann wins one of two, and Bob none of three.
    one = part_of([(1, "New", "2026-01-10"), (1, "Won", "2026-01-11"), (2, "New", "2026-01-10")], who="ann")
    other = part_of([(item, "New", "2026-02-10") for item in (3, 4, 5)], who="bob")
    table = table_of(sf.compare_groups, one, other, by="who", a="ann", missing="ignore")
    assert table["n_a"].tolist() == [2, 1]
    assert table["n_b"].tolist() == [3, 0]
    assert table["difference"].iloc[0] == 0.5
    part = sf.partial(one, PIPELINE, sf.compare_groups, by="who")
    with pytest.raises(sf.SchemaError, match="bob"):  # it is in another part
        part.table(a="ann", b="bob")
    with pytest.raises(sf.SchemaError, match="confidence="):
        sf.partial(one, PIPELINE, sf.compare_groups, by="who", confidence=95)
    effects = table_of(sf.decompose, one, other, by="who", a="ann", b="bob", missing="ignore")
    assert effects["effect"].sum() == 0.5
    assert effects.attrs["stagefunnel"]["totals"] == [0.5, 0.0]
    strongest = table_of(sf.drivers, one, other, columns="who", missing="ignore")
    found = strongest[["value", "n", "conversion", "conversion_rest"]].to_numpy().tolist()
    assert sorted(found) == [["ann", 2, 0.5, 0.0], ["bob", 3, 0.0, 0.5]]


def test_a_mix_of_two_periods_has_the_groups_of_both() -> None:
    one = part_of([(1, "New", "2026-03-10"), (1, "Won", "2026-03-11"), (2, "New", "2026-02-10")], who="ann")
    other = part_of([(item, "New", "2026-02-10") for item in (3, 4)], who="bob")
    options: dict[str, Any] = {"mix": "who", "a": "2026-03", "b": "2026-02", "missing": "ignore"}
    table = table_of(sf.mix_rate, one, other, **options)
    assert table["group"].tolist() == ["ann", "bob"]
    assert table["share_a"].tolist() == [1.0, 0.0]
    assert table["share_b"].tolist() == [1 / 3, 2 / 3]
    assert table.attrs["stagefunnel"]["totals"] == [1.0, 0.0]


def test_two_won_stages_of_parts_are_one() -> None:
    pipeline = sf.Pipeline(["New"], won=["Won", "Paid"])
    logs = [
        part_of([(item, "New", "2026-03-10"), (item, stage, "2026-03-11")], who=stage)
        for item, stage in enumerate(["Won", "Paid"])
    ]
    parts = [sf.partial(log, pipeline, sf.compare_groups, by="who") for log in logs]
    assert sf.merge(parts).table()["conversion_a"].tolist() == [1.0, 1.0]


def test_parts_of_a_trend_are_observed_until_one_moment() -> None:
    rows = pd.DataFrame({"item": [1], "stage": ["New"], "time": pd.to_datetime(["2026-01-10"])})
    logs = [sf.StageLog(rows.assign(item=item), observed_until=f"2026-03-0{item}") for item in (1, 2)]
    for question, options in ((sf.funnel_by_period, {}), (sf.compare_periods, {"period": "2026-01"})):
        parts = [
            sf.partial(log, PIPELINE, question, within="3d", missing="ignore", **options) for log in logs
        ]
        with pytest.raises(sf.SchemaError, match="observed until different moments"):
            sf.merge(parts)


def test_what_explains_one_item_is_refused() -> None:
    log = part_of([(1, "New", "2026-03-10")])
    with pytest.raises(sf.SchemaError, match="explain\\(\\) is about one item"):
        sf.partial(log, PIPELINE, sf.explain, item=1)
