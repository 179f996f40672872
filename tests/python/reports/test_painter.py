"""The process that draws the pictures of a page: it draws what vl-convert draws here, and may be missing."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import vl_convert

import stagefunnel as sf
from helpers import run_python
from stagefunnel.plots import plot_funnel
from stagefunnel.reports import painter as painting
from stagefunnel.reports.painter import drawn_here, painter, painter_ready

SHOP = sf.datasets.worked_example()
CHART = plot_funnel(sf.funnel(SHOP.log, SHOP.pipeline, kind="both")).to_dict()
OTHER = plot_funnel(sf.funnel(SHOP.log, SHOP.pipeline), theme="dark").to_dict()
# A number that is none is drawn as a missing one.
HOLES: dict[str, Any] = {
    "mark": "point",
    "data": {"values": [{"a": 1.5}, {"a": float("nan")}, {"a": None}]},
    "encoding": {"x": {"field": "a", "type": "quantitative"}},
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Collect the processes that are started."""
    processes: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def starting(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
        processes.append(popen(*args, **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", starting)
    return processes


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect the charts that are drawn in this process."""
    drawn: list[Any] = []

    def drawing(specification: Any) -> str:
        drawn.append(specification)
        return drawn_here(specification)

    monkeypatch.setattr(painting, "drawn_here", drawing)
    return drawn


def test_the_process_draws_what_vl_convert_draws_here(here: list[Any]) -> None:
    with painter() as draw:
        drawings = [draw(chart) for chart in (CHART, OTHER, HOLES, CHART)]
        drawn = [drawing.svg for drawing in drawings]
    assert drawn == [vl_convert.vegalite_to_svg(chart) for chart in (CHART, OTHER, HOLES, CHART)]
    assert drawn[0] != drawn[1]
    assert here == []


def test_a_chart_is_drawn_by_the_version_that_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions: list[Any] = []
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda _, vl_version: versions.append(vl_version))
    drawn_here({"$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json"})
    drawn_here({})
    assert versions == ["5.20", None]


def test_the_process_ends_with_the_page(started: list[subprocess.Popen[bytes]]) -> None:
    with painter() as draw:
        assert draw(CHART).svg.startswith("<svg")
        assert started[0].poll() is None
    assert [process.returncode for process in started] == [-signal.SIGKILL]


def test_an_error_on_the_way_ends_the_process_without_drawing_the_rest(
    started: list[subprocess.Popen[bytes]], here: list[Any]
) -> None:
    before = threading.active_count()

    def fail() -> None:
        with painter() as draw:
            for _ in range(50):
                draw(CHART)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert started[0].returncode is not None
    assert here == []
    assert threading.active_count() == before


def test_a_page_takes_the_process_that_is_ready(started: list[subprocess.Popen[bytes]]) -> None:
    with painter_ready():
        with painter() as draw:
            first = draw(CHART).svg
        assert len(started) == 1
        with painter() as draw:  # the ready one has gone with the first page
            assert draw(CHART).svg == first
    assert len(started) == 2
    with painter_ready():
        pass
    assert len(started) == 3
    assert all(process.returncode is not None for process in started)


@pytest.mark.parametrize("trouble", ["not python", "none", "missing", "killed", "crashes"])
def test_without_the_process_the_charts_are_drawn_here(
    trouble: str, monkeypatch: pytest.MonkeyPatch, here: list[Any], tmp_path: Path
) -> None:
    programs = {"not python": "/bin/cat", "none": None, "missing": str(tmp_path / "python3")}
    if trouble in programs:
        monkeypatch.setattr(sys, "executable", programs[trouble])
    if trouble == "crashes":
        monkeypatch.setattr(painting, "_PAINT", "raise SystemExit('no')")
    with painter_ready():
        if trouble == "killed":
            os.kill(painting._ready[0].pid, signal.SIGKILL)
        with painter() as draw:
            drawings = [draw(chart) for chart in (CHART, OTHER)]
            drawn = [drawing.svg for drawing in drawings]
            assert [drawing.svg for drawing in drawings] == drawn
    assert here == [CHART, OTHER]
    assert drawn == [vl_convert.vegalite_to_svg(chart) for chart in (CHART, OTHER)]


def test_a_chart_that_cannot_be_drawn_is_the_error_of_vl_convert() -> None:
    with painter() as draw:
        good, bad, later = draw(CHART), draw({"mark": "no such mark"}), draw(OTHER)
        assert good.svg.startswith("<svg")
        with pytest.raises(ValueError, match="Vega-Lite to SVG conversion failed"):
            _ = bad.svg
        assert later.svg.startswith("<svg")


def test_the_process_loads_no_library_but_the_one_that_draws() -> None:
    code = "import sys\nfrom stagefunnel.reports import painter\n"
    code += "print({'pandas', 'numpy', 'altair'} & set(sys.modules))"
    assert run_python("-c", code).stdout == "set()\n"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("options", [{}, {"by": "manager"}], ids=str)
def test_the_progress_of_a_page_counts_its_steps(tmp_path: Path, options: dict[str, Any]) -> None:
    shop = sf.datasets.furniture_shop(100)
    steps: list[tuple[int, int]] = []

    def progress(done: int, of: int) -> None:
        assert not (tmp_path / "report.html").exists()
        steps.append((done, of))

    page = sf.report(shop.log, shop.pipeline, tmp_path / "report.html", progress=progress, **options)
    n_sections = page.read_text(encoding="utf-8").count("<h2")
    # Money, groups and chance are asked for, and are not there without an option.
    n_steps = 2 * (n_sections + (1 if options else 3))
    assert steps == [(done, n_steps) for done in range(n_steps + 1)]


def test_a_page_is_the_same_without_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few: dict[str, Any] = {"sections": ["losses", "moves"]}
    beside = sf.report(SHOP.log, SHOP.pipeline, tmp_path / "beside.html", **few).read_bytes()
    assert beside.count(b"<figure>") == 2
    monkeypatch.setattr(sys, "executable", "")
    assert sf.report(SHOP.log, SHOP.pipeline, tmp_path / "here.html", **few).read_bytes() == beside


def test_a_process_that_is_ready_is_taken_once_and_only_by_who_started_it() -> None:
    with painter_ready():
        (outer,) = painting._ready
        with painter_ready():
            assert painting._ready[0] is outer
            assert len(painting._ready) == 2
        assert painting._ready == [outer]
        child = os.fork()
        if not child:  # it has no process that is ready
            os._exit(len(painting._ready))
        assert os.waitpid(child, 0)[1] == 0
        assert painting._ready == [outer]
    assert painting._ready == []
