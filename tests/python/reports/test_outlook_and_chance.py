"""The page's bounds, its outlook for what is open, and its section on what chance makes."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
SHOP = sf.datasets.furniture_shop(300)


def page_of(tmp_path: Path, log: sf.StageLog, pipeline: sf.Pipeline = PIPELINE, **options: Any) -> str:
    return (
        sf.report(log, pipeline, tmp_path / "report.html", **options)
        .read_text(encoding="utf-8")
        .replace("\N{NO-BREAK SPACE}", " ")
        .replace("\N{WORD JOINER}", "")
    )


def section(page: str, key: str) -> str:
    return page.partition(f'<section id="{key}"')[2].partition("</section>")[0]


def findings(page: str, key: str) -> list[str]:
    return re.findall(r'<(?:p|span) class="finding[^"]*">([^<]*)</', section(page, key))


def deals_of(months: dict[str, tuple[int, int, int]]) -> sf.StageLog:
    """Make deals: for each month of creation how many are won after 10 days, lost after 20, and open."""
    rows: list[tuple[int, str, str]] = []
    item = 0
    for month, (won, lost, still_open) in months.items():
        start = pd.Timestamp(f"{month}-01")
        for stage, days, n in (("Won", 10, won), ("Lost", 20, lost), ("", 0, still_open)):
            for _ in range(n):
                item += 1
                rows.append((item, "New", str(start)))
                rows += [(item, stage, str(start + pd.Timedelta(days=days)))] if stage else []
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    return sf.StageLog(frame, observed_until="2026-07-01")


NEW = sf.Pipeline("New", won="Won", lost="Lost")


@pytest.mark.usefixtures("undrawn")
def test_shares_on_the_page_have_their_bounds(tmp_path: Path) -> None:
    # 38 of 100 are won: Wilson's bounds are 29 and 48%.
    page = page_of(tmp_path, journeys_log(*["New > Won"] * 38, *["New > Lost"] * 62), NEW)
    assert '<dd>38%\n<span class="detail">29–48% of 100 closed</span>' in page
    assert "38% (29–48%)" in section(page, "funnels")
    assert "100% (94–100%)" in section(page, "losses")
    assert "38% (29–48%)" in section(page, "moves")


@pytest.mark.usefixtures("undrawn")
def test_the_outlook_counts_open_deals_for_as_long_as_they_were_seen(tmp_path: Path) -> None:
    # Of the 40 of January 20 are won; of the 40 of June 0 so far, and all are open for 30 days.
    log = deals_of({"2026-01": (20, 20, 0), "2026-06": (0, 0, 40)})
    page = page_of(tmp_path, log, NEW)
    first = findings(page, "outlook")[0]
    # 20 of 80 at risk are won at 10 days, then 20 of 60 are lost at 20, and 40 are open still.
    assert first.startswith("25% of created items are won within ")
    assert first.endswith("So far: 25%.")
    assert "40 of 40 open items are older than that" in " ".join(findings(page, "outlook"))


@pytest.mark.usefixtures("undrawn")
def test_the_outlook_says_by_how_much_the_counted_share_is_too_low(tmp_path: Path) -> None:
    # 20 of the 40 old ones are won after 10 days; the other 40 are open for 5 days.
    rows = []
    for item in range(80):
        is_old = item < 40
        rows.append((item, "New", "2026-01-01" if is_old else "2026-06-26"))
        if is_old:
            rows.append((item, "Won" if item % 2 else "Lost", "2026-01-11" if item % 2 else "2026-01-21"))
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), observed_until="2026-07-01")
    page = page_of(tmp_path, log, NEW)
    lines = findings(page, "outlook")
    assert lines[0].startswith("50% of created items are won within ")
    assert lines[0].endswith("So far: 25%.")
    assert (
        "The counted share of 25% is 25 points too low, because some of the open items will still be won."
        in lines
    )


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "log",
    [
        journeys_log(*["New > Won"] * 20, *["New > Lost"] * 20),
        journeys_log("New > Won", "New", "New > Lost"),
        journeys_log(*["New"] * 40),
        sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}).filter(items=[1]),
    ],
    ids=["none open", "too few for a horizon", "none won", "one row"],
)
def test_without_news_there_is_no_outlook(log: sf.StageLog, tmp_path: Path) -> None:
    page = page_of(tmp_path, log, NEW, missing="ignore")
    assert section(page, "outlook") == ""
    assert "#outlook" not in page


def test_a_difference_that_chance_does_not_make_is_named_and_drawn(tmp_path: Path) -> None:
    paths = [
        *["New > Offer > Won"] * 58,
        *["New > Offer > Lost"] * 42,
        *["New > Offer > Won"] * 41,
        *["New > Offer > Lost"] * 59,
    ]
    items = pd.DataFrame({"item": range(1, 201), "manager": ["Ann"] * 100 + ["Bob"] * 100})
    page = page_of(tmp_path, journeys_log(*paths, items=items), by="manager", sections="chance")
    # Section 12 of the definitions: p = 0.016, and Ann and Bob are each other's rest: twice that is 0.032.
    assert findings(page, "chance")[0] == (
        "Ann wins more of the items that got to Offer than the other managers: 58% against 41% "
        "(+17 points, +3 to +30)."
    )
    part = section(page, "chance")
    assert "nobody assigned the items by lot" in part
    assert "Groups compared, step by step" in part
    assert part.count("<figure>") == 1


@pytest.mark.usefixtures("undrawn")
def test_groups_that_are_alike_fold_to_a_line(tmp_path: Path) -> None:
    paths = [*["New > Offer > Won"] * 25, *["New > Lost"] * 25] * 2
    items = pd.DataFrame({"item": range(1, 101), "manager": ["Ann"] * 50 + ["Bob"] * 50})
    page = page_of(tmp_path, journeys_log(*paths, items=items), by="manager")
    assert findings(page, "chance") == ["No step shows a clear difference."]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("by", ["outcome", "one"])
def test_groups_of_what_became_of_items_and_a_single_one_are_not_compared(by: str, tmp_path: Path) -> None:
    paths = [*["New > Offer > Won"] * 25, *["New > Lost"] * 25]
    items = pd.DataFrame({"item": range(1, 51), "one": "a"})
    page = page_of(tmp_path, journeys_log(*paths, items=items), by=by)
    assert section(page, "chance") == ""


@pytest.mark.usefixtures("undrawn")
def test_the_last_periods_that_are_over_are_compared(tmp_path: Path) -> None:
    log = deals_of({"2026-03": (60, 40, 0), "2026-04": (30, 70, 0), "2026-06": (0, 0, 40)})
    page = page_of(tmp_path, log, NEW, every="month", within="35d")
    lines = findings(page, "chance")
    # 30 of 100 in April, 60 of 100 in March; those of June cannot be followed for 35 days.
    assert "Ever won: 30% in 2026-04, 60% in 2026-03 (-30 points)." in lines
    assert any(line.startswith("Won: 30% of all in 2026-04, 60% in 2026-03 (-30 points, ") for line in lines)
    assert "The step to Won made the largest part of it: -30 points." in lines


@pytest.mark.usefixtures("undrawn")
def test_periods_that_are_alike_fold_to_a_line(tmp_path: Path) -> None:
    log = deals_of({"2026-03": (50, 50, 0), "2026-04": (49, 51, 0)})
    page = page_of(tmp_path, log, NEW, every="month", within="25d")
    assert findings(page, "chance") == ["No stage shows a clear difference between 2026-04 and 2026-03."]


def test_hostile_names_stay_text_in_both_sections(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    paths = [*[f"{evil} > Won"] * 40, *[f"{evil} > Lost"] * 40, *[evil] * 20]
    items = pd.DataFrame({"item": range(1, 101), evil: [evil, "Ann"] * 50})
    log = journeys_log(*paths, items=items)
    both: dict[str, Any] = {"sections": ["outlook", "chance"], "by": evil, "title": evil}
    page = page_of(tmp_path, log, sf.Pipeline(evil, won="Won", lost="Lost"), **both)
    assert section(page, "outlook")
    assert section(page, "chance")
    assert page.count("<script>") == 1
    assert "<img src=x" not in page


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    "options",
    [
        {"period": "2025-Q2", "basis": "created"},
        {"period": "2025-Q2"},
        {"basis": "closed", "period": "2025-Q2"},
        {"as_of": "2025-09-01"},
        {"where": {"source": "Web form"}},
        {"calendar": sf.WorkingHours({"mon-fri": [("09:00", "17:00")]}, zone="Europe/Paris")},
        {"by": ["manager", "source"], "top": 3},
    ],
    ids=str,
)
def test_pages_of_all_options_have_these_sections(options: Any, tmp_path: Path) -> None:
    page = page_of(tmp_path, SHOP.log, SHOP.pipeline, **{"by": "manager", "filters": False, **options})
    assert section(page, "chance")
    assert bool(section(page, "outlook")) == (options.get("basis") != "closed")


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("every", "names"),
    [
        ("week", r"2026-W\d\d"),
        ("month", r"2026-\d\d"),
        ("quarter", r"202\dQ\d"),
        ("year", r"202\d"),
    ],
)
def test_periods_of_every_length_are_compared(every: Any, names: str, tmp_path: Path) -> None:
    rows = []
    for item in range(1_200):
        created = pd.Timestamp("2024-01-01") + pd.Timedelta(hours=18 * item)
        rows += [(item, "New", created), (item, "Won" if item % 3 else "Lost", created + pd.Timedelta("1D"))]
    rows.append((1_200, "New", pd.Timestamp("2024-01-01")))
    if every == "week":  # more than 30 of each
        rows = [(item, stage, pd.Timestamp("2026-01-01") + (at - rows[0][2]) / 8) for item, stage, at in rows]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    page = page_of(tmp_path, log, NEW, every=every, within="2d", sections="chance", filters=False)
    lines = findings(page, "chance")
    assert lines
    assert re.search(f"{names}(?![-0-9W])", lines[0])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("within", "is_drawn"), [(None, False), ("20d", True)])
def test_a_trend_without_a_picture_says_nothing_of_lines(
    within: str | None, is_drawn: bool, tmp_path: Path
) -> None:
    # Each month has fewer than 30 items or more open ones than the month before: nothing is comparable.
    months = (
        {"2026-01": (20, 20, 0), "2026-06": (0, 0, 40)}
        if is_drawn
        else {"2026-01": (2, 3, 1), "2026-06": (0, 1, 9)}
    )
    page = page_of(tmp_path, deals_of(months), NEW, every="month", within=within)
    part = section(page, "trend")
    assert part.count("<figure>") == int(is_drawn)
    assert "lines end lower" not in part
    assert ("items of later periods have had less time." in part) != is_drawn


@pytest.mark.usefixtures("undrawn")
def test_a_trend_with_a_picture_says_why_its_lines_end_lower(tmp_path: Path) -> None:
    log = deals_of({"2026-01": (20, 20, 0), "2026-02": (20, 20, 0)})
    part = section(page_of(tmp_path, log, NEW, every="month"), "trend")
    assert part.count("<figure>") == 1
    assert "their lines end lower for that alone." in part


@pytest.mark.usefixtures("undrawn")
def test_weeks_have_one_name_on_the_page(tmp_path: Path) -> None:
    options: dict[str, Any] = {"every": "week", "by": "source", "language": "fr"}
    page = page_of(tmp_path, SHOP.log, SHOP.pipeline, **options)
    read = re.sub(r'data:text/csv[^"]*', "", page)  # a saved table has its columns as they are
    assert re.findall(r"\d{4}-\d\d-\d\d\W{1,3}\d{4}-\d\d-\d\d", read) == []
    assert len(set(re.findall(r"\b\d{4}-W\d\d\b", read))) > 50
