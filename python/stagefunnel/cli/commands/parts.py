"""The commands that count parts of a log, and put them together."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import stagefunnel as sf

from ...clean import clean
from ...display.standard_output import to_standard_output
from ...errors import Option, did_you_mean
from ...whole_file import whole_file
from ..log_files import expand_files
from ..spelling import speller
from .part_table import QUESTION, questions_of
from .table import COMMANDS

# Options of Python alone that an error about parts names.
_NO_OPTIONS: Final = {"hash_key", "keys"}
_NUMBER: Final = re.compile(r"\bnumber (\d+)")


def partial(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Count a part of the items and write what was counted."""
    question = args.question.replace("_", "-")
    known = questions_of(COMMANDS)
    if question not in known:
        hint = did_you_mean(question, known)
        parser.error(
            f"{QUESTION} {args.question}: there is no such question{hint} (there are: {', '.join(known)})"
        )
    part = COMMANDS[question].run(args, parser)
    _write(part, args.part)


def merge(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Any:
    """Put parts together: answer their question, or write them as one part."""
    if args.part is not None and args.given & {"out", "format", "language", "wide", "csv_safe"}:
        parser.error("--to writes the parts as one, and no answer; leave out what is about the answer")
    files = expand_files(args.files, parser)
    parts = [_read(path) for path in files]
    try:
        whole = sf.merge(parts)
    except sf.SchemaError as error:
        raise _worded(error, files) from error
    if args.part is not None:
        _write(whole, args.part)
        return None
    if len(whole.questions) > 1:
        raise sf.SchemaError(
            f"{files[0]} has {len(whole.questions)} questions, and a command answers one; in Python, "
            "sf.Partial.from_bytes reads it, and its tables are the answers"
        )
    return whole.table()


def _read(path: str) -> sf.Partial:
    try:
        return sf.Partial.from_bytes(Path(path).read_bytes())
    except sf.SchemaError as error:
        raise error.within(f"{path}: ") from error


def _write(part: sf.Partial, path: str) -> None:
    with whole_file(path) as place:
        Path(place).write_bytes(part.to_bytes())
    to_standard_output(f"{clean(repr(part), lines=True)}\n")


def _worded(error: sf.SchemaError, files: Sequence[str]) -> sf.SchemaError:
    """Spell options as ``partial`` has them, and say which files the numbers of an error are."""
    has = {part.name for part in error.parts if isinstance(part, Option)} - _NO_OPTIONS
    worded = sf.SchemaError(error.spelled(speller(has, {"questions": QUESTION})))
    numbers = sorted({int(one) for one in _NUMBER.findall(str(error))})
    if numbers:
        worded.add_note(", ".join(f"number {one} is {files[one]}" for one in numbers if one < len(files)))
    return worded
