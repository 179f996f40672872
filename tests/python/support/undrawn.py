"""Pages whose pictures are left as specifications, for tests of their words, tables and lists."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from types import SimpleNamespace
from typing import Any


@contextmanager
def specifying() -> Iterator[Callable[[Any], Any]]:
    """Stand in for the painter of a page: a drawing has the text of its specification."""

    def drawn(chart: Any) -> Any:
        return SimpleNamespace(svg=f"<svg><desc>{escape(json.dumps(dict(chart), default=str))}</desc></svg>")

    yield drawn


def specified(draw: Callable[[Any], Any], plot: Any, table: Any, **options: Any) -> Any:
    """Stand in for a figure of a page: its chart is made for a desk and light, and not five times more.

    That all widths and both themes show the same marks is held by the tests of charts.
    """
    from stagefunnel.display.charts.picture import plain_pictures
    from stagefunnel.reports.page import Figure
    from stagefunnel.reports.sections import _WIDTHS, _sentences

    with plain_pictures():
        chart = plot(table, theme="light", width=_WIDTHS["desk"], **options).to_dict()
    drawing = draw(chart)
    return Figure(
        {("desk", "light"): drawing, ("desk", "dark"): drawing}, chart["description"], _sentences(chart)
    )
