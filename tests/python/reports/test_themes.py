"""One drawing has the colours of both themes: each is what would be drawn of its own specification."""

from typing import Any

import pytest

import stagefunnel as sf
from stagefunnel.display.charts.picture import plain_pictures
from stagefunnel.plots import plot_funnel, plot_skips
from stagefunnel.reports.painter import drawn_here
from stagefunnel.reports.pictures import Colours, picture
from stagefunnel.reports.themes import drawn_in_both


class Drawn:
    """A drawing that is counted, and made here."""

    made = 0

    def __init__(self, specification: Any) -> None:
        Drawn.made += 1
        self.svg = drawn_here(specification)


def both(light: Any, dark: Any) -> tuple[list[str], int]:
    Drawn.made = 0
    drawings = drawn_in_both(Drawn, light, dark)  # type: ignore[arg-type]  # it has what is read of one
    return [drawing.svg for drawing in drawings], Drawn.made


@pytest.mark.parametrize("plot", [plot_funnel, plot_skips])
def test_a_chart_is_drawn_once_and_is_right_in_both_themes(plot: Any) -> None:
    shop = sf.datasets.furniture_shop(100)
    # A heat map mixes its colours, and its letters are black or white, whichever is legible on each of them.
    asked = sf.skips(shop.log, shop.pipeline, by="manager") if plot is plot_skips else None
    table = sf.funnel(shop.log, shop.pipeline, kind="both") if asked is None else asked
    with plain_pictures():
        specifications = [plot(table, theme=theme).to_dict() for theme in ("light", "dark")]
    found, made = both(*specifications)
    assert made == 1
    assert found == [drawn_here(one) for one in specifications]
    assert found[0] != found[1]


MARK = {"mark": {"type": "point", "color": "#FFFFFF"}, "data": {"values": [{"n": 1}]}}


@pytest.mark.parametrize(
    "dark",
    [
        {**MARK, "mark": {"type": "point", "color": "#000000", "size": 9}},
        {**MARK, "data": {"values": [{"n": 2}]}},
        {**MARK, "data": {"values": [{"n": 1}, {"n": 1}]}},
        {**MARK, "data": {"values": [{"n": True}]}},
        {**MARK, "mark": {"type": "point", "color": "white"}},
    ],
)
def test_what_differs_in_more_than_colours_is_drawn_twice(dark: dict[str, Any]) -> None:
    found, made = both(MARK, dark)
    assert made == 2
    assert found == [drawn_here(MARK), drawn_here(dark)]


def test_a_name_that_looks_like_a_mark_is_kept() -> None:
    title = {"title": "#0DE000 and #0DE001"}
    light, dark = ({**MARK, **title, "background": colour} for colour in ("#FFFFFF", "#000000"))
    found, made = both(light, dark)
    assert made == 2
    assert all("#0DE000 and #0DE001" in svg for svg in found)


@pytest.mark.parametrize(("height", "name"), [(60, "desk"), (61, "desk tall")])
def test_a_tall_drawing_has_more_of_a_sheet_of_paper(height: int, name: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 {height}"></svg>'
    assert f'class="{name}"' in picture(drawing, drawing, "a chart", "desk", Colours())
