"""The page keeps dates and labels whole: no break in a date, no row without a name, no idle picture."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

SHOP = sf.datasets.furniture_shop(300)
DEALS = SHOP.deals.assign(manager=SHOP.deals["manager"].where(SHOP.deals.index % 4 > 0))
LOG = sf.StageLog(SHOP.frame, item="deal_id", stage="stage", time="entered_at", items=DEALS)
CELLS = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.DOTALL)
BREAKS = re.compile(r"\d{4}-(?:\d\d|W\d\d)")
FEW = "Too few periods are covered whole, with 30 items, to compare them"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of the shop by manager, a quarter of whose deals have none."""
    path = tmp_path_factory.mktemp("whole") / "page.html"
    options: Any = {"by": "manager", "reason": "source", "title": "Sales of 2026-03", "amount": "amount"}
    return sf.report(LOG, SHOP.pipeline, path, **options).read_text(encoding="utf-8")


def test_every_row_of_a_table_begins_with_a_name(page: str) -> None:
    rows = [CELLS.findall(row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)]
    first = [re.sub(r"<[^>]*>", "", cells[0]).strip() for cells in rows if cells]
    assert len(first) > 50
    assert "" not in first
    assert "(missing)" in first


def test_no_date_breaks_at_a_dash_in_headings_and_sentences(page: str) -> None:
    shown = re.sub(r"<(svg|table|script|form|style|head)\b.*?</\1>", "", page, flags=re.DOTALL)
    texts = re.findall(r"<(h1|h2|p|li|dt|dd|span|summary)\b[^>]*>(.*?)</\1>", shown, re.DOTALL)
    texts = [(tag, text) for tag, text in texts if 'class="items"' not in text and "<code>" not in text]
    dated = [text for _, text in texts if "-\N{WORD JOINER}" in text]
    assert any(text.startswith("Sales of 2026-\N{WORD JOINER}03") for text in dated)
    assert len(dated) > 5
    assert [text for _, text in texts if BREAKS.search(text)] == []


def test_a_trend_of_which_nothing_can_be_compared_is_a_sentence(page: str, tmp_path: Path) -> None:
    trend = re.search(r'<section id="trend".*?</section>', page, re.DOTALL)
    assert trend is not None
    assert "<svg" not in trend[0]
    assert FEW in trend[0]
    assert "The funnel of every period" in trend[0]
    assert "follow all of them" not in trend[0]


def test_what_is_missing_has_a_word_in_each_language() -> None:
    for table in (sf.losses(LOG, SHOP.pipeline, by="manager"), sf.outcomes(LOG, SHOP.pipeline, by="manager")):
        n_missing = int(table["manager"].isna().sum())
        assert n_missing > 0
        for language, word in (("en", "(missing)"), ("fr", "(sans valeur)"), ("de", "(ohne Wert)")):
            rows = sf.show(table, language=language).grid.rows  # type: ignore[arg-type]  # each is one
            assert [row[0] for row in rows].count(word) == n_missing


def test_a_loss_without_an_earlier_stage_or_a_reason_says_so() -> None:
    rows = [
        ("a", "New", "2026-01-01"),
        ("a", "Lost", "2026-01-02"),
        ("b", "Lost", "2026-01-03"),
    ]
    items = pd.DataFrame({"item": ["a", "b"], "why": ["price", None]})
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"]).assign(
        time=lambda one: pd.to_datetime(one["time"])
    )
    log = sf.StageLog(frame, items=items)
    table = sf.losses(log, sf.Pipeline("New", won="Won", lost="Lost"), reason="why", missing="ignore")
    grid = sf.show(table).grid
    assert [row[:3] for row in grid.rows] == [
        ["New", "Lost", "price"],
        ["no earlier stage", "Lost", "no reason"],
    ]


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        ("en", "The likeliest to be won (1)", "The 2 likeliest to be won"),
        ("fr", "La plus probable (1)", "Les 2 plus probables"),
        ("ru", "1 самая вероятная", "2 самые вероятные"),
    ],
)
def test_the_likeliest_ones_agree_with_their_number(language: Any, one: str, several: str) -> None:
    from stagefunnel.words import spoken_in, trn

    texts = ("The likeliest to be won ({listed})", "The {listed} likeliest to be won")
    with spoken_in(language):
        assert [trn(*texts, n, listed=n) for n in (1, 2)] == [one, several]
