"""What a page shows by choice: sections by name, a logo, and letters in place of names."""

import base64
import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.log.letters import letters
from stagefunnel.reports.content import SECTIONS

SHOP = sf.datasets.furniture_shop(300)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">{}</svg>'
PEOPLE = sorted(SHOP.deals["manager"].unique())

pytestmark = pytest.mark.usefixtures("undrawn")


def page_of(tmp_path: Path, **options: Any) -> str:
    path = sf.report(SHOP.log, SHOP.pipeline, tmp_path / "report.html", **options)
    return path.read_text(encoding="utf-8")


def keys(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', page)


def everything(page: str) -> str:
    """Return the text of a page with all that is packed into its addresses."""
    packed = [base64.b64decode(data).decode() for data in re.findall(r"svg\+xml;base64,([\w+/=]+)", page)]
    return html.unescape("\n".join([unquote(page), *packed]))


def test_sections_are_shown_in_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    assert keys(page_of(tmp_path, sections=["losses", "funnels"])) == ["losses", "funnels"]
    assert keys(page_of(tmp_path, sections="quality")) == ["quality"]
    page = page_of(tmp_path, sections=["time"])
    assert page.count("<dt>") == 5
    # A finding leads to a section that is there.
    assert {*re.findall(r'<li>[^<]*<a href="#(\w+)">', page)} <= {"time"}


def test_each_section_can_be_shown_alone(tmp_path: Path) -> None:
    options: dict[str, Any] = {"by": "manager", "amount": "amount", "filters": False}
    for name in SECTIONS:
        assert keys(page_of(tmp_path, sections=[name], **options)) == [name]
    assert keys(page_of(tmp_path, **options)) == [*SECTIONS]


def test_a_section_that_is_named_and_has_nothing_to_say_is_named(tmp_path: Path) -> None:
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 5]})
    page = sf.report(
        log, sf.Pipeline("New", won="Won"), tmp_path / "page.html", sections=["trend", "quality"]
    )
    text = page.read_text(encoding="utf-8")
    assert keys(text) == ["quality"]
    assert '<p class="about">Nothing to show: trend</p>' in text
    assert "Nothing to show" not in page_of(tmp_path)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            ["loses"],
            "sections='loses' is not a section; there are 'funnels', 'losses', .*did you mean 'losses'",
        ),
        (["funnels", 3], "sections=3 is not a section"),
        (["time", "time"], "sections='time' comes twice"),
        ([], "names no section"),
        ({"time": 1}, "names no section"),
        (["money"], "sections='money' needs amount="),
        (["groups"], "sections='groups' needs by="),
    ],
    ids=str,
)
def test_sections_that_are_not_there_are_refused(tmp_path: Path, sections: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message) as error:
        page_of(tmp_path, sections=sections)
    assert error.value.option == "sections"
    assert list(tmp_path.iterdir()) == []


def test_without_items_there_are_no_stuck_ones_to_show(tmp_path: Path) -> None:
    with pytest.raises(sf.SchemaError, match="names items, which the page may not"):
        page_of(tmp_path, sections=["stuck"], items=False)


@pytest.mark.parametrize(
    "content", [PNG, SVG.format('<rect width="2" height="2"/>').encode()], ids=["png", "svg"]
)
def test_a_logo_is_in_the_page(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "logo").write_bytes(content)
    page = page_of(tmp_path, sections="quality", logo=tmp_path / "logo")
    (address,) = re.findall(r'<img class="logo" src="data:image/[a-z+]+;base64,([^"]*)" alt="Logo">', page)
    assert base64.b64decode(address) == content


@pytest.mark.parametrize(
    "inside",
    [
        '<style>rect {fill: url("#a")}</style><rect style="fill: url( #a )" fill="url(#b)"/>',
        '<use href="#a"/><image href="data:image/png;base64,AAAA"/>',
        '<metadata><r xmlns="urn:x" about="http://example.org" onload="x"/></metadata>',
        '<g xmlns:i="urn:inkscape" i:export="C:\\\\logo.png"/>',
    ],
)
def test_a_harmless_drawing_is_taken(tmp_path: Path, inside: str) -> None:
    (tmp_path / "logo.svg").write_text(SVG.format(inside), encoding="utf-8")
    assert 'class="logo"' in page_of(tmp_path, sections="quality", logo=tmp_path / "logo.svg")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SVG.format("<script>alert(1)</script>"), "has <script>"),
        (SVG.format('<s:script xmlns:s="http://www.w3.org/2000/svg"/>'), "has <script>"),
        (SVG.format('<script xmlns="http://www.w3.org/1999/xhtml"/>'), "has <script>"),
        (SVG.format("<foreignObject/>"), "has <foreignObject>"),
        (SVG.format('<set attributeName="href" to="javascript:alert(1)"/>'), "has <set>"),
        (SVG.format("<a/>"), "has <a>"),
        (SVG.format('<rect onload="alert(1)"/>'), "has a script in onload"),
        (SVG.format('<rect OnClick="alert(1)"/>'), "has a script in onclick"),
        (SVG.format('<image href="https://example.org/a.png"/>'), "loads something in href"),
        (SVG.format('<image href="data:image/svg+xml;base64,AAAA"/>'), "loads something in href"),
        (
            SVG.format('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="//example.org/a#b"/>'),
            "loads something in href",
        ),
        (SVG.format('<rect fill="url(https://example.org/a)"/>'), "loads something in fill"),
        (SVG.format('<rect style="fill:u\\72l(//example.org)"/>'), "loads something in style"),
        (SVG.format("<style>@import 'a.css';</style>"), "loads something in its style"),
        (SVG.format("<style>rect{fill:url('//a')}</style>"), "loads something in its style"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"), "declares entities"),
        ('<?xml-stylesheet href="a.css"?>' + SVG.format(""), "a style sheet of its own"),
        (SVG.format("").encode("utf-16"), "is not a PNG or SVG file"),
        ("<svg/>", "is XML, but not SVG"),
        ("<svg", "is not a PNG or SVG file"),
        (b"\xff\xd8\xff\xe0 a JPEG", "is not a PNG or SVG file"),
        (PNG + b"<script>", "goes on after its end"),
        (PNG[:40], "is cut off"),
        (PNG + b"\0" * 200_000, "has more than 200 kB"),
        ("", "is not a PNG or SVG file"),
    ],
)
def test_a_logo_that_acts_or_loads_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(sf.SchemaError) as error:
        page_of(tmp_path, logo=logo)
    assert message in str(error.value)
    assert "logo.svg" in str(error.value)
    assert error.value.option == "logo"


@pytest.mark.parametrize("logo", ["there is none.png", "", 3, "."])
def test_a_logo_that_is_no_file_is_refused(tmp_path: Path, logo: Any) -> None:
    with pytest.raises(sf.SchemaError) as error:
        page_of(tmp_path, logo=logo)
    assert error.value.option == "logo"


def test_anonymous_gives_people_letters_everywhere(tmp_path: Path) -> None:
    options: dict[str, Any] = {"by": "manager", "where": {"manager": PEOPLE[:3]}}
    named = everything(page_of(tmp_path, **options))
    assert all(name in named for name in PEOPLE[:3])
    page = page_of(tmp_path, anonymous=True, **options)
    text = everything(page)
    assert not [name for name in PEOPLE if name in text]
    assert "Only items where the conditions on manager hold" in text
    assert sorted(re.findall(r"<option>([^<]*)</option>", page)) == ["A", "B", "C"]
    # No other column stands beside a key.
    sources = SHOP.deals["source"].dropna().unique()
    assert [name for name in sources if name in named]
    assert not [name for name in sources if name in text]


def test_a_person_has_one_letter_in_all_columns_and_the_numbers_stay(tmp_path: Path) -> None:
    rows = {
        "item": [1, 1, 2, 2, 3],
        "stage": ["New", "Won", "New", "Won", "New"],
        "time": pd.to_datetime(["2026-01-05", "2026-01-06"] * 2 + ["2026-01-07"]),
        "mover": ["Zoë", "Abe", "Abe", "Abe", None],
    }
    items = pd.DataFrame({"item": [1, 2, 3, 4], "owner": ["Abe", "Zoë", "Zoë", "Not in the log"]})
    log = sf.StageLog(pd.DataFrame(rows), columns=["mover"], items=items)
    path = sf.report(
        log, sf.Pipeline("New", won="Won"), tmp_path / "a.html", by=["owner", "mover"], anonymous=True
    )
    text = everything(path.read_text(encoding="utf-8"))
    assert not [name for name in ("Abe", "Zoë", "Not in the log") if name in text]
    letter = letters(["Abe", "Zoë"])
    first = [f"{letter['Abe']},{letter['Zoë']},1,1", f"{letter['Zoë']},{letter['Abe']},1,1"]
    assert all(line in text for line in first)
    assert f"{letter['Zoë']},,1,0" in text


def test_letters_do_not_go_by_size_or_alphabet_and_are_the_same_each_time() -> None:
    names = [f"person {number}" for number in range(30)]
    found = letters(names)
    assert letters(reversed(names)) == found
    assert sorted(found.values(), key=lambda text: (len(text), text)) == [
        *"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        *("AA", "AB", "AC", "AD"),
    ]
    assert [found[name] for name in sorted(names)] != sorted(
        found.values(), key=lambda text: (len(text), text)
    )


def test_amounts_and_currencies_are_not_people(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": [1, 2], "sum": [5.0, 7.0], "coin": ["EUR", "USD"]})
    rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 5, 3]}
    money: dict[str, Any] = {"amount": "sum", "currency": "coin", "rates": {"EUR": 2, "USD": 1}}
    path = sf.report(
        sf.StageLog(rows, items=items),
        sf.Pipeline("New", won="Won"),
        tmp_path / "page.html",
        by="coin",
        anonymous=True,
        **money,
    )
    assert "EUR" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_anonymous_is_true_or_false(tmp_path: Path, value: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"anonymous=.* is not True or False"):
        page_of(tmp_path, anonymous=value)


def test_anonymous_without_groups_and_with_known_ones(tmp_path: Path) -> None:
    assert not [name for name in PEOPLE if name in everything(page_of(tmp_path, anonymous=True))]
    assert "2025" in page_of(tmp_path, anonymous=True, by="created:year", sections="groups")
