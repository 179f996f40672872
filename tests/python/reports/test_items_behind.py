"""Each number of the page's funnels lists its first items: those of the table of items."""

import html
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.reports import items_behind

SHOP = sf.datasets.furniture_shop(300)
STAGES = SHOP.pipeline.labels
pytestmark = pytest.mark.usefixtures("undrawn")


def page_of(tmp_path: Path, log: sf.StageLog, pipeline: sf.Pipeline, **options: Any) -> str:
    return sf.report(log, pipeline, tmp_path / "report.html", **options).read_text(encoding="utf-8")


def lists_of(page: str) -> dict[str, tuple[str, list[str], list[str]]]:
    """Return what each list says above its items, its keys, and what is below them."""
    found = {}
    for anchor, text in re.findall(r'<div class="items" id="([^"]+)"[^>]*>(.*?)</div>', page, re.DOTALL):
        above = html.unescape(re.sub("<[^>]+>", "", re.findall(r"<p>(.*?)</p>", text)[0]))
        keys = [html.unescape(key) for key in re.findall(r"<li>(.*?)(?: <span>.*?</span>)?</li>", text)]
        found[anchor] = above, keys, [html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", text)]
    return found


def numbers_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<a class="to-items" href="#([^"]+)">([^<]+)</a>', page))


def walk(page: str, log: sf.StageLog, pipeline: sf.Pipeline, **scope: Any) -> None:
    """Compare each list with the table of items that its call gives."""
    lists, numbers = lists_of(page), numbers_of(page)
    assert len(lists) > 20
    assert numbers.keys() == lists.keys()
    for anchor, (above, keys, (call, command)) in lists.items():
        table = eval(
            call,
            {
                "item_table": sf.item_table,
                "log": log,
                "pipeline": pipeline,
            },
        )
        if scope:
            name, value = re.findall(r"(\w+)=('[^']+')", call)[0]
            kind = "conversions" if "conversions" in call else "classic"
            table = sf.item_table(log, pipeline, kind=kind, **{name: eval(value)}, **scope)
        assert keys == [str(key) for key in table["item"].head(20)]
        assert numbers[anchor] == f"{len(table):,}"
        many = f", the first {len(keys)}" if len(table) > 20 else ""
        assert above.endswith(f": {len(table):,} item{'s' if len(table) != 1 else ''}{many}")
        assert command.startswith("stagefunnel item-table")


def test_the_items_listed_are_those_of_the_table_of_items(shop_page: Path) -> None:
    page = shop_page.read_text(encoding="utf-8")
    walk(page, SHOP.log, SHOP.pipeline)
    assert len(lists_of(page)) > 30


@pytest.mark.parametrize("scope", [{"period": "2025-03", "basis": "created"}, {"as_of": "2025-06-01"}])
def test_they_are_those_of_the_period_of_the_page(scope: dict[str, Any], tmp_path: Path) -> None:
    walk(page_of(tmp_path, SHOP.log, SHOP.pipeline, **scope), SHOP.log, SHOP.pipeline, **scope)


def test_conditions_of_the_page_hold_for_its_lists(tmp_path: Path) -> None:
    where = {"manager": "Anna Schmidt"}
    walk(page_of(tmp_path, SHOP.log, SHOP.pipeline, where=where), SHOP.log, SHOP.pipeline, where=where)


@pytest.mark.parametrize(
    "rules",
    [{"optional": ["Discussion"]}, {"since": {"Delivery": "2025-06-01"}}, {"limits": {"New": "2d"}}],
)
def test_pipelines_with_rules_have_their_items(rules: dict[str, Any], tmp_path: Path) -> None:
    pipeline = SHOP.pipeline.replace(**rules)
    walk(page_of(tmp_path, SHOP.log, pipeline), SHOP.log, pipeline)


ROWS = {"item": ["a", "a", "b", "c"], "stage": ["New", "Won", "New", "New"], "time": [0, 4, 1, 2]}
SMALL = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def test_the_lists_of_a_small_log_by_hand(tmp_path: Path) -> None:
    items = {
        "item": ["a", "b"],
        "owner": ["Ann", None],
        "amount": [1200, 5],
        "note": ["x" * 99, "y"],
        "more": [1, 2],
    }
    page = page_of(tmp_path, sf.StageLog(ROWS, items=items), SMALL, missing="ignore")
    lists = {above: keys for above, keys, _ in lists_of(page).values()}
    assert lists == {
        "New, reached: 3 items": ["a", "b", "c"],
        "New, with conversions: reached: 3 items": ["a", "b", "c"],
        "New, open here: 2 items": ["b", "c"],
        "Offer, with conversions: reached: 1 item": ["a"],
        "Offer, with conversions: assumed: 1 item": ["a"],
        "Offer, skipped: 1 item": ["a"],
        "Won, reached: 1 item": ["a"],
        "Won, with conversions: reached: 1 item": ["a"],
    }
    # What is missing is left out, long text is cut, and the fourth column does not fit.
    assert f"<li>a <span>Ann, 1,200, {'x' * 39}…</span></li>" in page
    assert "<li>b <span>5, y</span></li>" in page
    assert "<li>c</li>" in page


def test_no_key_is_on_a_page_without_items(tmp_path: Path) -> None:
    rows = {"item": ["KEY-1", "KEY-1", "KEY-2"], "stage": ["New", "Won", "New"], "time": [0, 4, 1]}
    log = sf.StageLog(rows)
    assert "KEY-" in page_of(tmp_path, log, SMALL, missing="ignore")
    page = page_of(tmp_path, log, SMALL, missing="ignore", items=False)
    assert "KEY-" not in page
    assert "Stuck items" not in page
    assert not numbers_of(page)


def test_the_command_can_leave_items_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text(
        "item,stage,time\nKEY-1,New,2026-01-02\nKEY-1,Won,2026-01-05\nKEY-2,New,2026-01-03\n"
    )
    Path("p.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    words = ["report", "log.csv", "--pipeline", "p.toml", "--out", "page.html"]
    assert main([*words, "--limits", "New=1d"]) == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "KEY-2" in page
    assert "over limit" in page
    assert main([*words, "--no-items"]) == 0
    assert "KEY-" not in Path("page.html").read_text(encoding="utf-8")


def test_no_key_breaks_out_of_its_list(tmp_path: Path) -> None:
    bad = "</ul><script>alert(1)</script>\"'&"
    stage = "<b>New</b>\"'"
    items = {"item": [bad], "owner": ["<img src=x onerror=alert(2)>"]}
    log = sf.StageLog({"item": [bad], "stage": [stage], "time": [0]}, items=items)
    page = page_of(tmp_path, log, sf.Pipeline(stage))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert '<b>New</b>"' not in page
    assert [keys for _, keys, _ in lists_of(page).values()] == [[bad]] * len(lists_of(page))


def test_columns_of_one_name_in_the_log_and_the_items_table_are_not_shown(tmp_path: Path) -> None:
    rows = pd.DataFrame({**ROWS, "owner": ["p", "q", "r", "s"]})
    items = {"item": ["a"], "owner": ["Ann"], "team": ["East"]}
    page = page_of(tmp_path, sf.StageLog(rows, items=items, columns="owner"), SMALL, missing="ignore")
    assert "<li>a <span>East</span></li>" in page


def test_a_log_without_rows_has_no_lists(tmp_path: Path) -> None:
    log = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    assert not lists_of(page_of(tmp_path, log, SMALL, missing="ignore"))


def test_a_page_of_many_stages_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items_behind, "_MOST_OF_PAGE", 60)
    page = page_of(tmp_path, SHOP.log, SHOP.pipeline)
    assert {len(keys) for _, keys, _ in lists_of(page).values()} == {1}
    first = next(iter(lists_of(page).values()))[0]
    assert first.endswith("items, the first 1")


def test_the_stages_of_the_page_have_their_lists_in_order(shop_page: Path) -> None:
    page = shop_page.read_text(encoding="utf-8")
    found = re.findall(r"<summary>Items behind ([^<]+)</summary>", page)
    assert found == [html.escape(str(SHOP.pipeline.names[label])) for label in STAGES]
