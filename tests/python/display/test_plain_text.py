"""What is printed without rich, where there is room for all, is what rich prints."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import stagefunnel as sf
from examples import examples
from stagefunnel.display import shown as showing
from stagefunnel.display.grid import Grid
from stagefunnel.display.plain_text import plain_text
from stagefunnel.display.shown import Shown

SHOP = sf.datasets.furniture_shop()
# Wide letters, one of no width, what rich would read as markup or as an emoji, and a blank that is kept.
LETTERS = [
    "a",
    "1",
    "%",
    "Ж",
    "漢",
    "e\u0301",
    "🙂",
    "[red]",
    "[/]",
    ":smile:",
    "\\",
    " a",
    "\N{NO-BREAK SPACE}b",
]
TEXTS = st.lists(st.sampled_from(LETTERS), max_size=5).map("".join)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    n_columns, n_rows = draw(st.integers(1, 4)), draw(st.integers(0, 4))
    some = st.sets(st.integers(0, 4))
    return Grid(
        ["\n".join(draw(st.lists(TEXTS, min_size=1, max_size=2))) for _ in range(n_columns)],
        [draw(st.booleans()) for _ in range(n_columns)],
        [[draw(TEXTS) for _ in range(n_columns)] for _ in range(n_rows)],
        breaks=draw(some),
        barred=draw(some),
    )


def of_rich(shown: Shown) -> str:
    console = Console(color_system=None, highlight=False, force_jupyter=False, width=100_000)
    with console.capture() as capture:
        console.print(shown.widened(), crop=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


@given(title=TEXTS, above=st.lists(TEXTS, max_size=2), grid=grids(), below=st.lists(TEXTS, max_size=2))
@examples(ci=60, night=2_000)
def test_it_is_what_rich_prints(title: str, above: list[str], grid: Grid, below: list[str]) -> None:
    found = plain_text(title, above, grid, below)
    if found is None:
        widths = [
            max(map(len, [*heading.split("\n"), *(row[i] for row in grid.rows)]))
            for i, heading in enumerate(grid.headings)
        ]
        assert 0 in widths  # a column without a letter
    else:
        assert found == of_rich(Shown(title, grid, above, below))


@pytest.mark.parametrize("odd", ["a\tb", "a\x07b", "blank ", "zero\N{ZERO WIDTH SPACE}width", "two\nlines"])
@pytest.mark.parametrize("place", ["title", "above", "cell", "below"])
def test_what_only_rich_knows_is_left_to_it(odd: str, place: str) -> None:
    of = {"title": "T", "above": "A", "cell": "c", "below": "B"} | {place: odd}
    grid = Grid(["h"], [True], [[of["cell"]]])
    assert plain_text(of["title"], [of["above"]], grid, [of["below"]]) is None


def test_a_table_in_a_pipe_is_printed_without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = sf.datasets.worked_example()
    tables = [sf.funnel(shop.log, shop.pipeline, kind="both"), sf.losses(shop.log, shop.pipeline)]
    expected = [of_rich(sf.show(table)) for table in tables]  # type: ignore[arg-type]  # a summary too

    def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(showing.Shown, "_rich_table", refuse)
    assert [str(sf.show(table)) for table in tables] == expected


def test_where_lines_cannot_be_drawn_rich_chooses_what_stands_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Console, "encoding", "ascii")
    grid = Grid(["h"], [True], [["c"]])
    assert showing.printed(Shown("", grid, [], [])).splitlines()[1] == "-"


def test_a_notebook_has_the_bars_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = sf.show(sf.funnel(SHOP.log, SHOP.pipeline))
    assert "█" not in repr(shown)
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich prints to is a terminal, as in a notebook
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    assert "█" in repr(shown)
