"""Files: what is read from them stays as it stands there, and what is wrong is found again."""

import gzip
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import plain
from stagefunnel.files import expand, read_tables

COLUMNS = ["item", "stage", "time"]
# An empty item, keys that look like missing values and numbers, and a stage with the separator inside.
ROWS = [["007", "NA", "1"], [None, "null", "2"], ["nan", "N/A, old", "3"], [" 1 ", "Prépaiement", "4"]]


HEADER = "item,note,stage,time\n"


class Folder:
    """A directory of files written in bytes or text."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, name: str, content: str | bytes) -> str:
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def read(self, *files: str, columns: list[str] | None = COLUMNS) -> pd.DataFrame:
        return read_tables(files, columns).frame


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def csv_text(separator: str = ",", newline: str = "\n") -> str:
    """Write ROWS with a column that nobody asks for, and a blank line."""
    lines = [separator.join(["item", "note", "stage", "time"])]
    for item, stage, time in ROWS:
        lines.append(separator.join([item or "", '"a\nb"', f'"{stage}"', str(time)]))
    return newline.join([*lines[:2], "", *lines[2:]]) + newline


def json_text() -> str:
    lines = [json.dumps(dict(zip([*COLUMNS, "note"], [*row, 5], strict=True))) for row in ROWS]
    return "\n".join([lines[0], "", *lines[1:]])


def parquet_bytes() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(ROWS, columns=COLUMNS).assign(note=5).to_parquet(buffer)
    return buffer.getvalue()


FILES: dict[str, bytes] = {
    "a.csv": csv_text().encode(),
    "a.txt": csv_text(";").encode(),
    "a.tsv": csv_text("\t").encode(),
    "pipes.csv": csv_text("|").encode(),
    "windows.CSV": b"\xef\xbb\xbf" + csv_text(";", "\r\n").encode(),
    "no_last_line_break.csv": csv_text().rstrip("\n").encode(),
    "a.csv.gz": gzip.compress(csv_text().encode()),
    "two_members.csv.gz": gzip.compress(csv_text()[:20].encode()) + gzip.compress(csv_text()[20:].encode()),
    "a.jsonl": json_text().encode(),
    "bom.ndjson": b"\xef\xbb\xbf" + json_text().encode(),
    "a.jsonl.gz": gzip.compress(json_text().encode()),
    "a.parquet": parquet_bytes(),
    "a.pq": parquet_bytes(),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_the_same_texts(folder: Folder, name: str) -> None:
    frame = folder.read(folder.file(name, FILES[name]))
    assert list(frame) == COLUMNS
    assert [plain(frame[column]) for column in COLUMNS] == [
        list(column) for column in zip(*ROWS, strict=True)
    ]


def test_numbers_of_a_text_file_stay_text_and_those_of_others_stay_numbers(folder: Folder) -> None:
    assert folder.read(folder.file("a.csv", "item\n1\n"), columns=["item"])["item"].tolist() == ["1"]
    assert folder.read(folder.file("a.jsonl", '{"item": 1}'), columns=["item"])["item"].tolist() == [1]


def test_all_columns_are_read_where_none_is_named(folder: Folder) -> None:
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        frame = folder.read(folder.file(name, FILES[name]), columns=None)
        assert sorted(frame) == ["item", "note", "stage", "time"]


def test_files_are_read_under_each_other_in_their_order(folder: Folder) -> None:
    files = [folder.file(name, FILES[name]) for name in ("a.csv", "a.parquet", "a.jsonl")]
    assert plain(folder.read(*files)["item"]) == [row[0] for row in ROWS] * 3


def test_more_rows_than_are_read_at_once_are_read(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagefunnel.files.tables._BLOCK_ROWS", 2)
    monkeypatch.setattr("stagefunnel.files.tables._CHUNK_ROWS", 4)
    text = "item,stage,time\n" + "".join(f"{number},New,0\n" for number in range(11))
    frame = folder.read(folder.file("a.csv", text))
    assert frame["item"].tolist() == [str(number) for number in range(11)]
    assert frame.index.tolist() == list(range(11))


def test_a_very_long_note_is_no_obstacle(folder: Folder) -> None:
    text = HEADER + f'1,"{"long, " * 100_000}",New,0\n'
    assert folder.read(folder.file("a.csv", text)).to_numpy().tolist() == [["1", "New", "0"]]


def test_a_header_with_quoted_names_is_split_where_its_rows_are(folder: Folder) -> None:
    text = '"item";"a,b,c,d\ne";"stage";"time"\n1;x;New;0\n'
    table = read_tables([folder.file("a.csv", text)], COLUMNS)
    assert table.frame.to_numpy().tolist() == [["1", "New", "0"]]
    assert table.locate(0).endswith("a.csv, line 3")


@pytest.mark.parametrize("content", ["item,stage,time\n", "item,stage,time"])
def test_a_file_without_rows_has_its_columns(folder: Folder, content: str) -> None:
    assert list(folder.read(folder.file("a.csv", content))) == COLUMNS
    assert list(folder.read(folder.file("a.jsonl", "\n"))) == COLUMNS
    assert len(folder.read(folder.file("b.csv", content), folder.file("a.csv", FILES["a.csv"]))) == 4


TOO_LONG = "5 fields where the header has 4 names; put fields that hold ',' in quotes"
TOO_SHORT = "3 fields where the header has 4 names; correct the row"
NO_HEADER = ", line 1: there is no header; a table starts with the names of its columns"
NO_ITEM = ": no column 'item'; it has:"
NOT_QUOTED = "Expecting property name enclosed in double quotes"
UNKNOWN_KIND = (
    ": cannot tell what kind of file this is; known endings are '.csv', '.tsv', '.txt', '.jsonl', "
    "'.ndjson', '.parquet', '.pq' (the text formats also with .gz)"
)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", HEADER + "1,x,New,0\n2,x,New\n3,Acme, Inc,New,0\n", f", line 3: {TOO_SHORT}"),
        ("a.csv", HEADER + "1,x,New,0\n2,x,New,\n3,Acme, Inc,New,0\n", f", line 4: {TOO_LONG}"),
        ("a.csv", HEADER + "1,Acme, Inc,New,0\n2,Acme, Inc,New,0\n", f", line 2: {TOO_LONG}"),
        ("a.csv", HEADER + '1,"a\nb\nc",New,0\n2,x,New,0,5\n', f", line 5: {TOO_LONG}"),
        ("a.csv", HEADER + "1,x,New,0,\n", f", line 2: {TOO_LONG}"),
        (
            "a.csv",
            HEADER + "1,x,New,0\n" * 3 + '2,"x,New,0\n',
            ", line 5: a quoted field is never closed; the file may be cut short",
        ),
        ("a.csv", "", NO_HEADER),
        ("a.csv", "\n" + HEADER, NO_HEADER),
        ("a.csv", "itm,stage,time\n", f"{NO_ITEM} 'itm', 'stage', 'time'; did you mean 'itm'?"),
        ("a.csv", "item,item,stage,time\n", ": the header names 'item' more than once"),
        ("a.csv", HEADER.encode() + b"1,x,N\xe9w,0\n", ": byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("a.csv", HEADER.encode("utf-16"), ": byte 0xff is not UTF-8; save the file as UTF-8"),
        ("a.jsonl", '{"item": 1}\n\n{item: 1}\n', f", line 3: not JSON: {NOT_QUOTED}"),
        ("a.jsonl", "[1]\n", ', line 1: expected an object like {"item": 1}, got list'),
        ("a.jsonl", '{"stage": "New"}\n', f"{NO_ITEM} 'stage'"),
        ("a.jsonl", b'{"item": "\xe9"}\n', ": byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("a.xlsx", "x", UNKNOWN_KIND),
        ("a.parquet.gz", "x", UNKNOWN_KIND),
        ("a.csv.gz", HEADER, ": the file is damaged or cut short: Not a gzipped file (b'it')"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_name_and_line(
    folder: Folder, name: str, content: str | bytes, message: str
) -> None:
    file = folder.file(name, content)
    with pytest.raises(sf.ReaderError, match=f"^{re.escape(file + message)}$"):
        folder.read(file)


@pytest.mark.parametrize("value", ["1" * 5_000, "[" * 100_000 + "]" * 100_000])
def test_json_that_python_cannot_hold_is_refused_with_its_line(folder: Folder, value: str) -> None:
    file = folder.file("a.jsonl", f'{{"item": 1}}\n{{"item": {value}}}\n')
    with pytest.raises(sf.ReaderError, match=f"^{re.escape(file)}, line 2: cannot read this JSON: "):
        folder.read(file)


ROWS_OF_CSV = (
    HEADER + "".join(f"{number},x,New,{number * 7919 % 1000}\n" for number in range(5000))
).encode()

# The bytes are part of the names of tests, which are the same in every worker only without the time.
GZIPPED = gzip.compress(ROWS_OF_CSV, mtime=0)


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", GZIPPED[:-30]),
        ("only_the_start.csv.gz", GZIPPED[:5]),
        ("turned.csv.gz", damaged(GZIPPED, 40)),
        ("sum.csv.gz", damaged(GZIPPED, len(GZIPPED) - 6)),
        ("cut.jsonl.gz", gzip.compress(json_text().encode(), mtime=0)[:-9]),
    ],
)
def test_a_damaged_file_is_refused_and_never_read_in_part(folder: Folder, name: str, content: bytes) -> None:
    file = folder.file(name, content)
    with pytest.raises(sf.ReaderError, match=f"^{re.escape(file)}: the file is damaged or cut short: "):
        folder.read(file)


@pytest.mark.parametrize("content", [b"PAR1", parquet_bytes()[:-20], damaged(parquet_bytes(), -20)])
def test_a_damaged_parquet_file_is_refused(folder: Folder, content: bytes) -> None:
    file = folder.file("a.parquet", content)
    with pytest.raises(sf.ReaderError, match=f"^{re.escape(file)}: not a valid Parquet file: "):
        folder.read(file)


def test_what_pandas_wrote_into_parquet_about_itself_is_not_read(folder: Folder) -> None:
    file = folder.file("a.parquet", parquet_bytes().replace(b'"column_indexes"', b'"\xbdolumn_indexes"'))
    assert len(folder.read(file)) == len(folder.read(folder.file("b.parquet", parquet_bytes())))


def test_a_row_is_found_again_in_its_file(folder: Folder) -> None:
    files = [folder.file(name, FILES[name]) for name in ("a.csv", "a.jsonl", "a.parquet")]
    table = read_tables(files, COLUMNS)
    # Each note breaks its line, and line 4 of the CSV file and line 2 of the other are blank.
    assert [table.locate(row) for row in range(12)] == [
        *[f"{files[0]}, line {line}" for line in (2, 5, 7, 9)],
        *[f"{files[1]}, line {line}" for line in (1, 3, 4, 5)],
        *[f"{files[2]}, row {row}" for row in range(4)],
    ]


@pytest.mark.parametrize("separator", [",", "\t"])
def test_lines_of_blanks_are_neither_rows_nor_lost_from_the_count(folder: Folder, separator: str) -> None:
    lines = ["item,stage,time", "1,New,0", "", "   ", '2,"a', ' ",0', " ", "3,New,0"]
    file = folder.file("a.csv", "\n".join(lines).replace(",", separator))
    table = read_tables([file], COLUMNS)
    assert table.frame["item"].tolist() == ["1", "2", "3"]
    assert [table.locate(row) for row in range(3)] == [f"{file}, line {line}" for line in (2, 5, 8)]


def test_rows_of_empty_fields_count_as_rows(folder: Folder) -> None:
    for separator, rows in ((",", ["1,x", ",", '"",', "2,x"]), ("\t", ["1\tx", "\t", "  \t ", "2\tx"])):
        file = folder.file("a.csv", "\n".join([f"item{separator}stage", *rows]))
        table = read_tables([file], ["item", "stage"])
        assert table.frame["item"].tolist()[::3] == ["1", "2"]
        assert table.locate(3) == f"{file}, line 5"


def test_a_column_that_pandas_saved_as_an_index_is_a_column(folder: Folder) -> None:
    frame = pd.DataFrame(ROWS[2:], columns=COLUMNS)
    for name, saved in {"a.parquet": frame.set_index("item"), "b.parquet": frame.set_index(COLUMNS)}.items():
        saved.to_parquet(folder.path / name)
        assert folder.read(str(folder.path / name)).to_numpy().tolist() == ROWS[2:]


def test_an_empty_file_between_two_shifts_no_row(folder: Folder) -> None:
    names = {"a.csv": "item\n1\n", "b.csv": "item\n", "c.csv": "item\n2\n"}
    table = read_tables([folder.file(name, text) for name, text in names.items()], ["item"])
    assert table.locate(1).endswith("c.csv, line 2")


def test_globs_are_expanded_in_order_and_each_file_is_read_once(folder: Folder) -> None:
    for name in ("b.csv", "a.csv", "c.jsonl", "[x].csv"):
        folder.file(name, "")
    (folder.path / "sub.csv").mkdir()

    def names(*patterns: str) -> list[str]:
        return [Path(file).name for file in expand(str(folder.path / pattern) for pattern in patterns)]

    assert names("*.csv") == ["[x].csv", "a.csv", "b.csv"]
    assert names("c.jsonl", "*.csv", "b.csv") == ["c.jsonl", "[x].csv", "a.csv", "b.csv"]
    assert names("[x].csv") == ["[x].csv"]
    for nothing in ("d.csv", "*.parquet", "sub.csv"):
        with pytest.raises(FileNotFoundError, match=re.escape(f"no file {str(folder.path / nothing)!r}")):
            names(nothing)


def test_a_folder_is_not_a_file_and_the_error_says_how_to_name_its_files(folder: Folder) -> None:
    (folder.path / "days").mkdir()
    message = f"no file {str(folder.path / 'days')!r}, which is a folder; name its files, such as "
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}.*\\*\\.csv'$"):
        expand([str(folder.path / "days")])


def test_one_file_under_two_names_is_read_once(folder: Folder) -> None:
    file = folder.file("a.csv", "")
    (folder.path / "sub").mkdir()
    (folder.path / "link.csv").symlink_to(file)
    again = [str(folder.path / "sub" / ".." / "a.csv"), str(folder.path / "*.csv")]
    assert expand([file, *again]) == [file]


@pytest.mark.parametrize("name", FILES)
def test_the_rows_of_every_kind_of_file_are_told(folder: Folder, name: str) -> None:
    file = folder.file(name, FILES[name])
    heard: list[tuple[int, int | None]] = []
    read_tables([file], COLUMNS, progress=lambda *rows: heard.append(rows))
    assert heard[-1] == (4, 4)


def test_rows_are_told_as_they_come_and_expected_by_the_bytes(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagefunnel.files.tables._CHUNK_ROWS", 20_000)
    monkeypatch.setattr("stagefunnel.files.tables._JSON_ROWS", 20_000)
    rows = range(10_000, 60_000)
    files = [
        folder.file("a.csv", "item,stage,time\n" + "".join(f"{row},New,0\n" for row in rows)),
        folder.file("b.jsonl", "".join(f'{{"item": {row}, "stage": "New", "time": 0}}\n' for row in rows)),
    ]
    heard: list[tuple[int, int | None]] = []
    read_tables(files, COLUMNS, progress=lambda *rows: heard.append(rows))
    assert [n_rows for n_rows, _ in heard] == [20_000, 40_000, 50_000, 50_000, 70_000, 90_000, 100_000]
    # Rows of JSON take over twice the bytes, so that fewer come than the rows of the CSV file let expect.
    expected = [n_all for _, n_all in heard if n_all is not None]
    assert expected[2] > 150_000 > expected[4]
    assert expected[-1] == 100_000
