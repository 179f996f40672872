"""The stages of a pipeline and its rules as it writes them itself, in the language that is spoken."""

from __future__ import annotations

from typing import Final

from ..words import mark, markc, tr, trc
from .composed import given_in_language
from .numbers import counted

WORDS: Final = (
    *(markc("pipeline", "Pipeline"), markc("pipeline", "won"), markc("pipeline", "lost")),
    *(markc("pipeline", "elsewhere"), markc("pipeline", "optional"), markc("pipeline", "moved out")),
    *(markc("pipeline", "paused"), markc("pipeline", "ignored")),
)
_RULES: Final = (
    mark("{other} is read as {stage}"),
    mark("{stage} since {moment}"),
    mark("{stage} until {moment}"),
    mark("{stage} shorter than {least} ignored"),
    mark("shorter than {least} ignored"),
    mark("{stage} limited to {limit}"),
)
_DATES: Final = (
    mark("since {moment} until {end}"),
    mark("since {moment}"),
    mark("until {moment}"),
)


def pipeline_part(text: str) -> str:
    r"""Write a part of a pipeline: the names of its stages stay as they are.

    Examples
    --------
    >>> from stagefunnel.words import spoken_in
    >>> with spoken_in("fr"):
    ...     pipeline_part("won: Sold"), pipeline_part("Offer since 2026-03-01"), pipeline_part("New → Offer")
    ('gagné\xa0: Sold', 'Offer depuis le 1er\xa0mars\xa02026', 'New → Offer')
    """
    what, colon, names = text.partition(": ")
    if colon:
        return tr("{what}: {names}", what=trc("pipeline", what), names=_names(what, names))
    return given_in_language(text, _RULES) or text


def dates_in_language(text: str) -> str:
    """Write when a stage is there: ``since 2026-06-01``."""
    return given_in_language(text, _DATES) or text


def _names(what: str, names: str) -> str:
    """Give the names of stages as they are, and the number of those elsewhere in words."""
    number = names.split(" ")[0].replace(",", "")
    return counted(int(number), "stage") if what == "elsewhere" and number.isdecimal() else names
