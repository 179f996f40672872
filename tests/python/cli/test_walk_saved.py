"""Every question's command answers a saved log that grew, and one in partitions, as the files of all rows."""

import random
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from commands import actions_of
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.cli.saved_options import OF_PARTITIONS

#: Commands that ask nothing of rows, and one that names the columns of files, which a saved log has not.
NO_QUESTION = {"merge", "demo", "read", "save", "append", "compact", "erase", "init"}
#: What a command needs, and what shows more of it.
MORE = {
    "funnel": ["--kind both", "--by who --amount value", "--unit team"],
    "outcomes": ["--by team", "--where who=Al --amount value"],
    "explain": ["--item-key 7"],
    "compare-periods": ["--period 2026-02 --basis created"],
    "losses": ["--reason who"],
    "sales-velocity": ["--amount value"],
    "time-to": ["--to-stage Won"],
    "cohort-maturity": ["--tau 9d"],
    "state-occupation": ["--times 9d"],
    "win-within": ["--horizon 9d"],
    "compare-groups": ["--by team"],
    "drivers": ["--columns who"],
    "decompose": ["--by team --a A"],
    "mix-rate": ["--mix who --by team --a A"],
    "sequence-funnel": ["--steps New,Won --window 20d --observed-until 2026-05-01"],
    "sequence-items": ["--steps New,Won"],
    "sequence-trend": ["--steps New,Won"],
    "time-to-convert": ["--steps New,Won"],
    "sequence-paths": ["--steps New,Won"],
    "item-features": ["--as-of 2026-02-15 --horizon 9d"],
    "backtest": ["--horizon 9d"],
    "visits": ["--columns who"],
    "item-table": ["--columns value"],
    "check": ["--fail-if won>900"],
    "report": ["--out page.html"],
    "partial": ["--to log.part"],
}
#: Those whose answer is a file.
WRITTEN = {"report": "page.html", "partial": "log.part"}
CASES = [(name, more) for name in COMMANDS if name not in NO_QUESTION for more in MORE.get(name, [""])]
FILES_OF_ROWS = "whole.csv"
REFUSED = r"\(\) .*, and the log is in partitions; ask it of|in several partitions of a log; ask it of"
WAYS = [["Offer"], ["Offer", "Won"], ["Won"], ["Offer", "Lost"], ["Lost"]]


def rows() -> list[tuple[str, str, str, str]]:
    luck = random.Random(5)
    found = []
    for item in range(90):
        day = date(2026, 1, 1) + timedelta(luck.randrange(60))
        for stage in [
            "New",
            *luck.choice([["Offer"], ["Offer", "Won"], ["Won"], ["Offer", "Lost"], ["Lost"]]),
        ]:
            found.append((str(item), stage, day.isoformat(), luck.choice(["Al", "Bo", "Cy", ""])))
            day += timedelta(luck.randrange(1, 25))
    return sorted(found, key=lambda row: row[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files of all rows, and save logs of the first ones to which the last ones are appended."""
    path = tmp_path_factory.mktemp("files")
    all_rows = rows()
    for name, of in {"whole.csv": all_rows, "first.csv": all_rows[:-25], "day.csv": all_rows[-30:]}.items():
        lines = ["item,stage,time,who", *map(",".join, of)]
        (path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    items = "".join(f"{item},{'ABC'[item % 3]},{item * 5 % 70}\n" for item in range(90))
    (path / "items.csv").write_text("item,team,value\n" + items, encoding="utf-8")
    (path / "p.toml").write_text(
        '[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n', encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        for name, more in (("log", ""), ("parts", " --memory 64GB")):
            # What is known of a table, and of files that are read in batches, is a part of some answers.
            for kept, options in (("", ""), ("_all", "--items items.csv --columns who")):
                words = f"save first.csv --pipeline p.toml {options} --to {name}{kept}.sf{more}"
                assert main(words.split()) == 0
                assert main(["append", "day.csv", "--to", f"{name}{kept}.sf"]) == 0
    return path


def flags_of(command: str) -> set[str]:
    return {flag for action in actions_of(command) for flag in action.option_strings}


def words_of(command: str, more: str, files: str) -> list[str]:
    needs_items = re.search("team|value", more) is not None
    options = f"{more} --items items.csv" if needs_items and files == FILES_OF_ROWS else more
    if needs_items or "who" in more:
        files = files.replace(".sf", "_all.sf")
    if command == "chain-funnel":
        Path("links.csv").write_text("deal_id,lead_id\n" + "".join(f"{n},{n}\n" for n in range(50)))
        pair = f"--leads {files} --deals {files} --links links.csv"
        pipelines = "--lead-pipeline p.toml --deal-pipeline p.toml"
        return [command, *f"{pair} {pipelines} {options}".split()]
    pipeline = "--pipeline p.toml" if "--pipeline" in flags_of(command) else ""
    return [command, *f"{files} {pipeline} {options}".split()]


def answer(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str, bytes]:
    """Return the code, what was printed as the answer and as an error, and the file that was written."""
    written = Path(WRITTEN.get(words[0], "nothing"))
    written.unlink(missing_ok=True)
    capsys.readouterr()
    code: Any
    try:
        code = main(words)
    except SystemExit as ended:
        code = ended.code
    printed = capsys.readouterr()
    content = written.read_bytes() if written.exists() else b""
    if content and words[0] == "partial":  # the items of a saved log may stand in another order
        assert main(["merge", "log.part"]) == 0
        content = capsys.readouterr().out.encode()
    # A number of a table of items is text in a file, which stands to the left.
    out = re.sub(" +", " ", printed.out) if words[0] == "item-table" else printed.out
    return code, out, printed.err, content


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("command", "more"), CASES)
def test_a_saved_log_answers_as_its_files(
    command: str,
    more: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(folder)
    code, out, error, content = answer(words_of(command, more, FILES_OF_ROWS), capsys)
    assert (code, bool(out or content)) == (0, True), error
    found = answer(words_of(command, more, "log.sf"), capsys)
    assert found[:2] == (code, out), found[2]
    assert found[3] == content
    ways = {"folder": words_of(command, more, "parts.sf")}
    if "--spill" in flags_of(command):
        spill = ["--spill", str(tmp_path / "big.sf"), "--memory", "64GB"]
        ways["spill"] = [*words_of(command, more, FILES_OF_ROWS), *spill]
    for way, words in ways.items():
        code_of_way, out_of_way, error_of_way, content_of_way = answer(words, capsys)
        if command in OF_PARTITIONS:
            assert (code_of_way, out_of_way) == (0, out), (way, error_of_way)
            assert content_of_way == content
        else:
            assert code_of_way == 1, way
            assert re.search(
                r"\(\) .*, and the log is in partitions; ask it of|in several partitions", error_of_way
            )


def test_every_question_is_asked() -> None:
    assert {command for command, _ in CASES} == {*COMMANDS} - NO_QUESTION
    assert {*COMMANDS} - NO_QUESTION >= OF_PARTITIONS
