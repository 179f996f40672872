"""Damaged exports: a file with any content is read, or refused with an error of this package."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from readers.exports import EXPORTS

FILES = sorted(path for path in EXPORTS.rglob("*") if path.suffix in (".csv", ".json", ".jsonl", ".xes"))
ANSWERS = {path: json.loads(path.read_text(encoding="utf-8")) for path in FILES if path.suffix == ".json"}
EXPORTS_OF = {
    path.parent: [answer for other, answer in ANSWERS.items() if other.parent == path.parent]
    for path in ANSWERS
}
STRANGE: list[Any] = [None, "", "x", "é", -1, 0.5, 10**30, True, [], {}, [1], {"a": None}, [[]], float("nan")]


def read(*given: Any) -> None:
    """Read an export and use it; only this package refuses it, not a library below."""
    with suppress(sf.StageFunnelError, FileNotFoundError):
        export = sf.read(list(given))
        assert export.log.n_rows > 0
        for pipeline in export.pipelines.values():
            sf.funnel(export.log, pipeline)
        assert export.items["item"].is_unique
        assert repr(export)


@st.composite
def damaged_bytes(draw: st.DrawFn) -> tuple[Path, bytes]:
    file = draw(st.sampled_from(FILES))
    content = file.read_bytes()
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    how = draw(st.sampled_from(["cut", "take out", "put in", "double"]))
    between = {
        "cut": b"",
        "take out": b"",
        "put in": draw(st.binary(max_size=20)),
        "double": content[start:end] * 2,
    }
    return file, content[:start] + between[how] + (b"" if how == "cut" else content[end:])


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """List the places in a JSON value where something can be replaced."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from leaves(inner)


@examples(ci=25, night=200)
@given(damaged_bytes())
def test_a_file_with_damaged_bytes_is_read_or_refused(damaged: tuple[Path, bytes]) -> None:
    original, content = damaged
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / original.name
        file.write_bytes(content)
        read(file)


@examples(ci=25, night=200)
@given(data=st.data())
def test_an_answer_with_strange_values_is_read_or_refused(data: st.DataObject) -> None:
    read(damaged(data, [data.draw(st.sampled_from(list(ANSWERS.values())))])[0])


@examples(ci=25, night=200)
@given(data=st.data())
def test_answers_of_one_export_with_strange_values_are_read_or_refused(data: st.DataObject) -> None:
    read(*damaged(data, data.draw(st.sampled_from(list(EXPORTS_OF.values())))))


def damaged(data: st.DataObject, answers: list[Any]) -> list[Any]:
    """Put strange values in some places of answers."""
    copies = deepcopy(answers)
    places = [place for answer in copies for place in leaves(answer)]
    for _ in range(data.draw(st.integers(1, 3))):
        home, key = data.draw(st.sampled_from(places))
        home[key] = deepcopy(data.draw(st.sampled_from(STRANGE)))
    return copies


@examples(ci=25, night=200)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"deal_id": st.sampled_from([1, 2, *STRANGE])},
            optional={
                name: st.sampled_from(["New", "Won", "2026-03-02", "02/03/2026", 1772435700, *STRANGE])
                for name in (
                    "stage",
                    "from",
                    "changed_at",
                    "entered",
                    "exited",
                    "pipeline",
                    "amount",
                    "created",
                    "id",
                )
            },
        ),
        min_size=1,
    )
)
def test_a_table_of_strange_values_is_read_or_refused(rows: list[dict[str, Any]]) -> None:
    read(rows)


def test_a_row_without_a_stage_is_refused_with_what_the_reader_accepts() -> None:
    rows = [
        {"item": 1, "stage": "New", "time": "2026-01-01"},
        {"item": 1, "stage": None, "time": "2026-01-02"},
    ]
    with pytest.raises(sf.ReaderError) as refused:
        sf.read(rows)
    assert str(refused.value) == (
        "the input, record 2: missing stage in row 1 of column 'stage' (1 of 2 rows); fill it in, or pass "
        'invalid="drop" to leave such rows out'
    )
    assert sf.read(rows, invalid="drop").log.n_rows == 1
