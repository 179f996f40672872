"""Every option of every command with a wrong value: the error names the option as it is typed."""

import argparse
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import stagefunnel as sf
from commands import actions_of
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS

ROWS = "item,stage,time,who\n1,New,2026-01-01,Al\n1,Won,2026-01-02,Al\n2,New,2026-01-03,Bo\n"
FILES = {
    "log.csv": ROWS,
    "items.csv": "item,team,value\n1,A,5\n2,B,6\n",
    "links.csv": "deal_id,lead_id\n1,1\n",
    "p.toml": '[pipeline]\nstages = ["New"]\nwon = "Won"\n',
}
# What else an option needs, so that its value is read at all.
NEEDS = {
    "amount_at": "--amount value --items items.csv",
    "at": "--by who",
    "b": "--a Al",
    "attribution": "--by who",
    "attribution_step": "--by who --attribution step",
    "basis": "--period 2026-01",
    "of_stage": "--clock stage",
    "static": "--items items.csv --columns team --fit-by team",
    "currency": "--amount value --items items.csv",
    "items_key": "--items items.csv --by team --where team=A --columns team",
    "observed_until": "--within 3d --window 3d",
    "rates": "--amount value --items items.csv --currency who",
    "top": "--by who",
    "fill": "--kind conversions",
    "modes": "--mode clickhouse --window 3d",
}
OF_EXPORTS = {"of", "crm", "only", "merged", "dayfirst", "decimal", "encoding"}
# Options that take any text, and those whose value is a file that is written.
ANY = {"title", "out", "page", "to", "items", "item_key", "quiet", "wide", "read", "same_part", "dayfirst"}
ANY |= {"toml", "force", "saved", "part"}
# The value names a file or a column, and the error names that.
NAMED_BY_ITS_VALUE = {
    *(
        "item",
        "stage",
        "time",
        "time_format",
        "order",
        "exited",
        "start_unknown",
        "items_key",
        "columns",
        "hold",
    ),
    "fail_if",
    *(
        "leads",
        "deals",
        "links",
        "deal",
        "lead",
        "by",
        "mix",
        "static",
        *("fit_by", "benchmark", "probability"),
        "amount",
        "unit",
        "reason",
        "currency",
        "where",
    ),
}
ODD = "zzz-odd"
# A stage that no row has may be a step or an exclusion; these are wrong in another way.
VALUES = {"steps": "New,,Won", "exclude": "New:x", "spill": "p.toml"}
ARGUMENT = re.compile(r"\b[a-z]+(_[a-z]+)*=")


@cache
def options_of(command: str) -> list[argparse.Action]:
    return [action for action in actions_of(command) if action.option_strings]


def base_of(command: str, option: str) -> list[str]:
    flags = {flag for action in options_of(command) for flag in action.option_strings}
    if command in ("compact", "erase"):
        words = "log.sf"
    elif command == "chain-funnel":
        words = "--leads log.csv --deals log.csv --links links.csv"
        words += " --lead-pipeline p.toml --deal-pipeline p.toml"
    else:
        words = "log.csv"
    if option in OF_EXPORTS and "--read" in flags:
        words = "log.csv --read"
    elif "--pipeline" in flags:
        words += " --pipeline p.toml"
    if "--steps" in flags:
        words += " --steps New,Won"
    more = {"compare-periods": "--period 2026-01", "report": "--out page.html", "explain": "--item-key 1"}
    more |= {
        "partial": "--to log.part",
        "read": "--to log.parquet",
        "save": "--to log.sf",
        "append": "--to log.sf",
        "check": "--fail-if won>9",
        "time-to": "--to-stage Won",
        "cohort-maturity": "--tau 9d",
        "state-occupation": "--times 9d",
        "win-within": "--horizon 9d",
        "compare-groups": "--by who",
        "decompose": "--by who --a Al",
        "drivers": "--columns who",
        "mix-rate": "--mix created:month --by who --a Al",
    }
    if command == "sales-velocity" and option != "amount":
        more[command] = "--amount value" if "--read" in words else "--amount value --items items.csv"
    if command == "item-features":
        asked = {"--as-of": "2026-01-05", "--horizon": "9d"}
        words += "".join(f" {flag} {value}" for flag, value in asked.items())
    return [command, *words.split(), *more.get(command, "").split()]


def needed_by(command: str, option: str) -> list[str]:
    flags = {flag for action in options_of(command) for flag in action.option_strings}
    words = NEEDS.get(option, "").split()
    if command == "save":  # it keeps all columns of the items; --columns are those of the log
        words = words[:2]
    pairs = [words[at : at + 2] for at in range(0, len(words), 2)]
    return [word for pair in pairs if pair[0] in flags for word in pair]


CASES = [
    (command, action.dest, action.option_strings[0])
    for command in COMMANDS
    for action in options_of(command)
    if action.dest not in ANY | {"help"} and action.nargs != 0
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files once; a command that is refused leaves them as they are."""
    path = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize(("command", "option", "flag"), CASES)
def test_the_error_about_a_wrong_value_names_the_option_as_it_is_typed(
    command: str,
    option: str,
    flag: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    if command in ("append", "erase") and not Path("log.sf").exists():
        sf.StageLog({"item": [1], "stage": ["New"], "time": ["2026-01-01"]}).save("log.sf")
    words = [*base_of(command, option), *needed_by(command, option), flag, VALUES.get(option, ODD)]
    code: Any
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    error = capsys.readouterr().err.splitlines()
    assert code in (1, 2), f"{' '.join(words)} is answered"
    there = {path.name for path in Path().iterdir()}
    assert there - {"log.sf"} == {*FILES}, "a command that failed wrote or removed a file"
    said = next(line for line in error if "error: " in line)
    assert flag in said or (option in NAMED_BY_ITS_VALUE and ODD in said), said
    # What Python calls it stands beside it only where the command has no such option.
    assert not ARGUMENT.search(re.sub(r"\S+ \(in Python\)|--only field=status", "", said)), said
