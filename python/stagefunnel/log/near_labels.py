"""Labels that are likely to mean one stage: equal but for their form, or one or two letters off."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

from .columns.stage_labels import halves

_MOST_OFF: Final = 2
_FEWEST_LETTERS: Final = 6  # shorter labels that differ in a letter are too often two words
_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)[\W_]+(?=\d)")


def nearest(label: Hashable, others: Iterable[Hashable], *, has_pipelines: bool = False) -> Hashable | None:
    """Return the first of some labels that is near to a label; one that is equal in form comes before others.

    Parameters
    ----------
    label
        Label of a stage without rows.
    others
        Labels that it may be meant for; ``None`` is not one of them.
    has_pipelines
        Whether labels are a pipeline and a stage, both of which must be near.

    Examples
    --------
    >>> from stagefunnel.log.near_labels import nearest
    >>> nearest("Discussion", ["Discusion 2", "Discusion", "discussion"])
    'discussion'
    >>> nearest("Lost", ["Last"]) is None
    True
    """
    off: Hashable | None = None
    own = _forms(label, has_pipelines)
    for other in others:
        forms = _forms(other, has_pipelines)
        if forms == own:
            return other
        if off is None and len(forms) == len(own) and all(map(_is_near, own, forms)):
            off = other
    return off


def alike(labels: Iterable[Hashable]) -> list[str]:
    """List the texts that are equal to another one but for case and blanks, side by side.

    No-break blanks, those without a width and the Unicode forms of a letter do not count either.

    Examples
    --------
    >>> from stagefunnel.log.near_labels import alike
    >>> alike(["New", "Won", "won", "Won ", "Lost"])
    ['Won', 'Won ', 'won']
    """
    spelled = sorted((_spelling(label), label) for label in labels if isinstance(label, str))
    times = Counter(spelling for spelling, _ in spelled)
    return [text for spelling, text in spelled if times[spelling] > 1]


def _spelling(text: str) -> str:
    if text.isascii():
        return "".join(text.casefold().split())
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Cf")


def _forms(label: Hashable, has_pipelines: bool) -> tuple[str, ...]:
    text = label.name if isinstance(label, enum.Enum) else str(label)
    return tuple(map(_form, halves(text) if has_pipelines else (text,)))


@lru_cache(maxsize=1 << 16)
def _form(text: str) -> str:
    """Write a label without what does not make it another: case, accents, blanks and punctuation."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    parted = _BETWEEN_DIGITS.sub(lambda between: f"\0{between[0]}", plain)
    form = "".join(letter for letter in parted if letter == "\0" or unicodedata.category(letter)[0] in "LNS")
    return form or text  # a label of punctuation alone is that punctuation


def _is_near(one: str, other: str) -> bool:
    if one == other:
        return True
    if max(map(_letters, (one, other))) < _FEWEST_LETTERS or abs(len(one) - len(other)) > _MOST_OFF:
        return False
    # Two letters touch at most two of three pieces, so that one piece is there unchanged.
    cuts = [len(one) * part // (_MOST_OFF + 1) for part in range(_MOST_OFF + 2)]
    if not any(one[start:end] in other for start, end in pairwise(cuts)):
        return False
    return _letters_off(one, other) <= _MOST_OFF


def _letters(form: str) -> int:
    return sum(map(str.isalpha, form))


def _letters_off(one: str, other: str) -> int:
    """Count the letters to add, leave out or replace (Levenshtein); what is not a letter must stay."""

    def cost(letter: str) -> int:
        return 1 if letter.isalpha() else _MOST_OFF + 1

    row = [0]
    for letter in other:
        row.append(row[-1] + cost(letter))
    for mine in one:
        above, row = row, [row[0] + cost(mine)]
        for place, theirs in enumerate(other):
            replaced = 0 if mine == theirs else max(cost(mine), cost(theirs))
            row.append(min(above[place] + replaced, above[place + 1] + cost(mine), row[place] + cost(theirs)))
    return row[-1]
