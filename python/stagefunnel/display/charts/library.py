"""The library that draws, imported when the first chart is drawn: nothing else needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = ["alt", "require_altair", "unchecked"]


def require_altair() -> Any:
    """Import altair; where it is missing, the error says what to install."""
    try:
        return import_module("altair")
    except ImportError as error:
        raise ImportError('charts need altair: pip install "stagefunnel[plots]"') from error


@contextmanager
def unchecked() -> Iterator[None]:
    """Let altair make charts without holding each part against its schema, which takes half of the time.

    It is for drawings of charts that the tests check: a mistake would show late, or not at all.
    """
    require_altair()
    with import_module("altair.utils.schemapi").debug_mode(False):
        yield


if TYPE_CHECKING:
    import altair as alt
else:

    class _Altair:
        """Stands for the module altair, which it imports when a name of it is read."""

        def __getattr__(self, name: str) -> Any:
            return getattr(require_altair(), name)

    alt = _Altair()
