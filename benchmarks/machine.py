"""The machine and the versions on which the figures were measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path

_PACKAGES = ("stagefunnel", "numpy", "pandas", "polars", "duckdb", "chdb", "pyarrow")


def description() -> str:
    """Describe the machine and the versions as lines of a list."""
    return "\n".join(f"- {line}" for line in _lines())


def _lines() -> Iterator[str]:
    yield f"{_processor()}, {os.cpu_count()} virtual cores, {_memory()}, huge pages: {_huge_pages()}"
    yield f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    yield ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    if hasattr(os, "getloadavg"):
        yield f"load at the start: {os.getloadavg()[0]:.2f}"


def _processor() -> str:
    for line in _text("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / (1 << 20):.0f} GiB"
    return "memory unknown"


def _huge_pages() -> str:
    setting = _text("/sys/kernel/mm/transparent_hugepage/enabled")
    return setting.partition("[")[2].partition("]")[0] or "unknown"


def _text(path: str) -> str:
    file = Path(path)
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _version(package: str) -> str:
    if package == "stagefunnel":
        import stagefunnel

        return stagefunnel.__version__
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
