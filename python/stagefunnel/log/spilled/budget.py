"""How much memory a process may take, and how much of it is left."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from ... import _core
from ...errors import SchemaError, counted, given

_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
#: The least that is left for rows.
_LEAST_ROOM: Final = 48_000_000


def bytes_of(memory: Any) -> int:
    """Read an amount of memory: a number of bytes, or text such as ``"4GB"``.

    Examples
    --------
    >>> bytes_of("4GB"), bytes_of("1.5 GiB"), bytes_of(200_000_000)
    (4000000000, 1610612736, 200000000)
    """
    if isinstance(memory, int) and not isinstance(memory, bool) and memory > 0:
        return memory
    found = _SIZE.fullmatch(memory) if isinstance(memory, str) else None
    if found is None or not float(found[1]):
        raise SchemaError(
            given("memory", memory), " is not an amount of memory, such as '4GB', '500MB' or '2GiB'"
        )
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** _POWERS[found[2].lower()])


class Budget:
    """The memory of the process, of which what it holds already leaves some for rows.

    Parameters
    ----------
    memory
        All memory that the process may take.

    Raises
    ------
    SchemaError
        If it is no amount, or the process holds nearly as much.
    """

    def __init__(self, memory: Any) -> None:
        self._memory = bytes_of(memory)
        held = held_bytes()
        if self._memory < held + _LEAST_ROOM:
            least = -(-(held + _LEAST_ROOM) // 1_000_000)
            raise SchemaError(
                given("memory", memory),
                f" leaves no room for rows: the process holds {held // 1_000_000:,} MB already; give at "
                f"least {least:,}MB",
            )

    @property
    def room(self) -> int:
        """Bytes that are left, after what no log uses was given back."""
        self.give_back()
        return max(self._memory - held_bytes(), _LEAST_ROOM // 2)

    def give_back(self) -> None:
        """Return what nothing uses to the system, which takes time, where half of the memory is held."""
        held = held_bytes()
        if not held or 2 * held > self._memory:
            give_back()


def held_bytes() -> int:
    """Return the memory that the process holds now; 0 where the system does not say it."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def give_back() -> None:
    """Return memory that nothing uses any more to the system."""
    gc.collect()
    _core.journeys.release_idle()
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


@contextmanager
def frugal() -> Iterator[None]:
    """Let Arrow take memory that is given back at once: its own pool holds on to what rows took."""
    import pyarrow as pa

    usual = pa.default_memory_pool()
    if usual.backend_name == "system":  # another thread puts back what it found, or this is what it found
        yield
        return
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(usual)


def rows_and_bytes(rows: int, size: int) -> str:
    """Write how large something is."""
    return f"{counted(rows, 'row')}, which take about {size / 1e9:,.1f} GB"
