"""A chart as Altair's own kind, made of a specification that is whole already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from .library import require_altair
from .saving import offline_page


def picture_of(specification: Mapping[str, Any], at_width: Callable[[int], Any]) -> Any:
    """Make a chart of a specification; `at_width` draws the same for a sheet of another width."""
    chart = _picture_class()(**specification)
    object.__setattr__(chart, "_at_width", at_width)
    return chart


def at_width(chart: Any, width: int) -> Any:
    """Draw the same chart for a sheet of another width, without reading its table again."""
    drawn = getattr(chart, "_at_width", None)  # a chart that was changed since then has one width
    return chart if drawn is None else drawn(width)


@cache
def _picture_class() -> Any:
    """Make the class of charts, which needs Altair: nothing else does."""
    alt = require_altair()
    base: Any = import_module("altair.utils.schemapi").SchemaBase

    class Picture(alt.LayerChart):  # type: ignore[name-defined,misc]  # loaded when a chart is drawn
        """A chart: all that Altair does with one works, and a notebook shows it without a network.

        Its specification is held against the schema in the tests, not each time that it is drawn.
        """

        def __init__(self, **parts: Any) -> None:
            base.__init__(self, **parts)

        def to_dict(
            self, validate: bool = False, *, context: dict[str, Any] | None = None, **options: Any
        ) -> dict[str, Any]:
            """Return the specification."""
            parts = self._kwds
            is_changed = any(isinstance(part, base) for part in parts.values())
            if validate or options or is_changed or not (context or {}).get("top_level", True):
                made: dict[str, Any] = super().to_dict(validate=validate, context=context, **options)
                return made
            return {"$schema": alt.SCHEMA_URL, **_copied(parts)}

        def _repr_mimebundle_(self, *args: Any, **options: Any) -> Any:
            """Show the chart as a drawing, unless a renderer of Altair's was chosen."""
            if alt.renderers.active == "default":
                with suppress(ImportError):  # Altair's own page needs nothing but a network
                    return {"text/html": offline_page(self), "text/plain": repr(self)}
            return super()._repr_mimebundle_(*args, **options)

        def __repr__(self) -> str:
            """Name the chart by its title."""
            title = self.title
            return f"Chart: {' '.join(title['text'])}" if isinstance(title, dict) else "Chart"

    Picture.__name__ = Picture.__qualname__ = "Picture"
    return Picture


def _copied(part: Any) -> Any:
    """Copy mappings and lists, so that whoever changes a specification does not change the chart."""
    if isinstance(part, dict):
        return {
            name: _copied(value) if isinstance(value, dict | list) else value for name, value in part.items()
        }
    return [_copied(value) if isinstance(value, dict | list) else value for value in part]
