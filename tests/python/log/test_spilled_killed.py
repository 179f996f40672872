"""A process that is ended while it spills leaves no half of a log; the next call goes on or begins anew."""

import os
import resource
import shutil
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal
from killed import ended_at
from stagefunnel.log.spilled import spill
from stagefunnel.log.spilled.budget import Budget

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
PIPELINE = sf.Pipeline(["New"], won="Won")
ROWS = pd.DataFrame({"item": range(40), "stage": ["New", "Won"] * 20, "time": range(40)})


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "room", property(lambda _: 1_200))
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def test_a_kill_leaves_no_log_or_the_log_and_the_next_call_makes_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    real = spill._rows_of

    def rows_of(*args: Any) -> Any:
        reads.append(1)
        return real(*args)

    monkeypatch.setattr(spill, "_rows_of", rows_of)
    found = set()
    for event in range(0, 1_000, 5):
        path = tmp_path / f"{event}.sf"
        was_ended = ended_at(lambda place: sf.StageLog.from_csv(file, spill=place, threads=1), path, event)
        has_log = (path / "log.json").exists()
        if not has_log:
            with pytest.raises(sf.SchemaError, match=r"not there|no saved log|interrupted"):
                sf.StageLog.load(path)
        reads.clear()
        log = sf.StageLog.from_csv(file, spill=path, threads=1)
        found.add((has_log, bool(reads)))
        assert isinstance(log, sf.PartitionedLog)
        assert (log.n_rows, log.n_items) == (40, 40)
        assert sf.outcomes(log, PIPELINE)["won"].tolist() == [20]
        assert not [*path.glob("spill-*"), *path.glob(".stagefunnel*")]
        assert len([*path.glob("part-*")]) == log.n_partitions
        if not was_ended:
            break
    assert not was_ended
    # Some were ended while rows were read, and others went on with partitions.
    assert {(False, True), (False, False)} <= found


#: All deals of two accounts are created at one time: the first row of the file says which one is the first.
TIED = pd.DataFrame(
    {"item": range(40), "stage": "New", "time": 0, "owner": [f"o{n:02}" for n in range(40)]}
).iloc[[*range(39, 19, -1), *range(20)]]
ACCOUNTS = pd.DataFrame({"item": range(80), "account": ["a", "b"] * 40})


def first_owners(path: Path) -> list[str]:
    found = sf.funnel(sf.StageLog.load(path), PIPELINE, unit="account", by="owner")
    return list(found.loc[found["reached"] > 0, "owner"])


def test_after_a_kill_the_first_row_of_each_item_is_that_of_the_file(tmp_path: Path) -> None:
    TIED.to_csv(tmp_path / "rows.csv", index=False)

    def make(path: Path) -> object:
        items = ACCOUNTS.astype({"item": str})  # as a file has them
        file = tmp_path / "rows.csv"
        return sf.StageLog.from_csv(file, columns=["owner"], items=items, spill=path, threads=1)

    found = set()
    for event in range(0, 1_000, 6):
        path = tmp_path / f"{event}.sf"
        was_ended = ended_at(make, path, event)
        found.add(bool(list(path.glob("spill-*/spill.json"))))  # all rows were read, and it goes on
        make(path)
        assert first_owners(path) == ["o38", "o39"]
        if not was_ended:
            break
    assert not was_ended
    assert found == {False, True}


def test_after_a_kill_appended_rows_are_numbered_behind_the_others(tmp_path: Path) -> None:
    read: dict[str, Any] = {"columns": ["owner"], "keys": "keep"}
    sf.StageLog.from_batches([TIED], items=ACCOUNTS, spill=tmp_path / "first.sf", threads=1, **read)
    later = TIED.assign(item=TIED["item"] + 40, owner="later")
    for event in range(0, 1_000, 20):
        path = shutil.copytree(tmp_path / "first.sf", tmp_path / f"{event}.sf")
        was_ended = ended_at(lambda place: sf.StageLog.append(place, later), path, event)
        assert first_owners(path) == ["o38", "o39"]
        sf.StageLog.append(path, later)
        assert sf.StageLog.load(path).n_rows == 80
        assert first_owners(path) == ["o38", "o39"]
        # Without the first ones the next row of the input stands for the account.
        sf.StageLog.erase(path, range(20, 40))
        assert first_owners(path) == ["o00", "o01"]
        if not was_ended:
            break
    assert not was_ended


def test_other_rows_begin_anew(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    event = 10
    while not list(path.glob("spill-*/spill.json")):
        event += 10
        assert ended_at(lambda place: sf.StageLog.from_csv(file, spill=place, threads=1), path, event)
    ROWS.iloc[:30].to_csv(file, index=False)
    log = sf.StageLog.from_csv(file, spill=path, threads=1)
    assert (log.n_rows, log.n_items) == (30, 30)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    rows = pd.DataFrame({"item": range(9_000), "stage": "New", "time": range(9_000)})
    text = tmp_path / "error.txt"
    path = tmp_path / "log.sf"
    with text.open("w") as file:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))  # as a disk that is full then
            try:
                sf.StageLog.from_batches([rows], spill=path, threads=1)
            except sf.StageFunnelError as error:
                file.write(str(error)[:400])
                file.flush()
                os._exit(1)
            except BaseException as error:
                file.write(repr(error)[:400])
                file.flush()
                os._exit(3)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 1, text.read_text()
    assert "File too large" in text.read_text()
    assert text.read_text().startswith("spill=")
    assert not path.exists()


def test_a_kill_while_rows_are_appended_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    sf.StageLog.from_batches([ROWS], spill=tmp_path / "first.sf", threads=1)
    later = pd.DataFrame({"item": range(0, 60, 2), "stage": "Lost", "time": range(50, 80)})
    found = set()
    for event in range(0, 1_000, 15):
        path = shutil.copytree(tmp_path / "first.sf", tmp_path / f"{event}.sf")
        was_ended = ended_at(lambda place: sf.StageLog.append(place, later), path, event)
        n_rows = sf.StageLog.load(path).n_rows
        assert n_rows in (40, 70)
        found.add(n_rows)
        added = sf.StageLog.append(path, later)
        assert added["added"] == 70 - n_rows
        assert sf.StageLog.load(path).n_rows == 70
        if not was_ended:
            break
    assert not was_ended
    assert found == {40, 70}


def files_of(path: Path) -> set[str]:
    return {part.name for part in path.glob("part-*")}


LATER = pd.DataFrame({"item": range(0, 60, 2), "stage": "Lost", "time": range(50, 80)})
ITEMS_OF_KILLS = pd.DataFrame({"item": range(40), "team": ["x", "y"] * 20})
LOSING = sf.Pipeline(["New"], won="Won", lost="Lost")
#: What changes a log in partitions, and the rows of item 4 before and after; compacting changes none.
CHANGES: dict[str, tuple[Any, int, int]] = {
    "compact": (lambda path: sf.StageLog.compact(path), 70, 70),
    # Items of several partitions.
    "erase": (lambda path: sf.StageLog.erase(path, [4, 5, 6, 7, 8, 42]), 70, 70 - (3 * 2 + 2 + 1)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_kill_while_partitions_are_written_anew_leaves_the_old_or_the_new(
    change: str, tmp_path: Path
) -> None:
    make, n_old, n_new = CHANGES[change]
    first = tmp_path / "first.sf"
    sf.StageLog.from_batches([ROWS], spill=first, threads=1, items=ITEMS_OF_KILLS)
    sf.StageLog.append(first, LATER)
    old: Any = sf.StageLog.load(first)
    old_parts, n_partitions = files_of(first), old.n_partitions
    assert n_partitions > 3
    answers = sf.outcomes(old, LOSING, by="team")
    found = set()
    # At every third touch of a file; the same code writes a log of one part, which is ended at every one.
    for event in range(0, 2_000, 3):
        path = shutil.copytree(first, tmp_path / f"{event}.sf")
        was_ended = ended_at(make, path, event)
        # A copied folder is whole before anything removes what was left.
        log: Any = sf.StageLog.load(path)
        assert log.n_rows in (n_old, n_new)
        is_new = log.n_rows == n_new if n_old != n_new else len(log._whole.abouts) == n_partitions
        found.add((was_ended, is_new))
        if change == "compact":
            assert_frame_equal(sf.outcomes(log, LOSING, by="team"), answers)
        else:
            keys = {4, 5, 6, 7, 8, 42}
            assert len(keys & set(log.items["item"])) == (0 if is_new else 5)
            assert sf.outcomes(log, LOSING)["base"].tolist() == [44 if is_new else 50]
        make_again(change, make, path)
        again: Any = sf.StageLog.load(path)
        assert again.n_rows == n_new
        assert len(again._whole.abouts) <= len(old_parts)
        assert files_of(path) == {about["folder"] for about in again._whole.abouts}
        assert not [*path.glob(".stagefunnel*"), *path.glob("spill-*")]
        shutil.rmtree(path)
        if not was_ended:
            break
    assert not was_ended
    assert event > 4 * n_partitions
    assert {(True, False), (False, True)} <= found


def make_again(change: str, make: Any, path: Path) -> None:
    """Do what was interrupted again; what is erased already is not there any more."""
    try:
        make(path)
    except sf.UnknownItemError:
        assert change == "erase"
        sf.StageLog.append(path, LATER.iloc[:1])  # the next one that writes removes what was left
