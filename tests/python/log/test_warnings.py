"""What makes numbers mean something else: items of one row each, and dates that were read as numbers."""

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, journeys_log
from stagefunnel.cli import main
from stagefunnel.log.number_dates import read_as_dates

TOML = '[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n'


def count(quality: pd.DataFrame, check: str) -> int:
    return int(quality.set_index("check").loc[check, "count"])


def of_times(times: list[Any]) -> sf.StageLog:
    """Read one item, and be silent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sf.StageFunnelWarning)
        return sf.StageLog({"item": [1] * len(times), "stage": ["New"] * len(times), "time": times})


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["New", "Won"], 2),
        (["New", "New", "New"], 3),
        (["New > Won", "New"], 0),
        (["New"], 0),
        (["New > New", "New"], 0),
    ],
)
def test_items_of_one_row_each_are_counted_where_all_are_such(paths: list[str], expected: int) -> None:
    quality = journeys_log(*paths).quality()
    assert count(quality, "one_row_items") == expected
    assert quality.set_index("check").loc["one_row_items", "level"] == "warning"


def test_parts_of_one_row_each_make_a_log_of_such_and_one_item_alone_does_not() -> None:
    one, two = (sf.StageLog({"item": [item], "stage": ["New"], "time": [0]}) for item in (1, 2))
    three = sf.StageLog({"item": [3, 3], "stage": ["New", "Won"], "time": [0, 1]})
    parts = [sf.partial(log, SMALL) for log in (one, two, three)]
    assert count(parts[0].summary().quality, "one_row_items") == 0
    assert count(sf.merge(parts[:2]).summary().quality, "one_row_items") == 2
    assert count(sf.merge(parts).summary().quality, "one_row_items") == 0


ALIKE: list[tuple[list[str], int, str]] = [
    (["New", "Won", "won"], 2, "'Won', 'won'"),
    (["New", "Won", "Won ", " won"], 3, "' won', 'Won', 'Won '"),
    (["Closed won", "Closed  won", "Closedwon", "Closed\u00a0Won"], 4, "'Closedwon', 'Closed\\xa0Won'"),
    (["Won", "Wo\u200bn", "\ufeffWon"], 3, "'Won', 'Wo\\u200bn', '\\ufeffWon'"),
    (["Caf\u00e9", "Cafe\u0301", "Cafe"], 2, "'Cafe\u0301', 'Caf\u00e9'"),
    (["Straße", "STRASSE", "Успех", "УСПЕХ "], 4, "'STRASSE', 'Straße', 'УСПЕХ ', 'Успех'"),
    (["Won", "Won!", "Won 1", "Won 2", "Wone"], 0, ""),
]


@pytest.mark.parametrize(("stages", "expected", "names"), ALIKE)
def test_stages_that_differ_in_case_or_blanks_stay_apart_and_are_warned_of(
    stages: list[str], expected: int, names: str
) -> None:
    rows = {"item": [1] * len(stages), "stage": stages, "time": range(len(stages))}
    log = sf.StageLog(rows)
    assert log.stages["stage"].tolist() == stages
    line = log.quality().set_index("check").loc["stages_alike"]
    assert (line["count"], line["level"]) == (expected, "warning")
    assert names in line["note"]


def test_stages_of_different_parts_that_are_alike_are_warned_of() -> None:
    one, two = (
        sf.StageLog({"item": [n] * 2, "stage": ["New", stage], "time": [0, 1]})
        for n, stage in enumerate(("Won", "WON"))
    )
    parts = [sf.partial(log, SMALL, unlisted="ignore", missing="ignore") for log in (one, two)]
    assert count(parts[0].summary().quality, "stages_alike") == 0
    assert count(sf.merge(parts).summary().quality, "stages_alike") == 2


def test_a_dropped_row_is_no_row() -> None:
    rows = {"item": [1, 1, 2], "stage": ["New", None, "New"], "time": [0, 1, 2]}
    log = sf.StageLog(rows, invalid="drop")
    assert count(log.quality(), "one_row_items") == 2
    assert sf.partial(log, SMALL).n_rows == 2
    kept = sf.StageLog({**rows, "stage": ["New", "Other", "New"]}, stages=["New"])
    assert count(sf.partial(kept, SMALL).summary().quality, "one_row_items") == 2
    assert sf.partial(kept, SMALL).n_rows == 2


@pytest.mark.parametrize(
    ("times", "written"),
    [
        ([20260331], "%Y%m%d"),
        ([20240229, 20260331], "%Y%m%d"),
        ([202603311205], "%Y%m%d%H%M"),
        ([20260331120500], "%Y%m%d%H%M%S"),
        ([20260229], None),
        ([20260431], None),
        ([20260331, 20260332, 20260401], None),
        ([20261301], None),
        ([18991231], None),
        ([21010101], None),
        ([202603312405], None),
        ([20260331120560], None),
        ([202603], None),
        ([0, 5], None),
        ([-20260331], None),
        ([20260331, 202603311205], None),
        ([1_774_915_200], None),
        (pd.to_datetime(["2026-03-31"]), None),
    ],
)
def test_numbers_that_read_as_dates(times: Any, written: str | None) -> None:
    log = of_times(list(times))
    assert read_as_dates(log._data) == written
    assert count(log.quality(), "dates_as_numbers") == (len(times) if written else 0)
    text = of_times([str(time) for time in times]) if log.unit is not None else log
    assert count(text.quality(), "dates_as_numbers") == (len(times) if written else 0)


def test_making_a_log_of_dates_that_are_numbers_warns() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [20260331, 20260402]}
    message = (
        r"whole numbers that read as dates \(20260331\).* pandas.to_datetime\(times, format=\"%Y%m%d\"\)"
    )
    for make in (sf.StageLog, lambda rows: sf.StageLog.from_batches([rows])):
        with pytest.warns(sf.StageFunnelWarning, match=message) as caught:
            make(rows)
        assert caught[0].filename == __file__


def test_parts_warn_where_all_of_them_do() -> None:
    first, second, third = of_times([20260331]), of_times([20260401]), of_times([7])
    parts = [sf.partial(sf_log, SMALL) for sf_log in (first, third)]
    assert count(parts[0].summary().quality, "dates_as_numbers") == 1
    other = sf.StageLog({"item": [2], "stage": ["New"], "time": [7]})
    assert count(sf.merge([parts[0], sf.partial(other, SMALL)]).summary().quality, "dates_as_numbers") == 0
    assert second.n_rows == 1


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("pipeline.toml").write_text(TOML)
    Path("list.csv").write_text("item,stage,time\n1,New,2026-01-01\n2,Won,2026-01-02\n3,Lost,2026-01-02\n")
    Path("dates.csv").write_text("item,stage,time\n1,New,20260331\n1,Won,20260402\n2,New,20260401\n")
    return tmp_path


LIST = "3 items, and each has one row: a list of items as they stand, not their history; read() takes one row"
DATES = "3 rows, and every time is a number that reads as a date, such as 20260331: lengths of time are wrong"


@pytest.mark.parametrize(("file", "text"), [("list.csv", LIST), ("dates.csv", DATES)])
def test_every_command_warns(files: Path, file: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    log = [file, "--pipeline", "pipeline.toml"]
    commands = [
        ["funnel", *log],
        ["item-table", *log],
        ["funnel", *log, "--format", "csv", "--out", "funnel.csv"],
        ["sequence-funnel", file, "--steps", "New,Won"],
    ]
    for arguments in commands:
        assert main(arguments) == 0
        assert f"stagefunnel: warning: {text}" in capsys.readouterr().err
    for arguments in (["quality", file], ["summary", *log]):
        assert main(arguments) == 0
        run = capsys.readouterr()
        assert (f"Warning: {text}" in run.out, run.err) == (True, "")


def test_a_history_is_not_warned_of(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.csv").write_text(
        "item,stage,time\n1,New,2026-01-01\n1,Offer,2026-01-02\n1,Won,2026-01-03\n1,Lost,2026-01-04\n"
    )
    assert main(["funnel", "log.csv", "--pipeline", "pipeline.toml", "--format", "json"]) == 0
    assert capsys.readouterr().err == ""


def test_the_remarks_of_a_table_are_said_where_it_is_written_without_them(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("log.csv").write_text("item,stage,time\n1,New,2026-01-01\n1,Call,2026-01-02\n1,Won,2026-01-03\n")
    log = ["log.csv", "--pipeline", "pipeline.toml", "--unlisted", "ignore", "--period", "2030"]
    remarks = [
        "Ignored: 1 row of stages that the pipeline does not list (Call 1)",
        "Stages without rows: Offer, Lost",
        "Outside the log, which runs from 2026-01-01 to 2026-01-03: period 2030",
    ]
    for form in ("csv", "json"):
        assert main(["funnel", *log, "--format", form]) == 0
        assert capsys.readouterr().err == "".join(f"stagefunnel: note: {remark}\n" for remark in remarks)
    for form in ("table", "markdown"):
        assert main(["funnel", *log, "--format", form]) == 0
        run = capsys.readouterr()
        assert run.err == ""
        assert all(remark in run.out for remark in remarks)
    assert main(["funnel", *log, "--missing", "error"]) == 1
    assert "the log has no row of 'Offer', 'Lost', which the pipeline lists" in capsys.readouterr().err
