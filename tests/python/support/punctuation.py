"""Marks of punctuation that stand twice, clash, stand behind a blank, or are missing between sentences."""

import re

# Doubled and clashing marks, a blank before a mark, empty brackets, and two sentences run together.
_MISPLACED = re.compile(
    r"(?<!\.)\.\.(?!\.)|[,;:]{2,}|[;:,]\.|\.[;:,](?!\d)|[?!]\.|\. \.|\s[,;.](?=\s|$)"
    r"|\(\s|\s\)|\(\)|[;:,]$|[a-z]\.[A-Z]"
)


def misplaced(text: str) -> list[str]:
    """Return where punctuation is wrong, each with the words around it.

    Examples
    --------
    >>> misplaced("Won: 5.. No losses.")
    ['Won: 5.. No losses.']
    >>> misplaced("Won: 5 (of 2,000). No losses … and 3 more.")
    []
    """
    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    return [plain[max(0, found.start() - 40) : found.end() + 40] for found in _MISPLACED.finditer(plain)]
