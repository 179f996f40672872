"""The command of scheduled jobs: exit codes, what it prints, and its options."""

import json
from pathlib import Path

import pytest

from stagefunnel.cli import main

ROWS = "item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-05\n2,New,2026-01-02\n2,Odd,2026-01-06\n"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deals.csv").write_text(ROWS)
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\nlost = "Lost"\n')


def run(*options: str) -> int:
    return main(["check", "deals.csv", "--pipeline", "pipeline.toml", *options])


def test_nothing_failed_is_0_and_silent_on_the_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--fail-if", "rows < 1", "--fail-if", "unlisted_rows > 1") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[-1] == "None of 2 conditions failed."


def test_what_failed_is_3_and_on_the_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        *("--fail-if", "unlisted_rows > 0", "--fail-if", "win_rate < 10%", "--fail-if", "rows < 1"),
        *("--fail-if", "hours_since_last_row > 36", "--now", "2026-01-08"),
    )
    printed = capsys.readouterr()
    assert code == 3
    assert printed.err.splitlines() == [
        "stagefunnel: failed: unlisted_rows > 0 (it is 1)",
        "stagefunnel: failed: hours_since_last_row > 36 (it is 48)",
    ]
    assert printed.out.splitlines()[-1] == "2 of 4 conditions failed."


@pytest.mark.parametrize("form", [["--json"], ["--format", "json"]])
def test_json_has_the_table(form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        "--fail-if",
        "win_rate < 10%",
        "--unlisted",
        "ignore",
        "--period",
        "2026-02",
        "--basis",
        "created",
        *form,
    )
    printed = capsys.readouterr()
    assert code == 3
    assert json.loads(printed.out) == [
        {
            "condition": "win_rate < 10%",
            "value": None,
            "limit": 0.1,
            "failed": True,
            "note": "not known: no item was closed",
        }
    ]
    assert "not known: no item was closed" in printed.err


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_moment_among_numbers_is_written(form: str, tmp_path: Path) -> None:
    file = tmp_path / f"check.{form}"
    assert run("--fail-if", "last_row < 2026-01-07", "--fail-if", "rows < 1", "--out", str(file)) == 3
    assert file.stat().st_size > 0


def test_as_of_is_the_moment_of_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--fail-if", "hours_since_last_row > 12", "--as-of", "2026-01-06", "--json") == 3
    assert json.loads(capsys.readouterr().out)[0]["value"] == 24


def test_unlisted_of_the_file_is_heeded() -> None:
    assert run("--fail-if", "won < 1") == 1
    file = Path("pipeline.toml")
    file.write_text(f'{file.read_text()}unlisted = "ignore"\n')
    assert run("--fail-if", "won < 1") == 0
    assert run("--fail-if", "won < 1", "--unlisted", "error") == 1


def test_an_unknown_name_is_an_error_in_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--fail-if", "win_rte < 10%") == 1
    assert "did you mean 'win_rate'" in capsys.readouterr().err


def test_a_check_needs_a_condition(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 2
    assert "--fail-if" in capsys.readouterr().err
