"""The command that answers all at once: what it prints, and the files it writes."""

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
1,New,2026-01-01
1,Offer,2026-01-03
1,Won,2026-01-04
2,New,2026-01-02
2,Lost,2026-01-05
3,Offer,2026-01-04
"""
ITEMS = "deal,manager\n1,Ada\n2,\n3,Bo\n"
TABLES = ["funnel", "outcomes", "time_in_stage", "transitions", "quality"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"deals.csv": DEALS, "items.csv": ITEMS, "pipeline.toml": DEALS_TOML}.items():
        Path(name).write_text(text)


def run(*arguments: str) -> int:
    return main(["summary", "deals.csv", "--pipeline", "pipeline.toml", *arguments])


def expected(**options: Any) -> sf.Summary:
    frame, items = (pd.read_csv(name, dtype={"deal": str}) for name in ("deals.csv", "items.csv"))
    columns: dict[str, Any] = {"item": "deal", "stage": "phase", "time": "at"}
    # Without a breakdown the command does not read the items, so the quality table does not count them.
    columns["items"] = items if "by" in options else None
    logs = sf.StageLog(frame, **columns), sf.StageLog.from_csv("deals.csv", **columns)
    of_frame, of_file = (
        sf.summary(log, sf.Settings.from_toml("pipeline.toml").pipeline, **options) for log in logs
    )
    # All but the quality table, which for a file also counts ragged rows.
    for name in ("funnel", "outcomes", "time_in_stage", "transitions"):
        assert_frame_equal(of_file.tables[name], of_frame.tables[name])
    return of_file


def test_all_tables_are_printed_as_show_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr() == (repr(sf.show(expected())) + "\n", "")


def test_options_are_those_of_the_questions(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--fill", "moves", "--lost-then-won", "exclude_reopened", "--per", "item"]
    assert run(*options, "--items", "items.csv", "--by", "manager") == 0
    table = expected(fill="moves", lost_then_won="exclude_reopened", per="item", by="manager")
    assert capsys.readouterr().out == repr(sf.show(table)) + "\n"


def test_json_is_one_object_with_the_records_of_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--format", "json") == 0
    answers = json.loads(capsys.readouterr().out)
    assert list(answers) == TABLES
    # One of three is won; two days in New for the first item, three for the second.
    assert answers["outcomes"][0]["won"] == 1
    assert answers["time_in_stage"][0]["mean_seconds"] == 2.5 * 86_400
    assert len(answers["transitions"]) == 3


def test_markdown_goes_to_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--out", "all.md") == 0
    assert Path("all.md").read_text(encoding="utf-8") == sf.show(expected()).to_markdown()
    assert capsys.readouterr() == ("", "")


def test_a_directory_gets_a_csv_file_for_each_table() -> None:
    assert run("--out", "tables", "--format", "csv") == 0
    assert sorted(path.name for path in Path("tables").iterdir()) == sorted(f"{name}.csv" for name in TABLES)
    funnel = expected().funnel
    assert Path("tables/funnel.csv").read_text(encoding="utf-8") == funnel.to_csv(index=False)


def test_a_directory_gets_a_parquet_file_for_each_table() -> None:
    Path("tables").mkdir()
    assert run("--out", "tables", "--format", "parquet") == 0
    for name, table in expected().tables.items():
        written = pd.read_parquet(f"tables/{name}.parquet")
        assert_frame_equal(written, table, check_dtype=False, check_categorical=False)


@pytest.mark.parametrize(
    ("options", "end"),
    [
        (["--format", "csv"], ""),
        (["--out", "all.csv"], "; all.csv is no name of a directory"),
        (["--out", "deals", "--format", "csv"], "; deals is no name of a directory"),
    ],
)
def test_several_tables_do_not_fit_one_csv_file(
    capsys: pytest.CaptureFixture[str], options: list[str], end: str
) -> None:
    Path("deals").write_text("a file")
    assert run(*options) == 1
    message = "a summary is several tables, csv holds one: name a directory with --out, and each gets a file"
    assert capsys.readouterr() == ("", f"stagefunnel: error: {message} there{end}\n")


def test_unlisted_stages_are_refused_or_left_out_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("deals.csv").write_text(DEALS.replace("3,Offer", "3,Odd"))
    assert run() == 1
    assert "deals.csv, line 7: unknown stage 'Odd'" in capsys.readouterr().err
    assert run("--unlisted", "ignore") == 0
    assert "2 items now: 1 won, 1 lost, 0 open" in capsys.readouterr().out


def test_a_breakdown_needs_a_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--by", "manager") == 1
    assert "no column 'manager': deals.csv has: " in capsys.readouterr().err
