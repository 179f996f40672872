"""Saved logs in a DataFrame answer as the rows do, also from files, and refuse what would be wrong."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from spark_rows import COLUMNS, PIPELINE, Rows
from test_answers import READ, assert_same_answer

import stagefunnel as sf
from stagefunnel import spark as on_spark


@pytest.fixture(scope="module")
def kept(rows: Rows, tmp_path_factory: pytest.TempPathFactory, spark: Any) -> Any:
    path = str(tmp_path_factory.mktemp("kept") / "logs")
    made = on_spark.keep(rows.spark_rows, columns=COLUMNS, items=rows.spark_items, **READ)
    made.write.parquet(path)
    return spark.read.parquet(path)


def test_saved_logs_answer_as_the_log(kept: Any, rows: Rows) -> None:
    asked = {
        "funnel": (sf.funnel, {"by": "who", "within": "2d", "at": "stage"}),
        "lost": (sf.losses, {"by": "group", "reason": "size"}),
        "time": sf.time_in_stage,
    }
    found = on_spark.ask_all(kept, PIPELINE, asked)
    assert_same_answer(found["funnel"], sf.funnel(rows.log, PIPELINE, by="who", within="2d", at="stage"))
    assert_same_answer(found["lost"], sf.losses(rows.log, PIPELINE, by="group", reason="size"))
    assert_same_answer(found["time"], sf.time_in_stage(rows.log, PIPELINE))


def test_a_row_says_what_its_log_has(kept: Any, rows: Rows) -> None:
    logs = kept.select("rows", "items", "partition").collect()
    assert sum(row[0] for row in logs) == len(rows.rows)
    assert sum(row[1] for row in logs) == rows.log.n_items
    assert len({row[2] for row in logs}) == len(logs)


def test_columns_of_saved_logs_may_stand_elsewhere_and_beside_others(kept: Any, rows: Rows) -> None:
    moved = kept.selectExpr("'north' as place", *reversed(kept.columns))
    assert_same_answer(on_spark.ask(moved, PIPELINE, sf.funnel), sf.funnel(rows.log, PIPELINE))
    with pytest.raises(sf.SchemaError, match=r"saved logs of keep\(\) without their columns 'keep', 'part"):
        on_spark.ask(kept.select("saved_log", "rows"), PIPELINE, sf.funnel)


def test_a_log_that_is_there_twice_is_refused(kept: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"the saved log of partition \d is there twice"):
        on_spark.ask(kept.union(kept), PIPELINE, sf.funnel)


def test_a_log_that_spark_makes_twice_is_found_by_its_items(rows: Rows) -> None:
    # Nothing is persisted: in a union Spark makes the same logs again, as other partitions.
    made = on_spark.keep(rows.spark_rows, columns=COLUMNS, **READ)
    numbers = made.union(made).select("partition").collect()
    assert len({row[0] for row in numbers}) > len({row[0] for row in made.select("partition").collect()})
    for ask in (
        lambda logs: on_spark.ask(logs, PIPELINE, sf.outcomes),
        lambda logs: on_spark.table(logs, PIPELINE, sf.visits),
    ):
        with pytest.raises(sf.SchemaError, match=r"the saved log of partition .* is there twice, with item"):
            ask(made.union(made))
        ask(made)


def test_a_table_of_items_in_two_logs_is_refused(kept: Any, rows: Rows) -> None:
    with pytest.raises(sf.SchemaError, match="is there twice"):
        on_spark.table(kept.union(kept), PIPELINE, sf.item_table)
    again = on_spark.keep(rows.spark_rows, columns=COLUMNS, **READ)
    for pipeline, question, options in (
        (PIPELINE, sf.visits, {}),
        (None, sf.sequence_items, {"steps": ["New", "Won"], "window": "2d"}),
    ):
        with pytest.raises(sf.SchemaError, match="are in more than one partial"):
            on_spark.table(kept.union(again), pipeline, question, **options)


@pytest.mark.parametrize("keeps", [False, True], ids=["rows", "saved logs"])
def test_a_table_of_rows_that_share_items_is_refused(rows: Rows, keeps: bool) -> None:
    source, options = rows.spark_rows, {"columns": COLUMNS, "partitioned": True}
    if keeps:
        source, options = on_spark.keep(source, **options), {}
    says = (
        "are in more than one partial" if keeps else r"partitioned=True says .* and item .* has rows in \d of"
    )
    with pytest.raises(sf.SchemaError, match=says):
        on_spark.table(source, PIPELINE, sf.visits, **options)
    moved = rows.spark_rows.repartition(3, "item")
    source, options = moved, {"columns": COLUMNS, "partitioned": True}
    if keeps:
        source, options = on_spark.keep(source, **options), {}
    assert on_spark.table(source, PIPELINE, sf.item_table, **options).count() == rows.log.n_items


def test_logs_of_two_calls_need_their_items_compared(kept: Any, rows: Rows) -> None:
    few, others = (
        on_spark.keep(rows.spark_rows.where(f"item {where} 20000000"), columns=COLUMNS, partitions=1, **READ)
        for where in ("<", ">=")
    )
    both = few.union(others).persist()
    with pytest.raises(sf.SchemaError, match=r"are of several calls of keep\(\).*check=\"keys\""):
        on_spark.ask(both, PIPELINE, sf.funnel)
    found = on_spark.ask(both, PIPELINE, sf.funnel, check="keys")
    assert_same_answer(found, sf.funnel(rows.log, PIPELINE))
    with pytest.raises(sf.SchemaError, match="items are in more than one partial"):
        on_spark.ask(kept.union(both.limit(1)), PIPELINE, sf.funnel, check="keys")
    both.unpersist()


def test_rows_that_were_not_moved_are_compared_when_their_logs_are_asked(rows: Rows) -> None:
    made = on_spark.keep(rows.spark_rows, columns=COLUMNS, partitioned=True)
    with pytest.raises(sf.SchemaError, match="are in more than one partial"):
        on_spark.ask(made, PIPELINE, sf.funnel)


def test_how_rows_are_read_is_settled(kept: Any) -> None:
    with pytest.raises(sf.SchemaError, match="zone='UTC' says how rows are read; the saved logs were read"):
        on_spark.ask(kept, PIPELINE, sf.funnel, zone="UTC")
    with pytest.raises(sf.SchemaError, match="items= says how rows are read"):
        on_spark.table(kept, PIPELINE, sf.visits, items=pd.DataFrame({"item": [1]}))


def test_options_are_looked_at_before_the_logs(kept: Any) -> None:
    with pytest.raises(sf.SchemaError, match="by='whom'"):
        on_spark.ask(kept, PIPELINE, sf.funnel, by="whom")


def test_a_unit_may_be_in_several_logs(kept: Any) -> None:
    with pytest.raises(sf.SchemaError, match="keep them with unit='account'"):
        on_spark.ask(kept, PIPELINE, sf.funnel, unit="account")


def test_logs_kept_by_unit_answer_for_it(rows: Rows) -> None:
    made = on_spark.keep(rows.spark_rows, columns=COLUMNS, items=rows.spark_items, unit="account", **READ)
    found = on_spark.ask(made.persist(), PIPELINE, sf.funnel, unit="account")
    assert_same_answer(found, sf.funnel(rows.log, PIPELINE, unit="account"))


def test_a_saved_log_that_was_damaged_is_an_error(kept: Any) -> None:
    damaged = kept.selectExpr(*kept.columns[:-1], "cast(substr(saved_log, 1, 500) as binary) as saved_log")
    with pytest.raises(sf.SchemaError, match="holds a saved log that is damaged"):
        on_spark.ask(damaged, PIPELINE, sf.funnel)


def test_a_frame_without_logs_is_an_error(kept: Any, tmp_path: Path) -> None:
    with pytest.raises(sf.SchemaError, match="there are no saved logs in the DataFrame"):
        on_spark.ask(kept.where("rows < 0"), PIPELINE, sf.funnel)


@pytest.mark.parametrize("of_kept", [False, True], ids=["rows", "saved logs"])
def test_tables_of_items_have_the_rows_of_the_log(kept: Any, rows: Rows, of_kept: bool) -> None:
    source, read = (
        (kept, {}) if of_kept else (rows.spark_rows, {"items": rows.spark_items, "columns": COLUMNS, **READ})
    )
    visits = on_spark.table(source, PIPELINE, (sf.visits, {"columns": "who"}), by="group", **read)
    expected = sf.visits(rows.log, PIPELINE, columns="who", by="group")
    assert same_rows(visits, expected)
    items = on_spark.table(source, PIPELINE, sf.item_table, **read)
    assert same_rows(items, sf.item_table(rows.log, PIPELINE))
    steps = on_spark.table(source, None, sf.sequence_items, steps=["New", "Won"], window="2d", **read)
    assert same_rows(steps, sf.sequence_items(rows.log, ["New", "Won"], window="2d"))


OF_OPEN_ITEMS: list[dict[str, Any]] = [
    {"columns": ["who", "group"], "amount": "exact", "currency": "currency"},
    {"fit_by": "group", "horizon": "2d", "confidence": 0.8, "amount": "float", "amount_at": "first_known"},
    {"fit_by": ["who", "size"], "method": "markov", "train": ("2026-01-01", "2026-01-06"), "seed": 4},
    {"horizon": ("2026-01-08", "2026-01-12"), "method": "markov", "where": {"size": ">=2"}},
]


@pytest.mark.parametrize("options", OF_OPEN_ITEMS, ids=str)
@pytest.mark.parametrize("of_kept", [False, True], ids=["rows", "saved logs"])
def test_open_items_have_the_chances_of_the_log(
    kept: Any, rows: Rows, of_kept: bool, options: dict[str, Any]
) -> None:
    source, read = (
        (kept, {}) if of_kept else (rows.spark_rows, {"items": rows.spark_items, "columns": COLUMNS, **READ})
    )
    if "currency" in options:
        options = {**options, "rates": {"EUR": 1.0, "USD": 0.9, "JPY": 0.01}}
    options = {**options, "as_of": "2026-01-08T12:00"}
    found = on_spark.table(source, PIPELINE, (sf.win_probability, options), **read)
    expected = sf.win_probability(rows.log, PIPELINE, **options)
    assert len(expected) > 10
    assert expected["win_low"].notna().any()
    assert same_rows(found, expected)


def test_columns_of_a_table_have_their_own_types_whatever_rows_call_theirs(rows: Rows) -> None:
    frame = rows.spark_rows.withColumnsRenamed({"exact": "amount", "size": "age", "who": "win"})
    read: dict[str, Any] = {
        "as_of": "2026-01-08",
        "amount": "amount",
        "where": {"age": ">=1"},
        "fit_by": "win",
    }
    found = on_spark.table(frame, PIPELINE, sf.win_probability, **read)
    types = {name: found.schema[name].dataType.simpleString() for name in ("amount", "age", "win")}
    assert types == {"amount": "double", "age": "interval day to second", "win": "double"}
    assert found.where("amount is not null and age is not null and win is not null").count() > 0


def same_rows(found: Any, expected: pd.DataFrame) -> bool:
    """Compare a DataFrame of Spark with a table, whatever their order: every value as text."""
    assert found.columns == list(expected.columns)
    columns = [list(map(plain_text, expected[name].astype(object))) for name in expected]
    return sorted(tuple(map(str, row)) for row in found.collect()) == sorted(zip(*columns, strict=True))


def plain_text(value: Any) -> str:
    """Write a value of pandas as Spark's own would be written."""
    if pd.isna(value):
        return "None"
    if isinstance(value, pd.Timedelta):
        return str(value.to_pytimedelta())
    return str(value.to_pydatetime() if isinstance(value, pd.Timestamp) else value)


@pytest.mark.parametrize("of_kept", [False, True], ids=["rows", "saved logs"])
@pytest.mark.parametrize(("kind", "zone"), [("timestamp", None), ("timestamp_ntz", "America/New_York")])
def test_moments_of_a_table_are_those_of_the_rows(
    spark: Any, kind: str, zone: str | None, of_kept: bool
) -> None:
    frame = spark.sql(f"select 1L as item, 'New' as stage, cast('2026-01-01 10:00:00' as {kind}) as time")
    source, read = (on_spark.keep(frame, zone=zone), {}) if of_kept else (frame, {"zone": zone})
    found = on_spark.table(source, PIPELINE, sf.visits, **read)
    assert found.schema["entered"].dataType.simpleString() == "timestamp"
    # Ten o'clock in Berlin, the zone of the session, or in New York.
    moments = found.selectExpr("unix_seconds(entered)").collect()
    expected = pd.Timestamp("2026-01-01 10:00:00", tz=zone or "Europe/Berlin").timestamp()
    assert [row[0] for row in moments] == [expected]


@pytest.mark.parametrize("kind", ["decimal(12,0)", "string", "int"])
def test_keys_of_a_table_have_the_type_of_the_rows(rows: Rows, kind: str) -> None:
    frame = rows.spark_rows.selectExpr(f"cast(item as {kind}) as deal", "stage", "time")
    found = on_spark.table(frame, PIPELINE, sf.item_table, item="deal", partitions=1)
    assert found.schema["item"].dataType.simpleString() == kind
    assert sorted(int(row[0]) for row in found.select("item").collect()) == sorted(
        {*rows.rows["item"].to_pylist()}
    )


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (sf.open_items, "compares each item with all others"),
        (sf.funnel, r"funnel\(\) has one answer; ask\(\) gives it"),
        (sf.win_within, "compares each item with all others"),
        ((sf.visits, {"missing": "error"}), "needs the stages of all rows"),
        ((sf.win_probability, {"missing": "error"}), "needs the stages of all rows"),
        ((sf.win_probability, {"top": 3}), "top=3 chooses among the rows of all partitions"),
        (sf.win_probability, r"win_probability\(\) depends on the end of observation"),
        ((sf.win_probability, {"as_of": "2026-02-01", "fit_by": "whom"}), "fit_by='whom'"),
        ((sf.win_probability, {"as_of": "2026-02-01", "horizon": "2026-01"}), "is over by the end"),
    ],
)
def test_other_tables_are_refused(rows: Rows, question: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        on_spark.table(rows.spark_rows, PIPELINE, question)


def test_a_window_needs_the_end_of_observation(rows: Rows) -> None:
    with pytest.raises(sf.SchemaError, match="depends on the end of observation"):
        on_spark.table(rows.spark_rows, None, sf.sequence_items, steps=["New", "Won"])
