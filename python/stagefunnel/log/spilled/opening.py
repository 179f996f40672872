"""Logs in partitions are made and opened, without loading what they need where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, Final

from ...errors import SchemaError, given, named

USUAL_MEMORY: Final = "4GB"


def spilled(
    batches: Iterable[Any], roles: Mapping[str, str], folder: Any, memory: Any, **options: Any
) -> Any:
    """Put the rows of batches into a folder, and return them as a log in partitions.

    Raises
    ------
    SchemaError
        If there is an amount of memory without a folder.
    """
    if folder is None:
        raise SchemaError(
            named("memory"), " is for ", named("spill"), ", the folder that rows go to; give that too"
        )
    spill = import_module(".spill", __package__).spill
    path = spill(batches, roles, folder=folder, memory=USUAL_MEMORY if memory is None else memory, **options)
    return opened(path, options["threads"])


def opened(path: str, threads: int | None, *, mmap: bool = True) -> Any:
    """Open the folder of a log in partitions."""
    if not mmap:
        raise SchemaError(
            given("mmap", mmap), " copies a log to memory, and this one is in partitions; leave it out"
        )
    return import_module(".partitioned_log", __package__).opened_log(path, threads)


def has_partitions(path: str | os.PathLike[str]) -> bool:
    """Check whether a saved log is in partitions."""
    folder = import_module("..saved.folder", __package__)
    return folder.read_partitions(folder.checked_path(path)) is not None
