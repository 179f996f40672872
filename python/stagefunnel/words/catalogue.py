"""The texts of one language, read from its PO file in the package, and how it writes numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from gettext import c2py
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from ..cached import cached_property

if TYPE_CHECKING:
    from babel import Locale
    from babel.messages import Catalog

_NEEDS_BABEL: Final = 'other languages than English need babel: pip install "stagefunnel[languages]"'
_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
#: French words that lose their last letter before a vowel, and what begins with one; initials are spelled.
_ELIDED: Final = re.compile(r"\b([Dd]|[Qq]u)e (?=\{(\w+)\})")
_VOWEL: Final = re.compile("(?![A-Z]{2})[aeiouAEIOUâàéèêëîïôùûœÀÂÉÈÊÔŒ]")


class Catalogue:
    """The texts of one language, with those that it lacks in English.

    Attributes
    ----------
    language
        The code of the language.
    """

    def __init__(self, language: str, messages: Catalog) -> None:
        self.language = language
        self._texts: dict[tuple[str, str], tuple[str, ...]] = {}
        for message in messages:
            string = message.string or ""
            strings = (string,) if isinstance(string, str) else tuple(string)
            if message.id and all(strings) and not message.fuzzy:
                one = message.id if isinstance(message.id, str) else message.id[0]
                self._texts[message.context or "", one] = strings
        self._form_of: Callable[[int], int] = c2py(messages.plural_expr)

    def text(self, text: str, context: str = "") -> str:
        """Return a text, as it is where it has none; a column of the data is not a noun of the package."""
        found = self._texts.get((context, text))
        if found is None and context != "column":
            found = self._texts.get(("", text))
        return str(found[0]) if found else text

    def plural(self, one: str, many: str, number: Any) -> str:
        """Return the text for a number of things."""
        found = self._texts.get(("", one))
        if not found or len(found) == 1:
            return one if number == 1 else many
        return found[min(self._form_of(abs(int(number))), len(found) - 1)]

    def elided(self, text: str, fields: Mapping[str, Any]) -> str:
        """Shorten a French word before a field that begins with a vowel: ``trop peu d’affaires``."""
        if self.language != "fr":
            return text
        return _ELIDED.sub(
            lambda word: f"{word[1]}’" if _VOWEL.match(str(fields.get(word[2], ""))) else word[0], text
        )

    @cached_property
    def locale(self) -> Locale:
        """What Babel knows of the language."""
        from babel import Locale

        return Locale.parse(self.language)

    @cached_property
    def signs(self) -> tuple[str, str]:
        """The sign between thousands, and the one before decimals."""
        symbols = self.locale.number_symbols["latn"]
        return str(symbols["group"]), str(symbols["decimal"])

    @cached_property
    def percent_sign(self) -> str:
        """The sign of a share, with the space before it."""
        if self.language == "fr":
            return f"{_NARROW}%"
        return str(self.locale.percent_formats[None].pattern).split("0")[-1]


@cache
def read(language: str) -> Catalogue:
    """Read the catalogue of a language."""
    try:
        from babel.messages.pofile import read_po
    except ImportError as error:
        raise ImportError(_NEEDS_BABEL) from error
    with (files("stagefunnel.words") / f"{language}.po").open("rb") as file:
        return Catalogue(language, read_po(file, locale=language))
