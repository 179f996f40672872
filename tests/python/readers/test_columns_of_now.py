"""Columns that say where an item is now, beside the dates or rows that say where it was."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import count

DATES: list[dict[str, Any]] = [
    {"deal_id": 1, "new_at": "2026-01-05", "offer_at": "2026-01-06", "won_at": "2026-01-09", "lost_at": None},
    {"deal_id": 2, "new_at": "2026-01-05", "offer_at": None, "won_at": None, "lost_at": "2026-02-01"},
    {"deal_id": 3, "new_at": "2026-01-07", "offer_at": None, "won_at": None, "lost_at": None},
]


def with_column(name: str, *values: Any) -> list[dict[str, Any]]:
    return [{**row, name: value} for row, value in zip(DATES, values, strict=True)]


def outcomes(export: sf.Export) -> list[int]:
    (pipeline,) = export.pipelines.values()
    return sf.outcomes(export.log, pipeline)[["won", "lost", "open"]].iloc[0].tolist()


@pytest.mark.parametrize("name", ["status", "Stage", "deal_stage", "Статус"])
def test_a_wide_table_may_say_where_an_item_is_now(name: str) -> None:
    export = sf.read(with_column(name, "Won", "lost", "NEW"))
    assert export.format == "wide"
    assert outcomes(export) == [1, 1, 1]
    assert export.items[name].tolist() == ["Won", "lost", "NEW"]
    assert count(export, "stage_differs_from_list") == 0


def test_a_stage_of_now_that_is_not_that_of_the_last_date_is_a_warning() -> None:
    export = sf.read(with_column("status", "lost", "lost", "offer"))
    line = export.quality.set_index("check").loc["stage_differs_from_list"]
    assert (line["count"], line["level"]) == (2, "warning")


def test_a_list_of_items_with_dates_is_no_wide_table() -> None:
    people = [
        {"id": 1, "stage": "Offer", "status": "won", "won time": "2026-01-09", "lost time": None},
        {"id": 2, "stage": "New", "status": "lost", "won time": None, "lost time": "2026-02-01"},
    ]
    with pytest.raises(sf.ReaderError, match="pass crm='wide'") as caught:
        sf.read(people)
    assert "'won time', 'lost time'" in str(caught.value)
    closed = [
        {"id": row["id"], "status": row["status"], "won_at": "2026-01-09", "lost_at": None} for row in people
    ]
    with pytest.raises(sf.ReaderError, match="not an export of a known format"):
        sf.read(closed)


def test_the_argument_decides_that_a_table_is_wide() -> None:
    export = sf.read(with_column("stage", "In delivery", "Gone", "Waiting"), crm="wide")
    assert outcomes(export) == [1, 1, 1]
    assert count(export, "stage_differs_from_list") == 0  # nobody knows these names


def test_a_list_beside_a_history_stays_a_list() -> None:
    history = [{"deal_id": 1, "stage": "new", "changed_at": "2026-01-05"}]
    export = sf.read([history, with_column("status", "won", "lost", "new")])
    assert export.format == "events"
    assert export.log.n_rows == 1


EVENTS = [(1, "New"), (1, "Offer"), (2, "New"), (2, "Offer")]


def history(stages: list[tuple[int, str]], **more: list[Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"deal_id": item, "stage": stage, "changed_at": f"2026-01-0{day}"}
        for day, (item, stage) in enumerate(stages, start=1)
    ]
    for name, values in more.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


def test_an_outcome_in_another_column_is_a_warning() -> None:
    export = sf.read(history(EVENTS, status=["open", "won", "open", "lost"]))
    assert outcomes(export) == [0, 0, 2]
    line = export.quality.set_index("check").loc["outcome_elsewhere"]
    assert (line["count"], line["level"]) == (2, "warning")
    assert "'status'" in line["note"]
    assert "outcome_elsewhere" in repr(export)


def test_an_outcome_in_a_list_of_items_is_a_warning_too() -> None:
    people = [{"deal_id": 1, "result": "Closed Lost"}, {"deal_id": 2, "result": "pending"}]
    won = [*EVENTS[:3], (2, "Won")]
    assert count(sf.read([history(won), people]), "outcome_elsewhere") == 1


@pytest.mark.parametrize(
    ("stages", "status"),
    [
        ([(1, "New"), (1, "Won"), (2, "New"), (2, "Lost")], ["open", "won", "open", "lost"]),
        (EVENTS, ["open", "open", "waiting", "waiting"]),
        (EVENTS, [f"won by person {number}" for number in range(4)]),
    ],
    ids=["the stages say it", "no outcome", "no name of an outcome"],
)
def test_other_columns_are_no_warning(stages: list[tuple[int, str]], status: list[str]) -> None:
    assert count(sf.read(history(stages, status=status)), "outcome_elsewhere") == 0


def test_the_pipeline_passed_decides() -> None:
    pipeline = sf.Pipeline(["New", "Offer"])
    export = sf.read(history(EVENTS, status=["open", "won", "open", "lost"]), pipeline=pipeline)
    assert count(export, "outcome_elsewhere") == 0
