"""JSON lines by columns: the same text as record by record, or the columns are not taken."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from stagefunnel.readers.sources import json_lines, opening
from stagefunnel.readers.sources.json_lines import arrow_lines
from support.examples import examples

pytest.importorskip("pyarrow")

TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "\u00a0\u2003", "2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05", "NaN", "007"]
    ),
    st.text(max_size=4),
)
NUMBERS = st.one_of(st.integers(-5, 5), st.sampled_from([2**53, 2**63, 10**22, -0.0, 77.0, 1e300, 0.1]))
ONE_KIND: tuple[st.SearchStrategy[Any], ...] = (
    TEXTS,
    NUMBERS,
    st.booleans(),
    st.none(),
    st.one_of(TEXTS, st.none()),
    st.one_of(NUMBERS, st.none()),
)
MIXED = st.one_of(*ONE_KIND, st.just({"a": 1}), st.just([1]), st.just(float("nan")))
NAMES = ("id", "stage", "data", "a b", "", "é")


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw records whose keys mostly have values of one type each, and may be missing."""
    kinds = {name: draw(st.sampled_from([*ONE_KIND, *ONE_KIND, MIXED])) for name in NAMES}
    shapes = st.lists(st.sampled_from(NAMES), unique=True, max_size=4)
    return [{name: draw(kinds[name]) for name in draw(shapes)} for _ in range(draw(st.integers(1, 6)))]


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    """Write records as JSON lines."""
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode("utf-8", "surrogatepass")


def by_records(data: bytes) -> pd.DataFrame:
    """Read lines record by record."""
    (source,) = opening._text_file("a.jsonl", data.decode(), "utf-8", opening.RowsRead([]), False)
    return source.frame


@examples(ci=120, night=3_000)
@given(rows=records(), most_bytes=st.sampled_from([200, 1 << 20]))
def test_columns_are_those_of_the_records(rows: list[dict[str, Any]], most_bytes: int) -> None:
    data = as_lines(rows)
    lines = arrow_lines(data, most_bytes=most_bytes)
    if lines is None:
        return
    expected = by_records(data)
    assert list(lines.frame) == list(expected)
    assert lines.frame.to_dict("list") == expected.to_dict("list")


@pytest.mark.parametrize(
    "line",
    [
        *('{"id": 1, "id": 2}', '{"id": 12345678901234567890}', '{"id": 9007199254740993.0}'),
        *('{"id": NaN}', '{"id": Inf}', '{"id": -Infinity}', '{"id": {"a": Inf}}', '{"id": "x"}', "5", "[1]"),
        *('{"id": 1} {"id": 2}', '{"id": 01}', '{"id": "\\ud800"}', '{"id": [1]}', '{"id": {"a": 1}}'),
        *('{"result": 1}', '{"error": "x", "error_description": "y"}', '{"id":\n1}', "", "{", '{"id": 1,}'),
        *(
            '{"id": ' + "[" * 300 + "]" * 300 + "}",
            '{"event": "x", "properties": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
        ),
    ],
)
def test_what_may_be_read_otherwise_is_left_to_the_other_parser(line: str) -> None:
    before = "\n".join(f'{{"id": {number}, "event": "a"}}' for number in range(9))
    assert arrow_lines(f"{before}\n{line}\n{before}".encode()) is None


def test_many_keys_are_left_to_the_other_parser() -> None:
    rows = [{f"k{number}": number for number in range(n_keys)} for n_keys in (2_001, 3)]
    assert arrow_lines(as_lines(rows)) is None
    assert arrow_lines(as_lines(rows[1:])) is not None


def test_plain_lines_are_taken() -> None:
    rows = [
        {"id": 1, "at": "2026-01-02", "when": "2026-01-02T03:04:05Z", "x": 77.0, "yes": True},
        {"id": 2, "at": "2026-01-03", "when": None, "x": 0.5, "late": "2026-02-01"},
    ]
    lines = arrow_lines(as_lines(rows).replace(b"\n", b"\r\n") + b"\r\n")
    assert lines is not None
    assert lines.frame.to_dict("list") == {
        "id": ["1", "2"],
        "at": ["2026-01-02", "2026-01-03"],
        "when": ["2026-01-02T03:04:05Z", None],
        "x": ["77", "0.5"],
        "yes": ["true", None],
        "late": [None, "2026-02-01"],
    }


def events(n_rows: int) -> list[dict[str, Any]]:
    """Make events with their time and person among their properties, some of which differ in type."""
    return [
        {
            "event": ("page_view", "search", "purchase")[number % 3],
            "properties": {
                "time": 1_700_000_000 + number,
                "distinct_id": f"u{number % 7}",
                "$insert_id": f"i{number // 2}",
                "amount": number / 4,
            },
        }
        for number in range(n_rows)
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_events_are_the_same_by_columns_and_by_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    path = tmp_path / ("events.jsonl.gz" if packed else "events.jsonl")
    data = as_lines(events(60))
    path.write_bytes(gzip.compress(data) if packed else data)
    by_record = sf.read(path)
    monkeypatch.setattr(opening, "FEWEST_BYTES", 0)
    monkeypatch.setattr(opening, "_text_file", None)  # is not called
    by_column = sf.read(path)
    assert by_column.log.n_rows == 60
    pd.testing.assert_frame_equal(by_column.log.stages, by_record.log.stages)
    pd.testing.assert_frame_equal(by_column.items, by_record.items)
    pd.testing.assert_frame_equal(by_column.quality, by_record.quality)


def test_objects_are_read_where_the_format_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "moves.jsonl"
    path.write_bytes(
        as_lines(
            [
                {"who": n % 3, "event": "ab"[n % 2], "on": f"2026-01-{n + 1:02}", "geo": {"x": n}}
                for n in range(9)
            ]
        )
    )
    options = {"item": "who", "stage": "event", "time": "on"}
    expected = sf.read(path, **options)
    monkeypatch.setattr(opening, "FEWEST_BYTES", 0)
    found = sf.read(path, **options)
    pd.testing.assert_frame_equal(found.items, expected.items)
    pd.testing.assert_frame_equal(found.log.stages, expected.log.stages)


def test_every_blank_of_python_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    signs = [chr(code) for code in range(0x3100) if code not in (0x0A, 0x0D)]
    lines = arrow_lines(as_lines([{"sign": sign} for sign in signs]))
    assert lines is not None
    assert lines.frame["sign"].isna().tolist() == [sign.isspace() for sign in signs]
    assert json_lines.FEWEST_BYTES > 0
