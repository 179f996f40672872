"""What a page says of the last one, and that a page which fails leaves the last one as it was."""

import html
import itertools
import json
import os
import re
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.display.write import write_file
from stagefunnel.reports.since_last import Saved, Words, numbers_file, rules_of, since_last

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
# Of a and b one is won after four days, c is open; a week later c is lost, d is won after two days, e is new.
FIRST = [
    *(("a", "New", "2026-03-02"), ("a", "Won", "2026-03-06"), ("b", "New", "2026-03-03")),
    *(("b", "Lost", "2026-03-05"), ("c", "New", "2026-03-06")),
]
LATER = [
    *FIRST,
    *(("c", "Lost", "2026-03-12"), ("d", "New", "2026-03-09"), ("d", "Won", "2026-03-11")),
    ("e", "New", "2026-03-13"),
]

pytestmark = pytest.mark.usefixtures("undrawn")


def log_of(rows: list[tuple[str, str, str]], **options: Any) -> sf.StageLog:
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"]).assign(team="x")
    return sf.StageLog(frame, columns=["team"], **options)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make a page on a day, and return what it says of the last one."""

    def page(rows: list[tuple[str, str, str]], day: str, **options: Any) -> str:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(pd.Timestamp(day).timestamp())))
        options = {"pipeline": PIPELINE, "sections": "quality", **options}
        path = sf.report(
            log_of(rows), options.pop("pipeline"), tmp_path / "page.html", since_last=True, **options
        )
        said = re.findall('<p class="about since">(.*?)</p>', path.read_text(encoding="utf-8"))
        return html.unescape("".join(said)).replace("\u2060", "").replace("\u00a0", " ")

    return page


def test_a_page_says_what_changed_since_the_last_one(made: Callable[..., str], tmp_path: Path) -> None:
    assert made(FIRST, "2026-03-09") == ""
    saved = json.loads((tmp_path / "page.numbers.json").read_text())
    assert (saved["version"], saved["pages"][0]["made_on"]) == (1, "2026-03-09")
    assert saved["pages"][0]["numbers"] == {
        "created": 3,
        "won": 1,
        "lost": 1,
        "open": 1,
        "win_rate": 0.5,
        "median": 4 * 86_400,
    }
    # Won a and d: half of what is closed still, after four and two days.
    assert made(LATER, "2026-03-16") == (
        "Since the page of 2026-03-09: +2 items, +1 won, +1 lost, median time to win 3 d after 4 d."
    )
    assert len(json.loads((tmp_path / "page.numbers.json").read_text())["pages"]) == 2


def test_a_page_made_again_is_compared_with_the_one_before(made: Callable[..., str]) -> None:
    made(FIRST, "2026-03-09")
    once = made(LATER, "2026-03-16")
    assert made(LATER, "2026-03-16") == once
    assert made(LATER, "2026-03-16") == once
    # On another day it is another page, whose export is the old one.
    assert made(LATER, "2026-03-23") == (
        "Since the page of 2026-03-16: none of these numbers has changed; its rows ended on 2026-03-13 too."
    )


def test_a_page_of_no_item_says_when_its_rows_ended(made: Callable[..., str]) -> None:
    made(LATER, "2026-03-16", where={"team": "y"})
    assert made(LATER, "2026-03-23", where={"team": "y"}) == (
        "Since the page of 2026-03-16: none of these numbers has changed; its rows ended on 2026-03-13 too."
    )


def test_an_older_export_is_said(made: Callable[..., str]) -> None:
    made(LATER, "2026-03-16")
    assert made(FIRST, "2026-03-23") == (
        "Since the page of 2026-03-16: -2 items, -1 won, -1 lost, median time to win 4 d after 3 d; "
        "these rows end on 2026-03-06, before its own, on 2026-03-13."
    )


def test_new_rows_on_the_same_day_are_compared_with_the_last_page(made: Callable[..., str]) -> None:
    made(FIRST, "2026-03-16")
    assert made(LATER, "2026-03-16").startswith("Since the page of 2026-03-16: +2 items")


@pytest.mark.parametrize(
    ("options", "differs"),
    [
        ({"pipeline": sf.Pipeline(["New"], won="Won", lost=["Lost", "Offer"])}, "the pipeline"),
        (
            {"pipeline": sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", optional="Offer")},
            "the pipeline",
        ),
        ({"where": {"team": "x"}}, "the conditions"),
        ({"period": "2026-03"}, "the period"),
        ({"basis": "closed", "period": "2026-03"}, "the period"),
        ({"unlisted": "ignore"}, "how stages are read"),
        ({"calendar": sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})}, "the working hours"),
        (
            {"unlisted": "ignore", "where": {"team": "x"}},
            "the conditions and how stages are read",
        ),
    ],
)  # fmt: skip
def test_pages_of_other_options_are_not_compared(
    made: Callable[..., str], options: dict[str, Any], differs: str
) -> None:
    made(FIRST, "2026-03-09")
    said = made(LATER, "2026-03-16", **options)
    assert said == f"Not compared with the page of 2026-03-09: {differs} differed then."


def test_options_that_no_tile_depends_on_may_differ(made: Callable[..., str]) -> None:
    made(FIRST, "2026-03-09")
    others = {
        "title": "Other",
        "pipeline": sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", names={"New": "Fresh"}),
        "limits": {"New": "3d"},
        "as_of": "2026-04-01",
        "items": False,
    }
    assert made(LATER, "2026-03-16", **others).startswith("Since the page of 2026-03-09: +2 items")


FOREIGN = "does not hold the numbers of a page; it is left as it is"


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ('{"pages": 1', "is not valid JSON; it is written anew"),
        ("", "is not valid JSON; it is written anew"),
        (b"\xff\xfe", "is not valid JSON; it is written anew"),
        ("[" * 50_000, "is not valid JSON; it is written anew"),
        ('{"my": "notes"}', FOREIGN),
        ("[1, 2]", FOREIGN),
        ('"' + "x" * 200_000 + '"', FOREIGN),
        ({"version": 2}, "is of version 2, and this stagefunnel reads version 1; it is written anew"),
        ({"pages": [{}]}, "is damaged; it is written anew"),
        ({"pages": None}, "is damaged; it is written anew"),
        ({"made_on": "<script>"}, "is damaged; it is written anew"),
        ({"numbers": {"created": "three"}}, "is damaged; it is written anew"),
        ({"numbers": [1]}, "is damaged; it is written anew"),
        ({"ends": [1]}, "is damaged; it is written anew"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_and_not_fatal(
    made: Callable[..., str], content: Any, trouble: str, tmp_path: Path
) -> None:
    path = tmp_path / "page.numbers.json"
    made(FIRST, "2026-03-09")
    if isinstance(content, dict):
        saved = json.loads(path.read_text())
        target = saved if content.keys() & saved.keys() else saved["pages"][0]
        target.update(content)
        content = json.dumps(saved)
    raw = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(raw)
    with pytest.warns(sf.StageFunnelWarning, match=re.escape(f"page.numbers.json {trouble}")):
        assert made(LATER, "2026-03-16") == f"Not compared with the last page: page.numbers.json {trouble}."
    if "left" in trouble:
        assert path.read_bytes() == raw
    else:
        assert made(LATER, "2026-03-17").startswith("Since the page of 2026-03-16")


def test_numbers_that_cannot_be_saved_are_said(made: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "page.numbers.json").mkdir()
    with pytest.warns(sf.StageFunnelWarning, match="page.numbers.json cannot be read .*left as it is"):
        made(FIRST, "2026-03-09")


def test_the_command_says_so_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("item,stage,time\n" + "\n".join(map(",".join, FIRST)))
    (tmp_path / "p.toml").write_text('[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n')
    (tmp_path / "page.numbers.json").write_text("{")
    words = [str(tmp_path / "log.csv"), "--pipeline", str(tmp_path / "p.toml"), "--since-last"]
    assert main(["report", *words, "--out", str(tmp_path / "page.html"), "--sections", "quality"]) == 0
    trouble = "page.numbers.json is not valid JSON; it is written anew"
    assert capsys.readouterr().err == f"stagefunnel: warning: {trouble}\n"


def test_a_page_without_the_option_saves_nothing(tmp_path: Path) -> None:
    sf.report(log_of(FIRST), PIPELINE, tmp_path / "page.html", sections="quality")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_fingerprints_have_no_value_of_a_condition_and_know_no_order() -> None:
    options = dict.fromkeys(("period", "basis", "unlisted", "missing", "amount", "currency", "rates"))
    one = rules_of(PIPELINE, [{"who": "Ann"}, {"n": ">5"}], None, options, "us")
    assert one == rules_of(PIPELINE, {"n": ">5", "who": "Ann"}, None, options, "us")
    assert one["where"] != rules_of(PIPELINE, {"n": ">5", "who": "Bob"}, None, options, "us")["where"]
    assert "Ann" not in str(one)
    rates = [
        rules_of(PIPELINE, None, None, options | {"rates": one}, "us")
        for one in ({"A": 1, "B": 2}, {"B": 2, "A": 1})
    ]
    assert rates[0] == rates[1]


def test_one_item_is_not_items() -> None:
    words = Words("items", has_dates=False)
    assert [words.change("created", n, 5) for n in (4, 5, 6, 7)] == ["-1 item", "", "+1 item", "+2 items"]


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ({}, {"created": -3}, "-3 created"),
        ({}, {"amount_won": 1234.5}, "+1,234.50 won in money"),
        ({}, {"win_rate": 0.48}, "first win rate 48%"),
        ({"win_rate": 0.481}, {"win_rate": 0.484}, "none of these numbers has changed"),
        ({"win_rate": 0.47}, {"win_rate": 0.48}, "win rate 48% after 47%"),
        ({"win_rate": 0.47}, {}, "no win rate any more, 47% then"),
        ({"median": 5}, {"median": 6}, "median time to win 6 after 5"),
    ],
)
def test_how_a_change_is_written(
    was: dict[str, float | None], now: dict[str, float | None], said: str, tmp_path: Path
) -> None:
    rules = dict.fromkeys(("pipeline", "where", "period", "stages", "money", "calendar", "times"), "x")
    empty: dict[str, float | None] = {
        "created": 0,
        "won": 0,
        "amount_won": 0,
        "lost": 0,
        "open": 0,
        "win_rate": None,
        "median": None,
    }
    page = str(tmp_path / "page.html")
    words = Words("created", has_dates=False)
    assert not since_last(page, Saved("2026-03-09", "5", 5, rules, empty | was), words).save()
    found = since_last(page, Saved("2026-03-16", "9", 9, rules, empty | now), words)
    assert found.sentence == f"Since the page of 2026-03-09: {said}."


def test_a_page_that_fails_leaves_the_last_one_and_its_numbers(
    made: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(FIRST, "2026-03-09")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    places = ("build.rendered", "build.about", "content.summary", "sections.quality")
    errors = (OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError())
    every = [*(f"stagefunnel.reports.{place}" for place in places), "os.replace", "os.replace"]
    for place, error in zip(every, itertools.cycle(errors)):
        with monkeypatch.context() as patched:
            patched.setattr(place, raises(error))
            with pytest.raises((OSError, sf.StageFunnelError, KeyboardInterrupt, MemoryError)):
                made(LATER, "2026-03-16")
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def raises(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


def test_a_job_that_is_killed_while_it_writes_leaves_the_last_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    page.write_text("the last page")
    monkeypatch.setattr("os.replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads; the child only writes a file
        child = os.fork()
    if not child:
        write_file("a new page", "html", str(page))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert page.read_text() == "the last page"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "path='' names no file"),
        (".", "is a directory; name a file in it, such as report.html"),
        ("page.txt/x.html", "page.txt is not a directory"),
        ("page.txt/deep/x.html", "page.txt is not a directory"),
        ("locked/deep/x.html", "nothing can be written in .*locked; check who may"),
    ],
)
def test_a_path_that_cannot_be_written_fails_before_any_work(
    path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.txt").write_text("")
    (tmp_path / "locked").mkdir()
    monkeypatch.chdir(tmp_path)
    allowed = os.access
    monkeypatch.setattr("os.access", lambda one, mode: "locked" not in str(one) and allowed(one, mode))
    monkeypatch.setattr("stagefunnel.reports.build.asked_of", raises(AssertionError("it works first")))
    with pytest.raises(sf.StageFunnelError, match=message):
        sf.report(log_of(FIRST), PIPELINE, path)


def test_the_numbers_stand_beside_the_page() -> None:
    assert numbers_file("a.b/page") == "a.b/page.numbers.json"
    assert numbers_file("page.v2.html") == "page.v2.numbers.json"
