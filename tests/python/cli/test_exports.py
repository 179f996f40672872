"""A CRM's export on the command line: the source of an answer, or of plain tables."""

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stagefunnel as sf
from helpers import ROOT
from stagefunnel.cli import main

BITRIX = [str(path) for path in sorted((ROOT / "tests/data/exports/bitrix24").glob("*.json"))]
EVENTS = str(ROOT / "tests/data/exports/tables/events.csv")


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_a_command_answers_for_one_pipeline_of_the_export(capsys: pytest.CaptureFixture[str]) -> None:
    export = sf.read(BITRIX)
    found = answer(capsys, "funnel", *BITRIX, "--read", "--pipeline", "Sales", "--by", "manager")
    assert found == repr(sf.show(sf.funnel(export.log, export.pipelines["Sales"], by="manager"))) + "\n"


def test_a_command_answers_for_the_leads(capsys: pytest.CaptureFixture[str]) -> None:
    leads = sf.read(BITRIX).leads
    assert leads is not None
    found = answer(capsys, "time-in-stage", *BITRIX, "--read", "--of", "leads")
    assert found == repr(sf.show(sf.time_in_stage(leads.log, leads.pipelines["Leads"]))) + "\n"


def test_quality_is_that_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    export = sf.read(BITRIX)
    found = answer(capsys, "quality", *BITRIX, "--read", "--pipeline", "Sales")
    assert found == repr(sf.show(export.log.quality(export.pipelines["Sales"]))) + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*BITRIX, "--read"], "choose one with --pipeline: 'Sales', 'Service'"),
        (
            [*BITRIX, "--read", "--pipeline", "Sals"],
            "the export has no such pipeline; it has 'Sales', 'Service'",
        ),
        ([*BITRIX, "--read", "--items", EVENTS], "leave out --items"),
        ([EVENTS, "--read", "--invalid", "keep_stage"], "keep_stage is not for exports"),
        (BITRIX, "`stagefunnel init"),
        (["none.json", "--read"], "no file 'none.json'"),
    ],
)
def test_wrong_usage_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in complaint(capsys, "funnel", *arguments)


def test_an_export_without_leads_cannot_answer_for_leads(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["funnel", EVENTS, "--read", "--of", "leads"]) == 1
    assert "the export has no leads" in capsys.readouterr().err


def test_options_of_reading_reach_the_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("id;phase;when\n7;New;03/04/2026\n7;Won;05/04/2026\n")
    columns = ["--item", "id", "--stage", "phase", "--time", "when"]
    assert main(["item-table", str(file), "--read", *columns]) == 1
    assert "could be two days" in capsys.readouterr().err
    options = ["--dayfirst", "--zone", "Europe/Berlin", "--crm", "events", "--format", "json"]
    found = answer(capsys, "item-table", str(file), "--read", *columns, *options)
    assert '"first_time": "2026-04-03T00:00:00+02:00"' in found


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_log_of_an_export_is_written_as_a_table_of_rows(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"log.{ending}"
    assert answer(capsys, "read", *BITRIX, "--to", str(file)) == f"{sf.read(BITRIX)!r}\n"
    written = pd.read_csv(file, dtype=str) if ending == "csv" else pd.read_parquet(file)
    expected = sf.row_table(sf.read(BITRIX).log)
    assert written["item"].tolist() == expected["item"].tolist()
    assert written["stage"].tolist() == expected["stage"].tolist()
    assert (pd.to_datetime(written["time"], utc=True) == expected["time"].dt.tz_convert("UTC")).all()


@pytest.mark.parametrize("name", ["", "made", "made/deep/", "made.here/"])
def test_all_of_an_export_goes_to_a_directory_and_comes_back(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(capsys, "read", *BITRIX, "--to", f"{tmp_path}/{name}")
    tmp_path = tmp_path / name
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "deals.parquet",
        "deals_Sales.toml",
        "deals_Service.toml",
        "deals_items.parquet",
        "deals_quality.csv",
        "leads.parquet",
        "leads_Leads.toml",
        "leads_items.parquet",
        "leads_quality.csv",
        "links.parquet",
    ]
    export = sf.read(BITRIX)
    assert sf.Pipeline.from_toml(tmp_path / "deals_Sales.toml") == export.pipelines["Sales"]
    log = sf.StageLog(pd.read_parquet(tmp_path / "deals.parquet"))
    pipeline = sf.Pipeline.from_toml(tmp_path / "deals_Sales.toml")
    options = {"kind": "both"}
    assert_frame_equal(
        sf.funnel(log, pipeline, **options), sf.funnel(export.log, export.pipelines["Sales"], **options)
    )


def test_pipelines_whose_names_make_one_file_get_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{deal},{name},New,2026-01-01" for deal, name in enumerate(["A/B", "A B", "A_B"])]
    (tmp_path / "in.csv").write_text("\n".join(["deal_id,pipeline,stage,changed_at", *rows]))
    (tmp_path / "out").mkdir()
    answer(capsys, "read", str(tmp_path / "in.csv"), "--to", str(tmp_path / "out"))
    names = sorted(path.name for path in (tmp_path / "out").glob("*.toml"))
    assert names == ["log_A_B.toml", "log_A_B_2.toml", "log_A_B_3.toml"]


@pytest.mark.parametrize("to", ["made/log.csv", "made/deep/log.parquet"])
def test_the_folder_of_a_file_is_made(to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "read", EVENTS, "--to", str(tmp_path / to))
    assert (tmp_path / to).is_file()


@pytest.mark.parametrize("to", ["log.json", "nowhere/log.2026"])
def test_what_cannot_be_written_is_refused(
    to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["read", EVENTS, "--to", to]) == 1
    assert to in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_notes_of_the_quality_table_name_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "newest_first.csv"
    rows = ["1,Won,2026-01-07", "1,Offer,2026-01-07", "2,Lost,2026-01-06", "2,New,2026-01-06"]
    file.write_text("\n".join(["deal_id,stage,date", *rows]) + "\n")
    for words in (["quality", str(file), "--read"], ["quality", str(file), "--read", "--format", "csv"]):
        assert main(words) == 0
        found = capsys.readouterr().out
        assert "pass --order for another order" in found
        assert "order=" not in found
