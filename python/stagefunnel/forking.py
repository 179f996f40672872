"""What a process is forked in the middle of.

A forked process has one thread, the one that forked. Whatever the others were at stays as it was, for ever: a
module that one of them loads stays locked, and a library that works in threads of its own waits for them.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  # this and logging act on forks too: while one waits is too late
import logging  # noqa: F401  # likewise
import os
import sys
import threading
import time
from importlib import _bootstrap
from typing import Any, Final

# What the package loads where it is first needed. Other modules may run for as long as a program does.
_LOADED: Final = frozenset(
    (
        *("stagefunnel", "numpy", "pandas", "pyarrow", "polars", "duckdb", "altair", "vl_convert", "babel"),
        *("openpyxl", "xlsxwriter", "python_calamine", "psycopg", "sqlalchemy", "holidays", "scipy"),
    )
)
_LONGEST_WAIT: Final = 10.0  # seconds; another thread may wait for a lock that this one holds
# Libraries whose threads belong to the process that forked this one.
_left_behind: Final[set[str]] = set()
_working: Final[set[str]] = set()


def is_left_behind(library: str) -> bool:
    """Check whether a library had begun to work in threads when this process was forked."""
    return library in _left_behind


def refuse_polars() -> None:
    """Refuse to let polars work where it would wait for ever.

    Raises
    ------
    StageFunnelError
        If this process is forked from one in which polars has worked.
    """
    if is_left_behind("polars"):
        from .errors import StageFunnelError

        raise StageFunnelError(
            "this process is forked from one in which polars has worked, and polars would wait for ever for "
            "threads that are not here; start the process by 'spawn' or 'forkserver', or pass and choose "
            "tables of pandas or Arrow"
        )


def _before() -> None:
    """Wait until other threads have loaded their modules, and note who works in threads."""
    end = time.monotonic() + _LONGEST_WAIT
    while _another_thread_loads() and time.monotonic() < end:
        time.sleep(0.001)
    _working.clear()
    if "vl_convert" in sys.modules:
        _working.add("vl_convert")
    if "polars" in sys.modules and _has_thread("polars-0"):
        _working.add("polars")


def _another_thread_loads() -> bool:
    locks: dict[str, Any] = getattr(_bootstrap, "_module_locks", {})
    loading = {name: getattr(held(), "owner", None) for name, held in list(locks.items())}
    if threading.get_ident() in loading.values():
        return False  # the other one may wait for what this thread loads
    return any(owner is not None and name.partition(".")[0] in _LOADED for name, owner in loading.items())


def _has_thread(name: str) -> bool:
    """Check whether this process has a thread of a name; Linux alone says so."""
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/comm", encoding="utf-8", errors="replace") as file:
                if file.read().rstrip("\n") == name:
                    return True
    except OSError:  # a thread that has ended meanwhile, or another system
        return False
    return False


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(before=_before, after_in_child=lambda: _left_behind.update(_working))
