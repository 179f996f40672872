"""The errors of the commands about forecasts and how sure numbers are have the words of the command line."""

from pathlib import Path

import pytest

from helpers import write_export
from stagefunnel.cli import main

ROWS = """item,stage,time,owner
1,New,2026-01-05,Ann
1,Won,2026-01-20,Ann
2,New,2026-02-01,Bob
2,Lost,2026-02-10,Bob
3,New,2026-02-20,Bob
"""
NUMBERS = "item,stage,time\n1,New,0\n1,Won,9\n2,New,4\n2,Lost,12\n3,New,11\n"
PERIOD = 'is not a period; give text such as "2026", '


@pytest.fixture(autouse=True)
def _export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_export(ROWS, items="item,source,value,money\n1,web,5,EUR\n2,fair,6,USD\n3,web,7,EUR\n")
    Path("numbers.csv").write_text(NUMBERS)


def failing(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that fails; return what it says, without the usage."""
    command, *rest = line.split()
    file = [] if rest and rest[0].endswith(".csv") else ["log.csv"]
    try:
        code = main([command, *file, *rest, "--pipeline", "pipeline.toml", "--missing", "ignore"])
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    assert code in (1, 2)
    assert out == ""
    return err.splitlines()[0].partition("error: ")[2]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("cumulative-incidence --observed 2026-03..2026-01", "--observed 2026-03..2026-01 ends before it"),
        ("forecast --train 2026-03..2026-01", "--train 2026-03..2026-01 ends before it begins"),
        ("forecast --horizon 2026-12..2026-10", "--horizon 2026-12..2026-10 ends before it begins"),
        ("forecast --horizon 2026-10..", "--horizon 2026-10.. has no end; give one"),
        (
            "forecast --horizon 2020-01..2020-02",
            "--horizon 2020-01..2020-02 is over by the end of",
        ),
        ("decompose --a 2026-03..2026-01 --b 2026-02", "--a 2026-03..2026-01 ends before it begins"),
        ("mix-rate --mix owner --a 2026-02 --b 2026-03..2026-01", "--b 2026-03..2026-01 ends before it"),
        ("bottlenecks --period 2026-03..2026-01", "--period 2026-03..2026-01 ends before it begins"),
        ("absorption --period March", f"--period March {PERIOD}"),
        ("win-within --horizon 30d --train March", f"--train March {PERIOD}"),
    ],
)
def test_a_stretch_of_time_is_written_as_it_is_typed(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = failing(line, capsys)
    assert error.startswith(says)
    assert not any(word in error for word in ("(start, end)", "None", "('"))
    if PERIOD in says:
        assert "or a pair such as " in error
        assert error.endswith(" 2026-01..2026-03")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "forecast numbers.csv --train 5",
            "--train 5 is not a period, and the log's times",
        ),
        (
            "cumulative-incidence numbers.csv --observed 5",
            "--observed 5 is not a period, and the log's times",
        ),
        (
            "decompose numbers.csv --a 5 --b 0..4",
            "--a 5 is not a period, and the log's times",
        ),
    ],
)
def test_times_that_are_numbers_are_asked_for_a_pair_of_numbers(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = failing(line, capsys)
    assert error.startswith(says)
    assert error.endswith(f"give a pair, such as --{line.split('--')[1].split()[0]} 0..10")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("forecast --target many", "--target many is not a number"),
        ("forecast --confidence half", "--confidence half is not a number"),
        ("win-probability --seed 1.5", "--seed 1.5 is not a whole number"),
        ("absorption --confidence half", "--confidence half is not a number"),
        ("funnel --confidence half", "--confidence half is not a number"),
        ("forecast --target 5", "--target needs a horizon that is a period, such as --horizon 2026-Q3"),
        (
            "decompose --a 2026-02 --b 2026-01 --period 2026",
            "--period 2026 chooses the items of groups, and here --a and --b are the periods; name --by",
        ),
        (
            "compare-groups --by owner --b Ann",
            "--b Ann is compared with, and --a is missing; pass the group to look at as --a",
        ),
        (
            "drivers --items items.csv --columns source",
            "--columns source is a column of the items table, whose values are of today: one that is filled "
            "in after the win would explain it; if 'source' was known before, name it in --static too",
        ),
        (
            "forecast --items items.csv --amount value --currency money",
            "the amounts are in 2 currencies, which do not add up: 'EUR' (2), 'USD' (1); pass --rates "
            "'EUR=1.0,…'",
        ),
        ("time-in-stage --tau 30d", "--tau 30d is for visits that go on to count too; pass --open-visits"),
    ],
)
def test_no_error_names_an_argument_of_python(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing(line, capsys).startswith(says)


def test_a_training_period_without_items_is_said_and_not_taken_for_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["forecast", "log.csv", "--pipeline", "pipeline.toml", "--train", "2020"]) == 0
    out = capsys.readouterr().out
    assert "Nothing created in the training period was won: nothing can be forecast." in out
    assert "Nothing created in the training period left New: for open items" in out
    assert "before this date" not in out


def test_moments_before_the_log_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["item-features", "log.csv", "--pipeline", "pipeline.toml", "--horizon", "10d"]
    assert main([*arguments, "--as-of", "2020-01-01,2026-02-05"]) == 0
    out = capsys.readouterr().out
    assert "At 1 moment the log has not begun, so that nothing is open." in out
    assert main([*arguments, "--as-of", "2026-02-05"]) == 0
    assert "has not begun" not in capsys.readouterr().out
