"""The page: its parts, and the one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final
from urllib.parse import quote

from ..display.grid import Grid
from ..words import language, tr, trn
from .painter import Drawing

_APART: Final = re.compile(
    r"(?<=\d) (?=(?:ms|min|µs|bn|points?|working (?:days?|hours?)|[dhskM])\b)"
    r"|(?<=\d working) (?=(?:days?|hours?)\b)"
    r"|(?<=\d\d-\d\d) (?=\d\d:\d\d)"
)

_SECONDS: Final = re.compile(r"(?<=\d{4}-\d\d-\d\d[ T]\d\d:\d\d):\d\d(?:\.\d+)?")
_DATE: Final = re.compile(r"\b\d{4}-(?:\d\d|W\d\d)(?:-\d\d)?\b")


@dataclass(frozen=True)
class Figure:
    """A drawing for each kind of screen, its description for screen readers, and its sentences.

    Attributes
    ----------
    drawings
        The drawings by the media that they are for; of several that fit a browser takes the first. The last
        but one is for wide dark screens, the last one for wide light screens and for paper.
    alt, sentences
        The description, and what is said about this log.
    """

    drawings: Mapping[str, Drawing]
    alt: str
    sentences: list[str]

    def wait(self) -> None:
        """Wait until all are drawn."""
        for drawing in self.drawings.values():
            _ = drawing.svg

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """The media and the drawings as data addresses."""
        return [(media, _svg_uri(drawing.svg)) for media, drawing in self.drawings.items()]


@dataclass(frozen=True)
class TablePart:
    """A table as people read it, the same table as CSV, and the values that filter its rows."""

    caption: str
    grid: Grid
    csv: str
    choices: list[str]
    anchors: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def anchor(self, row: int, column: int) -> str:
        """Return where the list of items behind a number stands, if there is one."""
        return self.anchors.get((row, column), "")

    @property
    def csv_uri(self) -> str:
        """The CSV as a data address; its mark of UTF-8 is for spreadsheets."""
        return "data:text/csv;charset=utf-8," + quote("\N{ZERO WIDTH NO-BREAK SPACE}" + self.csv)

    @property
    def file_name(self) -> str:
        """The name of the CSV file, made of the caption."""
        kept = "".join(letter if letter.isalnum() else "-" for letter in self.caption.lower())
        return "-".join(filter(None, kept.split("-"))) + ".csv"


@dataclass(frozen=True)
class CellItems:
    """The first items behind a number.

    Attributes
    ----------
    anchor
        Where the list stands.
    heading, total
        What the number is, and how many items it counts.
    items
        Key and further values of each.
    call, command
        What lists all of them.
    """

    anchor: str
    heading: str
    total: str
    items: list[tuple[str, str]]
    call: str
    command: str


@dataclass(frozen=True)
class StageItems:
    """The lists of the numbers of one stage."""

    stage: str
    cells: list[CellItems]


@dataclass(frozen=True)
class News:
    """What a section found that is more than chance.

    Attributes
    ----------
    sentence
        What it found.
    effect
        How much of what it is about it touches at least, as a share.
    question
        What it answers; the findings of a page answer different ones.
    """

    sentence: str
    effect: float
    question: str


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Attributes
    ----------
    key, heading, definition
        Anchor, heading and definition.
    figure, tables
        Drawing and tables.
    findings
        Sentences about this log, if no figure has them.
    behind
        The items behind the numbers of the table, stage by stage.
    news
        What may be a finding of the first screen.
    is_folded
        Whether it has nothing to say, and is folded to its first sentence.
    """

    key: str
    heading: str
    definition: str
    figure: Figure | None
    tables: list[TablePart]
    findings: Sequence[str] = ()
    behind: Sequence[StageItems] = ()
    news: Sequence[News] = ()
    is_folded: bool = False

    @property
    def sentences(self) -> list[str]:
        """All sentences about this log."""
        return [*(self.figure.sentences if self.figure else ()), *self.findings]


@dataclass(frozen=True)
class Tile:
    """A number of the first screen.

    Attributes
    ----------
    name, value, detail
        What the number is, the number, and its bounds or what it is of.
    change, is_clear
        What it is in a period and was in the one before, if they can be compared, and whether that is more
        than chance.
    """

    name: str
    value: str
    detail: str = ""
    change: str = ""
    is_clear: bool = False


@dataclass(frozen=True)
class Finding:
    """A sentence of the first screen, and the key and the heading of the section that it is from."""

    sentence: str
    key: str
    heading: str


@dataclass(frozen=True)
class Page:
    """The content of the page.

    Attributes
    ----------
    title, about, remarks
        Title; what the page is about; what was ignored or warned of.
    tiles, note, findings
        The first screen: its numbers, why they are not compared, and what to look at first.
    sections
        All else.
    logo
        A picture as a data address.
    """

    title: str
    about: list[str]
    tiles: list[Tile]
    note: str
    findings: list[Finding]
    sections: list[Section]
    remarks: Sequence[str] = ()
    logo: str = ""


def rendered(page: Page) -> str:
    """Return the page as HTML, with every name escaped as text."""
    try:
        import jinja2
    except ImportError as error:
        raise ImportError('the report needs jinja2: pip install "stagefunnel[report]"') from error
    style, script = (_read(name) for name in ("page.css", "page.js"))
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(kept=kept_together, dated=dates_together, minutes=to_the_minute)
    environment.globals.update(tr=tr, trn=trn, language=language())
    template = environment.from_string(_read("page.html"))
    # Only this style and this script run, and nothing is loaded, whatever a name contains.
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )
    return template.render(page=page, style=style, script=script, policy=policy)


def kept_together(text: str) -> str:
    """Keep a number and its unit on one line: ``20 d 1 h``, ``+7 points``, ``2026-03-31 09:00``."""
    return _APART.sub("\N{NO-BREAK SPACE}", to_the_minute(text))


def to_the_minute(text: str) -> str:
    """Leave the seconds of a moment out: ``2026-03-31 09:00:17.123456`` is ``2026-03-31 09:00``."""
    return _SECONDS.sub("", text)


def dates_together(text: str) -> str:
    """Keep a date on one line: browsers break it at its dashes, where a mark of no width forbids that."""
    return _DATE.sub(lambda date: date[0].replace("-", "-\N{WORD JOINER}"), text)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _svg_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _read(name: str) -> str:
    return files("stagefunnel.reports").joinpath(name).read_text(encoding="utf-8")
