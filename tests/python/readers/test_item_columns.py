"""Which column is the key of the items: titles, dates and ids of rows are none."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import count

ANN_TWICE = [("1", "Ann"), ("1", "Ann"), ("2", "Ann"), ("2", "Ann")]
STAGES = ["New", "Won", "New", "Lost"]


def events(ids: list[tuple[str, str]], title: str = "lead", key: str = "id") -> list[dict[str, Any]]:
    """Make four rows, of two items if the first of each pair is the key: one won and one lost."""
    return [
        {key: number, title: name, "stage": stage, "date": f"2026-01-0{day}"}
        for day, ((number, name), stage) in enumerate(zip(ids, STAGES, strict=True), start=1)
    ]


def outcomes(export: sf.Export) -> list[int]:
    (pipeline,) = export.pipelines.values()
    return sf.outcomes(export.log, pipeline)[["won", "lost", "open"]].iloc[0].tolist()


@pytest.mark.parametrize("title", ["lead", "Deal", "opportunity", "ticket", "Сделка"])
def test_a_title_that_two_items_share_is_not_their_key(title: str) -> None:
    export = sf.read(events(ANN_TWICE, title))
    assert outcomes(export) == [1, 1, 0]
    line = export.quality.set_index("check").loc["items_by_id"]
    assert (line["count"], line["level"]) == (1, "guess")
    assert f"'{title}'" in line["note"]
    assert "'Ann'" in line["note"]


def test_moves_and_stays_share_the_rule() -> None:
    rows = events(ANN_TWICE)
    moves = [
        {"id": row["id"], "lead": "Ann", "from": "New", "to": row["stage"], "date": row["date"]}
        for row in (rows[1], rows[3])
    ]
    back = {**moves[0], "from": "Won", "to": "New", "date": "2026-02-01"}
    assert outcomes(sf.read([*moves, back])) == [0, 1, 1]
    stays = [
        {"id": row["id"], "lead": "Ann", "stage": row["stage"], "entered": row["date"], "exited": None}
        for row in rows
    ]
    assert outcomes(sf.read(stays)) == [1, 1, 0]


@pytest.mark.parametrize(
    ("ids", "why"),
    [
        ([("1", "7"), ("2", "7"), ("3", "8"), ("4", "8")], "an id of each row"),
        ([("1", "7"), ("2", "7"), ("1", "8"), ("2", "8")], "a number within the item"),
        ([("1", "Ann"), ("1", "Ann"), ("2", "Bob"), ("2", "Bob")], "both are keys"),
    ],
)
def test_a_key_with_the_name_of_the_item_stays_the_key(ids: list[tuple[str, str]], why: str) -> None:
    export = sf.read(events(ids))
    assert outcomes(export) == [1, 1, 0], why
    assert list(export.items["item"].astype(str)) == sorted({name for _, name in ids})
    assert count(export, "items_by_id") == 0


def test_the_argument_decides() -> None:
    export = sf.read(events(ANN_TWICE), item="lead")
    assert list(export.items["item"]) == ["Ann"]
    assert count(export, "items_by_id") == 0


@pytest.mark.parametrize("first", ["Lead", "Opportunity", "Deal", "Ticket"])
def test_a_column_of_dates_is_a_stage_and_no_key(first: str) -> None:
    export = sf.read(
        [
            {"id": 1, first: "2026-01-05", "Demo": "2026-01-06", "Won": "2026-01-09"},
            {"id": 2, first: "2026-01-07", "Demo": None, "Won": None},
        ]
    )
    (pipeline,) = export.pipelines.values()
    assert pipeline.stages == (first, "Demo")
    assert outcomes(export) == [1, 0, 1]


def test_a_wide_table_has_its_key_beside_a_title() -> None:
    wide = [
        {"id": 1, "deal": "Big", "New": "2026-01-05", "Won": "2026-01-09"},
        {"id": 2, "deal": "Big", "New": "2026-01-06", "Won": None},
    ]
    assert outcomes(sf.read(wide)) == [1, 0, 1]


def test_a_list_of_items_is_joined_by_the_column_that_has_the_keys() -> None:
    history = events([("1", "x"), ("1", "x"), ("2", "x"), ("2", "x")], title="title", key="deal_id")
    people = [{"id": 1, "deal": "Big", "owner": "Ann"}, {"id": 2, "deal": "Small", "owner": "Bob"}]
    export = sf.read([history, people])
    assert dict(zip(export.items["item"].astype(str), export.items["manager"], strict=True)) == {
        "1": "Ann",
        "2": "Bob",
    }


@pytest.mark.parametrize("planned", ["Contract end", "contract_start_date", "Vertragsende", "end_date"])
def test_dates_of_a_contract_are_no_stages(planned: str) -> None:
    export = sf.read([{"deal_id": 1, "New": "2026-01-05", "Won": "2026-01-09", planned: "2027-01-01"}])
    (pipeline,) = export.pipelines.values()
    assert pipeline.labels == ("New", "Won")
    assert count(export, "dates_left_out") == 1
