"""The commands on the how-to pages and in the README, run as they are written."""

import shlex
from glob import glob
from pathlib import Path

import pytest

from stagefunnel.cli import main

ROOT = Path(__file__).parents[3]
BEGINNINGS = (
    *("Funnel", "Chain", "Time ", "Checks", "Assumed", "Sequence"),
    *("Won and lost, by age", "How much of each cohort", "Groups compared"),
    *(
        "Where items are lost",
        "Which step made",
        "Expected wins",
        "Other items, or the same",
        "What goes with",
    ),
)
PAGES = sorted(ROOT.joinpath("docs", "how_to").glob("*.md"))
COMMANDS = [
    line.removeprefix("$ stagefunnel ")
    for page in PAGES
    for line in page.read_text(encoding="utf-8").splitlines()
    if line.startswith("$ stagefunnel ")
]


def as_a_shell_has_it(command: str) -> list[str]:
    """Split a command, and write out its globs; a word that fits no file stays as it is."""
    words = shlex.split(command)
    return [found for word in words for found in sorted(glob(word)) or [word]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_a_page_runs(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    words = as_a_shell_has_it(command)
    places = {"--out", "--to"} & {*words}
    for place in places:
        at = words.index(place) + 1
        words[at] = str(tmp_path / words[at])
    assert main(words) == 0
    assert places or capsys.readouterr().out.startswith(BEGINNINGS)


def test_every_page_has_a_command() -> None:
    without = [page.name for page in PAGES if "\n$ stagefunnel " not in page.read_text(encoding="utf-8")]
    assert PAGES
    assert not without


def test_the_file_on_the_page_about_changes_is_the_one_that_its_command_reads() -> None:
    page = ROOT.joinpath("docs", "how_to", "changes.md").read_text(encoding="utf-8")
    file = ROOT.joinpath("tests", "data", "changing_pipeline", "pipeline.toml").read_text(encoding="utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]
    assert file.startswith(shown)


def test_the_first_command_of_the_readme_prints_what_stands_below_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = ROOT.joinpath("README.md").read_text(encoding="utf-8")
    command = readme.partition(".venv/bin/stagefunnel ")[2].partition("\n")[0]
    printed = readme.partition("```text\n")[2].partition("```")[0]
    monkeypatch.chdir(ROOT)
    assert main(as_a_shell_has_it(command)) == 0
    assert capsys.readouterr().out == printed
