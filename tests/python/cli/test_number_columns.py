"""Further columns of lists of items are numbers in files that tell numbers from text."""

import json
import sqlite3
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from helpers import DEALS_TOML
from stagefunnel.cli import main

# `code` has zeros before numbers, `long` more digits than a double holds, `mixed` a word, `none` nothing.
DEALS = """\
deal,phase,at,paid,pieces,code,long,mixed,none
1,New,2026-01-05,10.10,3,007,1234567890123456789,5,
2,New,2026-02-02,5,,7,1,x,
3,Won,2026-02-07,,2,8,2,6,
"""
COLUMNS = "paid,pieces,code,long,mixed,none"
TYPES = {"paid": "f", "pieces": "i", "code": "O", "long": "O", "mixed": "O", "none": "O"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deals.csv").write_text(DEALS)
    Path("pipeline.toml").write_text(DEALS_TOML)


def ask(command: str, *options: str) -> None:
    assert main([command, "deals.csv", "--pipeline", "pipeline.toml", "--columns", COLUMNS, *options]) == 0


@pytest.mark.parametrize("command", ["item-table", "visits", "open-items"])
def test_amounts_of_a_parquet_file_add_up(command: str) -> None:
    ask(command, "--out", "list.parquet")
    table = pd.read_parquet("list.parquet")
    assert table["paid"].sum() == pytest.approx(15.1)
    of_item = table.set_index(table["item"].astype(str))
    assert of_item.loc["1", ["pieces", "code", "long"]].tolist() == [3, "007", "1234567890123456789"]
    assert pd.isna(of_item.loc["2", "pieces"])
    assert table["pieces"].dtype == "Int64"
    assert {name: getattr(table[name].dtype, "kind", "O") for name in TYPES} == TYPES


def test_json_has_numbers() -> None:
    ask("item-table", "--out", "list.json")
    first = json.loads(Path("list.json").read_text())[0]
    assert (first["paid"], first["pieces"], first["code"], first["mixed"]) == (10.1, 3, "007", "5")


def test_a_workbook_has_numbers() -> None:
    ask("item-table", "--out", "list.xlsx")
    sheet = openpyxl.load_workbook("list.xlsx").worksheets[0]
    names, first, *_ = sheet.iter_rows(values_only=True)
    row = dict(zip(names, first, strict=True))
    assert (row["paid"], row["pieces"], row["long"]) == (10.1, 3, "1234567890123456789")


def test_a_database_has_numbers() -> None:
    ask("item-table", "--out", "sqlite:///answers.db", "--into", "list")
    types = "SELECT typeof(paid), typeof(pieces), typeof(code) FROM list WHERE item = '1'"
    assert sqlite3.connect("answers.db").execute(types).fetchone() == ("real", "integer", "text")


def test_text_formats_keep_the_digits(capsys: pytest.CaptureFixture[str]) -> None:
    ask("item-table", "--format", "csv")
    assert ",10.10,3,007,1234567890123456789,5," in capsys.readouterr().out


def test_nothing_is_said_of_stages_where_no_item_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["funnel", "deals.csv", "--pipeline", "pipeline.toml", "--where"]
    assert main([*asked, "code=9"]) == 0
    said = capsys.readouterr().out
    assert "no item of 3" in said
    assert "Stages without rows" not in said
    assert main([*asked, "code=8"]) == 0
    assert "Stages without rows" in capsys.readouterr().out
