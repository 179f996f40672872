"""The commands about parts of a log, and the command of a part as its question makes it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from .. import part_options, sure_options
from .command import Command

Adds: TypeAlias = Callable[[argparse.ArgumentParser], None]
QUESTION: Final = "--question"
PART_COMMANDS: Final = {
    "partial": Command(
        "count a part of the items, to be merged with the other parts",
        "parts.partial",
        (part_options.part,),
        """\
examples:
  stagefunnel partial deals.csv --pipeline pipeline.toml --question losses --to deals.part
  for file in deals*.csv; do
      stagefunnel partial "$file" --pipeline pipeline.toml --question losses --to "$file.part"
  done

All rows of an item must be in one part; an item that is in two is an error.
""",
        has_output=False,
        has_question=True,
        other_names={"path": "--to"},
    ),
    "merge": Command(
        "answer the question of parts about all their items",
        "parts.merge",
        (part_options.parts,),
        """\
examples:
  stagefunnel merge deals*.part
  stagefunnel merge deals*.part --to whole.part
""",
        files="none",
        asks_log=False,
        chooses_part=False,
        reads_stages=False,
        has_reading=False,
        has_pipeline=False,
        has_several_tables=True,
    ),
}
# Options of a question that are spelled otherwise beside those of a part.
_OTHERWISE: Final[dict[Adds, Adds]] = {sure_options.incidence: part_options.incidence_of_part}


def questions_of(commands: Mapping[str, Command]) -> list[str]:
    """Return the commands that ask a question of one log, which may be that of a part."""
    return [
        name
        for name, one in commands.items()
        if one.asks_log and one.has_output and one.files == "one or more" and not one.judges
    ]


def with_question(command: Command, words: Sequence[str], commands: Mapping[str, Command]) -> Command:
    """Give a command about parts the options of the question that its words name.

    A question that there is not is left to whoever reads the words.
    """
    if not command.has_question:
        return command
    question = commands.get(question_in(words) or "summary", commands["summary"])
    adds = tuple(_OTHERWISE.get(add, add) for add in question.adds)
    names = {"to": "--to-stage"} if adds != question.adds else {}
    return replace(
        command,
        adds=(*command.adds, *adds),
        reads_stages=question.reads_stages,
        other_names={**command.other_names, **question.other_names, **names},
    )


def question_in(words: Sequence[str]) -> str | None:
    """Find the question among words that are not read yet; it may be spelled as its function."""
    found = None
    for at, word in enumerate(words):
        if word == "--":
            break
        if word.startswith(f"{QUESTION}="):
            found = word.partition("=")[2]
        elif word == QUESTION and at + 1 < len(words):
            found = words[at + 1]
    return found if found is None else found.replace("_", "-")
