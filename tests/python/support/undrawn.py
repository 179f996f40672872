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
