"""Groups of what the log itself knows: when items were created, what became of them, bands of a number."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

DAYS = pd.to_datetime(["2026-01-01", "2026-02-03", "2026-02-04", "2026-01-31", "2026-03-03", "2026-03-04"])
ROWS = {
    "item": [1, 1, 2, 3, 3, 4],
    "stage": ["New", "Won", "New", "New", "Lost", "New"],
    "time": DAYS,
    "sum": [1.0, 2.0, 3.0, 4.0, 5.0, None],
}
ITEMS = pd.DataFrame({"item": [1, 2, 3], "amount": [0, 1000, 999.5], "team": ["a", "a", "b"]})
PIPELINE = sf.Pipeline("New", won="Won", lost="Lost")
LOG = sf.StageLog(ROWS, items=ITEMS, columns=["sum"])
MISSING = "(missing)"
# Items by group, worked out by hand.
GROUPS: dict[str, tuple[str, dict[str, list[int]]]] = {
    "created:month": ("by_created", {"2026-01": [1, 3], "2026-02": [2], "2026-03": [4]}),
    "created:quarter": ("by_created", {"2026Q1": [1, 2, 3, 4]}),
    "created: year": ("by_created", {"2026": [1, 2, 3, 4]}),
    "outcome": ("by_outcome", {"open": [2, 4], "won": [1], "lost": [3]}),
    "last_stage": ("by_last_stage", {"New": [2, 4], "Won": [1], "Lost": [3]}),
    "amount:[0, 1000]": (
        "by_amount",
        {"0 to 1,000": [1, 3], "1,000 and more": [2], MISSING: [4]},
    ),
    "amount:[1, 999.5]": (
        "by_amount",
        {"below 1": [1], "999.5 and more": [2, 3], MISSING: [4]},
    ),
    "sum:[2]": ("by_sum", {"below 2": [1], "2 and more": [2, 3], MISSING: [4]}),
}


@pytest.mark.parametrize("by", GROUPS)
def test_items_of_a_group_are_counted_as_a_log_of_them_alone(by: str) -> None:
    name, groups = GROUPS[by]
    found = sf.outcomes(LOG, PIPELINE, by=by)
    assert found[name].astype(object).fillna(MISSING).astype(str).tolist() == list(groups)
    for (_, row), items in zip(found.iterrows(), groups.values(), strict=True):
        (alone,) = sf.outcomes(LOG.filter(items=items), PIPELINE, missing="ignore").to_dict("records")
        assert {key: row[key] for key in ("base", "won", "lost", "open")} == {
            key: alone[key] for key in ("base", "won", "lost", "open")
        }


def test_they_stand_beside_columns() -> None:
    table = sf.funnel(LOG, PIPELINE, by=["team", "created:month"])
    assert table.columns[:3].tolist() == ["team", "by_created", "stage"]
    of_groups = table.drop_duplicates(["team", "by_created"])
    assert of_groups["by_created"].astype(str).tolist() == ["2026-01", "2026-02", "2026-01", "2026-03"]
    assert of_groups["team"].fillna(MISSING).tolist() == ["a", "a", "b", MISSING]
    assert of_groups["base"].tolist() == [1, 1, 1, 1]


def test_a_band_of_a_column_of_the_log_is_read_where_at_says() -> None:
    last = sf.outcomes(LOG, PIPELINE, by="sum:[2]", at="last")
    assert last["by_sum"].astype(object).fillna(MISSING).astype(str).tolist() == ["2 and more", MISSING]
    assert last["base"].tolist() == [3, 1]
    with pytest.raises(sf.SchemaError, match="of the items themselves"):
        sf.outcomes(LOG, PIPELINE, by="outcome", at="last")


def test_an_outcome_is_that_of_the_report() -> None:
    table = sf.outcomes(LOG, PIPELINE, by="outcome", as_of="2026-02-04")
    assert dict(zip(table["by_outcome"], table["base"], strict=True)) == {"open": 1, "won": 1}


def test_a_column_of_that_name_goes_first() -> None:
    log = sf.StageLog(ROWS, items=ITEMS.assign(last_stage=["x", "y", "y"]))
    table = sf.outcomes(log, PIPELINE, by="last_stage")
    assert table["last_stage"].fillna(MISSING).tolist() == ["x", "y", MISSING]


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("created:fortnight", "names no span"),
        ("amount:[]", "edges that rise"),
        ("amount:[3, 1]", "edges that rise"),
        ("amount:[1, x]", "edges that rise"),
        ("amuont:[1]", "did you mean 'amount'"),
        ("team:[1]", "not a number"),
    ],
)
def test_what_cannot_be_meant_is_refused(by: Any, says: str) -> None:
    with pytest.raises(sf.SchemaError, match=says):
        sf.outcomes(LOG, PIPELINE, by=by)


def test_times_of_plain_integers_have_no_months() -> None:
    log = sf.StageLog({**ROWS, "time": range(6)})
    with pytest.raises(sf.SchemaError, match="plain integers"):
        sf.outcomes(log, PIPELINE, by="created:month")
