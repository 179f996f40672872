"""Saved logs among the files that a command is given, and what is kept of files that become one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .number_columns import holds_numbers

HEADER: Final = "log.json"
SPILL: Final = "spill-"


@dataclass(frozen=True)
class Kept:
    """What a log keeps of files for later questions, beside items, stages and times.

    Attributes
    ----------
    columns
        Further columns of the log; of the table of items all are kept.
    numbers, item_numbers
        For columns of both whether they hold numbers, where a saved log says it; else their values do.
    """

    columns: Sequence[str]
    numbers: Mapping[str, bool]
    item_numbers: Mapping[str, bool]


def is_saved(path: str) -> bool:
    """Check whether a path is the folder of a saved log, or one whose rows are still on their way there."""
    if os.path.isfile(os.path.join(path, HEADER)):
        return True
    return os.path.isdir(path) and any(name.startswith(SPILL) for name in os.listdir(path))


def saved_log_in(args: argparse.Namespace) -> str | None:
    """Return the folder of the saved log that a command is given in place of files, if it is."""
    files = getattr(args, "files", None) or []
    return files[0] if len(files) == 1 and is_saved(files[0]) else None


def asks_saved(args: argparse.Namespace) -> bool:
    """Check whether all logs that a command is given are saved ones; a chain has two."""
    if getattr(args, "links", None) is not None:
        return all(path is not None and is_saved(path) for path in (args.leads, args.deals))
    return saved_log_in(args) is not None


def as_files(patterns: Sequence[str], parser: argparse.ArgumentParser) -> None:
    """End with wrong usage where a saved log stands in a place of files alone, or among others."""
    for pattern in patterns:
        if is_saved(pattern):
            parser.error(f"{pattern} is a saved log, not a file; give it alone, to a command that asks a log")


def convert_numbers(frame: Any, known: Mapping[str, bool], names: Sequence[str]) -> None:
    """Read text as numbers in columns that hold some, unless they are known to hold none."""
    import pandas as pd

    for name in names:
        values = frame[name]
        if not known.get(name, True) or not pd.api.types.is_string_dtype(values):
            continue
        if holds_numbers(values) or (known.get(name) and values.isna().all()):
            frame[name] = pd.to_numeric(values)
