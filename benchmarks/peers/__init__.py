"""The candidates: the package itself and its peers, each in the fastest way that we know."""

from __future__ import annotations

import importlib
import importlib.util

from .candidate import Candidate

# Module and class of each candidate.
_WHERE = {
    "stagefunnel": ("ours", "Ours"),
    "stagefunnel log": ("ours", "BuiltLog"),
    "polars": ("polars", "Polars"),
    "duckdb": ("duckdb", "DuckDB"),
    "chdb memory": ("chdb", "ChdbMemory"),
    "chdb arrow": ("chdb", "ChdbArrow"),
    "numpy": ("numpy", "NumPy"),
    "pandas": ("pandas", "Pandas"),
}
NAMES = tuple(_WHERE)
OURS = ("stagefunnel", "stagefunnel log")


def candidate(name: str) -> Candidate:
    """Load a candidate, and with it the package that it measures."""
    module, kind = _WHERE[name]
    loaded: Candidate = getattr(importlib.import_module(f".{module}", __name__), kind)()
    return loaded


def is_installed(name: str) -> bool:
    """Return whether the package that a candidate measures is installed."""
    module, _ = _WHERE[name]
    return importlib.util.find_spec("stagefunnel" if module == "ours" else module) is not None


def measured_package(name: str) -> str:
    """Return the package that a candidate measures."""
    module, _ = _WHERE[name]
    return "stagefunnel" if module == "ours" else module


__all__ = ["NAMES", "OURS", "Candidate", "candidate", "is_installed", "measured_package"]
