"""The command init: the file it writes, what it prints; and commands that take a safe guess themselves."""

import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import ROOT
from stagefunnel.cli import main

DATA = ROOT / "notebooks" / "data"
BITRIX = [str(path) for path in sorted((DATA / "bitrix24").glob("*.json"))]
SALESFORCE = str(DATA / "salesforce" / "OpportunityHistory.csv")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in a directory with the deals of a shop; return its code and what it printed."""
    monkeypatch.chdir(tmp_path)
    shop = sf.datasets.furniture_shop(400)
    shop.frame.to_csv("my deals.csv", index=False)
    few = "deal;Phase;am\n1;Neu;03/04/2026\n1;Gewonnen;05/04/2026\n2;Neu;04/04/2026\n"
    Path("few.csv").write_text(few, encoding="utf-8")
    Path("list.csv").write_text(
        "deal_id,stage,engaged\na,Won,2026-01-02\nb,New,2026-01-03\nc,New,2026-01-04\n"
    )

    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return command


def typed_next(out: str) -> list[list[str]]:
    """Return the commands that are to be typed next, as a shell reads them."""
    return [shlex.split(line) for line in out.splitlines() if line.startswith("  stagefunnel ")]


def test_it_writes_a_file_and_the_next_command_runs_as_it_is(run: Run) -> None:
    code, out, err = run("init", "my deals.csv")
    assert (code, err) == (0, "")
    shop = sf.datasets.furniture_shop(400)
    written = sf.Settings.from_toml("pipeline.toml")
    assert written.pipeline == shop.pipeline
    assert dict(written.columns) == {"item": "deal_id", "stage": "stage", "time": "entered_at"}
    assert "Wrote pipeline.toml" in out
    assert "median position" in out
    ((_, *words),) = typed_next(out)
    code, out, err = run(*words, "--format", "csv")
    assert (code, err) == (0, "")
    expected = sf.funnel(shop.log, shop.pipeline, kind="both")
    assert pd.read_csv(io.StringIO(out))["reached"].tolist() == expected["reached"].tolist()


def test_a_file_that_is_there_is_left_as_it_is_unless_forced(run: Run) -> None:
    Path("pipeline.toml").write_text("mine")
    code, out, err = run("init", "my deals.csv")
    assert (code, out) == (1, "")
    assert "'pipeline.toml' is there already and is left as it is; overwrite it with --force" in err
    assert Path("pipeline.toml").read_text() == "mine"
    assert run("init", "my deals.csv", "--out", "other.toml")[0] == 0
    assert run("init", "my deals.csv", "--force")[0] == 0
    assert Path("pipeline.toml").read_bytes() == Path("other.toml").read_bytes()


def test_what_is_in_doubt_is_printed_and_written(run: Run) -> None:
    code, out, _ = run("init", "few.csv")
    assert code == 0
    assert "could have the day first or the month first" in out
    assert "All of it rests on 1 move between stages." in out
    assert "Check what is in doubt" in out
    assert '# time_format = "%m/%d/%Y"' in Path("pipeline.toml").read_text(encoding="utf-8")
    ((_, *words),) = typed_next(out)
    assert run(*words)[0] == 0
    run("init", "few.csv", "--no-dayfirst", "--force")
    assert sf.Settings.from_toml("pipeline.toml").columns["time_format"] == "%m/%d/%Y"


def test_each_pipeline_of_an_export_gets_a_file_and_a_command_that_runs(run: Run) -> None:
    code, out, _ = run("init", *BITRIX)
    assert code == 0
    files = {file.name for file in Path().glob("*.toml")}
    assert files == {"pipeline.toml", "pipeline_Service.toml", "pipeline_leads_Leads.toml"}
    export = sf.read(BITRIX)
    assert sf.Settings.from_toml("pipeline.toml").pipeline == export.pipelines["Sales"]
    commands = typed_next(out)
    assert len(commands) == 3
    for (_, *words), name in zip(commands, ["Sales", "Service", "Leads"], strict=True):
        part = export.leads if name == "Leads" else export
        assert part is not None
        code, answer, err = run(*words, "--format", "json")
        assert code == 0, err
        expected = sf.funnel(part.log, part.pipelines[name], kind="both")
        assert [row["reached"] for row in json.loads(answer)] == expected["reached"].tolist()


def test_an_export_is_read_by_the_file_that_was_written_for_it(run: Run) -> None:
    code, out, _ = run("init", SALESFORCE)
    assert code == 0
    ((_, *words),) = typed_next(out)
    assert words[words.index("--pipeline") - 1] == "--read"
    code, out, _ = run(*words)
    assert code == 0
    assert "Negotiation/Review" in out


def test_read_writes_the_same_file(run: Run) -> None:
    Path("to").mkdir()
    assert run("read", *BITRIX, "--to", "to")[0] == 0
    assert run("init", *BITRIX)[0] == 0
    assert Path("to/deals_Sales.toml").read_bytes() == Path("pipeline.toml").read_bytes()
    assert Path("to/deals_Service.toml").read_bytes() == Path("pipeline_Service.toml").read_bytes()
    assert Path("to/leads_Leads.toml").read_bytes() == Path("pipeline_leads_Leads.toml").read_bytes()
    assert run("funnel", "to/deals.parquet", "--pipeline", "to/deals_Sales.toml")[0] == 0


def test_read_puts_stages_that_it_guesses_in_the_order_of_their_moves(run: Run) -> None:
    rows = ["deal_id,stage,changed_at", "9,Late,2026-01-01"]
    for deal in range(40):
        path = enumerate(("Early", "Late", "Won"), start=2)
        rows += [f"{deal},{stage},2026-02-{day:02}" for day, stage in path]
    Path("moves.csv").write_text("\n".join(rows[:1] + rows[2:] + ["99,Late,2025-01-01"]) + "\n")
    Path("to").mkdir()
    assert run("read", "moves.csv", "--to", "to")[0] == 0
    assert sf.Settings.from_toml("to/log_Pipeline.toml").pipeline.stages == ("Early", "Late")


def test_a_safe_guess_answers_and_says_above_the_table_what_it_assumes(run: Run) -> None:
    code, out, err = run("funnel", "my deals.csv")
    assert (code, err) == (0, "")
    first, doubt, second, *_ = out.splitlines()
    assert first.startswith("Assumed: item = deal_id, stage = stage, time = entered_at; New → Discussion → ")
    assert first.endswith("; won: Won; lost: Lost.")
    assert doubt == "The times name their offset: periods are cut in UTC unless a zone is given."
    assert second == "`stagefunnel init 'my deals.csv'` writes this down."
    run("init", "my deals.csv")
    assert run("funnel", "my deals.csv", "--pipeline", "pipeline.toml")[1] in out


@pytest.mark.parametrize("form", ["csv", "json"])
def test_other_formats_keep_what_is_assumed_out_of_the_answer(form: str, run: Run) -> None:
    code, out, err = run("funnel", "my deals.csv", "--format", form)
    assert code == 0
    assert "Assumed" not in out
    assert err.startswith("stagefunnel: note: Assumed: item = deal_id")


def test_a_file_that_is_written_keeps_what_is_assumed_out_of_it(run: Run) -> None:
    code, out, err = run("funnel", "my deals.csv", "--out", "answer.csv")
    assert (code, out) == (0, "")
    assert "Assumed" in err
    assert "Assumed" not in Path("answer.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command", ["funnel-by-period", "losses", "time-in-stage", "transitions", "item-table", "summary"]
)
def test_other_commands_take_the_safe_guess_too(command: str, run: Run) -> None:
    run("init", "my deals.csv")
    code, out, _ = run(command, "my deals.csv")
    assert code == 0
    assert run(command, "my deals.csv", "--pipeline", "pipeline.toml")[1] in out


def test_an_export_with_one_pipeline_that_it_lists_needs_no_option(run: Run) -> None:
    leads = [file for file in BITRIX if "deal" not in file]
    code, out, _ = run("funnel", *leads)
    assert code == 0
    assert out.startswith("Assumed: an export of bitrix24; Unprocessed → Assigned; won: Good lead")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["funnel", "few.csv"],
            "`stagefunnel init few.csv` writes one to check. In doubt: The dates of 'am'",
        ),
        (["losses", *BITRIX], "In doubt: The export has 3 pipelines"),
        (["funnel", SALESFORCE], "In doubt: stages_by_probability"),
        (["summary", "list.csv"], "each item has one row: this is a list of items"),
        (["report", "few.csv", "--out", "page.html"], "`stagefunnel init few.csv` writes one"),
    ],
)
def test_an_unsafe_guess_is_refused_and_points_to_init(words: list[str], text: str, run: Run) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "--pipeline TOML says what the stages are" in err
    assert text in err


def test_a_chain_without_its_pipelines_points_to_init(run: Run) -> None:
    code, _, err = run("chain-funnel", "--leads", "few.csv", "--deals", "my deals.csv", "--links", "few.csv")
    assert code == 2
    assert "`stagefunnel init few.csv --out leads.toml` writes one" in err


def test_a_name_that_is_neither_a_pipeline_nor_a_file_is_refused(run: Run) -> None:
    code, _, err = run("funnel", *BITRIX, "--read", "--pipeline", "none.toml")
    assert code == 2
    assert "the export has no such pipeline; it has 'Sales', 'Service', and there is no such file" in err


def test_a_file_that_begins_with_its_newest_row_gets_a_command_that_turns_it_round(run: Run) -> None:
    rows = ["Vorgang,Status,Tag"]
    rows += [
        f"{n},{stage},2026-03-{1 + n // 4:02}" for n in range(80) for stage in ("Neu", "Angebot", "Gewonnen")
    ]
    Path("back.csv").write_text("\n".join([rows[0], *reversed(rows[1:])]) + "\n")
    code, out, _ = run("init", "back.csv")
    assert code == 0
    ((_, *words),) = typed_next(out)
    code, out, _ = run(*words, "--format", "json")
    assert code == 0
    # All 80 were in all three stages, and none is lost.
    assert {row["reached"] for row in json.loads(out)} == {80}
    assert {row["stage"] for row in json.loads(out)} == {"Neu", "Angebot", "Gewonnen"}


def test_an_export_whose_stages_nobody_lists_is_asked_in_the_order_of_its_moves(run: Run) -> None:
    # The first row of all is of a late stage, so that the order of first appearance would be another one.
    rows = [("0", "Late", "2025-01-01")]
    for deal in range(1, 40):
        rows += [
            (str(deal), stage, f"2026-02-{day:02}") for day, stage in enumerate(("Early", "Late", "Won"), 2)
        ]
    pd.DataFrame(rows, columns=["deal_id", "stage", "changed_at"]).to_json("deals.json", orient="records")
    code, out, err = run("funnel", "deals.json", "--format", "json")
    assert code == 0
    assert [row["stage"] for row in json.loads(out)] == ["Early", "Late", "Won"]
    assert "Early → Late; won: Won" in err
    assert "in which they first appear" not in err
    run("init", "deals.json")
    with_file = run("funnel", "deals.json", "--read", "--pipeline", "pipeline.toml", "--format", "json")
    assert with_file[:2] == (0, out)
    assert "in which they first appear" not in with_file[2]
