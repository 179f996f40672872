"""Variants of journeys: the worked example, the reference, and what is equal whatever the breakdown."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given

import reference
import stagefunnel as sf
from helpers import journeys_log, log_of, pipeline_of
from reference.variants import variants
from strategies import Case, cases

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
# The worked example of definitions.md, section 3: each row is one step after the row before.
LOG = journeys_log(
    "New > Won", "New > New > Won", "New > Offer > New > Lost", "Offer", "New > Lost", "New > Won > Lost"
)
EXAMPLE = [
    ("New → Won", 2, 2, 0, 0, 1.5, 0),
    ("New → Offer → New → Lost", 1, 0, 1, 0, 3.0, 1),
    ("New → Won → Lost", 1, 0, 1, 0, 1.0, 0),
    ("New → Lost", 1, 0, 1, 0, 1.0, 0),
    ("Offer", 1, 0, 0, 1, None, 0),
]
COLUMNS = ["variant", "items", "won", "lost", "open", "median_cycle_time", "rework"]


def rows_of(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    plain = table[COLUMNS].astype(object)
    return list(plain.where(plain.notna(), None).itertuples(index=False, name=None))


def test_the_worked_example_is_met() -> None:
    table = sf.variants(LOG, PIPELINE)
    assert rows_of(table) == EXAMPLE
    assert table["share"].tolist() == [2 / 6, *[1 / 6] * 4]


def test_the_others_share_a_line() -> None:
    table = sf.variants(LOG, PIPELINE, top=2)
    assert rows_of(table)[:2] == EXAMPLE[:2]
    assert rows_of(table)[2] == ("other (3 variants)", 3, 0, 2, 1, 1.0, None)
    assert sf.variants(LOG, PIPELINE, top=5)["variant"].tolist() == [row[0] for row in EXAMPLE]


@given(case=cases(unlisted="some"))
def test_variants_are_those_of_the_reference(case: Case) -> None:
    pipeline = pipeline_of(case.pipeline)
    log = log_of(case)
    visits = reference.visits_by_item(case.rows, case.pipeline, unlisted="ignore")
    expected = variants(visits, case.pipeline)
    found = sf.variants(log, pipeline, unlisted="ignore", missing="ignore", top=10_000)
    assert found["variant"].tolist() == [" → ".join(map(str, one.stages)) for one in expected]
    for name in ("items", "won", "lost", "open", "rework"):
        assert found[name].tolist() == [getattr(one, name) for one in expected]
    medians = [None if pd.isna(one) else one for one in found["median_cycle_time"]]
    assert medians == [
        None if one.median_cycle_time is None else float(one.median_cycle_time) for one in expected
    ]


@given(case=cases())
def test_lines_add_up_whatever_the_top(case: Case) -> None:
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    whole = sf.variants(log, pipeline, missing="ignore", top=10_000)
    outcomes = sf.outcomes(log, pipeline, missing="ignore")
    for top in (1, 3):
        table = sf.variants(log, pipeline, missing="ignore", top=top)
        assert len(table) == min(len(whole), top + (len(whole) > top))
        for name in ("items", "won", "lost", "open"):
            assert table[name].sum() == whole[name].sum()
        assert table["won"].sum() == outcomes["won"].sum()
        assert table["items"].sum() == outcomes["base"].sum()


def test_groups_have_variants_of_their_own() -> None:
    items = pd.DataFrame({"item": range(1, 7), "team": ["a", "b", "a", "b", None, "b"]})
    log = sf.StageLog(sf.row_table(LOG), items=items)
    for top in (1, 20):
        table = sf.variants(log, PIPELINE, by="team", top=top)
        parts = []
        for team, members in (("a", [1, 3]), ("b", [2, 4, 6]), (None, [5])):
            alone = sf.variants(log.filter(items=members), PIPELINE, top=top, missing="ignore")
            parts.append(alone.assign(team=team))
        expected = pd.concat(parts, ignore_index=True)
        assert rows_of(table) == rows_of(expected)
        assert table["team"].fillna("-").tolist() == expected["team"].fillna("-").tolist()
        assert table["share"].tolist() == expected["share"].tolist()


def test_many_groups_take_no_square_time() -> None:
    n = 20_000
    rows = {"item": [*range(n), *range(n)], "stage": ["New"] * n + ["Won", "Lost"] * (n // 2)}
    items = pd.DataFrame({"item": range(n), "team": [item // 2 for item in range(n)]})
    log = sf.StageLog({**rows, "time": [0] * n + [1] * n}, items=items)
    table = sf.variants(log, PIPELINE, by="team", top=1, missing="ignore")
    assert len(table) == n
    assert table["variant"].tolist()[:2] == ["New → Won", "other (1 variant)"]


def test_names_are_those_that_people_read_and_a_pause_does_not_count() -> None:
    pipeline = PIPELINE.replace(names={"Offer": "Quote"}, paused=["Offer"])
    table = sf.variants(LOG, pipeline)
    assert table["variant"][1] == "New → Quote → New → Lost"
    assert table["median_cycle_time"][1] == 2.0
    assert "The clock stands still in: Quote" in str(sf.show(table))


def test_an_unknown_start_has_no_cycle_time() -> None:
    frame = sf.row_table(LOG).assign(unknown=lambda rows: (rows["item"] == 5) & (rows["stage"] == "New"))
    table = sf.variants(sf.StageLog(frame, start_unknown="unknown"), PIPELINE)
    assert table["median_cycle_time"].isna().tolist() == [False, False, False, True, True]


def test_the_sentence_names_the_most_frequent_one() -> None:
    shown = str(sf.show(sf.variants(LOG, PIPELINE)))
    assert shown.startswith("Variants of journeys\n")
    assert "Most often: New → Won (2 of 6 items, 33%; 5 variants in all)" in shown


@pytest.mark.parametrize("top", [0, 10_001, 2.5, True])
def test_a_top_that_is_no_number_of_lines_is_refused(top: Any) -> None:
    with pytest.raises(sf.SchemaError, match="whole number from 1 to 10,000"):
        sf.variants(LOG, PIPELINE, top=top)
