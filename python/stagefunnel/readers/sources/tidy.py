"""Texts without what nobody sees: blanks around them, no-break blanks, and other forms of a letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from ...errors import quoted
from .cells import MOST_EXACT
from .content import refuse_twice
from .source import Source

_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))  # none is beyond
_ASCII_BLANKS: Final = "".join(blank for blank in _BLANKS if blank.isascii() and blank != "\n")
_JOINERS: Final = "\u200c\u200d"  # they have a meaning between letters
# What has no width: soft hyphens, blanks, joiners of words, marks of the direction of writing.
_UNSEEN: Final = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e" + (
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_NO_BREAK: Final = "\u00a0\u2007\u202f"
_WITHOUT_UNSEEN: Final = str.maketrans(dict.fromkeys(_UNSEEN))
# Beside a digit a no-break blank parts thousands, a sign of currency or the half of a day.
_BETWEEN_WORDS: Final = re.compile(rf"(?<=[^\d{_BLANKS}])[{_NO_BREAK}](?=[^\d{_BLANKS}])")
TRIMMED: Final = (
    "texts and names of columns that had blanks around them, no-break blanks or letters in another form"
)
_WHOLE: Final = re.compile(r"(-?(?:0|[1-9][0-9]{0,17}))(?:\.0+)?")


def tidy(text: str) -> str:
    r"""Take off the blanks around a text, and write it in one form: composed (NFC), with plain blanks.

    Examples
    --------
    >>> from stagefunnel.readers.sources.tidy import tidy
    >>> tidy(" Closed\u00a0won\u200b ")
    'Closed won'
    """
    if text.isascii():
        return text.strip()
    plain = _BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFC", text).translate(_WITHOUT_UNSEEN))
    return plain.strip(_BLANKS + _JOINERS)


def tidied(source: Source) -> Source:
    """Return a source whose texts and names of columns are tidy; a note counts those that were not.

    Whole numbers that a data frame has written as ``5.0`` become ``5``, where a column has no others.
    """
    names = [tidy(str(name)) for name in source.columns]
    refuse_twice(names, source.name)
    changed = {name: 1 for name, column in zip(names, source.columns, strict=True) if name != column}
    columns: dict[str, pd.Series] = {}
    for name, (_, column) in zip(names, source.frame.items(), strict=True):
        columns[name], n_changed = tidied_column(column)
        if n_changed:
            changed[name] = changed.get(name, 0) + n_changed
    frame = pd.DataFrame(columns, index=source.frame.index)
    notes = [("trimmed", sum(changed.values()), f"{TRIMMED}: {quoted(changed, most=6)}")] if changed else []
    return replace(source, frame=frame, notes=(*source.notes, *notes))


def tidied_column(column: pd.Series) -> tuple[pd.Series, int]:
    """Return a column of tidy texts, and the number of those that were not; other columns stay."""
    if not pd.api.types.is_object_dtype(column.dtype) and not pd.api.types.is_string_dtype(column.dtype):
        return column, 0
    present = column.dropna().tolist()
    try:
        text = "\n".join(["", *present, ""])
    except TypeError:  # objects and lists, which a reader unpacks
        return column, 0
    n_changed = 0
    if not _are_tidy(present, text):
        column, n_changed = of_each(column, lambda value: tidy(value) or None)
    if ".0" in text and _WHOLE.fullmatch(present[0]):
        column = _without_point(column)
    return column, n_changed


def _are_tidy(texts: Sequence[str], together: str) -> bool:
    """Check many texts at once, in the time of a copy; together they stand in lines."""
    if together.isascii() and together.count("\n") == len(texts) + 1:
        found = [blank for blank in _ASCII_BLANKS if blank in together]
        return not any(f"{blank}\n" in together or f"\n{blank}" in together for blank in found)
    if list(map(str.strip, texts)) != texts:
        return False
    if together.isascii():
        return True
    has_unseen = any(sign in together for sign in _UNSEEN + _JOINERS + _NO_BREAK)
    return not has_unseen and unicodedata.is_normalized("NFC", together)


def _without_point(column: pd.Series) -> pd.Series:
    """Write 5.0 as 5, if a column has whole numbers only, all of which a float holds exactly."""
    wholes = [_WHOLE.fullmatch(value) for value in column.dropna().unique()]
    if all(whole is not None and abs(int(whole[1])) < MOST_EXACT for whole in wholes):
        return of_each(column, lambda value: value.partition(".")[0])[0]
    return column


def of_each(column: pd.Series, change: Callable[[str], str | None]) -> tuple[pd.Series, int]:
    """Change each distinct text once; return the column and the number of rows that changed."""
    codes, texts = pd.factorize(column)
    changed = [change(text) for text in texts]
    differs = np.array([new != text for new, text in zip(changed, texts, strict=True)] + [False])
    values = np.array([*changed, None], dtype=object)[codes]
    return pd.Series(values, index=column.index, dtype=column.dtype), int(differs[codes].sum())
