"""Markdown pages have one sentence a line, so that a change of one sentence shows as a change of one line."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WRAPPED = {"ARCHITECTURE.md", "CONTRIBUTING.md"}  # pages whose lines are still filled up to a width

BLOCK = re.compile(
    r"\s*(?:#{1,6} |\||<|$)"
)  # a heading, a row of a table, a tag or an empty line: no sentences
FENCE = re.compile(r"\s*(?:```|~~~)")
BULLET = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+")
CODE = re.compile(r"(`+).*?\1")
TARGET = re.compile(r"(?<=\])\([^)]*\)")
STOP = re.compile(r"[.!?][)\]\"'”*_]*(?=\s|$)")
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|cf|vs)\.$")
INITIAL = re.compile(r"\b[A-Z][a-z]+ [A-Z]\.$")


def markdown_pages() -> list[Path]:
    """List the pages of the project, without those of environments and builds."""
    pages = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name for name in folders if not name.startswith(".") and name not in ("build", "node_modules")
        ]
        pages += [Path(folder, name) for name in files if name.endswith(".md") and name not in WRAPPED]
    return sorted(pages)


def paragraphs(text: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the numbered lines of each paragraph; an item of a list begins a paragraph of its own."""
    paragraph: list[tuple[int, str]] = []
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        fence = FENCE.match(line) is not None
        block = fenced or fence or BLOCK.match(line) is not None
        if block or BULLET.match(line):
            yield paragraph
            paragraph = []
        if not block:
            paragraph.append((number, BULLET.sub("", line)))
        fenced ^= fence
    yield paragraph


def sentence_ends(line: str) -> list[int]:
    """Return where the sentences of a line end; code, targets of links and abbreviations end none."""
    plain = TARGET.sub(lambda target: "x" * len(target[0]), CODE.sub(lambda code: "x" * len(code[0]), line))
    ends = []
    for stop in STOP.finditer(plain):
        before = plain[: stop.start() + 1]
        last = stop.end() == len(plain.rstrip())
        if not ABBREVIATION.search(before) and (last or not INITIAL.search(before)):
            ends.append(stop.end())
    return ends


def complaints(text: str) -> list[str]:
    """Return the lines of a page that end within a sentence or hold more than one."""
    wrong = []
    for paragraph in paragraphs(text):
        for place, (number, line) in enumerate(paragraph):
            length = len(line.rstrip())
            ends = sentence_ends(line)
            if any(end < length for end in ends):
                wrong.append(f"line {number} holds two sentences")
            if place < len(paragraph) - 1 and length not in ends:
                wrong.append(f"line {number} ends within a sentence")
    return wrong


@pytest.mark.parametrize("page", markdown_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_has_one_sentence_a_line(page: Path) -> None:
    assert complaints(page.read_text(encoding="utf-8")) == []


def test_the_pages_are_looked_at() -> None:
    names = {str(page.relative_to(ROOT)) for page in markdown_pages()}
    assert {"README.md", "CHANGELOG.md", "docs/definitions.md", "docs/how_to/kommo.md"} <= names


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("A deal is won. It stays won.", ["line 1 holds two sentences"]),
        ("Is it **won?** `True` says so.", ["line 1 holds two sentences"]),
        ("- A deal is won. (So it stays.)", ["line 1 holds two sentences"]),
        ("A deal is\nwon.", ["line 1 ends within a sentence"]),
        (
            "# Deals\n\n1. A deal is,\n   e.g.\n   won.",
            ["line 3 ends within a sentence", "line 4 ends within a sentence"],
        ),
        ("A deal is won. It\nstays won.", ["line 1 holds two sentences", "line 1 ends within a sentence"]),
        ("```\nA. B\n```\nA deal\nis won.", ["line 4 ends within a sentence"]),
        ("| a |\n|---|\n| A. B |\nOne. Two.", ["line 4 holds two sentences"]),
    ],
)
def test_a_page_that_is_wrapped_otherwise_is_refused(text: str, wrong: list[str]) -> None:
    assert complaints(text) == wrong


@pytest.mark.parametrize(
    "text",
    [
        "A deal is won.\nIt stays won.",
        "- A deal is won.\n  It stays won.\n- Another is lost\n- [x](a. b) is open: see",
        "A deal counts, e.g. `a. b`, i.e. 1.5 leads, vs. none (Kuzilek J., Zdrahal Z. (2017)).\nSo it is.",
        "Is it won?\n(It is.)\n**So!**\n\n## Two. Parts\n\n| A. B |\n|---|\n\n~~~text\nA. B\nC\n~~~",
    ],
)
def test_a_page_with_one_sentence_a_line_passes(text: str) -> None:
    assert complaints(text) == []
