"""What a suggestion is unsure of, as sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Doubt:
    """One thing that may be otherwise.

    Attributes
    ----------
    text
        What it is, as a sentence.
    decides
        Whether numbers of a funnel would be others; a suggestion with such a doubt is not safe.
    """

    text: str
    decides: bool = True
