"""A language that marks every word of the package: what is not marked does not come from a catalogue."""

import re
from collections.abc import Iterable

from babel.messages.catalog import Catalog

from catalogues import extracted
from stagefunnel.words.catalogue import Catalogue

_WIDE = {ord("a") + at: 0xFF41 + at for at in range(26)} | {ord("A") + at: 0xFF21 + at for at in range(26)}


def pseudo_language() -> Catalogue:
    """Make the catalogue: each letter of a text is the wide one, and fields stay."""
    made = Catalog(locale="fr", fuzzy=False)
    for text in extracted():
        if text.plural:
            several = (_marked(text.plural),) * (made.num_plurals - 1)
            made.add((text.text, text.plural), (_marked(text.text), *several), context=text.context or None)
        else:
            made.add(text.text, _marked(text.text), context=text.context or None)
    return Catalogue("fr", made)


def _marked(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    return "".join(part if part.startswith("{") else part.translate(_WIDE) for part in parts)


def unmarked(text: str, known: Iterable[str]) -> set[str]:
    """Return the words of a text that are neither marked nor known, such as names of stages."""
    for name in sorted(known, key=len, reverse=True):
        text = text.replace(name, "")
    return {*re.findall(r"[A-Za-z][A-Za-z' ]*[A-Za-z]", text)}
