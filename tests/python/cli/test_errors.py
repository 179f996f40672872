"""The command where its usage, its files or its data are wrong, or where the reader of its output is gone."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import reference
import stagefunnel as sf
from helpers import ROOT, environment, run_python, write_export
from stagefunnel.cli import main

ROWS = "item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-02\n"


@pytest.fixture(autouse=True)
def _export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_export(ROWS, items="item,manager,value\n1,Ada,5\n")


FUNNEL = ["funnel", "log.csv", "--pipeline", "pipeline.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "this is missing: COMMAND"),
        (["funel", "log.csv"], "there is no command 'funel'; did you mean funnel?"),
        (["funnel", "log.csv"], "--pipeline TOML says what the stages are"),
        (["funnel", "--pipeline", "pipeline.toml"], "this is missing: FILE"),
        ([*FUNNEL, "--kind", "clasic"], "--kind clasic is not one of 'classic', "),
        ([*FUNNEL, "--threads", "two"], "--threads two is not a whole number"),
        ([*FUNNEL, "--threads", "0"], "--threads 0 is not a whole number of at least 1"),
        ([*FUNNEL, "--period", "2026-13"], "--period '2026-13' is not in the calendar: "),
        ([*FUNNEL, "--period", "2026-03..2026-01"], "2026-03..2026-01 ends before it begins; give the"),
        ([*FUNNEL, "--period", "5..2"], "--period 5..2 ends before it begins"),
        ([*FUNNEL, "--as-of", "2026-02-30"], "--as-of '2026-02-30' is not in the calendar: "),
        ([*FUNNEL, "--observed-until", "soon"], "--observed-until soon is not a moment; give a timestamp"),
        ([*FUNNEL, "--within", "-5"], "--within -5 is negative; a length of time is not"),
        (["funnel", "none*.csv", "--pipeline", "pipeline.toml"], "no file 'none*.csv'"),
        (["funnel", "log.csv", "--pipeline", "none.toml"], "--pipeline none.toml: No such file or directory"),
        ([*FUNNEL, "--items", "none.csv"], "no file 'none.csv'"),
    ],
)
def test_wrong_usage_ends_with_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    name = f"stagefunnel {arguments[0]}" if arguments[:1] == ["funnel"] else "stagefunnel"
    first, usage, help_line = err.splitlines()
    assert first.startswith(f"{name}: error: ")
    assert usage.startswith(f"usage: {name} ")
    assert help_line.startswith(f"{name} --help lists ")


@pytest.mark.parametrize(
    ("arguments", "is_said"),
    [
        (["--period", "7"], "--period 7 is not a period; give text such as "),
        (["--period", "0..10"], "'0' is not the start of a period"),
        (["--as-of", "7"], "7 is not a moment"),
        (["--within", "7"], "--within 7 has no unit; give "),
        (["--as-of", "2026-05-01T00:00:00Z"], "'2026-05-01T00:00:00Z' has a zone, and the log's times have"),
    ],
)
def test_a_value_that_fits_other_rows_is_an_error_in_the_data(
    arguments: list[str], is_said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_said in failing([*FUNNEL, *arguments], capsys)


def failing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that ends with 1; return the text of its error."""
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("stagefunnel: error: ")
    assert err.count("\n") == 1
    return err.removeprefix("stagefunnel: error: ").rstrip()


DROP = "--invalid drop to leave such rows out"
BAD_ROWS = [
    (
        "1,Offr,2026-01-03\n",
        "unknown stage 'Offr' (1 row, first at row 2)",
        "--unlisted ignore to leave such rows out",
    ),
    ("1,Lost,03/01/2026\n", "time '03/01/2026' in row 2 of column 'time' is not ISO 8601", DROP),
    (",Lost,2026-01-03\n", "missing item in row 2", DROP),
    ("1,,2026-01-03\n", "missing stage in row 2", f"{DROP} or --invalid keep_stage to keep them"),
    ("1,Lost\n", "2 fields where the header has 3 names; correct the row", DROP),
    (
        "1,Lost,2026-01-03,x\n",
        "4 fields where the header has 3 names; put fields that hold ',' in quotes",
        DROP,
    ),
]


@pytest.mark.parametrize(("row", "start", "end"), BAD_ROWS)
def test_a_bad_row_ends_with_one_and_a_line_that_says_where(
    row: str, start: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("log.csv").write_text(ROWS + row)
    text = failing(FUNNEL, capsys)
    assert text.startswith(f"log.csv, line 4: {start}")
    assert text.endswith(end)


BY = ["--items", "items.csv", "--by"]
AMOUNT = ["--items", "items.csv", "--amount"]


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        (["--item", "itm"], "log.csv: no column 'itm'; it has: ", "did you mean 'item'?"),
        (["--format", "parquet"], "Parquet is not text: name a file with --out", ""),
        (["--out", "log.csv/out.csv"], "--out log.csv/out.csv: ", "log.csv is not a directory"),
        (["--out", "log.csv/a/b.csv"], "--out log.csv/a/b.csv: Not a directory: ", "log.csv/a"),
        (["--out", "."], "--out .: Is a directory", ""),
        (["--out", "out.csv.gz"], "--out out.csv.gz: tables are not written compressed", "leave the .gz off"),
        (
            ["--out", "out.csv.gz", "--format", "csv"],
            "--out out.csv.gz: tables are not ",
            "leave the .gz off",
        ),
        (
            ["--out", "out.xls"],
            "--out out.xls: the ending '.xls' does not stand for a format; ",
            "with --format",
        ),
        ([*BY, "manger"], "no column 'manger': items.csv has: ", "did you mean 'manager'?"),
        ([*BY, ""], "no column '': items.csv has: ", "log.csv has: 'item', 'stage', 'time'"),
        ([*AMOUNT, "manger"], "no column 'manger': items.csv has: ", "did you mean 'manager'?"),
        (["--by", "manager"], "no column 'manager': log.csv has: ", "table of items is given with --items"),
        (["--amount", "stag"], "no column 'stag': log.csv has: ", "did you mean 'stage'?"),
        ([*AMOUNT, "value", "--items-key", "itm"], "items.csv: no column 'itm'; ", "did you mean 'item'?"),
        ([*AMOUNT, "manager"], "amount 'Ada' in row 0 of the items table is not a number", "first"),
    ],
)
def test_an_option_that_does_not_fit_the_data_ends_with_one(
    options: list[str], start: str, end: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = failing([*FUNNEL, *options], capsys)
    assert text.startswith(start)
    assert text.endswith(end)


@pytest.mark.parametrize("options", [["--out", "out.xls"], ["--format", "parquet"]])
def test_a_format_that_cannot_be_written_is_refused_before_anything_is_read(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("log.csv").write_text("not,a,log\n")
    assert "no column" not in failing([*FUNNEL, *options], capsys)
    assert "no column" in failing(FUNNEL, capsys)


def test_a_bad_row_is_named_in_its_own_file_after_quoted_line_breaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("second.csv").write_text('item,note,stage,time\n2,"a\n\nb",New,2026-01-01\n2,x,Wn,2026-01-02\n')
    text = failing(["funnel", "log.csv", "second.csv", "--pipeline", "pipeline.toml"], capsys)
    assert text.startswith("second.csv, line 5: unknown stage 'Wn' (1 row, first at row 3)")


def test_bad_settings_and_files_end_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.toml").write_text("[pipeline]\nstages = []\n")
    assert failing(["funnel", "log.csv", "--pipeline", "bad.toml"], capsys) == (
        "bad.toml: invalid pipeline: it has no in-progress stage"
    )
    Path("cut.csv.gz").write_bytes(gzip.compress(ROWS.encode())[:-6])
    text = failing(["funnel", "cut.csv.gz", "--pipeline", "pipeline.toml"], capsys)
    assert text.startswith("cut.csv.gz: the file is damaged or cut short: ")
    Path("empty.csv").write_text("item,stage,time\n")
    text = failing(["funnel", "empty.csv", "--pipeline", "pipeline.toml"], capsys)
    assert text == "the log has no rows; pass --empty allow if that is expected"
    assert main(["funnel", "empty.csv", "--pipeline", "pipeline.toml", "--empty", "allow"]) == 0


def test_an_error_about_a_column_names_the_options_of_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("log.csv").write_text("item,phase,time\n1,New,0\n")
    text = "log.csv: no column 'stage'; it has: 'item', 'phase', 'time'"
    hint = " (columns of other names are given with --item, --stage and --time)"
    assert failing(["quality", "log.csv"], capsys) == text + hint
    assert failing([*FUNNEL, "--order", "time"], capsys) == text + hint
    assert failing(["quality", "log.csv", "--stage", "stage"], capsys) == text


def test_the_key_of_the_table_of_items_is_named_by_its_own_option(capsys: pytest.CaptureFixture[str]) -> None:
    Path("items.csv").write_text("deal,manager\n1,Ada\n")
    text = failing([*FUNNEL, "--items", "items.csv", "--by", "manager"], capsys)
    assert (
        text == "items.csv: no column 'item'; it has: 'deal', 'manager' (its key is given with --items-key)"
    )


def test_an_error_of_a_chain_names_the_part(capsys: pytest.CaptureFixture[str]) -> None:
    Path("links.csv").write_text("deal_id,lead_id\n1,1\n")
    Path("other.csv").write_text("item,stage,time\n1,Odd,2026-01-01\n")
    files = ["--leads", "log.csv", "--deals", "other.csv", "--links", "links.csv"]
    pipelines = ["--lead-pipeline", "pipeline.toml", "--deal-pipeline", "pipeline.toml"]
    assert failing(["chain-funnel", *files, *pipelines], capsys).endswith(" (in the deals)")


def test_the_advice_of_the_errors_works(capsys: pytest.CaptureFixture[str]) -> None:
    bad = ",New,2026-01-01\n1,,2026-01-02\n1,Offer,soon\n1,Odd,2026-01-03\n"
    Path("log.csv").write_text(ROWS + bad)
    arguments = [*FUNNEL, "--invalid", "drop", "--unlisted", "ignore", "--format", "json"]
    assert main(arguments) == 0
    assert [record["reached"] for record in json.loads(capsys.readouterr().out)] == [1, 0, 1, 0]


def test_a_file_that_cannot_be_opened_is_an_error_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "log.csv")

    monkeypatch.setattr("stagefunnel.files.batches.csv_header", refuse)
    assert failing(FUNNEL, capsys) == "[Errno 13] Permission denied: 'log.csv'"


def test_a_reader_that_stops_early_is_not_an_error() -> None:
    rows = "".join(f"{item},New,0\n{item},New,1\n" for item in range(20_000))
    Path("log.csv").write_text("item,stage,time\n" + rows)
    Path("items.csv").write_text("item,group\n" + "".join(f"{item},{item}\n" for item in range(20_000)))
    arguments = [*FUNNEL, "--items", "items.csv", "--by", "group", "--format", "csv"]
    command = [sys.executable, "-m", "stagefunnel", *arguments]
    variables = environment(PYTHONUNBUFFERED="")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=variables) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline().startswith(b"group,stage")
        run.stdout.close()
        assert run.stderr.read() == b""
        assert run.wait() == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_is_gone_already_is_not_an_error(unbuffered: str) -> None:
    # The output is so short that Python sends it only when it ends.
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "stagefunnel", *FUNNEL]
    variables = environment(PYTHONUNBUFFERED=unbuffered)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=variables, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_standard_error_is_not_an_obstacle() -> None:
    code = f"import sys; from stagefunnel.cli import main; sys.stderr = None; sys.exit(main({FUNNEL}))"
    assert run_python("-c", code).returncode == 0


OULAD = ROOT / "notebooks" / "data" / "oulad"


def test_a_real_export_agrees_with_the_reference_on_every_number(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["funnel", str(OULAD / "events.csv.gz"), "--pipeline", str(OULAD / "pipeline.toml")]
    assert main([*arguments, "--kind", "both", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    with gzip.open(OULAD / "events.csv.gz", "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split(",") for line in file][1:]
    rows = [(item, stage, int(time)) for item, stage, time, _ in lines]
    assert len(rows) == 238_960
    pipeline = sf.Settings.from_toml(OULAD / "pipeline.toml").pipeline
    table = reference.funnel(rows, pipeline, kind="both", unlisted="ignore")
    assert found == table.astype(object).where(table.notna(), None).to_dict("records")


def test_a_closed_standard_output_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(FUNNEL) == 1
    assert "the standard output is closed; name a file with --out" in capsys.readouterr().err


def test_a_closed_standard_output_is_no_obstacle_to_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["report", *FUNNEL[1:], "--out", "page.html"]) == 0
    assert Path("page.html").exists()


def test_an_interrupt_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sf, "funnel", interrupt)
    assert main([*FUNNEL, "--out", "out.csv"]) == 130
    assert capsys.readouterr().err == ""
    assert not Path("out.csv").exists()
