"""The command shows a balance of several periods with the periods across."""

from pathlib import Path

import pytest

from stagefunnel.cli import main

ROWS = """item,stage,time
a,New,2026-01-05
a,Offer,2026-01-20
b,New,2026-01-06
b,Won,2026-02-03
c,New,2026-02-10
"""
PIPELINE = '[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n'


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "deals.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "pipeline.toml").write_text(PIPELINE, encoding="utf-8")
    return [str(tmp_path / "deals.csv"), "--pipeline", str(tmp_path / "pipeline.toml"), "--missing", "ignore"]


def test_flow_has_a_matrix(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flow", *files, "--every", "month", "--matrix", "entered"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["New", "2", "1"] in lines
    assert ["Offer", "1", "0"] in lines
    assert ["Won", "0", "1"] in lines


def test_a_matrix_of_one_period_is_refused(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flow", *files, "--matrix", "entered"]) == 1
    assert "--matrix entered needs a table with periods" in capsys.readouterr().err
