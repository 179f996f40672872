"""Names that Excel takes for sheets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 31
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_RESERVED: Final = ("history",)


def sheet_names(names: Iterable[str]) -> dict[str, str]:
    """Give each table a name that Excel takes: at most 31 characters, and no two alike.

    Examples
    --------
    >>> sheet_names(["won/lost", "Won lost", "a" * 40])["a" * 40]
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    >>> list(sheet_names(["funnel", "Funnel", "2026: all?"]).values())
    ['funnel', 'Funnel 2', '2026 all']
    """
    taken: set[str] = set()
    chosen: dict[str, str] = {}
    for name in names:
        plain = " ".join(_FORBIDDEN.sub(" ", str(name)).split()).strip("'") or "table"
        number, candidate = 1, plain[:_LONGEST].rstrip()
        while candidate.casefold() in taken or candidate.casefold() in _RESERVED:
            number += 1
            end = f" {number}"
            candidate = plain[: _LONGEST - len(end)].rstrip() + end
        taken.add(candidate.casefold())
        chosen[name] = candidate
    return chosen
