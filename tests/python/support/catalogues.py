"""The texts of the package as catalogues have them: what the sources mark, found without running them.

``python tests/python/support/catalogues.py`` brings the catalogues up to date: new texts come in without a
translation, and those that are gone go. With folders of other catalogues behind it, such as those of a branch
that is merged, what lacks a translation takes theirs.
"""

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "python/stagefunnel"
WORDS = PACKAGE / "words"
LANGUAGES = ("fr", "de", "ru", "es", "pt")
# How many first arguments of each function are texts, and whether the first one is their context. Texts that
# English has once for every number are their own plural.
_SAME = ("trs", "marks", "so_many")
_FUNCTIONS = {
    "tr": (1, False),
    "trn": (2, False),
    "trc": (1, True),
    "mark": (1, False),
    "markn": (2, False),
    "markc": (1, True),
    **dict.fromkeys(_SAME, (1, False)),
}


class Text(NamedTuple):
    """A text of the package: what it is used for, and its plural, both empty where there is none."""

    text: str
    context: str = ""
    plural: str = ""


@cache
def extracted() -> dict[Text, list[str]]:
    """Return every text that the sources mark, with the files that it stands in."""
    found: dict[Text, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for text in _of_python(path.read_text(encoding="utf-8")):
            found.setdefault(text, []).append(path.relative_to(PACKAGE).as_posix())
    page = PACKAGE / "reports/page.html"
    for _, _, text in jinja2.Environment(extensions=["jinja2.ext.i18n"]).extract_translations(
        page.read_text(encoding="utf-8"), gettext_functions=("tr",)
    ):
        found.setdefault(Text(text[0] if isinstance(text, tuple) else str(text)), []).append(
            "reports/page.html"
        )
    return found


def _of_python(source: str) -> Iterator[Text]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in _FUNCTIONS:
            continue
        n_texts, has_context = _FUNCTIONS[name]
        words = [one.value if isinstance(one, ast.Constant) else None for one in node.args]
        words = words[: n_texts + has_context]
        if all(isinstance(word, str) for word in words):
            context, *texts = words if has_context else ["", *words]
            yield Text(texts[0], context, texts[0] if name in _SAME else texts[1] if n_texts == 2 else "")


def fields_of(text: str) -> set[str]:
    """Return the fields of a text."""
    return {*re.findall(r"\{(\w+)\}", text)}


def catalogue_of(language: str, folder: Path = WORDS) -> Catalog:
    """Read the catalogue of a language."""
    with (folder / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def entries_of(catalogue: Catalog) -> dict[Text, tuple[str, ...]]:
    """Return the texts of a catalogue with their translations, empty ones where there is none."""
    made = {}
    for message in catalogue:
        if message.id:
            one, many = message.id if isinstance(message.id, tuple | list) else (message.id, "")
            string: Any = message.string or ""
            made[Text(one, message.context or "", many)] = (
                (string,) if isinstance(string, str) else tuple(string)
            )
    return made


def write_catalogue(language: str, translations: dict[Text, tuple[str, ...]]) -> None:
    """Write the catalogue of a language with all texts, and the translations that there are."""
    made = Catalog(locale=language, project="stagefunnel", charset="utf-8", fuzzy=False, revision_date=None)
    for text, files in sorted(extracted().items(), key=lambda one: (sorted({*one[1]})[0], one[0])):
        string = translations.get(text, ("",))
        places = [(name, None) for name in sorted({*files})[:1]]
        if text.plural:
            forms = string if len(string) == made.num_plurals else ("",) * made.num_plurals
            made.add((text.text, text.plural), forms, places, context=text.context or None)
        else:
            made.add(text.text, string[0], places, context=text.context or None)
    buffer = io.BytesIO()
    write_po(buffer, made, width=110, omit_header=False, include_lineno=False)
    lines = buffer.getvalue().decode("utf-8").splitlines()
    kept = [
        line
        for line in lines
        if not re.match(r'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Tr|Report-Msg)', line)
    ]
    kept = kept[next(at for at, line in enumerate(kept) if line.startswith("msgid")) :]
    (WORDS / f"{language}.po").write_text("\n".join(kept) + "\n", encoding="utf-8")


def main(folders: Iterable[str] = ()) -> None:
    """Bring every catalogue up to date; texts without a translation take that of other folders."""
    for language in LANGUAGES:
        known: dict[Text, tuple[str, ...]] = {}
        for folder in (*map(Path, folders), WORDS):
            if folder.joinpath(f"{language}.po").exists():
                found = entries_of(catalogue_of(language, folder))
                known |= {text: strings for text, strings in found.items() if all(strings)}
        write_catalogue(language, known)


if __name__ == "__main__":
    main(sys.argv[1:])
