"""The first screen of the page: its tiles, their changes since the period before, and the findings."""

# The tiles and the findings are read off the same pages and held by the same helpers.

import html
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log
from stagefunnel.questions.stages.key_numbers import median_bounds
from stagefunnel.reports.findings import of_groups
from stagefunnel.reports.page import kept_together

NEW = sf.Pipeline("New", won="Won", lost="Lost")
TWO = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")

pytestmark = pytest.mark.usefixtures("undrawn")


def header(tmp_path: Path, log: sf.StageLog, pipeline: sf.Pipeline = NEW, **options: Any) -> str:
    """Return the head of a page, without the marks that keep a number and its unit on one line."""
    page = sf.report(log, pipeline, tmp_path / "report.html", **options).read_text(encoding="utf-8")
    page = page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")
    return page.partition("<header>")[2].partition("</header>")[0]


def tiles(head: str) -> dict[str, tuple[str, str, str]]:
    """Read the tiles: the value, the detail and the change of each."""
    found = {}
    for name, rest in re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", head, re.DOTALL):
        detail, change = (
            "".join(re.findall(rf'<span class="{kind}[^"]*">([^<]*)<', rest)) for kind in ("detail", "change")
        )
        found[html.unescape(name)] = (rest.partition("<")[0].strip(), detail, html.unescape(change))
    return found


def findings(head: str) -> list[str]:
    return [html.unescape(line).strip() for line in re.findall(r"<li>([^<]*)<a", head)]


def step(head: str) -> tuple[str, str]:
    """Read what to do next, and the section that it leads to."""
    found = re.search(r'<p class="next">(.*?)([^<>]+)(?:<a href="#(\w+)">[^<]+</a>)?</p>', head)
    assert found is not None
    assert found[1] == ("<b>Do next:</b>" if found[3] else "")
    return html.unescape(found[2]).strip(), found[3] or ""


def deals_of(months: dict[str, tuple[int, int, int]], **options: Any) -> sf.StageLog:
    """Make deals: for each month of creation how many are won after 10 days, lost after 20, and open."""
    rows: list[tuple[int, str, pd.Timestamp]] = []
    for month, (won, lost, still_open) in months.items():
        start = pd.Timestamp(f"{month}-01")
        for stage, days, n in (("Won", 10, won), ("Lost", 20, lost), ("", 0, still_open)):
            for item in range(len(rows), len(rows) + n):
                rows.append((item, "New", start))
                rows += [(item, stage, start + pd.Timedelta(days=days))] if stage else []
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    return sf.StageLog(frame, observed_until="2026-07-01", **options)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        # Of 10, 5 ± 3.1 are below: ranks 1 and 10 of 1 to 10.
        (10, (5.5, 1, 10)),
        # Of 5, 2.5 ± 2.2 are below: rank 0 is not there.
        (5, (3, math.nan, math.nan)),
        # Of 100, 50 ± 9.8 are below: ranks 40 and 61.
        (100, (50.5, 40, 61)),
        (0, (math.nan, math.nan, math.nan)),
    ],
)
def test_the_bounds_of_a_median_are_two_of_the_times(n: int, expected: tuple[float, float, float]) -> None:
    times = np.arange(1, n + 1)[::-1].copy()
    np.testing.assert_equal(median_bounds(times, 0.95), expected)


TWO_MONTHS = {"2026-03": (20, 20, 0), "2026-04": (50, 30, 0)}


def test_each_tile_has_the_last_period_that_is_over_beside_the_one_before(tmp_path: Path) -> None:
    # 80 of 120 are of April: Wilson has 57.8 to 74.5%, so that April has 1.37 to 2.92 times as many as March.
    # Of 70 won, 50: 59.9 to 80.7%, 1.50 to 4.18 times. Newcombe has -5.9 to +30.3 of 50 of 80 and 20 of 40.
    found = tiles(header(tmp_path, deals_of(TWO_MONTHS), every="month"))
    assert found == {
        "items": ("120", "", "80 in 2026-04, 40 in 2026-03 (+100%, +37% to +192%)"),
        "won": ("70", "", "50 in 2026-04, 20 in 2026-03 (+150%, +50% to +318%)"),
        "win rate": (
            "58%",
            "49–67% of 120 closed",
            "62% in 2026-04, 50% in 2026-03: no clear change (-6 to +30 points)",
        ),
        "open": ("0", "", "0 in 2026-04, 0 in 2026-03"),
        "median time to win": ("10 d", "10 d – 10 d", "10 d in 2026-04, 10 d in 2026-03: no clear change"),
    }


def test_nearly_empty_periods_at_the_end_are_named_and_passed_over(tmp_path: Path) -> None:
    # The median of 20, 40, 80, 1 and 1 is 20: May and June have less than a tenth of it.
    months = {"2026-02": (10, 10, 0), "2026-03": (20, 20, 0), "2026-04": (50, 30, 0)}
    head = header(tmp_path, deals_of({**months, "2026-05": (1, 0, 0), "2026-06": (1, 0, 0)}), every="month")
    assert tiles(head)["items"][2] == "80 in 2026-04, 40 in 2026-03 (+100%, +37% to +192%)"
    assert "Nearly empty: 2026-05 (1 item), 2026-06 (1 item), where 20 are usual; 2026-04 is compared" in head
    # Two of 20 are a tenth, and no export that ends by chance: what is few is said of the rates alone.
    head = header(tmp_path, deals_of({**months, "2026-05": (2, 0, 0), "2026-06": (2, 0, 0)}), every="month")
    assert tiles(head)["items"][2].startswith("2 in 2026-06, 2 in 2026-05")
    assert "Nearly empty" not in head
    assert "Not compared: fewer than 30 closed items: 2026-05, 2026-06" in head
    # Where no other two follow each other, the last two are compared all the same.
    months = {"2026-03": (30, 30, 0), "2026-04": (1, 0, 0), "2026-05": (30, 30, 0), "2026-06": (1, 0, 0)}
    head = header(tmp_path, deals_of(months), every="month")
    assert tiles(head)["items"][2].startswith("1 in 2026-06, 60 in 2026-05")


def test_periods_whose_items_are_too_recent_to_follow_are_not_empty(tmp_path: Path) -> None:
    # Those of June cannot be followed for 60 days until 1 July; the tiles count what was created then.
    log = deals_of({"2026-04": (20, 20, 0), "2026-05": (20, 20, 0), "2026-06": (20, 20, 0)})
    head = header(tmp_path, log, every="month", within="60d")
    assert "Nearly empty" not in head
    assert tiles(head)["items"][2].startswith("40 in 2026-06, 40 in 2026-05")


def test_a_median_of_no_time_says_how_the_items_were_entered(tmp_path: Path) -> None:
    rows = [(item, "Won", pd.Timestamp("2026-03-01")) for item in range(3)]
    rows += [(9, "New", pd.Timestamp("2026-03-01")), (9, "Won", pd.Timestamp("2026-03-05"))]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    found = tiles(header(tmp_path, log))
    assert found["median time to win"] == (
        "0 s",
        "half of them or more were won as soon as they were entered",
        "",
    )


def test_months_of_stragglers_are_passed_over_however_many_they_are(tmp_path: Path) -> None:
    # The median of the seven months is 1, but half of all 244 items were created in months of at least 80.
    months = {"2025-12": (45, 45, 0), "2026-01": (40, 40, 0), "2026-02": (30, 40, 0)}
    stragglers = {f"2026-0{month}": (1, 0, 0) for month in (3, 4, 5, 6)}
    head = header(tmp_path, deals_of({**months, **stragglers}), every="month")
    assert tiles(head)["items"][2].startswith("70 in 2026-02, 80 in 2026-01")
    assert (
        "Nearly empty: 2026-03 (1 item), 2026-04 (1 item), 2026-05 (1 item) and 1 more, where 80 are usual; "
        "2026-02 is compared with 2026-01." in head
    )


def test_clear_changes_are_findings_with_what_they_count(tmp_path: Path) -> None:
    # The bounds next to 0 are +37% and +50%: the larger one comes first, and another question has nothing.
    found = findings(header(tmp_path, deals_of(TWO_MONTHS), every="month"))
    assert "Won: 50 in 2026-04, 20 in 2026-03 (+150%, +50% to +318%)." in found
    assert "Created: 80 in 2026-04, 40 in 2026-03 (+100%, +37% to +192%)." in found
    assert found.index("Most often lost from: New (50 of 50 lost, 100%)") == 0


def test_a_page_of_a_period_has_its_numbers_beside_those_of_the_period_before(tmp_path: Path) -> None:
    head = header(tmp_path, deals_of(TWO_MONTHS), period="2026-04")
    found = tiles(head)
    assert [value for value, _, _ in found.values()] == ["80", "50", "62%", "0", "10 d"]
    assert next(iter(found)) == "created"
    assert found["created"][2] == "80 in 2026-04, 40 in 2026-03 (+100%, +37% to +192%)"
    # Nothing is known of the time before the log.
    first = header(tmp_path, deals_of(TWO_MONTHS), period="2026-03")
    assert all(change == "" for _, _, change in tiles(first).values())
    assert "Not compared: covered only in part: 2026-02" in first


@pytest.mark.parametrize("period", [("2026-04", None), (None, "2026-04")])
def test_a_period_without_both_ends_has_none_before_it(tmp_path: Path, period: Any) -> None:
    head = header(tmp_path, deals_of(TWO_MONTHS), period=period)
    assert all(change == "" for _, _, change in tiles(head).values())


def test_periods_unlike_in_age_are_not_compared_but_for_what_is_created(tmp_path: Path) -> None:
    log = deals_of({"2026-05": (20, 20, 0), "2026-06": (0, 0, 40)})
    head = header(tmp_path, log, period="2026-06", basis="created")
    found = tiles(head)
    assert found["created"][2].startswith("40 in 2026-06, 40 in 2026-05: no clear change")
    assert [change for _, _, change in found.values()][1:] == ["", "", "", ""]
    assert "Not compared: not alike in age: 100% of 2026-06 is still open, 0% of 2026-05." in head
    # By the day on which they close, deals of one age are compared; 0 of June are too few.
    by_day = header(tmp_path, log, period="2026-06")
    assert "Not alike" not in by_day
    assert tiles(by_day)["won"][2] == "0 in 2026-06, 20 in 2026-05 (-100%, -100% to -81%)"


def test_fewer_than_30_closed_items_have_no_change_of_their_rate(tmp_path: Path) -> None:
    log = deals_of({"2026-03": (10, 10, 0), "2026-04": (30, 10, 0)})
    found = tiles(header(tmp_path, log, every="month"))
    assert found["win rate"][2] == found["median time to win"][2] == ""
    assert found["won"][2].startswith("30 in 2026-04, 10 in 2026-03")


def test_money_takes_the_place_of_the_number_of_won_items(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": range(400), "amount": [2.5] * 400})
    head = header(tmp_path, deals_of(TWO_MONTHS, items=items), every="month", amount="amount")
    found = tiles(head)
    assert "won" not in found
    assert found["won, in money"] == ("175", "70 won", "125 in 2026-04, 50 in 2026-03 (+150%)")


def test_money_stands_in_the_table_of_the_trend_too(tmp_path: Path) -> None:
    items = pd.DataFrame({"item": range(300), "worth": [100.5] * 300})
    path = tmp_path / "page.html"
    options: dict[str, Any] = {"amount": "worth", "every": "month", "sections": ["trend"]}
    page = sf.report(deals_of(TWO_MONTHS, items=items), NEW, path, **options).read_text(encoding="utf-8")
    assert '<th scope="col" class="number">amount</th>' in page
    # 40 of March and 80 of April got to New.
    assert "4,020" in page
    assert "8,040" in page


def test_of_closed_items_a_tile_has_the_lost_ones(tmp_path: Path) -> None:
    found = tiles(header(tmp_path, deals_of(TWO_MONTHS), basis="closed", period="2026-04"))
    assert {name: value for name, (value, _, _) in found.items()} == {
        "closed": "80",
        "won": "50",
        "win rate": "62%",
        "lost": "30",
        "median time to win": "10 d",
    }


def test_times_are_measured_in_working_hours_and_without_paused_stages(tmp_path: Path) -> None:
    rows = {
        "item": ["a"] * 3,
        "stage": ["New", "Offer", "Won"],
        # A Monday at nine; a Tuesday at nine; a Wednesday at noon.
        "time": pd.to_datetime(["2026-06-01 09:00", "2026-06-02 09:00", "2026-06-03 12:00"]),
    }
    log = sf.StageLog(rows)
    hours = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})
    name = "median time to win"
    assert tiles(header(tmp_path, log, TWO))[name][0] == "2 d 3 h"
    assert tiles(header(tmp_path, log, TWO, calendar=hours))[name][0] == "2 working days 3 h"
    assert tiles(header(tmp_path, log, TWO.replace(paused="Offer")))[name][0] == "1 d"


def test_a_log_of_plain_integers_and_an_empty_one_have_tiles(tmp_path: Path) -> None:
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 7, 3]})
    found = tiles(header(tmp_path, log, sf.Pipeline("New", won="Won", lost="Lost"), missing="ignore"))
    assert {name: value for name, (value, _, _) in found.items()} == {
        "items": "2",
        "won": "1",
        "win rate": "100%",
        "open": "1",
        "median time to win": "7",
    }
    empty = sf.StageLog(pd.DataFrame({"item": [1], "stage": ["New"], "time": [0]})[:0], empty="allow")
    head = header(tmp_path, empty)
    assert [one[0] for one in tiles(head).values()] == ["0", "0", "–", "0", "–"]
    assert step(head) == ("There are no items: check the files, the period and the conditions.", "")


@pytest.mark.parametrize("options", [{}, {"every": "month", "filters": True}])
def test_without_a_lost_stage_there_is_no_win_rate(tmp_path: Path, options: dict[str, Any]) -> None:
    # Every closed item is won: a rate of 100% would be that of the pipeline, and none of the work.
    log = deals_of({"2026-03": (20, 0, 20), "2026-04": (50, 0, 30)})
    never_lost = sf.Pipeline("New", won="Won")
    found = tiles(header(tmp_path, log, never_lost, **options))
    assert found["win rate"] == ("–", "no lost stage: what is not won is open", "")
    assert found["won"][0] == "70"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ("no lost stage" in page.partition('id="choices"')[2].partition("</script>")[0]) == bool(options)


def test_the_page_says_what_it_is_about_without_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000000")  # 28 May 2026
    times = pd.to_datetime(["2026-01-05 10:00:00.123456", "2026-02-03 11:22:33.999999"])
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": times})
    head = header(tmp_path, log, NEW.replace(limits={"New": "30d"}), period="2026")
    lines = [html.unescape(line) for line in re.findall(r'<p class="about">([^<]*)</p>', head)]
    assert lines[0].startswith("Pipeline: New | won: Won | lost: Lost")
    assert "30" in lines[0]
    assert lines[1] == (
        "2 rows of 1 item; active in 2026; 2026-01-05 10:00 to 2026-02-03 11:22; "
        "observed until 2026-02-03 11:22; made on 2026-05-28"
    )


def test_no_time_on_the_page_has_seconds_and_saved_tables_keep_them(tmp_path: Path) -> None:
    times = pd.to_datetime(["2026-01-05 10:00:00.123456+00:00", "2026-02-03 11:22:33.999999+00:00"])
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": times})
    page = sf.report(log, NEW, tmp_path / "page.html", missing="ignore").read_text(encoding="utf-8")
    shown = re.sub(r'(?:href|src)="data:[^"]*"|<desc>.*?</desc>', "", page)
    assert "2026-01-05 10:00+00:00" in shown
    assert not re.findall(r"\d\d:\d\d:\d\d", shown)
    assert "10%3A00%3A00.123456" in page


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("22 d 4 h and 3 working days 2 h", "22_d 4_h and 3_working_days 2_h"),
        ("+7 points, 123 k, 1 min", "+7_points, 123_k, 1_min"),
        ("< 0.1% of all, a < b", "<_0.1% of all, a < b"),
        ("until 2026-03-31 09:00:17.5+00:00", "until 2026-03-31_09:00+00:00"),
        ("5 deals, 12 minutes, 3 kinds", "5 deals, 12 minutes, 3 kinds"),
    ],
)
def test_a_number_and_its_unit_stay_on_one_line(text: str, kept: str) -> None:
    assert kept_together(text) == kept.replace("_", "\N{NO-BREAK SPACE}")


def test_a_stage_that_loses_clearly_most_is_a_finding_and_one_that_may_not_is_none(tmp_path: Path) -> None:
    clear = journeys_log(*["New > Offer > Lost"] * 40, *["New > Lost"] * 10, *["New > Offer > Won"] * 40)
    assert findings(header(tmp_path, clear, TWO)) == ["Most often lost from: Offer (40 of 50 lost, 80%)"]
    # Of 50 lost 28 are of Offer: chance alone may make that of two equal stages.
    alike = journeys_log(*["New > Offer > Lost"] * 28, *["New > Lost"] * 22, *["New > Offer > Won"] * 40)
    assert findings(header(tmp_path, alike, TWO)) == []
    few = journeys_log(*["New > Offer > Lost"] * 20, *["New > Offer > Won"] * 5)
    assert findings(header(tmp_path, few, TWO)) == []


def test_findings_answer_different_questions_and_lead_to_their_sections(tmp_path: Path) -> None:
    paths = [
        *["New > Offer > Won"] * 58,
        *["New > Offer > Lost"] * 42,
        *["New > Offer > Won"] * 41,
        *["New > Offer > Lost"] * 59,
    ]
    items = pd.DataFrame({"item": range(1, 201), "manager": ["Ann"] * 100 + ["Bob"] * 100})
    head = header(tmp_path, journeys_log(*paths, items=items), TWO, by="manager")
    assert findings(head)[:2] == [
        "Most often lost from: Offer (101 of 101 lost, 100%)",
        "Ann wins more of the items that got to Offer than the other managers: 58% against 41% "
        "(+17 points, +3 to +30).",
    ]
    assert re.findall(r'<li>[^<]*<a href="#(\w+)">', head)[:2] == ["losses", "chance"]
    (news,) = of_groups(sf.compare_groups(journeys_log(*paths, items=items), TWO, by="manager"))
    assert news.step == "Find out what is different about Ann."


def test_a_finding_says_where_the_rest_has_items_without_a_value(tmp_path: Path) -> None:
    paths = [*["New > Offer > Won"] * 70, *["New > Offer > Lost"] * 30]
    paths += [*["New > Offer > Won"] * 41, *["New > Offer > Lost"] * 59]
    items = pd.DataFrame({"item": range(1, 201), "manager": ["Ann"] * 100 + ["Bob", None] * 50})
    log = journeys_log(*paths, items=items)
    than = "Ann wins more of the items that got to Offer than the other managers and items without one: 70%"
    assert any(line.startswith(than) for line in findings(header(tmp_path, log, TWO, by="manager")))
    shown = str(sf.show(sf.compare_groups(log, TWO, by="manager", a="Ann")))
    assert than in shown.replace("\n", " ")
    # Of those without a manager the rest are those with one.
    items["manager"] = [None] * 100 + ["Bob", "Cem"] * 50
    log = journeys_log(*paths, items=items)
    lines = findings(header(tmp_path, log, TWO, by="manager"))
    than = "(missing) wins more of the items that got to Offer than items with a manager: 70% against 41%"
    assert any(line.startswith(than) for line in lines)


def test_what_warns_comes_first(tmp_path: Path) -> None:
    rows = {"item": range(40), "stage": ["New"] * 40, "time": pd.to_datetime(["2026-02-03"] * 40)}
    found = findings(header(tmp_path, sf.StageLog(rows), NEW, missing="ignore"))
    assert found[0].startswith("Warning: 40 items, and each has one row")


def test_each_finding_has_a_step_and_the_first_one_is_next(tmp_path: Path) -> None:
    lost = journeys_log(*["New > Offer > Lost"] * 40, *["New > Lost"] * 10, *["New > Offer > Won"] * 40)
    assert step(header(tmp_path, lost, TWO)) == ("Find out why items are lost from Offer.", "losses")
    skipped = journeys_log(*["New > Won"] * 20, *["New > Offer > Won"] * 20)
    assert step(header(tmp_path, skipped, TWO, missing="ignore")) == (
        "Find out why Offer is skipped.",
        "skips",
    )
    # Of 40 that got past it 2 skip it: so few are nothing to begin with.
    seldom = journeys_log(*["New > Won"] * 2, *["New > Offer > Won"] * 38)
    assert step(header(tmp_path, seldom, TWO, missing="ignore")) == (
        "Nothing stands out: what the sections found may be chance, or is of too few items.",
        "",
    )
    more = header(tmp_path, deals_of({"2026-03": (20, 0, 0), "2026-04": (80, 0, 0)}), every="month")
    assert step(more) == ("Find out what changed.", "trend")
    rows = {"item": range(40), "stage": ["New"] * 40, "time": pd.to_datetime(["2026-02-03"] * 40)}
    warned = header(tmp_path, sf.StageLog(rows), missing="ignore")
    assert step(warned) == ("Check the data before you use the numbers.", "quality")


def test_a_stage_that_items_began_beyond_is_not_one_that_they_skip(tmp_path: Path) -> None:
    # All 40 that have no New began beyond it; of the other 60, 30 skip the offer.
    paths = [*["Offer > Won"] * 40, *["New > Won"] * 30, *["New > Offer > Won"] * 30]
    head = header(tmp_path, journeys_log(*paths), TWO, missing="ignore")
    assert findings(head) == ["Most often skipped: Offer (30 of 100 that got past it, 30%)"]
    assert step(head)[0] == "Find out why Offer is skipped."


@pytest.mark.parametrize(
    ("beyond", "stages", "is_found"),
    [(70, ["New", "Offer"], True), (52, ["New", "Offer"], False), (70, ["Call", "New", "Offer"], True)],
)
def test_a_log_that_most_items_enter_late_is_checked_first(
    tmp_path: Path, beyond: int, stages: list[str], is_found: bool
) -> None:
    # Of 100, 70 are surely more than a half (Wilson: 60 to 78%), and 52 are not. Nobody has to pass a call.
    paths = [*["Offer > Won"] * beyond, *["New > Offer > Won"] * (100 - beyond)]
    optional = [name for name in stages if name == "Call"]
    pipeline = sf.Pipeline(stages, won="Won", lost="Lost", optional=optional)
    head = header(tmp_path, journeys_log(*paths), pipeline, missing="ignore")
    line = "Most items began beyond New (70 of 100, 70%): how they got there is not in the log."
    assert (line in findings(head)) == is_found
    if is_found:
        assert step(head) == ("Check that items are entered when they begin, not when they end.", "funnels")


@pytest.mark.parametrize(("options", "key"), [({}, "stuck"), ({"items": False}, "forecast")])
def test_open_items_are_one_finding_that_leads_to_their_list(
    tmp_path: Path, options: dict[str, Any], key: str
) -> None:
    # 40 are won after 10 days each, and 40 are open for months: they are stuck, and too old to forecast.
    log = deals_of({"2026-01": (40, 0, 40)})
    head = header(tmp_path, log, **options)
    assert [line for line in findings(head) if line.startswith("40 open items")] == findings(head)
    assert len(findings(head)) == 1
    assert step(head) == (
        "Go through the open items that have been in their stage longest: "
        "plan the next step of each, or close it.",
        key,
    )


def test_a_section_without_news_is_one_line(tmp_path: Path) -> None:
    log = journeys_log(*["New > Offer > Won"] * 25, *["New > Offer > Lost"] * 25)
    page = sf.report(log, TWO, tmp_path / "report.html").read_text(encoding="utf-8")
    skips = page.partition('<section id="skips"')[2].partition("</section>")[0]
    assert '<details class="folded"><summary><h2 id="skips-heading">What is skipped</h2> <span' in skips
    assert '<span class="finding more">No stage was skipped.</span></summary>' in skips
    assert "<figure" not in skips


def test_hostile_names_stay_text_on_the_first_screen(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>'
    log = journeys_log(*[f"{evil} > Won"] * 40, *[f"{evil} > Lost"] * 40)
    head = header(tmp_path, log, sf.Pipeline(evil, won="Won", lost="Lost"), title=evil)
    assert "<script" not in head
    assert findings(head) == [f"Most often lost from: {evil} (40 of 40 lost, 100%)"]
