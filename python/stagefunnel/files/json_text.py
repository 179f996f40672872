"""What is well-formed JSON, and still holds what no program reads."""

from __future__ import annotations

import re
from typing import Any, Final

from ..errors import ReaderError

_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_HALF_LETTER: Final = re.compile("[\ud800-\udfff]")


def unreadable(where: str, error: Exception) -> ReaderError:
    """Make the error of JSON that is nested deeper, or has a longer number, than Python reads."""
    what = "it is nested too deeply"
    if not isinstance(error, RecursionError):
        what = "a number in it has more than 4,300 digits"
    return ReaderError(f"{where}: cannot read this JSON: {what}")


def refuse_half_letters(value: Any, text: str, where: str) -> None:
    r"""Refuse half a letter, such as ``\ud800`` without its other half, which no text can hold."""
    if _HALF.search(text) and _has_half(value):
        raise ReaderError(
            f"{where}: not valid Unicode: half a letter, such as \\ud800 without its other half; export it "
            f"again"
        )


def _has_half(value: Any) -> bool:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            if _HALF_LETTER.search(one):
                return True
        elif isinstance(one, dict):
            rest += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            rest += one
    return False
