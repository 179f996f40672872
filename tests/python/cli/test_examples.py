"""The examples in the help of every command, typed beside the files of the demo."""

import argparse
import re
import shlex
import shutil
from contextlib import chdir
from fnmatch import fnmatch
from pathlib import Path

import pytest

from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS
from stagefunnel.cli.parser import command_parser


def examples_of(command: str) -> list[list[str]]:
    """Read the commands of an example as a shell does; a backslash joins two lines."""
    text = COMMANDS[command].example.replace("\\\n", " ")
    return [shlex.split(line) for line in re.findall(r"^  stagefunnel (.+)$", text, re.MULTILINE)]


EXAMPLES = [words for command in COMMANDS for words in examples_of(command)]
(DEMO,) = examples_of("demo")
# What other examples read that the demo does not write, by its name, and the example that makes it.
MAKERS = {
    words[words.index("--to") + 1]: words
    for command in ("save", "partial")
    for words in examples_of(command)
    if "--to" in words
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the example of the demo; return the directory that it writes."""
    directory = tmp_path_factory.mktemp("typed")
    with chdir(directory):
        assert main(DEMO) == 0
    return directory / DEMO[-1]


def test_the_demo_writes_its_files(demo: Path) -> None:
    assert {"deals.csv", "pipeline.toml", "report.html"} <= {file.name for file in demo.iterdir()}


@pytest.mark.parametrize("words", [words for words in EXAMPLES if words != DEMO], ids=" ".join)
def test_an_example_of_the_help_runs_as_it_stands(
    words: list[str],
    demo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Each has a demo of its own, so that none needs what another one has written.
    directory = Path(shutil.copytree(demo, tmp_path / "demo"))
    monkeypatch.chdir(directory)
    for made, maker in MAKERS.items():
        if any(fnmatch(made, word) for word in words) and words not in MAKERS.values():
            assert main(maker) == 0
    capsys.readouterr()
    before = {*directory.iterdir()}
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    # It answers on the screen, or in the file that it names.
    assert printed.out or {*directory.iterdir()} - before


def test_every_command_has_an_example() -> None:
    assert {words[0] for words in EXAMPLES} == {*COMMANDS}


def test_the_help_says_where_the_examples_run() -> None:
    parser: argparse.ArgumentParser = command_parser()
    assert "stagefunnel demo" in str(parser.epilog)
