"""Keys, times, journeys and chunks at the seams of the engine, against the reference."""

from random import Random
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, assert_same, pipeline_of
from layouts import FAMILIES, Keys, table_of

PIPELINE = reference.Stages(("New", "Discussion", "Prepayment", "Delivery"), ("Won",), ("Lost", "Duplicate"))
KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "classic"},
    {"kind": "conversions"},
    {"kind": "conversions", "fill": "moves"},
    {"kind": "furthest"},
    {"kind": "strict"},
)
# Lengths of journeys at which an engine may change its way to order them.
LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 24, 25, 31, 32, 33, 63, 64, 65, 66)
# Bits that an elapsed time may be given beside a stage, a place and a key.
WIDTHS = (8, 16, 26, 32, 36, 42, 48, 50, 56, 62)


class Times(NamedTuple):
    """What the times of a log are: Arrow's type, and the units in one step of them."""

    type: pa.DataType
    step: int


TIMES = {
    "integers": Times(pa.int64(), 1),
    "round integers": Times(pa.int64(), 1_000),
    "narrow integers": Times(pa.int32(), 1),
    "seconds": Times(pa.timestamp("s"), 1),
    "milliseconds": Times(pa.timestamp("ms", "UTC"), 1),
    "whole seconds in milliseconds": Times(pa.timestamp("ms"), 1_000),
    "microseconds": Times(pa.timestamp("us"), 1),
    "whole seconds in microseconds": Times(pa.timestamp("us", "UTC"), 1_000_000),
    "nanoseconds": Times(pa.timestamp("ns"), 1),
    "whole microseconds in nanoseconds": Times(pa.timestamp("ns"), 1_000),
    "whole hours in nanoseconds": Times(pa.timestamp("ns"), 3_600_000_000_000),
}


def every_table(module: Any, log: Any, pipeline: Any, **options: Any) -> dict[str, pd.DataFrame]:
    """Ask the package about a log, or the reference about rows: the questions have the same names."""
    tables = {str(kind): module.funnel(log, pipeline, **kind, **options) for kind in KINDS}
    for per in ("visit", "item", "longest"):
        tables[per] = module.time_in_stage(log, pipeline, per=per, **options)
    for question in ("outcomes", "transitions", "item_table"):
        tables[question] = getattr(module, question)(log, pipeline, **options)
    return tables


def assert_tables_agree(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    for name, table in expected.items():
        mine = found[name]
        if name == "item_table":
            # The reference takes its types from Python's values, which know fewer.
            assert mine.pop("item").tolist() == table.pop("item").tolist()
            table = table.astype({column: mine[column].dtype for column in ("first_time", "closed_at")})
        assert_same(mine, table)


def assert_agrees(
    columns: dict[str, Any],
    rows: list[reference.Row],
    pipeline: reference.Stages = PIPELINE,
    order: list[int] | None = None,
    **options: Any,
) -> None:
    named = {} if order is None else {"order": "order"}
    columns |= {"order": order} if named else {}
    one, two, seven = (
        every_table(sf, sf.StageLog(columns, threads=threads, **named), pipeline_of(pipeline), **options)
        for threads in (1, 2, 7)
    )
    for name, table in one.items():
        assert_frame_equal(two[name], table, check_exact=True)
        assert_frame_equal(seven[name], table, check_exact=True)
    assert_tables_agree(one, every_table(reference, rows, pipeline, order=order, **options))


def random_rows(
    random: Random, keys: Keys, lengths: list[int], times: list[Any], pipeline: reference.Stages = PIPELINE
) -> list[reference.Row]:
    """Return journeys of these lengths, their rows in any order, their times among those given."""
    labels = reference.labels(pipeline)
    rows = [
        (keys.key_of(number), random.choice(labels), random.choice(times))
        for number, length in enumerate(lengths)
        for _ in range(length)
    ]
    if random.random() < 0.7:
        random.shuffle(rows)
    return rows


seeds = st.integers(0, 2**32 - 1)
lengths_of_journeys = st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=5)


@pytest.mark.parametrize("family", FAMILIES)
@examples(ci=3, night=20)
@given(seed=seeds, lengths=lengths_of_journeys, n_times=st.sampled_from([1, 3, 1_000]), ordered=st.booleans())
def test_keys_of_any_type_in_any_chunks_make_the_journeys_of_the_reference(
    family: str, seed: int, lengths: list[int], n_times: int, ordered: bool
) -> None:
    random, keys = Random(seed), FAMILIES[family]
    # The fewer times, the more rows are tied.
    rows = random_rows(random, keys, lengths, list(range(n_times)))
    order = [random.randrange(3) for _ in rows] if ordered else None
    assert_agrees(table_of(rows, keys, random, pa.int64()), rows, order=order)


@pytest.mark.parametrize("kind", TIMES)
@examples(ci=4, night=20)
@given(
    seed=seeds,
    lengths=lengths_of_journeys,
    width=st.sampled_from(WIDTHS),
    beside=st.integers(-2, 2),
    odd=st.booleans(),
)
def test_times_of_any_unit_and_span_make_the_journeys_of_the_reference(
    kind: str, seed: int, lengths: list[int], width: int, beside: int, odd: bool
) -> None:
    random, (time_type, step) = Random(seed), TIMES[kind]
    furthest = max_time(time_type)
    span = min(2**width + beside, furthest // step) * step
    ticks = [0, span, *(random.randrange(span + 1) // step * step for _ in range(4))]
    if odd:
        # One time that is not a whole number of steps.
        ticks.append(random.randrange(span + 1))
    start = random.choice([0, -(span // step // 2) * step])
    times = [as_time(start + tick, time_type) for tick in ticks]
    rows = random_rows(random, FAMILIES["dense"], lengths, times)
    assert_agrees(table_of(rows, FAMILIES["dense"], random, time_type), rows)


def max_time(time_type: pa.DataType) -> int:
    """Return a time that the type holds, and Python's datetimes beside it."""
    if pa.types.is_integer(time_type):
        return 2**31 - 1 if time_type == pa.int32() else 2**63 - 1
    # 200 years: nanoseconds of 64 bits end in 2262.
    return 200 * 365 * 86_400 * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[time_type.unit]


def as_time(tick: int, time_type: pa.DataType) -> Any:
    if pa.types.is_integer(time_type):
        return tick
    # The reference reckons in microseconds unless a time is finer.
    unit = "ns" if time_type.unit == "ns" else "us"
    return pd.Timestamp(tick, unit=time_type.unit, tz=time_type.tz).as_unit(unit)


@examples(ci=10, night=30)
@given(seed=seeds, lengths=lengths_of_journeys)
def test_times_at_both_ends_of_64_bits_are_told_apart(seed: int, lengths: list[int]) -> None:
    random = Random(seed)
    lowest, highest = -(2**63) + 1, 2**63 - 1  # one lower stands for a missing time
    rows = random_rows(random, FAMILIES["dense"], lengths, [lowest, lowest + 1, -1, 0, highest - 1, highest])
    assert_agrees(table_of(rows, FAMILIES["dense"], random, pa.int64()), rows)


@pytest.mark.parametrize("n_stages", [63, 64, 65, 66, 255, 256, 257])
@examples(ci=2, night=10)
@given(seed=seeds, ordered=st.booleans())
def test_stages_beyond_a_word_and_beyond_a_byte_are_told_apart(
    n_stages: int, seed: int, ordered: bool
) -> None:
    random, keys = Random(seed), FAMILIES["8 bytes behind a prefix"]
    labels = [f"stage {number}" for number in range(n_stages)]
    rows = [(keys.key_of(0), label, time) for time, label in enumerate(labels)]
    rows += random_rows(random, keys, [1, 2, 9, 17, 66], list(range(20)), reference.Stages(tuple(labels)))
    random.shuffle(rows)
    order = [random.randrange(3) for _ in rows] if ordered else None
    # The reference takes a stage's time for each of its pairs of stages, so most of very many are not listed.
    listed = labels if n_stages < 100 else [*random.sample(labels[:-6], 8), *labels[-6:]]
    pipeline = reference.Stages(tuple(listed[:-3]), tuple(listed[-3:-1]), tuple(listed[-1:]))
    assert_agrees(table_of(rows, keys, random, pa.int64()), rows, pipeline, order, unlisted="ignore")


@pytest.mark.parametrize("family", FAMILIES)
@examples(ci=5, night=15)
@given(seed=seeds)
def test_items_are_found_in_an_items_table_and_by_their_key(family: str, seed: int) -> None:
    random, keys = Random(seed), FAMILIES[family]
    rows = random_rows(random, keys, [3, 2, 5, 1, 4, 2], list(range(9)))
    numbers = [7, 0, 5, 1, 30, 3]  # some items of the log, and two that it does not have
    random.shuffle(numbers)
    groups = {keys.key_of(number): random.choice(["south", "north"]) for number in numbers}
    log = sf.StageLog(
        table_of(rows, keys, random, pa.int64()),
        items=pd.DataFrame({"item": column_like(list(groups), keys), "group": list(groups.values())}),
    )
    found = sf.funnel(log, pipeline_of(PIPELINE), by="group")
    assert_same(found, reference.funnel(rows, PIPELINE, groups=groups), by=["group"])
    # One journey alone counts in the stages that it visits.
    explained = sf.explain(log, pipeline_of(PIPELINE), item=keys.key_of(2), kind="classic")
    visited = {stage for item, stage, _ in rows if item == keys.key_of(2)}
    assert set(explained["stage"][explained["passed"]]) == visited
    with pytest.raises(sf.UnknownItemError):
        sf.explain(log, pipeline_of(PIPELINE), item=keys.key_of(31))


def column_like(values: list[Any], keys: Keys) -> "pd.Series[Any]":
    whole = isinstance(values[0], int)
    return pd.Series(values, dtype="uint64" if keys.types[0] == pa.uint64() else None if whole else object)
