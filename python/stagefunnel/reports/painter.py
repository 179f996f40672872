"""A process beside this one, in which the charts of a page are drawn.

vl-convert takes a second to start, and keeps Python's lock while it starts and draws. In a process of its own
it draws one chart while the next is made here.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import IO, Any, Final

from ..cached import cached_property
from ..drawing import drawn, is_run_by_python, variables_of_child

Specification = Mapping[str, Any]
Draw = Callable[[Specification], "Drawing"]

_PAINT: Final = "from stagefunnel.reports.painter import paint; paint()"
# The first drawing takes as long as the next ten: this one is drawn before there is a chart.
_FIRST: Final[Specification] = {"mark": "point", "data": {"values": [{}]}}
# Processes that wait for a page.
_ready: list[subprocess.Popen[bytes]] = []
if hasattr(os, "register_at_fork"):  # they answer the process that started them
    os.register_at_fork(after_in_child=_ready.clear)
# What a process raises here that is not there, or is no more.
_GONE: Final = (OSError, EOFError, ValueError, pickle.UnpicklingError, CancelledError)


class Drawing:
    """A drawing that another process makes; where that fails, it is made here."""

    def __init__(self, specification: Specification, drawn: Future[str]) -> None:
        self._specification = specification
        self._drawn = drawn

    @cached_property
    def svg(self) -> str:
        """The drawing as SVG; whoever reads it waits until it is made."""
        try:
            return self._drawn.result()
        except _GONE:
            return drawn_here(self._specification)


@contextmanager
def painter() -> Iterator[Draw]:
    """Start the process, or take one that is ready; give the function that lets it draw a specification."""
    with _ready_process() or _process() as process, ThreadPoolExecutor(1) as asking:
        try:
            yield lambda specification: Drawing(specification, _submitted(asking, process, specification))
        finally:
            asking.shutdown(wait=False, cancel_futures=True)
            if process is not None:
                process.kill()


def _ready_process() -> AbstractContextManager[subprocess.Popen[bytes]] | None:
    try:
        return nullcontext(_ready.pop())
    except IndexError:  # there is none, or another thread has taken it
        return None


@contextmanager
def painter_ready() -> Iterator[None]:
    """Start the process before there is anything to draw; the next page takes it."""
    with _process() as process:
        if process is not None:
            _ready.append(process)
        try:
            yield
        finally:
            if process in _ready:
                _ready.remove(process)


@contextmanager
def _process() -> Iterator[subprocess.Popen[bytes] | None]:
    """Run the process; there is none where this program is not Python itself and cannot run as another."""
    if not is_run_by_python():
        yield None
        return
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PAINT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=variables_of_child(),
        )
    except OSError:
        yield None
        return
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _submitted(
    asking: ThreadPoolExecutor, process: subprocess.Popen[bytes] | None, specification: Specification
) -> Future[str]:
    try:
        return asking.submit(_asked, process, specification)
    except RuntimeError as error:  # no thread can be started: it is drawn here
        refused: Future[str] = Future()
        refused.set_exception(CancelledError(str(error)))
        return refused


def _asked(process: subprocess.Popen[bytes] | None, specification: Specification) -> str:
    if process is None or process.stdin is None or process.stdout is None:
        raise EOFError
    pickle.dump(specification, process.stdin)
    process.stdin.flush()
    return str(pickle.load(process.stdout))


def paint() -> None:
    """Draw what the other process asks for, until it asks no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    drawn_here(_FIRST)
    # `sys.stdout` may have no buffer, and then writes a part where this process is stopped in the middle.
    with open(sys.stdout.fileno(), "wb", closefd=False) as output:
        for specification in _specifications(sys.stdin.buffer):
            pickle.dump(drawn_here(specification), output)
            output.flush()


def _specifications(source: IO[bytes]) -> Iterator[Specification]:
    while True:
        try:
            yield pickle.load(source)
        except EOFError:
            return


def drawn_here(specification: Specification) -> str:
    """Draw a chart without the other process."""
    lacking = 'the report needs vl-convert: pip install "stagefunnel[report]"'
    return str(drawn("vegalite_to_svg", specification, lacking=lacking))
