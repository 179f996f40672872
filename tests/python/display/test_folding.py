"""Wide tables on narrow terminals: which columns are left out, and what is said of it."""

import re

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.display.folding import folded, spare_columns
from stagefunnel.display.grid import Grid

SHOP = sf.datasets.furniture_shop()
LOG, PIPELINE = SHOP.log, SHOP.pipeline
TABLES = {
    "funnel": sf.funnel(LOG, PIPELINE, kind="both", by="manager"),
    "trend": sf.funnel_by_period(LOG, PIPELINE, every="quarter", kind="conversions"),
    "comparison": sf.compare_periods(LOG, PIPELINE, "2026-03", by="manager", amount="amount"),
    "losses": sf.losses(LOG, PIPELINE, by="manager", amount="amount"),
    "skips": sf.skips(LOG, PIPELINE),
    "flow": sf.flow(LOG, PIPELINE, period="2026-03"),
    "times": sf.time_in_stage(LOG, PIPELINE),
    "visits": sf.visits(LOG, PIPELINE).head(20),
    "items": sf.item_table(LOG, PIPELINE).head(20),
    "outcomes": sf.outcomes(LOG, PIPELINE, by="manager"),
    "steps": sf.sequence_funnel(LOG, ["New", "Won"]),
}


def grid_of(widths: list[int], spare: list[int]) -> Grid:
    """Make a grid of columns of numbers of these widths."""
    return Grid(["x"] * len(widths), [False] * len(widths), [["9" * width for width in widths]], set(), spare)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        # 10 + 5 + 5 + 5 and three gaps of 3 are 34.
        (None, [0, 1, 2, 3]),
        (34, [0, 1, 2, 3]),
        (33, [0, 1, 2]),
        (26, [0, 1, 2]),
        (25, [0, 2]),
        (18, [0, 2]),
        (17, [0]),
        (3, [0]),
    ],
)
def test_the_least_important_columns_go_first(width: int | None, columns: list[int]) -> None:
    found = folded(grid_of([10, 5, 5, 5], [3, 1, 2]), width)
    assert found.columns == columns
    assert len(found.left_out) == 4 - len(columns)


def test_a_column_that_has_room_in_the_end_comes_back() -> None:
    # 10 + 20 + 2 + 2 and gaps are 43; without the second and the third 10 + 3 + 2, and then 2 more have room.
    assert folded(grid_of([10, 2, 20, 2], [1, 2]), 20).columns == [0, 1, 3]


def test_a_heading_wraps_before_a_column_is_left_out() -> None:
    grid = Grid(["stage", "reached before"], [True, False], [["New", "9"]], set(), [1])
    assert folded(grid, 22).widths is None  # 5 + 3 + 14
    assert folded(grid, 21).widths == [5, 7]
    assert folded(grid, 15).widths == [5, 7]
    assert folded(grid, 14).left_out == ["reached before"]


def test_letters_that_take_two_columns_count_for_two() -> None:
    grid = Grid(["段階", "n"], [True, False], [["新規商談", "9"]], set(), [1])
    assert folded(grid, 12).left_out == []  # 8 + 3 + 1
    assert folded(grid, 11).left_out == ["n"]


def test_of_an_unknown_table_columns_go_from_the_right() -> None:
    assert spare_columns(["a", "b", "c"], "") == [2, 1]
    assert spare_columns(["check", "count", "level", "note"], "quality") == []


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_no_line_of_a_table_is_wider_than_the_terminal(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = repr(sf.show(TABLES[name])).splitlines()
    assert max(map(len, lines)) <= width
    # A number is never cut short, and no cell is.
    text = "\n".join(lines).replace("show(…,", "")
    assert "…" not in re.sub("^… and", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", TABLES)
def test_what_is_left_out_is_named_and_all_is_there_when_it_is_wide(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = repr(sf.show(TABLES[name]))
    monkeypatch.setenv("COLUMNS", "60")
    # Sentences are broken into lines of 60, and the table is what it was.
    assert repr(sf.show(TABLES[name], wide=True)).split() == everything.split()
    narrow = " ".join(repr(sf.show(TABLES[name])).split())
    said = re.search(
        r"(\d+) columns? (?:is|are) left out for width: (.*?); show\(…, wide=True\) shows all", narrow
    )
    assert said is not None
    headings = [" ".join(heading.split()) for heading in sf.show(TABLES[name]).grid.headings]
    left_out = said[2].split(", ")
    assert len(left_out) == int(said[1])
    assert {*left_out} < {*headings}
    assert "left out for width" not in everything
    assert "left out for width" not in sf.show(TABLES[name]).to_markdown()


def test_a_summary_is_folded_table_by_table(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = sf.summary(LOG, PIPELINE)
    monkeypatch.setenv("COLUMNS", "70")
    assert "left out for width" in repr(sf.show(summary))
    assert "left out for width" not in repr(sf.show(summary, wide=True))


def test_a_plain_frame_is_folded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({f"column_{i}": [10**12] for i in range(6)})
    monkeypatch.setenv("COLUMNS", "40")
    text = repr(sf.show(frame))
    assert "4 columns are left out for width: column" in text
    assert "1,000,000,000,000   1,000,000,000,000" in text
