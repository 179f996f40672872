"""The lines of the quality table: what a reader counts is explained on its page."""

import ast
from collections.abc import Iterator
from pathlib import Path

import stagefunnel.readers

READERS = Path(stagefunnel.readers.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "readers.md"


def checks_in(source: str) -> Iterator[str]:
    """Find the names of checks, whole or as f-strings, that code adds to notes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add":
            name = node.args[0] if len(node.args) == 3 else None
            if isinstance(name, ast.Constant):
                yield str(name.value)


def test_every_check_that_a_reader_counts_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = {check for path in READERS.rglob("*.py") for check in checks_in(path.read_text(encoding="utf-8"))}
    assert "actor_unknown" in found
    assert sorted(check for check in found if f"`{check}`" not in page) == []
