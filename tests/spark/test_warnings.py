"""What a log would warn of is warned of on the driver, at the line that asks."""

import warnings
from typing import Any

import pyarrow as pa
import pytest
from spark_rows import PIPELINE

import stagefunnel as sf
from stagefunnel import spark as on_spark

DATES = [20260103, 20260101, 20260102]
WARNED = r"the log's times are whole numbers that read as dates \(20260101\): .* format=\"%Y%m%d\""


def rows_at(spark: Any, times: list[int], kind: str = "bigint") -> Any:
    columns = {"item": [*range(len(times))], "stage": ["New"] * len(times), "time": times}
    rows = spark.createDataFrame(pa.table(columns))
    return rows.selectExpr("item", "stage", f"cast(time as {kind}) as time")


def places_of(found: Any) -> list[str]:
    """List the files that are warned, of the warnings of the package; pyspark has its own."""
    return [one.filename for one in found if issubclass(one.category, sf.StageFunnelWarning)]


@pytest.mark.parametrize("kind", ["int", "bigint", "decimal(20,0)"])
def test_dates_that_are_numbers_are_warned_of_once(spark: Any, kind: str) -> None:
    frame = rows_at(spark, DATES, kind)
    with pytest.warns(sf.StageFunnelWarning, match=WARNED) as found:
        on_spark.ask(frame, PIPELINE, sf.funnel, partitions=3)
    assert places_of(found) == [__file__]
    with pytest.warns(sf.StageFunnelWarning, match=WARNED) as found:
        on_spark.summary(frame, PIPELINE, partitions=3)
    assert places_of(found) == [__file__]
    with pytest.warns(sf.StageFunnelWarning, match=WARNED) as found:
        on_spark.table(frame, PIPELINE, sf.visits)
    assert places_of(found) == [__file__]


def test_saved_logs_warn_when_they_are_asked(spark: Any) -> None:
    kept = on_spark.keep(rows_at(spark, DATES), partitions=3).persist()
    with pytest.warns(sf.StageFunnelWarning, match=WARNED) as found:
        on_spark.ask(kept, PIPELINE, sf.funnel)
    assert places_of(found) == [__file__]
    with pytest.warns(sf.StageFunnelWarning, match="whole numbers that read as dates") as found:
        on_spark.table(kept, PIPELINE, sf.visits)
    assert places_of(found) == [__file__]
    kept.unpersist()


@pytest.mark.parametrize("times", [[20260101, 20260102, 20260199], [20260101, 20260102, 7]])
def test_numbers_are_no_dates_if_one_partition_has_others(spark: Any, times: list[int]) -> None:
    frame = rows_at(spark, times)
    with warnings.catch_warnings():
        warnings.simplefilter("error", sf.StageFunnelWarning)
        on_spark.ask(frame, PIPELINE, sf.funnel, partitions=3)
        on_spark.ask(on_spark.keep(frame, partitions=3), PIPELINE, sf.funnel)
        on_spark.table(frame, PIPELINE, sf.visits).collect()
