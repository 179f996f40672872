"""Where stages stand in the journeys: by hand, and against the slow way."""

import numpy as np
import pytest
from hypothesis import given

import reference
import stagefunnel as sf
from helpers import journeys_log, log_of
from strategies import Case, cases

SMALL = ("New > Offer > New > Won", "New > Offer", "New", "New > Offer > Offer > Lost")


def test_the_places_of_four_items_by_hand() -> None:
    table = sf.suggest(journeys_log(*SMALL)).stages.set_index("stage")
    # Offer: second of four visits, second of two, second of three.
    assert table["median_position"].to_dict() == {"New": 0.0, "Offer": 0.5, "Won": 1.0, "Lost": 1.0}
    assert table["rows"].to_dict() == {"New": 5, "Offer": 4, "Won": 1, "Lost": 1}
    assert table["items"].to_dict() == {"New": 4, "Offer": 3, "Won": 1, "Lost": 1}
    assert table["share_ending"].tolist() == pytest.approx([1 / 4, 1 / 3, 1, 1])
    assert table["share_coming_back"].tolist() == pytest.approx([1 / 4, 0, 0, 0])
    assert table["first_seen"].to_dict() == {"New": 0, "Offer": 1, "Won": 3, "Lost": 3}
    assert table["last_seen"].to_dict() == {"New": 2, "Offer": 2, "Won": 3, "Lost": 3}


@given(case=cases())
def test_the_places_are_those_of_the_reference(case: Case) -> None:
    expected = reference.stage_places(case.rows)
    table = sf.suggest(log_of(case)).stages.set_index("stage")
    assert set(table.index) == set(expected)
    for stage, place in expected.items():
        found = table.loc[stage]
        assert (found["rows"], found["items"]) == (place.rows, place.items)
        assert found["share_ending"] == place.ended / place.items
        assert found["share_coming_back"] == place.came_back / place.items
        position = np.nan if place.position is None else place.position
        assert found["median_position"] == pytest.approx(position, nan_ok=True)


def test_rows_without_a_stage_are_in_no_journey() -> None:
    rows = {"item": [1, 1, 1, 2], "stage": ["New", None, "Won", None], "time": [0, 1, 2, 0]}
    table = sf.suggest(sf.StageLog(rows, invalid="keep_stage")).stages.set_index("stage")
    assert table["median_position"].to_dict() == {"New": 0.0, "Won": 1.0}
    assert table["items"].tolist() == [1, 1]


def test_a_log_of_too_many_stages_is_refused_with_their_number() -> None:
    rows = {"item": [1] * 300, "stage": [f"S{n}" for n in range(300)], "time": range(300)}
    with pytest.raises(sf.SchemaError, match="has 300 values, and at most 256 are stages"):
        sf.suggest(sf.StageLog({name: list(values) for name, values in rows.items()}))
