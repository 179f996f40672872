"""Several pipelines in one log."""

import enum
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import SMALL

ROWS = pd.DataFrame(
    [
        (1, "Sales", "New", 0),
        (1, "Sales", "Won", 1),
        (2, "Sales", "New", 0),
        (2, "Renewals", "New", 5),
        (3, "Renewals", "New", 0),
        (3, "Sales", "Offer", 7),
        (3, "Sales", "Lost", 9),
    ],
    columns=["item", "pipeline", "stage", "time"],
)
BOTH = {"Sales": SMALL, "Renewals": sf.Pipeline(["New", "Call"], won="Won")}


def test_equal_names_of_stages_are_told_apart_by_the_column_of_pipelines() -> None:
    log = sf.StageLog(ROWS, pipeline="pipeline")
    assert log.stages["stage"].tolist() == [
        "Sales / New",
        "Sales / Won",
        "Renewals / New",
        "Sales / Offer",
        "Sales / Lost",
    ]
    fitted = sf.pipelines_of_log(log, BOTH)
    sales = sf.funnel(log, fitted["Sales"]).set_index("stage")
    assert sales["passed"].to_dict() == {
        "Sales / New": 1,  # item 2 is in Renewals now
        "Sales / Offer": 1,
        "Sales / Won": 1,
        "Sales / Lost": 1,
    }
    assert set(sales["base"]) == {2}
    assert sf.funnel(log, fitted["Renewals"])["passed"].tolist() == [1, 0, 0]


def test_items_that_moved_to_another_pipeline_can_be_kept() -> None:
    log = sf.StageLog(ROWS, pipeline="pipeline")
    fitted = sf.pipelines_of_log(log, BOTH, moved_out="include")
    assert sf.outcomes(log, fitted["Sales"]).iloc[0][["base", "won", "lost", "moved_out"]].tolist() == [
        3,
        1,
        1,
        1,
    ]
    assert sf.outcomes(log, fitted["Renewals"]).iloc[0][["base", "open", "moved_out"]].tolist() == [2, 1, 1]


def test_people_read_the_plain_stages() -> None:
    log = sf.StageLog(ROWS, pipeline="pipeline")
    sales = sf.pipelines_of_log(log, BOTH)["Sales"]
    assert sales.names["Sales / New"] == "New"
    assert "Sales /" not in str(sf.show(sf.funnel(log, sales)))


def test_pipelines_whose_stages_differ_need_no_column() -> None:
    rows = {"item": [1, 1, 2], "stage": ["New", "Ordered", "New"], "time": [0, 1, 0]}
    log = sf.StageLog(rows)
    fitted = sf.pipelines_of_log(log, {"shop": SMALL, "store": sf.Pipeline(["Ordered"])})
    assert fitted["shop"].elsewhere == ("Ordered",)
    assert sf.funnel(log, fitted["shop"])["passed"].tolist() == [1, 0, 0, 0]
    assert sf.funnel(log, fitted["store"])["passed"].tolist() == [1]


def test_a_stage_of_two_pipelines_is_refused_without_the_column() -> None:
    log = sf.StageLog(ROWS.drop(columns="pipeline"))
    with pytest.raises(sf.SchemaError, match="stage 'New' is in two pipelines, 'Sales' and 'Renewals'"):
        sf.pipelines_of_log(log, BOTH)


class Phase(enum.Enum):
    NEW = "n"
    WON = "w"


@pytest.mark.parametrize(
    ("stages", "labels"),
    [
        ([7, 8, 7], ["A / 7", "B / 8", "B / 7"]),
        ([Phase.NEW, Phase.WON, Phase.NEW], ["A / Phase.NEW", "B / Phase.WON", "B / Phase.NEW"]),
        (pd.Categorical(["x", "y", "x"]), ["A / x", "B / y", "B / x"]),
    ],
)
def test_stages_of_any_type_are_named_with_their_pipeline(stages: Any, labels: list[str]) -> None:
    log = sf.StageLog(
        item=np.array([1, 2, 3]), stage=stages, time=np.array([0, 0, 0]), pipeline=["A", "B", "B"]
    )
    assert log.stages["stage"].tolist() == labels


@pytest.mark.parametrize("missing", ["stage", "pipeline"])
def test_a_row_without_a_pipeline_has_no_stage(missing: str) -> None:
    rows = ROWS.astype({missing: object}).copy()
    rows.loc[2, missing] = None
    with pytest.raises(sf.InvalidRowError, match="missing stage in row 2"):
        sf.StageLog(rows, pipeline="pipeline")
    log = sf.StageLog(rows, pipeline="pipeline", invalid="drop")
    assert log.n_rows == len(rows) - 1


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="stage has 2 rows, pipeline has 1 row"):
        sf.StageLog(item=[1, 2], stage=["a", "b"], time=[0, 1], pipeline=["A"])


@examples(ci=100, night=1_000)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["A", "B", None]), st.sampled_from(["x", "y", None])),
        min_size=1,
    )
)
def test_labels_are_the_pairs_in_order_of_first_appearance(rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["item", "pipeline", "stage"]).astype(object)
    frame["time"] = range(len(rows))
    log = sf.StageLog(frame, pipeline="pipeline", invalid="drop", empty="allow")
    pairs = [f"{pipeline} / {stage}" for _, pipeline, stage in rows if pipeline and stage]
    assert log.stages["stage"].tolist() == list(dict.fromkeys(pairs))
    assert log.stages["rows"].tolist() == [pairs.count(pair) for pair in dict.fromkeys(pairs)]
