"""Dates with words in them, written with numbers: names of months, of zones, years and days in ideographs."""

from __future__ import annotations

import re
from typing import Final

from .month_names import MONTH_OF

_NAME: Final = r"(?P<name>[^\W\d_]{3,})\.?"
_REST: Final = r"(?P<rest>(?:[\s,T].*)?)"
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|°|\.)?"
_OF: Final = r"(?:[\s./,-]+(?:de[l]?\s+)?|(?=[^\W\d_]))"
_YEAR: Final = r"(?P<year>\d{4}|\d{2})(?!\d|[:.]\d)(?:\s*(?:г|р)\.?(?!\w)|\s*года)?"
_WEEKDAY: Final = r"(?:[^\W\d_]+\.?,?\s+)?"
_NAMED: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_WEEKDAY}{_DAY}{_OF}{_NAME}{_OF.replace('(?=[^', '(?=[')}?{_YEAR}{_REST}",  # 05/Jan/26
        rf"{_WEEKDAY}{_NAME}[\s./-]*{_DAY},?[\s/-]+{_YEAR}{_REST}",  # Oct 1, 2019
        rf"(?P<year>\d{{4}})[\s./-]*{_NAME}[\s./-]*{_DAY}{_REST}",  # 2019-Oct-01
        rf"{_WEEKDAY}{_NAME}\s+{_DAY}(?P<rest>\s+\d+:[\d:.]+(?:\s+[A-Z]+)?)\s+(?P<year>\d{{4}})",
    )
)
_IDEOGRAPHS: Final = re.compile(
    r"(?P<year>\d{4})\s*[年년.]\s*(?P<month>\d{1,2})\s*[月월.]\s*(?P<day>\d{1,2})\s*(?:[日号號일]|\.)?"
    r"\s*(?:[(（][^\d()（）]{1,3}[)）]|星期.|周.|.曜日|.요일)?"
    r"\s*(?P<half>上午|下午|午前|午後|오전|오후)?"
    r"(?:\s*(?P<hour>\d{1,2})\s*[:：时時시点點]\s*(?P<minute>\d{1,2})?\s*[:：分분]?\s*(?P<second>\d{1,2})?\s*[秒초]?)?"
    r"(?P<rest>\s*(?:Z|[+-]\d{2}:?\d{2})?)"
)
_PLAIN: Final = re.compile(
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[ T,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?: ?[AaPp][Mm])?"
)
# 20260331120500, as databases write it.
_COMPACT: Final = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)[ T]?(\d\d)(\d\d)(\d\d)?")
_LATER_HALF: Final = ("下午", "午後", "오후")
# A time of day may have words before and behind it.
_WORDS: Final = re.compile(
    r"^\s*,?\s*(?:at|um|à|às|as|a\s+las|alle|om|kl\.?|в|о|г\.?,?)\s+(?=\d)|\s*(?:uhr|hrs?|h)\.?\s*$",
    re.IGNORECASE,
)
_ZONE: Final = re.compile(
    r"(?<=\d|[apm.])\s*(?:(?:UTC|GMT|Z|UT)?(?P<offset>[+-]\d{2}:?\d{2})|(?:UTC|GMT)(?P<hours>[+-]\d{1,2})|UTC|GMT|UT|Z)"
    r"(?:\s*\([^()]*\)|\s*\[[^\[\]]*\]|\s+[A-Z]{2,5})?\s*$",
    re.IGNORECASE,
)


def is_plain(text: str) -> bool:
    """Check for a date of numbers, with a time of day perhaps, which has nothing to take out."""
    return _PLAIN.fullmatch(text) is not None


def without_words(text: str) -> str:
    """Write a date with numbers alone, if it has words that are known.

    Examples
    --------
    >>> from stagefunnel.readers.sources.date_words import without_words
    >>> without_words("05/Jan/26 9:05 AM"), without_words("2019-10-01 00:00:00 UTC")
    ('2026-01-05 9:05 AM', '2019-10-01 00:00:00+00:00')
    """
    text = _ZONE.sub(_offset, text.strip())
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        year, month, day, hour, minute, second = compact.groups("00")
        return f"{year}-{month}-{day} {hour}:{minute}:{second}"
    ideographs = _IDEOGRAPHS.fullmatch(text)
    if ideographs is not None:
        return _of_ideographs(ideographs)
    if text.isascii() and not any(sign.isalpha() for sign in text[:9]):
        return text
    for form in _NAMED:
        found = form.fullmatch(text)
        number = None if found is None else MONTH_OF.get(found["name"].casefold())
        if found is not None and number is not None:
            rest = _WORDS.sub("", _WORDS.sub("", found["rest"])).strip(" ,T")
            rest = _ZONE.sub(_offset, rest)
            return f"{_year(found['year'])}-{number:02d}-{int(found['day']):02d} {rest}".strip()
    return text


def _offset(found: re.Match[str]) -> str:
    """Write the name of a zone as an offset, which is 0 for UTC."""
    if found["hours"]:
        return f"{found['hours'][0]}{int(found['hours'][1:]):02d}:00"
    return found["offset"] or "+00:00"


def _year(digits: str) -> str:
    """Return a year of four digits; 70 to 99 belong to the 20th century, lower ones to the 21st."""
    return digits if len(digits) == 4 else ("19" if digits >= "70" else "20") + digits


def _of_ideographs(found: re.Match[str]) -> str:
    date = f"{found['year']}-{int(found['month']):02d}-{int(found['day']):02d}"
    if found["hour"] is None:
        return date
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"] in _LATER_HALF)
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    return f"{date} {hour:02d}:{minute:02d}:{second:02d}{found['rest'].strip()}"
