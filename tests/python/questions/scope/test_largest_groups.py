"""Which groups `top=` keeps, and how many it says that it puts together."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def log_of(journeys: list[tuple[str, str]]) -> sf.StageLog:
    """Read journeys such as ``"New Offer"`` of persons, one person a journey."""
    rows = [
        (item, stage, time, person)
        for item, (person, journey) in enumerate(journeys)
        for time, stage in enumerate(journey.split())
    ]
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time", "person"]), columns="person")


def new_rows(table: pd.DataFrame) -> dict[Any, tuple[int, int]]:
    """Return base and left_out of each group."""
    new = table[table["stage"] == "New"]
    return dict(zip(new["person"], zip(new["base"], new["left_out"], strict=True), strict=True))


# All that Ann has is won after a loss, so that conversions leave it out.
LEFT_OUT = log_of([("Ann", "New Lost Won")] * 3 + [("Bob", "New")] * 2 + [("Cid", "New"), ("Dan", "New")])


def test_a_group_whose_items_are_left_out_is_a_small_one() -> None:
    whole = sf.funnel(LEFT_OUT, PIPELINE, kind="conversions", by="person")
    assert new_rows(whole) == {"Ann": (0, 3), "Bob": (2, 0), "Cid": (1, 0), "Dan": (1, 0)}
    # Cid and Dan are equally large: the groups' order decides.
    two = sf.funnel(LEFT_OUT, PIPELINE, kind="conversions", by="person", top=2)
    assert new_rows(two) == {"Bob": (2, 0), "Cid": (1, 0), "other (2 groups)": (1, 3)}
    three = sf.funnel(LEFT_OUT, PIPELINE, kind="conversions", by="person", top=3)
    assert new_rows(three) == {"Bob": (2, 0), "Cid": (1, 0), "Dan": (1, 0), "other (1 group)": (0, 3)}
    four = sf.funnel(LEFT_OUT, PIPELINE, kind="conversions", by="person", top=4)
    pd.testing.assert_frame_equal(four, whole)


def test_of_both_kinds_the_first_one_says_which_groups_are_large() -> None:
    both = sf.funnel(LEFT_OUT, PIPELINE, kind="both", by="person", top=1)
    kinds = {kind: new_rows(rows) for kind, rows in both.groupby("kind", observed=True)}
    assert kinds == {
        "classic": {"Ann": (3, 0), "other (3 groups)": (4, 0)},
        "conversions": {"Ann": (0, 3), "other (3 groups)": (4, 0)},
    }


def test_outcomes_keep_the_same_groups() -> None:
    table = sf.outcomes(LEFT_OUT, PIPELINE, lost_then_won="exclude", by="person", top=2)
    found = table.set_index("person")[["base", "left_out"]].to_dict("index")
    assert found == {
        "Bob": {"base": 2, "left_out": 0},
        "Cid": {"base": 1, "left_out": 0},
        "other (2 groups)": {"base": 1, "left_out": 3},
    }


def test_at_the_stages_a_group_that_only_skipped_is_counted_among_the_others() -> None:
    # Ann enters New twice, Bob moves past Offer into Lost by way of Won, Cid and Dan enter New once.
    rows = pd.DataFrame(
        {
            "item": [1, 2, 3, 4, 4, 4],
            "stage": ["New", "New", "New", "New", "Won", "Won"],
            "time": [0, 0, 0, 0, 1, 2],
            "person": ["Ann", "Ann", "Cid", "Dan", "Bob", "Eve"],
        }
    )
    rows.loc[5, "stage"] = "Lost"
    more = pd.DataFrame({"item": [4], "stage": ["Won"], "time": [3], "person": ["Dan"]})
    log = sf.StageLog(pd.concat([rows, more]), columns="person")
    whole = sf.funnel(log, PIPELINE, by="person", at="stage")
    sizes = whole.groupby("person")["reached"].sum()
    # Bob's win is not the last one; it is the move that skipped Offer, and nothing else.
    assert sizes.to_dict() == {"Ann": 2, "Bob": 0, "Cid": 1, "Dan": 2, "Eve": 1}
    assert whole.groupby("person")["skipped"].sum().to_dict() == {
        "Ann": 0,
        "Bob": 1,
        "Cid": 0,
        "Dan": 0,
        "Eve": 0,
    }
    top = sf.funnel(log, PIPELINE, by="person", at="stage", top=2)
    assert top["person"].unique().tolist() == ["Ann", "Dan", "other (3 groups)"]
    four = sf.funnel(log, PIPELINE, by="person", at="stage", top=4)
    assert four["person"].unique().tolist() == ["Ann", "Cid", "Dan", "Eve", "other (1 group)"]
    assert four.loc[four["person"] == "other (1 group)", "skipped"].sum() == 1


@pytest.mark.parametrize("top", [1, 2])
def test_the_group_that_is_missing_in_every_column_is_not_folded(top: int) -> None:
    frame = pd.DataFrame(
        {
            "item": range(7),
            "stage": "New",
            "time": 0,
            "person": ["Ann", "Ann", "Ann", "Bob", None, None, "Ann"],
            "region": ["x", "x", None, None, None, None, "x"],
        }
    )
    table = sf.funnel(
        sf.StageLog(frame, columns=["person", "region"]), PIPELINE, by=["person", "region"], top=top
    )
    found = table.loc[table["stage"] == "New", ["person", "region", "base"]].fillna("-").to_numpy().tolist()
    other = [f"other ({3 - top} group{'s' * (top == 1)})"] * 2
    assert found == [
        ["Ann", "x", 3],
        *([["Ann", "-", 1]] if top == 2 else []),
        [*other, 3 - top],
        ["-", "-", 2],
    ]
