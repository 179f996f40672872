"""The catalogues have every text of the sources and no other, and their translations fit the texts."""

import re

import pytest

import catalogues
from catalogues import LANGUAGES, Text, catalogue_of, entries_of, extracted, fields_of
from helpers import ROOT
from stagefunnel.display.composed_checks import READER_CHECKS
from stagefunnel.display.unlike import AGE, FEW, NOT_COVERED, NOT_YET, PART
from stagefunnel.log.quality import _CHECKS
from stagefunnel.tables import schema
from stagefunnel.words import beginning, spoken_in

COMPLETE = ("fr",)
HOW = "python tests/python/support/catalogues.py brings the catalogues up to date"
# Texts by whose beginning a sentence is recognised, in every language.
RECOGNISED = (
    *(AGE, PART, FEW, NOT_YET, NOT_COVERED),
    "No step shows a clear difference.",
    "No stage shows a clear difference between {now} and {before}.",
    "There is nothing to compare.",
    "Most often lost from: {where} ({part_of})",
    "Most often skipped: {places} ({part_of}{also})",
    "Slowest stage: {stage} ({half} more than {median}; {still_open} of all visits are still open)",
    "Biggest change: {change_at}",
    "Furthest apart at {where}: {there}, {here}",
    "Largest difference: {change_at}",
    "No clear change between {before} and {now}",
    "all {things}",
)


def test_the_sources_are_read_as_python_reads_them() -> None:
    found = {
        *catalogues._of_python('tr("a {b}" " c", b=trn("one", "many", n)); x.trc("unit", " d"); tr(NAME)')
    }
    assert found == {Text("a {b} c"), Text("one", plural="many"), Text(" d", "unit")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    known, wanted = {*entries_of(catalogue_of(language))}, {*extracted()}
    assert wanted - known == set(), HOW
    assert known - wanted == set(), HOW


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_fields_of_its_text(language: str) -> None:
    wrong = [
        (text.text, string)
        for text, strings in entries_of(catalogue_of(language)).items()
        for string in strings
        if string and fields_of(string) != fields_of(text.text)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_begins_and_ends_with_the_blanks_of_its_text(language: str) -> None:
    # Parts of sentences are put together: a blank that is missing runs two words together.
    wrong = [
        (text.text, string)
        for text, strings in entries_of(catalogue_of(language)).items()
        for string in strings
        if string and (text.text[-1:] == " ") != string[-1:].isspace()
    ]
    wrong += [
        (text.text, strings[0])
        for text, strings in entries_of(catalogue_of(language)).items()
        if strings[0] and text.text[0] == " " and not strings[0][0].isspace()
    ]
    assert wrong == []


@pytest.mark.parametrize("language", COMPLETE)
def test_a_complete_language_lacks_nothing(language: str) -> None:
    lacking = [text.text for text, strings in entries_of(catalogue_of(language)).items() if not all(strings)]
    assert lacking == []


def test_the_page_about_languages_says_how_much_each_has() -> None:
    page = ROOT.joinpath("docs/how_to/languages.md").read_text(encoding="utf-8")
    said = {code: int(share) for code, share in re.findall(r"\| `(\w\w)` \| [^|]+ \| (\d+)% \|", page)}
    for language in LANGUAGES:
        entries = entries_of(catalogue_of(language))
        has = sum(all(strings) for strings in entries.values()) / len(entries)
        assert said[language] == int(100 * has), f"docs/how_to/languages.md: {language} has {int(100 * has)}%"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_recognised_by_its_beginning_begins_with_a_word(language: str) -> None:
    with spoken_in(language):
        assert [text for text in RECOGNISED if len(beginning(text).strip()) < 3] == []


def test_every_column_and_check_of_the_package_has_a_word() -> None:
    heads = {text.text for text in extracted() if text.context == "column"}
    columns = {
        name
        for key, value in vars(schema).items()
        if key.isupper() and key not in ("OUTCOMES", "BOTH", "PARTS", "STOPS")
        for name in ([value] if isinstance(value, str) else value)
    }
    # Bounds stand in brackets behind what they bound.
    shown = {name for name in columns if not name.endswith(("_low", "_high"))}
    assert {name.replace("_", " ") for name in shown} - heads == set()
    checks = {text.text for text in extracted() if text.context == "check"}
    notes = {text.text for text in extracted() if text.context == "note"}
    assert {name.replace("_", " ") for name in _CHECKS} | {*READER_CHECKS} == checks
    assert {note for _, note in _CHECKS.values()} == notes
