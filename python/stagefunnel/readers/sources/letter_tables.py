"""Which table of letters a text is written in, of those that give every byte a letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import islice, pairwise
from math import log2
from typing import Final, NamedTuple

# Letters of a language, the most frequent one first.
_RUSSIAN: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_UKRAINIAN: Final = "оаинтвреіскмлдупязьгбчйхцжїшюєщфґ"
_BELARUSIAN: Final = "анірсеолткдпмузуяывцьбгчйшжхюэёўф"
_BULGARIAN: Final = "аиоетнрсвлкдпмзуябгчъцщшжйхфюь"
_GREEK: Final = "αοιετσνηυρπκμλςωδγχθφβξζψ"
_HEBREW: Final = "יוהלארתבמשנדםכפעקחטגצןסזךףץ"
_ARABIC: Final = "اليمنوتربةعدسفهقكحجشطصخضذثزأىغظئءؤإآپچگژک"
_THAI: Final = "านรอกเงมยลวดทส่ต้ะปบิคหแจัพชีขใไ์โผุื็ูึำฟถซณศญธภษฉ"
_LANGUAGES: Final = (
    *(("cp1251", _RUSSIAN), ("cp1251", _UKRAINIAN), ("cp1251", _BELARUSIAN), ("cp1251", _BULGARIAN)),
    *(("koi8-r", _RUSSIAN), ("koi8-u", _UKRAINIAN), ("cp866", _RUSSIAN), ("iso8859-5", _RUSSIAN)),
    *(("cp1253", _GREEK), ("cp1255", _HEBREW), ("cp1256", _ARABIC)),
    ("cp874", _THAI),
)
_NOT_IN_ALPHABET: Final = 7.0  # a cost above that of any letter
_LIKELY: Final = 3.4  # what words of a language cost at most, in its own letters
_POSSIBLE: Final = 4.2
_MARGIN: Final = 0.15
# Hebrew has no capitals, and those of KOI8-R look like small letters.
_MARGIN_WITHOUT_CAPITALS: Final = 0.45
_FOREIGN: Final = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_MOST_WORDS: Final = 20_000
_PUNCTUATION: Final = "№«»–—„“”’…\u00a0"


class Guess(NamedTuple):
    """An encoding, what it costs to read the text so, one of its words, and whether there are capitals."""

    encoding: str
    cost: float
    word: str
    has_capitals: bool


def guesses(data: bytes) -> list[Guess]:
    r"""Read bytes in every table of letters, and return the possible ones, the likeliest first.

    The cost is the mean of the logarithms of the ranks of letters, each word counted once. There is no guess
    for text whose words have letters of ASCII too, as those of Western languages do.

    Examples
    --------
    >>> from stagefunnel.readers.sources.letter_tables import guesses
    >>> [(guess.encoding, guess.word) for guess in guesses("Новая\nОтказ".encode("koi8-r"))][:1]
    [('koi8-r', 'Новая')]
    """
    words = list(dict.fromkeys(found.group() for found in islice(_FOREIGN.finditer(data), _MOST_WORDS)))
    n_mixed = sum(re.search(rb"[A-Za-z]", word) is not None for word in words)
    if not words or n_mixed > 0.5 * len(words):
        return []
    sample, longest = b"\n".join(words), max(words[:3], key=len)
    found: dict[str, Guess] = {}
    first_of: dict[str, str] = {}  # KOI8-U differs from KOI8-R only where text has its letters
    for encoding, alphabet in _LANGUAGES:
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        encoding = first_of.setdefault(text, encoding)
        guess = Guess(encoding, _cost(text, alphabet), longest.decode(encoding), not text.islower())
        if encoding not in found or guess.cost < found[encoding].cost:
            found[encoding] = guess
    likely_first = sorted(found.values(), key=lambda guess: guess.cost)
    return [guess for guess in likely_first if guess.cost <= _POSSIBLE]


def is_cp1251(found: Sequence[Guess]) -> bool:
    """Check whether text is certainly Cyrillic cp1251, by the guesses about it."""
    if not found or found[0].encoding != "cp1251" or found[0].cost > _LIKELY:
        return False
    margin = _MARGIN if found[0].has_capitals else _MARGIN_WITHOUT_CAPITALS
    return len(found) == 1 or found[1].cost - found[0].cost >= margin


def _words(text: str) -> list[str]:
    # Marks above and below letters are part of Thai words.
    return re.findall(r"(?:[^\W\d_]|[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])+", text)


def _cost(text: str, alphabet: str) -> float:
    rank_of = {letter: log2(rank + 2) for rank, letter in enumerate(alphabet)}
    costs: list[float] = []
    for word in _words(text):
        plain = _without_accents(word.lower())
        costs += [rank_of.get(letter, _NOT_IN_ALPHABET) for letter in plain if letter > "\x7f"]
        # A capital behind a small letter is a sign of the wrong table.
        costs += [_NOT_IN_ALPHABET for one, other in pairwise(word) if one.islower() and other.isupper()]
    signs = {
        sign for sign in text if sign > "\x7f" and not sign.isalpha() and not unicodedata.combining(sign)
    }
    costs += [_NOT_IN_ALPHABET for sign in signs if sign not in alphabet + _PUNCTUATION]
    return sum(costs) / len(costs) if costs else _NOT_IN_ALPHABET


def _without_accents(word: str) -> str:
    """Take the accents of Greek; й, ё and ї are letters of their own."""
    if not any("\u0370" <= letter <= "\u03ff" for letter in word):
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
