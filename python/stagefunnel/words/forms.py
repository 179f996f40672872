"""How a language writes numbers, shares and days; English is as Python writes it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any, Final

from . import current_catalogue, language

_KEPT: Final = "\N{NO-BREAK SPACE}"
_ENDS: Final = ".!?…。؟"
_LONG: Final = re.compile(r"(?<!\d)(\d),(\d{3})(?![\d,])")  # four digits, which Spanish does not part


def written(text: str) -> str:
    """Write the digits of a number as the language does: ``1,234.5`` is ``1 234,5`` in French."""
    spoken = current_catalogue()
    if spoken is None:
        return text
    group, decimal = spoken.signs
    if spoken.language == "es":
        text = _LONG.sub(r"\1\2", text)
    return text.translate({ord(","): group, ord("."): decimal})


def signs() -> tuple[str, str]:
    """Return the sign between thousands, and the one before decimals."""
    spoken = current_catalogue()
    return (",", ".") if spoken is None else spoken.signs


def months() -> dict[str, int]:
    """Return the number of each month by its name as days have it; English writes days in digits."""
    spoken = current_catalogue()
    if spoken is None:
        return {}
    return {str(name): number for number, name in spoken.locale.months["format"]["wide"].items()}


def percent_sign() -> str:
    """Return the sign of a share, with the space that the language puts before it."""
    spoken = current_catalogue()
    return "%" if spoken is None else spoken.percent_sign


def share(digits: str) -> str:
    """Write a share of so many percent."""
    return f"{written(digits)}{percent_sign()}"


def continued(text: str) -> str:
    """Write a sentence as it goes on behind a colon: in small letters, but German nouns keep theirs."""
    return text if language() == "de" else f"{text[:1].lower()}{text[1:]}"


def read_out(sentences: Iterable[str]) -> str:
    """Put sentences behind one another, as a screen reader reads them: each ends once.

    Examples
    --------
    >>> read_out(["Won: 5", "No losses.", "Is that all?", ""])
    'Won: 5. No losses. Is that all?'
    """
    written_out = [sentence.strip() for sentence in sentences]
    return " ".join(one if one[-1] in _ENDS else f"{one}." for one in written_out if one)


def day(moment: Any) -> str:
    """Write a day: ``2026-03-12``, in French ``12 mars 2026``, which does not break over lines."""
    spoken = current_catalogue()
    if spoken is None:
        return f"{moment:%Y-%m-%d}"
    from babel.dates import format_date

    date = datetime.date(moment.year, moment.month, moment.day)
    text = str(format_date(date, "long", locale=spoken.locale)).replace(" ", _KEPT)
    return re.sub(rf"^1{_KEPT}", f"1er{_KEPT}", text) if spoken.language == "fr" else text


def minute(moment: Any) -> str:
    """Write a moment to the minute: ``2026-03-12 14:30``."""
    spoken = current_catalogue()
    if spoken is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    return f"{day(moment)} {moment:%H:%M}"
