"""The order of categories, whatever holds them: a table or an array of pandas, Arrow, polars or DuckDB."""

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline("New", won="Won")
ROWS: dict[str, Any] = {"item": [1, 2, 3, 4], "stage": ["New"] * 4, "time": [0] * 4}
SIZES = ["large", "small", "medium", None]
ORDER = ["small", "medium", "large"]
BY_VALUE = ["large", "medium", "small"]


def dictionary() -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array([2, 0, 1, None]), pa.array(ORDER))


def enum() -> pl.Series:
    return pl.Series(SIZES, dtype=pl.Enum(ORDER))


def categorical() -> pl.Series:
    return pl.Series(SIZES, dtype=pl.Categorical)


def of_duckdb() -> Any:
    connection = duckdb.connect()
    connection.execute("create type size as enum ('small', 'medium', 'large')")
    return connection.from_arrow(pa.table(ROWS | {"size": SIZES})).project(
        "item, stage, time, size::size as size"
    )


FORMS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "pandas frame": (lambda: pd.DataFrame(ROWS).assign(size=pd.Categorical(SIZES, ORDER)), ORDER),
    "pandas array": (lambda: ROWS | {"size": pd.Categorical(SIZES, ORDER)}, ORDER),
    "pandas dictionary": (
        lambda: pd.DataFrame(ROWS).assign(
            size=pd.Series(dictionary(), dtype=pd.ArrowDtype(dictionary().type))
        ),
        ORDER,
    ),
    "arrow table": (lambda: pa.table(ROWS | {"size": dictionary()}), ORDER),
    "arrow array": (lambda: ROWS | {"size": dictionary()}, ORDER),
    "arrow chunks": (
        lambda: ROWS | {"size": pa.chunked_array([dictionary().slice(0, 2), dictionary().slice(2)])},
        ORDER,
    ),
    "polars enum in a frame": (lambda: pl.DataFrame(ROWS | {"size": enum()}), ORDER),
    "polars enum": (lambda: ROWS | {"size": enum()}, ORDER),
    "polars enum as arrow": (lambda: pl.DataFrame(ROWS | {"size": enum()}).to_arrow(), ORDER),
    "duckdb enum": (of_duckdb, ORDER),
    "polars categorical in a frame": (lambda: pl.DataFrame(ROWS | {"size": categorical()}), BY_VALUE),
    "polars categorical": (lambda: ROWS | {"size": categorical()}, BY_VALUE),
    "polars categorical as arrow": (
        lambda: pl.DataFrame(ROWS | {"size": categorical()}).to_arrow(),
        BY_VALUE,
    ),
    "text": (lambda: ROWS | {"size": SIZES}, BY_VALUE),
}


@pytest.mark.parametrize("form", FORMS)
def test_groups_of_a_column_of_the_log_are_in_the_order_of_its_categories(form: str) -> None:
    make, expected = FORMS[form]
    table = sf.outcomes(sf.StageLog(make(), columns="size"), PIPELINE, by="size")
    assert table["size"].astype(object).fillna("-").tolist() == [*expected, "-"]


@pytest.mark.parametrize("form", FORMS)
def test_groups_of_a_column_of_the_items_table_are_in_the_order_of_its_categories(form: str) -> None:
    make, expected = FORMS[form]
    table = sf.outcomes(sf.StageLog(ROWS, items=make()), PIPELINE, by="size")
    assert table["size"].astype(object).fillna("-").tolist() == [*expected, "-"]


def test_arrays_without_a_frame_keep_the_order_too() -> None:
    log = sf.StageLog(None, **ROWS, columns={"size": dictionary(), "again": categorical()})
    assert sf.outcomes(log, PIPELINE, by="size")["size"].dropna().tolist() == ORDER
    assert sf.outcomes(log, PIPELINE, by="again")["again"].dropna().tolist() == BY_VALUE


def test_an_items_table_may_have_one_value_for_all_rows() -> None:
    items = {"item": pa.array([1, 2, 3, 4]), "size": dictionary(), "region": "north"}
    table = sf.outcomes(sf.StageLog(ROWS, items=items), PIPELINE, by=["region", "size"])
    assert table["size"].dropna().tolist() == ORDER
    assert set(table["region"]) == {"north"}
