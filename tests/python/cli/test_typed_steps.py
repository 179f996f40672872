"""Steps with conditions in brackets, as commands take them."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.test_sequence import Clicks
from stagefunnel.cli import main
from stagefunnel.cli.typed_steps import split_outside

ROWS = """user,event,at,amount,page,vip
1,visit,2026-03-01 10:00,,home,true
1,cart [v2],2026-03-01 10:05,20,price,false
1,order,2026-03-01 11:00,20,pay,true
1,order,2026-03-01 12:00,150,pay,false
2,visit,2026-03-01 12:00,,home,false
2,order,2026-03-02 12:00,300,pay,false
3,visit,2026-03-09 09:00,,price,true
3,refund,2026-03-09 09:30,80,,false
3,order,2026-03-09 10:00,90,,false
"""
ITEMS = "user,region\n1,south\n2,abroad\n"


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Clicks:
    file = tmp_path / "shop.csv"
    file.write_text(ROWS, encoding="utf-8")
    return Clicks(file, capsys)


def levels(shop: Clicks, steps: str, *options: str) -> list[int]:
    run = shop.sequence("--steps", steps, *options, "--format", "json", command="sequence-items")
    assert run.code == 0, run.err
    return [row["level"] for row in json.loads(run.out)]


@pytest.mark.parametrize(
    ("steps", "options", "expected"),
    [
        ("visit,order[amount>100]", (), [2, 2, 1]),
        ("visit,order[ amount > 100 ]", (), [2, 2, 1]),
        ("visit,order[amount>=20,page=pay]", (), [2, 2, 1]),
        ("visit,order[page=]", (), [1, 1, 2]),
        ("visit[page=home,page=price],order", (), [2, 2, 2]),
        ("visit[page=price],order", (), [0, 0, 2]),
        ("visit[vip],order", (), [2, 0, 2]),
        ("visit,order[amount=20]|refund[amount<100]", (), [2, 1, 2]),
        ("visit,*[amount>250]", (), [1, 2, 1]),
        # Brackets of a stage's own, alone and with a condition.
        ("visit,cart [v2],order", (), [3, 1, 1]),
        ("visit,cart [v2]|refund", (), [2, 1, 2]),
        ("visit,cart [v2][amount>10]", (), [2, 1, 1]),
        ("visit,cart [v2][amount>50]", (), [1, 1, 1]),
        ("visit,order", ("--exclude", "refund[amount>50]:1:2:stop"), [2, 2, 1]),
        ("visit,order", ("--exclude", "refund[amount>100]"), [2, 2, 2]),
        ("visit,order", ("--exclude", "cart [v2]:1:2:stop"), [1, 2, 2]),
        ("visit,order", ("--exclude", "cart [v2][amount>50]:1:2:stop"), [2, 2, 2]),
        ("visit,order[amount>100]", ("--where", "page=home"), [2, 2]),
    ],
)
def test_a_step_has_conditions_in_brackets(
    shop: Clicks, steps: str, options: tuple[str, ...], expected: list[int]
) -> None:
    assert levels(shop, steps, *options) == expected


def test_a_condition_reads_a_column_of_the_items_too(shop: Clicks) -> None:
    items = shop.file.with_name("items.csv")
    items.write_text(ITEMS, encoding="utf-8")
    assert levels(shop, "visit,order[region=south]", "--items", str(items)) == [2, 1, 1]


def test_every_command_about_sequences_takes_them_and_names_them(shop: Clicks) -> None:
    for command in ("sequence-funnel", "sequence-trend", "time-to-convert", "sequence-paths"):
        run = shop.sequence("--steps", "visit,order[amount>100]", command=command)
        assert run.code == 0, run.err
        assert "order (amount > 100)" in run.out


def test_an_event_of_the_log_that_looks_like_a_condition_is_that_event(shop: Clicks) -> None:
    shop.file.write_text(ROWS.replace("order,", "order[amount>100],"), encoding="utf-8")
    assert levels(shop, "visit,order[amount>100]") == [2, 2, 2]
    shop.file.write_text(ROWS.replace("order,", '"a[1",').replace("refund,", "b],"), encoding="utf-8")
    assert levels(shop, "visit,a[1,b]") == [2, 2, 2]
    assert levels(shop, "b],a[1") == [0, 0, 2]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("visit,order[amuont>100]", "no column 'amuont'"),
        ("visit,order[amuont>100]", "did you mean 'amount'?"),
        ("visit,order[Page=pay]", "did you mean 'page'?"),
        (
            "visit,order[page=pey]",
            "step 2: the condition page=pey in brackets: no row has 'pey' in column 'page'",
        ),
        ("visit,order[page=pey]", "did you mean 'pay'?"),
        ("visit,order[page=pay,page=hme]", "no row has 'hme' in column 'page'; did you mean 'home'?"),
        ("visit,order[amount>x]", "the condition 'amount>x' in brackets compares numbers or moments"),
        ("visit,order[page]", "the condition page in brackets is true or false, and column 'page' holds"),
        ("visit,order[]", "--steps: 'order[]' has no condition in its brackets, as in order[amount>100]"),
        ("visit,order[>100]", "--steps: in 'order[>100]', >100 is not a condition"),
        ("visit,order[amount>]", "--steps: in 'order[amount>]', amount> is not a condition"),
        ("visit,order[amount>100", "--steps: 'order[amount>100' has a bracket that does not close"),
        (
            "visit,[amount>100]",
            "'[amount>100]' has conditions without a stage; *[amount>100] is of any stage",
        ),
        ("visit,,order[amount>1]", "--steps: '' does not name a stage"),
        ("visit,order[amount>1]|", "--steps: 'order[amount>1]|' does not name a stage"),
        ("visit,Order[amount>1]", "the log has no stage 'Order', but has 'order'"),
        ("visit,Cart [v2]", "the log has no stage 'Cart [v2]', but has 'cart [v2]'"),
    ],
)
def test_what_makes_no_sense_is_refused_as_it_was_typed(shop: Clicks, steps: str, message: str) -> None:
    run = shop.sequence("--steps", steps)
    assert run.code != 0
    assert message in run.err


@pytest.mark.parametrize(
    ("exclude", "message"),
    [
        ("refund[amount>50]:x", "--exclude refund[amount>50]:x: expected STAGE:AFTER:BEFORE:EFFECT"),
        ("refund[amount>50]:1:2:halt", "is not one of 'drop', 'stop', 'reset'"),
        ("refund[amuont>50]:1", "no column 'amuont'"),
        ("refund[]", "--exclude: 'refund[]' has no condition in its brackets"),
    ],
)
def test_an_exclusion_that_makes_no_sense_is_refused(shop: Clicks, exclude: str, message: str) -> None:
    run = shop.sequence("--steps", "visit,order", "--exclude", exclude)
    assert run.code != 0
    assert message in run.err


def test_a_moment_in_a_condition_of_an_exclusion_keeps_its_colon(shop: Clicks) -> None:
    text = (
        ROWS.replace("vip", "seen")
        .replace(",true", ",2026-03-01 10:00")
        .replace(",false", ",2026-03-09 09:30")
    )
    shop.file.write_text(text, encoding="utf-8")
    assert levels(shop, "visit,order", "--exclude", "refund[seen=2026-03-09 09:30]:1:2:stop") == [2, 2, 1]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a,b", ["a", "b"]),
        ("a[x=1,y=2],b", ["a[x=1,y=2]", "b"]),
        ("a[x=[1,2]],b", ["a[x=[1,2]]", "b"]),
        ("a],b", ["a]", "b"]),
        ("a[,b", ["a[", "b"]),
        ("", [""]),
    ],
)
def test_commas_in_brackets_do_not_split(text: str, pieces: list[Any]) -> None:
    assert split_outside(text, ",") == pieces


def test_the_help_says_how_conditions_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sequence-funnel", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "'order[amount>100]'" in shown
    assert "'refund[amount>50]'" in shown
