"""Saved logs are read while they change, by threads and without their files; a full disk is said."""

import copy
import os
import pickle
import resource
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal

PIPELINE = sf.Pipeline(["New"], won="Won", lost="Lost")
N_ITEMS = 2_000


def rows(first: int = 0) -> pd.DataFrame:
    items = np.repeat(np.arange(first, first + N_ITEMS), 2)
    return pd.DataFrame(
        {"item": items, "stage": ["New", "Won"] * N_ITEMS, "time": [0, 4] * N_ITEMS, "owner": items % 7}
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    sf.StageLog(rows(), columns=["owner"]).save(tmp_path / "log.sf")
    return tmp_path / "log.sf"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda log: pickle.loads(pickle.dumps(log))])
def test_an_opened_log_is_copied_and_pickled(again: Callable[[sf.StageLog], sf.StageLog], path: Path) -> None:
    log = sf.StageLog(rows(), columns=["owner"])
    found = again(sf.StageLog.load(path))
    assert repr(found) == repr(log)
    assert_frame_equal(sf.funnel(found, PIPELINE, by="owner"), sf.funnel(log, PIPELINE, by="owner"))


def test_an_opened_log_makes_other_logs_and_parts(path: Path) -> None:
    log = sf.StageLog(rows(), columns=["owner"])
    found = sf.StageLog.load(path)
    for other in (lambda one: one.filter(items=[3, 5]), lambda one: one.with_observed_until(9)):
        assert repr(other(found)) == repr(other(log))
        assert_frame_equal(sf.outcomes(other(found), PIPELINE), sf.outcomes(other(log), PIPELINE))
    funnels = [sf.partial(one, PIPELINE).summary().funnel for one in (found, log)]
    assert_frame_equal(*funnels)


def test_threads_ask_one_opened_log_for_the_first_time(path: Path) -> None:
    expected = sf.funnel(sf.StageLog(rows(), columns=["owner"]), PIPELINE, by="owner")
    log = sf.StageLog.load(path)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: sf.funnel(log, PIPELINE, by="owner"), range(8)):
            assert_frame_equal(found, expected)


def test_an_opened_log_outlives_its_files(path: Path) -> None:
    log = sf.StageLog.load(path)
    assert sf.funnel(log, PIPELINE)["reached"].tolist()[:2] == [N_ITEMS] * 2
    shutil.rmtree(path)
    assert sf.outcomes(log, PIPELINE)["won"].tolist() == [N_ITEMS]


def test_readers_see_whole_days_while_a_writer_commits(path: Path) -> None:
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(int(sf.funnel(sf.StageLog.load(path), PIPELINE)["reached"].iloc[0]))

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for day in range(1, 4):
                sf.StageLog.append(path, rows(day * N_ITEMS))
            sf.StageLog.compact(path)
            sf.StageLog.erase(path, [0])
        finally:
            done.set()
    for reader in readers:
        reader.result()
    assert {*seen} <= {*(day * N_ITEMS for day in range(1, 5)), 4 * N_ITEMS - 1}


CHANGES: dict[str, Callable[[Path], object]] = {
    "save": lambda path: sf.StageLog(rows(), columns=["owner"]).save(path),
    "append": lambda path: sf.StageLog.append(path, rows(N_ITEMS)),
    "erase": lambda path: sf.StageLog.erase(path, [1]),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("change", CHANGES)
def test_a_full_disk_is_said_and_leaves_the_old_log(change: str, path: Path, tmp_path: Path) -> None:
    text = tmp_path / "error.txt"
    before = sorted(file.name for file in path.rglob("*"))
    with text.open("w") as file:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # as a disk that is full then
            try:
                CHANGES[change](path)
            except sf.StageFunnelError as error:
                file.write(str(error))
                file.flush()
                os._exit(1)
            except BaseException as error:
                file.write(repr(error))
                file.flush()
                os._exit(3)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 1, text.read_text()
    assert str(path) in text.read_text()
    assert "File too large" in text.read_text()
    assert sorted(file.name for file in path.rglob("*")) == before
    assert sf.funnel(sf.StageLog.load(path), PIPELINE)["reached"].tolist()[:2] == [N_ITEMS] * 2
