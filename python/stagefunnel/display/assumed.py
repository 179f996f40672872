"""What is taken to be so where nobody said it: a suggested pipeline, and what may be otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ..words import Language, mark, spoken_in, tr, trc
from ..words.forms import written
from .composed import given_in_language
from .composed_doubts import DOUBTS
from .heads import note_of
from .pipeline_words import pipeline_part

_EXPORT: Final = (mark("an export of {format}"),)
_OF_READER: Final = re.compile(r"(\w+) ([\d,]+): (.+)\.", re.DOTALL)


def suggested_text(text: str) -> str:
    """Give the one line of a suggestion in the language that is spoken."""
    parts = [given_in_language(part, _EXPORT) or pipeline_part(part) for part in text.split("; ")]
    return tr("; ").join(parts)


def doubt_of(text: str) -> str:
    """Give a doubt of a suggestion, or what a reader noted, in the language that is spoken."""
    found = given_in_language(text, DOUBTS)
    if found is not None:
        return found
    noted = _OF_READER.fullmatch(text)
    if noted is None:
        return text
    check, n, note = noted.groups()
    return tr(
        "{check} {n}: {note}.",
        check=trc("check", check.replace("_", " ")),
        n=written(n),
        note=note_of(note),
    )


def assumed_lines(
    suggested: str, doubts: Sequence[str], command: str, language: Language | None
) -> list[str]:
    """Say what a command assumed, what may be otherwise, and which command writes it down."""
    with spoken_in(language):
        return [
            tr("Assumed: {suggested}.", suggested=suggested_text(suggested)),
            *map(doubt_of, doubts),
            tr("{command} writes this down.", command=command),
        ]


def notes_in_language(notes: Iterable[str], language: Language | None) -> list[str]:
    """Give the notes of a quality table in a language; whoever spells their options does it after that."""
    with spoken_in(language):
        return [*map(note_of, notes)]
