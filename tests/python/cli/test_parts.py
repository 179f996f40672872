"""The commands that count parts of a log and put them together."""

import shlex
import shutil
from pathlib import Path

import pytest

import stagefunnel as sf
from helpers import ROOT
from stagefunnel.cli import main
from stagefunnel.cli.commands.part_table import questions_of
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.questions.parts.mergeable import BY_NAME

HEADER = "item,stage,time,who\n"
NORTH = "a,New,2026-01-01,Al\na,Won,2026-01-05,Al\nb,New,2026-01-02,Bo\nb,Lost,2026-01-04,Bo\n"
SOUTH = "c,New,2026-01-03,Al\nc,Offer,2026-01-06,Al\nc,Lost,2026-01-07,Al\nd,New,2026-01-08,Bo\n"
PIPELINE = '[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n'
FILES = {
    "north.csv": HEADER + NORTH,
    "south.csv": HEADER + SOUTH,
    "whole.csv": HEADER + NORTH + SOUTH,
    "zoned.csv": HEADER + SOUTH.replace(",A", "T00:00Z,A").replace(",B", "T00:00Z,B"),
    "p.toml": PIPELINE,
    "q.toml": PIPELINE.replace('"Offer"', '"Offer", "Deal"'),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)


def count(name: str, *words: str, pipeline: str = "p.toml") -> None:
    assert main(["partial", f"{name}.csv", "--pipeline", pipeline, "--to", f"{name}.part", *words]) == 0


def test_the_loss_of_each_part_is_a_row_of_the_merged_table(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("north", "south"):
        count(name, "--question", "losses", "--by", "who")
    assert capsys.readouterr().out.startswith("Partial: 4 rows, 2 items, losses\n")
    assert main(["merge", "south.part", "north.part", "--out", "losses.csv"]) == 0
    lines = Path("losses.csv").read_text().splitlines()
    names = lines[0].split(",")
    found = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    rows = [(row["who"], row["from_stage"], row["items"]) for row in found if row["items"] != "0"]
    assert rows == [("Al", "Offer", "1"), ("Bo", "New", "1")]


@pytest.mark.parametrize(
    "words",
    [
        ["funnel", "--kind", "both", "--by", "who", "--top", "1"],
        ["summary", "--per", "item"],
        ["time-to", "--to-stage", "Won"],
        ["cumulative-incidence", "--as-of", "2026-02-01"],
        ["bottlenecks", "--as-of", "2026-02-01"],
        ["flow", "--period", "2026-01"],
        ["outcomes", "--where", "who=Al"],
        ["quality"],
        ["absorption", "--as-of", "2026-02-01"],
    ],
)
def test_parts_answer_as_the_whole_does(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    question, *options = words
    for name in ("north", "south"):
        count(name, "--question", question, *options)
    capsys.readouterr()
    assert main([question, "whole.csv", "--pipeline", "p.toml", *options]) == 0
    expected = capsys.readouterr().out
    assert main(["merge", "*h.part"]) == 0
    assert capsys.readouterr().out == expected


def test_parts_are_merged_in_steps(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("north", "south"):
        count(name, "--question", "outcomes", "--precision", "bounded", "--check", "none")
    assert main(["merge", "north.part", "south.part", "--to", "whole.part"]) == 0
    assert "8 rows, 4 items, outcomes" in capsys.readouterr().out
    assert sf.Partial.from_bytes(Path("whole.part").read_bytes()).table()["base"].tolist() == [4]
    assert main(["merge", "whole.part", "--format", "csv"]) == 0
    # One of four is won, two are lost, one is open.
    assert capsys.readouterr().out.splitlines()[1].startswith("4,1,2,1,")


def test_a_question_may_be_called_as_its_function(capsys: pytest.CaptureFixture[str]) -> None:
    count("north", "--question=time_in_stage", "--per", "item")
    assert "time_in_stage" in capsys.readouterr().out


def test_the_stage_of_an_incidence_is_not_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--question", "cumulative-incidence", "--as-of", "2026-02-01"]
    count("south", *options, "--to-stage", "Offer")
    capsys.readouterr()
    assert main(["merge", "south.part", "--format", "csv"]) == 0
    merged = capsys.readouterr().out
    rest = ["--pipeline", "p.toml", *options[2:], "--to", "Offer", "--format", "csv"]
    assert main(["cumulative-incidence", "south.csv", *rest]) == 0
    assert merged == capsys.readouterr().out


REFUSED = [
    (["partial", "north.csv", "--question", "loses", "--to", "x"], "--question loses: there is no such", 2),
    (["partial", "north.csv", "--question", "visits", "--to", "x"], "visits() lists single items", 1),
    (["partial", "north.csv", "--question", "forecast", "--to", "x"], "forecast() is fitted", 1),
    (["partial", "north.csv", "--question", "bottlenecks", "--to", "x"], "pass --as-of, or make", 1),
    (
        ["partial", "north.csv", "--question", "funnel", "--reason", "who", "--to", "x"],
        "no option --reason",
        2,
    ),
    (["merge", "north.part", "whole.part"], "2 items are in more than one partial", 1),
    (["merge", "north.part", "whole.part"], "(number 0 is north.part, number 1 is whole.part)", 1),
    (["merge", "north.part", "zoned.part"], "the partials differ in --zone ", 1),
    (["merge", "north.part", "south.csv"], "south.csv: the bytes are not a partial of stagefunnel", 1),
    (["merge", "cut.part"], "cut.part: the stored partial is damaged", 1),
    (["merge", "north.part", "other.part"], "the partials differ in --fill ", 1),
    (["merge", "north.part", "odd.part"], "the partials read different pipelines", 1),
    (["merge", "north.part", "losses.part"], "the partials differ in --question ", 1),
    (["merge", "nowhere.part"], "no file 'nowhere.part'", 2),
    (["merge", "north.part", "--to", "x", "--format", "csv"], "--to writes the parts as one", 2),
    (["merge", "two.part"], "two.part has 2 questions", 1),
]


def test_what_does_not_fit_is_refused_with_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("north", "whole", "zoned"):
        count(name)
    count("south", "--fill", "moves")
    Path("south.part").rename("other.part")
    count("south", "--missing", "ignore", pipeline="q.toml")
    Path("south.part").rename("odd.part")
    Path("cut.part").write_bytes(Path("north.part").read_bytes()[:-9])
    count("south", "--question", "losses")
    Path("south.part").rename("losses.part")
    two = {"a": sf.funnel, "b": sf.outcomes}
    log, pipeline = sf.StageLog.from_csv("north.csv"), sf.Settings.from_toml("p.toml").pipeline
    Path("two.part").write_bytes(sf.partial(log, pipeline, questions=two).to_bytes())
    for words, error, code in REFUSED:
        given = [*words, "--pipeline", "p.toml"] if words[0] == "partial" else words
        try:
            found = main(given)
        except SystemExit as ended:
            found = int(ended.code or 0)
        assert error in capsys.readouterr().err, words
        assert found == code, words
        assert not Path("x").exists()


def test_every_question_of_partials_with_a_command_is_one_of_parts() -> None:
    known = {name.replace("-", "_") for name in questions_of(COMMANDS)}
    # A chain is asked of the files of leads and deals together.
    of_one_log = {name for name, kind in BY_NAME.items() if not kind.beside}
    assert {name for name in of_one_log if name.replace("_", "-") in COMMANDS} <= known


def test_the_help_has_the_options_of_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["partial", "--question", "losses", "--help"])
    assert "--reason" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["partial", "--help"])
    assert "--reason" not in capsys.readouterr().out


def test_the_loop_of_the_page_prints_what_stands_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT.joinpath("docs", "how_to", "parts.md").read_text(encoding="utf-8")
    loop, _, rest = page.partition("```bash\n")[2].partition("```\n")
    expected = rest.partition("```text\n")[2].partition("```")[0]
    head, body, done, merge = loop.splitlines()
    assert (head, done) == ("for file in tests/data/parts/*.csv; do", "done")
    shutil.copytree(ROOT / "tests/data/parts", "tests/data/parts")
    for file in sorted(Path("tests/data/parts").glob("*.csv")):
        assert main(shlex.split(body.replace("$file", str(file)))[1:]) == 0
    assert main(shlex.split(merge)[1:]) == 0
    assert capsys.readouterr().out == expected
