"""The command: what it reads, what it prints, and how it ends."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stagefunnel as sf
from helpers import DEALS_TOML, run_python
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS

DEALS = """\
deal;phase;at;row
007;New;2026-01-01;1
007;Won;2026-01-03 12:00:00.25;3
007;Offer;2026-01-03 12:00:00.25;2
NA;New;2026-01-02;4
NA;Lost;2026-01-05;5
8;Offer;2026-01-04;6
"""
ITEMS = "deal,manager,value\n007,Ada,10.5\nNA,,\n8,Bo,2\n"
TOML = DEALS_TOML + 'order = "row"\n'
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a directory with an export, its pipeline and its items; return the exit code."""
    monkeypatch.chdir(tmp_path)
    files = {"deals.csv": DEALS, "items.csv": ITEMS, "pipeline.toml": TOML}
    for name, text in files.items():
        Path(name).write_text(text)

    def command(*arguments: str) -> int:
        try:
            return main(list(arguments))
        except SystemExit as ended:
            return int(ended.code or 0)

    return command


FUNNEL = ("funnel", "deals.csv", "--pipeline", "pipeline.toml")


def expected(**options: Any) -> pd.DataFrame:
    frame = pd.read_csv("deals.csv", sep=";", dtype=str, keep_default_na=False)
    items = pd.read_csv("items.csv", dtype={"deal": str}, keep_default_na=False, na_values=[""])
    log = sf.StageLog(frame, item="deal", stage="phase", time="at", order="row", items=items)
    return sf.funnel(log, sf.Settings.from_toml("pipeline.toml").pipeline, **options)


@pytest.mark.parametrize("kind", ["classic", "conversions", "furthest", "strict", "both"])
def test_a_funnel_is_printed_as_show_does(run: Run, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert run(*FUNNEL, "--kind", kind) == 0
    out, err = capsys.readouterr()
    assert out == repr(sf.show(expected(kind=kind))) + "\n"
    assert err == ""


def test_json_has_every_number_as_it_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*FUNNEL, "--kind", "both", "--fill", "moves", "--format", "json") == 0
    table = expected(kind="both", fill="moves")
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    assert json.loads(capsys.readouterr().out) == records


def test_json_is_read_by_people_too(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.csv").write_text("item,stage,time\n1,Prépaiement,0\n", encoding="utf-8")
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["Prépaiement"]\n', encoding="utf-8")
    assert run("funnel", "log.csv", "--pipeline", "pipeline.toml", "--format", "json") == 0
    assert '"stage": "Prépaiement"' in capsys.readouterr().out


def test_csv_has_every_number_as_it_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*FUNNEL, "--format", "csv") == 0
    assert capsys.readouterr().out == expected().to_csv(index=False)


def test_markdown_is_that_of_show(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*FUNNEL, "--format", "markdown") == 0
    assert capsys.readouterr().out == sf.show(expected()).to_markdown()


def test_a_breakdown_and_an_amount_come_from_the_file_of_items(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--items", "items.csv", "--by", "manager", "--amount", "value", "--format", "csv"]
    assert run(*FUNNEL, *options) == 0
    assert capsys.readouterr().out == expected(by="manager", amount="value").to_csv(index=False)
    Path("items.csv").write_text(ITEMS.replace("deal", "id"))
    assert run(*FUNNEL, *options, "--items-key", "id", "--by", "manager,value") == 0
    Path("items.csv").write_text(ITEMS)
    table = expected(by=["manager", "value"], amount="value")
    assert capsys.readouterr().out == table.to_csv(index=False)


def test_columns_of_the_items_that_no_option_names_may_be_odd(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("odd.csv").write_text("deal,manager,note,note,,\n007,Ada,x,y,,\nNA,,x,y,,\n8,Bo,x,y,,\n")
    assert run(*FUNNEL, "--items", "odd.csv", "--by", "manager", "--format", "csv") == 0
    assert capsys.readouterr().out == expected(by="manager").to_csv(index=False)


def test_the_names_of_columns_on_the_command_line_go_before_those_of_the_file(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    text = DEALS.replace("deal;phase;at;row", "a;b;c;d")
    Path("other.csv").write_text(text)
    names = ["--item", "a", "--stage", "b", "--time", "c", "--order", "d"]
    assert run("funnel", "other.csv", "--pipeline", "pipeline.toml", *names) == 0
    assert capsys.readouterr().out == repr(sf.show(expected())) + "\n"


def test_time_in_stage_is_written_in_seconds(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("time-in-stage", "deals.csv", "--pipeline", "pipeline.toml", "--format", "json") == 0
    records = json.loads(capsys.readouterr().out)
    # In New for 2.5 days and a quarter of a second and for 3 days, in Offer for no time at all.
    assert [record["mean_seconds"] for record in records] == [2.75 * 86_400 + 0.125, 0.0, None, None]
    assert run("time-in-stage", "deals.csv", "--pipeline", "pipeline.toml") == 0
    assert "2 d 18 h" in capsys.readouterr().out


def test_time_in_stage_is_read_per_visit_item_or_longest_visit(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("log.csv").write_text("item,stage,time\n1,New,0\n1,Offer,2\n1,New,3\n1,Won,9\n")
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\n')
    means = {}
    for per in ("visit", "item", "longest"):
        arguments = ["log.csv", "--pipeline", "pipeline.toml", "--per", per, "--format", "json"]
        assert run("time-in-stage", *arguments) == 0
        means[per] = json.loads(capsys.readouterr().out)[0]["mean"]
    assert means == {"visit": 4, "item": 8, "longest": 6}


@pytest.mark.parametrize("command", ["funnel", "time-in-stage"])
def test_unlisted_stages_are_left_out_with_the_option(
    run: Run, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    toml = '[pipeline]\nstages = ["New"]\nwon = "Won"\n'
    Path("log.csv").write_text("item,stage,time\n1,New,0\n1,Odd,2\n1,New,3\n1,Won,9\n")
    Path("pipeline.toml").write_text(toml)
    Path("ignoring.toml").write_text(toml + 'unlisted = "ignore"\n')
    first_stage = {"funnel": "New,open,1,", "time-in-stage": "New,open,1,1,0,0,1,9.0,"}[command]
    ignored = (["pipeline.toml", "--unlisted", "ignore"], ["ignoring.toml"])
    refused = (["pipeline.toml"], ["ignoring.toml", "--unlisted", "error"])
    for options in ignored:
        assert run(command, "log.csv", "--format", "csv", "--pipeline", *options) == 0
        assert capsys.readouterr().out.splitlines()[1].startswith(first_stage)
    for options in refused:
        assert run(command, "log.csv", "--pipeline", *options) == 1
        assert "log.csv, line 3: unknown stage 'Odd'" in capsys.readouterr().err


def test_items_lost_before_they_were_won_are_counted_as_the_option_says(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("log.csv").write_text("item,stage,time\n1,New,0\n1,Lost,2\n1,Won,3\n")
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\nlost = "Lost"\n')
    for rule, (base, left_out) in {"include": (1, 0), "exclude": (0, 1)}.items():
        arguments = ["log.csv", "--pipeline", "pipeline.toml", "--lost-then-won", rule, "--format", "json"]
        assert run("funnel", *arguments) == 0
        first, *_ = json.loads(capsys.readouterr().out)
        assert (first["base"], first["left_out"]) == (base, left_out)


def test_quality_does_not_need_a_pipeline_and_has_more_checks_with_one(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ["--item", "deal", "--stage", "phase", "--time", "at"]
    assert run("quality", "deals.csv", *columns, "--format", "json") == 0
    found = {record["check"]: record["count"] for record in json.loads(capsys.readouterr().out)}
    assert (found["rows"], found["items"], found["ties"]) == (6, 3, 1)
    assert "unlisted_rows" not in found
    assert run("quality", "deals.csv", "--pipeline", "pipeline.toml", "--format", "csv") == 0
    assert "ties_deciding_outcome,1," in capsys.readouterr().out


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.md", "out.parquet", "out.PQ", "out.txt", "out"])
def test_a_file_is_written_as_its_ending_says(
    run: Run, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(*FUNNEL, "--kind", "both", "--out", name) == 0
    assert capsys.readouterr() == ("", "")
    table = expected(kind="both")
    if name in ("out.parquet", "out.PQ"):
        written = pd.read_parquet(name)
        assert_frame_equal(written, table, check_dtype=False, check_categorical=False)
        assert repr(sf.show(written)) == repr(sf.show(table))
        return
    text = Path(name).read_text(encoding="utf-8")
    forms = {".csv": "csv", ".json": "json", ".md": "markdown"}
    assert run(*FUNNEL, "--kind", "both", "--format", forms.get(Path(name).suffix, "table")) == 0
    assert capsys.readouterr().out == text


def test_the_format_option_goes_before_the_ending(run: Run) -> None:
    assert run(*FUNNEL, "--out", "out.csv", "--format", "json") == 0
    assert len(json.loads(Path("out.csv").read_text())) == 4


def test_a_file_that_is_written_anew_keeps_to_the_umask(run: Run) -> None:
    before = os.umask(0o027)
    try:
        assert run(*FUNNEL, "--out", "out.csv") == 0
    finally:
        os.umask(before)
    assert Path("out.csv").stat().st_mode & 0o777 == 0o640


def test_a_file_that_is_replaced_keeps_its_permissions(run: Run) -> None:
    Path("out.csv").write_text("old")
    Path("out.csv").chmod(0o600)
    assert run(*FUNNEL, "--out", "out.csv") == 0
    assert Path("out.csv").read_text().startswith("stage,")
    assert Path("out.csv").stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("out.csv").write_text("old")
    files = sorted(os.listdir())

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    assert run(*FUNNEL, "--out", "out.csv") == 1
    assert capsys.readouterr().err == "stagefunnel: error: --out out.csv: No space left on device\n"
    assert Path("out.csv").read_text() == "old"
    assert sorted(os.listdir()) == files


def test_a_link_stays_a_link_and_a_pipe_stays_a_pipe(run: Run) -> None:
    Path("target.csv").write_text("old")
    Path("link.csv").symlink_to("target.csv")
    assert run(*FUNNEL, "--out", "link.csv") == 0
    assert Path("link.csv").is_symlink()
    assert Path("target.csv").read_text().startswith("stage,")
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert run(*FUNNEL, "--out", "pipe", "--format", "csv") == 0
    assert os.read(reader, 65_536) == Path("target.csv").read_bytes()
    os.close(reader)
    assert Path("pipe").is_fifo()


def test_another_time_format_is_read_where_it_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("deals.csv").write_text("deal;phase;at\n1;New;31/01/2026\n1;Won;01/02/2026\n")
    arguments = ["time-in-stage", "deals.csv", "--pipeline", "pipeline.toml", "--format", "json"]
    toml = TOML.replace('order = "row"', 'time_format = "%d/%m/%Y"')
    Path("pipeline.toml").write_text(toml)
    assert run(*arguments) == 0
    assert json.loads(capsys.readouterr().out)[0]["mean_seconds"] == 86_400
    assert run(*arguments, "--time-format", "%m/%d/%Y") == 1
    assert (
        "deals.csv, line 2: time '31/01/2026' in row 0 of column 'at' is not of the format '%m/%d/%Y'"
        in capsys.readouterr().err
    )
    assert run(*arguments, "--time-format", "%m/%d/%Y", "--invalid", "drop") == 0
    assert json.loads(capsys.readouterr().out)[0]["visits"] == 0


def test_times_of_digits_are_dates_where_their_format_is_named(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("deals.csv").write_text("deal;phase;at;row\n1;New;20260131;1\n1;Won;20260201;2\n")
    arguments = ["deals.csv", "--pipeline", "pipeline.toml", "--time-format", "%Y%m%d", "--format", "json"]
    assert run("time-in-stage", *arguments) == 0
    assert json.loads(capsys.readouterr().out)[0]["mean_seconds"] == 86_400


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_times_and_stages_that_are_integers_are_read_as_such(
    run: Run, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    toml = '[pipeline]\nstages = [10, 20]\nwon = 30\n[pipeline.names]\n10 = "Neu"\n'
    Path("pipeline.toml").write_text(toml)
    rows = [("a", 10, -5), ("a", 30, 7)]
    lines = [json.dumps(dict(zip(["item", "stage", "time"], row, strict=True))) for row in rows]
    Path("log.jsonl").write_text("\n".join(lines))
    Path("log.csv").write_text("item,stage,time\na,10,-5\na,30,7\n")
    assert run("time-in-stage", f"log.{ending}", "--pipeline", "pipeline.toml", "--format", "csv") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("10,open,1,1,0,0,1,12.0,12.0")


def test_times_in_nanoseconds_since_1970_are_integers(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    Path("log.csv").write_text("item,stage,time\n1,New,1767225600000000000\n1,Won,1767225600000000005\n")
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    assert run("time-in-stage", "log.csv", "--pipeline", "pipeline.toml", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["mean"] == 5


@pytest.mark.parametrize("time", ["9223372036854775808", "٣"])
@pytest.mark.parametrize("dtype", ["str", "object"])
def test_digits_beyond_64_bits_are_not_a_time(
    run: Run, capsys: pytest.CaptureFixture[str], time: str, dtype: str
) -> None:
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New"]\n')
    Path("log.csv").write_text(f"item,stage,time\n1,New,{time}\n")
    Path("log.jsonl").write_text(json.dumps({"item": 1, "stage": "New", "time": time}))
    file = "log.csv" if dtype == "str" else "log.jsonl"
    assert run("funnel", file, "--pipeline", "pipeline.toml") == 1
    assert f"time '{time}' in row 0 of column 'time' is not ISO 8601" in capsys.readouterr().err


def test_the_module_runs_as_the_command_does() -> None:
    shown = run_python("-m", "stagefunnel", "--version")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, f"stagefunnel {sf.__version__}\n", "")


def test_the_module_ends_as_the_command_does(run: Run) -> None:
    failed = run_python("-m", "stagefunnel", *FUNNEL, "--period", "7")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("stagefunnel: error: --period 7 is not a period; give text such as ")
    wrong = run_python("-m", "stagefunnel", *FUNNEL, "--threads", "0")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    is_said = "stagefunnel funnel: error: --threads 0 is not a whole number of at least 1\n"
    assert wrong.stderr.startswith(is_said)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_help_of_every_command_has_an_example(
    run: Run, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(command, "--help") == 0
    assert re.search(rf"examples?:\n  stagefunnel {command} ", capsys.readouterr().out)
    assert run("--help") == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_can_complete_commands_and_options(shell: str) -> None:
    printed = run_python("-m", "stagefunnel", "--print-completion", shell)
    assert printed.returncode == 0, printed.stderr
    assert "time-in-stage" in printed.stdout
    assert "lost-then-won" in printed.stdout
    if shell == "bash":
        script = printed.stdout
        run = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert run.stderr == ""
