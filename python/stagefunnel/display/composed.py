"""Texts that are composed in English where numbers are made, recognised and given in another language.

A reason of :func:`stagefunnel.explain`, a note of a reader and a doubt of a suggestion are values of tables,
which stay English. Whoever shows them looks for the text that such a value was made of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from ..words import current_catalogue, tr
from .given import length_text, moment_text
from .numbers import share_text

_FIELD = re.compile(r"\{(\w+)\}")
#: What fields hold other than any text.
_NUMBERS = {"n": r"[\d,]+", "m": r"[\d,]+", "share": r"[\d.]+%", "share_2": r"[\d.]+%"}


def given_in_language(text: str, texts: tuple[str, ...]) -> str | None:
    """Give a text in the language that is spoken; ``None`` where it was made of none of some texts.

    Parameters
    ----------
    text
        What was composed.
    texts
        What it may have been made of: texts with fields in braces. The most specific one is taken.

    Examples
    --------
    >>> from stagefunnel.words import spoken_in
    >>> with spoken_in("fr"):
    ...     given_in_language("in 3 of Stages", ("of {stage}", "in {n} of {stage}"))
    'in 3 of Stages'
    """
    if current_catalogue() is None:
        return text
    for made_of, pattern in _patterns(texts):
        found = pattern.fullmatch(text)
        if found:
            return tr(made_of, **{name: _field(name, value) for name, value in found.groupdict().items()})
    return None


def _field(name: str, value: str) -> str:
    if name in ("limit", "least"):
        return str(length_text(value))
    if name in _NUMBERS:
        return share_text(value)
    return str(moment_text(value))


@cache
def _patterns(texts: tuple[str, ...]) -> Sequence[tuple[str, re.Pattern[str]]]:
    """Return what recognises each text, those with most letters of their own first."""
    order = sorted(texts, key=lambda text: -len(_FIELD.sub("", text)))
    return [(text, _pattern(text)) for text in order]


def _pattern(text: str) -> re.Pattern[str]:
    parts = _FIELD.split(text)
    seen: Mapping[str, str] = {}
    made = []
    for at, part in enumerate(parts):
        if at % 2 == 0:
            made.append(re.escape(part))
        elif part in seen:
            made.append(f"(?P={part})")
        else:
            seen = {**seen, part: part}
            made.append(f"(?P<{part}>{_NUMBERS.get(part, '.+?')})")
    return re.compile("".join(made), re.DOTALL)
