"""The pipeline by itself: what it holds, what it refuses, how it prints itself."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, journeys_log
from stagefunnel.stage_rules import StageRules


def test_labels_stand_in_the_order_of_the_tables() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won=["Won", "Signed"], lost=["Lost"])
    assert pipeline.stages == ("New", "Offer")
    assert pipeline.won == ("Won", "Signed")
    assert pipeline.lost == ("Lost",)
    assert pipeline.labels == ("New", "Offer", "Won", "Signed", "Lost")


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("New", ("New",)),
        (b"New", (b"New",)),
        (7, (7,)),
        (("New", "Offer"), ("New", "Offer")),
        (np.array(["New", "Offer"]), ("New", "Offer")),
        (pd.Series([3, 4]), (3, 4)),
        ({"New": 1, "Offer": 2}, ("New", "Offer")),
        ((label for label in ("New", "Offer")), ("New", "Offer")),
    ],
)
def test_one_label_or_several_are_taken(given: Any, held: tuple[Any, ...]) -> None:
    assert sf.Pipeline(given).stages == held


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"stages": []}, "it has no in-progress stage"),
    ({"stages": ["A", "A"]}, "'A' is listed twice as in progress"),
    ({"stages": ["A"], "won": ["B", "B"]}, "'B' is listed twice as won"),
    ({"stages": ["A"], "won": "A"}, "'A' is listed as in progress and won"),
    ({"stages": ["A"], "won": "B", "lost": "B"}, "'B' is listed as won and lost"),
    ({"stages": ["A", "B"], "lost": ["B"]}, "'B' is listed as in progress and lost"),
    ({"stages": ["A", None]}, "1 of its labels are missing"),
    ({"stages": ["A"], "won": [None], "lost": float("nan")}, "2 of its labels are missing"),
    ({"stages": ["A", 1]}, "its labels are of mixed types: integer, text"),
    ({"stages": [1], "won": "1"}, "its labels are of mixed types: integer, text"),
    ({"stages": [1, True]}, "its labels are of mixed types: bool, integer; 1 is listed twice as in progress"),
    (
        {"stages": ["A"], "names": {"B": "Bee", "C": "Sea"}},
        "names are given for labels that are not stages: 'B', 'C'",
    ),
    (
        {"stages": ["A", 1], "won": "A", "names": {"Z": "z"}},
        "its labels are of mixed types: integer, text; 'A' is listed as in progress and won; "
        "names are given for labels that are not stages: 'Z'",
    ),
]


@pytest.mark.parametrize(("given", "problem"), PROBLEMS)
def test_an_unsound_pipeline_is_refused_with_all_that_is_wrong(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"^{re.escape('invalid pipeline: ' + problem)}$"):
        sf.Pipeline(**given)


def test_names_are_what_people_read_and_labels_stay() -> None:
    pipeline = sf.Pipeline([1, 2], won=3, names={1: "New", 3: "Won"})
    assert pipeline.names == {1: "New", 2: "2", 3: "Won"}
    assert repr(pipeline) == "Pipeline: New → 2 | won: Won"
    table = sf.funnel(sf.StageLog({"item": [1], "stage": [1], "time": [0]}), pipeline)
    assert table["stage"].tolist() == [1, 2, 3]


def test_changing_the_names_that_were_given_or_told_changes_no_pipeline() -> None:
    names = {"New": "Neu"}
    pipeline = sf.Pipeline("New", names=names)
    names["New"] = pipeline.names["New"] = "changed"
    assert pipeline.names == {"New": "Neu"}


def test_a_long_pipeline_prints_its_ends() -> None:
    stages = [f"S{number}" for number in range(1, 31)]
    assert repr(sf.Pipeline(stages)) == (
        "Pipeline: S1 → S2 → S3 → S4 → S5 → S6 → S7 → S8 → S9 → S10 → … (19 more) → S30"
    )
    assert repr(sf.Pipeline(stages[:12])).endswith("S10 → S11 → S12")


def test_equal_pipelines_are_equal_and_hash_alike() -> None:
    same = sf.Pipeline(("New", "Offer"), won=["Won"], lost=["Lost"])
    assert same == SMALL
    assert len({same, SMALL}) == 1
    others = [
        sf.Pipeline(["Offer", "New"], won="Won", lost="Lost"),
        sf.Pipeline(["New", "Offer"], won="Lost", lost="Won"),
        sf.Pipeline(["New", "Offer", "Won"], lost="Lost"),
        sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", names={"New": "Neu"}),
    ]
    assert all(other != SMALL for other in others)
    assert SMALL != "New → Offer"


def test_check_lists_what_log_and_pipeline_do_not_share() -> None:
    log = journeys_log("New > Ofer > Ofer > Won", "Spam")
    table = SMALL.check(log)
    assert table.to_dict("list") == {
        "problem": ["unlisted", "unlisted", "never reached", "never reached"],
        "stage": ["Ofer", "Spam", "Offer", "Lost"],
        "rows": [2, 1, 0, 0],
        "hint": ["did you mean 'Offer'?", "", "", ""],
    }


def test_check_of_an_empty_log_names_every_stage_as_never_reached() -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    found = sf.Pipeline(["New"], won="Won").check(empty)
    assert found["problem"].tolist() == ["never reached", "never reached"]
    assert found["stage"].tolist() == ["New", "Won"]


def test_check_is_empty_where_all_is_well() -> None:
    table = SMALL.check(journeys_log("New > Offer > Won > Lost"))
    assert len(table) == 0
    assert list(table.columns) == ["problem", "stage", "rows", "hint"]


def test_one_log_is_read_through_several_pipelines() -> None:
    log = journeys_log("New > Offer > Won", "Offer > New")
    forward = sf.funnel(log, SMALL)
    backward = sf.funnel(log, sf.Pipeline(["Offer", "New"], won="Won"))
    assert forward["skipped"].tolist() == [0, 0, 0, 0]
    assert backward["reached"].tolist() == [2, 2, 1]
    assert sf.transitions(log, sf.Pipeline("New"), unlisted="ignore").empty


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"ignore": ["Won"]}, "'Won' cannot be both ignored and read"),
        ({"ignore": ["N", "Y"], "aliases": {"N": "New"}}, "'N' cannot be both ignored and read"),
        ({"ignore": ["Y", "X"], "elsewhere": ["X"]}, "'X' cannot be both ignored and read"),
        (
            {"elsewhere": ["N"], "aliases": {"N": "New"}},
            "'N' cannot be both another name of its own stages and elsewhere",
        ),
    ],
)
def test_a_label_is_read_in_one_way_alone(rules: dict[str, Any], problem: str) -> None:
    sf.Pipeline("New", won="Won", ignore="Y", elsewhere="X", aliases={"N": "New"})
    with pytest.raises(sf.SchemaError) as caught:
        sf.Pipeline("New", won="Won", **rules)
    assert str(caught.value) == f"invalid pipeline: {problem}"


def test_what_cannot_be_a_label_is_refused() -> None:
    message = "invalid pipeline: {'New'} cannot be labels; use text, integers or enum members"
    with pytest.raises(sf.SchemaError, match=f"^{re.escape(message)}$"):
        sf.Pipeline([{"New"}], won="Won")


@pytest.mark.parametrize("name", ["stages", "won", "lost"])
@pytest.mark.parametrize("labels", [{"Offer"}, frozenset({"Offer"})])
def test_stages_in_a_set_have_no_order(name: str, labels: Any) -> None:
    message = f"{name}={labels!r} is a set, which has no order; give a list"
    with pytest.raises(sf.SchemaError, match=f"^{re.escape(message)}$"):
        sf.Pipeline(**{"stages": "New", name: labels})


def test_keys_of_a_dictionary_are_stages_in_their_order() -> None:
    assert sf.Pipeline({"Offer": 1, "New": 2}.keys()) == sf.Pipeline(["Offer", "New"])


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
@pytest.mark.parametrize("name", ["stages", "won", "lost"])
def test_a_missing_label_is_refused(name: str, missing: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"^invalid pipeline: 1 of its labels are missing$"):
        sf.Pipeline(**{"stages": ["New"]} | {name: ["Offer", missing]})


def test_only_a_log_can_be_checked() -> None:
    with pytest.raises(sf.SchemaError, match="expected a StageLog, got str"):
        SMALL.check("log.csv")  # type: ignore[arg-type]  # wrong on purpose


def test_rules_that_are_as_by_default_are_not_given() -> None:
    assert StageRules().given == {}
    assert StageRules(optional=("A",), limits={"B": "3 days"}).given == {
        "optional": ("A",),
        "limits": {"B": "3 days"},
    }
