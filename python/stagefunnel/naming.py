"""The mark of a public class."""

from __future__ import annotations

from typing import TypeVar

_Class = TypeVar("_Class", bound=type)


def public(cls: _Class) -> _Class:
    """Let the repr, the docs and the pickles of a class name the package, not the room that it lives in."""
    cls.__module__ = "stagefunnel"
    return cls
