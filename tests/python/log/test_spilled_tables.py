"""The table of items of a log in partitions, where rows of it come later: each partition has a part of it."""

import os
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal
from stagefunnel.log.spilled.budget import Budget
from stagefunnel.log.spilled.placing import hashes_of_keys, numbers_of

PIPELINE = sf.Pipeline(["New"], won="Won")
ROWS = pd.DataFrame({"item": range(40), "stage": ["New", "Won"] * 20, "time": range(40)})


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave so little room that there are several partitions."""
    monkeypatch.setattr(Budget, "room", property(lambda _: 1_200))
    monkeypatch.setattr(os, "fsync", lambda _: None)


def both(folder: Path, *tables: pd.DataFrame | None, compacts: bool = False) -> list[Any]:
    """Make a log in partitions and one of one part, whose rows of the table of items come in turn."""
    paths = [folder / "parts.sf", folder / "whole.sf"]
    sf.StageLog.from_batches([ROWS], items=tables[0], keys="keep", spill=paths[0], threads=1)
    sf.StageLog(ROWS, items=tables[0]).save(paths[1])
    for path in paths:
        for table in tables[1:]:
            if table is not None:
                sf.StageLog.append(path, ROWS.iloc[:0], items=table)
        if compacts:
            sf.StageLog.compact(path)
    logs: list[Any] = [sf.StageLog.load(path) for path in paths]
    assert isinstance(logs[0], sf.PartitionedLog)
    assert logs[0].n_partitions > 2
    return logs


def test_rows_of_the_table_may_come_to_one_partition_alone(tmp_path: Path) -> None:
    table = pd.DataFrame({"item": [3], "account": ["a"], "size": [7]})
    log, _ = both(tmp_path, None, table)
    # Item 3 is won and of account a; the others have neither account nor size.
    by = sf.funnel(log, PIPELINE, by="account")
    assert by.loc[by["stage"] == "Won", ["account", "reached"]].to_numpy().tolist() == [
        ["a", 1],
        [np.nan, 19],
    ]
    assert sf.outcomes(log, PIPELINE, where={"size": 7})[["base", "won"]].to_numpy().tolist() == [[1, 1]]
    assert sf.outcomes(log, PIPELINE, unit="account")["base"].tolist() == [40]
    quality = log.quality().set_index("check")["count"]
    assert quality["items_not_in_table"] == 39
    assert log.items.to_dict("list") == {"item": [3], "account": ["a"], "size": [7]}
    assert repr(log).splitlines()[-1] == "  items   table of 1 row: account, size"


def test_a_later_table_may_bring_a_column_and_take_places(tmp_path: Path) -> None:
    first = pd.DataFrame({"item": range(40), "account": ["a", "b"] * 20})
    log, whole = both(tmp_path, first, pd.DataFrame({"item": [3, 4], "size": [7, 8]}))
    assert whole.items["size"].dtype == "Int64"
    # Items 3 and 4 are of no account now.
    found = sf.outcomes(log, PIPELINE, by="account")
    assert found["base"].tolist() == [19, 19, 2]
    assert sf.outcomes(log, PIPELINE, by="size")["size"].tolist()[:2] == [7.0, 8.0]
    assert (
        repr(log).splitlines()[-1]
        == repr(whole).splitlines()[-1]
        == "  items   table of 40 rows: account, size"
    )


def test_marks_are_in_the_first_lines_of_a_log_in_partitions(tmp_path: Path) -> None:
    rows = ROWS.assign(until=[50, None] * 20, since=[True, False] * 20)
    marks: dict[str, Any] = {"exited": "until", "start_unknown": "since"}
    log = sf.StageLog.from_batches([rows], spill=tmp_path / "log.sf", **marks)
    assert repr(log).splitlines()[3] == repr(sf.StageLog(rows, **marks)).splitlines()[3]
    assert repr(log).splitlines()[3] == "  marks   end of 20 rows, start of 20 rows unknown"


VALUES: dict[str, Any] = {
    "text": lambda random: random.choice(["x", "y", "z"]),
    "maybe": lambda random: random.choice(["x", "y", None]),
    "whole": lambda random: random.randrange(5),
    "float": lambda random: random.choice([0.5, 1.0, None]),
    "flag": lambda random: random.random() < 0.5,
    "moment": lambda random: pd.Timestamp("2026-01-01") + pd.Timedelta(random.randrange(3), "D"),
    "exact": lambda random: Decimal(random.randrange(300)).scaleb(-2),
}


def table_of(random: Random) -> pd.DataFrame | None:
    """Draw a table of some items with some columns."""
    if random.random() < 0.2:
        return None
    items = random.sample(range(45), random.choice([1, 3, 20, 45]))
    names = random.sample([*VALUES, "kind"], random.randrange(1, 5))
    table = pd.DataFrame({"item": items})
    for name in names:
        if name == "kind":
            table[name] = pd.Categorical(random.choices("qrp", k=len(items)), categories=["q", "r", "p"])
        else:
            table[name] = [VALUES[name](random) for _ in items]
    return table


def answer_of(question: Any, log: sf.StageLog, options: dict[str, Any]) -> Any:
    try:
        return question(log, PIPELINE, **options)
    except sf.StageFunnelError as error:
        return type(error)


# An example writes two logs three times, a third of a second.
@examples(ci=8, night=500)
@given(seed=st.integers(0, 2**32), compacts=st.booleans())
def test_a_table_that_grew_is_that_of_the_whole_log(seed: int, compacts: bool) -> None:
    random = Random(seed)
    tables = [table_of(random) for _ in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        log, whole = both(Path(folder), *tables, compacts=compacts)
        assert_frame_equal(log.quality(), whole.quality())
        if whole.items is None:
            assert log.items is None
            return
        assert set(log.items) == set(whole.items)
        assert repr(log).splitlines()[-1].split(":")[0] == repr(whole).splitlines()[-1].split(":")[0]
        of_all = [one.items.sort_values("item", ignore_index=True)[[*whole.items]] for one in (log, whole)]
        missing, expected_missing = (table.isna() for table in of_all)
        pd.testing.assert_frame_equal(missing, expected_missing)
        objects = [table.astype(object).mask(missing, None) for table in of_all]  # None, or NaN
        pd.testing.assert_frame_equal(*objects)
        # The values of all columns were held above; a question of one column reads them as of any other.
        for name in random.sample([*whole.items.columns], min(2, len(whole.items.columns))):
            value = whole.items[name].iloc[0]
            of_one = [{"unit": name}, {"where": {name: None if pd.isna(value) else value}}, {"amount": name}]
            for options in ({"by": name}, random.choice(of_one)):
                found, expected = (answer_of(sf.outcomes, one, options) for one in (log, whole))
                if isinstance(expected, type):
                    assert found is expected, options
                    continue
                assert not isinstance(found, type), options
                assert_frame_equal(found, expected)


def empty_and_full(tmp_path: Path) -> tuple[Path, Any]:
    """Spill items of the last partitions alone; return the folder, and other items, of the first one."""
    keys = pd.Series(range(400))
    is_first = numbers_of(hashes_of_keys(keys), 1) == 0
    rows = pd.DataFrame({"item": keys[~is_first].iloc[:30], "stage": "New", "size": 1.5})
    rows["time"] = (pd.Timestamp("2026-01-01") + pd.to_timedelta(range(30), unit="s")).astype("datetime64[s]")
    log: Any = sf.StageLog.from_batches([rows], columns=["size"], keys="keep", spill=tmp_path / "log.sf")
    assert next(log.partitions()).n_rows == 0
    return tmp_path / "log.sf", rows.iloc[:3].assign(item=keys[is_first].to_numpy()[:3])


def test_rows_that_come_to_an_empty_partition_take_the_unit_of_the_log(tmp_path: Path) -> None:
    path, rows = empty_and_full(tmp_path)
    sf.StageLog.append(path, rows.assign(time=rows["time"].astype("datetime64[ms]")))
    log = sf.StageLog.load(path)
    assert log.observed_until == pd.Timestamp("2026-01-01 00:00:29")
    assert sf.outcomes(log, PIPELINE, by="size")[["size", "base"]].to_numpy().tolist() == [[1.5, 33]]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"time": [1, 2, 3]}, "another unit of the times"),
        ({"time": pd.date_range("2026", periods=3, tz="UTC")}, "another zone of the times"),
        ({"size": ["a", "b", "c"]}, "the new rows have text, and the saved log has numbers"),
        ({"item": ["a", "b", "c"]}, "items: the new rows have text"),
    ],
)
def test_rows_of_another_kind_are_refused_in_an_empty_partition(
    other: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path, rows = empty_and_full(tmp_path)
    with pytest.raises(sf.SchemaError, match=message):
        sf.StageLog.append(path, rows.assign(**other), **({"zone": "UTC"} if "zone" in message else {}))
    assert sf.StageLog.load(path).n_rows == 30


def test_a_log_in_partitions_without_rows_takes_the_first_day(tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    sf.StageLog.from_batches([ROWS.iloc[:0]], empty="allow", keys="keep", spill=path)
    day = ROWS.assign(time=pd.Timestamp("2026-01-01") + pd.to_timedelta(ROWS["time"], unit="D"))
    sf.StageLog.append(path, day)
    log = sf.StageLog.load(path)
    assert isinstance(log, sf.PartitionedLog)
    assert_frame_equal(sf.time_in_stage(log, PIPELINE), sf.time_in_stage(sf.StageLog(day), PIPELINE))
