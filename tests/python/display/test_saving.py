"""Charts as files and in notebooks: nothing is loaded, and pointing at a mark shows its numbers."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import altair as alt
import pytest

import stagefunnel as sf
from drawings import colours_in, size_of
from stagefunnel.plots import plot_funnel

SHOP = sf.datasets.worked_example()


@pytest.fixture(scope="module")
def chart() -> Any:
    return plot_funnel(sf.funnel(SHOP.log, SHOP.pipeline))


def test_the_suffix_says_what_is_written(chart: Any, tmp_path: Path) -> None:
    begins = {
        "a.svg": b"<svg",
        "a.png": b"\x89PNG",
        "b.PNG": b"\x89PNG",
        "a.pdf": b"%PDF",
        "a.html": b"<!doctype html>",
    }
    for name, begin in begins.items():
        assert sf.save_chart(chart, str(tmp_path / name)) == tmp_path / name
        assert (tmp_path / name).read_bytes().startswith(begin)


def test_a_png_has_as_many_pixels_as_its_scale_says(chart: Any, tmp_path: Path) -> None:
    width, height = size_of(sf.save_chart(chart, tmp_path / "a.svg").read_text())
    for scale in (1, 2):
        colours = colours_in(sf.save_chart(chart, tmp_path / "a.png", scale=scale))
        assert sum(colours.values()) == pytest.approx(scale**2 * width * height, rel=0.01)


def test_a_page_loads_nothing_and_has_a_drawing_for_three_widths(chart: Any, tmp_path: Path) -> None:
    page = sf.save_chart(chart, tmp_path / "a.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href|srcset)="([^"]*)"', page)
    assert addresses == ["data:,"]
    assert "<script" not in page
    assert "@import" not in page
    widths = [float(width) for width in re.findall(r'<svg[^>]* width="([\d.]+)"', page)]
    assert widths == [pytest.approx(width, abs=2) for width in (920, 700, 340)]
    assert "<title>stage: New&#10;reached: 9" in page


def test_a_notebook_shows_a_drawing_that_needs_no_network(chart: Any) -> None:
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("<svg") == 3
    assert "http" not in bundle["text/html"].replace("http://www.w3.org/", "")
    assert bundle["text/plain"].startswith("Chart: Skipped, too few")


def test_a_renderer_that_was_chosen_is_used(chart: Any) -> None:
    with alt.renderers.enable("mimetype"):
        assert "vnd.vegalite" in str(chart._repr_mimebundle_())


def test_without_vl_convert_a_notebook_has_the_page_of_altair(
    chart: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert "vega" in json.dumps(chart._repr_mimebundle_())
    with pytest.raises(ImportError, match=r'pip install "stagefunnel\[plots\]"'):
        sf.save_chart(chart, "a.svg")


def test_a_chart_of_altair_is_saved_too(tmp_path: Path) -> None:
    other = alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_point().encode(x="a:Q")
    page = sf.save_chart(other, tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("chart", "a.gif"),
            "path= 'a.gif' ends with none of .svg, .png, .pdf, .html, which say",
        ),
        (("chart", "a"), "path= 'a' ends with none of"),
        (
            ([1], "a.svg"),
            r"chart=\[1\] is not a chart; make one, for example with stagefunnel.plots",
        ),
    ],
)
def test_what_cannot_be_saved_is_refused(arguments: tuple[Any, str], message: str, chart: Any) -> None:
    what, path = arguments
    with pytest.raises(sf.SchemaError, match=message):
        sf.save_chart(chart if what == "chart" else what, path)


@pytest.mark.parametrize("scale", [0, -1, 11, True, "2"])
def test_a_scale_is_a_number(scale: Any, chart: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"scale=.* is not a number above 0 and up to 10"):
        sf.save_chart(chart, "a.png", scale=scale)
