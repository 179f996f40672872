"""The settings of a job: each option as a key, what is wrong with a file in one line, and paths beside it."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from commands import actions_of
from helpers import ROOT
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.cli.job_options import settings_in
from stagefunnel.cli.job_settings import words_of_settings
from stagefunnel.cli.parser import hasty_parser

ACTIONS = [action for action in actions_of("report") if action.dest not in ("help", "settings")]
LOG = "item,stage,time\na,New,2026-01-01\na,Won,2026-01-09\nb,New,2026-01-05\n"
NEEDED = 'files = "log.csv"\nout = "page.html"\npipeline = "pipeline.toml"\n'


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with a log and a pipeline, which is not the working directory."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "log.csv").write_text(LOG)
    (folder / "pipeline.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\nlost = "Lost"\n')
    (folder / "weekly.toml").write_text(NEEDED)
    return folder


def key_of(action: argparse.Action) -> str:
    return (action.option_strings[0].removeprefix("--") if action.option_strings else action.dest).replace(
        "-", "_"
    )


def parsed(*words: str) -> dict[str, Any]:
    found = vars(hasty_parser().parse_args(["report", *words]))
    return {
        name: value for name, value in found.items() if name not in ("given", "parser", "settings", "command")
    }


@pytest.mark.parametrize("action", ACTIONS, ids=key_of)
def test_every_option_is_a_key_that_means_the_same(action: argparse.Action, job: Path) -> None:
    key, flag = key_of(action), next(iter(action.option_strings), "")
    there = [str(job / "log.csv"), f"--out={job / 'page.html'}", f"--pipeline={job / 'pipeline.toml'}"]
    if action.nargs == 0:
        value, words = "true", [flag]
    elif action.choices:
        value, words = f'"{[*action.choices][-1]}"', [f"{flag}={[*action.choices][-1]}"]
    elif action.dest == "connection":
        value, words = '"duckdb:////srv/a.db"', [f"{flag}=duckdb:////srv/a.db"]
    elif action.metavar in ("FILE", "TOML"):
        value, words = '"log.csv"', [f"{flag}={job / 'log.csv'}" if flag else str(job / "log.csv")]
        there = [one for one in there if flag and not one.startswith(flag + "=")] or there[1:]
    elif key in ("period", "as_of", "observed_until"):
        value, words = '"2026-04-01"', [f"{flag}=2026-04-01"]
    elif key == "within":
        value, words = '"30d"', [f"{flag}=30d"]
    elif "=" in str(action.metavar):
        value, words = "{A = 1, B = 2}", [f"{flag}=A=1", f"{flag}=B=2"]
    elif action.type is not None and key != "where":
        value, words = "7", [f"{flag}=7"]
    else:
        value, words = '"x=y"', [f"{flag}=x=y"]
    text = "\n".join(line for line in NEEDED.splitlines() if not line.startswith(f"{key} ="))
    (job / "weekly.toml").write_text(f"{text}\n{key} = {value}\n")
    assert parsed("--settings", str(job / "weekly.toml")) == parsed(*words, *there)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('by = ["team", "amount:[0, 10]"]', ["--by=team,amount:[0, 10]"]),
        ('by = "team"', ["--by=team"]),
        ("period = 2026", ["--period=2026"]),
        ('period = ["2026-01", "2026-03"]', ["--period=2026-01..2026-03"]),
        ("period = 2026-01-05", ["--period=2026-01-05"]),
        ("as_of = 2026-04-01", ["--as-of=2026-04-01"]),
        ("as-of = 2026-04-01T08:30:00", ["--as-of=2026-04-01T08:30:00"]),
        ("observed_until = 2026-05-01T00:00:00Z", ["--observed-until=2026-05-01T00:00:00+00:00"]),
        ('observed_until = "2026-05-01T00:00:00Z"', ["--observed-until=2026-05-01T00:00:00Z"]),
        ("period = '0..10'", ["--period=0..10"]),
        ("within = 7", ["--within=7"]),
        ("where = {source = ['web', 'ads'], amount = '>100', big = true}", ["--where=source=web"]),
        ('where = ["source=web", {amount = "<= 5"}]', ["--where=source=web", "--where=amount<= 5"]),
        ('where = {source = ""}', ["--where=source="]),
        ('limits = {Offer = "14d", New = "none"}', ["--limits=Offer=14d", "--limits=New=none"]),
        ("rates = {EUR = 1.08}", ["--rates=EUR=1.08"]),
        ('only = {field = ["a", "b"]}', ["--only=field=a", "--only=field=b"]),
        ("dayfirst = false", ["--no-dayfirst"]),
        ("no_items = false", []),
        ('title = "--odd"', ["--title=--odd"]),
    ],
)
def test_a_value_may_be_written_as_toml_has_it(line: str, words: list[str], job: Path) -> None:
    (job / "weekly.toml").write_text(NEEDED + line)
    found = words_of_settings(str(job / "weekly.toml"), actions_of("report"), ["files", "page", "pipeline"])
    more = ["--where=source=ads", "--where=amount>100", "--where=big"] if "'ads'" in line else []
    assert found == words + more


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('evry = "week"', 'evry = "week": there is no such key; did you mean every?'),
        ('zzz = 1', "zzz = 1: there is no such key; the keys are the options of stagefunnel report --help"),
        ('every = "moth"', "every = \"moth\": it is not one of 'day', 'week', 'month', 'quarter', 'ye"),
        ('top = "ten"', 'top = "ten": ten is not a whole number'),
        ("top = 2.5", "top = 2.5: 2.5 is not a whole number"),
        ('anonymous = "yes"', 'anonymous = "yes": it takes true or false'),
        ("title = true", "title = true: true is not a text, a number or a date"),
        ('title = ["a"]', 'title = ["a"]: it takes one value, not a list'),
        ("title = {a = 1}", "title = {a = 1}: it is a table here, and takes a text"),
        ('title = ""', 'title = "": it is empty; leave the key out'),
        ("by = []", "by = []: it is empty; leave the key out"),
        ('by = ["a,b"]', "by = [\"a,b\"]: 'a,b' has a comma, which stands between names"),
        ('by = ["a", 1.5, true]', "in the list true is not a text, a number or a date"),
        ('period = ["2026"]', 'period = ["2026"]: it takes a period, or two: ["2026-01", "2026-03"]'),
        ('limits = "14d"', 'limits = "14d": it takes a table, such as {STAGE = "TIME"}'),
        ("title = nan", "title = nan: nan is not a text, a number or a date"),
        ('period = "2026-13"', "period = \"2026-13\": '2026-13' is not in the calendar: month"),
        ('period = ["2026-13", "2027"]', "\"2027\"]: '2026-13' is not in the calendar"),
        ("as_of = '2026-02-30'", "as_of = \"2026-02-30\": '2026-02-30' is not in the calendar"),
        ('observed_until = "soon"', 'observed_until = "soon": soon is not a moment; give a timestamp'),
        ('within = "5 parsecs"', "within = \"5 parsecs\": 5 parsecs has the unknown unit 'parsecs'; give"),
        ('limits = {Offer = "5 parsecs"}', "5 parsecs has the unknown unit 'parsecs'; give"),
        ("threads = 0", "threads = 0: 0 is not a whole number of at least 1"),
        ("within = inf", "within = inf: inf is not a text, a number or a date"),
        ("where = {amount = nan}", "of 'amount' nan is not a text, a number or a date"),
        ("items = nan", "items = nan: it takes the name of a file, in quotes"),
        ("logo = 2026-01-01", "logo = 2026-01-01: it takes the name of a file, in quotes"),
        ("period = 2026-01-01T00:00:00", "period = 2026-01-01T00:00:00: it is a moment, not a period; give"),
        ("limits = {Offer = true}", "of 'Offer' true is not a text, a number or a date"),
        ('where = ">5"', "where = \">5\": >5 is not a condition, such as source=web"),
        ("items = false", "items = false: it takes the file of the items; no_items = true leaves them off"),
        ('items = "no.csv"', "no.csv'; a relative path begins in "),
        ('as_of = 2026-01-01\nas-of = 2026-01-02', "as_of comes twice, with a dash and with an underscore"),
        ("pipeline.stages = ['New']", 'it takes the name of a pipeline file, such as "pipeline.toml", not a'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_file_key_value_and_what_is_right(
    line: str, message: str, job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = NEEDED.replace('pipeline = "pipeline.toml"\n', "") if line.startswith("pipeline") else NEEDED
    (job / "weekly.toml").write_text(text + line)
    with pytest.raises(SystemExit) as ended:
        main(["report", "--settings", str(job / "weekly.toml")])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert error.startswith(f"stagefunnel report: error: {job / 'weekly.toml'}: ")
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("files = ", "is not valid TOML: "),
        ("item,stage,time\n1,2,3\n", "it is a CSV file: is it the log, in the place of the settings?"),
        (None, "No such file or directory"),
        ('out = "page.html"', "there is no key 'files', which is needed: files = \"deals.csv\""),
        ('files = "log.csv"', "there is no key 'out', which is needed: out = \"report.html\""),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(
    content: str | None, message: str, job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = job / "other.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["report", "--settings", str(path)])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert str(path) in error
    assert message in error


@pytest.mark.usefixtures("undrawn")
def test_an_error_in_the_data_is_a_line_too_and_spells_options_as_keys(
    job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = job / "weekly.toml"
    cases = {
        'by = "managr"': "by = \"managr\": no column 'managr'",
        'limits = {Offr = "1d"}': "limits = \"Offr\" is not a stage of the pipeline; it has: 'New'",
        'sections = ["funels"]': 'sections = "funels" is not a section; there are ',
        'sections = ["money"]': 'sections = "money" needs amount',
    }
    for line, message in cases.items():
        settings.write_text(NEEDED + line)
        assert main(["report", "--settings", str(settings)]) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"stagefunnel: error: {settings}: ")
        assert error.count("\n") == 1
        assert message in error


@pytest.mark.usefixtures("undrawn")
def test_paths_are_those_of_the_folder_and_what_is_typed_wins(
    job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = str(job / "weekly.toml")
    (job / "weekly.toml").write_text(NEEDED.replace("log.csv", "lo*.csv") + 'title = "Weekly"\n')
    assert main(["report", "--settings", settings]) == 0
    assert capsys.readouterr() == (f"wrote {job / 'page.html'}\n", "")
    assert "<h1>Weekly</h1>" in (job / "page.html").read_text()
    assert (job / "page.numbers.json").exists()
    words = ["--out", "mine.html", "--title=Mine", "--no-since-last", f"--sett={settings}"]
    assert main(["report", str(job / "log.csv"), *words]) == 0
    assert "<h1>Mine</h1>" in Path("mine.html").read_text()
    assert not Path("mine.numbers.json").exists()


def test_a_pipeline_of_an_export_is_a_name_where_no_file_has_it(job: Path) -> None:
    (job / "weekly.toml").write_text(
        'files = "log.csv"\nout = "page.html"\nread = true\npipeline = "Sales"\n'
    )
    assert parsed("--settings", str(job / "weekly.toml"))["pipeline"] == "Sales"
    (job / "Sales").write_text("")
    assert parsed("--settings", str(job / "weekly.toml"))["pipeline"] == str(job / "Sales")


def test_a_database_is_read_in_place_of_files_and_its_password_is_not_said(
    job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (job / "q.sql").write_text("select * from moves")
    rest = NEEDED.partition("\n")[2]
    settings = job / "weekly.toml"
    settings.write_text(f'{rest}connect = "sqlite:///crm.db"\nsql = "q.sql"\n')
    found = parsed("--settings", str(settings))
    assert (found["connection"], found["sql"]) == (f"sqlite:///{job / 'crm.db'}", [str(job / "q.sql")])
    settings.write_text(
        f'{rest}connect = "sqlite:////srv/crm.db"\nsql = {{deals = "q.sql", leads = "select 1"}}\n'
    )
    found = parsed("--settings", str(settings))
    assert found["connection"] == "sqlite:////srv/crm.db"
    assert found["sql"] == [f"deals={job / 'q.sql'}", "leads=select 1"]
    for line in (
        'connect = "postgresql://ann:s3cret@db/crm"\ntop = "ten"',
        'conect = "postgresql://ann:s3cret@db/x"',
    ):
        settings.write_text(f"{rest}sql = 'q.sql'\n{line}\n")
        with pytest.raises(SystemExit):
            main(["report", "--settings", str(settings)])
        error = capsys.readouterr().err
        assert "s3cret" not in error
        assert error.count("\n") == 1


def test_the_option_is_found_as_argparse_finds_it() -> None:
    known = {"--settings", "--sections", "--title"}
    assert settings_in(["a.csv", "--settings", "b.toml"], known) == "b.toml"
    assert settings_in(["--set=b.toml"], known) == "b.toml"
    assert settings_in(["--se", "b.toml"], known) is None
    assert settings_in(["--", "--settings", "b.toml"], known) is None
    assert settings_in(["--settings", "b.toml"], {"--title"}) is None
    has = {name for name in COMMANDS for one in actions_of(name) if "--settings" in one.option_strings}
    assert has == {"report"}


def test_the_settings_on_the_how_to_page_are_read(job: Path) -> None:
    page = ROOT.joinpath("docs", "how_to", "weekly_page.md").read_text(encoding="utf-8")
    (job / "deals.csv").write_text(LOG)
    (job / "items.csv").write_text("")
    (job / "weekly.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    found = parsed("--settings", str(job / "weekly.toml"))
    assert found["files"] == [str(job / "deals*.csv")]
    assert found["period"] == "2026-01-01..2026-12-31"
    assert [one.column for one in found["where"]] == ["source", "source", "amount"]


@pytest.mark.parametrize("out", ["nan", "5", "2026-01-01", "true"])
def test_a_page_has_a_name_in_quotes(out: str, job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(job.iterdir())
    text = "\n".join(line for line in NEEDED.splitlines() if not line.startswith("out ="))
    (job / "odd.toml").write_text(f"{text}\nout = {out}\n")
    with pytest.raises(SystemExit) as ended:
        main(["report", "--settings", str(job / "odd.toml")])
    assert ended.value.code == 2
    assert f"out = {out}: it takes the name of a file, in quotes\n" in capsys.readouterr().err
    assert sorted(job.iterdir()) == sorted([*before, job / "odd.toml"])
