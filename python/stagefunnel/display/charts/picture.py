"""A chart as Altair's own kind, made of a specification that is whole already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

from .library import require_altair
from .saving import offline_page

_is_plain: Final = ContextVar("_is_plain", default=False)


@dataclass(frozen=True)
class Plain:
    """A chart that is a specification and nothing else: what draws it reads no more."""

    specification: Mapping[str, Any]
    _at_width: Callable[[int], Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the specification."""
        return dict(self.specification)


@contextmanager
def plain_pictures() -> Iterator[None]:
    """Let charts be made without Altair, which takes a quarter of a second to load."""
    before = _is_plain.set(True)
    try:
        yield
    finally:
        _is_plain.reset(before)


def require_pictures() -> None:
    """Import what makes charts, unless they are plain."""
    if not _is_plain.get():
        require_altair()


def picture_of(specification: Mapping[str, Any], at_width: Callable[[int], Any]) -> Any:
    """Make a chart of a specification; `at_width` draws the same for a sheet of another width."""
    if _is_plain.get():
        return Plain(specification, at_width)
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
