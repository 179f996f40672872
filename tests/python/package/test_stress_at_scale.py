"""Logs of many partitions and of giant items, against the same questions put to pandas."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

import stagefunnel as sf
from helpers import SHOP, assert_frame_equal
from layouts import FAMILIES, can_be_coded

Codes: TypeAlias = npt.NDArray[np.int64]
LABELS = np.array(SHOP.labels, dtype=object)
WON, LOST = SHOP.labels.index("Won"), SHOP.labels.index("Lost")


def in_journeys(item: Codes, stage: Codes, time: Codes, ranks: Codes | None) -> pd.DataFrame:
    """Return the visits, item after item by first row, in order of time, rank and input."""
    rows = pd.DataFrame({"item": pd.factorize(item)[0], "stage": stage, "time": time})
    rows["rank"] = np.zeros(len(rows), dtype=np.int64) if ranks is None else ranks
    rows = rows.sort_values(["item", "time", "rank"], kind="stable")
    before = rows.shift(1, fill_value=-1)
    visits = rows[(before["item"] != rows["item"]) | (before["stage"] != rows["stage"])]
    return visits.reset_index(drop=True)


def assert_counts_agree(log: sf.StageLog, visits: pd.DataFrame) -> None:
    before, after = (visits.shift(step, fill_value=-1) for step in (1, -1))
    opens = before["item"] != visits["item"]
    ends = after["item"] != visits["item"]
    reached = (
        visits.drop_duplicates(["item", "stage"])["stage"].value_counts().reindex(range(6), fill_value=0)
    )
    classic = sf.funnel(log, SHOP)
    assert classic["reached"].tolist() == reached.tolist()
    assert (classic["base"] == visits["item"].nunique()).all()

    last = visits[ends].set_index("item")
    outcomes = sf.outcomes(log, SHOP).iloc[0]
    assert outcomes["won"] == (last["stage"] == WON).sum()
    assert outcomes["lost"] == (last["stage"] == LOST).sum()

    # A success that no loss precedes directly implies every stage in progress.
    success = visits[(visits["stage"] == WON) & (opens | (before["stage"] < WON))]["item"].unique()
    of_success = visits["item"].isin(success)
    implied = {
        stage: len(success) - visits[of_success & (visits["stage"] == stage)]["item"].nunique()
        for stage in range(4)
    }
    conversions = sf.funnel(log, SHOP, kind="conversions", lost_then_won="include")
    assert conversions["assumed"].tolist() == [*implied.values(), 0, 0]

    items = sf.item_table(log, SHOP)
    assert items["first_time"].tolist() == visits[opens]["time"].tolist()
    assert items["last_stage"].cat.codes.tolist() == last["stage"].tolist()
    assert items["visits"].tolist() == visits.groupby("item").size().tolist()


def assert_times_agree(log: sf.StageLog, visits: pd.DataFrame) -> None:
    # Filled, since beside a missing value pandas would turn the times into floats.
    after = visits.shift(-1, fill_value=-1)
    completed = visits[after["item"] == visits["item"]]
    length = (after["time"] - visits["time"])[completed.index]
    table = sf.time_in_stage(log, SHOP, quantiles=[0, 1])
    by_stage = length.groupby(completed["stage"])
    assert table["completed"].tolist() == by_stage.size().reindex(range(6), fill_value=0).tolist()
    for column, found in {
        "mean": by_stage.mean(),
        "median": by_stage.median(),
        "q0": by_stage.min(),
        "q100": by_stage.max(),
    }.items():
        np.testing.assert_allclose(table[column], found.reindex(range(6)), rtol=1e-12)


def assert_agrees(
    columns: dict[str, Any],
    item: Codes,
    stage: Codes,
    time: Codes,
    ranks: Codes | None = None,
    **options: Any,
) -> sf.StageLog:
    logs = [sf.StageLog(columns, threads=threads, **options) for threads in (1, 2, 7)]
    visits = in_journeys(item, stage, time, ranks)
    assert_counts_agree(logs[0], visits)
    assert_times_agree(logs[0], visits)
    for log in logs[1:]:
        assert_frame_equal(sf.item_table(log, SHOP), sf.item_table(logs[0], SHOP), check_exact=True)
        assert_frame_equal(sf.time_in_stage(log, SHOP), sf.time_in_stage(logs[0], SHOP), check_exact=True)
        for kind in ("both", "furthest", "strict"):
            assert_frame_equal(sf.funnel(log, SHOP, kind=kind), sf.funnel(logs[0], SHOP, kind=kind))
    return logs[0]


def random_columns(item: Codes, n_times: int, seed: int = 20_261_124) -> tuple[Codes, Codes]:
    rng = np.random.default_rng(seed)
    return rng.integers(6, size=len(item)), rng.integers(-n_times, n_times, size=len(item))


def cut(array: pa.Array, *, coded: bool = False) -> pa.ChunkedArray:
    """Cut an array unevenly; the last chunk is short, and each may have its own dictionary."""
    cuts = [0, 1, 8_191, 8_192, 70_001, len(array) - 3, len(array)]
    chunks = [array[start:end] for start, end in pairwise(cuts)]
    return pa.chunked_array([chunk.dictionary_encode() for chunk in chunks] if coded else chunks)


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "dictionaries"])
@pytest.mark.parametrize("family", FAMILIES)
def test_120000_rows_with_keys_of_any_type_are_grouped_as_pandas_groups_them(
    family: str, coded: bool
) -> None:
    keys = FAMILIES[family]
    # Keys that differ only in length are long where there are many.
    n_items = 300 if family == "only different in length" else 30_000
    item = np.random.default_rng(len(family)).integers(n_items, size=120_000)
    stage, time = random_columns(item, 50)
    key_type = keys.types[0]
    values = pa.array([keys.key_of(number) for number in range(n_items)], key_type).take(pa.array(item))
    columns = {
        "item": cut(values, coded=coded and can_be_coded(key_type)),
        "stage": cut(pa.array(LABELS[stage]), coded=not coded),
        "time": cut(pa.array(time)),
    }
    log = assert_agrees(columns, item, stage, time)
    first = [keys.key_of(number) for number in pd.unique(item).tolist()]
    assert sf.item_table(log, SHOP)["item"].tolist() == first


@pytest.mark.parametrize("odd", ["", "cust", "customer-", "customer-12345678901234567890", "Customer-00001"])
@pytest.mark.parametrize("at", [0, 9_000, 19_999])
def test_one_key_unlike_all_others_is_told_apart_in_whichever_chunk_it_stands(odd: str, at: int) -> None:
    item = np.random.default_rng(at).integers(1, 3_000, size=20_000)
    # The first chunk holds one key alone: the prefix ends only in the next.
    item[:8_192] = 7
    item[at] = 0
    stage, time = random_columns(item, 50)
    keys = np.array([odd, *(f"customer-{number:05}" for number in range(1, 3_000))], dtype=object)[item]
    chunks = [pa.array(keys[start:end]) for start, end in [(0, 8_192), (8_192, 19_999), (19_999, 20_000)]]
    columns = {"item": pa.chunked_array(chunks), "stage": stage_column(stage), "time": time}
    log = assert_agrees(columns, item, stage, time)
    assert sf.item_table(log, SHOP)["item"].tolist() == pd.unique(pd.Series(keys)).tolist()


@pytest.mark.parametrize("n_rows", [16_383, 16_384, 16_385, 24_576, 65_535, 65_536, 65_537])
def test_row_counts_about_whole_partitions_lose_no_row(n_rows: int) -> None:
    item = np.random.default_rng(n_rows).integers(n_rows // 4, size=n_rows)
    stage, time = random_columns(item, 3)
    assert_agrees({"item": item, "stage": stage_column(stage), "time": time}, item, stage, time)


def stage_column(stage: Codes) -> pd.Categorical:
    return pd.Categorical.from_codes(stage, categories=list(SHOP.labels))


def giant_and_others(n: int) -> Codes:
    rng = np.random.default_rng(n)
    return np.where(rng.random(n) < 0.8, 12_345, rng.integers(20_000, size=n))


SHAPES: dict[str, Callable[[int], Codes]] = {
    "one giant item": giant_and_others,
    "one item alone": lambda n: np.full(n, -1),
    "items of one row": lambda n: np.random.default_rng(n).permutation(n) * 4_096,
    "items by turns": lambda n: np.arange(n) % 2_000,
    "grouped": lambda n: np.repeat(np.random.default_rng(n).permutation(n // 4), 4),
    "grouped but for the last row": lambda n: np.append(np.repeat(np.arange(n // 4), 4)[: n - 1], 0),
    "grouped in journeys of 64 to 66": lambda n: np.repeat(np.arange(n // 65), [64, 65, 66] * (n // 195))[:n],
}


@pytest.mark.parametrize("n_times", [1, 40])
@pytest.mark.parametrize("text", [False, True], ids=["integers", "texts"])
@pytest.mark.parametrize("shape", SHAPES)
def test_logs_of_any_shape_are_grouped_as_pandas_groups_them(shape: str, text: bool, n_times: int) -> None:
    item = SHAPES[shape](124_800)
    stage, time = random_columns(item, n_times)
    keys = pd.Series(item).map("order {:x}".format).astype("str") if text else item
    assert_agrees({"item": keys, "stage": stage_column(stage), "time": time}, item, stage, time)


@pytest.mark.parametrize("text", [False, True], ids=["numbers", "texts"])
@pytest.mark.parametrize("shape", ["one giant item", "items by turns", "grouped"])
def test_an_order_decides_between_many_ties(shape: str, text: bool) -> None:
    item = SHAPES[shape](124_800)
    stage, time = random_columns(item, 2)
    ranks = np.random.default_rng(3).integers(30, size=len(item))
    given = pd.Series(ranks).astype("str") if text else ranks
    columns = {"item": item, "stage": stage_column(stage), "time": time, "id": given}
    assert_agrees(columns, item, stage, time, ranks, order="id")


@pytest.mark.parametrize("categories", [False, True], ids=["nullable", "categories"])
@pytest.mark.parametrize("shape", SHAPES)
def test_dropped_rows_leave_the_journeys_of_the_others(shape: str, categories: bool) -> None:
    item = SHAPES[shape](49_920)
    stage, time = random_columns(item, 20)
    keeps = np.random.default_rng(9).random(len(item)) < 0.9
    keys = pd.Series(item).astype("Int64").where(keeps)
    columns = {
        "item": keys.astype("category") if categories else keys,
        "stage": stage_column(stage),
        "time": time,
    }
    log = assert_agrees(columns, item[keeps], stage[keeps], time[keeps], invalid="drop")
    assert log.n_rows == keeps.sum()


@pytest.mark.parametrize(
    ("bits", "beside", "step"),
    [(bits, beside, 1) for bits in (26, 36, 42, 50, 56) for beside in (-1, 0, 1)]
    + [(bits, 0, 1_000) for bits in (26, 36, 42, 50)],
)
def test_spans_of_time_about_a_power_of_two_keep_every_bit(bits: int, beside: int, step: int) -> None:
    item = np.random.default_rng(bits).integers(5_000, size=40_000)
    stage, _ = random_columns(item, 1)
    span = 2**bits + beside
    time = np.random.default_rng(bits).integers(span, size=len(item), endpoint=True) * step
    time[[17, 39_999]] = [0, span * step]
    assert_agrees({"item": item, "stage": stage_column(stage), "time": time}, item, stage, time)


def test_logs_read_at_the_same_time_from_several_threads_are_those_read_one_by_one() -> None:
    frames = []
    for number in range(6):
        item = np.random.default_rng(number).integers(5_000, size=20_000 + 8_192 * number)
        stage, time = random_columns(item, 50, seed=number)
        keys = pd.Series(item).map("order {:x}".format).astype("str") if number % 2 else item
        frames.append({"item": keys, "stage": stage_column(stage), "time": time})

    def items_of(columns: dict[str, Any]) -> pd.DataFrame:
        return sf.item_table(sf.StageLog(columns, threads=2), SHOP)

    expected = [items_of(columns) for columns in frames]
    with ThreadPoolExecutor(max_workers=6) as pool:
        for _ in range(3):
            for found, table in zip(pool.map(items_of, frames), expected, strict=True):
                assert_frame_equal(found, table, check_exact=True)
