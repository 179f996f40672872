"""Periods on the command line: each command passes them to its function."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stagefunnel as sf
from helpers import DEALS_TOML
from stagefunnel.cli import main

DEALS = """\
deal,phase,at
1,New,2026-01-05
1,Offer,2026-03-20
1,Won,2026-04-10
2,New,2026-02-02
2,Lost,2026-02-05
"""
NUMBERS = "deal,phase,at\n1,New,5\n2,New,9\n"
COLUMNS = {"item": "deal", "stage": "phase", "time": "at"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"deals.csv": DEALS, "numbers.csv": NUMBERS, "pipeline.toml": DEALS_TOML}
    for name, text in files.items():
        Path(name).write_text(text)


def run(command: str, *arguments: str, file: str = "deals.csv") -> int:
    return main([command, file, "--pipeline", "pipeline.toml", *arguments])


def log(command: str = "") -> sf.StageLog:
    if command == "summary":  # its quality table also counts ragged rows of the file
        return sf.StageLog.from_csv("deals.csv", **COLUMNS)
    return sf.StageLog(pd.read_csv("deals.csv", dtype={"deal": str}), **COLUMNS)


def pipeline() -> sf.Pipeline:
    return sf.Settings.from_toml("pipeline.toml").pipeline


ANALYSES: dict[str, Any] = {
    "funnel": sf.funnel,
    "time-in-stage": sf.time_in_stage,
    "transitions": sf.transitions,
    "item-table": sf.item_table,
    "summary": sf.summary,
}


@pytest.mark.parametrize("command", ANALYSES)
@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--period", "2026-03"], {"period": "2026-03"}),
        (["--period", "2026-01..2026-02"], {"period": ("2026-01", "2026-02")}),
        (["--period", "2026-02..", "--basis", "created"], {"period": ("2026-02", None), "basis": "created"}),
        (["--period", "..2026-02", "--basis", "closed"], {"period": (None, "2026-02"), "basis": "closed"}),
        (["--as-of", "2026-03-21"], {"as_of": "2026-03-21"}),
    ],
)
def test_a_command_answers_as_its_question_does(
    command: str, arguments: list[str], options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, *arguments) == 0
    expected = sf.show(ANALYSES[command](log(command), pipeline(), **options))
    assert capsys.readouterr().out == repr(expected) + "\n"


def test_a_trend_is_written_with_its_periods() -> None:
    assert run("funnel-by-period", "--every", "quarter", "--kind", "conversions", "--out", "trend.csv") == 0
    written = pd.read_csv("trend.csv")
    assert written["period"].unique().tolist() == ["2026Q1", "2026Q2"]
    expected = sf.funnel_by_period(log(), pipeline(), every="quarter", kind="conversions")
    assert written["reached"].tolist() == expected["reached"].tolist()


def test_a_trend_survives_json_and_parquet() -> None:
    assert run("funnel-by-period", "--out", "trend.json") == 0
    assert json.loads(Path("trend.json").read_text())[0]["period"] == "2026-01"
    assert run("funnel-by-period", "--out", "trend.parquet") == 0
    expected = sf.funnel_by_period(log(), pipeline())
    found = pd.read_parquet("trend.parquet")
    assert_frame_equal(found[["period", "reached"]], expected[["period", "reached"]])


@pytest.mark.parametrize(
    ("arguments", "against"),
    [
        ([], "previous"),
        (["--against", "last_year"], "last_year"),
        (["--against", "2026-01..2026-02"], ("2026-01", "2026-02")),
    ],
)
def test_two_periods_are_compared(
    arguments: list[str], against: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare-periods", "--period", "2026-03", *arguments) == 0
    expected = sf.show(sf.compare_periods(log(), pipeline(), "2026-03", against=against))
    assert capsys.readouterr().out == repr(expected) + "\n"


def test_a_comparison_needs_its_period(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("compare-periods")
    assert caught.value.code == 2
    assert "compare-periods needs --period" in capsys.readouterr().err


def test_plain_integers_take_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--period", "5..9", "--basis", "created", "--format", "json"]
    assert run("item-table", *arguments, file="numbers.csv") == 0
    assert [item["item"] for item in json.loads(capsys.readouterr().out)] == ["1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--period", "March"], "--period March is not a period"),
        (["--period", "2026-03..2026-01"], "ends before it begins"),
        (["--as-of", "soon"], "--as-of soon is not a moment"),
    ],
)
def test_an_error_about_a_period_has_the_words_of_the_command(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run("funnel", *arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "toml", ["2026-05-01T00:00:00Z", '"2026-05-01T00:00:00Z"', '"2026-05-01 02:00+02:00"']
)
def test_an_end_of_observation_with_an_offset_fits_rows_that_have_a_zone(toml: str) -> None:
    Path("zoned.csv").write_text("item,stage,time\n1,New,2026-01-01T00:00:00Z\n1,Won,2026-01-05T00:00:00Z\n")
    stages = '[pipeline]\nstages = ["New"]\nwon = "Won"\n'
    Path("plain.toml").write_text(stages)
    Path("until.toml").write_text(f"observed_until = {toml}\n{stages}")
    words = ["funnel", "zoned.csv", "--within", "90d", "--format", "csv", "--out"]
    typed = f"--observed-until={toml.strip(chr(34))}"
    assert main([*words, "typed.csv", "--pipeline", "plain.toml", typed]) == 0
    assert main([*words, "file.csv", "--pipeline", "until.toml"]) == 0
    assert main([*words, "none.csv", "--pipeline", "plain.toml"]) == 0
    # On 1 May the item is older than 90 days, and counts; on its last row it is too recent.
    reached = {name: pd.read_csv(f"{name}.csv")["reached"].tolist() for name in ("typed", "file", "none")}
    assert reached == {"typed": [1, 1], "file": [1, 1], "none": [0, 0]}
