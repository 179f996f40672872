"""The same answer whatever Spark does: tries again, plans anew, or shows moments in another zone."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from spark_rows import PIPELINE, Rows, log_of
from test_answers import assert_same_answer

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel import spark as on_spark
from stagefunnel.spark import asking
from stagefunnel.spark.work import Counted

ASKED = {"time": sf.time_in_stage, "lost": (sf.losses, {"by": "who"}), "ways": sf.variants}


def expected_of(rows: Rows) -> dict[str, Any]:
    log = log_of(rows.rows.select(["item", "stage", "time", "who"]), columns="who")
    return {
        "time": sf.time_in_stage(log, PIPELINE),
        "lost": sf.losses(log, PIPELINE, by="who"),
        "ways": sf.variants(log, PIPELINE),
    }


def dies_once(path: str) -> Any:
    """Return a function of rows that ends its process the first time that a partition with rows is read."""

    def pass_on(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                yield batch
            else:
                os._exit(3)

    return pass_on


def test_an_executor_that_dies_in_the_middle_is_tried_again(rows: Rows, tmp_path: Path) -> None:
    mark = tmp_path / "died"
    frame = rows.spark_rows.mapInArrow(dies_once(str(mark)), rows.spark_rows.schema)
    found = on_spark.ask_all(frame, PIPELINE, ASKED)
    assert mark.exists()
    for name, table in expected_of(rows).items():
        assert_same_answer(found[name], table)


def test_the_counts_are_the_same_bytes_in_any_order_of_rows(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    merged = asking.merged

    def noted(found: Sequence[Counted]) -> Counted:
        part = merged(found).part
        assert isinstance(part, sf.Partial)
        seen.append(part.to_bytes())
        return merged(found)

    monkeypatch.setattr(asking, "merged", noted)
    for frame in (rows.spark_rows, rows.spark_rows.sort("whole", "time"), rows.spark_rows.sort("size")):
        on_spark.ask_all(frame, PIPELINE, ASKED, partitions=3)
    assert seen == [seen[0]] * 3


@pytest.mark.parametrize("adaptive", ["true", "false"])
def test_a_plan_may_change_while_it_runs(rows: Rows, spark: Any, adaptive: str) -> None:
    spark.conf.set("spark.sql.adaptive.enabled", adaptive)
    try:
        found = on_spark.ask_all(rows.spark_rows, PIPELINE, ASKED)
    finally:
        spark.conf.unset("spark.sql.adaptive.enabled")
    for name, table in expected_of(rows).items():
        assert_same_answer(found[name], table)


def test_many_partitions_are_merged_in_steps(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "FAN_IN", 3)
    n_merged: list[int] = []
    counted_in = asking.counted_in

    def noted(found: Sequence[bytes]) -> list[Counted]:
        n_merged.append(len(found))
        return counted_in(found)

    monkeypatch.setattr(asking, "counted_in", noted)
    found = on_spark.ask_all(rows.spark_rows, PIPELINE, ASKED, partitions=10)
    assert n_merged[0] <= 2
    for name, table in expected_of(rows).items():
        assert_same_answer(found[name], table)


def test_one_item_may_have_most_rows(spark: Any) -> None:
    n = 5_000
    columns = {"item": [1] * n + list(range(2, 402)), "stage": ["New", "Offer"] * (n // 2) + ["New"] * 400}
    columns["time"] = list(range(n + 400))
    frame = spark.createDataFrame(pa.table(columns))
    found = on_spark.ask(frame, PIPELINE, sf.time_in_stage, partitions=4)
    assert_same_answer(found, sf.time_in_stage(sf.StageLog(columns), PIPELINE))


TIMES = ["2026-03-01 00:30:00", "2026-03-31 23:30:00", "2026-04-02 12:00:00"]


@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
@pytest.mark.parametrize("kind", ["timestamp", "timestamp_ntz", "date"])
def test_moments_are_those_of_the_session_or_of_the_zone_that_is_given(
    spark: Any, kind: str, zone: str | None
) -> None:
    values = ", ".join(
        f"({number}L, '{stage}', cast('{time}' as {kind}))"
        for number, (stage, time) in enumerate(zip(["New", "Won", "New"], TIMES, strict=True))
    )
    frame = spark.sql(f"select * from values {values} as t(item, stage, time)")
    found = on_spark.ask(frame, PIPELINE, sf.funnel_by_period, every="month", zone=zone, partitions=1)
    times = pd.Series(pd.to_datetime(TIMES)).astype("datetime64[us]")
    if kind == "date":
        times = times.dt.normalize().astype("datetime64[s]")
    if kind == "timestamp":
        times = times.dt.tz_localize("Europe/Berlin")
    log = sf.StageLog({"item": [0, 1, 2], "stage": ["New", "Won", "New"], "time": times}, zone=zone)
    expected = sf.funnel_by_period(log, PIPELINE, every="month")
    assert found["base"].tolist() == expected["base"].tolist()
    assert found["period"].astype(str).tolist() == expected["period"].astype(str).tolist()


@pytest.mark.parametrize(
    "cast",
    ["decimal(20,0)", "string", "binary", "int", "char(12)"],
)
def test_keys_may_have_any_type_that_a_log_reads(rows: Rows, spark: Any, cast: str) -> None:
    item = "cast(cast(item as string) as binary)" if cast == "binary" else f"cast(item as {cast})"
    large = "true" if cast == "string" else "false"
    spark.conf.set("spark.sql.execution.arrow.useLargeVarTypes", large)
    try:
        found = on_spark.ask(
            rows.spark_rows.selectExpr(f"{item} as item", "stage", "time"), PIPELINE, sf.outcomes
        )
    finally:
        spark.conf.unset("spark.sql.execution.arrow.useLargeVarTypes")
    assert_same_answer(
        found, sf.outcomes(log_of(rows.rows.select(["item", "stage", "time"]), columns=()), PIPELINE)
    )


def test_a_log_is_read_with_all_its_options(spark: Any) -> None:
    columns = {
        "deal": ["a", "a", "b", "b", "c"],
        "step": ["New", "Won", "New", "Note", "Offer"],
        "at": [
            "01/02/2026 09:00",
            "05/02/2026 09:00",
            "02/02/2026 10:00",
            "03/02/2026 10:00",
            "04/02/2026 8:00",
        ],
        "left": ["02/02/2026 09:00", "", None, None, "06/02/2026 08:00"],
        "unsure": [False, False, True, False, None],
    }
    options: dict[str, Any] = {
        "item": "deal",
        "stage": "step",
        "time": "at",
        "exited": "left",
        "start_unknown": "unsure",
        "stages": ["New", "Offer", "Won", "Lost", "Demo"],
        "time_format": "%d/%m/%Y %H:%M",
        "zone": "America/New_York",
        "observed_until": "2026-03-01",
    }
    frame = spark.createDataFrame(pa.table(columns))
    found = on_spark.ask_all(frame, PIPELINE, {"time": sf.time_in_stage, "all": sf.summary}, **options)
    log = sf.StageLog(pd.DataFrame(columns), **options)
    assert_same_answer(found["time"], sf.time_in_stage(log, PIPELINE))
    assert_same_answer(found["all"], sf.summary(log, PIPELINE))


def test_long_texts_as_keys_are_hashed_alike_on_all_executors(rows: Rows) -> None:
    frame = rows.spark_rows.selectExpr("concat('deal of the north number ', item) as item", "stage", "time")
    found = on_spark.ask(frame.repartition(3, "item"), PIPELINE, sf.outcomes, partitioned=True)
    assert found["base"].sum() == rows.log.n_items


def test_names_may_have_dots_and_other_letters(rows: Rows, spark: Any) -> None:
    names = {"item": "deal.id", "stage": "a%2Estage", "who": "the `who`"}
    frame, table = rows.spark_rows, rows.rows.select(["item", "stage", "time", "who"])
    for name, other in names.items():
        frame = frame.withColumnRenamed(name, other)
    items = rows.spark_items.selectExpr("key as `deal.id`", "`group` as `group.of`")
    read = {"item": "deal.id", "stage": "a%2Estage"}
    asked = {"rows": (sf.outcomes, {"by": "the `who`"}), "items": (sf.outcomes, {"by": "group.of"})}
    found = on_spark.ask_all(frame, PIPELINE, asked, items=items, **read)
    of_items = rows.items.to_pandas().rename(columns={"key": "item", "group": "group.of"})
    log = log_of(table, columns="who", items=of_items)
    assert_frame_equal(
        found["rows"].rename(columns={"the `who`": "who"}), sf.outcomes(log, PIPELINE, by="who")
    )
    assert_frame_equal(found["items"], sf.outcomes(log, PIPELINE, by="group.of"))
    visits = on_spark.table(frame, PIPELINE, sf.visits, by="the `who`", **read)
    assert visits.count() == len(sf.visits(log, PIPELINE))


def test_the_key_of_units_may_have_other_letters_too(rows: Rows) -> None:
    frame = rows.spark_rows.withColumnRenamed("item", "the `deal`.id")
    items = rows.spark_items.withColumnRenamed("key", "the `deal`.id").withColumnRenamed("account", "a`b")
    found = on_spark.ask(frame, PIPELINE, sf.outcomes, unit="a`b", items=items, item="the `deal`.id")
    assert_frame_equal(found, sf.outcomes(rows.log, PIPELINE, unit="account"), check_like=True)


@pytest.mark.parametrize(
    "kind", [pa.dictionary(pa.int32(), pa.string()), pa.large_string(), pa.string_view()]
)
def test_small_tables_of_items_may_have_texts_of_any_kind(rows: Rows, kind: pa.DataType) -> None:
    plain = rows.items.select(["key", "group"])
    items = plain.set_column(1, "group", pa.array(plain["group"].to_pylist()).cast(kind))
    read = {"items": items, "items_key": "key"}
    found = on_spark.ask(rows.spark_rows, PIPELINE, sf.outcomes, by="group", **read)
    assert_same_answer(found, sf.outcomes(log_of(rows.rows, **read), PIPELINE, by="group"))


def test_rows_of_equal_time_go_by_a_column_that_orders_them(spark: Any) -> None:
    columns = {
        "item": [1, 1, 1, 2, 2],
        "stage": ["Won", "New", "Lost", "Offer", "New"],
        "time": [5, 5, 5, 3, 3],
        "id": ["10", "9", "11", None, "2"],
    }
    frame = spark.createDataFrame(pa.table(columns))
    found = on_spark.table(frame, PIPELINE, sf.visits, order="id").select("item", "visit", "stage").collect()
    assert sorted(map(tuple, found)) == [
        (1, 1, "New"),
        (1, 2, "Won"),
        (1, 3, "Lost"),
        (2, 1, "New"),
        (2, 2, "Offer"),
    ]
    found = on_spark.table(frame, PIPELINE, sf.visits).select("item", "visit", "stage").collect()
    assert sorted(map(tuple, found)) == [
        (1, 1, "New"),
        (1, 2, "Won"),
        (1, 3, "Lost"),
        (2, 1, "New"),
        (2, 2, "Offer"),
    ]


CLIENT = """
import sys
from pyspark.sql import SparkSession
import stagefunnel as sf
from stagefunnel import spark as on_spark
session = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
pipeline = sf.Pipeline(["New", "Offer", "Demo"], won="Won", lost="Lost")
frame = session.read.parquet(sys.argv[2])
print(type(frame).__module__)
print(on_spark.ask(frame, pipeline, sf.funnel, by="who").to_json())
kept = on_spark.keep(frame, columns="who")
print(on_spark.ask(kept, pipeline, sf.funnel, by="who").to_json())
print(on_spark.table(kept, pipeline, sf.visits).count())
wins = on_spark.table(frame, pipeline, sf.win_probability, as_of="2026-01-08")
print(sorted(row["win_low"] for row in wins.where("win is not null").collect()))
try:
    on_spark.ask(frame, sf.Pipeline("New"), sf.funnel)
except sf.UnknownStageError as error:
    print(error)
"""


def test_a_session_of_connect_answers_alike(rows: Rows, connect: str, tmp_path: Path) -> None:
    path = str(tmp_path / "rows.parquet")
    rows.spark_rows.select("item", "stage", "time", "who").write.parquet(path)
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CLIENT, connect, path], capture_output=True, text=True
    )
    # Without gRPC, pyspark ends the process as if all were well.
    assert (found.returncode, found.stdout != "") == (0, True), found.stderr[-2_000:]
    module, table, of_kept, n_visits, bounds, error = found.stdout.splitlines()
    log = log_of(rows.rows.select(["item", "stage", "time", "who"]), columns="who")
    assert module.startswith("pyspark.sql.connect")
    assert table == sf.funnel(log, PIPELINE, by="who").to_json()
    assert of_kept == table
    assert int(n_visits) == len(sf.visits(log, PIPELINE))
    wins = sf.win_probability(log, PIPELINE, as_of="2026-01-08")
    assert bounds == str(sorted(wins["win_low"].dropna().tolist()))
    assert "unknown stage" in error
