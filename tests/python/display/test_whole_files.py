"""What is written comes to its place whole or not at all, and a full disk is called that."""

import fcntl
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.display.write import write_file
from stagefunnel.plots import plot_funnel
from stagefunnel.whole_file import whole_file

TABLE = pd.DataFrame({"a": range(20_000)})
FORMS = ["parquet", "csv", "json", "xlsx"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("form", FORMS)
def test_a_disk_that_is_full_is_called_that_and_the_old_file_stays(form: str, tmp_path: Path) -> None:
    target = tmp_path / f"table.{form}"
    target.write_bytes(b"old")
    with files_of_at_most(10_000), pytest.raises(sf.StageFunnelError, match="File too large") as caught:
        write_file(TABLE, form, str(target))
    assert caught.value.option == "path"
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [target.name]


def test_a_chart_comes_whole_or_not_at_all(tmp_path: Path) -> None:
    shop = sf.datasets.worked_example()
    chart = plot_funnel(sf.funnel(shop.log, shop.pipeline))
    with files_of_at_most(1_000), pytest.raises(sf.StageFunnelError, match="File too large"):
        sf.save_chart(chart, tmp_path / "chart.svg")
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_being_written_is_not_found_by_its_ending(tmp_path: Path) -> None:
    with whole_file(str(tmp_path / "a.parquet")) as partial:
        Path(partial).write_bytes(b"half")
        assert list(tmp_path.glob("*.parquet")) == []
        assert os.path.basename(partial).startswith(".")
    assert (tmp_path / "a.parquet").read_bytes() == b"half"


WRITER = """
import os, sys, time
from stagefunnel.whole_file import whole_file
with whole_file(sys.argv[1]) as partial:
    open(partial, "wb").write(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_the_next_write_removes_what_a_killed_process_left_and_nothing_else(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "a.csv")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    write_file("other", "txt", str(tmp_path / "b.txt"))
    assert len(os.listdir(tmp_path)) == 2  # what is being written stays
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (tmp_path / ".other.part").write_text("not ours")
    write_file("other", "txt", str(tmp_path / "b.txt"))
    assert sorted(os.listdir(tmp_path)) == [".other.part", "b.txt"]


def test_writers_of_one_file_do_not_take_what_the_other_writes(tmp_path: Path) -> None:
    target = str(tmp_path / "a.csv")
    with whole_file(target) as first:
        Path(first).write_text("first")
        with whole_file(target) as second:
            Path(second).write_text("second")
        assert Path(target).read_text() == "second"
    assert Path(target).read_text() == "first"


def test_where_files_cannot_be_held_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    left = tmp_path / ".stagefunnel-x.part"
    left.write_text("left")
    write_file("text", "txt", str(tmp_path / "a.txt"))
    assert left.exists()
    assert (tmp_path / "a.txt").read_text() == "text"


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write_file("new", "csv", str(tmp_path / "link.csv"))
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"
    write_file("x", "csv", "/dev/null")
    assert not os.path.isfile("/dev/null")


def test_a_new_file_has_the_permissions_of_the_process_and_a_replaced_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    new, old = tmp_path / "new.csv", tmp_path / "old.csv"
    old.write_text("old")
    old.chmod(0o604)
    mask = os.umask(0o026)
    try:
        write_file("new", "csv", str(new))
        write_file("new", "csv", str(old))
    finally:
        os.umask(mask)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (new, old)] == [0o640, 0o604]
    old.chmod(0o444)  # which even its owner cannot write into: it is replaced
    write_file("newer", "csv", str(old))
    assert old.read_text() == "newer"
    assert stat.S_IMODE(old.stat().st_mode) == 0o444


def test_the_mask_of_new_files_is_that_of_all_threads_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masks: list[int] = []
    monkeypatch.setattr(os, "umask", masks.append)
    write_file("text", "csv", str(tmp_path / "a.csv"))
    assert masks == []


def test_a_file_that_is_removed_before_it_is_held_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, removed = fcntl.flock, list[str]()

    def remove_first(file: int, how: int) -> None:
        if not removed:
            removed.extend(os.listdir(tmp_path))
            (tmp_path / removed[0]).unlink()
        hold(file, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with whole_file(str(tmp_path / "a.csv")) as partial:
        assert os.listdir(tmp_path) == [os.path.basename(partial)]
        assert removed != [os.path.basename(partial)]
        Path(partial).write_text("text")
    assert os.listdir(tmp_path) == ["a.csv"]
