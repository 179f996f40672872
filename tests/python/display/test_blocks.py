"""Bars of block characters behind shares, on a terminal alone."""

import io

import pytest
from rich.console import Console

import stagefunnel as sf
from stagefunnel.display.blocks import bar_of, with_bars
from stagefunnel.display.grid import Grid

SHOP = sf.datasets.worked_example()
SHOWN = sf.show(sf.funnel(SHOP.log, SHOP.pipeline))


@pytest.mark.parametrize(
    ("cell", "bar"),
    [
        *[
            ("0%", ""),
            ("100%", "██████████"),
            ("50%", "█████"),
            ("55%", "█████▌"),
            ("99.9%", "██████████"),
        ],
        *[("0.1%", "▏"), ("< 0.1%", "▏"), ("–", ""), ("12", ""), ("150%", "██████████")],
    ],
)
def test_a_share_is_a_bar_of_eighths(cell: str, bar: str) -> None:
    assert bar_of(cell) == bar.ljust(10)


def test_bars_begin_below_each_other() -> None:
    grid = with_bars(
        Grid(["stage", "kind\nof all", "n"], [True, False, False], [["a", "9%", "1"], ["b", "100%", "2"]]),
        "of all",
    )
    assert [row[1] for row in grid.rows] == ["  9% ▉         ", "100% ██████████"]
    assert grid.barred == {1}


def shown_on(*, is_terminal: bool, width: int = 120, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    console = Console(
        file=file, force_terminal=is_terminal, color_system=None, width=width, legacy_windows=False
    )
    console.print(SHOWN)
    file.flush()
    return file.buffer.getvalue().decode(encoding)


def test_a_terminal_shows_bars_and_a_file_does_not() -> None:
    assert "69% ██████▉" in shown_on(is_terminal=True)
    assert "█" not in shown_on(is_terminal=False)
    assert "█" not in repr(SHOWN)


def test_numbers_go_before_bars_where_there_is_no_room() -> None:
    assert "█" not in shown_on(is_terminal=True, width=60)
    for text in ("reached", "69%"):
        assert text in shown_on(is_terminal=True, width=60)
