"""The names of groups that no column has: what the log itself knows, and bands of a number."""

from __future__ import annotations

import re
from typing import Final

CREATED: Final = re.compile(r"created:\s*(\w+)")
BANDS: Final = re.compile(r"(.+?):\s*(\[.*\])", re.DOTALL)
#: What is known only at the end of an item's journey.
LATER: Final = ("outcome", "last_stage")


def column_behind(text: str) -> str | None:
    """Name the column that a group needs: that of its bands, none of what the log knows, or `text` itself.

    Examples
    --------
    >>> from stagefunnel.tables.group_names import column_behind
    >>> column_behind("amount:[0, 1000]"), column_behind("outcome"), column_behind("team")
    ('amount', None, 'team')
    """
    if text in LATER or CREATED.fullmatch(text):
        return None
    bands = BANDS.fullmatch(text)
    return text if bands is None else bands[1]
