"""Sources: every form of an export is read, or refused with a description of its content."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

import stagefunnel as sf
from readers.exports import count, journeys

ROWS = [
    ("7", "Новая", "2026-03-02 10:15"),
    ("7", "Успех", "2026-03-09 08:00"),
    ("8", "Новая", "2026-03-03 09:00"),
]
COLUMNS = ["deal_id", "stage", "changed_at"]
# The entries into stages, the same in each of the files below.
EXPECTED = {
    "7": [("Новая", "2026-03-02 10:15:00"), ("Успех", "2026-03-09 08:00:00")],
    "8": [("Новая", "2026-03-03 09:00:00")],
}


def csv_text(delimiter: str = ",", newline: str = "\n") -> str:
    return newline.join(delimiter.join(row) for row in [COLUMNS, *ROWS]) + newline


def records() -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


ENCODED = {
    "utf-8": csv_text().encode(),
    "with a byte order mark": csv_text(";", "\r\n").encode("utf-8-sig"),
    "utf-16": csv_text("\t").encode("utf-16"),
    "utf-16 without a mark": csv_text("\t").encode("utf-16-le"),
    "big-endian utf-16": b"\xfe\xff" + csv_text("\t").encode("utf-16-be"),
    "cp1251": csv_text(";").encode("cp1251"),
    "packed": gzip.compress(csv_text("|").encode()),
    "packed cp1251": gzip.compress(csv_text(";").encode("cp1251")),
    "Excel's line before the header": ("sep=;\r\n" + csv_text(";", "\r\n")).encode("utf-8-sig"),
    "an array of objects": json.dumps(records()).encode(),
    "JSON lines": "\n".join(json.dumps(record) for record in records()).encode(),
    "JSON in utf-16": json.dumps(records(), ensure_ascii=False).encode("utf-16"),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=list(ENCODED))
def test_a_file_is_read_by_its_content(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(content)
    assert journeys(sf.read(file)) == EXPECTED


def test_an_encoding_that_is_not_utf8_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(csv_text().encode("cp1251"))
    assert count(sf.read(file), "read_as_cp1251") == 1
    file.write_bytes(csv_text().encode())
    assert count(sf.read(file), "read_as_cp1251") == 0


def test_a_western_encoding_is_never_taken_for_cyrillic_but_read_when_named(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    rows = "deal_id,stage,changed_at\n7,Déjà vu,2026-03-02\n7,Gagné,2026-03-03\n7,Übergeben,2026-03-04\n"
    file.write_bytes(rows.encode("cp1252"))
    with pytest.raises(sf.ReaderError, match='for example encoding="cp1252"'):
        sf.read(file)
    stages = sf.read(file, encoding="cp1252").log.stages["stage"]
    assert stages.tolist() == ["Déjà vu", "Gagné", "Übergeben"]
    with pytest.raises(sf.SchemaError, match="encoding='cp9' is not known"):
        sf.read(file, encoding="cp9")


def test_parquet_is_read_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "export.bin"
    pd.DataFrame(ROWS, columns=COLUMNS).to_parquet(file)
    assert journeys(sf.read(file)) == EXPECTED


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=COLUMNS)


TABLES = {
    "records": records,
    "one page": lambda: {"data": records()},
    "pages": lambda: [{"results": records()[:2]}, {"results": []}, {"results": records()[2:]}],
    "calls in one": lambda: {
        "result": {"result": {"a": records()[:1], "b": records()[1:]}, "result_error": []}
    },
    "columns": lambda: {name: [row[at] for row in ROWS] for at, name in enumerate(COLUMNS)},
    "arrays": lambda: {name: frame()[name].to_numpy() for name in COLUMNS},
    "pandas": frame,
    "polars": lambda: pl.DataFrame(ROWS, schema=COLUMNS, orient="row"),
    "arrow": lambda: pa.table({name: [row[at] for row in ROWS] for at, name in enumerate(COLUMNS)}),
    "duckdb": lambda: duckdb.from_arrow(pa.Table.from_pandas(frame())),
    "numbers and times": lambda: frame().astype({"deal_id": "int64", "changed_at": "datetime64[s]"}),
    "arrow's own types": lambda: frame().convert_dtypes(dtype_backend="pyarrow"),
    "arrow's times": lambda: pa.table(frame().astype({"changed_at": "datetime64[us]"})),
    "categories": lambda: frame().astype("category"),
    "numbers with a gap": lambda: frame().astype({"deal_id": "float64"}),
    "several": lambda: [frame()[:1], records()[1:2], {"data": records()[2:]}],
}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_what_a_program_has_is_read_as_a_file_is(table: Any) -> None:
    assert journeys(sf.read(table())) == EXPECTED


@pytest.mark.parametrize("unit", ["s", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_of_arrow_keep_their_zone(unit: str, zone: str | None, tmp_path: Path) -> None:
    times = (
        pd.to_datetime(frame()["changed_at"])
        .dt.tz_localize(zone)
        .astype(f"datetime64[{unit}, {zone}]" if zone else f"datetime64[{unit}]")
    )
    given = pa.Table.from_pandas(frame().assign(changed_at=times))
    pa.parquet.write_table(given, tmp_path / "a.parquet")
    for source in (given.to_pandas(types_mapper=pd.ArrowDtype), tmp_path / "a.parquet"):
        export = sf.read(source)
        assert export.log.zone == zone
        assert sf.item_table(export.log, export.pipelines["Pipeline"])["first_time"][0] == times[0]
        assert sf.read(source, zone="Asia/Tokyo").log.zone == "Asia/Tokyo"


def test_the_frame_of_the_caller_stays_as_it_was() -> None:
    given = frame()
    sf.read(given)
    pd.testing.assert_frame_equal(given, frame())


def test_files_of_a_glob_are_read_together(tmp_path: Path) -> None:
    for name, rows in (("a.csv", ROWS[:1]), ("b.csv", ROWS[1:])):
        pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / name, index=False)
    assert journeys(sf.read(str(tmp_path / "*.csv"))) == EXPECTED
    assert journeys(sf.read([tmp_path / "b.csv", str(tmp_path / "a.csv")])) == EXPECTED


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "a.csv", index=False)
    export = sf.read([tmp_path / "a.csv", str(tmp_path / "*.csv")])
    assert (export.log.n_rows, count(export, "exact_duplicates")) == (3, 0)


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book["Sheet"])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_below_its_title_with_dates_and_numbers_as_such(tmp_path: Path) -> None:
    body = [[int(item), stage, pd.Timestamp(time).to_pydatetime()] for item, stage, time in ROWS]
    file = workbook(
        tmp_path / "deals.xlsx", Deals=[["Deals of March"], [], COLUMNS, *body, [None, None, None]]
    )
    export = sf.read(file)
    assert journeys(export) == EXPECTED
    assert count(export, "title_rows") == 1


def test_sheets_that_the_format_does_not_know_are_left_out_and_counted(tmp_path: Path) -> None:
    notes = [["word", "meaning"], ["hot", "answers at once"]]
    owners = [["deal_id", "manager"], [7, "Ann"], [8, "Bo"]]
    file = workbook(tmp_path / "deals.xlsx", Deals=[COLUMNS, *map(list, ROWS)], Notes=notes, Owners=owners)
    export = sf.read(file)
    assert journeys(export) == EXPECTED
    assert count(export, "sheets_left_out") == 1
    assert export.items["manager"].tolist() == ["Ann", "Bo"]


def test_a_row_of_a_sheet_is_found_again(tmp_path: Path) -> None:
    file = workbook(
        tmp_path / "deals.xlsx", Deals=[["Title"], COLUMNS, [7, "New", "2026-03-02"], [], [7, "Won", "soon"]]
    )
    with pytest.raises(
        sf.ReaderError, match=r"deals\.xlsx, sheet 'Deals', row 5: 'soon' in column 'changed_at'"
    ):
        sf.read(file)


REFUSED = {
    b"": "the file is empty",
    b" \r\n\r\n": "the file is empty",
    b"<!DOCTYPE html><html><head><title>Sign in\n to CRM</title>": (
        r"a web page \(HTML\) with the title 'Sign in to CRM'"
    ),
    b"\xef\xbb\xbf\n<table><tr><td>1</td></tr></table>": r"a table in HTML \(HTML\), not an export",
    b'[{"deal_id": 7, "stage": "New"},\n {"deal_id": 8, "sta': r"export, line 2: the JSON is cut short",
    b'{"result": [{"ID": 1}]': r"line 1: the JSON is cut short",
    b'{"deal_id": 7}\n{"deal_id": 8, "st': r"line 2: the JSON is cut short",
    b'[{"deal_id": 7,, "stage": "New"}]': r"line 1: not JSON",
    b"[1, 2]": r"expected objects like .* got int 1 as number 1 of the list",
    b'{"data": [1]}': "record 1: expected an object, got int 1",
    b'{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}': (
        "an error of the CRM, not an export: QUERY_LIMIT_EXCEEDED: Too many requests"
    ),
    b'{"status":"error","message":"No scope","category":"MISSING_SCOPES"}': "an error of the CRM.*No scope",
    b'[{"message":"Session expired","errorCode":"INVALID_SESSION"}]': "INVALID_SESSION: Session expired",
    b'{"success":false,"error":"unauthorized access"}': "unauthorized access",
    b"\xd0\xcf\x11\xe0rest": r"an old Excel file \(\.xls\); save it as \.xlsx or CSV",
    b"%PDF-1.7": "a PDF",
    b"PK\x03\x04rest": "a ZIP file; unpack it",
    b"\x1f\x8bcut": "damaged or cut short",
    b"PAR1rest": "not a valid Parquet file",
    b"deal_id,stage\n7,d\xe9j\xe0 vu\n": "byte 0xe9 in line 2 is not UTF-8, nor UTF-16 or Cyrillic cp1251",
    "deal_id,stage\n7,Новая\n".encode() + "8,Успех\n".encode("cp1251"): (
        "mixes encodings: byte 0xd3 in line 3 is not UTF-8, but line 2 is"
    ),
    b'deal_id,stage,changed_at\n7,"New,2026-03-02\n': "line 2: a quoted field is never closed",
    b"deal_id,stage,changed_at\n7,New,2026-03-02,9\n": "line 2: 4 fields where the header has 3 names; put",
    b"deal_id,stage,stage\n7,New,2\n": "the header names 'stage' more than once",
    b"\n7,New,2\n": "line 1: there is no header",
}


@pytest.mark.parametrize(("content", "message"), REFUSED.items())
def test_a_file_that_is_not_an_export_is_refused_with_what_it_is(
    content: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "export"
    file.write_bytes(content)
    with pytest.raises(sf.ReaderError, match=message) as refused:
        sf.read(file)
    assert str(file) in str(refused.value)


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deals.xlsx"
    file.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(sf.ReaderError, match=r"deals\.xlsx: not a valid \.xlsx file"):
        sf.read(file)
    workbook(file, Empty=[["Title"]])
    with pytest.raises(sf.ReaderError, match="no sheet with a table"):
        sf.read(file)


def test_rows_of_other_widths_are_refused_or_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    rows = "7,Old,2026-03-01,\n7,New,2026-03-02\n7,Won,2026-03-03,x\n7,Won,2026-03-04,x,y\n"
    file.write_text("deal_id,stage,changed_at,note\n" + rows)
    with pytest.raises(sf.ReaderError, match="line 3: 3 fields where the header has 4 names"):
        sf.read(file)
    export = sf.read(file, invalid="drop")
    assert count(export, "ragged_rows") == 2
    assert export.log.stages["stage"].tolist() == ["Old", "Won"]


def test_a_status_or_a_list_of_a_record_is_not_taken_for_an_answer_of_the_interface() -> None:
    rows = [
        {
            "deal_id": 1,
            "status": "error",
            "changed_at": "2026-03-02",
            "items": [{"product": 5}],
            "success": False,
        },
        {"deal_id": 1, "status": "Won", "changed_at": "2026-03-03", "items": [], "success": True},
    ]
    export = sf.read(rows)
    assert export.log.stages["stage"].tolist() == ["error", "Won"]
    assert export.items["items"].tolist() == ["[]"]


def test_keys_that_a_spreadsheet_has_rounded_are_refused() -> None:
    rows = [{"deal_id": "1,23457E+11", "stage": "New", "changed_at": "2026-03-02"}]
    with pytest.raises(sf.ReaderError, match=r"record 1: a spreadsheet has rounded the key '1,23457E\+11'"):
        sf.read(rows)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = pd.DataFrame([[1, 2]], columns=["deal_id", "deal_id"])
    with pytest.raises(sf.ReaderError, match="the input: the header names 'deal_id' more than once"):
        sf.read(twice)
    with pytest.raises(sf.ReaderError, match="'stage' more than once"):
        sf.read(workbook(tmp_path / "a.xlsx", Deals=[["deal_id", "stage", "stage "], [1, "New", "Won"]]))


def test_an_export_without_rows_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("deal_id,stage,changed_at\n")
    with pytest.raises(sf.ReaderError, match=r"a\.csv: there is a header and no rows"):
        sf.read(file)
    file.write_text("[]")
    with pytest.raises(sf.ReaderError, match=r"there are no records in .*a\.csv"):
        sf.read(file)


def test_what_cannot_be_read_at_all_is_refused() -> None:
    with pytest.raises(sf.ReaderError, match="cannot read int"):
        sf.read(5)
    with pytest.raises(sf.ReaderError, match=r"there are no records in \[\]"):
        sf.read([])
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        sf.read("nowhere.csv")


def test_progress_counts_the_rows_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(csv_text(), encoding="utf-8")
    (tmp_path / "b.json").write_text(json.dumps([{**row, "deal_id": "9"} for row in records()]))
    heard: list[tuple[int, int | None]] = []
    sf.read([str(tmp_path / "*"), records()], invalid="drop", progress=lambda *rows: heard.append(rows))
    assert [n_rows for n_rows, _ in heard] == [3, 6]
    assert heard[-1] == (6, 6)


def test_progress_of_a_long_table_begins_before_its_length_is_known(tmp_path: Path) -> None:
    rows = "".join(f"{deal},New,2026-03-02 10:15\n" for deal in range(25_000))
    (tmp_path / "a.csv").write_text("deal_id,stage,changed_at\n" + rows)
    heard: list[tuple[int, int | None]] = []
    sf.read(tmp_path / "a.csv", progress=lambda *rows: heard.append(rows))
    assert heard == [(10_000, None), (20_000, None), (25_000, 25_000)]
