"""Workbooks: what stands in the cells, how it is shown, and what is refused."""

import datetime
import decimal
import enum
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest

import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.display import workbook
from stagefunnel.display.sheet_names import sheet_names

SHOP = sf.datasets.worked_example()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "report.xlsx"


def written(tables: Any, file: Path) -> Any:
    sf.to_excel(tables, file)
    return openpyxl.load_workbook(file)


def column_of(values: Any, file: Path, name: str = "value") -> tuple[str, list[Any]]:
    """Write one column; return its heading and its cells."""
    sheet = written(pd.DataFrame({name: values}), file).worksheets[0]
    heading, *cells = next(sheet.iter_cols())
    return heading.value, cells


def test_a_summary_is_a_workbook_with_a_sheet_a_table(file: Path) -> None:
    book = written(sf.summary(SHOP.log, SHOP.pipeline), file)
    assert book.sheetnames == ["funnel", "outcomes", "time_in_stage", "transitions", "quality"]
    outcomes = [[cell.value for cell in row] for row in book["outcomes"]]
    assert outcomes[0][:5] == ["base", "won", "lost", "open", "win_rate"]
    assert outcomes[1][:4] == [13, 6, 5, 2]
    assert outcomes[1][4] == pytest.approx(6 / 11)
    assert book["outcomes"]["E2"].number_format == "0.0%"
    assert book["outcomes"]["A2"].number_format == "#,##0"


def test_the_heading_is_bold_and_stays_in_view(file: Path) -> None:
    for sheet in written(sf.summary(SHOP.log, SHOP.pipeline), file):
        assert sheet.freeze_panes == "A2"
        assert all(cell.font.bold for cell in sheet[1])
        assert all(8 <= sheet.column_dimensions[cell.column_letter].width <= 60 for cell in sheet[1])


def test_a_column_is_as_wide_as_its_content(file: Path) -> None:
    table = pd.DataFrame({"short": ["a"], "long": ["b" * 30], "endless": ["c" * 300]})
    sheet = written(table, file).worksheets[0]
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [8, 32, 60]


@pytest.mark.parametrize(
    ("values", "number_format"),
    [
        (["2026-03-01", "2026-03-02"], "yyyy-mm-dd"),
        (["2026-03-01 10:30", None, "2026-03-01 00:00"], "yyyy-mm-dd hh:mm:ss"),
    ],
)
def test_times_are_dates_of_excel(values: list[Any], number_format: str, file: Path) -> None:
    heading, cells = column_of(pd.to_datetime(values), file, "closed_at")
    assert heading == "closed_at"
    assert [cell.value for cell in cells] == [value and pd.Timestamp(value) for value in values]
    assert cells[0].is_date
    assert cells[0].number_format == number_format


def test_a_time_with_a_zone_is_what_its_clocks_show_and_the_heading_names_it(file: Path) -> None:
    times = pd.to_datetime(["2026-01-31T23:30Z", "2026-07-01T00:00Z"]).tz_convert("Europe/Berlin")
    heading, cells = column_of(times, file, "first_time")
    assert heading == "first_time (Europe/Berlin)"
    assert [cell.value for cell in cells] == [
        datetime.datetime(2026, 2, 1, 0, 30),
        datetime.datetime(2026, 7, 1, 2),
    ]


@pytest.mark.parametrize("time", ["1899-12-31", "1900-01-15", "0001-01-01", "2026-01-01"])
def test_a_time_that_excel_has_no_date_for_is_text(time: str, file: Path) -> None:
    _, cells = column_of(pd.Series([np.datetime64(time, "s")]), file)
    assert cells[0].is_date == (time == "2026-01-01")
    assert str(cells[0].value)[:10] == time


@pytest.mark.parametrize(
    ("lengths", "number_format"),
    [
        (["9D 12h", "1h"], "[h]:mm"),
        (["59min 30s"], "[h]:mm:ss"),
        (["-1h", "2h"], '0.00" d"'),
    ],
)
def test_a_length_of_time_is_a_number_of_days(lengths: list[str], number_format: str, file: Path) -> None:
    sf.to_excel(pd.DataFrame({"median": pd.to_timedelta([None, *lengths])}), file)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    days = [cell.value for cell in cells]
    days = [day / datetime.timedelta(days=1) if isinstance(day, datetime.timedelta) else day for day in days]
    assert days == [None, *(pytest.approx(pd.Timedelta(one) / pd.Timedelta("1D")) for one in lengths)]
    assert cells[1].number_format == number_format


@pytest.mark.parametrize(
    ("name", "number_format"),
    [
        ("conversion_from_all", "0.0%"),
        ("share", "0.0%"),
        ("win_rate", "0.0%"),
        ("conversion_from_all_difference", "+0.0%;-0.0%;0.0%"),
        ("reached_change", "+0.0%;-0.0%;0.0%"),
        ("amount", "#,##0.00"),
    ],
)
def test_shares_are_percents_and_missing_ones_empty(name: str, number_format: str, file: Path) -> None:
    _, cells = column_of([0.25, np.nan, np.inf], file, name)
    assert [cell.value for cell in cells] == [0.25, None, "inf"]
    assert cells[0].number_format == number_format


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30 1234",
        "-5",
        "@sum",
        "\tx",
        '=HYPERLINK("http://x")',
        "#N/A",
        "#DIV/0!",
        "007",
        "1e5",
        "TRUE",
    ],
)
def test_text_stays_text_whatever_it_begins_with(text: str, file: Path) -> None:
    heading, cells = column_of([text, "b"], file, name="owner")
    assert heading == "owner"
    assert (cells[0].value, cells[0].data_type) == (text, "s")
    assert bool(cells[0].quotePrefix) == (text[0] in "=+-@\t")


def test_a_heading_stays_text(file: Path) -> None:
    sheet = written(pd.DataFrame({"=cmd()": [1], 7: [2], ("a", "b"): [3]}), file).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["=cmd()", "7", "a / b"]
    assert {cell.data_type for cell in sheet[1]} == {"s"}


class Stage(enum.Enum):
    NEW = "new"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (True, True),
        (decimal.Decimal("1.50"), 1.5),
        (datetime.date(2026, 3, 1), datetime.datetime(2026, 3, 1)),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Stage.NEW, "Stage.NEW"),
        (10**15 - 1, 10**15 - 1),
        (10**15 + 1, str(10**15 + 1)),
        ("a\x01b", "a_x0001_b"),
        ("x" * 40_000, "x" * 32_760 + "… (cut)"),
        (pd.Timestamp("2026-03-01T10:00+02:00"), "2026-03-01 10:00:00+02:00"),
    ],
)
def test_a_value_among_others_is_written_as_what_it_is(value: Any, cell: Any, file: Path) -> None:
    _, cells = column_of(pd.Series(["x", None, value], dtype=object), file)
    assert [one.value for one in cells] == ["x", None, cell]


def test_a_key_that_excel_would_round_is_text(file: Path) -> None:
    _, cells = column_of([2**53 + 1, 7], file, "item")
    assert [cell.value for cell in cells] == ["9007199254740993", "7"]
    _, cells = column_of([123456, 7], file, "item")
    assert [(cell.value, cell.number_format) for cell in cells] == [(123456, "General"), (7, "General")]


def test_a_trend_has_its_periods_as_text(file: Path) -> None:
    sheet = written(sf.funnel_by_period(SHOP_OF_TIMES, PIPELINE), file).worksheets[0]
    assert sheet["A2"].value == "2026-01"


PIPELINE = sf.Pipeline(["New"], won="Won")
SHOP_OF_TIMES = sf.StageLog(
    {"item": [1, 1], "stage": ["New", "Won"], "time": ["2026-01-01", "2026-01-05T10:00"]},
    zone="Europe/Berlin",
)


def test_several_tables_have_the_names_that_they_are_given(file: Path) -> None:
    outcomes = sf.outcomes(SHOP.log, SHOP.pipeline)
    summary = sf.summary(SHOP.log, SHOP.pipeline)
    names = {"2026: won/lost": outcomes, "all": summary, "x" * 40: outcomes, "X" * 40: outcomes}
    assert written(names, file).sheetnames == [
        "2026 won lost",
        *(f"all {name}" for name in summary.tables),
        "x" * 31,
        f"{'X' * 29} 2",
    ]
    assert written([outcomes, outcomes, summary.funnel], file).sheetnames == [
        "outcomes",
        "outcomes 2",
        "funnel",
    ]
    assert written(pd.DataFrame({"a": [1]}), file).sheetnames == ["table"]


def test_names_of_sheets_are_what_excel_takes() -> None:
    names = ["[a]:*?/\\b", "'quoted'", "", "history", "funnel", "FUNNEL", "  "]
    assert list(sheet_names(names).values()) == [
        *("a b", "quoted", "table", "history 2", "funnel", "FUNNEL 2", "table 2"),
    ]


def test_an_index_with_a_name_is_a_column(file: Path) -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline).set_index("stage")[["reached"]]
    sheet = written(table, file).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["stage", "reached"]


@pytest.mark.parametrize("frames", ["polars", "arrow"])
def test_frames_of_other_libraries_are_written(frames: Any, file: Path) -> None:
    with sf.options(frames=frames):
        summary = sf.summary(SHOP.log, SHOP.pipeline)
        funnel = sf.funnel(SHOP.log, SHOP.pipeline)
    assert written(summary, file).sheetnames[0] == "funnel"
    sheet = written({"one": funnel}, file)["one"]
    assert [cell.value for cell in sheet["A"]][:3] == ["stage", "New", "Discussion"]
    assert written(pl.DataFrame({"a": [1]}), file).sheetnames == ["table"]


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({}, "tables= has no table"),
        ([], "tables= has no table"),
        ({"a": 3}, r"tables\['a'\] is a int, not a table"),
        ([pd.Series([1])], r"tables\[0\] is a Series, not a table"),
        ("a", "tables= is a str, not a table"),
    ],
)
def test_what_is_not_a_table_is_refused(tables: Any, problem: str, file: Path) -> None:
    with pytest.raises(sf.SchemaError, match=problem):
        sf.to_excel(tables, file)
    assert not file.exists()


@pytest.mark.parametrize("name", ["report.xls", "report.csv", "report"])
def test_a_workbook_has_its_ending(name: str, tmp_path: Path) -> None:
    with pytest.raises(sf.StageFunnelError, match=r"^path='.*': a workbook is written to .* ends in .xlsx"):
        sf.to_excel(sf.outcomes(SHOP.log, SHOP.pipeline), tmp_path / name)


def test_a_directory_that_is_not_there_is_made(tmp_path: Path) -> None:
    sf.to_excel(sf.outcomes(SHOP.log, SHOP.pipeline), tmp_path / "none" / "a.xlsx")
    assert (tmp_path / "none" / "a.xlsx").exists()


def test_more_rows_than_a_sheet_has_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    file = tmp_path / "large.xlsx"
    file.write_bytes(b"before")
    large = pd.DataFrame({"a": np.zeros(1_048_576, dtype=np.int8)})
    tables = {"small": pd.DataFrame({"a": [1]}), "large": large}
    with pytest.raises(sf.StageFunnelError, match="table 'large' has 1,048,576 rows") as caught:
        sf.to_excel(tables, file)
    assert "1,048,575 below its heading; write it as CSV or Parquet" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["large.xlsx"]
    assert file.read_bytes() == b"before"


def test_a_failure_on_the_way_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"before")

    def fails(column: Any) -> int:
        raise RuntimeError("disk full")

    monkeypatch.setattr(workbook, "_width_of", fails)
    with pytest.raises(RuntimeError, match="disk full"):
        sf.to_excel(sf.outcomes(SHOP.log, SHOP.pipeline), file)
    assert file.read_bytes() == b"before"
    assert [path.name for path in file.parent.iterdir()] == ["report.xlsx"]


ROWS = "item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-05\n"
TOML = '[pipeline]\nstages = ["New"]\nwon = "Won"\n'


@pytest.mark.parametrize(
    ("words", "sheets"),
    [
        (["funnel", "--out", "a.xlsx"], ["funnel"]),
        (["items", "--out", "a.xlsx"], ["item_table"]),
        (["summary", "--out", "a.xlsx"], ["funnel", "outcomes", "time_in_stage", "transitions", "quality"]),
        (["quality", "--out", "a.xlsx", "--format", "xlsx"], ["table"]),
        (["check", "--fail-if", "rows < 1", "--out", "a.xlsx"], ["check"]),
    ],
)
def test_the_command_writes_a_workbook(
    words: list[str], sheets: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deals.csv").write_text(ROWS)
    Path("pipeline.toml").write_text(TOML)
    command, *options = words
    assert main([command, "deals.csv", "--pipeline", "pipeline.toml", *options]) == 0
    assert openpyxl.load_workbook("a.xlsx").sheetnames == sheets


def test_a_workbook_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deals.csv").write_text(ROWS)
    Path("pipeline.toml").write_text(TOML)
    assert main(["funnel", "deals.csv", "--pipeline", "pipeline.toml", "--format", "xlsx"]) == 1
    assert "A workbook is not text: name a file with --out" in capsys.readouterr().err
