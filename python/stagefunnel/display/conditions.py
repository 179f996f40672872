"""The conditions of the items that a table is about, in the language that is spoken."""

from __future__ import annotations

import re
from typing import Final

from ..words import current_catalogue, mark, tr
from .composed import given_in_language

_CONDITIONS: Final = (
    mark("{column} is missing"),
    mark("{column} is not missing"),
    mark("{column} is true"),
    mark("{column} is false"),
    mark("{column} is not {value}"),
    mark("{column} is {value}"),
)
#: A condition begins after a comma where a column is compared; a value may have a comma too.
_NEXT: Final = re.compile(r", (?=[^,]+ (?:is|[<>]=?) )")


def conditions_text(text: str) -> str:
    """Write conditions: columns and values stay as they are.

    Examples
    --------
    >>> from stagefunnel.words import spoken_in
    >>> with spoken_in("fr"):
    ...     conditions_text("source is web or missing, amount > 100, city is not Paris, France")
    'source est web ou manquant, amount > 100, city n’est pas Paris, France'
    """
    if current_catalogue() is None:
        return text
    parts = [given_in_language(_with_or(part), _CONDITIONS) or part for part in _NEXT.split(text)]
    return ", ".join(parts)


def _with_or(text: str) -> str:
    column, is_word, values = text.partition(" is ")
    *first, last = values.split(" or ")
    if not first:
        return text
    last = tr("missing") if last == "missing" else last
    return f"{column}{is_word}{tr(' or ').join([*first, last])}"
