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
# Pages of all charts of a log: both themes where charts are usual, and what is hard to draw in one.
PAGES = {
    "usual, light": ("six stages", "light", CHARTS),
    "usual, dark": ("six stages", "dark", CHARTS),
    "hostile names": ("hostile", "light", CHARTS),
    "seventy stages": ("seventy stages", "dark", CHARTS),
    "one stage": ("one stage", "light", CHARTS),
    "two stages": ("two stages", "light", ["funnel both", "sankey", "trend", "compare groups"]),
    "no items": ("none", "light", OF_NOTHING),
}
# Looks at every text that is seen, and returns what is wrong: words that leave their drawing, that lie over
# each other, that are too small, or that have too little contrast to what lies below them.
LOOK = """
const found = [];
const luminance = c => { const l = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
const contrast = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => p - q);
  return (y + 0.05) / (x + 0.05); };
const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
const corners = node => { const b = node.getBBox(), m = node.getScreenCTM();
  const dx = Math.min(0.5, b.width / 2), top = b.y + b.height * 0.16, bottom = b.y + b.height * 0.84;
  return [[b.x + dx, top], [b.x + b.width - dx, top], [b.x + b.width - dx, bottom], [b.x + dx, bottom]]
    .map(([x, y]) => [m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f]); };
const apart = (p, q) => { for (const [a, b] of [[p, q], [q, p]]) for (let i = 0; i < 4; i++) {
  const [x0, y0] = a[i], [x1, y1] = a[(i + 1) % 4], n = [y1 - y0, x0 - x1];
  const dot = ([x, y]) => x * n[0] + y * n[1];
  if (Math.max(...a.map(dot)) <= Math.min(...b.map(dot)) || Math.max(...b.map(dot)) <= Math.min(...a.map(dot)))
    return true; } return false; };
const below = (node, x, y) => { const layers = [];
  for (const one of document.elementsFromPoint(x, y)) {
    if (one === node || one.tagName === "text" || one.tagName === "tspan" || one === document.body) continue;
    const style = getComputedStyle(one);
    const isFilled = style.fill !== "none" && Number(style.fillOpacity) > 0 && !one.matches("svg, figure, div, html");
    if (isFilled) layers.push([rgb(style.fill), Number(style.fillOpacity) * Number(style.opacity)]);
    else if (style.stroke !== "none" && one.tagName === "path") layers.push([rgb(style.stroke), Number(style.strokeOpacity)]);
  }
  let colour = rgb(getComputedStyle(document.body).backgroundColor).slice(0, 3);
  for (const [c, o] of layers.reverse()) colour = colour.map((v, i) => v + (c[i] - v) * o);
  return colour; };
if (document.documentElement.scrollWidth > innerWidth) found.push(["wider than the window", "", ""]);
for (const figure of document.querySelectorAll("figure")) {
  const svg = [...figure.querySelectorAll("svg")].find(one => one.getBoundingClientRect().width > 0);
  if (!svg) { found.push([figure.id, "nothing is seen", ""]); continue; }
  const texts = [...svg.querySelectorAll("text")].filter(one => one.textContent.trim());
  if (texts.length < 2) found.push([figure.id, "no words", ""]);
  const lines = texts.flatMap(one => { const own = [...one.querySelectorAll("tspan")]; return own.length ? own : [one]; });
  const boxes = texts.map(corners);
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  texts.forEach((node, at) => {
    const words = node.textContent;
    const size = parseFloat(getComputedStyle(node).fontSize) * scale;
    if (size < 11) found.push([figure.id, "small: " + size, words]);
    const frame = svg.getBoundingClientRect();
    if (boxes[at].some(([x, y]) => x < frame.left - 1 || x > frame.right + 1 || y < frame.top - 1 || y > frame.bottom + 1))
      found.push([figure.id, "clipped", words]);
    for (let other = at + 1; other < texts.length; other++)
      if (!apart(boxes[at], boxes[other])) found.push([figure.id, "over each other", words + " | " + texts[other].textContent]);
  });
  for (const node of texts) {
    const box = node.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) scrollTo(0, scrollY + box.top - 100);
    const now = node.getBoundingClientRect();
    const x = now.left + now.width / 2, y = now.top + now.height / 2;
    const on = below(node, x, y), own = rgb(getComputedStyle(node).fill).slice(0, 3);
    if (contrast(on, own) < 4.5) found.push([figure.id, "contrast " + contrast(on, own).toFixed(2) + " on " + on.map(Math.round), node.textContent]);
  }
}
return found;
"""


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
    head = f'<meta charset="utf-8"><link rel="icon" href="data:,"><style>body{{margin:0;background:{paper}}}</style>'
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
