"""Processes that are forked while other threads read or load modules, and after libraries began to work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="systems that fork")

STATUS = """
import os, signal, sys, threading
import stagefunnel as sf

def forked(work):
    '''Return how a child ends that does something.'''
    child = os.fork()
    if not child:
        signal.alarm(100)
        work()
        sys.exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def statuses(script: str, *arguments: str) -> tuple[list[str], str]:
    # -u: what a process has printed and not sent yet, its children would send too.
    done = subprocess.run(
        [sys.executable, "-u", "-c", STATUS + script, *arguments],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


READING = """
def read():
    return len(sf.StageLog.from_csv(sys.argv[1], item="item", stage="stage", time="time"))

began, goes_on, n_rows = threading.Event(), threading.Event(), []
want, spoken = read(), []
def progress(*_):
    began.set()
    goes_on.wait(100)
import stagefunnel.files.read_ahead as ahead
batches_of = ahead._batches_of
def waits(holder):
    for batch in batches_of(holder):
        progress()
        yield batch
ahead._batches_of = waits
thread = threading.Thread(target=lambda: n_rows.append(read()))
thread.start()
assert began.wait(100)
ahead._batches_of = batches_of
print(forked(lambda: None))
print(forked(lambda: read() == want or os._exit(3)))
goes_on.set()
thread.join()
print(n_rows == [want])
"""


def test_a_child_ends_that_is_forked_while_a_thread_reads_a_file(tmp_path: Path) -> None:
    # Several blocks of 4 MB, so that pyarrow's threads are ahead of the one that waits.
    file = tmp_path / "log.csv"
    rows = "".join(f"a rather long key of an item {i // 3},Stage {i % 3},{i}\n" for i in range(300_000))
    file.write_text("item,stage,time\n" + rows)
    found, errors = statuses(READING, str(file))
    assert found == ["7", "7", "True"]
    assert errors == ""


SAVING = """
from stagefunnel.log.saved.folder import writing
log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [1, 2]})
log.save(sys.argv[1])
went_on, goes_on = os.pipe()
with writing(sys.argv[1]):
    child = os.fork()
    if not child:
        signal.alarm(100)
        os.close(goes_on)
        os.read(went_on, 1)  # until the other process ends it
        os._exit(0)
    try:
        log.save(sys.argv[1])
    except sf.StageFunnelError as error:
        print("another process is changing this saved log" in str(error))
log.save(sys.argv[1])
print(os.waitpid(child, os.WNOHANG) == (0, 0))  # it lives
os.close(goes_on)
print(os.waitpid(child, 0)[1])
"""


def test_a_saved_log_is_not_held_by_a_child_that_was_forked_while_it_was_written(tmp_path: Path) -> None:
    assert statuses(SAVING, str(tmp_path / "log"))[0] == ["True", "True", "0"]


LOADING = """
began, goes_on = threading.Event(), threading.Event()
class Finder:
    '''Holds the import of a module, as a slow disk would.'''
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1] and not began.is_set():
            began.set()
            goes_on.wait(100)
sys.meta_path.insert(0, Finder())
load = lambda: getattr(sf, sys.argv[2])
thread = threading.Thread(target=load)
thread.start()
assert began.wait(100)
threading.Timer(0.3, goes_on.set).start()
print(forked(load))
thread.join()
"""


@pytest.mark.parametrize(("module", "name"), [("stagefunnel.reports.build", "report"), ("pandas", "funnel")])
def test_a_fork_waits_until_another_thread_has_loaded_a_module(module: str, name: str) -> None:
    found, errors = statuses(LOADING, module, name)
    assert found == ["7"]
    assert errors == ""


LOADING_HERE = """
import time, types
from stagefunnel import forking
waited = []
forking.time = types.SimpleNamespace(monotonic=time.monotonic, sleep=waited.append)
class Finder:
    '''Forks in the middle of an import, while another thread waits for the same one.'''
    def find_spec(self, name, path, target=None):
        if name == "stagefunnel.reports.build" and threading.current_thread() is threading.main_thread():
            other.start()
            print(forked(lambda: os._exit(7)))
other = threading.Thread(target=lambda: sf.report)
sys.meta_path.insert(0, Finder())
sf.report
other.join()
print(len(waited))
"""


def test_a_thread_that_loads_a_module_itself_forks_at_once() -> None:
    assert statuses(LOADING_HERE)[0] == ["7", "0"]


DRAWING = """
from stagefunnel.plots import plot_funnel
shop = sf.datasets.worked_example()
chart = plot_funnel(sf.funnel(shop.log, shop.pipeline))
def save(folder):
    for kind in ("svg", "png", "pdf"):
        sf.save_chart(chart, f"{folder}/chart.{kind}")
def refused():
    sys.executable = "/usr/bin/another"
    try:
        save(sys.argv[2])
    except sf.StageFunnelError as error:
        assert str(error).endswith("vl-convert cannot draw; start the process by 'spawn'"), error
        sys.exit(8)
save(sys.argv[1])
print(forked(lambda: save(sys.argv[2])))
print(forked(refused))
"""


def test_a_process_draws_that_is_forked_from_one_that_has_drawn(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert statuses(DRAWING, str(first), str(second))[0] == ["7", "8"]
    for kind in ("svg", "png"):
        assert (second / f"chart.{kind}").read_bytes() == (first / f"chart.{kind}").read_bytes()
    assert (second / "chart.pdf").read_bytes().startswith(b"%PDF")


POLARS = """
import polars as pl
shop = sf.datasets.worked_example()
frame = pl.DataFrame({"item": [1, 1], "stage": ["New", "Won"], "time": [1, 2]})
ask = lambda: sf.funnel(shop.log, shop.pipeline)
def refused(work):
    try:
        work()
    except sf.StageFunnelError as error:
        assert str(error).startswith("this process is forked from one in which polars has worked"), error
        sys.exit(8)
def asked():
    with sf.options(frames="polars"):
        return ask()
print(forked(lambda: sf.StageLog(frame.lazy())))  # where polars has not worked yet, it works in the child
table = asked()
for work in (asked, lambda: sf.show(table), lambda: sf.StageLog(frame.lazy()), lambda: sf.read(frame.lazy())):
    print(forked(lambda: refused(work)))
print(forked(lambda: len(sf.StageLog(frame)) == 2 or os._exit(3)))
print(forked(ask))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the names of threads of Linux")
def test_a_process_is_refused_polars_that_is_forked_from_one_where_it_has_worked() -> None:
    assert statuses(POLARS)[0] == ["7", "8", "8", "8", "8", "7", "7"]


def test_the_pool_of_arrow_is_what_it_was_after_threads_that_spill_at_once() -> None:
    pa = pytest.importorskip("pyarrow")
    from stagefunnel.log.spilled.budget import frugal

    usual = pa.default_memory_pool().backend_name
    first, second = frugal(), frugal()
    first.__enter__()
    assert pa.default_memory_pool().backend_name == "system"
    second.__enter__()
    first.__exit__(None, None, None)  # the one that came first ends first
    second.__exit__(None, None, None)
    assert pa.default_memory_pool().backend_name == usual
