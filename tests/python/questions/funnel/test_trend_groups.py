"""The largest groups of a trend are the same in every period, and the others are one group."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal

DAYS = ["2026-01-03", "2026-02-02", "2026-01-05", "2026-02-07", "2026-02-08", "2026-01-09"]
ROWS = {
    "item": [1, 1, 2, 3, 4, 5],
    "stage": ["New", "Won", "New", "New", "New", "New"],
    "time": pd.to_datetime(DAYS),
}
# Bo has items 1 and 2 of January, Al 3 and Di 4 of February, Cy 5 of January.
MANAGERS = ["Bo", "Bo", "Al", "Di", "Cy"]
OTHER = "other (3 groups)"


def small(managers: list[str] = MANAGERS) -> sf.StageLog:
    items = {"item": [1, 2, 3, 4, 5], "manager": managers, "amount": [5, 7, 1, 2, 9]}
    return sf.StageLog(pd.DataFrame(ROWS), items=items)


CREATED = [["2026-01", "Bo", 2], ["2026-01", OTHER, 1], ["2026-02", OTHER, 2]]
# Item 1 is won in February, and items 2 and 5 are still open.
ACTIVE = [*CREATED[:2], ["2026-02", "Bo", 2], ["2026-02", OTHER, 3]]


@pytest.mark.parametrize(("basis", "expected"), [("created", CREATED), ("active", ACTIVE)])
def test_the_largest_group_of_all_periods_stands_in_each(basis: Any, expected: list[Any]) -> None:
    table = sf.funnel_by_period(small(), SMALL, by="manager", top=1, basis=basis)
    found = table.loc[table["stage"] == "New", ["period", "manager", "base"]].astype({"period": str})
    assert found.astype(object).to_numpy().tolist() == expected


OPTIONS: list[dict[str, Any]] = [
    {},
    {"kind": "both"},
    {"basis": "closed"},
    {"within": "10d"},
    {"amount": "amount"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_folded_groups_count_as_if_they_were_one(options: dict[str, Any]) -> None:
    found = sf.funnel_by_period(small(), SMALL, by="manager", top=1, **options)
    renamed = small([name if name == "Bo" else OTHER for name in MANAGERS])
    expected = sf.funnel_by_period(renamed, SMALL, by="manager", **options)
    assert_frame_equal(found.astype({"manager": object}), expected.astype({"manager": object}))


@pytest.mark.parametrize("options", OPTIONS)
def test_as_many_groups_as_there_are_fold_none(options: dict[str, Any]) -> None:
    assert_frame_equal(
        sf.funnel_by_period(small(), SMALL, by="manager", top=4, **options),
        sf.funnel_by_period(small(), SMALL, by="manager", **options),
    )


def test_a_number_of_groups_needs_groups() -> None:
    with pytest.raises(sf.SchemaError, match="there is no by="):
        sf.funnel_by_period(small(), SMALL, top=1)
