"""One word for one thing: a command is called as its function, an option as its argument."""

import inspect
from typing import Any

import pytest

import stagefunnel as sf
from commands import actions_of, parsers
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.cli.old_names import renewed

# Commands without a function of their name, and the options whose name no argument has. Each has its reason.
OTHER_COMMANDS: dict[str, Any] = {
    "quality": sf.StageLog.quality,  # a method: it needs no pipeline, so that it is a question of the log
    "init": sf.suggest,  # it writes what the function suggests
    "save": sf.StageLog.save,  # methods, because a saved log is one of the log's forms
    "append": sf.StageLog.append,
    "compact": sf.StageLog.compact,
    "erase": sf.StageLog.erase,
    "demo": None,  # it writes files to try the others with; Python has datasets
}
OTHER_OPTIONS = {
    "help": "argparse adds it",
    "format": "of the answer; in Python a table is a frame, which has methods of its own for that",
    "out": "of the answer, likewise",
    "connect": "the `connection` of `read` and `from_sql`; on a command line it is made",
    "into": "the `name` that `write` gives to the answer in a database",
    "if_exists": "of that table, as `write` has it",
    "schema": "of that table, likewise",
    "csv_safe": "of the answer, likewise",
    "to": "of what `read` and `partial` give, which in Python is an object, and the `path` of a saved log",
    "quiet": "of the bar on a terminal",
    "read": "that the files are read by the function `read`; in Python one calls it",
    "of": "the part of an export: its `leads` or its `deals`",
    "force": "of that file: whether one that is there is overwritten",
    "settings": "a file of these options; in Python they are arguments",
    "json": "short for --format json",
    "of_stage": "a stage of the pipeline; --stage names the column of stages, as in all commands",
    "from_dates": "the dates of `backtest`; --dates was the name of another option",
    "spill": "of `StageLog.from_csv` and `from_parquet`, which read the files",
    "memory": "likewise",
    "item_key": "the item of `explain`, and `items` of `erase`; --item names a column, as in all commands",
}


def arguments_of(function: Any) -> set[str]:
    return set() if function is None else set(inspect.signature(function).parameters)


FUNCTIONS = {
    name: OTHER_COMMANDS[name] if name in OTHER_COMMANDS else getattr(sf, name.replace("-", "_"), None)
    for name in COMMANDS
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_called_as_its_function(command: str) -> None:
    assert FUNCTIONS[command] is not None or command in OTHER_COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_is_called_as_its_argument(command: str) -> None:
    known = arguments_of(FUNCTIONS[command]) | arguments_of(sf.show)
    if COMMANDS[command].has_question:
        known |= arguments_of(sf.summary)  # the usual question
    if COMMANDS[command].asks_log:
        known |= arguments_of(sf.StageLog)
    if COMMANDS[command].files != "none":
        known |= arguments_of(sf.read)
    for action in actions_of(command):
        for option in action.option_strings:
            if option.startswith("--"):
                name = option.removeprefix("--").removeprefix("no-").replace("-", "_")
                assert name in known or name in OTHER_OPTIONS, f"{command} {option}"


def test_no_exception_is_idle() -> None:
    options = {
        option.removeprefix("--").removeprefix("no-").replace("-", "_")
        for command in COMMANDS
        for action in actions_of(command)
        for option in action.option_strings
    }
    assert OTHER_OPTIONS.keys() <= options
    assert OTHER_COMMANDS.keys() <= COMMANDS.keys()
    with_function = {name for name in OTHER_COMMANDS if hasattr(sf, name.replace("-", "_"))}
    assert with_function == set()


@pytest.mark.parametrize(
    ("old", "new", "notes"),
    [
        ("trend a.csv", "funnel-by-period a.csv", ["`trend` is now called `funnel-by-period`"]),
        ("compare a.csv", "compare-periods a.csv", ["`compare` is now called `compare-periods`"]),
        ("items a.csv", "item-table a.csv", ["`items` is now called `item-table`"]),
        (
            "chain a.csv --count origin --basis=created",
            "chain-funnel a.csv --basis origin --period-basis=created",
            [
                "`chain` is now called `chain-funnel`",
                "`--count` is now called `--basis`",
                "`--basis created` is now called `--period-basis created`",
            ],
        ),
        ("chain-funnel a.csv --basis entity", "chain-funnel a.csv --basis entity", []),
        ("funnel a.csv --basis created", "funnel a.csv --basis created", []),
        (
            "sequence a.csv --steps x",
            "sequence-funnel a.csv --steps x",
            ["`sequence` is now called `sequence-funnel`"],
        ),
        (
            "sequence --table items a.csv",
            "sequence-items a.csv",
            ["`sequence --table items` is now called `sequence-items`"],
        ),
        (
            "sequence a.csv --table=trend --every week",
            "sequence-trend a.csv --every week",
            ["`sequence --table trend` is now called `sequence-trend`"],
        ),
        (
            "sequence a.csv --table times",
            "time-to-convert a.csv",
            ["`sequence --table times` is now called `time-to-convert`"],
        ),
        (
            "sequence a.csv --table paths --quiet",
            "sequence-paths a.csv --quiet",
            ["`sequence --table paths` is now called `sequence-paths`"],
        ),
        ("funnel --export a.json", "funnel --read a.json", ["`--export` is now called `--read`"]),
        ("read a.csv --dates day", "read a.csv --dayfirst", ["`--dates day` is now called `--dayfirst`"]),
        (
            "read a.csv --dates=month",
            "read a.csv --no-dayfirst",
            ["`--dates month` is now called `--no-dayfirst`"],
        ),
        (
            "funnel a.csv --rate EUR=1 --rate=USD=2",
            "funnel a.csv --rates EUR=1 --rates=USD=2",
            ["`--rate` is now called `--rates`"],
        ),
        (
            "compare-periods a.csv --with 2026-01",
            "compare-periods a.csv --against 2026-01",
            ["`--with` is now called `--against`"],
        ),
        # What follows two dashes are files, also where it looks like an option; a value stays a value.
        ("funnel -- --export items", "funnel -- --export items", []),
        ("funnel items --item trend", "funnel items --item trend", []),
        ("--version", "--version", []),
        ("", "", []),
    ],
)
def test_an_old_name_is_the_new_one_with_a_note(old: str, new: str, notes: list[str]) -> None:
    assert renewed(old.split()) == (new.split(), notes)


def test_the_note_is_one_line_beside_the_answer(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-02\n")
    (tmp_path / "p.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    rest = ["log.csv", "--pipeline", "p.toml"]
    assert main(["item-table", *rest]) == 0
    expected = capsys.readouterr()
    assert main(["items", *rest]) == 0
    found = capsys.readouterr()
    assert (found.out, expected.err) == (expected.out, "")
    assert found.err == "stagefunnel: note: `items` is now called `item-table`\n"


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        (["sequence", "log.csv", "--table", "odd"], "'sequence-funnel', 'sequence-items'"),
        (["sequence", "--table"], "'sequence-funnel', 'sequence-items'"),
        (["read", "log.csv", "--dates", "monht"], "'--dayfirst', '--no-dayfirst'"),
    ],
)
def test_a_value_that_never_was_is_refused(
    words: list[str], choice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert choice in capsys.readouterr().err


OLD = ["trend", "compare", "chain", "items", "sequence"]


def test_old_names_are_neither_in_the_help_nor_completed() -> None:
    assert not {*OLD} & {*parsers()}
    old = {"--export", "--dates", "--count", "--table", "--with", "--rate"}
    for command in COMMANDS:
        assert not old & {option for action in actions_of(command) for option in action.option_strings}


@pytest.mark.parametrize(
    ("call", "old", "new"),
    [
        (lambda **given: sf.compare_periods(*SHOP, "2026-03", **given), {"with_": "last_year"}, "against"),
        (lambda **given: sf.read(ROWS, **given), {"format": "events"}, "crm"),
    ],
)
def test_an_old_argument_works_and_warns(call: Any, old: dict[str, str], new: str) -> None:
    ((name, value),) = old.items()
    expected = call(**{new: value})
    with pytest.warns(FutureWarning, match=f"^{name}= of .* is now called {new}=$") as caught:
        found = call(**old)
    assert repr(found) == repr(expected)
    assert caught[0].filename == __file__
    with pytest.raises(sf.SchemaError, match=f"^{name}= is the old name of {new}=; give one of them$"):
        call(**old, **{new: value})


EXAMPLE = sf.datasets.furniture_shop()
SHOP = (EXAMPLE.log, EXAMPLE.pipeline)
ROWS = [
    {"deal_id": 7, "stage": "New", "changed_at": "2026-03-02 10:15"},
    {"deal_id": 7, "stage": "Won", "changed_at": "2026-03-09 08:00"},
]
