"""What a command says beside its answer, on the standard error."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..clean import clean
from .spelling import speller, with_options

if TYPE_CHECKING:
    import stagefunnel as sf

# A table in these formats has its remarks under it.
_WITH_REMARKS: Final = ("table", "markdown")


def say_doubts(log: sf.StageLog, args: argparse.Namespace, without: Collection[str] = ()) -> None:
    """Say what the quality table of a log warns of, and what the reader of an export guessed.

    Checks of `without` are passed over: what they doubt is said otherwise.
    """
    from ..display.log_sentences import of_level

    quality = log.quality()
    quality = quality[~quality["check"].isin(list(without))]
    spell = speller(vars(args), args.command.other_names)
    for level in ("warning", "guess"):
        _say(level, (with_options(line, spell) for line in of_level(quality, level)))


def with_spelled_notes(answer: Any, args: argparse.Namespace) -> Any:
    """Spell the options that the notes of a quality table name as the command does."""
    if not args.command.shows_quality:
        return answer
    from ..display.assumed import notes_in_language

    spell = speller(vars(args), args.command.other_names)
    quality = getattr(answer, "quality", answer)
    notes = notes_in_language(quality["note"], getattr(args, "language", None))
    spelled = quality.assign(note=[with_options(note, spell) for note in notes])
    return spelled if quality is answer else replace(answer, quality=spelled)


def say_remarks(answer: Any, form: str) -> None:
    """Say the remarks of an answer that is written without them."""
    from ..display.remarks import remarks_of

    if form not in _WITH_REMARKS:
        table = getattr(answer, "funnel", answer)  # the tables of a summary have the same remarks
        _say("note", remarks_of(table.attrs.get("stagefunnel", {})))


def _say(what: str, lines: Iterable[str]) -> None:
    for line in lines:
        if sys.stderr is not None:  # it is None if the standard error is closed
            sys.stderr.write(f"stagefunnel: {what}: {clean(line)}\n")
