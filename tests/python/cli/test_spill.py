"""Questions of files that are larger than memory: the rows go to a folder, which later commands take."""

from pathlib import Path
from typing import Any

import pytest

import stagefunnel as sf
from commands import actions_of
from helpers import assert_frame_equal
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.cli.saved_options import OF_PARTITIONS
from stagefunnel.questions.parts.mergeable import BY_NAME

DEALS = """\
deal,stage,at,who,paid
1,New,2026-01-01,Al,10
1,Offer,2026-01-03,Al,20
1,Won,2026-01-09,Bo,30
2,New,2026-01-02,Al,5
2,Lost,2026-01-04,,007
"""
PIPELINE = """\
[pipeline]
stages = ["New", "Offer"]
won = "Won"
lost = "Lost"
[columns]
item = "deal"
time = "at"
"""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {"deals.csv": DEALS, "items.csv": "deal,team\n1,East\n2,West\n", "p.toml": PIPELINE}
    for name, text in texts.items():
        Path(name).write_text(text)


# Far more than a worker holds: where half is held, memory is given back before each log, which takes long.
MEMORY = "--memory 64GB"


def answer(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(words.split()) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "question",
    [
        "funnel --items items.csv --by team,who",
        "outcomes --amount paid",
        "outcomes --where paid>6",
        "losses --reason who",
        "losses --items items.csv --unit team",
        "time-in-stage --by who",
        "summary",
        "quality",
    ],
)
def test_spilled_files_answer_as_files_do(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, _, rest = question.partition(" ")
    words = f"{command} deals.csv --pipeline p.toml {rest}"
    expected = answer(words, capsys)
    assert answer(f"{words} --spill big.sf {MEMORY}", capsys) == expected
    assert isinstance(sf.StageLog.load("big.sf"), sf.PartitionedLog)
    rest = rest.replace("--items items.csv ", "")
    assert answer(f"{command} big.sf --pipeline p.toml {rest}", capsys) == expected


def test_files_are_saved_within_an_amount_of_memory(capsys: pytest.CaptureFixture[str]) -> None:
    text = answer(f"save deals.csv --pipeline p.toml --columns who --to big.sf {MEMORY}", capsys)
    assert text.splitlines()[:2] == ["big.sf: saved", "PartitionedLog: 5 rows, 2 items, 1 partition"]
    text = answer("append deals.csv --pipeline p.toml --to big.sf", capsys)
    assert text.splitlines()[0] == "big.sf: added 0 rows, and left out 5 rows that it had already"
    answer("compact big.sf", capsys)
    assert answer("erase big.sf --item-key 1", capsys).splitlines()[0] == "big.sf: erased 3 rows"
    assert sf.StageLog.load("big.sf").n_rows == 2


def test_a_list_of_items_is_refused_of_partitions(capsys: pytest.CaptureFixture[str]) -> None:
    answer(f"save deals.csv --pipeline p.toml --to big.sf {MEMORY}", capsys)
    # A shell has no log.filter(items=…).
    instead = (
        "the files of rows, or of a log that is saved without --memory (stagefunnel save FILE --to FOLDER)"
    )
    for words in (["item-table"], ["markov-check"], ["explain", "--item-key", "1"]):
        assert main([words[0], "big.sf", "--pipeline", "p.toml", *words[1:]]) == 1
        assert f"and the log is in partitions; ask it of {instead}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--memory 2GB", "--memory is for rows that are put on disk, and there is no --spill"),
        ("--spill deals.csv", "--spill deals.csv is a file"),
        ("--spill big.sf --memory much", "--memory much is not an amount of memory"),
        ("--spill big.sf --order at", "have no --order"),
        ("--spill big.sf --read", "--spill is for tables of your own"),
    ],
)
def test_what_cannot_be_spilled_is_refused(words: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    code: Any
    try:
        code = main(["funnel", "deals.csv", "--pipeline", "p.toml", *words.split()])
    except SystemExit as ended:
        code = ended.code
    assert code in (1, 2)
    assert text in capsys.readouterr().err
    assert not Path("big.sf").exists()


def test_questions_that_merge_have_the_option() -> None:
    # A chain is of two logs, which partitions do not join.
    of_one_log = {name.replace("_", "-") for name, kind in BY_NAME.items() if not kind.beside}
    known = of_one_log | {"quality", "partial"}
    assert known == OF_PARTITIONS
    for name in COMMANDS:
        has_spill = any("--spill" in action.option_strings for action in actions_of(name))
        assert has_spill == (name in OF_PARTITIONS)


def test_the_folder_is_that_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    answer("funnel deals.csv --pipeline p.toml --spill big.sf", capsys)
    settings = sf.Settings.from_toml("p.toml")
    log = sf.StageLog.from_csv("deals.csv", item="deal", time="at")
    found = sf.funnel(sf.StageLog.load("big.sf"), settings.pipeline)
    assert_frame_equal(found, sf.funnel(log, settings.pipeline))


def test_a_folder_whose_rows_are_on_their_way_is_told_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    Path("half.sf", "spill-1").mkdir(parents=True)
    assert main(["funnel", "half.sf", "--pipeline", "p.toml"]) == 1
    assert "half.sf has rows whose reading is not done, or was interrupted" in capsys.readouterr().err
