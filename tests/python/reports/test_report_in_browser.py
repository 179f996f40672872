"""The report page in a real browser: it draws, writes nothing to the console, and its filters work."""

# All of it looks at the pages that one browser, which takes seconds to start, has open.

import base64
import json
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.ui import Select, WebDriverWait

import stagefunnel as sf
from drawings import colours_in
from stagefunnel.display.numbers import difference, length, number, percent, percents, points
from stagefunnel.words import spoken_in
from stagefunnel.words.forms import day, minute

WIDTHS = (
    "return [...document.querySelectorAll('figure svg')].filter(one => one.checkVisibility())"
    ".map(one => one.viewBox.baseVal.width)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = Options()
    for switch in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1200,4000", "hide-scrollbars"):
        options.add_argument(f"--{switch}")
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: Any, shop_page: Path, tmp_path: Path) -> Any:
    address = Path(shutil.copy(shop_page, tmp_path)).as_uri()
    browser.get(address)
    # The browser may answer a first question before it stands on the new page.
    state = "return [document.URL, document.readyState]"
    WebDriverWait(browser, 60).until(lambda one: one.execute_script(state) == [address, "complete"])
    return browser


def shown_rows(part: Any) -> list[str]:
    return [row.text for row in part.find_elements("css selector", "tbody tr") if row.is_displayed()]


def test_it_draws_and_writes_nothing_to_the_console(page: Any, tmp_path: Path) -> None:
    assert page.title == "Shop"
    widths = page.execute_script(WIDTHS)
    assert len(widths) == 8
    assert all(width > 200 for width in widths)
    assert json.dumps(page.get_log("browser")) == "[]"
    page.save_screenshot(str(tmp_path / "page.png"))
    colours = colours_in(tmp_path / "page.png")
    assert colours[0x0B, 0x5C, 0x96] > 5_000
    assert colours.most_common(1)[0][0][:3] == (255, 255, 255)


def test_the_filter_and_the_choice_leave_the_matching_rows(page: Any) -> None:
    outcomes, funnels = page.find_elements("css selector", "#groups details.table")
    assert len(shown_rows(outcomes)) == 5
    funnels.find_element("css selector", "summary").click()
    everything = len(shown_rows(funnels))
    Select(funnels.find_element("css selector", ".choose")).select_by_visible_text("Anna Schmidt")
    chosen = shown_rows(funnels)
    assert 0 < len(chosen) < everything
    assert chosen[0].startswith("Anna Schmidt")
    funnels.find_element("css selector", ".filter").send_keys("discussion")
    assert len(shown_rows(funnels)) == 1
    assert "rows" in funnels.find_element("css selector", ".left").text


def test_a_keyboard_reaches_every_table(page: Any) -> None:
    focusable = page.find_elements("css selector", "summary, a[href], input, select, [tabindex='0']")
    assert len(focusable) > 20
    first = page.find_element("css selector", "details.table summary")
    first.send_keys("\ue007")  # Enter
    assert page.find_element("css selector", "details.table").get_attribute("open") == "true"


def first_keys(part: Any) -> list[str]:
    return [line.text for line in part.find_elements("css selector", "li")]


def test_a_number_shows_its_items_when_it_is_clicked_or_reached_by_the_keyboard(page: Any) -> None:
    table = page.find_element("css selector", "#funnels details.table")
    table.find_element("css selector", "summary").click()
    panel = page.find_element("css selector", "#funnels .panel")
    assert not panel.is_displayed()
    links = table.find_elements("css selector", "a.to-items")
    links[0].click()
    assert panel.is_displayed()
    assert panel.text.startswith("New, reached: 266 items, the first 20")
    assert len(first_keys(panel)) == 20
    links[0].send_keys("\ue004")  # Tab
    assert page.switch_to.active_element == links[1]
    assert panel.text.startswith("New, with conversions: reached")
    assert links[1].get_attribute("aria-current") == "true"
    assert links[0].get_attribute("aria-current") is None
    links[1].send_keys("\ue00c")  # Escape
    assert not panel.is_displayed()
    assert page.find_elements("css selector", "#funnels [id]") == page.find_elements(
        "css selector", "#funnels [id]:not(.panel *)"
    )
    assert json.dumps(page.get_log("browser")) == "[]"


def test_the_items_are_there_without_a_script_and_closed_lists_are_not_printed(page: Any) -> None:
    stage = page.find_element("css selector", "#funnels details.behind")
    stage.find_element("css selector", "summary").click()
    assert len(first_keys(stage)) > 100
    assert all(first_keys(stage))
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = [one.is_displayed() for one in page.find_elements("css selector", "details.behind")]
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == [True] + [False] * 5


PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


def printed(page: Any) -> int:
    """Count the pages of A4 that a page is printed on."""
    options = {"preferCSSPageSize": True, "printBackground": True}
    return len(PAGE.findall(base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", options)["data"])))


@pytest.mark.parametrize(("width", "scheme"), [(1_400, "light"), (1_400, "dark"), (390, "light")])
def test_it_is_printed_on_five_pages_from_every_screen(page: Any, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    scheme_of = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    try:
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme_of)
        assert 3 <= printed(page) <= 5
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_paper_has_the_light_drawings_and_no_tools(page: Any) -> None:
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    try:
        shown = (
            "return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility()).length"
        )
        assert page.execute_script(shown, "svg.desk") == 8
        hidden = "figure svg:not(.desk), nav, .tools, .skip, .wide .definition, .tip"
        assert page.execute_script(shown, hidden) == 0
        bar = "return getComputedStyle(document.querySelector('#losses svg.desk .mark')).fill"
        assert page.execute_script(bar) == "rgb(226, 112, 58)"
        assert (
            page.execute_script("return getComputedStyle(document.body).backgroundColor")
            == "rgb(255, 255, 255)"
        )
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.mark.parametrize("width", [1_400, 768, 390])
def test_the_first_screen_has_the_tiles_and_the_findings(page: Any, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        ends = page.execute_script(
            "return [...document.querySelectorAll('.facts > div, .next, .findings li')]"
            ".map(one => one.getBoundingClientRect()).map(box => [box.right, box.bottom])"
        )
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert len(ends) == 5 + 1 + 2
    assert all(right <= width and bottom <= 900 for right, bottom in ends)


def test_a_finding_leads_to_its_section(page: Any) -> None:
    link = page.find_element("css selector", ".findings a")
    key = link.get_attribute("href").partition("#")[2]
    link.click()
    section = page.find_element("id", key)
    assert section.find_element("css selector", "h2").text == link.text
    assert abs(page.execute_script("return arguments[0].getBoundingClientRect().top", section)) < 5


def test_a_wide_screen_has_words_beside_the_drawing(page: Any) -> None:
    size = {"width": 1_400, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        words, drawing = (
            page.execute_script(
                f"return document.querySelector('#losses {part}').getBoundingClientRect().toJSON()"
            )
            for part in (".words", "svg.desk")
        )
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert words["right"] < drawing["left"]
    assert drawing["right"] > 1_300


@pytest.mark.parametrize(("width", "drawn"), [(1_400, 920), (768, 700), (390, 340)])
def test_pictures_are_drawn_for_the_width_of_the_screen(page: Any, width: int, drawn: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    fits = "return document.documentElement.scrollWidth <= innerWidth"
    try:
        WebDriverWait(page, 20).until(
            lambda one: all(abs(found - drawn) <= 4 for found in one.execute_script(WIDTHS))
        )
        assert page.execute_script(fits)
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def choose(page: Any, name: str, text: str) -> None:
    Select(page.find_element("css selector", f"form.filters [name={name}]")).select_by_visible_text(text)


def cells(page: Any, selector: str) -> list[list[str]]:
    """Read the cells of a table that are shown."""
    read = (
        "return [...document.querySelectorAll(arguments[0])].map("
        "row => [...row.cells].filter(one => one.checkVisibility()).map(one => one.textContent))"
    )
    rows: list[list[str]] = page.execute_script(read, selector)
    return rows


def test_a_choice_moves_tiles_funnels_and_losses_and_says_what_it_does_not(page: Any) -> None:
    shop = sf.datasets.furniture_shop(300)
    chosen: dict[str, Any] = {"where": {"manager": "Anna Schmidt"}, "period": "2026-04"}
    values = (
        "return [...document.querySelectorAll('.facts dd')].map(one => one.firstChild.textContent.trim())"
    )
    before, table_before = page.execute_script(values), cells(page, "#losses tbody tr")
    of_all = page.find_elements("css selector", ".of-all")
    choose(page, "group", "Anna Schmidt")
    choose(page, "period", "2026-04")
    choose(page, "kind", "with conversions")
    told = page.find_element("css selector", ".chosen")
    assert told.get_attribute("aria-live") == "polite"
    assert told.text.startswith("Tiles, funnels and losses show Anna Schmidt, 2026-04, with conversions.")
    assert len(of_all) == 11
    assert all(one.is_displayed() for one in of_all if not one.find_elements("xpath", "ancestor::details"))
    now = sf.outcomes(shop.log, shop.pipeline, **chosen).iloc[0]
    assert page.execute_script(values)[1] == f"{now['won']:.0f}"
    assert page.execute_script(values)[3] == f"{now['open']:.0f}"
    created, was = (
        int(
            sf.outcomes(shop.log, shop.pipeline, **chosen | {"period": month, "basis": "created"})[
                "base"
            ].iloc[0]
        )
        for month in ("2026-04", "2026-03")
    )
    change = page.find_element("css selector", ".facts .change").text.replace("\N{WORD JOINER}", "")
    assert change.startswith(f"{created} in 2026-04, {was} in 2026-03")
    funnel = sf.funnel(shop.log, shop.pipeline, kind="conversions", **chosen)
    rows = cells(page, "#funnels tbody tr")
    assert [(row[0], int(row[1])) for row in rows] == [
        *zip(funnel["stage"], funnel["reached"].tolist(), strict=True)
    ]
    assert [len(row) for row in cells(page, "#funnels thead tr")] == [len(rows[0])] == [8]
    bars = page.find_elements("css selector", "#funnels .bars li")
    assert [int(one.find_element("css selector", ".says").text.split(" ")[0]) for one in bars] == [
        int(row[1]) for row in rows
    ]
    lost = sf.losses(shop.log, shop.pipeline, **chosen)
    assert [int(row[2]) for row in cells(page, "#losses tbody tr")] == lost["items"].tolist()
    assert not page.find_elements("css selector", "#losses figure")[0].is_displayed()
    paper = {"width": 710, "height": 1_000, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert told.is_displayed()
        assert not page.find_element("css selector", "form.filters").is_displayed()
        assert bars[0].is_displayed()
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.find_element("css selector", "form.filters [type=reset]").click()
    WebDriverWait(page, 20).until(lambda _: not told.text)
    assert page.execute_script(values) == before
    assert cells(page, "#losses tbody tr") == table_before
    assert page.find_element("css selector", "#losses figure").is_displayed()
    assert json.dumps(page.get_log("browser")) == "[]"


def test_a_mark_says_its_values_to_the_pointer_and_to_the_keyboard(page: Any) -> None:
    tip = page.find_element("css selector", ".tip")
    drawing = page.find_element("css selector", "#losses svg.desk")
    marks = drawing.find_elements("css selector", ".mark")
    assert not tip.is_displayed()
    ActionChains(page).move_to_element(marks[0]).perform()
    words = tip.text.split("\n")
    assert "; ".join(words) == marks[0].get_attribute("aria-label")
    assert "74" in tip.text
    page.execute_script("arguments[0].focus({focusVisible: true})", drawing)
    ActionChains(page).send_keys("\ue014", "\ue014").perform()  # Arrow right
    assert tip.text.split("\n") == marks[2].get_attribute("aria-label").split("; ")
    assert marks[2].get_attribute("class").split()[-1] == "at"
    ActionChains(page).send_keys("\ue00c").perform()  # Escape
    assert not tip.is_displayed()
    ActionChains(page).send_keys("\ue004").perform()  # Tab
    assert page.switch_to.active_element.tag_name == "summary"


def test_a_table_is_sorted_by_its_heads_and_copied(page: Any) -> None:
    part = page.find_element("css selector", "#time details.table")
    part.find_element("css selector", "summary").click()
    own = cells(page, "#time tbody tr")
    heads = part.find_elements("css selector", "thead th")
    names = [head.text for head in heads]
    at = names.index("median")
    button = heads[at].find_element("css selector", "button")
    button.send_keys("\ue007")  # Enter
    assert heads[at].get_attribute("aria-sort") == "descending"
    found = cells(page, "#time tbody tr")
    shop = sf.datasets.furniture_shop(300)
    longest = sf.time_in_stage(shop.log, shop.pipeline).sort_values("median", ascending=False)
    assert [row[0] for row in found] == longest["stage"].tolist()
    button.click()
    assert heads[at].get_attribute("aria-sort") == "ascending"
    assert cells(page, "#time tbody tr") == found[::-1]
    heads[0].find_element("css selector", "button").click()
    assert [head.get_attribute("aria-sort") for head in heads].count(None) == len(heads) - 1
    assert [row[0] for row in cells(page, "#time tbody tr")] == sorted(row[0] for row in own)
    for _ in range(2):
        heads[0].find_element("css selector", "button").click()
    assert cells(page, "#time tbody tr") == own
    assert [head.get_attribute("aria-sort") for head in heads] == [None] * len(heads)
    page.execute_script("navigator.clipboard.writeText = async (text) => { window.kept = text; }")
    part.find_element("xpath", ".//button[text()='Copy']").click()
    lines = [line.split("\t") for line in page.execute_script("return window.kept").split("\n")]
    assert lines == [names, *([cell.strip() for cell in row] for row in own)]
    assert part.find_element("css selector", ".left").text == f"Rows copied: {len(own)}"


def test_a_group_of_several_rows_keeps_its_name_when_it_is_sorted(page: Any) -> None:
    part = page.find_elements("css selector", "#groups details.table")[1]
    part.find_element("css selector", "summary").click()
    heads = part.find_elements("css selector", "thead th button")
    again = part.find_elements("css selector", "tbody th .again")
    assert len(again) == len(shown_rows(part)) - 5
    assert {name.get_property("textContent") for name in again} >= {"Anna Schmidt", "Олена Коваль"}
    assert {name.size["width"] for name in again} == {1}
    heads[2].click()
    assert all(name.size["width"] > 50 for name in again)
    for _ in range(2):
        heads[2].click()
    assert {name.size["width"] for name in again} == {1}


def test_a_choice_is_printed_on_five_pages_and_no_table_is_wider(page: Any) -> None:
    choose(page, "group", "Anna Schmidt")
    assert printed(page) <= 5
    paper = {"width": 710, "height": 1_000, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_filters_work_by_keyboard_and_are_absent_without_a_script(page: Any, shop_page: Path) -> None:
    group = page.find_element("css selector", "form.filters [name=group]")
    group.send_keys("\ue015")  # Arrow down
    assert group.get_property("value") == "0"
    assert "show Anna Schmidt." in page.find_element("css selector", ".chosen").text
    group.send_keys("\ue004")  # Tab
    assert page.switch_to.active_element.get_attribute("name") == "kind"
    text = shop_page.read_text(encoding="utf-8")
    assert text.count('<form class="filters" hidden') == 1
    assert '<p class="chosen" role="status" aria-live="polite"></p>' in text


#: What axe has to say. Of what comes again and again it looks at the first few, which saves most of its time;
#: and the shades at the edges of tables are taken away, through which it sees no contrast.
AXE = """
const done = arguments[0];
const again = 'tbody tr:nth-child(n+4), .behind ~ .behind, .items ~ .items, .items li:nth-child(n+3), '
  + 'option:nth-child(n+4), figure svg .mark ~ .mark, figure svg g[aria-hidden] > *';
for (const one of document.querySelectorAll(again)) one.remove();
const plain = new CSSStyleSheet();
plain.replaceSync('.scroll { background: none !important }');
document.adoptedStyleSheets = [plain];
axe.run(document, { resultTypes: ['violations'] }).then((found) =>
  done(found.violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(' ')).slice(0, 5)])));
"""
#: What stands beyond an edge of the window, or is cut; some of it scrolls, or is there to be heard alone.
CUT = """
const wide = document.documentElement.clientWidth;
return [...document.querySelectorAll('body *')]
  .filter((one) => one.checkVisibility() && !one.closest('.scroll, svg, .skip, .title'))
  .filter((one) => {
    const box = one.getBoundingClientRect();
    const hides = getComputedStyle(one).overflow === 'hidden' && one.scrollWidth > one.clientWidth;
    return (box.width && (box.right > wide + 1 || box.left < -1)) || hides;
  })
  .map((one) => one.outerHTML.slice(0, 80));
"""


AXES = [(1_400, "light"), (768, "dark"), (390, "dark")]


@pytest.mark.parametrize("width", [1_400, 768, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_cut(page: Any, width: int, scheme: str) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    scheme_of = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    try:
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme_of)
        page.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
        if scheme == "dark":  # a page as it is, and one with a choice
            choose(page, "group", "Anna Schmidt")
        assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert page.execute_script(CUT) == []
        if (width, scheme) in AXES:
            page.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
            assert page.execute_async_script(AXE) == []
        assert json.dumps(page.get_log("browser")) == "[]"
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("language", ["en", "fr", "de", "es", "pt", "ru"])
def test_it_sorts_numbers_lengths_and_days_as_its_language_writes_them(
    browser: Any, tmp_path: Path, language: str
) -> None:
    shop = sf.datasets.worked_example()
    page = tmp_path / "page.html"
    sf.report(shop.log, shop.pipeline, page, sections=["losses"], language=language)  # type: ignore[arg-type]
    browser.get(page.as_uri())
    last, first = pd.Timestamp("2026-03-12 14:30"), pd.Timestamp("2026-11-01")
    with spoken_in(language):
        texts: dict[str, Any] = {
            number(1234): 1234,
            number(1_234_567.5): 1_234_567.5,
            number(0.25): 0.25,
            difference(-1234): -1234,
            f"{percent(0.481)} ({percents(0.4, 0.5)})": 48,
            points(-0.07): -7,
            points(0.07): 7,
            length(pd.Timedelta("4D 6h")): 4 * 86_400 + 6 * 3_600,
            length(pd.Timedelta("1200D")): 1200 * 86_400,
            length(pd.Timedelta("36min")): 36 * 60,
            length(pd.Timedelta("-2h")): -2 * 3_600,
            length(pd.Timedelta("50h"), working_day=28_800): 6 * 86_400 + 2 * 3_600,
            length(pd.Timedelta("1h"), working_day=28_800): 3_600,
            "Web form": "web form",
            "–": None,
        }
        if language != "en":
            texts |= {minute(last): "2026-03-12-14:30", day(first): "2026-11-01-"}
    values = browser.execute_script("return arguments[0].map(valueOf)", [*texts])
    assert dict(zip(texts, values, strict=True)) == texts
