"""The commands about sequences."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stagefunnel.cli import main

CLICKS = """user,event,at,basket
1,visit,2026-03-01 10:00,a
1,cart,2026-03-01 10:05,a
1,order,2026-03-01 11:00,a
2,visit,2026-03-01 12:00,b
2,ad,2026-03-01 12:01,b
2,cart,2026-03-02 12:00,c
3,visit,2026-03-09 09:00,d
"""
COLUMNS = ("--item", "user", "--stage", "event", "--time", "at")
STEPS = ("--steps", "visit,cart,order")


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Clicks(NamedTuple):
    """The log of clicks as a file, and the command that reads it."""

    file: Path
    capsys: pytest.CaptureFixture[str]

    def sequence(self, *options: str, command: str = "sequence-funnel") -> Ended:
        try:
            code = main([command, str(self.file), *COLUMNS, *options])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ended(code, *self.capsys.readouterr())

    def rows(self, *options: str, command: str = "sequence-funnel") -> list[dict[str, Any]]:
        run = self.sequence(*STEPS, *options, "--format", "json", command=command)
        assert run.code == 0, run.err
        rows: list[dict[str, Any]] = json.loads(run.out)
        return rows


@pytest.fixture
def clicks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Clicks:
    file = tmp_path / "clicks.csv"
    file.write_text(CLICKS, encoding="utf-8")
    return Clicks(file, capsys)


def test_the_funnel_is_printed_with_a_sentence_under_it(clicks: Clicks) -> None:
    run = clicks.sequence(*STEPS, "--window", "7d")
    assert run.code == 0
    lines = [line.rstrip() for line in run.out.splitlines()]
    assert lines[0] == "Sequence: visit → cart → order, within 7d"
    assert "1 of 3 items that did visit reached order within 7d, 33%." in lines
    assert "mean" not in run.out
    assert "median from previous" in run.out


@pytest.mark.parametrize(
    ("options", "reached"),
    [
        ((), [3, 2, 1]),
        (("--window", "1h"), [3, 1, 1]),
        (("--max-gap", "30min"), [3, 1, 0]),
        (("--min-gap", "30min"), [3, 1, 0]),
        (("--mode", "strict"), [3, 1, 1]),
        (("--hold", "basket"), [3, 1, 1]),
        (("--exclude", "ad"), [2, 1, 1]),
        (("--exclude", "ad:1:2:stop"), [3, 1, 1]),
        (("--optional", "2"), [3, 2, 1]),
        (("--mode", "clickhouse", "--window", "7d", "--modes", "strict_order"), [3, 1, 1]),
        (("--as-of", "2026-03-02"), [2, 1, 1]),
    ],
)
def test_each_rule_of_a_match_is_an_option(
    clicks: Clicks, options: tuple[str, ...], reached: list[int]
) -> None:
    assert [row["reached"] for row in clicks.rows(*options)] == reached


def test_each_question_is_a_command(clicks: Clicks) -> None:
    assert [row["level"] for row in clicks.rows(command="sequence-items")] == [3, 2, 1]
    trend = clicks.rows("--every", "week", command="sequence-trend")
    assert [(row["entered"], row["converted"]) for row in trend] == [(2, 1), (0, 0), (1, 0)]
    times = clicks.rows("--to-step", "2", "--bins", "2", command="time-to-convert")
    assert sum(row["count"] for row in times) == 2
    paths = clicks.rows("--to-step", "2", command="sequence-paths")
    assert [row["path"] for row in paths] == ["(nothing)", "ad"]


def test_a_trend_says_which_periods_had_the_same_time(clicks: Clicks) -> None:
    trend = ("--every", "week", "--to-step", "2")
    found = clicks.rows(*trend, "--window", "189h", command="sequence-trend")
    mature = [row["mature"] for row in found]
    assert mature == [1, 0, 0]  # the log ends 189 hours after the visit of 12 o'clock, which is not past them
    lines = clicks.sequence(*STEPS, *trend, command="sequence-trend").out.splitlines()
    assert "Without a window older periods have had longer to convert." in lines
    refused = clicks.sequence(*STEPS, *trend, "--mode", "unordered", command="sequence-trend")
    assert refused.code == 1
    assert "--mode unordered has no trend" in refused.err
    assert "choose --mode ordered or --mode hybrid" in refused.err


def test_a_breakdown_is_by_a_column_of_the_log(clicks: Clicks) -> None:
    found = clicks.rows("--by", "basket", "--attribution", "last_touch")
    assert [(row["basket"], row["reached"]) for row in found if row["step"] == 2] == [
        ("a", 1),
        ("c", 1),
        ("d", 0),
    ]


def test_steps_may_be_one_of_several_stages(clicks: Clicks) -> None:
    run = clicks.sequence("--steps", "visit,ad|cart", "--format", "csv")
    assert run.out.splitlines()[2].startswith("2,ad | cart,2,")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--steps", "visit,,order"), 2, "'' does not name a stage"),
        (("--steps", "visit,crat", "--missing", "error"), 1, "has no stage 'crat'; did you mean 'cart'"),
        (("--steps", "visit,crat", "--missing", "error"), 1, "pass --missing ignore"),
        (("--steps", "visit,Cart"), 1, "the log has no stage 'Cart', but has 'cart', which no step names"),
        ((*STEPS, "--optional", "two"), 2, "--optional two: expected step numbers"),
        ((*STEPS, "--exclude", "ad:x"), 2, "--exclude ad:x: expected STAGE:AFTER:BEFORE:EFFECT"),
        ((*STEPS, "--window", "7"), 1, "has no unit"),
        ((*STEPS, "--mode", "order"), 2, "--mode order is not one of 'ordered', "),
        ((*STEPS, "--hold", "shop"), 1, "shop"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(
    clicks: Clicks, options: tuple[str, ...], code: int, message: str
) -> None:
    run = clicks.sequence(*options)
    assert run.code == code
    assert message in run.err
    assert "Traceback" not in run.err
