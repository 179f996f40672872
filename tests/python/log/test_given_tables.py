"""What a log and its items may be made of, and what is refused with what reads it."""

import collections
import datetime
import decimal
import pathlib
import sqlite3
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stagefunnel as sf
from helpers import SMALL

DAY = datetime.datetime(2026, 1, 1)
RECORDS = [
    {"item": 1, "stage": "New", "time": DAY},
    {"item": 1, "stage": "Won", "time": DAY + datetime.timedelta(days=4)},
    {"item": 2, "stage": "New", "time": DAY},
]
FRAME = pl.DataFrame(RECORDS)
Row = collections.namedtuple("Row", ["item", "stage", "time"])


class Stream:
    """A table that has an Arrow stream and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


def rows_of_sqlite() -> list[sqlite3.Row]:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    query = "SELECT 1 AS item, 'New' AS stage, '2026-01-01' AS time UNION ALL "
    query += "SELECT 1, 'Won', '2026-01-05' UNION ALL SELECT 2, 'New', '2026-01-01'"
    return connection.execute(query).fetchall()


TABLES = {
    "lazy frame": FRAME.lazy(),
    "records": RECORDS,
    "tuple of records": tuple(RECORDS),
    "named tuples": [Row(**record) for record in RECORDS],
    "rows of sqlite": rows_of_sqlite(),
    "array with fields": FRAME.to_pandas().to_records(index=False),
    "stream alone": Stream(FRAME.to_arrow()),
    "reader": FRAME.to_arrow().to_reader(),
    "batch": FRAME.to_arrow().to_batches()[0],
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_of_any_kind_makes_the_same_log(table: Any) -> None:
    log = sf.StageLog(table)
    assert sf.funnel(log, SMALL)["reached"].tolist() == [2, 0, 1, 0]
    assert sf.item_table(log, SMALL)["item"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("stage", pl.Categorical),
        ("stage", pl.Enum(["Won", "New"])),
        ("time", pl.Date),
        ("time", pl.Datetime("ms", "Europe/Berlin")),
        ("time", pl.Datetime("ns")),
        ("item", pl.Decimal(18, 0)),
        ("item", pl.Decimal(18, 2)),
        ("item", pl.UInt64),
        ("item", pl.String),
    ],
)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_type_of_polars_is_read(column: str, dtype: Any, is_lazy: bool) -> None:
    frame = FRAME.with_columns(pl.col(column).cast(dtype))
    log = sf.StageLog(frame.lazy() if is_lazy else frame)
    assert sf.funnel(log, SMALL)["reached"].tolist() == [2, 0, 1, 0]
    assert log.zone == ("Europe/Berlin" if getattr(dtype, "time_zone", None) else None)


def test_a_lazy_frame_is_collected_once_by_the_columns_that_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[list[str]] = []
    collect = pl.LazyFrame.collect

    def look(frame: pl.LazyFrame, **options: Any) -> Any:
        collected = collect(frame, **options)
        seen.append(sorted(collected.columns))
        return collected

    monkeypatch.setattr(pl.LazyFrame, "collect", look)
    wide = FRAME.with_columns(owner=pl.lit("Ann"), unknown=pl.lit(False), other=pl.lit("x"))
    log = sf.StageLog(wide.lazy(), columns="owner", start_unknown="unknown")
    assert seen == [["item", "owner", "stage", "time", "unknown"]]
    assert sf.funnel(log, SMALL, by="owner")["owner"].unique().tolist() == ["Ann"]


@pytest.mark.parametrize(
    "table", [FRAME.lazy(), RECORDS, Stream(FRAME.to_arrow())], ids=lambda table: type(table).__name__
)
def test_a_column_that_is_not_there_is_named(table: Any) -> None:
    with pytest.raises(sf.SchemaError, match="no column 'itm'"):
        sf.StageLog(table, item="itm")


def test_the_columns_of_records_are_suggested() -> None:
    with pytest.raises(
        sf.SchemaError, match="the records have: 'item', 'stage', 'time'; did you mean 'item'"
    ):
        sf.StageLog(RECORDS, item="itm")


def test_a_record_without_a_key_misses_the_value() -> None:
    records = [*RECORDS, {"item": 3, "stage": "New"}]
    with pytest.raises(sf.InvalidRowError, match="missing time in row 3"):
        sf.StageLog(records)
    log = sf.StageLog(records, invalid="drop")
    assert log.n_rows == 3
    assert log.quality().set_index("check")["count"]["missing_time"] == 1


def test_keys_of_records_stay_exact_beside_a_missing_one() -> None:
    records = [{"item": 2**53 + 1, "stage": "New", "time": 0}, {"item": None, "stage": "New", "time": 0}]
    log = sf.StageLog(records, invalid="drop")
    assert sf.item_table(log, SMALL)["item"].tolist() == [2**53 + 1]


def test_no_records_are_an_empty_log() -> None:
    assert sf.StageLog([], empty="allow").n_rows == 0
    with pytest.raises(sf.SchemaError, match="the log has no rows"):
        sf.StageLog([])


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("deals.csv", r"StageLog.from_csv\('deals.csv'\) reads the file"),
        ("DEALS.CSV.gz", r"StageLog.from_csv\('DEALS.CSV.gz'\) reads"),
        (pathlib.Path("log.parquet"), r"StageLog.from_parquet\('log.parquet'\) reads"),
        ("export.xlsx", r"read\('export.xlsx'\) reads a CRM's export"),
        ("export", r"read\('export'\) reads a CRM's export"),
    ],
)
def test_a_path_is_refused_with_what_reads_it(path: Any, call: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"is a path, not a table; {call}"):
        sf.StageLog(path)
    with pytest.raises(sf.SchemaError, match="is a path, not a table"):
        sf.StageLog.from_batches(path)


@pytest.mark.parametrize(
    ("table", "advice"),
    [
        (
            [FRAME, FRAME],
            "row 0 of the list is a DataFrame, not a record; StageLog.from_batches",
        ),
        (["a.csv"], "row 0 of the list is a str, not a record; 'a.csv' is a path"),
        ([(1, "New", 0)], "row 0 of the list is a tuple, not a record; a list of rows holds a dict for each"),
        ([RECORDS[0], None], "row 1 of the list is a NoneType"),
        (iter(RECORDS), "an iterator is not a table; make a list of its records"),
        (FRAME["item"], "one column is not a table"),
        (pd.Series([1]), "one column is not a table"),
        (3, "cannot read columns from int: pass a pandas, polars or Arrow table"),
    ],
)
def test_what_is_not_a_table_is_refused_with_what_to_do(table: Any, advice: str) -> None:
    with pytest.raises(sf.SchemaError, match=advice):
        sf.StageLog(table)


@pytest.mark.parametrize("key", ["1.5", "12345678901234567890"])
def test_a_decimal_that_is_not_a_whole_key_is_refused(key: str) -> None:
    keys = [decimal.Decimal(key), decimal.Decimal(1), decimal.Decimal(2)]
    records = [{**record, "item": value} for record, value in zip(RECORDS, keys, strict=True)]
    for table in (records, pl.DataFrame(records), pa.Table.from_pylist(records)):
        with pytest.raises(sf.SchemaError, match="'item' holds decimals that are not whole 64-bit integers"):
            sf.StageLog(table)


@pytest.mark.parametrize("kind", ["DECIMAL(18, 0)", "HUGEINT"])
def test_whole_decimals_of_a_database_are_keys(kind: str) -> None:
    query = f"SELECT 7::{kind} AS item, 'New' AS stage, TIMESTAMP '2026-01-01' AS time"
    assert sf.item_table(sf.StageLog(duckdb.sql(query)), SMALL)["item"].tolist() == [7]


@pytest.mark.parametrize("table", [FRAME, FRAME.lazy(), FRAME.to_arrow()], ids=["polars", "lazy", "arrow"])
def test_a_column_without_any_value_has_only_missing_ones(table: Any) -> None:
    if isinstance(table, pa.Table):
        table = table.append_column("left", pa.nulls(3))
        no_time = table.set_column(2, "time", pa.nulls(3))
    else:
        table = table.with_columns(left=pl.lit(None))
        no_time = table.with_columns(time=pl.lit(None))
    assert sf.time_in_stage(sf.StageLog(table, exited="left"), SMALL)["open"].tolist()[0] == 1
    with pytest.raises(sf.InvalidRowError, match="missing time in row 0"):
        sf.StageLog(no_time)


OWNERS = pl.DataFrame({"item": [2, 1], "owner": ["Bob", "Ann"], "worth": [decimal.Decimal("2.50"), None]})


@pytest.mark.parametrize(
    "items",
    [
        OWNERS.lazy(),
        OWNERS.to_dicts(),
        OWNERS.to_arrow().to_batches()[0],
        Stream(OWNERS.to_arrow()),
        OWNERS.to_dict(),
    ],
    ids=["lazy", "records", "batch", "stream", "mapping"],
)
def test_an_items_table_may_be_of_any_kind(items: Any) -> None:
    log = sf.StageLog(RECORDS, items=items)
    table = sf.funnel(log, SMALL, by="owner", amount="worth")
    won = table[table["stage"] == "New"].set_index("owner")
    assert won["reached"].to_dict() == {"Ann": 1, "Bob": 1}
    assert won["amount"].to_dict() == {"Ann": 0.0, "Bob": 2.5}


@pytest.mark.parametrize(
    ("items", "advice"),
    [
        ("items.csv", r"items=: 'items.csv' is a path, not a table; pandas.read_csv\('items.csv'\) reads"),
        (pd.Series([1]), "items=: cannot read columns from Series: one column is not a table"),
        ([OWNERS], "items=: row 0 of the list is a DataFrame"),
        (3, "items=: cannot read columns from int"),
    ],
)
def test_what_is_not_a_table_of_items_is_refused(items: Any, advice: str) -> None:
    with pytest.raises(sf.SchemaError, match=advice):
        sf.StageLog(RECORDS, items=items)


@pytest.mark.parametrize(
    "batches", [[FRAME.lazy()], [RECORDS], FRAME.iter_slices(1), FRAME.to_arrow().to_reader()]
)
def test_batches_may_be_of_any_kind(batches: Any) -> None:
    assert sf.funnel(sf.StageLog.from_batches(batches), SMALL)["reached"].tolist() == [2, 0, 1, 0]


@pytest.mark.parametrize(
    "batches", [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_pandas(), FRAME.to_dict()]
)
def test_one_table_is_not_batches(batches: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"not an iterable of tables; pass one table to StageLog\(\)"):
        sf.StageLog.from_batches(batches)


def test_records_are_not_batches() -> None:
    with pytest.raises(sf.SchemaError, match="a batch is a record, not a table; pass a list of all records"):
        sf.StageLog.from_batches(RECORDS)


@pytest.mark.parametrize("kind", ["lazy", "records", "stream"])
def test_links_of_a_chain_may_be_of_any_kind(kind: str) -> None:
    links = pl.DataFrame({"lead_id": [1, 2], "deal_id": [2, 1]})
    table = {"lazy": links.lazy(), "records": links.to_dicts(), "stream": Stream(links.to_arrow())}[kind]
    log = sf.StageLog(RECORDS)
    chain = sf.chain_funnel(log, log, links=table, lead_pipeline=SMALL, deal_pipeline=SMALL)
    assert set(chain.attrs["stagefunnel"]["unlinked"].values()) == {0}
    with pytest.raises(sf.SchemaError, match=r"links=: 'links.csv' is a path, not a table; pandas.read_csv"):
        sf.chain_funnel(log, log, links="links.csv", lead_pipeline=SMALL, deal_pipeline=SMALL)


def test_a_lazy_frame_is_an_export() -> None:
    lazy = FRAME.rename({"item": "deal_id", "time": "changed_at"}).lazy()
    assert sf.read(lazy).log.n_rows == 3
    assert np.array_equal(sf.read([lazy]).items["item"], ["1", "2"])
