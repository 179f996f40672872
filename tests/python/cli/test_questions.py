"""Breakdowns, money, chains, losses, skips and flow on the command line."""

from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import DEALS_TOML, ROOT
from stagefunnel.cli import main

DEALS = """\
deal,phase,at,who,paid,money
1,New,2026-01-05,Ada,10.10,EUR
1,Offer,2026-03-20,Bo,20.20,EUR
1,Won,2026-04-10,Bo,20.20,EUR
2,New,2026-02-02,Ada,5,USD
2,Lost,2026-02-05,Ada,5,USD
3,Offer,2026-02-07,,1,EUR
"""
ITEMS = "deal,manager,reason\n1,Eva,\n2,Max,price\n3,Eva,\n"
LEADS = "deal,phase,at\n7,New,2026-01-01\n7,Won,2026-01-04\n8,New,2026-01-02\n8,Lost,2026-01-03\n"
LINKS = "deal_id,lead_id\n1,7\n"
BITRIX = [str(path) for path in sorted((ROOT / "tests/data/exports/bitrix24").glob("*.json"))]
COLUMNS: dict[str, Any] = {"item": "deal", "stage": "phase", "time": "at"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"deals.csv": DEALS, "items.csv": ITEMS, "leads.csv": LEADS, "links.csv": LINKS}
    for name, text in (files | {"pipeline.toml": DEALS_TOML}).items():
        Path(name).write_text(text)


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(name, dtype={"deal": str})


def log(*columns: str) -> sf.StageLog:
    return sf.StageLog(read("deals.csv"), **COLUMNS, columns=columns, items=read("items.csv"))


def pipeline() -> sf.Pipeline:
    return sf.Settings.from_toml("pipeline.toml").pipeline


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def shown(table: pd.DataFrame) -> str:
    return repr(sf.show(table)) + "\n"


ASKED = ["deals.csv", "--pipeline", "pipeline.toml"]
WITH_ITEMS = [*ASKED, "--items", "items.csv"]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--by", "who"], {"by": ["who"]}),
        (["--by", "who", "--at", "last"], {"by": ["who"], "at": "last"}),
        (
            ["--by", "who", "--at", "stage", "--kind", "conversions"],
            {"by": ["who"], "at": "stage", "kind": "conversions"},
        ),
        (["--by", "manager,who"], {"by": ["manager", "who"]}),
        (["--by", "who", "--top", "1"], {"by": ["who"], "top": 1}),
        (["--amount", "paid", "--amount-at", "stage"], {"amount": "paid", "amount_at": "stage"}),
        (
            ["--amount", "paid", "--currency", "money", "--rates", "EUR=1", "--rates", "USD=0.5"],
            {"amount": "paid", "currency": "money", "rates": {"EUR": 1.0, "USD": 0.5}},
        ),
    ],
)
def test_columns_of_the_log_and_of_the_items_are_asked_for_alike(
    arguments: list[str], options: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = sf.funnel(log("who", "paid", "money"), pipeline(), **options)
    files = WITH_ITEMS if "manager" in ",".join(arguments) else ASKED
    assert answer(capsys, "funnel", *files, *arguments) == shown(expected)


def test_mixed_currencies_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["funnel", *ASKED, "--amount", "paid", "--currency", "money"]) == 1
    assert "the amounts are in 2 currencies" in capsys.readouterr().err


def test_a_text_that_is_not_a_rate_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for rate in ("EUR", "EUR=", "EUR=much"):
        with pytest.raises(SystemExit) as caught:
            main(["funnel", *ASKED, "--amount", "paid", "--currency", "money", "--rates", rate])
        assert caught.value.code == 2
        assert "expected a currency and its rate, such as EUR=1.08" in capsys.readouterr().err


def test_losses_say_where_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    expected = sf.losses(log(), pipeline(), by=["manager"], reason="reason")
    found = answer(capsys, "losses", *WITH_ITEMS, "--by", "manager", "--reason", "reason")
    assert found == shown(expected)
    assert "price" in found


def test_skips_say_who(capsys: pytest.CaptureFixture[str]) -> None:
    expected = sf.skips(log(), pipeline(), by=["manager"])
    assert answer(capsys, "skips", *WITH_ITEMS, "--by", "manager") == shown(expected)
    assert answer(capsys, "skips", *ASKED) == shown(sf.skips(log(), pipeline(), by=None))


@pytest.mark.parametrize("at", [None, "first", "last"])
def test_skips_read_a_column_of_the_log_where_at_says(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--by", "who", *(["--at", at] if at else [])]
    expected = sf.skips(log("who"), pipeline(), by=["who"], at=at)
    assert answer(capsys, "skips", *ASKED, *given) == shown(expected)


@pytest.mark.parametrize("at", [None, "loss", "stage", "first", "last"])
def test_losses_read_a_column_of_the_log_where_at_says(at: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--by", "who", *(["--at", at] if at else [])]
    expected = sf.losses(log("who"), pipeline(), by=["who"], at=at)
    assert answer(capsys, "losses", *ASKED, *given) == shown(expected)


@pytest.mark.parametrize(("command", "at"), [("skips", "first"), ("losses", "loss")])
def test_at_is_not_for_columns_of_the_items(
    command: str, at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, *WITH_ITEMS, "--by", "manager", "--at", at]) == 1
    assert f"--at {at} says where a column of the log is read, and 'manager' is" in capsys.readouterr().err


def test_flow_balances_a_period(capsys: pytest.CaptureFixture[str]) -> None:
    expected = sf.flow(log(), pipeline(), period="2026-02")
    assert answer(capsys, "flow", *ASKED, "--period", "2026-02") == shown(expected)


def test_a_chain_is_read_from_three_tables(capsys: pytest.CaptureFixture[str]) -> None:
    leads = sf.StageLog(read("leads.csv"), **COLUMNS)
    links = pd.read_csv("links.csv", dtype=str)
    both = {"lead_pipeline": pipeline(), "deal_pipeline": pipeline()}
    files = ["--leads", "leads.csv", "--deals", "deals.csv", "--links", "links.csv"]
    stages = ["--lead-pipeline", "pipeline.toml", "--deal-pipeline", "pipeline.toml"]
    counts: tuple[Literal["entity", "origin"], ...] = ("entity", "origin")
    for count in counts:
        expected = sf.chain_funnel(leads, log(), links, **both, kind="both", basis=count)
        assert answer(capsys, "chain-funnel", *files, *stages, "--kind", "both", "--basis", count) == shown(
            expected
        )


def test_a_chain_is_read_from_an_export(capsys: pytest.CaptureFixture[str]) -> None:
    expected = sf.chain_funnel(sf.read(BITRIX), deal_pipeline="Sales", period="2026-03")
    found = answer(capsys, "chain-funnel", *BITRIX, "--deal-pipeline", "Sales", "--period", "2026-03")
    assert found == shown(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "chain-funnel needs the files of an export, or all of --leads, --deals and --links"),
        (["--leads", "leads.csv"], "all of --leads, --deals and --links"),
        (["deals.csv", "--links", "links.csv"], "not both (--links)"),
        (
            ["--leads", "leads.csv", "--deals", "deals.csv", "--links", "links.csv"],
            "--lead-pipeline says what the stages are",
        ),
    ],
)
def test_a_chain_that_misses_a_part_is_bad_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["chain-funnel", *arguments])
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_an_export_has_its_managers_and_amounts_at_hand(capsys: pytest.CaptureFixture[str]) -> None:
    export = sf.read(BITRIX)
    expected = sf.skips(export.log, export.pipelines["Sales"], by=["manager"])
    found = answer(capsys, "skips", *BITRIX, "--read", "--pipeline", "Sales", "--by", "manager")
    assert found == shown(expected)


def test_times_to_a_stage_are_asked_for_alike(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "time-to", *WITH_ITEMS, "--to-stage", "Won", "--by", "manager")
    assert found == shown(sf.time_to(log(), pipeline(), "Won", by="manager"))
    found = answer(capsys, "time-to", *ASKED, "--to-stage", "Won", "--start", "Offer", "--period", "2026-03")
    assert found == shown(sf.time_to(log(), pipeline(), "Won", start="Offer", period="2026-03"))


def test_a_stage_goes_by_its_label_or_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("codes.csv").write_text("deal,phase,at\n1,10,2026-01-05\n1,20,2026-01-07\n")
    Path("codes.toml").write_text(
        '[pipeline]\nstages = [10, 20]\nwon = 30\n[pipeline.names]\n10 = "New"\n20 = "Offer"\n30 = "20"\n'
        '[columns]\nitem = "deal"\nstage = "phase"\ntime = "at"\n'
    )
    ask = ["time-to", "codes.csv", "--pipeline", "codes.toml", "--to-stage"]
    by_label = answer(capsys, *ask, "20")
    assert by_label.startswith("Time from creation to Offer\n")
    assert "1 of 1 item reached Offer, 100% (median 2 d)" in by_label
    assert answer(capsys, *ask, "Offer") == by_label
    assert main([*ask, "Offre"]) == 1
    assert "--to-stage Offre is not a stage of the pipeline" in capsys.readouterr().err
    assert main([*ask, "20", "--start", "Neww"]) == 1
    assert "--start Neww is not a stage of the pipeline" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "options", "default"),
    [
        ("cumulative-incidence", "", "created"),
        ("absorption", "", "created"),
        ("cohort-maturity", "--every month --tau 60d", "created"),
        ("compare-groups", "--items items.csv --by manager", "created"),
        ("drivers", "--items items.csv --columns manager --static manager", "created"),
        ("funnel", "", "active"),
        ("time-in-stage", "", "active"),
    ],
)
def test_the_help_names_the_basis_that_is_taken(
    command: str, options: str, default: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Deal 1 was created in January and is active in March too, so that the other basis finds other items."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"items {default} (default)" in " ".join(capsys.readouterr().out.split())
    asked = [command, *ASKED, *options.split(), "--period", "2026-03", "--format", "json"]
    taken = answer(capsys, *asked)
    other = "active" if default == "created" else "created"
    assert taken != answer(capsys, *asked, "--basis", other)
