"""What a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes
    ----------
    summary
        What the command does, as the start of a sentence.
    function
        Function that answers, by its module here and its name; see :meth:`run`.
    adds
        Functions that add the options of this command alone.
    example
        Text below the help.
    files
        How many files it takes; a command that takes none reads nothing.
    asks_log
        Whether it asks a question of a log, and so has the options that say how a log is made.
    chooses_part
        Whether it is about one of the two parts of an export that has both leads and deals.
    reads_stages
        Whether it reads the stages of a pipeline, so that it matters what happens to unlisted ones.
    counts_quality
        Whether its answer says how well the items of the log and of the table of items fit.
    has_reading
        Whether it has the options that say how rows and exports are read.
    has_pipeline
        Whether there is one pipeline, which ``--pipeline`` names.
    has_output
        Whether it gives tables, which ``--format`` and ``--out`` write.
    has_several_tables
        Whether its answer is more than one table.
    shows_quality
        Whether its answer has the quality table, so that its warnings are not said beside it.
    judges
        Whether its answer says what failed, which the exit code says too.
    has_question
        Whether ``--question`` names another command, whose options it has too.
    other_names
        Names on the command line for options of Python that go by their own names in other commands.
    """

    summary: str
    function: str
    adds: tuple[Callable[[argparse.ArgumentParser], None], ...]
    example: str
    files: Literal["one or more", "any", "none"] = "one or more"
    asks_log: bool = True
    chooses_part: bool = True
    reads_stages: bool = True
    counts_quality: bool = False
    has_reading: bool = True
    has_pipeline: bool = True
    has_output: bool = True
    has_several_tables: bool = False
    shows_quality: bool = False
    judges: bool = False
    has_question: bool = False
    other_names: Mapping[str, str] = field(default_factory=dict)

    def looks(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the options of ``show`` that the command has."""
        return {
            name: getattr(args, name) for name in ("wide", "matrix", "language") if getattr(args, name, None)
        }

    def run(self, args: argparse.Namespace, parser: argparse.ArgumentParser) -> Any:
        """Answer; the answer is to be written, or it is ``None`` where it is written already.

        Only this imports the function: help and errors of arguments do not wait for pandas.
        """
        module, _, name = self.function.partition(".")
        return getattr(import_module(f".{module}", __package__), name)(args, parser)
