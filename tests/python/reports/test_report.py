"""The report page: its content, that it loads nothing, and that no name breaks out of it."""

import base64
import re
import shlex
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import run_python
from stagefunnel.cli import main
from stagefunnel.reports.sections import _sentences

SHOP = sf.datasets.furniture_shop(300)
# A page of one item has one picture, which is soon drawn.
LITTLE = sf.StageLog(
    {"item": [1], "stage": ["New"], "time": pd.to_datetime(["2026-02-03"])},
    items=pd.DataFrame({"item": [1], "manager": ["Ann"]}),
)
NEW = sf.Pipeline("New")


class Reader(HTMLParser):
    """Collects the tags of a page, and its text by tag, without marks that keep dates and units together."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.text: dict[str, list[str]] = {}
        self._open = ""
        self.feed(page.replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " "))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.setdefault(self._open, []).append(data.strip())

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(tmp_path: Path, log: sf.StageLog, pipeline: sf.Pipeline, **options: Any) -> str:
    return sf.report(log, pipeline, tmp_path / "report.html", **options).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of the shop without any option."""
    return page_of(tmp_path_factory.mktemp("plain"), SHOP.log, SHOP.pipeline)


@pytest.fixture(scope="module")
def by_manager(shop_page: Path) -> str:
    """Return the page of the shop by manager, titled Shop."""
    return shop_page.read_text(encoding="utf-8")


def test_the_page_has_every_section_with_its_finding_and_its_definition(by_manager: str) -> None:
    page = Reader(by_manager)
    assert page.text["h1"] == ["Shop"]
    assert page.text["h2"] == [
        "The two funnels",
        "Where items are lost",
        "What is skipped, by manager",
        "Time in stage",
        "Moves between stages",
        "Stuck items",
        "Outlook for open items",
        "By the period in which items were created",
        "By manager",
        "Real or chance?",
        "Forecast of open items",
        "What was read",
        "How the first screen counts",
    ]
    assert page.text["dd"] == ["300", "109", "43%", "45", "16 d 10 h"]
    assert "Most often lost from: Prepayment invoice (74 of 146 lost, 51%)" in page.text["p"]
    assert any("counts every stage in between for a won item" in text for text in page.text["p"])


@pytest.mark.usefixtures("undrawn")
def test_headings_name_what_the_log_knows_as_people_do(tmp_path: Path) -> None:
    shop = sf.datasets.furniture_shop()
    page = page_of(tmp_path, shop.log, shop.pipeline, by="created:year")
    assert "By time of creation" in page
    assert "by_created</h2>" not in page


@pytest.mark.usefixtures("undrawn")
def test_with_an_amount_the_page_has_a_section_on_money(tmp_path: Path) -> None:
    page = Reader(page_of(tmp_path, SHOP.log, SHOP.pipeline, amount="amount", by="manager", period="2025"))
    assert "Money" in page.text["h2"]
    found = sf.outcomes(SHOP.log, SHOP.pipeline, amount="amount", period="2025").iloc[0]
    tiles = dict(zip(page.text["dt"], page.text["dd"], strict=True))
    assert tiles["won, in money"] == f"{found['amount_won']:,.2f}"
    assert any(" a day: " in text or "No velocity" in text for text in page.text["p"])
    assert page.text["caption"].count("Outcomes, with the sum of amount") == 1
    headings = page.text["th"]
    assert {"amount won", "amount open", "mean amount", "velocity"} <= {*headings}
    assert "amount" in headings  # of the funnels


@pytest.mark.usefixtures("undrawn")
def test_the_money_of_the_page_may_be_of_the_log_and_in_several_currencies(tmp_path: Path) -> None:
    rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 5, 3]}
    rows |= {"sum": [5.0, 7.0, 9.0], "coin": ["EUR", "EUR", "USD"]}
    log = sf.StageLog(pd.DataFrame(rows), columns=["sum", "coin"])
    pipeline = sf.Pipeline("New", won="Won")
    money = {"amount": "sum", "currency": "coin", "rates": {"EUR": 2, "USD": 1}}
    page = Reader(page_of(tmp_path, log, pipeline, **money))
    assert any("won 14 of 1 item, 14 on average" in text for text in page.text["p"])
    # Times that are plain integers have no days.
    assert "velocity" not in page.text["th"]
    with pytest.raises(sf.SchemaError, match="2 currencies"):
        page_of(tmp_path, log, pipeline, amount="sum", currency="coin")
    with pytest.raises(sf.SchemaError, match="there is no amount="):
        page_of(tmp_path, log, pipeline, currency="coin")


@pytest.mark.usefixtures("undrawn")
def test_a_finding_is_one_sentence_however_long_its_names_are(tmp_path: Path) -> None:
    long = "A stage whose name is far too long for one line of a picture, which breaks it in two or three"
    log = sf.StageLog({"item": [1, 1], "stage": [long, "Lost"], "time": pd.to_datetime(["2026-01-05"] * 2)})
    page = Reader(page_of(tmp_path, log, sf.Pipeline([long], lost="Lost")))
    assert page.text["p"].count(f"Most often lost from: {long} (1 of 1 lost, 100%)") == 2


def test_the_page_loads_nothing_and_is_small(by_manager: str) -> None:
    page = Reader(by_manager)
    addresses = [
        tag[name] for _, tag in page.tags for name in ("src", "href", "srcset") if tag.get(name) is not None
    ]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "default-src 'none'" in page.all("meta")[2]["content"]
    assert len(by_manager) < 3_000_000


def test_every_picture_has_words_and_every_table_headings(plain: str) -> None:
    page = Reader(plain)
    drawings = page.all("svg")
    assert len(drawings) == 3 * 7  # each has one for phones, one for tablets, and one for desks and paper
    assert all(len(drawing["aria-label"]) > 20 for drawing in drawings)
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    # Numbers stand on the right, and no attribute breaks out of the quotes of the template.
    assert sum(cell.get("class") == "number" for cell in page.all("td")) > 100
    assert {cell.get("class") for cell in page.all("td")} == {None, "number"}
    marks = [tag for _, tag in page.tags if "mark" in (tag.get("class") or "").split()]
    assert len(marks) > 300
    assert all(": " in mark["aria-label"] for mark in marks)
    assert any(mark["aria-label"].startswith("stage: Prepayment invoice; reached: 2") for mark in marks)


def test_a_table_is_saved_as_csv_with_all_its_numbers(plain: str) -> None:
    page = Reader(plain)
    (link,) = [tag for tag in page.all("a") if tag.get("download") == "losses-by-stage.csv"]
    saved = unquote(link["href"].split(",", 1)[1]).lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    assert saved == sf.losses(SHOP.log, SHOP.pipeline, confidence=0.95).to_csv(index=False)


def test_a_name_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    frame = pd.DataFrame({"item": [1, 1, 2], "stage": [evil, "Won", evil], "time": [0, 3, 5]})
    items = pd.DataFrame({"item": [1, 2], evil: [evil, "Ann"]})
    log = sf.StageLog(frame, items=items)
    text = page_of(tmp_path, log, sf.Pipeline(evil, won="Won"), title=evil, by=evil)
    page = Reader(text)
    assert len([one for one in page.all("script") if "type" not in one]) == 1
    assert not [tag for _, tag in page.tags if "onerror" in tag]
    assert page.text["h1"] == [evil]
    policy = page.all("meta")[2]["content"]
    assert "unsafe" not in policy
    script = text.partition("<script>")[2].partition("</script>")[0]
    import hashlib

    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


@pytest.mark.usefixtures("undrawn")
def test_three_items_without_dates_have_a_page(tmp_path: Path) -> None:
    shop = sf.datasets.worked_example()
    frame = pd.DataFrame({"item": [1, 2, 3], "stage": ["New", "New", "Won"], "time": [0, 1, 2]})
    page = Reader(page_of(tmp_path, sf.StageLog(frame), shop.pipeline))
    assert page.text["h2"] == [
        "The two funnels",
        "What is skipped",
        "Stuck items",
        "Forecast of open items",
        "What was read",
        "How the first screen counts",
    ]
    empty = Reader(page_of(tmp_path, sf.StageLog(frame[:0], empty="allow"), shop.pipeline))
    assert empty.text["dd"][0] == "0"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("period", "shown"),
    [
        ("2026-Q1", "2026-Q1"),
        (pd.Period("2026-03"), "2026-03"),
        (("2026-01", "2026-03"), "2026-01 to 2026-03"),
    ],
)
def test_a_period_stands_on_the_page(tmp_path: Path, period: Any, shown: str) -> None:
    page = Reader(page_of(tmp_path, LITTLE, NEW, period=period, basis="created"))
    assert any(f"created in {shown};" in text for text in page.text["p"])


@pytest.mark.usefixtures("undrawn")
def test_a_reader_can_choose_every_group_also_the_one_without_a_value(tmp_path: Path) -> None:
    page = Reader(page_of(tmp_path, SHOP.log, SHOP.pipeline, by="source", filters=False))
    table = sf.outcomes(SHOP.log, SHOP.pipeline, by="source")
    assert table["source"].isna().sum() == 1
    assert page.text["option"] == ["all", *table["source"].dropna(), "(missing)"]


@pytest.mark.parametrize(
    ("by", "message"), [([], "by= names no column"), (-3, "by=-3 is not a column"), ({}, "by= ")]
)
def test_a_breakdown_by_no_column_is_refused(tmp_path: Path, by: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError) as raised:
        page_of(tmp_path, LITTLE, NEW, by=by)
    assert message in str(raised.value)
    assert raised.value.option == "by"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("by", "shoe_size"),
        ("every", "fortnight"),
        ("basis", "lucky"),
        ("unlisted", "hide"),
    ],
)
def test_an_option_that_does_not_fit_is_named(option: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(sf.SchemaError) as error:
        page_of(tmp_path, LITTLE, NEW, **{option: value})
    assert error.value.option == option
    assert str(error.value).startswith(f"{option}={value!r}")


def test_a_page_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(sf.StageFunnelError):
        sf.report(LITTLE, NEW, tmp_path / "report.html", by="shoe_size")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(sf.StageFunnelError, match="file is not a directory"):
        sf.report(LITTLE, NEW, tmp_path / "file" / "report.html")


def test_the_demo_writes_a_sample_and_its_report_and_says_what_to_type_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_python("-m", "stagefunnel", "demo", str(tmp_path / "a demo"))
    # A pipe sees no progress and no colours; tests/python/cli/test_terminal.py has what a terminal sees.
    assert (run.returncode, run.stderr) == (0, "")
    assert "\x1b" not in run.stdout
    assert "Most often skipped: Discussion" in run.stdout
    files = {file.name for file in (tmp_path / "a demo").iterdir()}
    assert files == {
        *("deals.csv", "items.csv", "leads.csv", "links.csv"),
        *("pipeline.toml", "leads.toml", "report.html"),
    }
    for line in re.findall(r"^  stagefunnel (.+)$", run.stdout, re.MULTILINE):
        words = [word if word != "quarter.html" else str(tmp_path / word) for word in shlex.split(line)]
        assert main(words) == 0
        assert capsys.readouterr().err == ""
    assert (tmp_path / "quarter.html").stat().st_size > 100_000


@pytest.mark.usefixtures("undrawn")
def test_the_page_says_what_was_ignored_which_stages_have_no_rows_and_what_quality_warns_of(
    tmp_path: Path,
) -> None:
    rows = {"item": [1, 2], "stage": ["New", "Ofers"], "time": pd.to_datetime(["2026-02-03", "2026-02-04"])}
    log, pipeline = sf.StageLog(rows), sf.Pipeline(["New", "Offers"])
    with pytest.raises(sf.UnknownStageError, match="no row is of 'Offers', but the log has 'Ofers'"):
        page_of(tmp_path, log, pipeline, unlisted="ignore")
    text = Reader(page_of(tmp_path, log, pipeline, unlisted="ignore", missing="ignore", period="2030")).text[
        "p"
    ]
    assert text[2:5] == [
        "Ignored: 1 row of stages that the pipeline does not list (Ofers 1)",
        "Stages without rows: Offers",
        "Outside the log, which runs from 2026-02-03 to 2026-02-04: period 2030",
    ]
    assert any(line.startswith("Warning: 2 items, and each has one row: a list of items") for line in text)


@pytest.mark.usefixtures("undrawn")
def test_the_page_names_the_stages_in_which_the_clock_stands_still(tmp_path: Path, plain: str) -> None:
    pipeline = SHOP.pipeline.replace(paused="Discussion")
    page = page_of(tmp_path, SHOP.log, pipeline)
    assert "in before it was lost. The clock stands still in: Discussion.<" in page
    assert "stands still" not in plain


def test_a_page_of_which_nothing_is_to_be_said_says_nothing(plain: str) -> None:
    assert not any(
        line.startswith(("Ignored", "Stages without", "Warning")) for line in Reader(plain).text["p"]
    )


STUCK = "have been in their stage longer than 90% of won items' visits there lasted"


def section(page: str, key: str) -> str:
    return page.partition(f'<section id="{key}"')[2].partition("</section>")[0]


def test_stuck_items_are_the_worst_of_the_open_ones_with_their_owners(by_manager: str) -> None:
    part = section(by_manager, "stuck")
    table = sf.open_items(SHOP.log, SHOP.pipeline, columns="manager")
    rows = re.findall(r'<tr>\n<th scope="row"[^>]*>([^<]*)</th>(.*?)</tr>', part, re.DOTALL)
    assert [key for key, _ in rows] == [str(key) for key in table["item"].head(10)]
    assert [re.findall(r"<td>([^<]*)</td>", cells)[-1] for _, cells in rows] == table["manager"].head(
        10
    ).tolist()
    n_slow = int((table["quantile"] > 0.9).sum())
    n_compared = int(table["quantile"].notna().sum())
    share = round(100 * n_slow / n_compared)
    assert n_compared == 45
    assert f"45 open items; {n_slow} of them ({share}%) {STUCK}" in unescape(part)
    assert "Longest in their stage first (10)" in part


@pytest.mark.usefixtures("undrawn")
def test_stuck_items_are_those_at_the_end_whatever_the_period_of_the_page(tmp_path: Path) -> None:
    first = section(page_of(tmp_path, SHOP.log, SHOP.pipeline, period="2025-02", basis="created"), "stuck")
    assert "45 open items" in first
    before = page_of(tmp_path, SHOP.log, SHOP.pipeline, as_of="2025-06-01")
    n_open = len(sf.open_items(SHOP.log, SHOP.pipeline, as_of="2025-06-01"))
    assert n_open > 1
    assert f"{n_open} open items" in section(before, "stuck")


@pytest.mark.usefixtures("undrawn")
def test_limits_stand_in_the_time_in_stage_and_the_stuck_items_of_the_page(tmp_path: Path) -> None:
    rows = {"item": ["a", "a", "b"], "stage": ["New", "Won", "New"], "time": [0, 2, 0]}
    log = sf.StageLog(rows, observed_until=9)
    page = page_of(tmp_path, log, sf.Pipeline("New", won="Won"), limits={"New": 5})
    # b is there for 9, and a was for 2.
    assert re.search(r">over limit</th>.*?>50%</td>", section(page, "time"), re.DOTALL)
    assert "1 open item; the one with a limit is over it" in section(page, "stuck")
    of_pipeline = page_of(tmp_path, log, sf.Pipeline("New", won="Won", limits={"New": 5}))
    assert section(of_pipeline, "time") == section(page, "time")
    without = page_of(tmp_path, log, sf.Pipeline("New", won="Won"))
    assert "over limit" not in section(without, "time")


@pytest.mark.usefixtures("undrawn")
def test_a_page_without_an_open_item_has_no_stuck_ones(tmp_path: Path) -> None:
    rows = {"item": ["a", "a"], "stage": ["New", "Won"], "time": [0, 2]}
    assert not section(page_of(tmp_path, sf.StageLog(rows), sf.Pipeline("New", won="Won")), "stuck")


def test_a_name_without_capital_letters_keeps_its_first_one_in_a_sentence() -> None:
    found = _sentences({"usermeta": {"sentences": ["ნინო gets more", "anna gets more", "", "ß is one"]}})
    assert found == ["ნინო gets more", "Anna gets more", "", "Ss is one"]
