"""Bombs, damaged files and files of another kind, over the ways that read files."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

import stagefunnel as sf
from stagefunnel import cli

Case: TypeAlias = Callable[[Path], None]
HEADER = b"item,stage,time\n"
ROWS = b"a,New,2026-01-01\na,Won,2026-01-05\nb,New,2026-01-02\n"
RECORD = {"item": "a", "stage": "New", "time": "2026-01-01"}
TOML = '[pipeline]\nstages = ["New"]\nwon = "Won"\n'
DEEP = 100_000


def from_csv(path: Path) -> None:
    sf.StageLog.from_csv(path)


def from_parquet(path: Path) -> None:
    sf.StageLog.from_parquet(path)


def read(path: Path) -> None:
    sf.read(path)


def command(path: Path) -> None:
    """Ask the command, which says what is wrong in one line that names the file."""
    toml = path.parent / "p.toml"
    toml.write_text(TOML)
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            status = cli.main(["funnel", str(path), "--pipeline", str(toml)])
        except SystemExit:  # of a path that is no file
            assert errors.getvalue().startswith("stagefunnel funnel: error: "), errors.getvalue()
            raise sf.StageFunnelError(errors.getvalue()) from None
    if status:
        assert errors.getvalue().startswith("stagefunnel: error: "), errors.getvalue()
        raise sf.StageFunnelError(errors.getvalue())


def suggest(path: Path) -> None:
    sf.suggest(str(path))


TEXT: tuple[Case, ...] = (from_csv, read, command, suggest)
JSON: tuple[Case, ...] = (read, command, suggest)
PARQUET: tuple[Case, ...] = (from_parquet, read, command, suggest)
WORKBOOK: tuple[Case, ...] = (read, suggest)


def refused(way: Case, name: str, content: bytes | Callable[[Path], None], about: str, folder: Path) -> None:
    """Make a file, and see that it is refused with its name and what the error is about."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)
    try:
        way(path)
    except sf.StageFunnelError as error:
        assert name in str(error), f"does not name the file: {error}"
        assert about in str(error), f"is not about {about}: {error}"
        raise
    raise AssertionError("it is not refused")


def zeros_packed(path: Path, start: bytes = b"", filling: bytes = b"\0" * (1 << 20)) -> None:
    """Pack 64 megabytes to some kilobytes; members of gzip follow each other."""
    some = gzip.compress(filling, 9)
    path.write_bytes(gzip.compress(start) + some * 64)


def parquet_of_one_value(path: Path) -> None:
    """Write many rows of one value, which take a few bytes."""
    n = 4_000_000
    times = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, dtype=np.int8)), pa.array(["2026-01-01"]))
    pq.write_table(pa.table({"item": times, "stage": times, "time": times}), path)


def many_columns(path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(100_000))
    path.write_text(f"item,stage,time,{names}\n")


def parquet_of_columns(path: Path) -> None:
    pq.write_table(pa.table({f"c{number}": pa.array([1]) for number in range(20_000)}), path)


def workbook(path: Path, **parts: bytes) -> None:
    """Write a workbook, and put other content in the place of some of its parts."""
    book = openpyxl.Workbook()
    for row in (list(RECORD), list(RECORD.values()), ["a", "Won", "2026-01-05"]):
        book.active.append(row)
    whole = io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name.rpartition("/")[2].partition(".")[0], old.read(name)))


def sheet(cells: bytes, before: bytes = b"") -> bytes:
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return (
        b"<?xml version='1.0'?>"
        + before
        + b"<worksheet "
        + space
        + b"><sheetData>"
        + cells
        + b"</sheetData></worksheet>"
    )


def cell(place: str, text: str) -> bytes:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


TABLE_OF_CELLS = b"".join(
    b'<row r="%d">' % row
    + b"".join(cell(f"{letter}{row}", text) for letter, text in zip("ABC", texts, strict=True))
    + b"</row>"
    for row, texts in enumerate(([*RECORD], [*RECORD.values()], ["a", "Won", "2026-01-05"]), start=1)
)
FAR = TABLE_OF_CELLS + b'<row r="1048576">' + cell("XFD1048576", "x") + b"</row>"
WIDE = TABLE_OF_CELLS + b"".join(
    b'<row r="%d">' % row + cell(f"XFD{row}", "x") + b"</row>" for row in range(4, 1_000)
)
LAUGHS = b"<!DOCTYPE w [<!ENTITY a0 'lol'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12)
)
LAUGHS += b"]>"
OUTSIDE = b"<!DOCTYPE w [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"


def far_cell_is_read(way: Case, folder: Path) -> None:
    workbook(folder / "far.xlsx", sheet1=sheet(FAR))
    way(folder / "far.xlsx")


def bombs() -> Iterator[tuple[str, Case]]:
    """Name bombs, with the ways that meet them and what the error is about."""
    unpacked, field = "STAGEFUNNEL_MAX_UNPACKED", "STAGEFUNNEL_MAX_FIELD"
    columns = "STAGEFUNNEL_MAX_COLUMNS"
    long_row = b"a," + b"x" * (10 << 20) + b",2026-01-01\n"
    quoted = b'a,"' + b"x\n" * (6 << 20)
    kinds: list[tuple[str, tuple[Case, ...], str, Any, str]] = [
        ("zeros in gzip", TEXT, "bomb.csv.gz", zeros_packed, "STAGEFUNNEL_MAX_"),
        (
            "rows in gzip",
            TEXT,
            "rows.csv.gz",
            partial(zeros_packed, start=HEADER, filling=ROWS * 20_000),
            unpacked,
        ),
        ("blanks in gzip", JSON, "bomb.jsonl.gz", partial(zeros_packed, filling=b" " * (1 << 20)), unpacked),
        ("rows of one value", PARQUET, "same.parquet", parquet_of_one_value, unpacked),
        (
            "zeros in a workbook",
            WORKBOOK,
            "zeros.xlsx",
            partial(workbook, sheet1=sheet(b" " * (40 << 20))),
            unpacked,
        ),
        ("a long field", TEXT, "long.csv", HEADER + ROWS + long_row, field),
        ("an open quote", TEXT, "open.csv", HEADER + ROWS + quoted, field),
        ("many columns", TEXT, "wide.csv", many_columns, columns),
        ("many columns in Parquet", PARQUET, "wide.parquet", parquet_of_columns, columns),
        (
            "many keys",
            JSON,
            "keys.jsonl",
            "\n".join(json.dumps({f"k{n}": 1}) for n in range(20_000)).encode(),
            columns,
        ),
        ("deep JSON", JSON, "deep.jsonl", b"[" * DEEP + b"]" * DEEP, "nested too deeply"),
        ("deep objects", JSON, "deep.jsonl", b'{"a":' * DEEP + b"1" + b"}" * DEEP, "nested too deeply"),
        ("a long number", JSON, "long.jsonl", b'{"item": ' + b"9" * 5_000 + b"}", "4,300 digits"),
        (
            "a long number below",
            JSON,
            "long.jsonl",
            json.dumps(RECORD).encode() + b'\n{"item": ' + b"9" * 5_000 + b"}",
            "4,300 digits",
        ),
        (
            "half a letter",
            JSON,
            "half.jsonl",
            json.dumps({**RECORD, "stage": "\ud800"}).encode(),
            "half a letter",
        ),
        (
            "laughs",
            WORKBOOK,
            "laughs.xlsx",
            partial(workbook, sheet1=sheet(cell("A1", "&a11;"), LAUGHS)),
            "not a valid .xlsx",
        ),
        (
            "an entity of a file",
            WORKBOOK,
            "file.xlsx",
            partial(workbook, sheet1=sheet(cell("A1", "&x;"), OUTSIDE)),
            "",
        ),
        (
            "deep XML",
            WORKBOOK,
            "deep.xlsx",
            partial(workbook, sheet1=sheet(b"<a>" * DEEP + b"</a>" * DEEP)),
            "",
        ),
        ("wide rows", WORKBOOK, "wide.xlsx", partial(workbook, sheet1=sheet(WIDE)), "STAGEFUNNEL_MAX_CELLS"),
    ]
    for name, ways, file, content, about in kinds:
        for way in ways:
            yield f"bomb, {name}: {way.__name__}", partial(refused, way, file, content, about)
    for way in WORKBOOK:
        yield f"bomb, a cell in the last row: {way.__name__}", partial(far_cell_is_read, way)


def pipeline_file(text: bytes, folder: Path) -> None:
    path = folder / "pipeline.toml"
    path.write_bytes(text)
    try:
        pipeline = sf.Settings.from_toml(path).pipeline
        sf.funnel(sf.StageLog({name: [value] for name, value in RECORD.items()}), pipeline, missing="ignore")
    except sf.StageFunnelError as error:
        assert "pipeline.toml" in str(error)
        raise
    raise AssertionError("it is not refused")


TOMLS = {
    "deep lists": b"a = " + b"[" * DEEP + b"]" * DEEP,
    "deep tables": b"a = " + b"{a=" * 20_000 + b"1" + b"}" * 20_000,
    "a deep key": b".".join([b"a"] * DEEP) + b" = 1",
    "a long number": b"a = " + b"9" * 5_000,
    "a large file": b"# " + b"x" * (17 << 20),
    "numbers and text": b'[pipeline]\nstages = ["New", 1]\nwon = "Won"',
    "a list of a list": b'[pipeline]\nstages = [["New"]]\nwon = "Won"',
    "a date": b'[pipeline]\nstages = [2026-01-01]\nwon = "Won"',
    "dates": b"[pipeline]\nstages = [2026-01-01]\nwon = 2026-01-02",
    "fractions": b"[pipeline]\nstages = [1.5]\nwon = 2.5",
    "truth": b"[pipeline]\nstages = [true]\nwon = false",
    "not UTF-8": b'[pipeline]\nstages = ["\xff"]\nwon = "Won"',
    "a table for a stage": b'[pipeline]\nstages = [{a = 1}]\nwon = "Won"',
    "an odd limit": b'[pipeline]\nstages = ["New"]\nwon = "Won"\nlimits = {New = "1e99d"}',
    "half a table": b"[pipeline",
    "packed": gzip.compress(TOML.encode()),
}


def _valid(kind: str, path: Path) -> None:
    n = 300
    table = pa.table(
        {
            "item": [f"D-{row // 3}" for row in range(n)],
            "stage": [("New", "Offer", "Won")[row % 3] for row in range(n)],
            "time": [f"2026-01-{1 + row % 28:02}" for row in range(n)],
        }
    )
    if kind == "parquet":
        pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for row in [table.column_names, *zip(*table.to_pydict().values(), strict=True)]:
            book.active.append(list(row))
        book.save(path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in table.to_pylist()))
    else:
        rows = [table.column_names, *zip(*table.to_pydict().values(), strict=True)]
        data = "\n".join(map(",".join, rows)).encode()
        path.write_bytes(gzip.compress(data) if kind == "csv.gz" else data)


def damaged(way: Case, kind: str, seed: int, folder: Path) -> None:
    """Cut a valid file, or change some of its bytes: it is refused, or read as far as it is still a table."""
    path = folder / f"log.{kind}"
    _valid(kind, path)
    data, luck = bytearray(path.read_bytes()), random.Random(seed)
    if seed % 3 == 0:
        del data[luck.randrange(len(data)) :]
    else:
        for _ in range(luck.randint(1, 8)):
            data[luck.randrange(len(data))] = luck.randrange(256)
    path.write_bytes(data)
    way(path)


def a_changed_page_is_refused(way: Case, folder: Path) -> None:
    """Change a value in a page, which only its checksum shows."""
    path = folder / "log.parquet"
    _valid("parquet", path)
    data = path.read_bytes()
    assert data.count(b"D-42") > 0
    path.write_bytes(data.replace(b"D-42", b"D-43", 1))
    refused(way, path.name, path.read_bytes(), "", folder)


def odd_file(way: Case, kind: str, folder: Path) -> None:
    """Read what is no regular file, or of no known kind."""
    path = folder / "log.csv"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a link to itself":
        path.symlink_to(path)
    elif kind == "without rights":
        path.write_bytes(HEADER)
        path.chmod(0)
    elif kind == "nothing":
        path.write_bytes(b"")
    elif kind == "noise":
        path.write_bytes(random.Random(1).randbytes(50_000))
    elif kind == "a program":
        path.write_bytes(Path(sys.executable).read_bytes()[:100_000])
    try:
        way(path)
    except (FileNotFoundError, OSError) as error:  # what Python itself says of such a path
        assert "log.csv" in str(error)


ODD_FILES = (
    "a folder",
    "a link to itself",
    "without rights",
    "nothing",
    "noise",
    "a program",
    "not there",
)


def cases() -> Iterator[tuple[str, Case]]:
    yield from bombs()
    for name, text in TOMLS.items():
        yield f"pipeline file: {name}", partial(pipeline_file, text)
    for kind, ways in {
        "csv": TEXT,
        "csv.gz": TEXT,
        "jsonl": JSON,
        "parquet": PARQUET,
        "xlsx": WORKBOOK,
    }.items():
        for seed in range(6):
            way = ways[seed % len(ways)]
            yield f"damaged {kind} {seed}: {way.__name__}", partial(damaged, way, kind, seed)
    for way in PARQUET:
        yield f"a changed page: {way.__name__}", partial(a_changed_page_is_refused, way)
    for kind in ODD_FILES:
        for way in TEXT:
            yield f"a file that is {kind}: {way.__name__}", partial(odd_file, way, kind)
