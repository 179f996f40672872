"""Texts without letters that do something: what a terminal, a page or a spreadsheet would obey.

Names come from the data, so they may hold anything. Each face cleans them at the one place through which all
that it shows passes; the data itself keeps its names.
"""

from __future__ import annotations

import re
from typing import Any, Final

# Control characters, such as the escape that moves the cursor or sets the title of a terminal; ends of lines
# of Unicode; marks that turn the direction of what follows; halves of letters, which no file can hold; and
# what is not a letter in any text.
_ACTING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufff9-\ufffb\ufffe\uffff]"
)
_ACTING_IN_LINES: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufff9-\ufffb\ufffe\uffff]"
)
# A cell that a spreadsheet reads as a formula. A number with a sign stays a number.
_RUN: Final = re.compile(r"[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]")
_NUMBER: Final = re.compile(r"[+-]?(\d[\d,. ]*)?\d%?|[+-]?(?:\d++(?:\.\d++)?|\.\d++)[eE][+-]?\d+|-inf")
# What Markdown would read as a mark, within a line and at its start.
_MARK: Final = re.compile(r"[\\|*`\[\]<~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
_MARK_OF_LINE: Final = re.compile(r"(?=#|>|[+=-](?:\s|$|[-=])|\d{1,9}(?P<after>[.)])\s)")


def clean(text: str, *, lines: bool = False) -> str:
    r"""Write letters that do something as Python writes them: ``\x1b`` for the escape.

    Parameters
    ----------
    text
        Any text.
    lines
        Whether the text may have several lines, so that ends of lines stay.

    Examples
    --------
    >>> from stagefunnel.clean import clean
    >>> print(clean("New\x1b[31m"), clean("\u202eOffer"), clean("Gewonnen ✓"))
    New\x1b[31m \u202eOffer Gewonnen ✓
    """
    acting = _ACTING_IN_LINES if lines else _ACTING
    return acting.sub(_written, text)


def _written(letter: re.Match[str]) -> str:
    return ascii(letter[0])[1:-1]


def clean_deep(value: Any) -> Any:
    """Clean the texts inside mappings and lists, and the keys; lines stay."""
    if isinstance(value, str):
        return clean(value, lines=True)
    if isinstance(value, dict):
        return {clean_deep(key): clean_deep(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [clean_deep(one) for one in value]
    return value


def safe_cell(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula; anything else stays as it is.

    Examples
    --------
    >>> from stagefunnel.clean import safe_cell
    >>> safe_cell("=1+1"), safe_cell("-12.5"), safe_cell(-3), safe_cell("New")
    ("'=1+1", '-12.5', -3, 'New')
    """
    if not isinstance(value, str) or not _RUN.match(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def markdown(text: str, *, is_cell: bool = False) -> str:
    r"""Escape what Markdown would read as a mark, in a text that becomes one line, or a cell of a table.

    Examples
    --------
    >>> from stagefunnel.clean import markdown
    >>> print(markdown("A|B <b> `x` deal_id"))
    A\|B \<b> \`x\` deal_id
    """
    line = clean(text.replace("\n", " "))
    line = _MARK.sub(lambda mark: f"\\{mark[0]}", line)
    first = None if is_cell else _MARK_OF_LINE.match(line)
    if first is None:
        return line
    at = first.start("after") if first["after"] else 0
    return f"{line[:at]}\\{line[at:]}"
