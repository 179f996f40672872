"""Salesforce's ids: 15 letters and digits in its reports, the same with 3 more in its interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from .source import Source
from .tidy import of_each

_ID: Final = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")
_SUFFIXES: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def with_long_ids(sources: Sequence[Source]) -> list[Source]:
    """Write ids of 15 characters with 18 where the input has them so too; a note counts them.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.sources.short_ids import with_long_ids
    >>> from stagefunnel.readers.sources.source import Source
    >>> ids = ["0063000000ZCqXyAAL", "0063000000ZCqXy", "0063000000ZCqXz"]
    >>> with_long_ids([Source("", pd.DataFrame({"id": ids}), str)])[0].frame["id"].tolist()
    ['0063000000ZCqXyAAL', '0063000000ZCqXyAAL', '0063000000ZCqXz']
    """
    columns = [dict(_id_columns(source)) for source in sources]
    lengths = {length for of_source in columns for of_column in of_source.values() for length in of_column}
    if lengths != {15, 18}:
        return list(sources)
    long: dict[str, str] = {}
    for source, of_source in zip(sources, columns, strict=True):
        for name, of_column in of_source.items():
            if 18 in of_column:
                ids = source.frame[name].dropna().unique()
                long |= {text[:15]: text for text in ids if text[15:] == suffix(text[:15])}
    return [_joined(source, of_source, long) for source, of_source in zip(sources, columns, strict=True)]


def _id_columns(source: Source) -> Iterator[tuple[str, set[int]]]:
    """Find the columns of nothing but such ids, each with the lengths that it has."""
    for name, column in source.frame.items():
        if name in source.inside or pd.api.types.is_datetime64_any_dtype(column.dtype):
            continue
        value = next((value for value in column if isinstance(value, str)), "")
        if _ID.fullmatch(value):
            texts = column.dropna()
            lengths = set(map(len, texts)) if all(isinstance(text, str) for text in texts) else set()
            if lengths and lengths <= {15, 18}:
                yield str(name), lengths


def _joined(source: Source, of_source: dict[str, set[int]], long: dict[str, str]) -> Source:
    frame, n_joined = source.frame, 0
    for name, lengths in of_source.items():
        if 15 in lengths:
            column, n = of_each(frame[name], lambda text: long.get(text, text))
            frame, n_joined = frame.assign(**{name: column}), n_joined + n
    if not n_joined:
        return source
    note = ("short_ids", n_joined, "ids of 15 characters, joined with those of 18 elsewhere in the export")
    return replace(source, frame=frame, notes=(*source.notes, note))


def suffix(short: str) -> str:
    """Return the three characters that say which letters of an id are capitals.

    Examples
    --------
    >>> from stagefunnel.readers.sources.short_ids import suffix
    >>> suffix("0063000000ZCqXy")
    'AAL'
    """
    fives = (short[start : start + 5] for start in (0, 5, 10))
    capitals = (sum(1 << at for at, sign in enumerate(five) if "A" <= sign <= "Z") for five in fives)
    return "".join(_SUFFIXES[bits] for bits in capitals)
