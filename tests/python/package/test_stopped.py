"""A process without buffers that is stopped while a pipe is full, and goes on, writes all that it has."""

import fcntl
import io
import mmap
import os
import pickle
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from helpers import environment
from stagefunnel.display.standard_output import to_standard_output

N_ITEMS = 20_000
POINTS: dict[str, Any] = {
    "mark": "point",
    "data": {"values": [{"a": number} for number in range(3_000)]},
    "encoding": {"x": {"field": "a", "type": "quantitative"}},
}


def n_waiting(pipe: int) -> int:
    """Return how many bytes of a pipe nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def stopped_in_the_middle(arguments: list[str], given: bytes = b"") -> bytes:
    """Run Python without buffers, stop it while its output waits for a reader, and return all of it."""
    command = [sys.executable, *arguments]
    variables = environment(PYTHONUNBUFFERED="1")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(given)
        run.stdin.close()
        # The first page of a full pipe may have room that the next write does not fit into.
        is_full = fcntl.fcntl(run.stdout, fcntl.F_GETPIPE_SZ) - mmap.PAGESIZE
        while n_waiting(run.stdout.fileno()) < is_full:
            assert run.poll() is None, "the output has room in a pipe"
            time.sleep(0.01)
        run.send_signal(signal.SIGSTOP)
        os.waitpid(run.pid, os.WUNTRACED)
        run.send_signal(signal.SIGCONT)
        return run.stdout.read()


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how full a pipe is")


@linux_only
def test_a_command_writes_all_rows(tmp_path: Path) -> None:
    rows = "".join(f"{item},New,0\n" for item in range(N_ITEMS))
    (tmp_path / "log.csv").write_text("item,stage,time\n" + rows)
    (tmp_path / "pipeline.toml").write_text('[pipeline]\nstages = ["New"]\n')
    files = [str(tmp_path / "log.csv"), "--pipeline", str(tmp_path / "pipeline.toml")]
    written = stopped_in_the_middle(["-m", "stagefunnel", "item-table", *files, "--format", "csv"])
    assert written.count(b"\n") == 1 + N_ITEMS


@linux_only
def test_the_painter_of_a_page_writes_all_of_a_drawing() -> None:
    code = "from stagefunnel.reports.painter import paint; paint()"
    drawing = pickle.loads(stopped_in_the_middle(["-c", code], pickle.dumps(POINTS)))
    assert drawing.endswith("</svg>")


@linux_only
def test_a_process_that_draws_for_another_writes_all_of_a_drawing() -> None:
    code = "from stagefunnel.drawing import draw_for_another; draw_for_another()"
    asked = ("vegalite_to_svg", POINTS, {"vl_version": "5.20"})
    assert pickle.loads(stopped_in_the_middle(["-c", code], pickle.dumps(asked))).endswith("</svg>")


class Piecemeal(io.FileIO):
    """A file that takes three bytes at a time, as an interrupted write may."""

    def write(self, given: Any) -> int:
        return super().write(bytes(given)[:3])


def test_a_file_without_a_buffer_gets_what_stood_before_and_each_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.txt"
    with io.TextIOWrapper(Piecemeal(path, "w"), encoding="utf-8", write_through=True) as output:
        monkeypatch.setattr(sys, "stdout", output)
        to_standard_output("Angebot für 1 €\n" * 2)
        to_standard_output("und weiter\n")
    assert path.read_text("utf-8") == "Angebot für 1 €\n" * 2 + "und weiter\n"
