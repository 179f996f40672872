"""Every question that merges is answered about a DataFrame as about the log of its rows."""

import json
from typing import Any

import pytest
from spark_rows import COLUMNS, PIPELINE, Rows, log_of

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel import spark as on_spark
from stagefunnel.questions.parts.mergeable import BY_NAME

RATES = {"EUR": 1.0, "USD": 0.9, "JPY": 0.01}
STEPS = ["New", sf.Step(["Offer", "Demo"], where={"who": ["a", "b"]}), "Won"]
PERIOD = ("2026-01-02", "2026-01-05")
# The options of each question, three times: alone, by a column of the rows, by one of the items.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "summary": [{}, {"by": "who", "top": 2}, {"by": "group", "period": PERIOD}],
    "funnel": [
        {"kind": "both", "confidence": 0.9},
        {"by": "who", "at": "stage", "within": "2d"},
        {"by": "group", "amount": "exact", "currency": "currency", "rates": RATES},
    ],
    "outcomes": [{"within": "2d"}, {"by": ["who", "size"]}, {"by": "group", "amount": "float"}],
    "funnel_by_period": [
        {"every": "day"},
        {"every": "week", "by": "who", "within": "2d"},
        {"every": "week", "by": "group"},
    ],
    "compare_periods": [
        {"period": ("2026-01-03", "2026-01-05")},
        {"period": PERIOD, "by": "who"},
        {"period": PERIOD, "by": "group", "same_part": True},
    ],
    "compare_groups": [{"by": "size"}, {"by": "who", "a": "a"}, {"by": "group", "within": "2d"}],
    "decompose": [
        {"a": PERIOD, "b": ("2026-01-05", "2026-01-09")},
        {"by": "who", "a": "a", "b": "b"},
        {"by": "group", "a": "north", "b": "south"},
    ],
    "mix_rate": [
        {"a": PERIOD, "b": ("2026-01-05", "2026-01-09"), "mix": "size"},
        {"by": "who", "a": "a", "b": "b", "mix": "group"},
        {"by": "group", "a": "north", "b": "south", "mix": "who", "stage": "Won"},
    ],
    "drivers": [
        {"columns": ["who", "size"]},
        {"columns": ["who"]},
        {"columns": ["group"], "static": "group"},
    ],
    "transitions": [{"confidence": 0.9}, {"by": "who"}, {"by": "group", "where": {"size": ">=2"}}],
    "losses": [{"reason": "size"}, {"by": "who"}, {"by": "group", "amount": "whole"}],
    "skips": [{"by": "size"}, {"by": "who", "confidence": 0.9}, {"by": "group"}],
    "time_in_stage": [
        {"per": "longest", "limits": {"New": "1d"}},
        {"by": "who", "open_visits": "censored"},
        {"by": "group"},
    ],
    "flow": [{"every": "day"}, {"every": "day", "by": "who"}, {"every": "week", "by": "group"}],
    "variants": [{}, {"by": "who"}, {"by": "group", "where": {"who": ["a"]}}],
    "cumulative_incidence": [{"stage": "New", "clock": "stage"}, {"by": "who"}, {"by": "group"}],
    "bottlenecks": [{}, {"by": "who"}, {"benchmark": "group"}],
    "cohort_maturity": [
        {"every": "day", "tau": "1d"},
        {"every": "week", "by": "who", "tau": "36h"},
        {"every": "week", "by": "group", "tau": "30d"},
    ],
    "sales_velocity": [
        {"amount": "whole"},
        {"amount": "float", "by": "who", "every": "day"},
        {"amount": "exact", "currency": "currency", "rates": RATES, "by": "group"},
    ],
    "sequence_funnel": [
        {"steps": STEPS, "window": "2d"},
        {"steps": ["New", "Won"], "by": "who"},
        {"steps": ["New", "Won"], "by": "group", "mode": "unordered"},
    ],
    "sequence_trend": [
        {"steps": STEPS, "every": "day"},
        {"steps": ["New", "Won"], "every": "week", "by": "who"},
        {"steps": ["New", "Won"], "every": "week", "by": "group"},
    ],
    "time_to_convert": [
        {"steps": STEPS, "bins": 3},
        {"steps": ["New", "Won"], "by": "who"},
        {"steps": ["New", "Won"], "by": "group", "window": "2d"},
    ],
    "sequence_paths": [
        {"steps": STEPS},
        {"steps": ["New", "Won"], "by": "who"},
        {"steps": ["New", "Won"], "by": "group", "hold": "who"},
    ],
    "absorption": [{}, {"by": "who"}, {"by": "group"}],
    "quality": [{}, {}, {}],
    "time_to": [{"to_stage": "Won"}, {"to_stage": "Won", "by": "who"}, {"to_stage": "Lost", "by": "group"}],
}
READ = {"items_key": "key", "observed_until": "2026-02-01"}


def test_every_question_that_merges_is_here() -> None:
    assert {*OPTIONS} == {name for name, kind in BY_NAME.items() if not kind.beside}


@pytest.mark.parametrize("place", [0, 1, 2], ids=["alone", "by rows", "by items"])
def test_all_questions_in_one_pass_answer_as_the_log(rows: Rows, place: int) -> None:
    asked = {name: (BY_NAME[name].question, options[place]) for name, options in OPTIONS.items()}
    of_items = rows.items.to_pandas() if place == 1 else rows.spark_items
    found = on_spark.ask_all(rows.spark_rows, PIPELINE, asked, items=of_items, columns=COLUMNS, **READ)
    assert list(found) == list(asked)
    for name, (question, options) in asked.items():
        given = (rows.log, PIPELINE) if BY_NAME[name].has_pipeline else (rows.log,)
        same = assert_same_quality if name == "quality" else assert_same_answer
        same(found[name], question(*given, **options))


@pytest.mark.parametrize("by", ["created:week", "outcome", "size:[1, 3]", ["size", "last_stage"]])
def test_groups_that_no_column_has_answer_as_the_log(rows: Rows, by: Any) -> None:
    found = on_spark.ask(rows.spark_rows, PIPELINE, sf.outcomes, columns="size", by=by)
    log = log_of(rows.rows.select(["item", "stage", "time", "size"]), columns="size")
    assert_same_answer(found, sf.outcomes(log, PIPELINE, by=by))


def test_the_column_of_bands_is_read_without_its_name(rows: Rows) -> None:
    found = on_spark.ask(rows.spark_rows, PIPELINE, sf.outcomes, by="size:[1, 3]")
    log = log_of(rows.rows.select(["item", "stage", "time", "size"]), columns="size")
    assert_same_answer(found, sf.outcomes(log, PIPELINE, by="size:[1, 3]"))


def assert_same_answer(found: Any, expected: Any) -> None:
    if isinstance(expected, sf.Summary):
        assert_same_quality(found.quality, expected.quality)
        for name, table in expected.tables.items():
            if name != "quality":
                assert_same_answer(found.tables[name], table)
        return
    assert_frame_equal(found, expected, check_exact=True)
    assert json.dumps(found.attrs) == json.dumps(expected.attrs)


def assert_same_quality(found: Any, expected: Any) -> None:
    """The quality table of parts leaves the items table out."""
    kept = expected[~expected["check"].isin(["table_rows_without_item", "items_not_in_table"])]
    assert_frame_equal(found, kept.reset_index(drop=True))
