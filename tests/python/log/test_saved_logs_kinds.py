"""Keys, labels, columns and tables of every kind are saved, and come back as they were."""

import datetime
import enum
import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal

PIPELINE = sf.Pipeline(["New"], won="Won", lost="Lost")
ROWS = {"item": [1, 1, 2, 2, 3], "stage": ["New", "Won", "New", "Lost", "New"], "time": [0, 4, 1, 2, 3]}
DAY = {"item": [1, 9], "stage": ["Lost", "New"], "time": [7, 8]}
DATES = [datetime.date(2026, 1, day) for day in (1, 2, 1, 3, 2)]
STAMPS = pd.date_range("2026-01-01", periods=5)


class Name(enum.StrEnum):
    """Labels and keys that are members."""

    NEW = "New"
    WON = "Won"


def frame(rows: dict[str, Any], **more: Any) -> pd.DataFrame:
    return pd.DataFrame(rows).assign(**more)


def saved(log: sf.StageLog, tmp_path: Path) -> Path:
    path = tmp_path / "log.sf"
    log.save(path)
    return path


def assert_comes_back(log: sf.StageLog, tmp_path: Path, *, columns: Sequence[str] = ()) -> None:
    path = saved(log, tmp_path)
    for mmap in (True, False):
        found = sf.StageLog.load(path, mmap=mmap)
        assert repr(found) == repr(log)
        assert_frame_equal(sf.row_table(found), sf.row_table(log))
        for question in (sf.visits, sf.item_table):
            assert_frame_equal(
                question(found, PIPELINE, columns=columns, unlisted="ignore"),
                question(log, PIPELINE, columns=columns, unlisted="ignore"),
            )
        if log.items is not None:
            assert_frame_equal(found.items, log.items)


KEPT: dict[str, Any] = {
    "flags": [True, False, True, True, False],
    "flags or missing": pd.array([True, None, True, False, True], dtype="boolean"),
    "dates": DATES,
    "times": STAMPS,
    "zoned": STAMPS.tz_localize("Europe/Berlin"),
    "offset": STAMPS.tz_localize(datetime.timezone(datetime.timedelta(hours=2))),
    "decimals": [Decimal("1.10"), None, Decimal(3), Decimal(3), Decimal("2.5")],
    "ordered": pd.Categorical(list("bacab"), categories=list("zcba"), ordered=True),
    "numbers as categories": pd.Categorical([3, 1, None, 1, 3]),
    "integers or missing": pd.array([1, None, 3, 3, 2], dtype="Int8"),
    "large": np.array([2**63 + 1, 1, 2, 3, 4], dtype="uint64"),
    "strings": pd.array(["a", None, "b", "a", "c"], dtype="string"),
    "nothing": [None] * 5,
    "no numbers": [np.nan] * 5,
    "ids": [uuid.UUID(int=number) for number in range(5)],
    "bytes": [b"a", b"\xff", b"a", None, b""],
    "spans": pd.to_timedelta([1, 2, 1, 3, 2], unit="h"),
    "months": pd.period_range("2026-01", periods=5, freq="M"),
    "pairs": [(1, 2), (1, 3), (1, 2), (0, 0), (1, 2)],
}


@pytest.mark.parametrize("kind", KEPT)
def test_a_kept_column_comes_back_and_its_rows_are_known_again(kind: str, tmp_path: Path) -> None:
    log = sf.StageLog(frame(ROWS, value=pd.Series(KEPT[kind])), columns=["value"])
    path = tmp_path / "log.sf"
    log.save(path)
    for by in (None, "value"):
        for found in (sf.StageLog.load(path), sf.StageLog.load(path, mmap=False)):
            assert_frame_equal(sf.funnel(found, PIPELINE, by=by), sf.funnel(log, PIPELINE, by=by))
    visits = sf.visits(sf.StageLog.load(path), PIPELINE, columns=["value"])
    assert_frame_equal(visits, sf.visits(log, PIPELINE, columns=["value"]))
    assert sf.StageLog.append(path, log).to_dict() == {"added": 0, "known": 5}


KEYS: dict[str, Any] = {
    "unsigned": np.array([2**64 - 1, 2**64 - 1, 2, 2, 3], dtype="uint64"),
    "both ends": [-(2**63), -(2**63), 2**63 - 1, 2**63 - 1, 0],
    "nullable": pd.array([-1, -1, 2, 2, 3], dtype="Int64"),
    "ids": [uuid.UUID(int=number) for number in (1, 1, 2, 2, 3)],
    "bytes": [b"\xff" * 20, b"\xff" * 20, b"b", b"b", b""],
    "categories": pd.Categorical(list("aabbc")),
    "members": [Name.NEW, Name.NEW, Name.WON, Name.WON, "x"],
    "long": ["a" * 300, "a" * 300, "bäß", "bäß", ""],
    "floats": [1.0, 1.0, 2.0, 2.0, 3.0],
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_come_back_and_are_found_again(kind: str, tmp_path: Path) -> None:
    log = sf.StageLog(frame(ROWS, item=pd.Series(KEYS[kind])))
    assert_comes_back(log, tmp_path)
    path = tmp_path / "log.sf"
    assert sf.StageLog.append(path, frame(ROWS, item=pd.Series(KEYS[kind]))).to_dict()["known"] == 5
    keys = sf.item_table(log, PIPELINE)["item"]
    assert sf.StageLog.erase(path, keys.iloc[:1]) == 2
    assert sf.StageLog.load(path).n_items == 2


def test_integers_of_two_types_join_exactly(tmp_path: Path) -> None:
    path = saved(sf.StageLog(ROWS), tmp_path)
    large = 2**63 + 1
    sf.StageLog.append(path, frame(DAY, item=np.array([large, 1], dtype="uint64")))
    sf.StageLog.append(path, DAY)
    assert sorted(sf.item_table(sf.StageLog.load(path), PIPELINE)["item"].tolist()) == [1, 2, 3, 9, large]
    with pytest.raises(sf.SchemaError, match="no integers of 64 bits hold both"):
        sf.StageLog.append(path, frame(DAY, item=[-1, 5]))


STAGES: dict[str, Any] = {
    "members": [Name.NEW, Name.WON, Name.NEW, Name.NEW, Name.NEW],
    "missing": ["New", None, "New", "Won", None],
    "odd text": ["New", "\0 \u2028", "", "Won", "ünï"],
    "integers": [7, 8, 7, 7, 9],
}


@pytest.mark.parametrize("kind", STAGES)
def test_labels_come_back(kind: str, tmp_path: Path) -> None:
    rows = frame(ROWS, stage=pd.Series(STAGES[kind]))
    log = sf.StageLog(rows, invalid="keep_stage")
    path = saved(log, tmp_path)
    assert_frame_equal(sf.StageLog.load(path).stages, log.stages)
    assert_frame_equal(sf.row_table(sf.StageLog.load(path)), sf.row_table(log))
    assert_frame_equal(sf.StageLog.load(path).quality(), log.quality())


@pytest.mark.parametrize("n", [254, 255, 256, 257])
def test_stages_at_the_edge_of_a_byte_come_back_and_join(n: int, tmp_path: Path) -> None:
    rows = {"item": range(n), "stage": [f"s{number}" for number in range(n - 1)] + [None], "time": range(n)}
    log = sf.StageLog(rows, invalid="keep_stage")
    path = saved(log, tmp_path)
    assert_frame_equal(sf.StageLog.load(path).stages, log.stages)
    sf.StageLog.append(path, {"item": [0, 1, n], "stage": ["a", "b", "s0"], "time": [n, n, n]})
    found = sf.row_table(sf.StageLog.load(path))
    assert found["stage"].notna().sum() == n + 2
    assert found.loc[found["item"] == n, "stage"].tolist() == ["s0"]
    assert found.loc[found["item"] == 1, "stage"].tolist() == ["s1", "b"]


TABLES: dict[str, Any] = {
    "names that are numbers": pd.DataFrame({"item": [1, 2], 5: [1, 2]}),
    "names that are pairs": pd.DataFrame({"item": [1, 2], ("a", "b"): [1, 2]}),
    "names of one text": pd.DataFrame([[1, 2, 3], [2, 5, 6]], columns=["item", "5", 5]),
    "no column": pd.DataFrame({"item": [1, 2]}),
    "objects": pd.DataFrame({"item": [1, 2], "n": pd.Series([1, None], dtype=object)}),
    "times as objects": pd.DataFrame({"item": [1, 2], "n": pd.Series([STAMPS[0], None], dtype=object)}),
    "pairs": pd.DataFrame({"item": [1, 2], "n": [(1, 2), (3, 4)]}),
    "categories": pd.DataFrame({"item": [1, 2], "n": pd.Categorical(["b", "a"], categories=list("zba"))}),
    "zoned": pd.DataFrame({"item": [1, 2], "n": STAMPS[:2].tz_localize("Asia/Tokyo")}),
    "nothing": pd.DataFrame({"item": [1, 2], "n": [None, None]}),
    "lists": pd.DataFrame({"item": [1, 2], "n": [[1], [2, 3]]}),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_of_items_comes_back(kind: str, tmp_path: Path) -> None:
    assert_comes_back(sf.StageLog(ROWS, items=TABLES[kind]), tmp_path)


def test_the_index_of_a_table_of_items_is_not_its_own(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": [1, 2], "team": ["a", "b"]}, index=[7, 7])
    path = saved(sf.StageLog(ROWS, items=items), tmp_path)
    assert_frame_equal(sf.StageLog.load(path).items, items.reset_index(drop=True))
    sf.StageLog.erase(path, [1])
    assert sf.StageLog.load(path).items["team"].tolist() == ["b"]


@pytest.mark.parametrize("values", [["a", 1], [1j, 2j], [{"a": 1}, {}], [Name, Name]])
def test_values_that_no_file_holds_are_refused_and_leave_nothing(values: list[Any], tmp_path: Path) -> None:
    log = sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2], "odd": values}))
    with pytest.raises(sf.SchemaError, match="items table cannot be saved"):
        log.save(tmp_path / "log.sf")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("first", "day", "message"),
    [
        (
            [1, 2, 3, 4, 5],
            ["a", "b"],
            "column 'value': the new rows have text, and the saved log",
        ),
        (list("abcab"), [1, 2], "new rows have numbers, and the saved log has text"),
        ([True] * 5, [1, 0], "new rows have numbers, and the saved log has true and false"),
        (
            STAMPS,
            STAMPS[:2].tz_localize("UTC"),
            "new rows have times with a zone, and the",
        ),
        (DATES, STAMPS[:2], "new rows have times, and the saved log has values of type date"),
        (pd.Categorical([1, 2, 1, 2, 1]), pd.Categorical(["a", "b"]), "new rows have text"),
    ],
)
def test_a_column_of_another_kind_is_refused_before_it_joins(
    first: Any, day: Any, message: str, tmp_path: Path
) -> None:
    path = saved(sf.StageLog(frame(ROWS, value=first), columns=["value"]), tmp_path)
    with pytest.raises(sf.SchemaError, match=message):
        sf.StageLog.append(path, frame(DAY, value=day))
    assert sf.StageLog.load(path).n_rows == 5


@pytest.mark.parametrize(
    ("first", "day", "message"),
    [
        ([uuid.UUID(int=1)] * 5, ["a", "b"], "items: the new rows have text, and the saved log has values"),
        ([b"a"] * 5, ["a", "b"], "items: the new rows have text, and the saved log has values of type bytes"),
    ],
)
def test_keys_of_another_kind_are_refused(first: Any, day: Any, message: str, tmp_path: Path) -> None:
    path = saved(sf.StageLog(frame(ROWS, item=first)), tmp_path)
    with pytest.raises(sf.SchemaError, match=message):
        sf.StageLog.append(path, frame(DAY, item=day))
    assert sf.StageLog.load(path).n_rows == 5


def test_a_table_of_items_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = saved(sf.StageLog(ROWS, items=pd.DataFrame({"item": [1, 2], "n": [1, 2]})), tmp_path)
    with pytest.raises(sf.SchemaError, match="column 'n' of the items table: the new rows have text"):
        sf.StageLog.append(path, DAY, items=pd.DataFrame({"item": [2], "n": ["x"]}))
    assert sf.funnel(sf.StageLog.load(path), PIPELINE, by="n")["n"].dropna().unique().tolist() == [1, 2]


@pytest.mark.parametrize(("first", "day"), [([None] * 5, [1, 2]), ([1, 2, 3, 4, 5], [None, None])])
def test_a_column_without_values_fits_all(first: Any, day: Any, tmp_path: Path) -> None:
    path = saved(sf.StageLog(frame(ROWS, value=first), columns=["value"]), tmp_path)
    sf.StageLog.append(path, frame(DAY, value=day))
    whole = sf.StageLog(pd.concat([frame(ROWS, value=first), frame(DAY, value=day)]), columns=["value"])
    assert_frame_equal(
        sf.funnel(sf.StageLog.load(path), PIPELINE, amount="value"),
        sf.funnel(whole, PIPELINE, amount="value"),
    )


def test_a_log_without_rows_takes_the_first_day(tmp_path: Path) -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    path = saved(empty, tmp_path)
    assert repr(sf.StageLog.load(path)) == repr(empty)
    rows = frame(ROWS, item=list("aabbc"), time=STAMPS.tz_localize("Europe/Berlin"))
    sf.StageLog.append(path, rows)
    sf.StageLog.append(path, rows.assign(item="z"))
    found = sf.StageLog.load(path)
    assert (found.n_rows, found.n_items, found.zone) == (10, 4, "Europe/Berlin")


def test_a_log_without_rows_takes_the_keys_of_the_first_day(tmp_path: Path) -> None:
    path = saved(sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow"), tmp_path)
    names = ["a name", "another name of some length", "é"]
    sf.StageLog.append(path, {"item": names, "stage": ["New"] * 3, "time": [2, 1, 0]})
    found = sf.StageLog.load(path)
    assert sf.item_table(found, sf.Pipeline("New"))["item"].tolist() == names
    sf.StageLog.compact(path)
    found = sf.StageLog.load(path)
    assert sf.item_table(found, sf.Pipeline("New"))["item"].tolist() == names


def test_observation_ends_at_the_last_row_where_that_is_later(tmp_path: Path) -> None:
    path = saved(sf.StageLog(ROWS, observed_until=20), tmp_path)
    sf.StageLog.append(path, DAY)
    assert sf.StageLog.load(path).observed_until == 20
    sf.StageLog.append(path, frame(DAY, time=[30, 31]))
    assert sf.StageLog.load(path).observed_until == 31


def test_days_join_a_stream_of_which_only_hashes_are_known(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    names = ["alpha is a long name", "beta other words here", "gamma what then"]

    def stream(items: list[str], stages: list[str], times: list[int], **options: Any) -> sf.StageLog:
        table = pa.table({"item": items, "stage": stages, "time": times})
        return sf.StageLog.from_batches(table.to_batches(), **options)

    log = stream([names[0], names[0], names[1]], ["New", "Won", "New"], [0, 1, 2])
    path = saved(log, tmp_path)
    key = sf.StageLog.load(path).hash_key
    sf.StageLog.append(path, stream([names[0], names[2]], ["Lost", "New"], [3, 4], hash_key=key))
    for time in range(20):  # so many that they are put together
        sf.StageLog.append(path, {"item": [names[1], "d"], "stage": ["Lost", "New"], "time": [5 + time] * 2})
    found = sf.StageLog.load(path)
    assert (found.n_items, found.n_rows) == (4, 45)
    assert sf.StageLog.erase(path, [names[1]]) == 21
    assert sf.StageLog.load(path).n_items == 3
    other = stream([names[0], names[2]], ["Lost", "New"], [3, 4], hash_key=bytes(16))
    with pytest.raises(sf.SchemaError, match="hashed with another key"):
        sf.StageLog.append(path, other)


def test_marks_chosen_items_and_conditions_are_those_of_the_log(tmp_path: Path) -> None:
    rows = frame(ROWS, left=[2, None, 2, None, 9], guessed=[True, False, False, True, False], n=list("abcab"))
    items = pd.DataFrame({"item": [1, 2, 3], "team": ["a", "b", "a"]})
    options: dict[str, Any] = {"exited": "left", "start_unknown": "guessed", "columns": ["n"]}
    log = sf.StageLog(rows, items=items, **options)
    assert_comes_back(log, tmp_path, columns=["n"])
    found = sf.StageLog.load(tmp_path / "log.sf")
    for where in ({"team": "a"}, {"n": "b"}):
        assert_frame_equal(sf.funnel(found, PIPELINE, where=where), sf.funnel(log, PIPELINE, where=where))
    chosen = found.filter(items=[1, 3])
    assert_comes_back(chosen, tmp_path, columns=["n"])  # over the log that it was chosen from
    assert repr(found) == repr(log)
    assert sf.StageLog.append(tmp_path / "log.sf", log).to_dict() == {"added": 2, "known": 3}
