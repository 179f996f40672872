"""Every chart: it is drawn, its words do not lie over each other, and its cells have legible letters."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from drawings import WIDE, collisions, colours_in, outside, words_in
from stagefunnel import plots
from stagefunnel.display.charts.heat import colour_of, contrast, letter_on
from stagefunnel.display.charts.style import theme_of

Chart = Callable[[sf.StageLog, sf.Pipeline, str], Any]
LONG = "A name of a stage that nobody would read to its end, as customers invent them"

CHARTS: dict[str, Chart] = {
    "funnel": lambda log, pipe, theme: plots.plot_funnel(sf.funnel(log, pipe, kind="both"), theme=theme),
    "funnel by": lambda log, pipe, theme: plots.plot_funnel(sf.funnel(log, pipe, by="manager"), theme=theme),
    "compare kinds": lambda log, pipe, theme: plots.plot_compare(
        sf.funnel(log, pipe, kind="both"), theme=theme
    ),
    "compare groups": lambda log, pipe, theme: plots.plot_compare(
        sf.funnel(log, pipe, by="manager"), theme=theme
    ),
    "compare periods": lambda log, pipe, theme: plots.plot_compare(
        sf.compare_periods(log, pipe, "2025-Q2"), theme=theme
    ),
    "losses": lambda log, pipe, theme: plots.plot_losses(sf.losses(log, pipe), theme=theme),
    "losses by": lambda log, pipe, theme: plots.plot_losses(
        sf.losses(log, pipe, by="manager", reason="source"), theme=theme
    ),
    "skips": lambda log, pipe, theme: plots.plot_skips(sf.skips(log, pipe), theme=theme),
    "skips by": lambda log, pipe, theme: plots.plot_skips(sf.skips(log, pipe, by="manager"), theme=theme),
    "time": lambda log, pipe, theme: plots.plot_time_in_stage(sf.time_in_stage(log, pipe), theme=theme),
    "matrix": lambda log, pipe, theme: plots.plot_transitions(sf.transitions(log, pipe), theme=theme),
    "sankey": lambda log, pipe, theme: plots.plot_transitions(
        sf.transitions(log, pipe), form="sankey", theme=theme
    ),
    "trend": lambda log, pipe, theme: plots.plot_trend(sf.funnel_by_period(log, pipe), theme=theme),
    "trend by": lambda log, pipe, theme: plots.plot_trend(
        sf.funnel_by_period(log, pipe, every="quarter", basis="created", by="manager"), theme=theme
    ),
    "sequence": lambda log, pipe, theme: plots.plot_sequence(
        sf.sequence_funnel(log, steps_of(pipe), window="200d", optional=optional_of(pipe)), theme=theme
    ),
    "sequence by": lambda log, pipe, theme: plots.plot_sequence(
        sf.sequence_funnel(log, steps_of(pipe), by="manager", optional=optional_of(pipe)), theme=theme
    ),
    "sequence trend": lambda log, pipe, theme: plots.plot_sequence_trend(
        sf.sequence_trend(log, steps_of(pipe), window="200d", optional=optional_of(pipe)), theme=theme
    ),
    "sequence trend by": lambda log, pipe, theme: plots.plot_sequence_trend(
        sf.sequence_trend(log, steps_of(pipe), by="manager", optional=optional_of(pipe)), theme=theme
    ),
    "time to convert": lambda log, pipe, theme: plots.plot_time_to_convert(
        sf.time_to_convert(log, steps_of(pipe), optional=optional_of(pipe)), theme=theme
    ),
}


def steps_of(pipeline: sf.Pipeline) -> list[Any]:
    return [*pipeline.stages, *pipeline.won]


def optional_of(pipeline: sf.Pipeline) -> set[int]:
    return set(range(2, len(pipeline.stages) + 1))


def deals(n_stages: int, name: str = "Stage") -> tuple[sf.StageLog, sf.Pipeline]:
    """Make a log in which items pass, skip, go back, win and lose; a manager's name is long."""
    rng = np.random.default_rng(7)
    labels = [f"{number}. {name}" for number in range(1, n_stages + 1)]
    rows, items = [], []
    for item in range(120):
        items.append(
            {"item": item, "manager": ["Anna", f"{LONG}, II", "Олена"][item % 3], "source": "xyz"[item % 2]}
        )
        day = int(rng.integers(0, 360))
        walk = [label for label in labels if rng.random() < 0.7] or labels[:1]
        walk = walk[: int(rng.integers(1, len(walk) + 1))]
        end = ["Won", "Lost", None][item % 3]
        for stage in [*walk, *([walk[0]] if item % 10 == 0 else []), *([end] if end else [])]:
            moment = pd.Timestamp("2025-01-01", tz="UTC") + pd.Timedelta(days=day)
            rows.append({"item": item, "stage": stage, "time": moment})
            day += int(rng.integers(1, 9))
    log = sf.StageLog(pd.DataFrame(rows), items=pd.DataFrame(items))
    return log, sf.Pipeline(labels, won="Won", lost="Lost")


CASES = {"six stages": deals(6), "thirty long names": deals(30, LONG), "one stage": deals(1)}


@cache  # to make a chart takes about as long as to draw it
def chart_of(name: str, case: str, theme: str = "light") -> Any:
    return CHARTS[name](*CASES[case], theme)


@contextmanager
def untitled(chart: Any) -> Iterator[Any]:
    """Take the title off a chart for a while."""
    title = chart.title
    chart.title = " "
    try:
        yield chart
    finally:
        chart.title = title


def svg_of(chart: Any, folder: Path) -> str:
    chart.save(folder / "chart.svg")
    return (folder / "chart.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CHARTS)
def test_words_do_not_lie_over_each_other_nor_leave_the_picture(name: str, case: str, tmp_path: Path) -> None:
    drawing = svg_of(chart_of(name, case), tmp_path)
    assert len(words_in(drawing)) >= 3
    assert collisions(drawing) == []
    assert outside(drawing) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", CHARTS)
def test_a_reader_s_wider_font_cuts_no_name_off(name: str, case: str, tmp_path: Path) -> None:
    # A page is drawn without the title, with the fonts of this machine, and read with other fonts.
    with untitled(chart_of(name, case)) as chart:
        drawing = svg_of(chart, tmp_path)
    assert outside(drawing, WIDE) == []
    assert collisions(drawing, WIDE) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTS)
def test_a_picture_is_not_blank(name: str, theme: str, tmp_path: Path) -> None:
    chart_of(name, "six stages", theme).save(tmp_path / "chart.png", scale_factor=0.5)
    colours = colours_in(tmp_path / "chart.png")
    paper = {"light": (255, 255, 255), "dark": (0x16, 0x19, 0x1D)}[theme]
    inked = sum(colours.values()) - colours[paper]
    assert colours.most_common(1)[0][0] == paper
    assert inked > 0.03 * sum(colours.values())


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_a_title_and_words_for_those_who_cannot_see_it(name: str) -> None:
    chart = chart_of(name, "six stages").to_dict()
    lines = chart["title"]["text"]
    title = lines if isinstance(lines, str) else " ".join(lines)
    assert title
    assert chart["description"].startswith(title)


def test_a_collision_is_found() -> None:
    def text(x: int, y: int, word: str, more: str = "") -> str:
        place = f"translate({x},{y}){more}"
        return f'<text text-anchor="start" font-size="10px" transform="{place}">{word}</text>'

    def drawing(*texts: str) -> str:
        return f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50">{"".join(texts)}</svg>'

    assert collisions(drawing(text(0, 20, "first"), text(20, 22, "second"))) == [("first", "second")]
    assert collisions(drawing(text(0, 20, "first"), text(0, 30, "second"))) == []
    assert collisions(drawing(text(0, 20, "first", " rotate(90)"), text(10, 20, "second"))) == []
    assert outside(drawing(text(90, 20, "beyond"), text(10, 20, "within"))) == ["beyond"]


def test_the_colours_of_a_png_are_those_of_its_pixels_whatever_their_filters(tmp_path: Path) -> None:
    # The filters are none, left, above, mean of both and Paeth's; all pixels but two are (10, 20, 30).
    lines = [
        [0, 10, 20, 30, 10, 20, 30],
        [1, 10, 20, 30, 0, 0, 0],
        [2, 0, 0, 0, 0, 0, 0],
        [3, 5, 10, 15, 0, 0, 0],
        [4, 0, 0, 0, 0, 0, 0],
        [1, 200, 200, 200, 100, 100, 100],  # 300 is 44
    ]
    header = struct.pack(">IIBBBBB", 2, len(lines), 8, 2, 0, 0, 0)
    parts = {b"IHDR": header, b"IDAT": zlib.compress(b"".join(map(bytes, lines))), b"IEND": b""}
    png = [struct.pack(">I4s", len(body), name) + body + bytes(4) for name, body in parts.items()]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png))
    assert colours_in(tmp_path / "a.png") == {(10, 20, 30): 10, (200, 200, 200): 1, (44, 44, 44): 1}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_letters_can_be_read_in_every_cell_of_a_heat_map(theme: str) -> None:
    look = theme_of(theme)
    for share in np.linspace(0, 1, 1_001):
        assert contrast(letter_on(look, share), colour_of(look, share)) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(
        4.48, abs=0.005
    )  # the grey that is known to fail narrowly


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cells_are_drawn_in_the_colours_that_their_letters_are_chosen_for(theme: Any, tmp_path: Path) -> None:
    shop = sf.datasets.furniture_shop()
    table = sf.skips(shop.log, shop.pipeline, by="manager")
    path = tmp_path / "skips.svg"
    plots.plot_skips(table, theme=theme).save(str(path))
    drawn = path.read_text().lower()
    on_the_way = table[table["beyond"] > table["began_beyond"]]
    rates = on_the_way["skipped"].sub(on_the_way["began_beyond"]) / (
        on_the_way["beyond"] - on_the_way["began_beyond"]
    )
    for rate in rates:
        colour = colour_of(theme_of(theme), rate).lower()
        parts = ", ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
        assert colour in drawn or f"rgb({parts})" in drawn
