"""CSV files mean the same, whichever of the three readers of CSV they come to."""

import csv
import gzip
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.files import CsvRows, batches, read_tables
from stagefunnel.files.csv_text import QuoteCheck
from stagefunnel.readers.sources.opening import sources_of

COLUMNS = ["item", "stage", "time"]
HEADER = "item,stage,time\n"
NEW, WON = ["1", "New", "5"], ["2", "Won", "6"]
Rows = list[list[str | None]]


def as_rows(frame: pd.DataFrame) -> Rows:
    rows = frame[COLUMNS].astype(object).to_numpy().tolist()
    return [[None if pd.isna(value) else str(value) for value in row] for row in rows]


def by_table(file: str) -> Rows:
    return as_rows(read_tables([file], COLUMNS).frame)


def by_batches(file: str, *, drop: bool = False) -> Rows:
    roles = {role: role for role in COLUMNS}
    read = batches.CsvBatches(file, roles, time_format="%Y", drop=drop, threads=1)
    return [row for batch in read for row in as_rows(batch.to_pandas())]


def by_reader(file: str) -> Rows:
    (source,) = sources_of(file, encoding=None, progress=None)
    return as_rows(source.frame)


READERS = (by_table, by_batches, by_reader)


def outcome(read: Callable[[str], Rows], file: str) -> Rows | str:
    """Return the rows of a file, or the error without the advice, which depends on the reader's options."""
    try:
        return read(file)
    except sf.ReaderError as error:
        return str(error).removeprefix(file).partition(", or pass")[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


SAME = {
    "a quote inside a plain field": (HEADER + '1,5" pipe,5\n', [["1", '5" pipe', "5"]]),
    "a blank before a quote": (HEADER + '1, "New",5\n', [["1", ' "New"', "5"]]),
    "a doubled quote": (HEADER + '1,"N""ew",5\n', [["1", 'N"ew', "5"]]),
    "a line break in a field": (HEADER + '1,"Ne\nw",5\n', [["1", "Ne\nw", "5"]]),
    "line breaks of Windows": (HEADER.replace("\n", "\r\n") + "1,New,5\r\n2,Won,6\r\n", [NEW, WON]),
    "line breaks of old Macs": (HEADER.replace("\n", "\r") + "1,New,5\r2,Won,6\r", [NEW, WON]),
    "a byte order mark": ("\ufeff" + HEADER + "1,New,5\n", [NEW]),
    "a byte order mark before a quote": ('\ufeff"item",stage,time\n1,New,5\n', [NEW]),
    "Excel's line before the header": ("sep=;\r\nitem;stage;time\r\n1;New;5\r\n", [NEW]),
    "that line in quotes, after a mark": ('\ufeff"sep=|"\nitem|stage|time\n1|New|5\n', [NEW]),
    "a delimiter that only its line names": ("sep=#\nitem#stage#time\n1#New#5\n", [NEW]),
    "tabs": ("item\tstage\ttime\n1\tNew\t5\n", [NEW]),
    "delimiters in a quoted name": ('item;"a,b,c,d\ne";stage;time\n1;x;New;5\n', [NEW]),
    "blanks around names": (" item ,\tstage, time \n1,New,5\n", [NEW]),
    "a column without a name": (",item,stage,time\n0,1,New,5\n", [NEW]),
    "a delimiter at the end of every line": ("item,stage,time,\n1,New,5,\n", [NEW]),
    "keys that look like missing values": (HEADER + "007,NA,5\n", [["007", "NA", "5"]]),
    "blanks around values": (HEADER + " 1 ,New,5\n", [[" 1 ", "New", "5"]]),
    "fields of nothing but blanks": (HEADER + '1,"",5\n \t ,New,\n', [["1", None, "5"], [None, "New", None]]),
    "blank lines": (HEADER + "1,New,5\n\n  \t\n2,Won,6\n \n", [NEW, WON]),
    "no line break at the end": (HEADER + "1,New,5", [NEW]),
    "no row": (HEADER, []),
    "a form feed and a line separator": (HEADER + "1,Ne\x0cw\u2028,5\n", [["1", "Ne\x0cw\u2028", "5"]]),
}


def as_exports_are_read(rows: Rows) -> Rows:
    """Take the blanks off, which a log keeps as they are."""
    return [[value if value is None else value.strip() for value in row] for row in rows]


@pytest.mark.parametrize(("text", "rows"), SAME.values(), ids=list(SAME))
def test_all_readers_read_the_same_rows(file: Path, text: str, rows: Rows) -> None:
    for content in (text.encode(), gzip.compress(text.encode())):
        file.write_bytes(content)
        assert [outcome(read, str(file)) for read in READERS] == [rows, rows, as_exports_are_read(rows)]


REFUSED = {
    "a field that goes on after its quote": (
        HEADER + '1,New,5\n2,"Won"x,6\n',
        ", line 3: a field goes on after its closing quote; write quotes inside a field twice",
    ),
    "a quoted delimiter before such a quote": (
        HEADER + '1,"New,"x,5\n',
        ", line 2: a field goes on after its closing quote; write quotes inside a field twice",
    ),
    "a quote that never closes": (
        HEADER + '1,New,5\n2,"Won,6\n3,New,7\n',
        ", line 3: a quoted field is never closed; the file may be cut short",
    ),
    "a short row": (
        HEADER + '1,"N\new",5\n2,Won\n',
        ", line 4: 2 fields where the header has 3 names; correct the row",
    ),
    "a long row": (
        HEADER + "1,New, or not,5\n",
        ", line 2: 4 fields where the header has 3 names; put fields that hold ',' in quotes",
    ),
    "a surplus field that is empty": (
        HEADER + "1,New,5,\n",
        ", line 2: 4 fields where the header has 3 names; put fields that hold ',' in quotes",
    ),
    "a name twice": ("item,stage,time,time\n1,New,5,6\n", ": the header names 'time' more than once"),
    "no header": (
        "\n" + HEADER,
        ", line 1: there is no header; a table starts with the names of its columns",
    ),
    "a name that goes on after its quote": (
        '"item"x,stage,time\n1,New,5\n',
        ", line 1: a field goes on after its closing quote; write quotes inside a field twice",
    ),
    "a name whose quote never closes": (
        'item,stage,"time\n1,New,5\n',
        ", line 1: a quoted field is never closed; the file may be cut short",
    ),
    "no header below Excel's line": (
        "sep=;\n\n" + HEADER,
        ", line 2: there is no header; a table starts with the names of its columns",
    ),
}


@pytest.mark.parametrize(("text", "error"), REFUSED.values(), ids=list(REFUSED))
def test_all_readers_refuse_the_same_rows(file: Path, text: str, error: str) -> None:
    file.write_text(text, newline="")
    assert [outcome(read, str(file)) for read in READERS] == [error] * 3


def test_bytes_that_are_not_utf_8_are_refused_in_any_column(file: Path) -> None:
    file.write_bytes(b"item,note,stage,time\n1,\xe9,New,5\n")
    for read in (by_table, by_batches):
        assert outcome(read, str(file)) == ": byte 0xe9 is not UTF-8; save the file as UTF-8"


def test_lines_of_delimiters_are_rows_of_a_log_and_none_of_an_export(file: Path) -> None:
    file.write_text(HEADER + "1,New,5\n,,\n")
    empty = [None, None, None]
    assert [read(str(file)) for read in READERS] == [[NEW, empty], [NEW, empty], [NEW]]


def test_a_row_behind_ragged_rows_that_were_left_out_is_found_on_its_line(file: Path) -> None:
    file.write_text(HEADER + "1,New\n  \n1,New,5\n1,2,3,4\n2,Won,6\n")
    read = batches.CsvBatches(
        str(file), {role: role for role in COLUMNS}, time_format="%Y", drop=True, threads=1
    )
    assert [row for batch in read for row in as_rows(batch.to_pandas())] == [NEW, WON]
    assert read.found() == {"ragged_rows": 2}
    assert [read.locate(row) for row in (0, 1)] == [f"{file}, line 4", f"{file}, line 6"]


def by_rows(text: str, *, drop: bool) -> Rows:
    """Read text by Python's parser alone."""
    rows = CsvRows(io.StringIO(text, newline=""), "", ragged="drop" if drop else "error")
    columns = [zip(*map(block.column, range(3)), strict=True) for block in rows.blocks(2)]
    return [list(row) for block in columns for row in block]


@examples(ci=100, night=1_000)
@given(
    text=st.text(alphabet=st.sampled_from('",\n\r x'), max_size=40),
    block=st.sampled_from([30, 64, 4 << 20]),
    drop=st.booleans(),
)
def test_pyarrow_never_reads_other_rows_than_pythons_parser(text: str, block: int, drop: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "_CSV_BYTES", block)
        file = Path(folder) / "log.csv"
        file.write_text(HEADER + text, newline="")
        found = outcome(lambda name: by_batches(name, drop=drop), str(file))
    assert found == outcome(lambda _: by_rows(HEADER + text, drop=drop), "")


@examples(ci=100, night=1_000)
@given(text=st.text(alphabet=st.sampled_from('",\nx'), max_size=30), size=st.integers(1, 5))
def test_quotes_that_pass_the_check_are_well_formed_however_the_bytes_are_cut(text: str, size: int) -> None:
    check = QuoteCheck(io.BytesIO((HEADER + text).encode()), ",")
    while check.read(size):
        pass
    whole = QuoteCheck(io.BytesIO((HEADER + text).encode()), ",")
    whole.read()
    assert check.passes() == whole.passes()
    if check.passes():
        for _ in csv.reader(io.StringIO(HEADER + text, newline=""), strict=True):
            pass


@pytest.mark.parametrize("n_block", [3, 4, 7, 100])
@pytest.mark.parametrize("n_bytes", [25, 40, 90])
def test_rows_after_a_ragged_one_are_all_read_whatever_was_read_before(
    file: Path, monkeypatch: pytest.MonkeyPatch, n_block: int, n_bytes: int
) -> None:
    """Where one parser stops, another follows, which leaves out what was read already."""
    monkeypatch.setattr(batches, "_CSV_ROWS", n_block)
    monkeypatch.setattr(batches, "_CSV_BYTES", n_bytes)
    rows: Rows = [[str(number), "New", "2026"] for number in range(30)]
    lines = [",".join(map(str, row)) for row in rows]
    file.write_text(HEADER + "\n".join([*lines[:10], "ragged", *lines[10:]]) + "\n")
    found = by_batches(str(file), drop=True)
    assert [row[0] for row in found] == [row[0] for row in rows]


@pytest.mark.parametrize("n_block", [2, 3, 4, 7, 100])
@pytest.mark.parametrize("n_bytes", [25, 40, 90])
def test_rows_after_a_line_of_blanks_are_all_read_whatever_was_read_before(
    file: Path, monkeypatch: pytest.MonkeyPatch, n_block: int, n_bytes: int
) -> None:
    monkeypatch.setattr(batches, "_CSV_ROWS", n_block)
    monkeypatch.setattr(batches, "_CSV_BYTES", n_bytes)
    rows: Rows = [[str(number), "New", "2026"] for number in range(30)]
    lines = [",".join(map(str, row)) for row in rows]
    file.write_text(HEADER + "\n".join([*lines[:20], "   ", *lines[20:]]) + "\n")
    found = by_batches(str(file), drop=True)
    assert [row[0] for row in found] == [row[0] for row in rows]


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('1,"New",5\n', True),
        ('1,"N""ew",5\n', True),
        ('1,N"",5\n', False),
        ('1,"New"x,5\n', False),
        ('1,x"New",5\n', False),
    ],
)
@pytest.mark.parametrize("size", [-1, 1, 2, 3, 4, 5])
def test_quotes_are_in_place_at_both_ends_of_a_field(text: str, passes: bool, size: int) -> None:
    check = QuoteCheck(io.BytesIO(text.encode()), ",")
    while check.read(size):
        pass
    assert check.passes() is passes
