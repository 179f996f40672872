"""Logs with ``zone=``: times without a zone are in it, others are converted, and months are local ones."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stagefunnel as sf
from stagefunnel.cli import main

PIPELINE = sf.Pipeline("New", won="Won")
BERLIN = "Europe/Berlin"
# On the last evening of January Berlin is an hour ahead of UTC: the same digits are two months.
LOCAL, MOMENT = "2026-01-31 23:30:00", "2026-01-31T23:30:00Z"


def rows_at(*times: Any) -> dict[str, list[Any]]:
    return {"item": list(range(len(times))), "stage": ["New"] * len(times), "time": list(times)}


def times_of(log: sf.StageLog) -> list[pd.Timestamp]:
    return sf.row_table(log)["time"].tolist()


def months_of(log: sf.StageLog) -> list[str]:
    return sf.funnel_by_period(log, PIPELINE)["period"].astype(str).unique().tolist()


def of_dictionary(rows: dict[str, list[Any]]) -> pa.Table:
    table = pa.table({**rows, "time": pa.array(pd.to_datetime(rows["time"]))})
    return table.set_column(2, "time", table["time"].dictionary_encode())


def with_stamps(rows: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame({**rows, "time": pd.to_datetime(rows["time"])})


def with_objects(rows: dict[str, list[Any]]) -> pd.DataFrame:
    stamps = [pd.Timestamp(time).to_pydatetime() for time in rows["time"]]
    return pd.DataFrame({**rows, "time": pd.Series(stamps, dtype=object)})


FORMS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "text": dict,
    "text of arrow": pa.table,
    "pandas": with_stamps,
    "seconds": lambda rows: with_stamps(rows).astype(
        {"time": with_stamps(rows)["time"].dt.as_unit("s").dtype}
    ),
    "objects": with_objects,
    "arrow": lambda rows: pa.Table.from_pandas(with_stamps(rows)),
    "dictionary": of_dictionary,
    "polars": lambda rows: pl.from_pandas(with_stamps(rows)),
    "duckdb": lambda rows: duckdb.connect().from_arrow(pa.Table.from_pandas(with_stamps(rows))),
}


@pytest.mark.parametrize("form", FORMS)
def test_times_without_a_zone_are_in_it_and_others_are_converted(form: str) -> None:
    local = sf.StageLog(FORMS[form](rows_at(LOCAL)), zone=BERLIN)
    moment = sf.StageLog(FORMS[form](rows_at(MOMENT)), zone=BERLIN)
    assert (local.zone, moment.zone) == (BERLIN, BERLIN)
    assert times_of(local) == [pd.Timestamp("2026-01-31T22:30Z")]
    assert times_of(moment) == [pd.Timestamp(MOMENT)]
    assert (months_of(local), months_of(moment)) == (["2026-01"], ["2026-02"])
    assert times_of(moment)[0].hour == 0  # as clocks in Berlin show it


def test_a_format_of_times_goes_with_a_zone() -> None:
    log = sf.StageLog(rows_at("31/01/2026 23:30"), time_format="%d/%m/%Y %H:%M", zone=BERLIN)
    assert times_of(log) == [pd.Timestamp("2026-01-31T22:30Z")]


@pytest.mark.parametrize(
    "dates",
    [
        [datetime.date(2026, 2, 1), None],
        pa.array([datetime.date(2026, 2, 1), None], pa.date32()),
        pa.array([datetime.date(2026, 2, 1), None], pa.date64()),
        np.array(["2026-02-01", "NaT"], dtype="datetime64[D]"),
    ],
)
def test_a_date_begins_with_the_local_midnight(dates: Any) -> None:
    rows: Any = {"item": [1, 2], "stage": ["New"] * 2, "time": dates}
    if isinstance(dates, pa.Array):
        rows = pa.table(rows)
    log = sf.StageLog(rows, zone=BERLIN, invalid="drop")
    assert times_of(log) == [pd.Timestamp("2026-01-31T23:00Z")]
    assert months_of(log) == ["2026-02"]
    assert log.quality().set_index("check")["count"][["missing_time", "doubtful_local_times"]].tolist() == [
        1,
        0,
    ]


def test_nanoseconds_and_missing_times_stay_what_they_are() -> None:
    rows = rows_at("2026-07-01T10:00:00.000000001", None, "2026-07-01T10:00:00.000000002")
    log = sf.StageLog(rows, zone=BERLIN, invalid="drop")
    assert log.unit == "ns"
    first = pd.Timestamp("2026-07-01T08:00:00.000000001Z")
    assert times_of(log) == [first, first + pd.Timedelta(1, "ns")]


def test_local_times_in_doubt_are_read_and_counted() -> None:
    # 02:30 comes twice on 25 October, and not at all on 29 March; both are certain in Lisbon.
    doubtful = ["2026-10-25 02:30", "2026-03-29 02:30", "2026-05-01 02:30"]
    log = sf.StageLog(rows_at(*doubtful), zone=BERLIN)
    assert times_of(log) == [
        pd.Timestamp("2026-10-25T01:30Z"),  # the second, in winter time
        pd.Timestamp("2026-03-29T01:00Z"),  # the first moment after
        pd.Timestamp("2026-05-01T00:30Z"),
    ]
    counts = log.quality().set_index("check")["count"]
    assert counts["doubtful_local_times"] == 2
    assert "doubtful local times 2" in repr(log)
    elsewhere = sf.StageLog(rows_at(*doubtful), zone="Europe/Lisbon")
    assert elsewhere.quality().set_index("check")["count"]["doubtful_local_times"] == 0
    assert "doubtful_local_times" not in sf.StageLog(rows_at(*doubtful)).quality()["check"].tolist()
    export = sf.read(pd.DataFrame(rows_at(*doubtful)), item="item", stage="stage", time="time", zone=BERLIN)
    assert times_of(export.log) == times_of(log)


def test_batches_with_and_without_a_zone_go_together_in_it() -> None:
    batches = [rows_at(LOCAL), {**rows_at(MOMENT), "item": [9]}, {**rows_at("2026-10-25 02:30"), "item": [8]}]
    log = sf.StageLog.from_batches(batches, zone=BERLIN)
    assert (log.zone, log.n_items) == (BERLIN, 3)
    assert log.quality().set_index("check")["count"]["doubtful_local_times"] == 1
    assert times_of(log) == list(map(pd.Timestamp, ["2026-01-31T22:30Z", MOMENT, "2026-10-25T01:30Z"]))


@pytest.mark.parametrize("time", [LOCAL, MOMENT])
def test_files_are_read_in_it(tmp_path: Path, time: str) -> None:
    csv, parquet = tmp_path / "log.csv", tmp_path / "log.parquet"
    csv.write_text(f"item,stage,time\n1,New,{time}\n")
    pq.write_table(pa.Table.from_pandas(with_stamps(rows_at(time))), parquet)
    expected = times_of(sf.StageLog(rows_at(time), zone=BERLIN))
    for log in (sf.StageLog.from_csv(csv, zone=BERLIN), sf.StageLog.from_parquet(parquet, zone=BERLIN)):
        assert log.zone == BERLIN
        assert times_of(log) == expected


@pytest.mark.parametrize("name", ["log.csv", "log.parquet", "log.jsonl"])
@pytest.mark.parametrize("way", ["option", "toml"])
def test_the_command_takes_it_as_an_option_and_from_the_toml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, way: str
) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rows_at("2026-01-31T22:30:00Z", MOMENT))
    frame["item"] = frame["item"].astype(str)
    write = {"csv": frame.to_csv, "parquet": frame.to_parquet, "jsonl": None}[name.rpartition(".")[2]]
    if write is None:
        frame.to_json(name, orient="records", lines=True)
    else:
        write(name, index=False)
    zone = f'[columns]\nzone = "{BERLIN}"\n' if way == "toml" else ""
    Path("pipeline.toml").write_text(f'[pipeline]\nstages = "New"\nwon = "Won"\n{zone}')
    more = ["--zone", BERLIN] if way == "option" else []
    assert main(["trend", name, "--pipeline", "pipeline.toml", "--format", "csv", *more]) == 0
    months = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert months == ["2026-01"] * 2 + ["2026-02"] * 2


def test_what_has_no_zone_or_is_none_is_refused() -> None:
    with pytest.raises(sf.SchemaError) as integers:
        sf.StageLog(rows_at(1, 2), zone=BERLIN)
    assert str(integers.value) == (
        "zone='Europe/Berlin' is for dates and times; column 'time' holds plain integers"
    )
    for zone in ("Mars", "", 5):
        with pytest.raises(sf.SchemaError) as error:
            sf.StageLog(rows_at(LOCAL), zone=zone)  # type: ignore[arg-type]  # what is wrong on purpose
        assert str(error.value) == f"zone={zone!r} is not a time zone; names are like 'Europe/Berlin'"
        assert error.value.option == "zone"
    with pytest.raises(sf.SchemaError, match="mixes times with a zone"):
        sf.StageLog(rows_at(LOCAL, MOMENT), zone=BERLIN)


def test_a_log_without_rows_takes_a_zone() -> None:
    assert sf.StageLog(rows_at(), zone=BERLIN, empty="allow").n_rows == 0
    log = sf.StageLog(rows_at(None, None), zone=BERLIN, empty="allow", invalid="drop")
    assert log.n_rows == 0


def test_one_zone_has_one_name() -> None:
    assert sf.StageLog(rows_at(LOCAL), zone="Etc/UTC").zone == "UTC"
    assert sf.StageLog(rows_at(MOMENT), zone="+0530").zone == "+05:30"
    assert times_of(sf.StageLog(rows_at(LOCAL), zone="+0530")) == [pd.Timestamp("2026-01-31T18:00Z")]
