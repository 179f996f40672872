"""Passwords of connections, and texts without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

_MASK: Final = "***"
_SHORTEST: Final = 4  # a shorter word stands in too many texts, and masking it there would show what it is
# Names of options whose values are secret: password, pwd, sslpassword, token, api_key, client_secret, …
_SECRET: Final = "passw(?:or)?d|passphrase|passcode|pwd|secret|token|credential|(?:private|api|access)_?key"
# The time that a text takes grows with its length and not with its square: a scheme is short, what stands in
# braces too, and a name is tried where it begins and nowhere else.
_USER: Final = re.compile(r"[A-Za-z][\w+.-]{0,30}://[^\s:@/]*:")
_VALUE: Final = r"'(?:[^'\\]|\\.)*'|\"[^\"]*\"|\{[^}]{0,1000}\}|(?:(?!%3B)[^\s&;'\"])+"
_IS: Final = rf"(\s*+(?:=|%3D)\s*)({_VALUE})"
_OPTIONS: Final = (
    re.compile(rf"(?i)(?<![\w.-])(?=[\w.-]*?(?:{_SECRET}))([\w.-]++){_IS}"),
    re.compile(rf"(?i)(?:(?<=%3B)|\b)(pass){_IS}"),
)
# A password may hold the marks that end it in a URI; what a driver shows of it then is one of these pieces.
_MARKS: Final = re.compile(r"[@/?#:&;=\s%]+")


def masked(text: str) -> str:
    """Return a text in which the passwords of all URIs and options of connections are masked.

    Examples
    --------
    >>> from stagefunnel.databases.secrets import masked
    >>> masked("no file postgresql://ann:s3cret@db/crm?sslpassword=abc")
    'no file postgresql://ann:***@db/crm?sslpassword=***'
    """
    if "://" in text:
        text = re.sub(r"\S+", lambda word: _without_password(word[0]), text)
    for option in _OPTIONS:
        text = option.sub(rf"\1\2{_MASK}", text)
    return text


def _without_password(word: str) -> str:
    """Mask what stands between a user and the last @ of a word."""
    user = _USER.search(word)
    host = word.rfind("@") if user is not None else -1
    return word if user is None or host <= user.end() else f"{word[: user.end()]}{_MASK}{word[host:]}"


def masked_uri(uri: str) -> str:
    """Return a URI, or a string of a connection, with its passwords masked, however they are written.

    Examples
    --------
    >>> from stagefunnel.databases.secrets import masked_uri
    >>> masked_uri("postgresql://ann:my p@ss/word@db/crm")
    'postgresql://ann:***@db/crm'
    """
    scheme, mark, rest = uri.partition("://")
    if mark and "@" in rest:
        # The last @ parts the user from the host, also where a password has an @ that is not written as %40.
        user, _, host = rest.rpartition("@")
        name, colon, _ = user.partition(":")
        uri = f"{scheme}://{name}:{_MASK}@{host}" if colon else uri
    return masked(uri)


class Secrets:
    """The secret words of a connection, in all the forms in which a text may hold them.

    Parameters
    ----------
    sources
        URIs and strings of connections, or words that are secret as they are given to `of_words`.
    """

    def __init__(self, *sources: str) -> None:
        self._words: set[str] = set()
        for source in sources:
            self._add(_words_of(source))

    @classmethod
    def of_words(cls, words: Iterable[Any]) -> Secrets:
        """Make secrets of passwords themselves."""
        secrets = cls()
        secrets._add(str(word) for word in words if word)
        return secrets

    def __repr__(self) -> str:
        return f"Secrets({_MASK})"

    def _add(self, words: Iterable[str]) -> None:
        for word in words:
            for form in {word, unquote(word), unquote_plus(word)}:
                self._words |= {form, quote(form), quote(form, safe=""), quote_plus(form), repr(form)[1:-1]}
                self._words |= {piece for piece in _MARKS.split(form) if len(piece) >= _SHORTEST}
        self._words.discard("")

    def without(self, text: str) -> str:
        """Return a text without any of the words; one that holds a short word is left out as a whole."""
        text = masked(text)
        for word in sorted(self._words, key=len, reverse=True):
            if word not in text:
                continue
            if len(word) < _SHORTEST:
                return "(its text holds a password, and is left out)"
            text = text.replace(word, _MASK)
        return text

    def told_by(self, error: BaseException) -> str:
        """Describe an error of a driver, in one line without secrets."""
        text = re.sub(r"\s*\n\s*", " ", self.without(str(error))).strip()
        return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _words_of(source: str) -> Iterator[str]:
    _, mark, rest = source.partition("://")
    if mark and "@" in rest:
        # The last @ parts the user from the host, also where a password has an @ that is not written as %40.
        user = rest.rpartition("@")[0]
        _, colon, password = user.partition(":")
        if colon:
            yield password
        # Where an @ stands behind the path, what comes before the first one may be the whole password.
        first_user = rest.partition("@")[0]
        if ":" in first_user:
            yield first_user.partition(":")[2]
    # A string of a connection may stand in a URI as a whole: odbc_connect=Driver%3D…%3BPWD%3D…
    for text in {source, unquote_plus(source)}:
        for option in _OPTIONS:
            for found in option.finditer(text):
                yield found[3]
                yield found[3].strip("'\"{}")
