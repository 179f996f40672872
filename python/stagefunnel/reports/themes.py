"""Light and dark drawings of a chart from one: they differ in colours alone, and to draw takes longest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from .painter import Draw, Specification

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
# How colours begin that stand in a drawing for those of both themes; no text of it may begin so.
_MARK: Final = "#0DE"
_MOST: Final = 0x1000  # marks that there are


class Drawn(Protocol):
    """A drawing, which may not be made yet."""

    @property
    def svg(self) -> str:
        """The drawing as SVG; whoever reads it waits until it is made."""


@dataclass(frozen=True)
class _Coloured:
    """A drawing in the colours of one theme."""

    drawing: Drawn
    colours: Mapping[str, str]

    @property
    def svg(self) -> str:
        if not self.colours:
            return self.drawing.svg
        marks = re.compile(f"{_MARK}[0-9A-F]{{3}}")
        return marks.sub(lambda mark: self.colours[mark[0]], self.drawing.svg)


class _UnlikeError(ValueError):
    """Two specifications differ in more than colours."""


@dataclass
class _Marks:
    """The colours that stand for a pair of colours, one of each theme."""

    of_pair: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, one: Any, other: Any) -> Any:
        """Join two parts of specifications; colours in which they differ become marks."""
        if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            return {name: self.of(part, other[name]) for name, part in one.items()}
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            return [self.of(*pair) for pair in zip(one, other, strict=True)]
        if isinstance(one, str) and isinstance(other, str):
            return self._of_texts(one, other)
        if type(one) is not type(other) or one != other:
            raise _UnlikeError
        return one

    def _of_texts(self, one: str, other: str) -> str:
        if one == other:
            if _MARK in one:
                raise _UnlikeError
            return one
        if not (_COLOUR.fullmatch(one) and _COLOUR.fullmatch(other)) or len(self.of_pair) == _MOST:
            raise _UnlikeError
        return self.of_pair.setdefault((one, other), f"{_MARK}{len(self.of_pair):03X}")


def drawn_in_both(draw: Draw, light: Specification, dark: Specification) -> tuple[Drawn, Drawn]:
    """Draw a chart once for both themes; where they differ in more than colours, each is drawn."""
    marks = _Marks()
    try:
        joined = marks.of(light, dark)
    except _UnlikeError:
        return draw(light), draw(dark)
    drawing = draw(joined)
    of_light, of_dark = ({mark: pair[at] for pair, mark in marks.of_pair.items()} for at in (0, 1))
    return _Coloured(drawing, of_light), _Coloured(drawing, of_dark)
