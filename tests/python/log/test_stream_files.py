"""Logs out of Parquet and CSV files, batch by batch."""

import gzip
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stagefunnel as sf
from helpers import SMALL, assert_same
from package.test_without_extras import run_without
from stagefunnel.files import batches

FRAME = pd.DataFrame(
    {
        "note": ["x", "y, z", "", 'say "hi"\nagain', "x"],
        "item": ["007", "NA", "007", "é", "NA"],
        "stage": ["New", "New", "Won", "Offer", "Lost"],
        "time": pd.to_datetime(
            ["2026-01-01", "2026-01-02", "2026-01-05", "2026-01-03", "2026-01-09"]
        ).as_unit("us"),
    }
)


def refused(error: type[Exception], message: str) -> Any:
    """Expect exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def assert_same_log(found: sf.StageLog, expected: sf.StageLog) -> None:
    assert repr(found) == repr(expected)
    tables = sf.summary(found, SMALL).tables
    for name, table in sf.summary(expected, SMALL).tables.items():
        ours = tables[name]
        if name == "quality":  # only a log out of CSV counts ragged rows
            ours = ours[ours["check"] != "ragged_rows"].reset_index(drop=True)
        assert_same(ours, table)
    items = [sf.item_table(log, SMALL)["item"].tolist() for log in (found, expected)]
    assert items[0] == items[1]


def write_parquet(path: Path, frame: pd.DataFrame, **options: Any) -> str:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, **options)
    return str(path)


def write_csv(path: Path, text: str) -> str:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def test_parquet_files_follow_each_other_in_the_order_given(tmp_path: Path) -> None:
    files = [
        write_parquet(tmp_path / "2.parquet", FRAME[:2]),
        write_parquet(tmp_path / "none.parquet", FRAME[:0]),
        write_parquet(tmp_path / "1.parquet", FRAME[2:], row_group_size=1),
    ]
    heard: list[tuple[int, int | None]] = []
    log = sf.StageLog.from_parquet(files, progress=lambda done, of: heard.append((done, of)))
    assert_same_log(log, sf.StageLog(FRAME))
    assert heard[0] == (2, 5)
    assert heard[-1] == (5, 5)


def test_a_glob_takes_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    write_parquet(tmp_path / "b.parquet", FRAME[2:])
    write_parquet(tmp_path / "a.parquet", FRAME[:2])
    assert_same_log(sf.StageLog.from_parquet(str(tmp_path / "*.parquet")), sf.StageLog(FRAME))


@pytest.mark.parametrize("time", ["text", "categories of stages", "zoned"])
def test_parquet_columns_of_other_types_mean_the_same(tmp_path: Path, time: str) -> None:
    frame = FRAME.copy()
    if time == "text":
        frame["time"] = frame["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif time == "zoned":
        frame["time"] = frame["time"].dt.tz_localize("Europe/Paris")
    else:
        frame["stage"] = frame["stage"].astype("category")
    log = sf.StageLog.from_parquet(write_parquet(tmp_path / "log.parquet", frame))
    assert_same_log(log, sf.StageLog(frame))


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.export"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("block", [40, 4 << 20])
def test_a_csv_file_is_the_log_of_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, separator: str, block: int
) -> None:
    monkeypatch.setattr(batches, "_CSV_BYTES", block)
    path = write_csv(tmp_path / name, "\ufeff" + FRAME.to_csv(index=False, sep=separator))
    assert_same_log(sf.StageLog.from_csv(path, threads=2), sf.StageLog(FRAME))


@pytest.mark.parametrize(
    ("texts", "times"),
    [
        (["5", "-7", "9"], [5, -7, 9]),
        (["2026-01-01T10:00+01:00", "2026-01-01T10:00Z", "2026-01-02T00:00Z"], None),
        (["2026-01-01 10:00:00.123456789", "2026-01-02", "2026-01-03"], None),
        (["2026-01", "2026-02-01", "2026-03"], None),
    ],
)
def test_times_in_csv_are_integers_or_iso_8601(tmp_path: Path, texts: list[str], times: Any) -> None:
    frame = FRAME[:3].assign(time=texts)
    log = sf.StageLog.from_csv(write_csv(tmp_path / "log.csv", frame.to_csv(index=False)))
    assert_same_log(log, sf.StageLog(frame if times is None else frame.assign(time=times)))


def test_a_time_format_reads_other_texts(tmp_path: Path) -> None:
    text = "item,stage,time\n1,New,03/04/2026\n1,Won,05/04/2026\n"
    log = sf.StageLog.from_csv(write_csv(tmp_path / "log.csv", text), time_format="%d/%m/%Y")
    assert "2026-04-03 00:00:00 … 2026-04-05 00:00:00" in repr(log)


def test_an_incomplete_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    good = write_csv(tmp_path / "good.csv", 'item,stage,time\n1,New,0\n2,"Ne\nw",1\n')
    bad = write_csv(tmp_path / "bad.csv", 'item,stage,time\n3,"N\new",2\n4,,3\n')
    remedy = 'fill it in, or pass invalid="drop" to leave such rows out or invalid="keep_stage" to keep them'
    with refused(
        sf.InvalidRowError, f"{bad}, line 4: missing stage in row 3 of column 'stage'; {remedy}"
    ) as found:
        sf.StageLog.from_csv([good, bad])
    assert found.value.row == 3
    frame = FRAME.astype({"stage": object})
    frame.loc[3, "stage"] = None
    files = [
        write_parquet(tmp_path / "a.parquet", frame[:2]),
        write_parquet(tmp_path / "b.parquet", frame[2:]),
    ]
    with pytest.raises(sf.InvalidRowError, match=r"b\.parquet, row 1: missing stage in row 3 "):
        sf.StageLog.from_parquet(files)


@pytest.mark.parametrize(("row", "n_fields"), [("2,Won", 2), ("2,Won,1,2", 4), ("2", 1)])
def test_a_ragged_row_is_refused_by_file_and_line_or_counted(tmp_path: Path, row: str, n_fields: int) -> None:
    path = write_csv(tmp_path / "log.csv", f'item,stage,time\n1,"N\new",0\n{row}\n1,Won,2\n')
    correction = "put fields that hold ',' in quotes" if n_fields > 3 else "correct the row"
    message = (
        f"{path}, line 4: {n_fields} field{'s' * (n_fields > 1)} where the header has 3 names; {correction}, "
        f'or pass invalid="drop" to leave such rows out'
    )
    with refused(sf.ReaderError, message):
        sf.StageLog.from_csv(path)
    log = sf.StageLog.from_csv(path, invalid="drop")
    counts = log.quality().set_index("check")["count"]
    assert (counts["rows"], counts["dropped"], counts["ragged_rows"]) == (2, 0, 1)
    assert log.n_rows == 2


def test_what_is_no_sound_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file 'nowhere"):
        sf.StageLog.from_parquet("nowhere/*.parquet")
    path = write_csv(tmp_path / "log.parquet", "item,stage,time\n")
    with pytest.raises(sf.ReaderError, match=r"log\.parquet: not a valid Parquet file"):
        sf.StageLog.from_parquet(path)
    path = write_csv(tmp_path / "log.csv", "item,stage,tine\n1,New,0\n")
    with pytest.raises(sf.ReaderError, match=r"no column 'time'; .* did you mean 'tine'"):
        sf.StageLog.from_csv(path)
    path = write_parquet(tmp_path / "other.parquet", FRAME)
    with pytest.raises(sf.ReaderError, match="no column 'deal'"):
        sf.StageLog.from_parquet(path, item="deal")
    (tmp_path / "latin.csv").write_bytes(b"item,stage,time\n" + b"1,New,0\n" * 5_000 + b"1,N\xe9w,0\n")
    with pytest.raises(sf.ReaderError, match=r"latin\.csv: byte 0xe9 is not UTF-8"):
        sf.StageLog.from_csv(tmp_path / "latin.csv")
    whole = gzip.compress(FRAME.to_csv(index=False).encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[:-20])
    with pytest.raises(sf.ReaderError, match=r"cut\.csv\.gz: the file is damaged or cut short"):
        sf.StageLog.from_csv(tmp_path / "cut.csv.gz")


@pytest.mark.parametrize("invalid", ["error", "drop"])
@pytest.mark.parametrize("row", ['7,New,0,"x', '7,"New,0,x', '"7,New,0,x'])
def test_a_quoted_field_that_never_ends_is_refused(tmp_path: Path, row: str, invalid: Any) -> None:
    text = f'item,stage,time,note\n1,New,0,"a\nb"\n{row}\n1,Won,3,c\n'
    path = write_csv(tmp_path / "log.csv", text)
    with pytest.raises(sf.ReaderError, match=r"log\.csv, line 4: "):
        sf.StageLog.from_csv(path, invalid=invalid)


def test_a_quote_inside_a_plain_field_is_a_character(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", 'item,stage,time\n5" pipe,New,0\n5" pipe,Won,1\na"b,New,2\n')
    log = sf.StageLog.from_csv(path)
    assert sf.item_table(log, SMALL)["item"].tolist() == ['5" pipe', 'a"b']


def test_an_empty_file_is_an_empty_log(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", "item,stage,time\n")
    with pytest.raises(sf.SchemaError, match="the log has no rows"):
        sf.StageLog.from_csv(path)
    assert sf.StageLog.from_csv(path, empty="allow").n_rows == 0


def test_files_are_read_to_the_end_only_while_somebody_takes_their_batches(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", "item,stage,time\n,New,0\n" + "1,New,0\n" * 200_000)
    source = batches.CsvBatches(
        path, {"item": "item", "stage": "stage", "time": "time"}, time_format=None, drop=False, threads=1
    )
    taken = iter(source)
    next(taken)
    taken.close()
    with pytest.raises(StopIteration):
        next(taken)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_without_pyarrow_the_message_names_the_extra(tmp_path: Path, kind: str) -> None:
    path = write_csv(tmp_path / f"log.{kind}", "item,stage,time\n1,New,0\n")
    code = f"""
import stagefunnel as sf
try:
    sf.StageLog.from_{kind}({path!r})
except sf.ReaderError as error:
    print(error)
"""
    assert run_without("pyarrow", code) == (
        f'reading {kind} batch by batch needs pyarrow: pip install "stagefunnel[arrow]"\n'
    )
