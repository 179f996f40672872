"""The commands save a log, change it, and take its folder where they take files."""

from pathlib import Path

import pytest

import stagefunnel as sf
from helpers import ROOT
from stagefunnel.cli import main

DEALS = """\
deal,stage,at,who,paid
1,New,2026-01-01,Al,10
1,Offer,2026-01-03,Al,20
1,Won,2026-01-09,Bo,30
2,New,2026-01-02,Al,5
2,Lost,2026-01-04,,007
"""
#: The last day again, and the next one.
DAY = """\
deal,stage,at,who,paid
1,Won,2026-01-09,Bo,30
3,New,2026-01-10,Cy,9
"""
ITEMS = "deal,team,size\n1,East,7\n2,West,8\n"
DAY_ITEMS = "deal,team,size\n2,North,9\n3,East,4\n"
PIPELINE = """\
[pipeline]
stages = ["New", "Offer"]
won = "Won"
lost = "Lost"
[columns]
item = "deal"
time = "at"
"""
FUNNEL = ["funnel", "log.sf", "--pipeline", "p.toml"]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = {"deals.csv": DEALS, "day.csv": DAY, "items.csv": ITEMS, "day_items.csv": DAY_ITEMS}
    for name, text in {**texts, "p.toml": PIPELINE}.items():
        Path(name).write_text(text)
    options = ["--items", "items.csv", "--columns", "who,paid", "--to", "log.sf"]
    assert main(["save", "deals.csv", "--pipeline", "p.toml", *options]) == 0


def paid_in(path: str) -> list[str]:
    visits = sf.visits(sf.StageLog.load(path), sf.Settings.from_toml("p.toml").pipeline, columns=["paid"])
    return visits.sort_values(["item", "entered"])["paid"].tolist()


def answer(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(words) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        "funnel --by team",
        "funnel --by who --kind both",
        "funnel --amount size --by size:[7.5]",
        "funnel --where team=East",
        "funnel --where size>7 --where who=Al",
        "item-table --columns team,who",
        "visits --columns who,paid",
        "losses --reason who",
        "transitions --by team",
        "time-in-stage --as-of 2026-01-05",
        "sequence-funnel --steps New|Offer[who=Al],Won --observed-until 2026-02-01 --window 20d",
    ],
)
def test_a_question_of_the_folder_is_answered_as_that_of_the_files(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *more = words.split()
    options = ["--pipeline", "p.toml", *more]
    needs_items = any(word in words for word in ("team", "size"))
    found = answer([command, "log.sf", *options], capsys)
    assert found == answer(
        [command, "deals.csv", *options, *(["--items", "items.csv"] if needs_items else [])], capsys
    )
    assert found


@pytest.mark.parametrize("more", [[], ["--memory", "8GB"]])
def test_numbers_that_are_few_join_a_day_of_numbers(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{at // 2},{('New', 'Won')[at % 2]},{at},{at % 3}\n" for at in range(60))
    Path("few.csv").write_text("item,stage,time,size\n" + rows, encoding="utf-8")
    Path("more.csv").write_text("item,stage,time,size\n77,New,90,1\n78,New,91,2\n", encoding="utf-8")
    answer(["save", "few.csv", "--columns", "size", "--to", "few.sf", *more], capsys)
    out = answer(["append", "more.csv", "--to", "few.sf"], capsys)
    assert out.startswith("few.sf: added 2 rows, and left out 0 rows")
    log = sf.StageLog.load("few.sf")
    found = sf.outcomes(log, sf.Pipeline("New", won="Won"), by="size")
    # Rows that go to the disk as they come are not known to be numbers before all of them are read.
    assert found["size"].tolist() == (["0", "1", "2"] if more else [0, 1, 2])
    assert found["base"].sum() == 32
    done = "one part in each partition" if more else "one part"
    assert answer(["compact", "few.sf"], capsys).startswith(f"few.sf: {done}\n")


def test_all_is_read_of_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    log = sf.StageLog.load("log.sf")
    assert paid_in("log.sf") == ["10", "20", "30", "5", "007"]  # not all are written as numbers
    assert log.items is not None
    assert log.items["size"].tolist() == [7, 8]
    out = answer(["funnel", "log.sf"], capsys)
    assert out.startswith("Assumed: New → Offer; won: Won; lost: Lost.\nAll of it rests on 3 moves")
    assert answer(["init", "log.sf"], capsys).endswith(
        "stagefunnel funnel log.sf --pipeline pipeline.toml --kind both\n"
    )


def test_a_day_is_appended_as_the_saved_log_is(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["append", "day.csv", "--pipeline", "p.toml", "--items", "day_items.csv", "--to", "log.sf"]
    out = answer(words, capsys)
    assert out.startswith(
        "log.sf: added 1 row, and left out 1 row that it had already\nStageLog: 6 rows, 3 items"
    )
    log = sf.StageLog.load("log.sf")
    assert paid_in("log.sf")[-1] == "9"  # text, as the others
    assert log.items is not None
    sizes = dict(zip(log.items["deal"], log.items["size"], strict=True))
    assert sizes == {"1": 7, "2": 9, "3": 4}
    assert answer(["compact", "log.sf"], capsys).startswith("log.sf: one part\nStageLog: 6 rows")
    out = answer(["erase", "log.sf", "--item-key", "1", "--item-key", "3"], capsys)
    assert out.startswith("log.sf: erased 4 rows\nStageLog: 2 rows, 1 item")


def test_columns_of_a_day_are_named_as_those_of_the_saved_log(capsys: pytest.CaptureFixture[str]) -> None:
    # The saved log knows the names of the pipeline file, and an option goes before them.
    assert "added 1 row, and left out 1 row" in answer(["append", "day.csv", "--to", "log.sf"], capsys)
    Path("other.csv").write_text(Path("day.csv").read_text().replace("deal", "id", 1))
    assert main(["append", "other.csv", "--to", "log.sf"]) == 1
    hint = "(columns of other names are given with --item, --stage and --time)"
    assert capsys.readouterr().err.endswith(
        f"no column 'deal'; it has: 'id', 'stage', 'at', 'who', 'paid' {hint}\n"
    )
    out = answer(["append", "other.csv", "--item", "id", "--to", "log.sf"], capsys)
    assert "added 0 rows, and left out 2 rows" in out


def test_integers_are_erased_by_their_digits(capsys: pytest.CaptureFixture[str]) -> None:
    sf.StageLog({"item": [17, -3], "stage": ["New", "New"], "time": [0, 1]}).save("numbers.sf")
    out = answer(["erase", "numbers.sf", "--item-key=-3"], capsys)
    assert out.startswith("numbers.sf: erased 1 row\nStageLog: 1 row, 1 item")


def test_an_export_is_saved_and_appended(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted((ROOT / "tests/data/exports/bitrix24").glob("*.json"))]
    answer(["save", *files, "--read", "--to", "export.sf"], capsys)
    out = answer(["append", *files, "--read", "--to", "export.sf"], capsys)
    assert "added 0 rows, and left out 11 rows that it had already" in out
    leads = answer(["save", *files, "--read", "--of", "leads", "--to", "export.sf"], capsys)
    assert leads != out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*FUNNEL, "--item", "deal"], "--item says how rows are read, and a saved log has its own"),
        ([*FUNNEL, "--read"], "--read says how rows are read"),
        ([*FUNNEL, "--items", "items.csv", "--by", "team"], "--items is for files of rows"),
        (["funnel", "log.sf", "deals.csv", "--pipeline", "p.toml"], "log.sf is a saved log, not a file"),
        (["read", "log.sf", "--to", "x.csv"], "log.sf is a saved log, not a file"),
        (["save", "log.sf", "--columns", "who", "--to", "x.sf"], "--columns names columns of tables"),
        (["append", "day.csv", "--to", "nowhere.sf"], "--to nowhere.sf is not there"),
        (["compact", "deals.csv"], "FOLDER deals.csv has no log.json"),
        (["erase", "log.sf", "--item-key", "12"], "--item-key has '12', which the log does not have"),
        ([*FUNNEL, "--by", "nobody"], "--by nobody"),
        (["save", "deals.csv", "--pipeline", "p.toml", "--to", "."], "other files in it, such as"),
    ],
)
def test_what_does_not_fit_is_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(words)
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code in (1, 2)
    assert message in capsys.readouterr().err
