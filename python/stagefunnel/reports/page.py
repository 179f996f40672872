"""The page: its parts, and the one file that loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from ..clean import clean
from ..display.grid import Grid
from ..words import language, tr, trn
from .filter_data import Filters
from .pictures import Colours, picture
from .themes import Drawn
from .words import FILTERS, SCRIPT, form

_APART: Final = re.compile(
    r"(?<=\d) (?=(?:ms|min|µs|bn|points?|working (?:days?|hours?)|[dhskM])\b)"
    r"|(?<=\d working) (?=(?:days?|hours?)\b)"
    r"|(?<=\d\d-\d\d) (?=\d\d:\d\d)"
    r"|(?<=<) (?=\d)"
)

#: The scripts of the page, in the order in which they run.
_SCRIPTS: Final = ("tables", "items", "filters", "marks")
_FILTERED: Final = ("funnels", "losses")  # sections that show what is chosen
_LARGEST: Final = 3_000_000  # bytes
_DATA: Final = '<script type="application/json" id="choices">'
_SECONDS: Final = re.compile(r"(?<=\d{4}-\d\d-\d\d[ T]\d\d:\d\d):\d\d(?:\.\d+)?")
_DATE: Final = re.compile(r"\b\d{4}-(?:\d\d|W\d\d)(?:-\d\d)?\b")


@dataclass(frozen=True)
class Figure:
    """A drawing for each kind of screen, its description for screen readers, and its sentences.

    Attributes
    ----------
    drawings
        The drawings by screen and theme.
    alt, sentences
        The description, and what is said about this log.
    """

    drawings: Mapping[tuple[str, str], Drawn]
    alt: str
    sentences: list[str]

    def wait(self) -> None:
        """Wait until all are drawn."""
        for drawing in self.drawings.values():
            _ = drawing.svg

    def pictures(self, colours: Colours) -> str:
        """Return the drawings as parts of a page, one for each kind of screen."""
        sizes = dict.fromkeys(size for size, _ in self.drawings)
        alt = to_the_minute(self.alt)
        drawn = [(size, *(self.drawings[size, theme].svg for theme in ("light", "dark"))) for size in sizes]
        return "\n".join(
            to_the_minute(picture(light, dark, alt, size, colours)) for size, light, dark in drawn
        )


@dataclass(frozen=True)
class TablePart:
    """A table as people read it, the same table as CSV, and the values that filter its rows.

    Attributes
    ----------
    caption, grid, csv, choices
        Its name, its cells, all its numbers, and the values that filter its rows.
    is_grouped
        Whether a row without a first cell is of the same group as the row above it.
    anchors
        Where the items behind a number are listed, by row and column.
    """

    caption: str
    grid: Grid
    csv: str
    choices: list[str]
    is_grouped: bool = False
    anchors: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def group_of(self, row: int) -> str:
        """Return the group of a row that has its name in a row above."""
        above = (self.grid.rows[place][0] for place in range(row, -1, -1)) if self.is_grouped else ()
        return next((cell for cell in above if cell), "")

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
    step
        What to do about it.
    """

    sentence: str
    effect: float
    question: str
    step: str


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
    """A sentence of the first screen, the key and the heading of its section, and what to do about it."""

    sentence: str
    key: str
    heading: str
    step: str = ""


@dataclass(frozen=True)
class Page:
    """The content of the page.

    Attributes
    ----------
    title, about, remarks
        Title; what the page is about; what was ignored or warned of.
    tiles, note, findings, step
        The first screen: its numbers, why they are not compared, what to look at first, and what to do next.
    sections
        All else.
    logo
        A picture as a data address.
    since
        What changed since the last page.
    filters
        What a reader can choose.
    """

    title: str
    about: list[str]
    tiles: list[Tile]
    note: str
    findings: list[Finding]
    step: Finding
    sections: list[Section]
    remarks: Sequence[str] = ()
    logo: str = ""
    since: str = ""
    filters: Filters | None = None


def rendered(page: Page) -> str:
    """Return the page as HTML, with every name escaped as text."""
    template = _template()
    colours = Colours()
    pictures = {one.key: one.figure.pictures(colours) for one in page.sections if one.figure is not None}
    style = colours.style + _read("page.css")
    script = "".join(_read(f"{name}.js") for name in _SCRIPTS)
    # Only this style and this script run, and nothing is loaded, whatever a name contains.
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    )
    text: str = template.render(
        page=page,
        language=language(),
        pictures=pictures,
        style=style,
        script=script,
        policy=policy,
        words=dict(FILTERS),
        said={**SCRIPT, "form": form()},
        filtered=_FILTERED,
    )
    before, data, behind = text.partition(_DATA)
    if not data or page.filters is None:
        return text
    room = _LARGEST - len(text.encode())
    return before + data + page.filters.as_json(room) + behind


@cache  # to compile it takes as long as to fill it in
def _template() -> Any:
    """Return the page without its parts."""
    try:
        import jinja2
    except ImportError as error:
        raise ImportError('the report needs jinja2: pip install "stagefunnel[report]"') from error
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.finalize = _cleaned
    environment.filters.update(
        kept=lambda text: dates_together(kept_together(text)), dated=dates_together, minutes=to_the_minute
    )
    environment.globals.update(tr=tr, trn=trn)
    return environment.from_string(_read("page.html"))


def kept_together(text: str) -> str:
    """Keep a number and its unit on one line: ``20 d 1 h``, ``+7 points``, ``2026-03-31 09:00``."""
    return _APART.sub("\N{NO-BREAK SPACE}", to_the_minute(text))


def to_the_minute(text: str) -> str:
    """Leave the seconds of a moment out: ``2026-03-31 09:00:17.123456`` is ``2026-03-31 09:00``."""
    return _SECONDS.sub("", text)


def dates_together(text: str) -> str:
    """Keep a date on one line: browsers break it at its dashes, where a mark of no width forbids that."""
    return _DATE.sub(lambda date: date[0].replace("-", "-\N{WORD JOINER}"), text)


def _cleaned(value: Any) -> Any:
    """Clean a text of the data; what the page itself is made of is marked as safe."""
    return clean(value, lines=True) if type(value) is str else value


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _read(name: str) -> str:
    return files("stagefunnel.reports").joinpath(name).read_text(encoding="utf-8")
