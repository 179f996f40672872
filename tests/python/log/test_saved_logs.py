"""Saved logs answer as those that were saved, part by part, and what is changed in their files is found."""

import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import asked
import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
KEYS: dict[str, Callable[[int], Any]] = {
    "integers": lambda n: 10 * n - 20,
    "packed texts": lambda n: f"D-{n}",
    "long texts": lambda n: f"a long name of the deal with number {n:05d}",
    # Days begin alike in their own way, or not at all, so that some keys are packed and others hashed.
    "other beginnings": lambda n: f"{'DEF'[n % 3]}-{n}",
    "texts of any length": lambda n: f"D-{n}" if n % 3 else f"a long name of the deal with number {n:05d}",
}


def saved(log: sf.StageLog, tmp_path: Path) -> Path:
    path = tmp_path / "log.sf"
    log.save(path)
    return path


def rows_of(seed: int, n_rows: int, key: Callable[[int], Any]) -> pd.DataFrame:
    luck = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "item": [key(int(n)) for n in luck.integers(0, 9, n_rows)],
            "stage": luck.choice(["New", "Offer", "Won", "Lost"], n_rows),
            "time": pd.Timestamp("2026-03-01") + pd.to_timedelta(luck.integers(0, 60, n_rows), unit="D"),
            "owner": luck.choice(["ann", "bob", "cyd"], n_rows),
            "value": luck.integers(0, 4, n_rows) * 0.25,
        }
    )
    frame["left"] = frame["time"].where(luck.random(n_rows) < 0.2) + pd.Timedelta(hours=5)
    return frame


def log_of(frame: pd.DataFrame, **options: Any) -> sf.StageLog:
    return sf.StageLog(frame, columns=["owner", "value"], exited="left", **options)


def some_answers(log: sf.StageLog) -> dict[str, Any]:
    """Ask so that all that a log has is read."""
    return {
        "funnel": sf.funnel(log, PIPELINE, by="owner", amount="value"),
        "items": sf.item_table(log, PIPELINE, columns=["manager", "amount"]),
        "time": sf.time_in_stage(log, PIPELINE),
    }


def assert_refused_or_equal(path: Path, expected: dict[str, Any]) -> None:
    """Ask a log of which a byte was changed, which may lie between columns or in what only others read."""
    refused = None
    try:
        asked.assert_equal_answers(some_answers(sf.StageLog.load(path)), expected)
    except sf.StageFunnelError as error:
        refused = str(error)
    assert refused is None or "damaged" in refused


def answers_of(log: sf.StageLog) -> list[pd.DataFrame]:
    """Ask what depends on rows, their order, their columns and the table of items."""
    questions = (sf.funnel, sf.outcomes, sf.time_in_stage, sf.transitions)
    return [
        *(question(log, PIPELINE, by=by) for question in questions for by in (None, "owner")),
        sf.funnel(log, PIPELINE, kind="both", amount="value"),
        sf.item_table(log, PIPELINE).sort_values("item", ignore_index=True),
        log.quality(PIPELINE),
    ]


def assert_answers_alike(found: sf.StageLog, log: sf.StageLog, answers: list[pd.DataFrame]) -> None:
    assert repr(found) == repr(log)
    for own, expected in zip(answers_of(found), answers, strict=True):
        assert_frame_equal(own, expected)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("mmap", [True, False])
def test_a_saved_log_answers_every_question_alike(mmap: bool, tmp_path: Path) -> None:
    log = asked.rich_log()
    found = sf.StageLog.load(saved(log, tmp_path), mmap=mmap)
    assert repr(found) == repr(log)
    asked.assert_equal_answers(asked.answers(found), asked.answers(log))
    assert_frame_equal(found.quality(asked.PIPELINE), log.quality(asked.PIPELINE))


RICH = asked.rich_rows().sort_values("time", kind="stable", ignore_index=True)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("then", ["asked", "compacted", "erased"])
@pytest.mark.parametrize("cuts", [(4, 8), (1, 2, 3, 5, 9), (11,)])
def test_a_log_that_grew_answers_every_question_alike(
    cuts: tuple[int, ...], then: str, tmp_path: Path
) -> None:
    path = saved(asked.rich_log(RICH.iloc[: cuts[0]]), tmp_path)
    for begin, end in pairwise([*cuts, len(RICH)]):
        sf.StageLog.append(path, RICH.iloc[begin - 1 : end])  # the last row again
    if then == "compacted":
        sf.StageLog.compact(path)
    rows = RICH
    if then == "erased":  # the day's row of the table of items is left of it
        sf.StageLog.erase(path, ["D-4"])
        rows = RICH[RICH["item"] != "D-4"]
    whole = asked.rich_log(rows, observed_until="2026-05-01")
    if then == "erased" and whole.items is not None:
        whole = asked.rich_log(rows, items=whole.items[whole.items["item"] != "D-4"])
    found = sf.StageLog.load(path)
    assert repr(found) == repr(whole)
    asked.assert_equal_answers(asked.answers(found), asked.answers(whole))
    assert_frame_equal(found.quality(asked.PIPELINE), whole.quality(asked.PIPELINE))


def test_a_day_writes_its_rows_alone(tmp_path: Path) -> None:
    path = saved(log_of(rows_of(1, 2_000, KEYS["integers"])), tmp_path)
    before = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in path.rglob("*.arrow")}
    day = rows_of(2, 3, KEYS["integers"])
    sf.StageLog.append(path, day, exited="left")
    after = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in path.rglob("*.arrow")}
    assert {file: after[file] for file in before} == before
    new = sum(file.stat().st_size for file in set(after) - set(before))
    assert new < sum(file.stat().st_size for file in before) / 4


def test_the_files_are_read_by_arrow_and_pandas(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    rows = rows_of(3, 50, KEYS["packed texts"])
    path = saved(log_of(rows), tmp_path)
    (part,) = path.glob("part-*")

    def read(name: str) -> Any:
        with pa.memory_map(str(part / f"{name}.arrow")) as file:
            return pa.ipc.open_file(file).read_all()

    # Item after item, each in order of time; `first_row` is the row that an item begins in.
    items = rows["item"].iloc[read("items")["first_row"].to_pylist()]
    assert sorted(items) == sorted(set(rows["item"]))
    of_items = [rows[rows["item"] == item].sort_values("time", kind="stable") for item in items]
    expected = pd.concat(of_items, ignore_index=True)
    assert read("offsets")["offsets"].to_pylist() == [0, *np.cumsum([*map(len, of_items)]).tolist()]
    frame = read("rows").to_pandas()
    assert frame["stage"].astype(str).tolist() == expected["stage"].tolist()
    assert frame["time"].tolist() == expected["time"].tolist()
    assert frame["column value"].tolist() == expected["value"].tolist()


@pytest.mark.parametrize("label", ["New", "", 1, 70_000])
def test_rows_without_a_stage_are_missing_in_the_files(label: Any, tmp_path: Path) -> None:
    feather = pytest.importorskip("pyarrow.feather")
    stages = [label, None, label, None]
    log = sf.StageLog({"item": [1] * 4, "stage": stages, "time": range(4)}, invalid="keep_stage")
    path = saved(log, tmp_path)
    (file,) = path.rglob("rows.arrow")
    read = feather.read_feather(file)["stage"]
    assert read.isna().tolist() == [False, True] * 2
    assert read.iloc[::2].tolist() == [str(label)] * 2
    polars = pytest.importorskip("polars")  # which looks at the codes of missing rows too
    assert polars.read_ipc(file)["stage"].to_list() == [str(label), None] * 2
    assert_frame_equal(sf.StageLog.load(path).quality(), log.quality())


@examples(ci=10, night=300)  # a third of a second each
@given(seed=st.integers(0, 10**6), keys=st.sampled_from(sorted(KEYS)), cuts=st.lists(st.integers(0, 40)))
def test_days_that_are_appended_make_the_whole_log(
    seed: int, keys: str, cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    frame = rows_of(seed, 40, KEYS[keys])
    path = tmp_path_factory.mktemp("days") / "log.sf"
    bounds = sorted({1, *cuts, len(frame)} - {0})
    log_of(frame.iloc[: bounds[0]]).save(path)
    kept = frame.iloc[: bounds[0]]
    for begin, end in pairwise(bounds):
        day = frame.iloc[begin:end]
        is_known = day.apply(tuple, axis=1).isin(kept.apply(tuple, axis=1))
        answer = sf.StageLog.append(path, day, exited="left")
        assert answer.to_dict() == {"added": (~is_known).sum(), "known": is_known.sum()}
        kept = pd.concat([kept, day[~is_known]])
    whole = log_of(kept)
    answers = answers_of(whole)
    assert_answers_alike(sf.StageLog.load(path), whole, answers)
    sf.StageLog.compact(path)
    assert len(json.loads((path / "log.json").read_text().partition("\n")[2])["parts"]) == 1
    assert_answers_alike(sf.StageLog.load(path), whole, answers)


def test_a_day_without_amounts_leaves_the_others_exact(tmp_path: Path) -> None:
    # Of binary fractions 0.1 + 0.2 is 0.30000000000000004.
    rows = {"item": [1, 2, 1, 2], "stage": ["New", "New", "Won", "Won"], "time": [0, 0, 1, 1]}
    amounts = [Decimal("0.1"), Decimal("0.2"), Decimal("0.1"), Decimal("0.2")]
    path = saved(sf.StageLog({**rows, "amount": amounts}, columns=["amount"]), tmp_path)
    sf.StageLog.append(path, {"item": [3], "stage": ["New"], "time": [2], "amount": [None]})
    for log in (sf.StageLog.load(path), (sf.StageLog.compact(path), sf.StageLog.load(path))[1]):
        assert sf.outcomes(log, PIPELINE, amount="amount")["amount_won"].tolist() == [0.3]


def test_columns_of_a_day_are_named_as_those_of_the_saved_log(tmp_path: Path) -> None:
    names = {"item": "deal", "stage": "step", "time": "at", "order": "id", "exited": "left"}
    rows = {"deal": [1, 1], "step": ["New", "Won"], "at": [0, 4], "id": [7, 8], "left": [3, None]}
    path = saved(sf.StageLog(pd.DataFrame(rows), **names), tmp_path)
    # Item 1 is Won and Lost at 6; by `id` it is lost first.
    day = pd.DataFrame(
        {"deal": [1, 1], "step": ["Won", "Lost"], "at": [6, 6], "id": [2, 1], "left": [None, 9]}
    )
    assert sf.StageLog.append(path, day)["added"] == 2
    sf.StageLog.compact(path)  # which keeps the names
    visits = sf.visits(sf.StageLog.load(path), PIPELINE)
    assert visits["stage"].tolist() == ["New", "Won", "Lost", "Won"]
    assert visits["exited"].tolist()[:3] == [3, 6, 6]
    with pytest.raises(sf.SchemaError, match="no column 'deal'") as caught:
        sf.StageLog.append(path, day.rename(columns={"deal": "item"}))
    assert caught.value.__notes__ == [
        "columns are named as those of the saved log; options such as item= name others"
    ]
    other = day.rename(columns={"deal": "item"}).assign(item=2)
    assert sf.StageLog.append(path, other, item="item")["added"] == 2


def test_names_of_columns_go_along_when_a_log_is_pickled(tmp_path: Path) -> None:
    log = sf.StageLog({"deal": [1], "stage": ["New"], "time": [0]}, item="deal")
    path = saved(pickle.loads(pickle.dumps(log)), tmp_path)
    assert sf.StageLog.append(path, {"deal": [1], "stage": ["Won"], "time": [4]})["added"] == 1


def test_a_log_of_arrays_has_no_names_of_columns(tmp_path: Path) -> None:
    path = saved(sf.StageLog(item=[1], stage=["New"], time=[0]), tmp_path)
    assert sf.StageLog.append(path, {"item": [1], "stage": ["Won"], "time": [1]})["added"] == 1


def test_a_row_of_a_day_goes_behind_saved_rows_of_its_time(tmp_path: Path) -> None:
    path = saved(sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 4]}), tmp_path)
    sf.StageLog.append(path, {"item": [1, 2], "stage": ["Lost", "New"], "time": [4, 1]})
    table = sf.visits(sf.StageLog.load(path), PIPELINE).sort_values(["item", "entered"], kind="stable")
    assert table[["item", "stage"]].values.tolist() == [[1, "New"], [1, "Won"], [1, "Lost"], [2, "New"]]


def test_rows_that_come_again_are_counted_once_by_quality(tmp_path: Path) -> None:
    frame = pd.DataFrame({"item": [1, 1, 1, 2], "stage": ["New", None, "Won", "New"], "time": [0, 1, 4, 5]})
    path = saved(sf.StageLog(frame.iloc[:3], invalid="keep_stage"), tmp_path)
    answer = sf.StageLog.append(path, frame.iloc[1:], invalid="keep_stage")
    assert answer.to_dict() == {"added": 1, "known": 2}
    quality = sf.StageLog.load(path).quality().set_index("check")["count"]
    assert quality[["rows", "items", "missing_stage"]].tolist() == [4, 2, 1]


def test_rows_that_are_dropped_are_counted_as_often_as_they_come(tmp_path: Path) -> None:
    frame = pd.DataFrame({"item": [1, 1, 1, 2], "stage": ["New", None, "Won", "New"], "time": [0, 1, 4, 5]})
    path = saved(sf.StageLog(frame.iloc[:3], invalid="drop"), tmp_path)
    assert sf.StageLog.append(path, frame.iloc[1:], invalid="drop").to_dict() == {"added": 1, "known": 1}
    quality = sf.StageLog.load(path).quality().set_index("check")["count"]
    assert quality[["rows", "dropped", "missing_stage"]].tolist() == [5, 2, 2]


def test_a_day_brings_rows_of_the_table_of_items(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": [1, 2], "manager": ["eve", "dan"]})
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": [0, 1]}, items=items)
    path = saved(log, tmp_path)
    later = pd.DataFrame({"item": [2, 3], "manager": ["flo", "gus"]})
    sf.StageLog.append(path, {"item": [3], "stage": ["New"], "time": [5]}, items=later)
    table = sf.funnel(sf.StageLog.load(path), PIPELINE, by="manager")
    new = table[table["stage"] == "New"]
    assert dict(zip(new["manager"], new["reached"], strict=True)) == {"eve": 1, "flo": 1, "gus": 1}
    sf.StageLog.append(path, {"item": [], "stage": [], "time": []}, items=later.assign(manager="ida"))
    table = sf.funnel(sf.StageLog.load(path), PIPELINE, by="manager")
    new = table[table["stage"] == "New"]
    assert dict(zip(new["manager"], new["reached"], strict=True)) == {"eve": 1, "ida": 2}


def test_an_item_is_erased_with_all_that_only_it_has(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": ["ann@x.org", "b"], "phone": ["+49 170 1", "+49 170 2"]})
    rows = {
        "item": ["ann@x.org", "b", "b"],
        "stage": ["New", "New", "Won"],
        "time": [0, 1, 2],
        "note": ["call ann", "-", "-"],
    }
    path = saved(sf.StageLog(pd.DataFrame(rows), columns=["note"], items=items), tmp_path)
    sf.StageLog.append(
        path, pd.DataFrame({"item": ["ann@x.org"], "stage": ["Lost"], "time": [9], "note": ["ann"]})
    )
    assert sf.StageLog.erase(path, ["ann@x.org"]) == 2
    left = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert b"ann" not in left
    assert b"170 1" not in left
    log = sf.StageLog.load(path)
    assert (log.n_items, log.n_rows) == (1, 2)
    with pytest.raises(sf.UnknownItemError, match=r"'ann@x\.org'"):
        sf.StageLog.erase(path, ["ann@x.org"])
    with pytest.raises(sf.StageFunnelError, match="all items of the saved log"):
        sf.StageLog.erase(path, ["b"])


def test_a_changed_byte_is_found_when_its_column_is_read(tmp_path: Path) -> None:
    log = asked.rich_log()
    path, expected = saved(log, tmp_path), some_answers(log)
    for file in sorted(path.glob("part-*/*")):
        good = file.read_bytes()
        for at in range(0, len(good), max(1, len(good) // 12)):
            file.write_bytes(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :])
            assert_refused_or_equal(path, expected)
        file.write_bytes(good)


def test_a_file_that_is_cut_is_refused_on_opening(tmp_path: Path) -> None:
    path = saved(asked.rich_log(), tmp_path)
    for file in [*path.glob("part-*/*"), path / "log.json"]:
        good = file.read_bytes()
        file.write_bytes(good[:-1])
        with pytest.raises(sf.StageFunnelError, match="damaged"):
            sf.StageLog.load(path)
        file.unlink()
        with pytest.raises(sf.StageFunnelError, match=r"damaged|no saved log"):
            sf.StageLog.load(path)
        file.write_bytes(good)


def test_every_changed_byte_of_the_header_is_refused(tmp_path: Path) -> None:
    path = saved(sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}), tmp_path)
    header = path / "log.json"
    good = header.read_bytes()
    for at in [*range(60), *range(60, len(good), 7)]:
        header.write_bytes(good[:at] + bytes([good[at] ^ 0x04]) + good[at + 1 :])
        with pytest.raises(sf.StageFunnelError):
            sf.StageLog.load(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            {"item": ["x"], "stage": ["New"], "time": [0]},
            "items: the new rows have text",
        ),
        (
            {"item": [1], "stage": ["New"], "time": ["2026-03-01"]},
            "another unit of the times than the saved log: 'us', and the log has none; read them alike",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_change_nothing(
    rows: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = saved(sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}), tmp_path)
    before = sorted(file.name for file in path.rglob("*"))
    with pytest.raises(sf.SchemaError, match=message):
        sf.StageLog.append(path, rows)
    assert sorted(file.name for file in path.rglob("*")) == before


def test_two_writers_are_told_of_each_other(tmp_path: Path) -> None:
    import fcntl

    path = saved(sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}), tmp_path)
    with (path / "lock").open("w") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        for change in (
            lambda: sf.StageLog.append(path, {"item": [1], "stage": ["Won"], "time": [1]}),
            lambda: sf.StageLog.compact(path),
            lambda: sf.StageLog.load(path).save(path),
        ):
            with pytest.raises(sf.StageFunnelError, match="another process is changing"):
                change()
        assert sf.StageLog.load(path).n_rows == 1


def test_places_that_are_no_saved_log_are_refused(tmp_path: Path) -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(sf.SchemaError, match="is a file"):
        log.save(tmp_path / "file")
    with pytest.raises(sf.SchemaError, match=r"other files in it, such as 'mine\.txt'"):
        log.save(tmp_path / "full")
    for path, message in (
        ("nowhere", "is not there"),
        ("full", "no saved log"),
        ("file", "no saved log"),
    ):
        with pytest.raises(sf.SchemaError, match=message):
            sf.StageLog.load(tmp_path / path)
        with pytest.raises(sf.SchemaError, match=message):
            sf.StageLog.append(tmp_path / path, {"item": [1], "stage": ["New"], "time": [0]})
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "full", "mine.txt"]


@pytest.mark.parametrize("error", [OSError(28, "any"), OSError("[errno 28] No space left on device")])
def test_a_full_disk_is_named_and_leaves_nothing(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stagefunnel.log.saved import saved_log

    def fail(*_: object) -> None:
        raise error

    path = tmp_path / "log.sf"
    monkeypatch.setattr(saved_log, "write_part", fail)
    with pytest.raises(sf.StageFunnelError, match="the disk is full"):
        sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}).save(path)
    assert not path.exists()
