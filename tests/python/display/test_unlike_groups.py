"""Groups of losses, skips and sequences side by side are said to be unlike, on every face that shows them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL
from stagefunnel import plots
from stagefunnel.cli import main

# Of each group: how many are won, lost and open, and how many of the won skip Offer.
Sizes = tuple[int, int, int, int]
# Of 100 items 20 are open of Ann's, 80 of Bob's, who lost 10 and won 10.
TWO: dict[str, Sizes] = {"Ann": (40, 40, 20, 5), "Bob": (10, 10, 80, 5)}


def frame_of(groups: dict[str, Sizes]) -> pd.DataFrame:
    rows: list[Any] = []
    for who, (won, lost, still_open, skips) in groups.items():
        for stage, number in (("Won", won), ("Lost", lost), ("", still_open)):
            for at in range(number):
                item = f"{who} {stage} {at}"
                rows.append((item, "New", 0, who))
                if stage == "Won" and at >= skips:
                    rows.append((item, "Offer", 3, who))
                if stage:
                    rows.append((item, stage, 10, who))
    return pd.DataFrame(rows, columns=["item", "stage", "time", "who"])


def log_of(groups: dict[str, Sizes], *, of_log: bool = False) -> sf.StageLog:
    frame = frame_of(groups)
    if of_log:
        return sf.StageLog(frame, columns=["who"])
    return sf.StageLog(frame.drop(columns="who"), items=frame[["item", "who"]].drop_duplicates())


def notes_of(table: pd.DataFrame) -> list[str]:
    return [line for line in sf.show(table)._below if line.startswith(("Not alike", "Fewer", "Covered"))]


def subtitle_of(chart: Any) -> list[str]:
    lines: list[str] = chart.to_dict()["usermeta"]["sentences"]
    return lines


AGE = "Not alike in age: 80% of Bob is still open, 20% of Ann"


@pytest.mark.parametrize("of_log", [False, True], ids=["of the items", "of the log"])
@pytest.mark.parametrize(
    ("ask", "plot", "small"),
    [
        (sf.losses, plots.plot_losses, "Fewer than 30 lost items: Bob"),
        (sf.skips, plots.plot_skips, "Fewer than 30 items beyond any stage: Bob"),
    ],
    ids=["losses", "skips"],
)
def test_losses_and_skips_say_which_groups_are_younger_and_which_are_small(
    ask: Callable[..., pd.DataFrame], plot: Callable[[pd.DataFrame], Any], small: str, of_log: bool
) -> None:
    table = ask(log_of(TWO, of_log=of_log), SMALL, by="who")
    assert notes_of(table) == [AGE, small]
    assert subtitle_of(plot(table))[-2:] == [AGE, small]
    # Ann has 40 lost of 100 and 40 won, so that neither is said of two that are like her.
    same = ask(log_of({"Ann": TWO["Ann"], "Eve": TWO["Ann"]}, of_log=of_log), SMALL, by="who")
    assert notes_of(same) == []


@pytest.mark.parametrize("ask", [sf.losses, sf.skips])
@pytest.mark.parametrize(
    ("open_items", "unlike"),
    [(24, []), (25, ["Not alike in age: 25% of Bob is still open, 20% of Ann"])],
)
def test_five_points_of_open_items_are_unlike(
    ask: Callable[..., pd.DataFrame], open_items: int, unlike: list[str]
) -> None:
    groups: dict[str, Sizes] = {"Ann": (40, 40, 20, 0), "Bob": (60 - open_items, 40, open_items, 0)}
    assert notes_of(ask(log_of(groups), SMALL, by="who")) == unlike


@pytest.mark.parametrize("ask", [sf.losses, sf.skips])
def test_items_followed_for_the_same_time_are_alike_in_age(ask: Callable[..., pd.DataFrame]) -> None:
    rows = pd.concat([frame_of(TWO), pd.DataFrame([("end", "New", 100, "Ann")], columns=[*frame_of(TWO)])])
    log = sf.StageLog(rows, columns=["who"])
    assert [line for line in notes_of(ask(log, SMALL, by="who", within=20)) if "in age" in line] == []
    assert [line for line in notes_of(ask(log, SMALL, by="who")) if "in age" in line]


@pytest.mark.parametrize("ask", [sf.losses, sf.skips])
def test_the_age_of_groups_is_known_after_what_pandas_does_and_silent_without(
    ask: Callable[..., pd.DataFrame],
) -> None:
    table = ask(log_of({**TWO, "Cid": (50, 50, 0, 0)}), SMALL, by="who")
    assert notes_of(table)[0] == "Not alike in age: 80% of Bob is still open, 0% of Cid"
    assert notes_of(table[::-1])[0] == notes_of(table)[0]
    assert notes_of(table[table["who"] != "Cid"])[0] == AGE
    assert notes_of(table[table["who"] == "Bob"]) == []
    bare = table.copy()
    bare.attrs = {}
    assert notes_of(bare) == []
    bare.attrs = {"stagefunnel": {"table": table.attrs["stagefunnel"]["table"], "names": {}}}
    assert not [line for line in notes_of(bare) if "in age" in line]


def test_a_group_of_losses_that_lost_rows_has_no_base() -> None:
    rows = pd.concat(
        [frame_of(TWO), pd.DataFrame([("x", "Lost", 1, "Bob")], columns=["item", "stage", "time", "who"])]
    )
    table = sf.losses(sf.StageLog(rows, columns=["who"]), SMALL, by="who")
    assert "Fewer than 30 lost items: Bob" in notes_of(table)
    assert notes_of(table[table["from_stage"] == "New"]) == []


def test_a_breakdown_by_a_column_without_a_value_has_nothing_to_compare() -> None:
    frame = frame_of(TWO).assign(who=None)
    log = sf.StageLog(frame, columns=["who"])
    for table in (sf.losses(log, SMALL, by="who"), sf.skips(log, SMALL, by="who")):
        assert notes_of(table) == []


def test_read_at_the_stages_a_funnel_has_no_ages() -> None:
    # Of the 200 items of the report 20 are open at Ann, 80 at Bob: these are no shares of their items.
    table = sf.funnel(log_of(TWO, of_log=True), SMALL, by="who", at="stage")
    assert notes_of(table) == []
    assert notes_of(sf.funnel(log_of(TWO, of_log=True), SMALL, by="who")) == [AGE]


def test_the_panels_of_a_funnel_say_it_too() -> None:
    table = sf.funnel(log_of(TWO), SMALL, by="who", kind="both")
    assert AGE in subtitle_of(plots.plot_funnel(table))
    assert notes_of(table)[0] == AGE


def clicks(late: int, small: int = 0) -> sf.StageLog:
    """Return 100 visits each of two devices, of which some of the tablet's are shortly before the end."""
    rows: list[Any] = [("end", "other", 100, "desktop")]
    for device, number, at_end in (("desktop", 100, 0), ("tablet", 100, late), ("tv", small, 0)):
        for at in range(number):
            time = 95 if at < at_end else 0
            rows.append((f"{device} {at}", "visit", time, device))
            if at >= 50:
                rows.append((f"{device} {at}", "order", time + 1, device))
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time", "who"]), columns=["who"])


def test_sequences_say_which_groups_are_still_inside_their_window() -> None:
    # Of the tablet's 100 visits 40 are at 95 without an order, and 95 + 10 is not before 100.
    table = sf.sequence_funnel(clicks(40, small=20), ["visit", "order"], by="who", window=10)
    expected = [
        "Not alike in age: 40% of tablet is still inside the window, 0% of desktop",
        "Fewer than 30 items that did step 1: tv",
    ]
    assert notes_of(table) == expected
    assert subtitle_of(plots.plot_sequence(table))[-2:] == expected
    assert notes_of(sf.sequence_funnel(clicks(4), ["visit", "order"], by="who", window=10)) == []
    five = sf.sequence_funnel(clicks(5), ["visit", "order"], by="who", window=10)
    assert notes_of(five) == ["Not alike in age: 5% of tablet is still inside the window, 0% of desktop"]
    # Without a window nothing is immature.
    assert notes_of(sf.sequence_funnel(clicks(40), ["visit", "order"], by="who")) == []
    entries = sf.sequence_funnel(clicks(0, 20), ["visit", "order"], by="who", window=10, entries="all")
    assert notes_of(entries) == ["Fewer than 30 entries that did step 1: tv"]


@pytest.mark.usefixtures("undrawn")
def test_the_page_says_it_under_its_heading(tmp_path: Path) -> None:
    page = sf.report(log_of(TWO), SMALL, tmp_path / "page.html", by="who").read_text(encoding="utf-8")
    section = page[page.index('<section id="skips"') :]
    section = section[: section.index("</section>")]
    assert f'<p class="finding more">{AGE}</p>' in section
    assert '<p class="finding more">Fewer than 30 items beyond any stage: Bob</p>' in section


@pytest.mark.parametrize("command", ["losses", "skips"])
def test_the_command_says_it(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frame_of(TWO).to_csv("log.csv", index=False)
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n')
    assert main([command, "log.csv", "--pipeline", "pipeline.toml", "--by", "who"]) == 0
    assert AGE in capsys.readouterr().out
