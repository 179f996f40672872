"""Conditions of scheduled jobs: what they are about, what fails, and what is refused."""

import datetime
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
# Item 1 is won, item 2 lost, item 3 open; the last row is of a stage that the pipeline does not list.
ROWS = {
    "item": [1, 1, 2, 2, 3, 3],
    "stage": ["New", "Won", "New", "Lost", "New", "Odd"],
    "time": ["2026-01-01", "2026-01-05", "2026-01-01", "2026-01-03", "2026-01-02", "2026-01-06T12:00"],
}
LOG = sf.StageLog(ROWS)


def checked(conditions: Any, log: sf.StageLog = LOG, **options: Any) -> dict[str, Any]:
    """Check one condition; return its row."""
    table = sf.check(log, PIPELINE, conditions, **options)
    assert list(table.columns) == ["condition", "value", "limit", "failed", "note"]
    row: dict[str, Any] = table.iloc[0].to_dict()
    return row


@pytest.mark.parametrize(
    ("condition", "value", "fails"),
    [
        ("unlisted_rows > 0", 1, True),
        ("unlisted_rows > 1", 1, False),
        ("unlisted_stages == 1", 1, True),
        ("stages_without_rows != 1", 1, False),  # Offer
        ("rows < 6", 6, False),
        ("rows <= 6", 6, True),
        ("items >= 4", 3, False),
        ("ragged_rows > 0", 0, False),  # not in the table
        ("rows_outside_dates>0", 0, False),
        ("warnings > 0", 0, False),
        ("rows > 1e3", 6, False),
        ("rows > -1", 6, True),
        ("rows>.5", 6, True),
    ],
)
def test_a_condition_about_quality(condition: str, value: float, fails: bool) -> None:
    row = checked(condition)
    assert (row["value"], row["failed"], row["note"]) == (value, fails, "")


@pytest.mark.parametrize(
    ("condition", "value", "limit", "fails"),
    [
        ("win_rate < 0.6", 0.5, 0.6, True),
        ("win_rate < 50%", 0.5, 0.5, False),
        ("win_rate <= 50%", 0.5, 0.5, True),
        ("  won==1  ", 1, 1, True),
        ("lost > 1", 1, 1, False),
        ("open > 0", 1, 0, True),
        ("base != 3", 3, 3, False),
        ("moved_out > 0", 0, 0, False),
    ],
)
def test_a_condition_about_outcomes(condition: str, value: float, limit: float, fails: bool) -> None:
    row = checked(condition, unlisted="ignore")
    assert (row["value"], row["limit"], row["failed"]) == (value, limit, fails)


def test_a_period_is_of_the_outcomes_and_not_of_quality() -> None:
    table = sf.check(
        LOG, PIPELINE, ["base > 9", "rows > 9"], period="2026-01-02", basis="created", unlisted="ignore"
    )
    assert table["value"].tolist() == [1, 6]


@pytest.mark.parametrize(
    ("condition", "value", "fails"),
    [
        ("hours_since_last_row > 36", 36.0, False),
        ("hours_since_last_row >= 36", 36.0, True),
        ("days_since_last_row > 1.4", 1.5, True),
    ],
)
def test_the_age_of_the_last_row(condition: str, value: float, fails: bool) -> None:
    row = checked(condition, now="2026-01-08")
    assert (row["value"], row["failed"]) == (value, fails)


def test_the_last_row_is_compared_with_a_date() -> None:
    row = checked("last_row < 2026-01-07")
    assert row["value"] == pd.Timestamp("2026-01-06 12:00")
    assert row["limit"] == pd.Timestamp("2026-01-07")
    assert row["failed"]
    assert not checked("last_row < 2026-01-06T12:00")["failed"]
    both = sf.check(LOG, PIPELINE, ["last_row < 2026-01-06", "rows < 1"])
    assert both["value"].tolist() == [pd.Timestamp("2026-01-06 12:00"), 6]


def test_as_of_takes_later_rows_out_and_is_the_moment_that_ages_go_to() -> None:
    assert checked("hours_since_last_row > 0", as_of="2026-01-06")["value"] == 24
    assert checked("won > 0", as_of="2026-01-05", unlisted="ignore")["value"] == 0
    assert checked("hours_since_last_row > 0", as_of="2026-01-06", now="2026-01-07")["value"] == 48


def test_now_is_the_clock_in_the_zone_of_the_log() -> None:
    hour_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    rows = {"item": [1], "stage": ["New"], "time": [hour_ago]}
    for zone in ("UTC", "Asia/Tokyo"):
        age = checked("hours_since_last_row > 2", sf.StageLog(rows, zone=zone))
        assert 1 <= age["value"] < 1.1
        assert not age["failed"]
    here = {"item": [1], "stage": ["New"], "time": [datetime.datetime.now() - datetime.timedelta(hours=1)]}
    assert 1 <= checked("hours_since_last_row > 2", sf.StageLog(here))["value"] < 1.1


def test_an_age_is_exact_where_times_are_days() -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [datetime.date(2026, 1, 6)]})
    assert checked("hours_since_last_row > 0", log, now=datetime.datetime(2026, 1, 7, 6))["value"] == 30
    nanoseconds = pd.Series(pd.to_datetime(["2026-01-06 00:00:00.123456789"])).dt.as_unit("ns")
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": nanoseconds})
    assert not checked("last_row < 2026-01-06T00:00:00.123456", log)["failed"]


@pytest.mark.parametrize(
    ("condition", "log", "note"),
    [
        ("win_rate < 10%", sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}), "no item was closed"),
        ("items_not_in_table > 0", LOG, "the log has no items table"),
        (
            "hours_since_last_row > 1",
            sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}),
            "the log's times are plain integers",
        ),
        ("hours_since_last_row > 1", sf.StageLog([], empty="allow"), "there is no row"),
        ("win_rate > 10%", sf.StageLog([], empty="allow"), "no item was closed"),
    ],
)
def test_what_cannot_be_judged_fails(condition: str, log: sf.StageLog, note: str) -> None:
    row = checked(condition, log)
    assert pd.isna(row["value"])
    assert row["failed"]
    assert row["note"] == f"not known: {note}"


def test_the_items_table_is_judged_where_there_is_one() -> None:
    log = sf.StageLog(ROWS, items=[{"item": 1}, {"item": 2}])
    assert checked("items_not_in_table > 0", log)["value"] == 1


def test_plain_integers_have_a_last_row() -> None:
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": [3, 8]})
    assert checked("last_row < 9", log)["value"] == 8
    assert checked("last_row < 9", log, as_of=8)["value"] == 3


def test_a_reader_s_checks_are_known_where_the_log_has_them() -> None:
    export = sf.read([{"deal_id": 1, "stage": "New", "date": "2026-01-05"}])
    pipeline = export.pipelines["Pipeline"]
    assert sf.check(export.log, pipeline, "guessed_stages > 0")["failed"].tolist() == [True]
    assert sf.check(export.log, pipeline, "guesses > 0")["value"].tolist() == [1]


def test_unlisted_stages_are_refused_unless_a_condition_is_about_them() -> None:
    with pytest.raises(sf.UnknownStageError, match="unknown stage 'Odd'"):
        checked("won > 9")
    table = sf.check(LOG, PIPELINE, ["won > 9", "unlisted_rows > 0"])
    assert table["failed"].tolist() == [False, True]
    with pytest.raises(sf.UnknownStageError):
        sf.check(LOG, PIPELINE, ["won > 9", "unlisted_rows > 0"], unlisted="error")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("unlisted_row > 0", "which is not known; did you mean 'unlisted_rows'"),
        ("win_rte < 1", "did you mean 'win_rate'"),
        ("zzz < 1", "the names are 'base', 'won'"),
        ("rows", "is not a name, a comparison and a limit"),
        ("", "is not a name, a comparison and a limit"),
        ("0 < rows", "is not a name, a comparison and a limit"),
        ("__import__('os').getpid() > 1", "is not a name, a comparison and a limit"),
        ("rows > rows", "compares with 'rows', which is not a number"),
        ("rows > 1,000", "write 1000, 0.1 or 10%"),
        ("rows > nan", "is not a number"),
        ("rows > inf", "is not a number"),
        ("rows > 2**3", "is not a number"),
        ("rows => 3", "did you mean '>='"),
        ("rows = 3", "did you mean '=='"),
        ("rows <> 3", "did you mean '!='"),
        ("rows ≥ 3", "did you mean '>='"),
        ("rows > 3 and won > 1", "give each by itself"),
        ("rows > 3 || won > 1", "give each by itself"),
        ("unlisted_rows > 5%", "is not a share"),
        ("win_rate < 10", "a share is from 0 to 1"),
        ("win_rate < 110%", "a share is from 0 to 1"),
        ("win_rate < -1%", "a share is from 0 to 1"),
        ("last_row < yesterday", "compares a moment with 'yesterday'"),
        (3, "is not text"),
        ([None], "is not text"),
        ([], "is empty"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(condition: Any, problem: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        sf.check(LOG, PIPELINE, condition)
    assert problem in str(caught.value)
    assert caught.value.option == "fail_if"


def test_all_conditions_are_read_before_one_is_judged() -> None:
    with pytest.raises(sf.SchemaError, match="not known"):
        sf.check(LOG, PIPELINE, ["won > 9", "zzz > 0"])


def test_what_is_not_a_log_or_a_pipeline_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="expected a StageLog"):
        sf.check(PIPELINE, LOG, "rows > 0")  # type: ignore[arg-type]
    with pytest.raises(sf.SchemaError, match="expected a Pipeline"):
        sf.check(LOG, LOG, "rows > 0")  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", ["0", "1", "0%", "100%"])
def test_a_share_may_be_compared_with_its_bounds(limit: str) -> None:
    assert checked([f"win_rate > {limit}"], unlisted="ignore")
