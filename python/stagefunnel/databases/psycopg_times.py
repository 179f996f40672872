"""Times of PostgreSQL as the text that the server sends: Python has no value for the infinite ones.

Texts of the type ``char(n)`` are filled up with blanks, which mean nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import pandas as pd

TextKind = Literal["char", "date", "timestamp", "timestamptz"]
_CHAR: Final = 1042
_KINDS: Final[dict[int, TextKind]] = {1082: "date", 1114: "timestamp", 1184: "timestamptz"}
_INFINITE: Final = frozenset(("infinity", "-infinity"))


def read_times_as_text(cursor: Any) -> bool:
    """Let a cursor of psycopg give times as ISO 8601; false where the session writes them in another way."""
    from psycopg.types.string import TextLoader

    if not str(cursor.connection.info.parameter_status("DateStyle")).startswith("ISO"):
        return False
    for kind in _KINDS.values():
        cursor.adapters.register_loader(kind, TextLoader)
    return True


def kinds_of_texts(description: Sequence[Any], *, has_times: bool) -> dict[int, TextKind]:
    """Return which columns are texts with a meaning of their own, by place."""
    known: dict[int, TextKind] = {_CHAR: "char", **(_KINDS if has_times else {})}
    kinds = enumerate(known.get(column[1]) for column in description)
    return {place: kind for place, kind in kinds if kind is not None}


def values_of(texts: Sequence[str | None], kind: TextKind) -> pd.Series:
    """Read texts; what is no time, such as one before our era, stays text, which the log then refuses."""
    if kind == "char":
        return pd.Series([None if text is None else text.rstrip(" ") for text in texts], dtype=object)
    if not _INFINITE.isdisjoint(texts):
        texts = [None if text in _INFINITE else text for text in texts]
    if kind != "date":
        try:
            import pyarrow as pa

            unit = pa.timestamp("us", "UTC") if kind == "timestamptz" else pa.timestamp("us")
            times: pd.Series = pa.array(texts, pa.string()).cast(unit).to_pandas()
            return times
        except (ImportError, ValueError):
            pass  # the log has a reader of texts of its own
    return pd.Series(list(texts), dtype=object)
