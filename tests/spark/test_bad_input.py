"""What is wrong is an error that says it: before Spark runs where that can be, and without a second try."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from spark_rows import PIPELINE, Rows, made_rows

import stagefunnel as sf
from stagefunnel import spark as on_spark
from stagefunnel.spark.reading import Source
from stagefunnel.spark.session import check_version


class NoJob:
    """The columns of a DataFrame, of which no rows can be had."""

    def __init__(self, frame: Any) -> None:
        self.schema, self.columns, self.sparkSession = frame.schema, frame.columns, frame.sparkSession

    def mapInArrow(self, *_: Any) -> Any:
        raise AssertionError("Spark ran")


NoJob.__module__ = "pyspark.of_this_test"


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        (
            {"item": "itm"},
            sf.SchemaError,
            "no column 'itm'; the DataFrame has: 'item', .* mean 'item'",
        ),
        ({"item": "ITEM"}, sf.SchemaError, "no column 'ITEM'; .*; did you mean 'item'"),
        ({"columns": "whom"}, sf.SchemaError, "no column 'whom'"),
        (
            {"by": "whom"},
            sf.SchemaError,
            "by='whom' is not a column of the DataFrame; there are: 'item', .*; did you mean 'who'",
        ),
        (
            {"by": ["who", "whom"], "items": pd.DataFrame({"item": [1], "account": ["x"]})},
            sf.SchemaError,
            "by='whom' is not a column of the DataFrame, nor of the items table; there are: .*'account'",
        ),
        (
            {"by": "sizes:[0, 1]"},
            sf.SchemaError,
            "by='sizes' is not a column of the DataFrame; there are: 'item', .*; did you mean 'size'",
        ),
        ({"within": "3d"}, sf.SchemaError, "depends on the end of observation"),
        ({"kind": "classical"}, sf.SchemaError, "kind='classical' is not one of"),
        ({"periods": "month"}, sf.SchemaError, r"funnel\(\) has no option 'periods'; did you mean 'period'"),
        ({"stage": "time"}, sf.SchemaError, "column 'time' holds dates or times, which are not stages"),
        ({"item": "time"}, sf.SchemaError, "column 'time' holds dates or times, which are not keys of items"),
        ({"time": "parts"}, sf.SchemaError, "column 'parts' of the DataFrame is of type array<string>"),
        ({"zone": "Berlin"}, sf.SchemaError, "zone='Berlin'"),
        ({"partitions": 0}, sf.SchemaError, "partitions=0 is not a whole number from 1"),
        ({"partitions": 4, "partitioned": True}, sf.SchemaError, "leave it out with partitioned=True"),
        ({"precision": "low"}, sf.SchemaError, "precision='low' is not one of"),
        (
            {"unit": "account", "items": pd.DataFrame({"item": [1], "account": ["x"]})},
            sf.SchemaError,
            "needs items= as a DataFrame of Spark",
        ),
        ({"observed_until": "soon"}, sf.SchemaError, "observed_until='soon'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_the_columns_say_is_found_before_spark_runs(
    rows: Rows, options: Any, error: Any, text: str
) -> None:
    frame = NoJob(rows.spark_rows.selectExpr("*", "array(who) as parts"))
    with pytest.raises(error, match=text):
        on_spark.ask(frame, PIPELINE, sf.funnel, **options)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.DataFrame({"item": [1]}), r"rows= is a pandas DataFrame; .*StageLog\(rows\) reads this one"),
        ([1], "rows= is a builtins list; give a DataFrame of Spark"),
    ],
)
def test_other_frames_are_refused(value: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        on_spark.ask(value, PIPELINE, sf.funnel)


def test_a_frame_of_pandas_on_spark_is_named(rows: Rows) -> None:
    frame = type("DataFrame", (), {"__module__": "pyspark.pandas.frame", "columns": ["item"]})()
    text = "is a pyspark.pandas DataFrame; give a DataFrame of Spark, as its to_spark.. makes"
    with pytest.raises(sf.SchemaError, match=f"rows= {text}"):
        on_spark.ask(frame, PIPELINE, sf.funnel)
    with pytest.raises(sf.SchemaError, match=f"items= {text}"):
        on_spark.ask(NoJob(rows.spark_rows), PIPELINE, sf.funnel, items=frame)


def test_names_that_are_one_to_spark_are_refused_where_they_are_needed(spark: Any) -> None:
    frame = spark.sql(
        "select 1L as item, 'New' as stage, 4 as time, 'a' as who, 'b' as Who, 'c' as WHOM, 2 as whom"
    )
    with pytest.raises(
        sf.SchemaError, match="the columns 'who' and 'Who', which are one name to Spark; rename"
    ):
        on_spark.ask(NoJob(frame), PIPELINE, sf.outcomes, by="who")
    assert on_spark.ask(frame, PIPELINE, sf.outcomes)["base"].tolist() == [1]
    spark.conf.set("spark.sql.caseSensitive", "true")
    try:
        assert on_spark.ask(frame, PIPELINE, sf.outcomes, by="Who")["Who"].tolist() == ["b"]
    finally:
        spark.conf.unset("spark.sql.caseSensitive")


def test_a_column_of_the_items_table_that_no_log_reads_is_named(rows: Rows) -> None:
    items = rows.spark_items.selectExpr("*", "array(1) as parts")
    text = "column 'parts' of the items table is of type array<int>; cast it to .* first, or drop it"
    with pytest.raises(sf.SchemaError, match=text):
        on_spark.ask(NoJob(rows.spark_rows), PIPELINE, sf.funnel, items=items, items_key="key")


@pytest.mark.parametrize(
    "name", ["unit of the item", "Is a row of the items table", "unit of the item (item)", "items table: key"]
)
def test_a_column_with_the_name_of_a_helper_is_refused_where_it_would_stand_beside_it(
    rows: Rows, name: str
) -> None:
    frame = rows.spark_rows.withColumnRenamed("who", name)
    with pytest.raises(sf.SchemaError, match=f"column '{re.escape(name)}' of the DataFrame has a name"):
        on_spark.ask(NoJob(frame), PIPELINE, sf.outcomes, by=name, items=rows.spark_items, items_key="key")
    found = on_spark.ask(frame, PIPELINE, sf.outcomes, by=name)
    assert found["base"].sum() == sf.outcomes(rows.log, PIPELINE)["base"].sum()


@pytest.mark.parametrize("collation", ["UTF8_LCASE", "UNICODE_CI", "UTF8_BINARY_RTRIM"])
def test_text_of_which_different_ones_are_equal_is_refused(spark: Any, collation: str) -> None:
    frame = spark.sql(
        f"select item collate {collation} as item, 'New' as stage, 1 as time "
        "from values ('A'), ('a') as t(item)"
    )
    with pytest.raises(sf.SchemaError, match=f"column 'item' .* has the collation {collation}, by which"):
        on_spark.ask(NoJob(frame), PIPELINE, sf.outcomes)
    as_bytes = frame.selectExpr("cast(item as string collate UTF8_BINARY) as item", "stage", "time")
    assert on_spark.ask(as_bytes, PIPELINE, sf.outcomes)["base"].tolist() == [2]


def test_only_named_columns_of_the_items_table_are_moved(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[list[str]] = []

    def remember(source: Source) -> Any:
        moved.append([name for name in by_item(source).columns if name.startswith("items table: ")])
        return by_item(source)

    by_item = Source.by_item
    monkeypatch.setattr(Source, "by_item", remember)
    options: dict[str, Any] = {"items": rows.spark_items, "items_key": "key"}
    found = on_spark.ask(rows.spark_rows, PIPELINE, sf.outcomes, by="group", **options)
    pd.testing.assert_frame_equal(found, sf.outcomes(rows.log, PIPELINE, by="group"))
    on_spark.ask(rows.spark_rows, PIPELINE, sf.outcomes, **options)
    on_spark.keep(rows.spark_rows, **options)
    assert moved == [
        ["items table: key", "items table: group"],
        ["items table: key"],
        ["items table: key", "items table: group", "items table: account"],
    ]


def test_a_stream_is_refused(spark: Any, rows: Rows) -> None:
    stream = spark.readStream.format("rate").load()
    with pytest.raises(sf.SchemaError, match="items= is a stream, which has no end"):
        on_spark.ask(NoJob(rows.spark_rows), PIPELINE, sf.funnel, items=stream, items_key="value")
    with pytest.raises(sf.SchemaError, match="rows= is a stream, which has no end; write it to a table"):
        on_spark.ask(stream, PIPELINE, sf.funnel, item="value", stage="value", time="timestamp")


def test_a_zone_of_the_session_that_nobody_else_knows_is_named(spark: Any) -> None:
    frame = spark.sql("select 1L as item, 'New' as stage, timestamp'2026-01-01 10:00:00' as time")
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "GMT+2")
    try:
        with pytest.raises(
            sf.SchemaError, match=r"spark\.sql\.session\.timeZone is 'GMT\+2'; set it to a name"
        ):
            on_spark.ask(frame, PIPELINE, sf.funnel)
    finally:
        spark.conf.set("spark.sql.session.timeZone", before)


@pytest.mark.parametrize(
    ("questions", "text"),
    [
        ({"one": sf.explain}, r"explain\(\) is about one item"),
        ({"one": sf.chain_funnel}, "chain_funnel, which joins two logs"),
        ({}, "not a mapping of names to questions"),
        ({"one": (sf.funnel, "who")}, "not a mapping of its options"),
        ({"one": (sf.funnel, {"unit": "a"}), "two": (sf.funnel, {"unit": "b"})}, "'a' and 'b' in one pass"),
    ],
)
def test_other_questions_are_refused(rows: Rows, questions: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        on_spark.ask_all(NoJob(rows.spark_rows), PIPELINE, questions)


def test_an_old_pyspark_is_refused() -> None:
    with pytest.raises(sf.StageFunnelError, match=r"pyspark 3\.2\.1 is too old; 4\.0 or newer"):
        check_version("3.2.1")
    check_version("4.0.0")
    check_version("10.0.0.dev1")


def test_without_pyspark_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['pyspark'] = None\n"
        "import stagefunnel as sf\nfrom stagefunnel import spark\n"
        "try: spark.ask(None, None, sf.funnel)\n"
        "except sf.StageFunnelError as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == 'Spark needs pyspark: pip install "stagefunnel[spark]"\n'


def test_a_stage_of_one_partition_that_the_pipeline_lacks_is_named(rows: Rows) -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    with pytest.raises(sf.UnknownStageError, match=r"in partition \d: unknown stage 'Demo'"):
        on_spark.ask(rows.spark_rows, pipeline, sf.funnel)


def test_partitions_may_lack_stages_and_rows(spark: Any) -> None:
    frame = spark.createDataFrame(
        pa.table({"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 4, 1]})
    )
    found = on_spark.ask(frame, PIPELINE, sf.funnel, partitions=8)
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 4, 1]})
    pd.testing.assert_frame_equal(found, sf.funnel(log, PIPELINE))
    assert found.attrs == sf.funnel(log, PIPELINE).attrs


def test_no_rows_are_an_error_or_a_table_of_nothing(rows: Rows) -> None:
    nothing = rows.spark_rows.where("item is null")
    with pytest.raises(sf.SchemaError, match="no rows"):
        on_spark.ask(nothing, PIPELINE, sf.funnel)
    found = on_spark.ask(nothing, PIPELINE, sf.funnel, empty="allow")
    assert found["reached"].tolist() == [0] * 5


def test_a_row_without_an_item_is_named(rows: Rows) -> None:
    frame = rows.spark_rows.selectExpr("nullif(item, -50) as item", "stage", "time")
    with pytest.raises(sf.InvalidRowError, match=r"in partition \d: missing item in row [\d,]+ of"):
        on_spark.ask(frame, PIPELINE, sf.funnel)
    found = on_spark.summary(frame, PIPELINE, invalid="drop").quality
    n = rows.rows["item"].to_pylist().count(-50)
    assert found.loc[found["check"] == "missing_item", "count"].tolist() == [n]


@pytest.mark.parametrize(
    ("job", "says"),
    [
        (lambda rows: on_spark.keep(rows), r"InvalidRowError: in partition \d: missing stage in row"),
        (
            lambda rows: on_spark.table(rows, PIPELINE, sf.visits),
            r"InvalidRowError: in partition \d: missing stage in row",
        ),
        (
            lambda rows: on_spark.table(
                on_spark.keep(rows, invalid="keep_stage"), sf.Pipeline(["New"], won="Won"), sf.visits
            ),
            "UnknownStageError: ",
        ),
    ],
    ids=["keep", "table", "table of saved logs"],
)
def test_an_error_of_a_job_says_what_is_wrong_in_few_lines(
    rows: Rows, job: Callable[[Any], Any], says: str
) -> None:
    frame = rows.spark_rows.selectExpr("item", "nullif(stage, 'Offer') as stage", "time")
    with pytest.raises(Exception, match=r"Error: ") as caught:
        job(frame).count()
    lines = str(caught.value).strip().splitlines()
    assert re.search(says, lines[-1])
    assert len(lines) < 15


def test_an_item_in_two_partitions_is_found_where_rows_are_not_moved(rows: Rows) -> None:
    with pytest.raises(sf.SchemaError, match=r"are in more than one partial: item .* split the rows"):
        on_spark.ask(rows.spark_rows, PIPELINE, sf.funnel, partitioned=True)
    by_item = rows.spark_rows.repartition(2, "item")
    found = on_spark.ask(by_item, PIPELINE, sf.outcomes, partitioned=True)
    pd.testing.assert_frame_equal(found, sf.outcomes(rows.log, PIPELINE))


def test_items_of_another_type_are_refused(rows: Rows) -> None:
    items = rows.spark_items.selectExpr("cast(key as string) as key", "group")
    with pytest.raises(sf.SchemaError, match="'key' of the items table is of type string, and 'item'"):
        on_spark.ask(rows.spark_rows, PIPELINE, sf.funnel, by="group", items=items, items_key="key")


def test_two_rows_of_an_item_in_the_items_table_are_refused(rows: Rows) -> None:
    items = rows.spark_items.union(rows.spark_items.limit(1))
    with pytest.raises(sf.SchemaError, match="the items table has two rows with 'key' = "):
        on_spark.ask(rows.spark_rows, PIPELINE, sf.funnel, by="group", items=items, items_key="key")


def test_an_executor_without_the_package_says_how_to_ship_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.cloudpickle import dumps

    from stagefunnel.spark.shipping import shipped

    sent = dumps(shipped("count_rows", None))
    code = (
        "import pickle, sys\nfrom pyspark import cloudpickle\n"
        "sys.modules['stagefunnel'] = None\n"
        "run = pickle.loads(sys.stdin.buffer.read())\n"
        "row, = run(iter([]))\n"
        "print(pickle.loads(row.column(0)[0].as_py()))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    text = found.stdout.decode()
    assert text.startswith("an executor cannot import stagefunnel (")
    assert (
        f"install stagefunnel {sf.__version__} with its extra [arrow] for the Python that runs there ("
        in text
    )


@pytest.fixture
def without(spark: Any, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Hide a package from the workers of Spark."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexport PYTHONPATH="{hidden}:$PYTHONPATH"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)

    def hide(name: str) -> None:
        text = f"raise ModuleNotFoundError({f'No module named {name!r}'!r})"
        hidden.joinpath(f"{name}.py").write_text(text)
        spark.conf.set("spark.sql.execution.pyspark.python", str(python))

    yield hide
    spark.conf.unset("spark.sql.execution.pyspark.python")


def test_spark_itself_says_so_where_its_workers_lack_the_package(
    rows: Rows, without: Callable[[str], None]
) -> None:
    without("stagefunnel")
    with pytest.raises(sf.StageFunnelError, match=r"an executor cannot import stagefunnel \(No module"):
        on_spark.ask(rows.spark_rows, PIPELINE, sf.funnel)
    with pytest.raises(Exception, match="an executor cannot import stagefunnel"):
        on_spark.table(rows.spark_rows, PIPELINE, sf.visits).collect()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyarrow", "an executor cannot import pyarrow; install stagefunnel .* with its extra"),
        ("pandas", "pandas"),
    ],
)
def test_workers_without_what_the_package_needs_are_an_error_that_says_so(
    rows: Rows, without: Callable[[str], None], name: str, text: str
) -> None:
    without(name)
    with pytest.raises(sf.StageFunnelError, match=text):
        on_spark.ask(rows.spark_rows, PIPELINE, sf.funnel)


def test_an_executor_with_another_version_is_refused(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagefunnel.spark.shipping.__version__", "99.0")
    with pytest.raises(sf.StageFunnelError, match=rf"has stagefunnel {sf.__version__}, and the driver 99\.0"):
        on_spark.ask(rows.spark_rows, PIPELINE, sf.funnel)


def test_rows_are_made_the_same_every_time() -> None:
    assert made_rows()[0].equals(made_rows()[0])
