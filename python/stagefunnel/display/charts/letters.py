"""How wide letters are, so that texts are cut, wrapped and set beside each other before they are drawn."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

from ..restored import parted

# Widths in hundredths of the size of the letters, from the blank to the tilde, of DejaVu Sans: the widest of
# the fonts that a browser takes for Arial. What fits in it fits in all of them.
_WIDTHS: Final = (
    *(32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64),
    *(64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63),
    *(58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69),
    *(61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58),
    *(28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84),
)
# Blanks inside a number with its unit, a comparison or a length of time: a line does not end there.
_KEPT: Final = re.compile(
    r"(?<=\d) (?=%|(?:points?|d|h|min|s|ms|k|M|bn)\b)"
    r"|(?<=[<>=]) (?=-?\d)|(?<=\bp) (?=[<>=])|(?<=\d [dh]) (?=\d)"
)
_KEEPS: Final = "\N{NO-BREAK SPACE}"
# Of other letters, of signs such as arrows, of letters of East Asia and pictures; and how wide bold ones are.
_OTHER, _SIGN, _WIDE, _BOLD = 70, 100, 105, 1.12


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text in pixels, at least as wide as browsers draw it."""
    hundredths = sum(map(_width, text))
    return hundredths * size / 100 * (_BOLD if bold else 1)


@cache
def _width(letter: str) -> int:
    place = ord(letter) - 32
    if 0 <= place < len(_WIDTHS):
        return _WIDTHS[place]
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Cc", "Mn"):
        return 0
    if unicodedata.east_asian_width(letter) in ("W", "F") or place > 0x1F000:
        return _WIDE
    return _SIGN if unicodedata.category(letter)[0] in "SP" else _OTHER


def fitted(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Cut a text so that it fits into some room, with an ellipsis where something is cut.

    Of the name of an optional stage that is the name, and not its mark, where there is room for both.
    """
    if width_of(text, size, bold=bold) <= room:
        return text
    text, sign = parted(text)
    behind = f" {sign}" if sign else ""
    rest = room - width_of(behind, size, bold=bold)
    if behind and rest < room / 3:
        text, behind, rest = f"{text}{behind}", "", room
    return f"{_cut(text, rest, size, bold)}{behind}"


def _cut(text: str, room: float, size: float, bold: bool) -> str:
    end = width_of("…", size, bold=bold)
    kept = ""
    for letter in text:
        if width_of(kept + letter, size, bold=bold) + end > room:
            break
        kept += letter
    return kept.rstrip() + "…"


def wrapped(texts: Sequence[str], room: float, size: float, *, bold: bool = False) -> list[str]:
    """Break texts into lines that fit into some room; a word that is longer than a line is cut in pieces.

    A number stays with its unit.
    """
    return [
        line.replace(_KEEPS, " ")
        for text in texts
        for line in _lines(_KEPT.sub(_KEEPS, text), room, size, bold)
    ]


def _lines(text: str, room: float, size: float, bold: bool) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(longer, size, bold=bold) <= room:
            lines[-1] = longer
            continue
        for piece in _pieces(word, room, size, bold):
            lines.append(piece)
    return [line for line in lines if line] or [""]


def _pieces(word: str, room: float, size: float, bold: bool) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size, bold=bold) > room:
            pieces.append("")
        pieces[-1] += letter
    return pieces
