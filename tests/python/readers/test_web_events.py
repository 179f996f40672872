"""Events of web and product analytics, recognised as event logs for sequence funnels."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, count, noted
from stagefunnel.readers.logs.sources import vendor_of
from stagefunnel.readers.sources.json_text import has_long_number, parse_json

FOLDER = EXPORTS / "web"
# By hand: how many persons do each step, in this order.
FUNNELS = {
    "ga4.jsonl": {"view_item": 2, "add_to_cart": 2, "purchase": 1},
    "mixpanel.jsonl": {"View Item": 2, "Add to Cart": 1, "Purchase": 1},
    "amplitude.jsonl": {"View Item": 2, "Select Size": 1, "Add to Cart": 1, "Purchase": 1},
    "segment.jsonl": {"page: Home": 1, "Product Added": 1, "Order Completed": 1},
    "posthog.csv": {"$pageview": 2, "add_to_cart": 1, "purchase": 1},
}
ROWS = [
    {"user_id": 1, "event": "view", "timestamp": "2026-03-02 08:45"},
    {"user_id": 1, "event": "buy", "timestamp": "2026-03-02 09:45"},
    {"user_id": 2, "event": "view", "timestamp": "2026-03-02 10:45"},
]


def funnel(export: sf.Export, steps: list[str]) -> dict[str, int]:
    table = sf.sequence_funnel(export.log, steps, window="30d")
    return dict(zip(table["label"].astype(str), table["reached"].tolist(), strict=True))


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", FUNNELS)
def test_the_events_of_a_vendor_make_a_sequence_funnel(name: str) -> None:
    export = sf.read(FOLDER / name)
    assert export.format == "web"
    assert funnel(export, list(FUNNELS[name])) == FUNNELS[name]


@pytest.mark.parametrize("name", [name for name in FUNNELS if name.endswith(".jsonl")])
def test_the_same_events_as_answers_csv_and_parquet(name: str, tmp_path: Path) -> None:
    records = lines(name)
    flat = [
        {**record.pop("properties", {}), **record} if name == "mixpanel.jsonl" else record
        for record in lines(name)
    ]
    frame = pd.DataFrame(flat)
    nested = [
        column for column in frame if frame[column].map(lambda value: isinstance(value, dict | list)).any()
    ]
    frame = frame.drop(columns=nested)
    frame.to_csv(tmp_path / "log.csv", index=False, sep=";")
    frame.to_parquet(tmp_path / "log.parquet")
    upper = frame[::-1].rename(columns=str.upper)
    for given in (lines(name), tmp_path / "log.csv", tmp_path / "log.parquet", upper):
        export = sf.read(given)
        assert export.format == "web"
        assert funnel(export, list(FUNNELS[name])) == FUNNELS[name]
    assert records


def test_an_export_says_which_events_are_most_common() -> None:
    text = repr(sf.read(FOLDER / "ga4.jsonl"))
    assert "  events    view_item 2, add_to_cart 2, session_start 1, purchase 1" in text
    many = [{"user_id": 1, "event": f"e{n}", "timestamp": f"2026-03-02 08:{n:02d}"} for n in range(12)]
    assert "e7 1 and 4 other events" in repr(sf.read(many))


def test_a_person_is_the_device_and_events_of_a_server_find_theirs() -> None:
    export = sf.read(FOLDER / "segment.jsonl")
    found = noted(export)
    # m4 has no anonymousId: Ann's first is x1; Bob has none and stands for himself. m2 is no event.
    assert sorted(export.items["item"]) == ["bob", "x1", "x2"]
    assert (found["ids_of_other_columns"], found["users_with_several_ids"]) == (2, 1)
    assert (found["other_events"], export.log.n_rows) == (1, 5)


def test_the_users_of_a_log_are_counted_where_the_columns_are_named() -> None:
    export = sf.read(
        FOLDER / "ga4.jsonl", item="user_id", stage="event_name", time="event_timestamp", invalid="drop"
    )
    assert (export.format, export.log.n_items, count(export, "dropped")) == ("events", 1, 4)


def test_an_event_that_was_sent_twice_counts_once() -> None:
    export = sf.read(FOLDER / "mixpanel.jsonl")
    assert (export.log.n_rows, count(export, "rows_fetched_twice")) == (4, 1)
    others = lines("mixpanel.jsonl")
    others[1]["properties"]["time"] += 60  # the same id at another time is another event
    assert sf.read(others).log.n_rows == 5


def test_numbers_of_events_order_those_of_one_time() -> None:
    rows = sf.row_table(sf.read(FOLDER / "amplitude.jsonl").log)
    assert rows["stage"].astype(str).tolist()[1:3] == ["Select Size", "Add to Cart"]


def test_columns_of_objects_are_named() -> None:
    quality = sf.read(FOLDER / "segment.jsonl").quality
    note = quality.loc[quality["check"] == "columns_left_out", "note"].iloc[0]
    assert all(name in note for name in ("'properties'", "'context'"))


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"user_id": "visitorid"},  # RetailRocket
        {"event": "event_type", "timestamp": "event_time"},  # shops on Kaggle
        {"user_id": "Client ID", "event": "Event Name", "timestamp": "Date"},
        {"user_id": "uid", "event": "eventName", "timestamp": "ts"},
    ],
)
def test_usual_names_are_known(names: dict[str, str]) -> None:
    rows = [{names.get(name, name): value for name, value in row.items()} for row in ROWS]
    export = sf.read(rows)
    assert (export.format, funnel(export, ["view", "buy"])) == ("web", {"view": 2, "buy": 1})
    assert sf.read(rows[::-1]).log.n_rows == 3


@pytest.mark.parametrize(
    "more",
    [
        {"deal_id": 5, "stage": "New"},
        {"ticket_id": 5, "from": "New", "to": "Won"},
        {"deal_id": 5, "field": "stage", "old_value": "New", "new_value": "Won"},
    ],
)
def test_events_about_items_of_a_pipeline_are_not_taken_for_those_of_persons(more: dict[str, Any]) -> None:
    assert vendor_of([*ROWS[0], *more]) is None


def test_a_time_that_is_missing_is_refused_with_its_place() -> None:
    with pytest.raises(sf.ReaderError, match=r"record 2: .*time"):
        sf.read([ROWS[0], {**ROWS[1], "timestamp": None}])
    export = sf.read([ROWS[0], {**ROWS[1], "timestamp": None}], invalid="drop")
    assert (export.log.n_rows, count(export, "dropped")) == (1, 1)


def test_segment_takes_the_time_of_the_event_before_that_of_its_arrival() -> None:
    rows = [{"anonymous_id": "x", "event": "a", "timestamp": None, "received_at": "2026-03-02 10:00"}]
    assert str(sf.row_table(sf.read(rows).log)["time"].iloc[0]) == "2026-03-02 10:00:00"


def test_json_lines_keep_long_numbers_and_signs_that_only_look_like_ends_of_lines() -> None:
    text = '{"a": 12345678901234567890123}\n{"a": NaN}\r\n\n{"a": "x\u2028y"}\n'
    assert [str(record["a"]) for record in parse_json(text, "f")] == [
        "12345678901234567890123",
        "nan",
        "x\u2028y",
    ]
    with pytest.raises(sf.ReaderError, match="half a letter"):
        parse_json('{"a": "\\ud800"}', "f")


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", '{"a":'])
def test_a_long_number_is_found_wherever_it_begins(before: str) -> None:
    assert has_long_number(f"{before}[{'1' * 20}]")
    assert not has_long_number(f'{before}[{"1" * 19}, "a{"1" * 30}"]')


def test_a_bad_line_is_refused_with_its_number() -> None:
    with pytest.raises(sf.ReaderError, match="f, line 3: the JSON is cut short"):
        parse_json('{"a": 1}\n\n{"a": ', "f")


def test_tracks_and_pages_of_segment_are_one_log() -> None:
    rows = {
        "id": ["m1", "m2"],
        "anonymous_id": ["a", "a"],
        "event_text": ["Order Completed", None],
        "event": ["order_completed", "signed_up"],
        "timestamp": ["2026-01-01 10:00:00", "2026-01-01 11:00:00"],
    }
    views = {
        "id": ["p1", "p2", "p2"],
        "anonymous_id": ["a", "b", "b"],
        "name": ["Home", None, None],
        "path": ["/", "/x", "/x"],
        "title": ["Home", "X", "X"],
        "timestamp": ["2026-01-01 09:00:00", "2026-01-02 08:00:00", "2026-01-02 08:00:00"],
    }
    tracks, pages = pd.DataFrame(rows), pd.DataFrame(views)
    both = {"order_completed": 1, "signed_up": 1, "page: Home": 1, "page": 1}
    for given in ([tracks, pages], [pages, tracks]):
        export = sf.read(given)
        assert dict(zip(export.log.stages["stage"], export.log.stages["rows"], strict=True)) == both
        assert export.quality.set_index("check")["count"]["rows_fetched_twice"] == 1
    assert sf.read(pages).log.n_rows == 2
    persons = pd.DataFrame({"id": ["u"], "received_at": ["2026-01-01"], "email": ["x@y"], "name": ["Ann"]})
    for given in (
        persons,
        [tracks, persons],
        pages.drop(columns=["path", "title"]).assign(received_at="2026"),
    ):
        with pytest.raises(sf.ReaderError, match="tracks and pages"):
            sf.read(given)


@pytest.mark.parametrize("n_columns", [100, 2_000])
def test_columns_of_objects_are_named_among_a_hundred(n_columns: int) -> None:
    rows = [
        {"event_name": f"e{number}", "event_timestamp": str(10**15 + number), "user_pseudo_id": "a"}
        | {f"p{column}": number for column in range(n_columns)}
        | {"event_params": [{"key": "k", "value": {"int_value": 1}}], "geo": {"city": "Bonn"}}
        for number in range(3)
    ]
    export = sf.read(rows)
    left_out = export.quality.set_index("check").loc["columns_left_out"]
    assert left_out["count"] == 2
    assert "'event_params', 'geo'" in left_out["note"]
