"""Charts as files, and as pages that load nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import pairwise
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Final

from ...drawing import drawn
from ...errors import SchemaError, given, named
from ...whole_file import whole_file
from .style import WIDE

_SUFFIXES: Final = (".svg", ".png", ".pdf", ".html")
_SCALE: Final = 2.0  # pixels of a PNG for each of the chart: sharp on a projector and in print
_MOST_SCALE: Final = 10
# Widths in which a page has a chart, each for what is at least as wide: a desk, a tablet and a phone.
_WIDTHS: Final = (WIDE, 700, 340)
_SHOWN: Final = ".stagefunnel-picture"
_STYLE: Final = "".join(
    [
        f"{_SHOWN}{{container-type:inline-size;margin:0}}",
        f"{_SHOWN}>div{{display:none}}{_SHOWN}>:is(.at0,.at{WIDE}){{display:block}}",
        f"{_SHOWN} svg{{max-width:100%;height:auto;display:block}}",
        *(
            f"@container (max-width:{wider - 0.1:g}px){{{_SHOWN}>.at{wider}{{display:none}}"
            f"{_SHOWN}>.at{width}{{display:block}}}}"
            for wider, width in pairwise(_WIDTHS)
        ),
    ]
)
_MARK: Final = re.compile(r'<(path|text|line|rect) aria-label="([^"]*)"([^>]*?)(/>|>([^<]*)</\1>)')


def save_chart(chart: Any, path: str | PathLike[str], *, scale: float = _SCALE) -> Path:
    """Save a chart as a picture or as a page that needs no network.

    Parameters
    ----------
    chart
        A chart of :mod:`stagefunnel.plots`, or any chart of Altair.
    path
        The file; its suffix says what is written: ``.svg`` for a page or a text, ``.png`` for a chat or
        slides, ``.pdf`` for print, ``.html`` for a page. The page draws itself for the width that it is read
        in, and pointing at a mark shows its numbers.
    scale
        Pixels of a PNG for each pixel of the chart.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SchemaError
        If `chart` is not a chart, `path` has another suffix, or `scale` is not a number between 0 and 10.
    ImportError
        If vl-convert is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_funnel
    >>> shop = sf.datasets.worked_example()
    >>> chart = plot_funnel(sf.funnel(shop.log, shop.pipeline))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sf.save_chart(chart, f"{folder}/funnel.svg").name
    'funnel.svg'
    """
    if not callable(getattr(chart, "to_dict", None)) or not hasattr(chart, "_repr_mimebundle_"):
        raise SchemaError(
            given("chart", chart), " is not a chart; make one, for example with stagefunnel.plots.plot_funnel"
        )
    file = Path(fspath(path))
    suffix = file.suffix.lower()
    if suffix not in _SUFFIXES:
        raise SchemaError(
            named("path"), f" {str(path)!r} ends with none of {', '.join(_SUFFIXES)}, which say what to write"
        )
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale <= _MOST_SCALE:
        raise SchemaError(
            given("scale", scale), f" is not a number above 0 and up to {_MOST_SCALE}", option="scale"
        )
    content = _drawn_as(suffix, chart, float(scale))
    with whole_file(str(file)) as partial:
        Path(partial).write_bytes(content)
    return file


def _drawn_as(suffix: str, chart: Any, scale: float) -> bytes:
    """Draw a chart as the bytes of a file."""
    if suffix == ".html":
        return page_of(chart).encode()
    if suffix == ".svg":
        return svg_of(chart.to_dict()).encode()
    if suffix == ".pdf":
        return bytes(_converted("vegalite_to_pdf", chart.to_dict()))
    return bytes(_converted("vegalite_to_png", chart.to_dict(), scale=scale))


def page_of(chart: Any) -> str:
    """Make a page of a chart that loads nothing."""
    specification = chart.to_dict()
    lines = specification.get("title", {})
    lines = lines.get("text", "") if isinstance(lines, Mapping) else lines
    title = lines if isinstance(lines, str) else " ".join(lines)
    paper = specification.get("background", "#FFFFFF")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        '<link rel="icon" href="data:,">'
        f"<style>body{{margin:0;background:{html.escape(paper)}}}</style></head>\n"
        f"<body>{offline_page(chart)}</body></html>\n"
    )


def offline_page(chart: Any) -> str:
    """Make the part of a page that shows a chart, in some widths of which one is seen."""
    at_width = getattr(chart, "_at_width", None)
    specification = chart.to_dict()
    if at_width is None:
        drawings = [(0, svg_of(specification))]
    else:
        drawings = [(width, svg_of(at_width(width).to_dict())) for width in _WIDTHS]
    described = html.escape(str(specification.get("description", "chart")))
    figures = "".join(f'<div class="at{width}">{_with_titles(svg)}</div>' for width, svg in drawings)
    return (
        f"<style>{_STYLE}</style>"
        f'<figure class="stagefunnel-picture" role="group" aria-label="{described}">{figures}</figure>'
    )


def svg_of(specification: Mapping[str, Any]) -> str:
    """Draw a chart as SVG."""
    return str(_converted("vegalite_to_svg", specification))


def _converted(how: str, specification: Mapping[str, Any], **options: Any) -> Any:
    lacking = 'to save a chart needs vl-convert: pip install "stagefunnel[plots]"'
    return drawn(how, specification, lacking=lacking, **options)


def _with_titles(svg: str) -> str:
    """Give each mark of a drawing a title, which browsers show where people point at it."""

    def titled(mark: re.Match[str]) -> str:
        name, text, rest, _, inside = mark.groups()
        title = "&#10;".join(text.split("; "))
        return f'<{name} aria-label="{text}"{rest}><title>{title}</title>{inside or ""}</{name}>'

    return _MARK.sub(titled, svg)
