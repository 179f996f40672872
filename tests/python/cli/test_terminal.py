"""The command on a terminal, with colours and progress, and in a pipe, with neither."""

import gzip
import os
import pty
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest

from helpers import environment, run_python, write_export
from readers.exports import EXPORTS
from stagefunnel.cli import main

ROWS = "item,stage,time,who\n1,New,2026-01-01,Ada\n1,Won,2026-01-02,Bob\n"


@pytest.fixture(autouse=True)
def _export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_export(ROWS, items="item,manager\n1,Ada\n")


FUNNEL = ["funnel", "log.csv", "--pipeline", "pipeline.toml"]
ROWS_A_SECOND = re.compile(r"(\d+ files|\S+) +\S+ 100% ([0-9,]+) rows, [0-9,]+ a second")


def on_a_terminal(arguments: list[str], **more: str) -> str:
    """Run the command on a terminal, with `more` in its environment; return what it shows."""
    ours, theirs = pty.openpty()
    variables = {"TERM": "xterm-256color", **more}
    # A terminal holds a few kilobytes, so what is written is read at the same time.
    with ThreadPoolExecutor(1) as pool, patch.dict(os.environ, variables):
        shown = pool.submit(read_to_the_end, ours)
        with os.fdopen(theirs, "w") as terminal, redirect_stdout(terminal), redirect_stderr(terminal):
            assert main(arguments) == 0
        return shown.result()


def in_a_process_on_a_terminal(arguments: list[str], printing: int | None = None) -> str:
    """Run a process of its own, which may print elsewhere; return what the terminal shows."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "stagefunnel", *arguments]
    variables = environment(TERM="xterm-256color")
    with subprocess.Popen(command, stdout=printing or theirs, stderr=theirs, env=variables) as run:
        os.close(theirs)
        shown = read_to_the_end(ours)
        assert run.wait() == 0
    return shown


def read_to_the_end(terminal: int) -> str:
    """Read what is written to the other end of a terminal until it is closed."""
    written = b""
    with os.fdopen(terminal, "rb", buffering=0) as reader, suppress(OSError):  # which says that it is closed
        while read := reader.read(65_536):
            written += read
    return written.decode()


def seen(shown: str) -> set[tuple[str, str]]:
    """Find the bars that are complete: the name of what is read, and its rows."""
    return {(found[1], found[2]) for found in ROWS_A_SECOND.finditer(plain(shown))}


def plain(shown: str) -> str:
    """Leave out what moves the cursor and colours."""
    return re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", shown)


def test_a_terminal_sees_progress_and_colour_and_a_pipe_neither() -> None:
    shown = in_a_process_on_a_terminal(FUNNEL)
    assert "log.csv" in shown
    assert "100%" in shown
    assert re.search(r"2 rows, [0-9,]+ a second", shown)
    assert "\x1b[32mNo stage that has rows was skipped" in shown
    piped = run_python("-m", "stagefunnel", *FUNNEL)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert "\x1b" not in piped.stdout


def written(name: str) -> str:
    """Write the log in the kind of file that a name stands for."""
    if name.endswith(".gz"):
        Path(name).write_bytes(gzip.compress(ROWS.encode()))
    elif name.endswith(".jsonl"):
        pd.read_csv("log.csv").to_json(name, orient="records", lines=True)
    elif name.endswith(".parquet"):
        pd.read_csv("log.csv").to_parquet(name)
    return name


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.jsonl", "log.parquet"])
@pytest.mark.parametrize("option", [[], ["--order", "time"], ["--by", "who"]], ids=str)
def test_however_a_log_is_read_its_rows_are_told(name: str, option: list[str]) -> None:
    shown = on_a_terminal(["funnel", written(name), "--pipeline", "pipeline.toml", *option])
    assert (name, "2") in seen(shown)


def test_the_table_of_items_has_a_bar_of_its_own() -> None:
    shown = on_a_terminal([*FUNNEL, "--items", "items.csv", "--by", "manager"])
    assert {("items.csv", "1"), ("log.csv", "2")} <= seen(shown)


def test_the_files_of_an_export_are_told_as_one() -> None:
    files = sorted(str(file) for file in (EXPORTS / "kommo").glob("*.json"))
    shown = on_a_terminal(["funnel", "--read", *files, "--pipeline", "Sales"])
    (n_rows,) = [int(rows) for name, rows in seen(shown) if name == f"{len(files)} files"]
    assert n_rows > 20


def test_the_tables_of_a_chain_are_told() -> None:
    Path("links.csv").write_text("deal_id,lead_id\n1,1\n")
    given = ["--leads", "log.csv", "--lead-pipeline", "pipeline.toml"]
    given += ["--deals", "log.csv", "--deal-pipeline", "pipeline.toml", "--links", "links.csv"]
    assert {("links.csv", "1"), ("log.csv", "2")} <= seen(on_a_terminal(["chain-funnel", *given]))


def test_progress_goes_beside_what_is_printed_and_goes_away_again() -> None:
    with Path("printed.txt").open("w") as file:
        shown = in_a_process_on_a_terminal(FUNNEL, file.fileno())
    assert "100%" in shown
    assert shown.endswith("\x1b[1A\x1b[2K")  # up one line and clear it
    assert Path("printed.txt").read_text() == run_python("-m", "stagefunnel", *FUNNEL).stdout


def test_quiet_shows_no_progress_and_the_same_table() -> None:
    shown = on_a_terminal([*FUNNEL, "--quiet"])
    assert "a second" not in shown
    assert "log.csv" not in shown
    assert "No stage that has rows was skipped" in shown


def test_no_color_is_heeded() -> None:
    shown = on_a_terminal(FUNNEL, NO_COLOR="1")
    assert "No stage that has rows was skipped" in shown
    # What is left is bold and plain.
    assert set(re.findall("\x1b\\[([0-9;]*)m", shown)) <= {"0", "1"}


def test_a_terminal_without_colours_gets_no_codes() -> None:
    shown = on_a_terminal(FUNNEL, TERM="dumb")
    assert "No stage that has rows was skipped" in shown
    assert "\x1b" not in shown


def test_a_file_is_shown_by_its_name_also_where_that_looks_like_markup() -> None:
    Path("log.csv").rename("[bold]log.csv")
    assert "[bold]log.csv" in on_a_terminal(["funnel", "[bold]log.csv", "--pipeline", "pipeline.toml"])


def test_the_demo_shows_its_progress_before_it_has_loaded_anything() -> None:
    shown = on_a_terminal(["demo", "sample"])
    first, page = shown.index("sample"), shown.index("sample/report.html")
    assert first < page
    assert "100%" in shown[page:]
    assert shown.index("Funnel: classic") > first


def test_a_page_shows_its_progress_unless_it_is_to_be_quiet() -> None:
    report = ["report", "log.csv", "--pipeline", "pipeline.toml", "--out", "page.html"]
    shown = on_a_terminal(report)
    assert re.search(r"page\.html.* 100%", re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", shown))
    assert on_a_terminal([*report, "--quiet"]) == "wrote page.html\r\n"


TIMES = ["time-in-stage", "log.csv", "--pipeline", "pipeline.toml"]


def test_a_narrow_terminal_gets_the_columns_that_have_room_and_a_pipe_all_of_them() -> None:
    shown = plain(on_a_terminal(TIMES, COLUMNS="60"))
    assert re.search(r"columns are left out for width: outcome, .*--wide\s+shows all", shown, re.DOTALL)
    assert "q25" not in shown.partition("left out")[0]
    wide = plain(on_a_terminal([*TIMES, "--wide"], COLUMNS="60"))
    assert "left out for width" not in wide
    assert re.search(r"outcome +visits.* q90", wide)
    piped = run_python("-m", "stagefunnel", *TIMES).stdout
    assert re.search(r"outcome +visits.* q90", piped)
    assert run_python("-m", "stagefunnel", *TIMES, "--wide").stdout == piped


def test_a_file_has_all_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main([*TIMES, "--out", "times.txt"]) == 0
    assert re.search(r"outcome +visits.* q90", Path("times.txt").read_text(encoding="utf-8"))
