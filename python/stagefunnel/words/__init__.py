"""The words that people read, in their language.

A text of the package is English where it stands, and named fields are in braces. ``tr`` puts the fields in,
and gives the text in the language that is spoken at the moment. English needs no catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias, get_args

from ..errors import SchemaError, given
from ..tables.options import LanguageName

if TYPE_CHECKING:
    from .catalogue import Catalogue

Language: TypeAlias = LanguageName
LANGUAGES: Final = get_args(LanguageName)

_SPOKEN: ContextVar[Catalogue | None] = ContextVar("stagefunnel_language", default=None)


def current_catalogue() -> Catalogue | None:
    """Return the catalogue of the language that is spoken; ``None`` for English."""
    return _SPOKEN.get()


def language() -> str:
    """Return the code of the language that is spoken."""
    spoken = _SPOKEN.get()
    return "en" if spoken is None else spoken.language


@contextmanager
def spoken_in(language: str | Catalogue | None) -> Iterator[None]:
    """Speak a language for a while; ``None`` leaves it as it is."""
    if language is None:
        yield
        return
    token = _SPOKEN.set(_catalogue_of(language))
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def _catalogue_of(language: str | Catalogue) -> Catalogue | None:
    if language == "en":
        return None
    if not isinstance(language, str):
        from .catalogue import Catalogue

        if isinstance(language, Catalogue):
            return language
    if language not in LANGUAGES:
        raise SchemaError(
            given("language", language),
            f" is not a language; there are {', '.join(LANGUAGES)}",
            option="language",
        )
    from .catalogue import read

    return read(str(language))


def tr(text: str, /, **fields: Any) -> str:
    """Give a text in the language that is spoken, with its fields put in."""
    spoken = _SPOKEN.get()
    if spoken is not None:
        text = spoken.text(text)
    return _filled(spoken, text, fields)


def trn(one: str, many: str, number: Any, /, **fields: Any) -> str:
    """Give the text for one thing or for several, in the language that is spoken."""
    spoken = _SPOKEN.get()
    text = (one if number == 1 else many) if spoken is None else spoken.plural(one, many, number)
    return _filled(spoken, text, fields)


def trs(text: str, number: Any, /, **fields: Any) -> str:
    """Give the text for so many things, where English has the same for one and for several."""
    return trn(text, text, number, **fields)


def _filled(spoken: Catalogue | None, text: str, fields: Mapping[str, Any]) -> str:
    if not fields:
        return text
    made = (text if spoken is None else spoken.elided(text, fields)).format(**fields)
    # A sentence that ends with a name or a unit which has a full stop of its own ends once: ``5 дн.``.
    return made[:-1] if text.endswith("}.") and made.endswith("..") and not made.endswith("...") else made


def trc(context: str, text: str, /) -> str:
    """Give a short text in the language that is spoken, by what it is used for."""
    spoken = _SPOKEN.get()
    return text if spoken is None else spoken.text(text, context)


def mark(text: str) -> str:
    """Mark a text that is given in the spoken language only where it is used."""
    return text


def markn(one: str, many: str) -> tuple[str, str]:
    """Mark a noun and its plural, of which a number is counted elsewhere."""
    return one, many


def marks(text: str) -> str:
    """Mark a text that ``trs`` gives where it is used."""
    return text


def markc(context: str, text: str) -> str:
    """Mark a short text, by what it is used for."""
    return text


def begins(text: str, *texts: str) -> bool:
    """Check whether a text begins as one of some does in the spoken language, up to its first field."""
    return text.startswith(tuple(map(beginning, texts)))


def beginning(text: str) -> str:
    """Return the text before the first field, in the language that is spoken."""
    return tr(text).split("{")[0]


class Words(Mapping[Any, str]):
    """Texts by keys, each in the language that is spoken when it is read."""

    def __init__(self, texts: Mapping[Any, str]) -> None:
        self._texts = texts

    def __getitem__(self, key: Any) -> str:
        return tr(self._texts[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class Noun(str):
    """A noun in the language that is spoken, which knows its English one, by which it is counted."""

    __slots__ = ("english",)
    english: str

    @classmethod
    def of(cls, english: str) -> Noun:
        """Give a noun in the language that is spoken."""
        spoken = _SPOKEN.get()
        noun = cls(english if spoken is None else spoken.text(english))
        noun.english = english
        return noun
