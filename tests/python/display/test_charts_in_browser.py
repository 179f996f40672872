"""Every chart as a page in a real browser, on a desk, a tablet and a phone, light and dark."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from pictures import CHARTS, OF_NOTHING, chart_of
from stagefunnel.display.charts.saving import offline_page

WIDTHS = (1_400, 768, 390)
# All charts of a log, of what is hard to draw among them; each is a page in both themes.
CASES = {
    "usual": ("six stages", CHARTS),
    "hostile names": ("hostile", CHARTS),
    "seventy stages": ("seventy stages", CHARTS),
    "one stage": ("one stage", CHARTS),
    "two stages": ("two stages", CHARTS),
    "no items": ("none", OF_NOTHING),
}
# Both themes place all marks alike (test_charts): of odd logs those are drawn dark too that have letters on
# colours.
ON_COLOURS = ("matrix", "skips by", "funnel by many", "compare groups", "losses by", "flow of months")
PAGES = {
    f"{name}, {theme}": (
        case,
        theme,
        names if name == "usual" or theme == "light" else [one for one in names if one in ON_COLOURS],
    )
    for name, (case, names) in CASES.items()
    for theme in ("light", "dark")
}
LOOK = (Path(__file__).parent / "look_at_charts.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = Options()
    for switch in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{switch}")
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def page_of(case: str, theme: str, names: Any) -> str:
    """Put all charts of a log on one page."""
    figures = [
        offline_page(chart_of(name, case, theme)).replace("<figure ", f'<figure id="{name}" ', 1)
        for name in names
    ]
    paper = {"light": "#FFFFFF", "dark": "#16191D"}[theme]
    style = f"<style>body{{margin:0;background:{paper}}}</style>"
    head = f'<meta charset="utf-8"><link rel="icon" href="data:,">{style}'
    return f"<!doctype html><html><head>{head}</head><body>{''.join(figures)}</body></html>"


@pytest.mark.parametrize("page", PAGES)
def test_a_chart_is_read_on_a_desk_a_tablet_and_a_phone(page: str, browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page_of(*PAGES[page]), encoding="utf-8")
    browser.get(file.as_uri())
    wrong = []
    for width in WIDTHS:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        wrong += [(width, *one) for one in browser.execute_script(LOOK)]
    assert not wrong, f"{len(wrong)} of them: " + "; ".join(map(str, wrong[:40]))
    assert json.dumps(browser.get_log("browser")) == "[]"
