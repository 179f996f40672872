"""A trend as a matrix, worked out by hand."""

from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.cli import main

# Item 1 is New in January and Won in February, items 2 and 3 are New in February, 3 is Lost in March.
ROWS = """item,stage,time,who
1,New,2026-01-05,Al
1,Won,2026-02-10,Al
2,New,2026-02-02,Bo
3,New,2026-02-20,Al
3,Lost,2026-03-20,Al
"""
TOML = '[pipeline]\nstages = ["New"]\nwon = "Won"\nlost = "Lost"\n'
PIPELINE = sf.Pipeline("New", won="Won", lost="Lost")
HEADINGS = ["stage", "2026-01*", "2026-02", "2026-03*"]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sf.StageLog:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text(ROWS)
    Path("p.toml").write_text(TOML)
    frame = pd.read_csv("log.csv", parse_dates=["time"])
    return sf.StageLog(frame, columns="who", observed_until="2026-03-25")


def test_stages_go_down_and_periods_across(log: sf.StageLog) -> None:
    trend = sf.funnel_by_period(log, PIPELINE, basis="created")
    shown = sf.show(trend, matrix="reached")
    # By month of creation: item 1 in January, items 2 and 3 in February, none in March.
    assert shown.grid.headings == HEADINGS
    assert shown.grid.rows == [["New", "1", "2", "0"], ["Won", "1", "0", "0"], ["Lost", "0", "1", "0"]]
    assert repr(shown).splitlines()[0] == "Funnel: classic, reached by period"
    # January begins before the first row, March ends after the end of observation.
    assert "* Covered only in part: 2026-01, 2026-03" in repr(shown)


def test_shares_are_percents_and_a_period_without_items_has_none(log: sf.StageLog) -> None:
    trend = sf.funnel_by_period(log, PIPELINE, basis="created")
    rows = sf.show(trend, matrix="conversion_from_all").grid.rows
    assert rows == [
        ["New", "100%", "100%", "–"],
        ["Won", "100%", "0%", "–"],
        ["Lost", "0%", "50%", "–"],
    ]


def test_a_flow_of_periods_is_a_matrix_too(log: sf.StageLog) -> None:
    flow = sf.flow(log, PIPELINE, every="month")
    shown = sf.show(flow, matrix="entered")
    assert shown.grid.rows == [["New", "1", "2", "0"], ["Won", "0", "1", "0"], ["Lost", "0", "0", "1"]]
    assert repr(shown).splitlines()[0] == "Flow: entered by period"
    by_group = sf.show(sf.flow(log, PIPELINE, every="month", by="who"), matrix="at_end").grid.rows
    # Item 1 of Al is open at the end of January, item 3 at that of February; item 2 of Bo stays open.
    assert [row for row in by_group if row[1] == "New"] == [
        ["Al", "New", "1", "1", "0"],
        ["Bo", "New", "–", "1", "1"],
    ]
    whole = sf.flow(log, PIPELINE, period="2026-02")
    with pytest.raises(sf.SchemaError, match="flow with every= give it"):
        sf.show(whole, matrix="entered")


def test_groups_and_kinds_are_rows_of_their_own(log: sf.StageLog) -> None:
    trend = sf.funnel_by_period(log, PIPELINE, basis="created", by="who")
    rows = sf.show(trend, matrix="reached").grid.rows
    # Bo has no item in January: that period has no such group. March has no group at all.
    assert rows[:2] == [["Al", "New", "1", "1"], ["Al", "Won", "1", "0"]]
    assert rows[3] == ["Bo", "New", "–", "1"]
    both = sf.show(sf.funnel_by_period(log, PIPELINE, basis="created", kind="both"), matrix="reached")
    assert [row[:2] for row in both.grid.rows] == [
        [kind, stage] for kind in ("classic", "conversions") for stage in ("New", "Won", "Lost")
    ]
    assert repr(both).startswith("Funnel: classic and with conversions, reached by period")


def test_a_period_without_any_group_has_its_column(log: sf.StageLog) -> None:
    rows = {
        "item": [1, 2],
        "stage": ["New", "New"],
        "time": ["2026-01-05", "2026-03-05"],
        "who": ["Al", "Al"],
    }
    trend = sf.funnel_by_period(sf.StageLog(rows, columns="who"), PIPELINE, basis="created", by="who")
    shown = sf.show(trend, matrix="reached").grid
    assert [heading.rstrip("*") for heading in shown.headings[2:]] == ["2026-01", "2026-02", "2026-03"]
    assert shown.rows[0] == ["Al", "New", "1", "–", "1"]


def test_however_the_rows_were_sorted_the_matrix_is_the_same(log: sf.StageLog) -> None:
    trend = sf.funnel_by_period(log, PIPELINE, basis="created")
    turned = trend.iloc[::-1].reset_index(drop=True)
    assert sf.show(turned, matrix="reached").grid.rows == sf.show(trend, matrix="reached").grid.rows


def test_a_trend_of_a_sequence_has_one_row_or_one_for_each_group(log: sf.StageLog) -> None:
    trend = sf.sequence_trend(log, ["New", "Won"], window="40d")
    shown = sf.show(trend, matrix="entered")
    # The trend ends with the last month in which an item entered; the windows of February are not over.
    assert shown.grid.headings == ["2026-01*", "2026-02*"]
    assert shown.grid.rows == [["1", "2"]]
    assert "* Covered only in part: 2026-01" in repr(shown)
    assert "* With windows that are not over: 2026-02" in repr(shown)
    of_groups = sf.show(sf.sequence_trend(log, ["New", "Won"], window="40d", by="who"), matrix="converted")
    assert of_groups.grid.rows == [["Al", "1", "0"], ["Bo", "–", "0"]]


def test_the_oldest_periods_are_left_out_first(log: sf.StageLog, monkeypatch: pytest.MonkeyPatch) -> None:
    trend = sf.funnel_by_period(log, PIPELINE, basis="created")
    # 5 + 8 + 7 + 8 and three gaps of 3 are 37.
    monkeypatch.setenv("COLUMNS", "36")
    text = repr(sf.show(trend, matrix="reached"))
    assert "1 column is left out for width:\n2026-01*;" in text
    assert "2026-03*" in text


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            "reachd",
            "matrix='reachd' is not a column of numbers; there are 'reached', .*; did you mean 'reached'",
        ),
        ("stage", "matrix='stage' is not a column of numbers"),
    ],
)
def test_a_column_that_is_no_number_is_refused(log: sf.StageLog, column: str, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.show(sf.funnel_by_period(log, PIPELINE), matrix=column)


def test_a_table_without_periods_is_refused(log: sf.StageLog) -> None:
    for table in (sf.funnel(log, PIPELINE), sf.losses(log, PIPELINE), sf.summary(log, PIPELINE)):
        with pytest.raises(sf.SchemaError, match=r"matrix='reached' needs .* with periods"):
            sf.show(table, matrix="reached")  # type: ignore[call-overload]  # any table


def test_the_command_shows_and_writes_it(log: sf.StageLog, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "funnel-by-period",
        "log.csv",
        "--pipeline",
        "p.toml",
        "--basis",
        "created",
        "--matrix",
        "reached",
    ]
    assert main([*words, "--observed-until", "2026-03-25"]) == 0
    expected = sf.show(sf.funnel_by_period(log, PIPELINE, basis="created"), matrix="reached")
    assert capsys.readouterr().out == f"{expected!r}\n"
    assert main([*words, "--out", "made/matrix.md"]) == 0
    assert "|stage | 2026-01*".replace("*", "\\*") in Path("made/matrix.md").read_text(encoding="utf-8")
    assert main([*words[:-1], "reachd"]) == 1
    assert "--matrix reachd is not a column of numbers" in capsys.readouterr().err
