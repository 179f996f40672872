"""Threads that cannot be started, processes that fork meanwhile, and pools of each kind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

WITHOUT_THREADS = """
import os, resource, threading
import numpy as np
import stagefunnel as sf
sf.time_in_stage, sf.StageLog, sf.funnel  # loaded before the memory is limited
n = 200_000
frame = {"item": np.arange(n) // 3, "stage": np.arange(n) % 3, "time": np.arange(n)}
pipeline = sf.Pipeline([0, 1], won=2)
def ask(threads):
    log = sf.StageLog(frame, threads=threads)
    return sf.funnel(log, pipeline).to_csv() + sf.time_in_stage(log, pipeline).to_csv()
want = ask(1)
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
# A thread takes as many addresses as the stack may have: more than there are left.
resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20),) * 2)
try:
    threading.Thread(target=print).start()
    raise SystemExit("a thread can be started, so that nothing is tested")
except RuntimeError:
    pass
assert ask(4) == want
print("right")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
def test_where_no_thread_can_be_started_one_does_all() -> None:
    limited = f"ulimit -s 1000000; exec {sys.executable} -c '{WITHOUT_THREADS}'"
    variables = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-c", limited], capture_output=True, text=True, timeout=120, env=variables, check=False
    )
    assert done.stdout == "right\n", done.stderr


AT_THE_END = """
import os, signal, sys, threading, time
import numpy as np
import pyarrow as pa
import stagefunnel as sf
n = 200_000
frame = {"item": np.arange(n) // 3, "stage": np.arange(n) % 3, "time": np.arange(n)}
text = pa.record_batch({"item": [f"item {i // 3}" for i in range(30_000)], "stage": ["A", "B", "C"] * 10_000,
                        "time": np.arange(30_000)})
WORK = {
    "stream": lambda threads: sf.StageLog.from_batches([text, text], threads=threads),
    "table": lambda threads: sf.StageLog(frame, threads=threads),
    "question": lambda threads: sf.time_in_stage(log, pipeline),
}
log, pipeline = sf.StageLog(frame), sf.Pipeline([0, 1], won=2)

def without_end(work, threads):
    while True:
        work(threads)

for name, work in WORK.items():
    work(1)  # imports what it needs
    for run in range(4):
        sys.stdout.flush()
        child = os.fork()
        if not child:
            signal.alarm(30)
            threading.Thread(target=without_end, args=(work, 1 + run % 2), daemon=True).start()
            time.sleep(0.02 + 0.003 * run)
            sys.exit(7)
        print(name, os.waitpid(child, 0)[1], flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="systems that fork")
def test_a_process_ends_while_a_thread_that_is_left_running_works() -> None:
    # waitpid has the signal that ended a child in the lower byte, and its code in the upper one.
    done = subprocess.run(
        [sys.executable, "-c", AT_THE_END], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == [
        f"{name} {7 << 8}" for name in ("stream", "table", "question") for _ in range(4)
    ], done.stderr


POOLS = '''
import json, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import ProcessPoolExecutor
import numpy as np
import stagefunnel as sf

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
TIMES = ["2026-01-01", "2026-01-05", "2026-01-02"]
LOG = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Won", "Offer"], "time": TIMES})
ERRORS = {
    "InvalidRowError": lambda: sf.StageLog({"item": [1], "stage": ["New"], "time": ["now"]}),
    "SchemaError": lambda: sf.StageLog({"item": [1]}),
    "UnknownStageError": lambda: sf.funnel(LOG, sf.Pipeline("New", won="Won"), missing="ignore"),
    "UnknownItemError": lambda: sf.explain(LOG, PIPELINE, item=99),
    "ReaderError": lambda: sf.read(os.devnull),
    "MissingColumnError": lambda: sf.StageLog.from_csv(sys.argv[1]),
}

def values():
    shop = sf.datasets.worked_example()
    bound = sf.bind(LOG, PIPELINE)
    return {
        "StageLog": LOG, "Pipeline": PIPELINE, "Bound": bound,
        "Summary": sf.summary(LOG, PIPELINE, missing="ignore"),
        "Partial": sf.partial(LOG, PIPELINE, missing="ignore"), "Step": sf.Step("New"),
        "Steps": sf.Steps(["New", "Won"]), "Exclusion": sf.Exclusion("Lost"),
        "WorkingHours": sf.WorkingHours({"mon": [("09:00", "17:00")]}), "Settings": sf.Settings(PIPELINE, {}),
        "Suggestion": sf.suggest(shop.frame), "Export": sf.read(shop.frame),
        "funnel": sf.funnel(LOG, PIPELINE, missing="ignore"),
    }

def sent_back(value):
    return value

def fail(name):
    ERRORS[name]()

def shown(value):
    return type(value).__name__, repr(value)

def main():
    found = {}
    given = values()
    for kind in ("fork", "forkserver", "spawn"):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(kind)) as pool:
            sent = {name: pool.submit(sent_back, value).result(60) for name, value in given.items()}
            same = [name for name, value in given.items() if shown(sent[name]) == shown(value)]
            raised = {}
            for name in ERRORS:
                try:
                    pool.submit(fail, name).result(60)
                except sf.StageFunnelError as error:
                    raised[name] = [type(error).__name__, str(error), getattr(error, "row", None)]
            rows = pool.submit(len, LOG).result(60)
        found[kind] = [same, raised, rows]
    here = {}
    for name, make in ERRORS.items():
        try:
            make()
        except sf.StageFunnelError as error:
            here[name] = [type(error).__name__, str(error), getattr(error, "row", None)]
    print(json.dumps([found, here, [*given], forked()]))

def forked():
    """Fork while threads build logs; the children build too."""
    n = 100_000
    frame = {"item": np.arange(n) // 3, "stage": np.arange(n) % 3, "time": np.arange(n)}
    ask = lambda: sf.funnel(sf.StageLog(frame, threads=3), sf.Pipeline([0, 1], won=2)).to_csv()
    want, stop = ask(), threading.Event()
    def build():
        while not stop.is_set():
            ask()
    builder = threading.Thread(target=build)
    builder.start()
    states = []
    for _ in range(6):
        time.sleep(0.01)
        child = os.fork()
        if not child:
            signal.alarm(20)
            os._exit(0 if ask() == want else 3)
        states.append(os.waitpid(child, 0)[1])
    stop.set()
    builder.join()
    return states

if __name__ == "__main__":
    import warnings
    warnings.simplefilter("ignore")
    main()
'''


@pytest.mark.skipif(not hasattr(os, "fork"), reason="systems that fork")
def test_pools_of_each_kind_send_every_class_and_error_and_a_fork_meanwhile_works(tmp_path: Path) -> None:
    script, file = tmp_path / "pools.py", tmp_path / "other.csv"
    script.write_text(POOLS)
    file.write_text("a,b\n1,2\n")
    done = subprocess.run(
        [sys.executable, str(script), str(file)], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    found, here, classes, states = json.loads(done.stdout)
    assert states == [0] * 6
    assert all(name == one[0] for name, one in here.items())
    assert {*found} == {"fork", "forkserver", "spawn"}
    for same, raised, rows in found.values():
        assert same == classes
        assert raised == here
        assert rows == 3


IN_THE_MIDDLE = """
import os, signal, threading
import stagefunnel as sf
from stagefunnel.log.data import LogData
from stagefunnel.log.columns.items import ItemsTable
from stagefunnel.questions.scope.units import Units

rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": ["2026-01-01", "2026-02-01", "2026-01-05"]}
items = {"item": [1, 2], "account": ["a", "b"]}
pipeline = sf.Pipeline("New", won="Won")
def ask(question, options):
    return question(sf.StageLog(rows, items=items), pipeline, **options).to_csv()

for kind, name, *asked in [
    (LogData, "time_range", sf.StageLog.quality, {}),
    (ItemsTable, "n_unmatched", sf.StageLog.quality, {}),
    (Units, "items", sf.funnel, {"unit": "account"}),
]:
    one, began, goes_on, answers = vars(kind)[name], threading.Event(), threading.Event(), []
    want, work = ask(*asked), one.func
    def waits(value):
        began.set()
        assert goes_on.wait(60)
        return work(value)
    one.func = waits
    thread = threading.Thread(target=lambda: answers.append(ask(*asked)))
    thread.start()
    assert began.wait(60), name
    one.func = work
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(0 if ask(*asked) == want else 3)
    status = os.waitpid(child, 0)[1]
    print(name, status, end=" ", flush=True)
    here = ask(*asked)  # nor does another thread wait
    assert not answers
    goes_on.set()
    thread.join()
    print(here == want, answers == [want], flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="systems that fork")
def test_nobody_waits_for_a_thread_that_works_a_value_out() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_MIDDLE], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split("\n")[:-1] == [
        f"{name} 0 True True" for name in ("time_range", "n_unmatched", "items")
    ]
