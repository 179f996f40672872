"""Formulas of the definitions are numbered in order, and comments cite numbers that the page has."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NUMBER = re.compile(r"\*\*\((\d+)\)\*\*")
GAP = r"[\s/#*]+"  # a citation may go on in the next line of a comment
CITATION = re.compile(rf"definitions\.md`*,{GAP}equations?{GAP}\(\d+\)(?:(?:,| and| to){GAP}\(\d+\))*")
SOURCES = {"python": ("*.py",), "tests": ("*.py", "*.cpp", "*.hpp"), "cpp": ("*.cpp", "*.hpp")}


def numbered() -> list[int]:
    page = ROOT.joinpath("docs", "definitions.md").read_text(encoding="utf-8")
    return [int(number) for number in NUMBER.findall(page)]


def cited(text: str) -> list[int]:
    return [int(number) for citation in CITATION.findall(text) for number in re.findall(r"\d+", citation)]


def test_formulas_are_numbered_in_order() -> None:
    assert numbered() == list(range(1, 24))


def test_comments_cite_formulas_that_there_are() -> None:
    paths = [
        path
        for folder, patterns in SOURCES.items()
        for pattern in patterns
        for path in ROOT.joinpath(folder).rglob(pattern)
        if path != Path(__file__)
    ]
    citations = {number for path in paths for number in cited(path.read_text(encoding="utf-8"))}
    assert citations
    assert citations <= set(numbered())


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("# definitions.md, equation (3)", [3]),
        ('"""As of ``docs/definitions.md``, equation (12)."""', [12]),
        ("/// See docs/definitions.md,\n    /// equation (4).", [4]),
        ("# definitions.md, equations (4) and (5)", [4, 5]),
        ("equation (5) of a paper; definitions.md, section 6", []),
    ],
)
def test_a_citation_is_seen(text: str, numbers: list[int]) -> None:
    assert cited(text) == numbers
