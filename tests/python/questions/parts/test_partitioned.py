"""A log in partitions answers every question that merges as the log of all its rows in memory does."""

import json
import os
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal
from questions.parts.test_any_question import OPTIONS, Split, options_of, splits
from stagefunnel.log.spilled import regrouped
from stagefunnel.log.spilled.budget import Budget
from stagefunnel.questions.parts.mergeable import BY_NAME

KEPT = ["who", "size", "currency", "exact", "float", "whole"]


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave so little room that a log has two to eight partitions, and the units of few rows are a log."""
    monkeypatch.setattr(Budget, "room", property(lambda _: 1_900))
    monkeypatch.setattr(regrouped, "LEAST_ROWS", 5)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here


def batches_of(frame: pd.DataFrame, data: st.DataObject) -> Iterator[pd.DataFrame]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(frame)), max_size=3)))
    for first, last in zip([0, *cuts], [*cuts, len(frame)], strict=True):
        yield frame.iloc[first:last]


def tables_of(answer: Any) -> dict[str, pd.DataFrame]:
    return answer.tables if isinstance(answer, sf.Summary) else {"table": answer}


@pytest.fixture(scope="module", autouse=True)
def unsynced() -> Iterator[None]:
    """Leave it to the system when it writes files: to wait for the disk takes longer than all else here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        yield


WITH_UNIT = [name for name, options in OPTIONS.items() if "unit" in options]
STAGES = ["New", "Offer", "Won", "Lost"]


def tied_rows(random: Random) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw rows of few accounts at few moments: the order of the input decides which item is first."""
    items = random.sample(range(100, 999), 12)
    rows = [
        (item, stage, random.randrange(3))
        for item in items
        for stage in random.choices(STAGES, k=random.randint(1, 4))
    ]
    random.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"]).drop_duplicates(ignore_index=True)
    frame["item"] = "deal " + frame["item"].astype(str)
    frame["time"] = pd.Timestamp("2026-01-02") + frame["time"] * pd.Timedelta("1D")
    n = len(frame)
    frame["who"] = random.choices("abc", k=n)
    frame["size"] = random.choices(range(4), k=n)
    frame["currency"] = random.choices(["EUR", "USD", "JPY"], k=n)
    frame["exact"] = [Decimal(random.randrange(-500, 10**6)).scaleb(-2) for _ in range(n)]
    frame["float"] = random.choices([0.1, 0.2, 0.3, None], k=n)
    frame["whole"] = random.choices(range(100), k=n)
    keys = frame["item"].unique()
    table = pd.DataFrame({"item": keys, "group": random.choices(["south", "north", None], k=len(keys))})
    table["account"] = random.choices(["x", "y", "z", None], k=len(keys))
    return frame, table


@pytest.mark.filterwarnings("ignore:one item has")
# An example spills and appends, most of a second; the order of an account's items decides in half of them.
@examples(ci=25, night=1000)
@given(
    name=st.sampled_from(WITH_UNIT),
    random=st.randoms(use_true_random=False),
    data=st.data(),
    compacts=st.sampled_from([(), (1,), (0, 1)]),
)
def test_units_of_a_log_that_grew_are_those_of_the_whole(
    name: str, random: Random, data: st.DataObject, compacts: tuple[int, ...]
) -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    options = options_of(name, data.draw(st.fixed_dictionaries(OPTIONS[name]))) | {"unit": "account"}
    options = {key: of(pipeline) if callable(of) else of for key, of in options.items()}
    question: Any = getattr(sf, name)
    frame, table = tied_rows(Random(random.randrange(2**32)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(frame)), min_size=2, max_size=2)))
    days = [frame.iloc[first:last] for first, last in zip([0, *cuts], [*cuts, len(frame)], strict=True)]
    whole = sf.StageLog(frame, items=table, columns=KEPT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.sf")
        read = {"columns": KEPT, "empty": "allow", "keys": "keep"}
        sf.StageLog.from_batches(batches_of(days[0], data), items=table, spill=path, **read)
        for number, day in enumerate(days[1:]):
            if len(day):
                sf.StageLog.append(path, sf.StageLog(day, columns=KEPT))
            if number in compacts:
                sf.StageLog.compact(path)
        log = sf.StageLog.load(path)
        try:
            expected = tables_of(question(whole, pipeline, **options))
        except sf.StageFunnelError:
            with pytest.raises(sf.StageFunnelError):
                question(log, pipeline, **options)
            return
        found = tables_of(question(log, pipeline, **options))
    assert_tables_equal(found, expected)


def assert_tables_equal(found: dict[str, pd.DataFrame], expected: dict[str, pd.DataFrame]) -> None:
    for of_table, table in expected.items():
        assert_frame_equal(found[of_table], table, check_exact=True)
        assert json.dumps(found[of_table].attrs) == json.dumps(table.attrs)


# The quality of rows is a method of the log, which is compared in each test.
@pytest.mark.parametrize(
    "name", [name for name, kind in BY_NAME.items() if hasattr(sf, name) and not kind.beside]
)
@pytest.mark.filterwarnings("ignore:one item has")
# An example spills a log, a fifth of a second; that counts add up is the ground of test_any_question.
@examples(ci=6, night=300)
@given(split=splits(), data=st.data(), top=st.none() | st.integers(1, 2))
def test_partitions_answer_as_the_whole(
    name: str, split: Split, data: st.DataObject, top: int | None
) -> None:
    kind = BY_NAME[name]
    options = options_of(name, data.draw(st.fixed_dictionaries(OPTIONS[name])))
    options = {key: of(split.pipeline) if callable(of) else of for key, of in options.items()}
    if top is not None and {"by", "mix", "columns"} & options.keys() and "top" in kind.at_the_end:
        options["top"] = top
    question: Any = getattr(sf, name)
    until = data.draw(st.sampled_from([None, "2026-02-01"]))
    whole = sf.StageLog(split.frame, items=split.table, columns=KEPT, observed_until=until, empty="allow")
    arguments = (split.pipeline,) if kind.has_pipeline else ()
    with tempfile.TemporaryDirectory() as folder:
        log = sf.StageLog.from_batches(
            batches_of(split.frame, data),
            items=split.table,
            columns=KEPT,
            observed_until=until,
            empty="allow",
            spill=Path(folder, "log.sf"),
        )
        assert_frame_equal(log.quality(), whole.quality())
        assert_frame_equal(log.stages, whole.stages)
        try:
            expected = tables_of(question(whole, *arguments, **options))
        except sf.StageFunnelError:
            with pytest.raises(sf.StageFunnelError):
                question(log, *arguments, **options)
            return
        found = tables_of(question(log, *arguments, **options))
    assert_tables_equal(found, expected)
