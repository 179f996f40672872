"""Values that pandas or a database would turn into something else in silence."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stagefunnel as sf

ENDLESS = 2**63 - 1
COLUMNS = {"item": "item", "stage": "stage", "time": "time"}


def frame_of(times: Any, stages: Any = None, items: Any = None) -> pd.DataFrame:
    n = len(times)
    return pd.DataFrame({"item": items or [*range(n)], "stage": stages or ["New"] * n, "time": times})


@pytest.mark.parametrize("word", ["now", "today"])
@pytest.mark.parametrize("time_format", [None, "%Y-%m-%d"])
def test_a_word_that_pandas_reads_off_the_clock_is_not_a_time(word: str, time_format: str | None) -> None:
    frame = frame_of(["2026-01-01", word, "2026-01-02"])
    with pytest.raises(sf.InvalidRowError, match=f"'{word}' in row 1") as caught:
        sf.StageLog(frame, time_format=time_format)
    assert caught.value.row == 1
    kept = sf.StageLog(frame, time_format=time_format, invalid="drop")
    assert kept.n_rows == 2


def test_the_word_is_found_in_a_file_and_beside_zones(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("item,stage,time\n1,New,2026-01-01T10:00Z\n2,New,today\n")
    with pytest.raises(sf.InvalidRowError, match=r"line 3: time 'today'"):
        sf.StageLog.from_csv(path, **COLUMNS)


def test_a_time_of_this_day_is_a_time() -> None:
    today = datetime.datetime.now().replace(microsecond=0).isoformat()
    assert sf.StageLog(frame_of([today, "2026-01-02"])).n_rows == 2


def test_a_condition_does_not_read_the_clock_either() -> None:
    items = pd.DataFrame({"item": [0, 1], "signed": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    log = sf.StageLog(frame_of(pd.to_datetime(["2026-01-01", "2026-01-02"])), items=items)
    with pytest.raises(sf.SchemaError, match="now"):
        sf.funnel(log, sf.Pipeline("New", won="Won", lost="Lost"), where={"signed": "<now"}, missing="ignore")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_infinite_timestamps_are_missing_and_counted(unit: str, zone: str | None, tmp_path: Path) -> None:
    """DuckDB and PostgreSQL write "infinity" as the ends of the range."""
    ticks = pa.array(np.array([0, ENDLESS, -ENDLESS, 86_400])).cast(pa.timestamp(unit, tz=zone))
    table = pa.table({"item": [1, 2, 3, 4], "stage": ["New"] * 4, "time": ticks})
    with pytest.raises(sf.InvalidRowError):
        sf.StageLog(table)
    log = sf.StageLog(table, invalid="drop")
    assert log.n_rows == 2
    quality = log.quality().set_index("check")["count"]
    assert quality["missing_time"] == 2
    if unit != "s":  # Parquet has no seconds
        pq.write_table(table, tmp_path / "log.parquet")
        read = sf.StageLog.from_parquet(tmp_path / "log.parquet", **COLUMNS, invalid="drop")
        assert read.n_rows == 2
        assert read.quality().set_index("check")["count"]["missing_time"] == 2


def test_an_infinite_end_of_a_visit_is_no_end() -> None:
    ends = pa.array(np.array([86_400, ENDLESS])).cast(pa.timestamp("s"))
    times = pa.array(np.array([0, 10])).cast(pa.timestamp("s"))
    table = pa.table({"item": [1, 2], "stage": ["New"] * 2, "time": times, "exited": ends})
    log = sf.StageLog(table, exited="exited")
    visits = sf.time_in_stage(log, sf.Pipeline("New", won="Won", lost="Lost"), missing="ignore")
    assert visits[["visits", "completed", "open"]].iloc[0].tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("role", "what"), [("item", "keys of items"), ("stage", "stages")], ids=["item", "stage"]
)
@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2026-01-01", "2026-01-02"]),
        [datetime.date(2026, 1, 1), datetime.date(2026, 1, 2)],
        pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True),
    ],
    ids=["timestamps", "days", "zoned"],
)
def test_dates_are_neither_keys_nor_stages(role: str, what: str, values: Any) -> None:
    frame = frame_of([1, 2]).assign(**{role: values})
    with pytest.raises(sf.SchemaError, match=f"column '{role}' holds dates or times, which are not {what}"):
        sf.StageLog(frame)
