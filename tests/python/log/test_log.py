"""The same log through everything that holds columns gives the same tables."""

import enum
import uuid
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

import reference
import stagefunnel as sf
from helpers import SMALL, assert_same, frame_of

START = pd.Timestamp("2026-03-01T08:00").as_unit("us")
ROWS: list[reference.Row] = [
    (item, stage, START + pd.Timedelta(hours=hour))
    for item, path in [
        (3, "New Offer Won"),
        (-1, "Offer New Lost New"),
        (2**40, "Lost Won"),
        (7, "New Won Lost"),
    ]
    for hour, stage in enumerate(path.split())
]
FRAME = frame_of(sorted(ROWS, key=lambda row: (row[2], row[1]), reverse=True))
FRAME["time"] = FRAME["time"].dt.as_unit("us")


def tables(log: sf.StageLog, pipeline: sf.Pipeline = SMALL) -> dict[str, pd.DataFrame]:
    return {
        "classic": sf.funnel(log, pipeline),
        "conversions": sf.funnel(log, pipeline, kind="conversions"),
        "time_in_stage": sf.time_in_stage(log, pipeline),
        "transitions": sf.transitions(log, pipeline),
        "items": sf.item_table(log, pipeline),
    }


def assert_same_tables(log: sf.StageLog, *, keys: bool = True) -> None:
    """Compare all tables with those of the plain frame; without `keys`, all but the items' own keys."""
    expected = tables(sf.StageLog(FRAME))
    for name, table in tables(log).items():
        if name == "items":
            # Keys come back as what they were, a nullable integer as one.
            items, wanted = table.pop("item"), expected[name].pop("item")
            assert not keys or items.tolist() == wanted.tolist()
        assert_same(table, expected[name])


def arrow_backed(frame: pd.DataFrame) -> pd.DataFrame:
    types = {"item": pa.int64(), "stage": pa.string(), "time": pa.timestamp("us")}
    return frame.astype({name: pd.ArrowDtype(kind) for name, kind in types.items()})


def table_of(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def chunked(frame: pd.DataFrame) -> pa.Table:
    """Build a table in three chunks whose dictionaries differ in their entries and their order."""
    parts = [table_of(frame.iloc[at : at + 4]) for at in range(0, len(frame), 4)]
    stages = [part.column("stage").combine_chunks().dictionary_encode() for part in parts]
    assert len({tuple(stage.dictionary.to_pylist()) for stage in stages}) > 1
    columns = [pa.chunked_array([part.column(name).chunk(0) for part in parts]) for name in ("item", "time")]
    return pa.table({"item": columns[0], "stage": pa.chunked_array(stages), "time": columns[1]})


def cast(frame: pd.DataFrame, stage: pa.DataType) -> pa.Table:
    table = table_of(frame)
    return table.set_column(1, "stage", table.column("stage").cast(stage))


def sliced(frame: pd.DataFrame) -> pa.Table:
    padded = pd.concat([frame.head(3), frame, frame.tail(2)], ignore_index=True)
    return table_of(padded).slice(3, len(frame))


def sliced_batch(frame: pd.DataFrame) -> pa.RecordBatch:
    padded = pd.concat([frame.tail(9), frame], ignore_index=True)
    return table_of(padded).combine_chunks().to_batches()[0].slice(9)


def relation(frame: pd.DataFrame, stage: str = "stage") -> Any:
    connection = duckdb.connect()
    connection.execute("create type step as enum ('Won', 'Lost', 'Offer', 'New')")
    connection.register("log_rows", frame.assign(stage=frame["stage"].astype(object)))
    return connection.sql(f"select item, {stage} as stage, time from log_rows")


SOURCES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas, text as objects": lambda frame: frame.astype({"stage": object}),
    "pandas, text as str": lambda frame: frame.astype({"stage": "str"}),
    "pandas, Python strings": lambda frame: frame.astype({"stage": "string[python]"}),
    "pandas, Arrow strings": lambda frame: frame.astype({"stage": "string[pyarrow]"}),
    "pandas, Arrow-backed": arrow_backed,
    "pandas, Arrow dictionary": lambda frame: frame.astype(
        {"stage": pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))}
    ),
    "pandas, nullable": lambda frame: frame.astype({"item": "Int64", "stage": "string"}),
    "pandas, categories": lambda frame: frame.astype(
        {"stage": pd.CategoricalDtype(["Spam", "Won", "New", "Lost", "Offer", "Archive"])}
    ),
    "pandas, items as categories": lambda frame: frame.astype({"item": "category"}),
    "pandas, another index": lambda frame: frame.set_index(np.arange(len(frame))[::-1]),
    "pandas, every second row": lambda frame: frame.loc[frame.index.repeat(2)].iloc[::2],
    "polars": pl.from_pandas,
    "polars, Categorical": lambda frame: pl.from_pandas(frame).with_columns(
        pl.col("stage").cast(pl.Categorical)
    ),
    "polars, Enum": lambda frame: pl.from_pandas(frame).with_columns(
        pl.col("stage").cast(pl.Enum(["Lost", "Spam", "Offer", "New", "Won"]))
    ),
    "Arrow table": table_of,
    "Arrow record batch": lambda frame: pa.RecordBatch.from_pandas(frame, preserve_index=False),
    "Arrow reader": lambda frame: table_of(frame).to_reader(max_chunksize=5),
    "Arrow, large_string": lambda frame: cast(frame, pa.large_string()),
    "Arrow, string_view": lambda frame: cast(frame, pa.string_view()),
    "Arrow, dictionary": lambda frame: cast(frame, pa.dictionary(pa.uint8(), pa.string())),
    "Arrow, chunks with dictionaries of their own": chunked,
    "Arrow, sliced table": sliced,
    "Arrow, sliced batch": sliced_batch,
    "DuckDB": relation,
    "DuckDB, ENUM": lambda frame: relation(frame, "stage::step"),
    "dict of arrays": lambda frame: {name: frame[name].to_numpy() for name in frame},
    "dict of lists": lambda frame: {name: frame[name].tolist() for name in frame},
    "dict of Series": lambda frame: {name: frame[name] for name in frame},
    "dict of polars Series": lambda frame: dict(pl.from_pandas(frame).to_dict()),
    "dict of Arrow arrays": lambda frame: {
        name: table_of(frame).column(name).combine_chunks() for name in frame
    },
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_every_source_of_the_same_rows_gives_the_same_tables(source: Callable[[pd.DataFrame], Any]) -> None:
    assert_same_tables(sf.StageLog(source(FRAME)))


def test_the_log_that_all_are_compared_with_is_that_of_the_reference() -> None:
    rows = [tuple(row) for row in FRAME.itertuples(index=False)]
    found = tables(sf.StageLog(FRAME))
    assert_same(found["classic"], reference.funnel(rows, SMALL))
    assert_same(found["time_in_stage"], reference.time_in_stage(rows, SMALL))
    assert_same(found["transitions"], reference.transitions(rows, SMALL))
    assert_same(found["items"], reference.item_table(rows, SMALL))


def test_columns_by_themselves_need_no_frame() -> None:
    columns = {name: FRAME[name].to_numpy() for name in FRAME}
    assert_same_tables(sf.StageLog(**columns))
    mixed = sf.StageLog(
        item=FRAME["item"].tolist(),
        stage=pl.Series(FRAME["stage"].tolist()),
        time=pd.DatetimeIndex(FRAME["time"]),
    )
    assert_same_tables(mixed)


def test_columns_are_found_by_the_names_given() -> None:
    renamed = FRAME.rename(columns={"item": "deal", "stage": "Phase", "time": "entered at"}).assign(item=0)
    log = sf.StageLog(renamed, item="deal", stage="Phase", time="entered at")
    assert_same_tables(log)


BIG = 2**63
ITEMS: dict[str, Any] = {
    "int8": np.array([3, -1, 7, 9], dtype=np.int8),
    "int32": np.array([3, -1, 2**20, 7], dtype=np.int32),
    "uint16": np.array([3, 1, 2**15, 7], dtype=np.uint16),
    "uint64": np.array([3, BIG, BIG + 1, 2**64 - 1], dtype=np.uint64),
    "big-endian": np.array([3, -1, 2**40, 7], dtype=">i8"),
    "whole floats": np.array([3.0, -1.0, 2.0**52, 7.0]),
    "text": np.array(["3", "03", "NA", "a"], dtype=object),
    "NumPy text": np.array(["3", "03", "NA", "a"]),
    "long text": np.array([text * 20 for text in ["3", "03", "NA", "a"]], dtype=object),
    "bytes": np.array([b"3", b"\x00\xff", b"", b"\x00"], dtype=object),
    "UUIDs": np.array([uuid.UUID(int=number) for number in (3, 1, 2**127, 7)], dtype=object),
    "fixed-size binary": pd.array(
        [b"0123456789abcdef"[at:] + b"#" * at for at in range(4)], dtype=pd.ArrowDtype(pa.binary(16))
    ),
    "Arrow uint64": pd.array([3, BIG, BIG + 1, 2**64 - 1], dtype=pd.ArrowDtype(pa.uint64())),
    "nullable UInt64": pd.array([3, BIG, BIG + 1, 2**64 - 1], dtype="UInt64"),
}


@pytest.mark.parametrize("keys", ITEMS.values(), ids=list(ITEMS))
def test_items_of_every_type_keep_their_keys(keys: Any) -> None:
    numbers = list(dict.fromkeys(FRAME["item"]))
    columns = {name: FRAME[name] for name in FRAME}
    log = sf.StageLog({**columns, "item": keys[[numbers.index(item) for item in FRAME["item"]]]})
    assert_same_tables(log, keys=False)
    found = sf.item_table(log, SMALL)["item"].tolist()
    assert found == list(keys)
    for item in found:
        assert sf.explain(log, SMALL, item=item, kind="classic")["passed"].any(), item


def test_uuids_of_a_database_are_keys() -> None:
    names = {item: uuid.UUID(int=number) for number, item in enumerate(dict.fromkeys(FRAME["item"]), start=5)}
    connection = duckdb.connect()
    connection.register("log_rows", FRAME.assign(item=FRAME["item"].map(lambda item: str(names[item]))))
    log = sf.StageLog(connection.sql("select item::uuid as item, stage, time from log_rows"))
    assert_same_tables(log, keys=False)
    assert [uuid.UUID(str(key)) for key in sf.item_table(log, SMALL)["item"]] == list(names.values())


class Step(enum.Enum):
    NEW = "New"
    OFFER = 2
    WON = ("won", 3)
    LOST = None


class Word(enum.StrEnum):
    NEW = "New"
    OFFER = "Offer"
    WON = "Won"
    LOST = "Lost"


LABELS: dict[str, list[Any]] = {
    "integers": [10, -2, 0, 2**40],
    "members of an enum": list(Step),
    "members of an enum of texts": list(Word),
    "texts that look like other things": ["NA", "nan", "None", "1"],
    "other scripts": ["جديد", "עסקה", "Prépaiement", "勝ち"],
    "an empty text and spaces": ["", " ", "  ", "a "],
}


@pytest.mark.parametrize("as_category", [False, True], ids=["plain", "category"])
@pytest.mark.parametrize("labels", LABELS.values(), ids=list(LABELS))
def test_stages_of_every_type_are_the_labels_of_the_tables(labels: list[Any], as_category: bool) -> None:
    of_name = dict(zip(SMALL.labels, labels, strict=True))
    stage = pd.Series([of_name[name] for name in FRAME["stage"]])
    if as_category:
        stage = stage.astype(pd.CategoricalDtype(pd.Index(labels[::-1])))
    pipeline = sf.Pipeline(labels[:2], won=labels[2:3], lost=labels[3:])
    expected = tables(sf.StageLog(FRAME))
    for name, table in tables(sf.StageLog(FRAME.assign(stage=stage)), pipeline).items():
        renamed = expected[name].copy()
        for column in renamed.select_dtypes("category"):
            if column != "outcome":
                renamed[column] = renamed[column].cat.rename_categories(labels)
        assert_frame_equal(table, renamed, check_exact=True)


def test_an_unused_category_is_no_stage_of_the_log() -> None:
    stage = FRAME["stage"].astype(pd.CategoricalDtype(["Spam", *SMALL.labels]))
    log = sf.StageLog(FRAME.assign(stage=stage))
    assert set(log.stages["stage"]) == set(SMALL.labels)
    assert sf.funnel(log, SMALL)["base"].iloc[0] == 4
