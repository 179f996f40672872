"""The options that an error names: ``by=`` in Python, ``--by`` on the command line."""

from pathlib import Path

import pytest

import stagefunnel as sf
from helpers import ROOT, write_export
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.cli.parser import command_parser
from stagefunnel.cli.spelling import speller, with_options
from stagefunnel.errors import Option, advised, given, named

ARGUMENTS = {"by", "invalid", "as_of", "time_format", "period", "threads", "pipeline", "out", "decimal"}
ARGUMENTS |= {"crm", "dayfirst", "rates", "against"}
EXPORT = ROOT / "tests/data/exports/tables/events.csv"


@pytest.mark.parametrize(
    ("option", "python", "command"),
    [
        (named("by"), "by=", "--by"),
        (named("as_of"), "as_of=", "--as-of"),
        (advised("invalid", "drop"), 'invalid="drop"', "--invalid drop"),
        (given("as_of", "soon"), "as_of='soon'", "--as-of soon"),
        (given("threads", 0), "threads=0", "--threads 0"),
        (given("by", ["a", "b"]), "by=['a', 'b']", "--by a,b"),
        (given("by", ["the manager"]), "by=['the manager']", "--by 'the manager'"),
        (given("by", ""), "by=''", "--by ''"),
        (
            given("period", ("2026-03", "2026-01")),
            "period=('2026-03', '2026-01')",
            "--period 2026-03..2026-01",
        ),
        (advised("time_format", "%d %b %Y"), 'time_format="%d %b %Y"', "--time-format '%d %b %Y'"),
        (advised("decimal", ","), 'decimal=","', "--decimal ,"),
    ],
)
def test_an_option_of_the_command_is_spelled_as_it_is_typed(
    option: Option, python: str, command: str
) -> None:
    assert str(option) == python
    assert speller(ARGUMENTS, {})(option) == command


@pytest.mark.parametrize(
    ("option", "command"),
    [
        (named("path"), "--out"),
        (named("form"), "--format"),
        (given("crm", "bitrix"), "--crm bitrix"),
        (given("dayfirst", True), "--dayfirst"),
        (given("dayfirst", False), "--no-dayfirst"),
        (named("dayfirst"), "--dayfirst"),
        (named("rates"), "--rates"),
        (given("against", ("2026-01", "2026-02")), "--against 2026-01..2026-02"),
        (given("effect", "drp"), "the effect drp of --exclude"),
        (named("effect"), "the effect of --exclude"),
    ],
)
def test_an_option_of_another_name_is_spelled_by_that_name(option: Option, command: str) -> None:
    assert speller(ARGUMENTS, {})(option) == command


@pytest.mark.parametrize(
    ("command", "option", "text"),
    [
        ("chain-funnel", given("basis", "items"), "--basis items"),
        ("chain-funnel", given("period_basis", "items"), "--period-basis items"),
        ("funnel", given("basis", "items"), "--basis items"),
        ("read", named("path"), "--to"),
        ("demo", named("path"), "DIR"),
    ],
)
def test_a_command_may_have_a_name_of_its_own(command: str, option: Option, text: str) -> None:
    assert speller({"basis", "period_basis", "to"}, COMMANDS[command].other_names)(option) == text


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (advised("keys", "keep"), 'keys="keep" (in Python)'),
        (named("columns"), "columns= (in Python)"),
        # --pipeline is a file of stages, pipeline= a column with the pipeline of each row.
        (named("pipeline"), "pipeline= (in Python)"),
    ],
)
def test_an_option_that_the_command_lacks_is_spelled_as_in_python(option: Option, text: str) -> None:
    assert speller(ARGUMENTS, {})(option) == text


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("left out; pass order= for another order", "left out; pass --order for another order"),
        ("Pass time_format= for others", "Pass --time-format for others"),
        ('pass encoding="cp1252" if so', "pass --encoding cp1252 if so"),
        ("Pass pipeline= for other stages", "Pass pipeline= (in Python) for other stages"),
        ("no option= here", "no option= here"),
    ],
)
def test_options_in_the_notes_of_a_log_are_spelled_too(text: str, spelled: str) -> None:
    assert with_options(text, speller({"order", "time_format", "encoding"}, {})) == spelled


ROWS = "item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-02\n"
LOG = ["log.csv", "--pipeline", "pipeline.toml"]
SEQUENCE = ["sequence-funnel", "log.csv", "--steps", "New,Won"]


@pytest.mark.parametrize(
    ("arguments", "python", "command"),
    [
        (["funnel", *LOG, "--by", "item,item"], "by=", "--by"),
        (["funnel", *LOG, "--top", "2"], "top=2", "--top 2"),
        (["funnel", *LOG, "--at", "last"], "at='last'", "--at last"),
        (["funnel", *LOG, "--currency", "item"], "currency=", "--currency"),
        (["funnel", *LOG, "--amount", "item", "--rates", "EUR=1"], "rates=", "--rates"),
        (["funnel", *LOG, "--period", "7"], "period='7'", "--period 7"),
        (["flow", *LOG, "--as-of", "7"], "as_of='7'", "--as-of 7"),
        (
            ["compare-periods", *LOG, "--period", "2026-01", "--against", "7"],
            "against='7'",
            "--against 7",
        ),
        (
            ["compare-periods", *LOG, "--period", "2026-01.."],
            "period=('2026-01', None)",
            "--period 2026-01..",
        ),
        ([*SEQUENCE, "--window", "7"], "window='7'", "--window 7"),
        ([*SEQUENCE, "--max-gap", "7"], "max_gap='7'", "--max-gap 7"),
        ([*SEQUENCE, "--optional", "1"], "optional=", "--optional"),
        ([*SEQUENCE, "--modes", "strict_order"], 'mode="clickhouse"', "--mode clickhouse"),
        ([*SEQUENCE, "--exclude", "New:1:2:drp"], "): effect='drp'", "the effect drp of --exclude"),
        (["time-to-convert", *SEQUENCE[1:], "--from-step", "3"], "from_step=3", "--from-step 3"),
        (["sequence-funnel", "log.csv", "--steps", "New,won"], 'missing="ignore"', "--missing ignore"),
        (["funnel", "odd.csv", *LOG[1:]], 'unlisted="ignore"', "--unlisted ignore"),
        (["funnel", "gap.csv", *LOG[1:]], 'invalid="drop"', "--invalid drop"),
        (["funnel", "none.csv", *LOG[1:]], 'empty="allow"', "--empty allow"),
        (["funnel", *LOG, "--time-format", "%Q"], "time_format='%Q'", "--time-format %Q"),
        (["read", str(EXPORT), "--to", "x.csv", "--zone", "Mars"], "zone='Mars'", "--zone Mars"),
        (["read", str(EXPORT), "--to", "x.csv", "--encoding", "odd"], "encoding='odd'", "--encoding odd"),
        (["read", str(EXPORT), "--to", "x.csv", "--crm", "odd"], "crm='odd'", "--crm odd"),
        (["read", str(EXPORT), "--to", "dates.csv/x.csv"], "path='dates.csv/x.csv'", "--to dates.csv/x.csv"),
        (["read", "dates.csv", "--to", "x.csv"], "dayfirst=True", "--dayfirst"),
    ],
)
def test_each_face_spells_the_options_of_an_error(
    arguments: list[str],
    python: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_export(ROWS, items="item\n1\n")
    Path("odd.csv").write_text(ROWS + "1,Odd,2026-01-03\n")
    Path("gap.csv").write_text(ROWS + ",Won,2026-01-03\n")
    Path("none.csv").write_text("item,stage,time\n")
    Path("dates.csv").write_text("deal_id,stage,changed_at\n7,New,03/04/2026\n7,Won,05/04/2026\n")
    parser = command_parser()
    args = parser.parse_args(arguments)
    with pytest.raises(sf.StageFunnelError) as caught:
        args.command.run(args, parser)
    assert python in str(caught.value)
    assert command not in str(caught.value)
    assert main(arguments) == 1
    printed = capsys.readouterr().err
    assert command in printed
    assert python not in printed
