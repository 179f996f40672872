"""Who skips what: the order of the rows, and where a column of the log is read."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, assert_same, frame_of, journeys_log, pipeline_of
from strategies import Case, cases


def of_managers(paths: dict[str, list[str]], **options: Any) -> pd.DataFrame:
    """Count the skips of managers whose items have journeys like ``"New > Won"``."""
    pairs = [(manager, path) for manager, own in paths.items() for path in own]
    items = {"item": list(range(1, len(pairs) + 1)), "manager": [manager for manager, _ in pairs]}
    return sf.skips(journeys_log(*[path for _, path in pairs], items=items), SMALL, **options)


def order(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["manager"], table["stage"], strict=True))


def test_imports_do_not_put_whoever_imported_them_first() -> None:
    table = of_managers(
        {
            "Ann": ["New > Offer"] * 30 + ["Offer"] * 10,
            "Bob": ["New > Offer"] * 33 + ["Lost > Offer"] * 2,
            "Cid": ["Lost > Offer"] * 3,
        }
    )
    new = table[table["stage"] == "New"]
    assert new["manager"].tolist() == ["Bob", "Ann", "Cid"]
    assert new["beyond"].tolist() == [35, 40, 3]
    assert new["skipped"].tolist() == [2, 10, 3]
    assert new["began_beyond"].tolist() == [0, 10, 0]
    assert new["skip_rate"].tolist() == [2 / 35, 0.25, 1]
    # Nothing went beyond Offer, in the order of the groups.
    assert order(table)[3:] == [("Ann", "Offer"), ("Bob", "Offer"), ("Cid", "Offer")]


@pytest.mark.parametrize(("n", "first"), [(29, "Bob"), (30, "Ann")])
def test_a_base_of_thirty_is_ranked_before_smaller_ones(n: int, first: str) -> None:
    table = of_managers({"Ann": ["New > Offer"] * (n - 1) + ["Lost > Offer"], "Bob": ["Lost > Offer"]})
    assert order(table)[0] == (first, "New")


def test_items_that_began_beyond_do_not_make_a_base_large() -> None:
    table = of_managers(
        {"Ann": ["Lost > Offer"] * 29 + ["Offer"] * 5, "Bob": ["New > Offer"] * 29 + ["Lost > Offer"]}
    )
    assert order(table)[:2] == [("Bob", "New"), ("Ann", "New")]


def test_of_equal_rates_more_skips_come_first_and_then_the_order_of_groups() -> None:
    some = ["New > Offer"] * 30 + ["Lost > Offer"] * 10
    table = of_managers({"Ann": some, "Bob": some * 2, "Cid": some})
    assert [manager for manager, stage in order(table) if stage == "New"] == ["Bob", "Ann", "Cid"]


def test_a_stage_beyond_which_all_began_comes_last() -> None:
    table = sf.skips(journeys_log("Offer > Won", "Offer"), SMALL, by=None)
    assert table["stage"].tolist() == ["Offer", "New"]
    assert table["skip_rate"].tolist() == [0, 1]


MOVES = {
    "item": [1, 1, 2, 2, 2],
    "stage": ["New", "Won", "New", "Offer", "New"],
    "time": [0, 1, 0, 1, 2],
    "who": ["Ann", "Bob", "Ann", "Cid", "Dan"],
}


def rows_of(table: pd.DataFrame) -> dict[tuple[str, str], list[int]]:
    names = ["passed", "beyond", "skipped", "began_beyond"]
    values = table[names].to_numpy().tolist()
    return dict(zip(zip(table["who"], table["stage"], strict=True), values, strict=True))


def test_a_skip_is_of_whoever_made_the_move() -> None:
    table = sf.skips(sf.StageLog(MOVES, columns=["who"]), SMALL, by="who")
    assert rows_of(table) == {
        ("Ann", "New"): [1, 0, 0, 0],
        ("Ann", "Offer"): [0, 0, 0, 0],
        ("Bob", "New"): [0, 1, 0, 0],
        ("Bob", "Offer"): [0, 1, 1, 0],
        ("Cid", "New"): [0, 1, 0, 0],
        ("Cid", "Offer"): [1, 0, 0, 0],
        ("Dan", "New"): [1, 0, 0, 0],
        ("Dan", "Offer"): [0, 0, 0, 0],
    }
    assert table[["who", "stage"]].iloc[0].tolist() == ["Bob", "Offer"]


def test_the_first_and_the_last_row_can_be_asked_for() -> None:
    log = sf.StageLog(MOVES, columns=["who"])
    assert rows_of(sf.skips(log, SMALL, by="who", at="first")) == {
        ("Ann", "New"): [2, 2, 0, 0],
        ("Ann", "Offer"): [1, 1, 1, 0],
    }
    assert rows_of(sf.skips(log, SMALL, by="who", at="last")) == {
        ("Bob", "New"): [1, 1, 0, 0],
        ("Bob", "Offer"): [0, 1, 1, 0],
        ("Dan", "New"): [1, 1, 0, 0],
        ("Dan", "Offer"): [1, 0, 0, 0],
    }


def test_skips_at_the_move_are_those_of_the_funnel_at_the_stage() -> None:
    log = sf.StageLog(MOVES, columns=["who"])
    funnel = sf.funnel(log, SMALL, by="who", at="stage")
    wanted = {
        (who, stage): n
        for who, stage, n in zip(funnel["who"], funnel["stage"], funnel["skipped"], strict=True)
    }
    assert {place: counts[2] for place, counts in rows_of(sf.skips(log, SMALL, by="who")).items()} == {
        place: n for place, n in wanted.items() if place[1] in SMALL.stages
    }


def test_whoever_only_closes_items_has_no_row() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Lost"], "time": [0, 1], "who": ["Ann", "Bob"]}
    table = sf.skips(sf.StageLog(rows, columns=["who"]), SMALL, by="who")
    assert set(table["who"]) == {"Ann"}


def test_a_column_of_the_items_goes_with_one_of_the_log() -> None:
    log = sf.StageLog(MOVES, columns=["who"], items={"item": [1, 2], "team": ["x", "y"]})
    table = sf.skips(log, SMALL, by=["team", "who"])
    worst = table.iloc[0]
    assert (worst["team"], worst["who"], worst["stage"], worst["skipped"]) == ("x", "Bob", "Offer", 1)


def test_a_report_of_an_earlier_moment_reads_its_own_rows() -> None:
    log = sf.StageLog(MOVES, columns=["who"])
    table = sf.skips(log, SMALL, by="who", as_of=2)
    assert rows_of(table)["Ann", "New"] == [2, 0, 0, 0]  # Dan's row is not there yet
    assert "Dan" not in set(table["who"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "who", "at": "stage"}, "at='stage' is not one of 'first', 'last'"),
        (
            {"by": "team", "at": "first"},
            "at='first' says where a column of the log is read, and 'team' is a column",
        ),
        (
            {"by": ["team", "area"], "at": "last"},
            "'team', 'area' are columns of the items table; leave at= out",
        ),
        ({"by": None, "at": "last"}, "at='last' says where by= is read, and there is no by="),
        ({"by": "wo", "at": "last"}, "by='wo' is not a column of the items table"),
    ],
)
def test_where_nothing_is_read_is_not_to_be_named(options: dict[str, Any], message: str) -> None:
    items = {"item": [1, 2], "team": ["x", "y"], "area": ["a", "b"]}
    log = sf.StageLog(MOVES, columns=["who"], items=items)
    with pytest.raises(sf.SchemaError, match=message):
        sf.skips(log, SMALL, **options)


@given(case=cases(unlisted="some", max_items=10), data=st.data())
def test_skips_at_the_move_are_those_of_the_reference(case: Case, data: st.DataObject) -> None:
    choices = st.sampled_from(["Zoe", "ann", None])
    people = data.draw(st.lists(choices, min_size=len(case.rows), max_size=len(case.rows)))
    log = sf.StageLog(frame_of(case.rows).assign(group=people), columns=["group"])
    found = sf.skips(log, pipeline_of(case.pipeline), by="group", unlisted="ignore")
    expected = reference.skips_at_moves(case.rows, case.pipeline, people, unlisted="ignore")
    assert_same(found, expected, by=["group"])


def test_a_log_without_managers_hears_that_managers_are_the_default() -> None:
    with pytest.raises(sf.SchemaError, match="by= names a column of the items table") as caught:
        sf.skips(journeys_log("New > Won"), SMALL)
    assert caught.value.__notes__ == [
        'by="manager" is the default of skips; by=None ranks the stages of all items'
    ]
    with pytest.raises(sf.SchemaError) as caught:
        sf.skips(journeys_log("New > Won"), SMALL, by="owner")
    assert not hasattr(caught.value, "__notes__")
