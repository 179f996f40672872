"""Reading drawings: where the words of an SVG stand, and the colours of a PNG."""

import math
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
Point = tuple[float, float]
# Of the size of its letters: a letter's usual width, one of a wide font such as DejaVu Sans, a line's ink.
USUAL, WIDE, _HIGH = 0.46, 0.53, 0.72


class Words(NamedTuple):
    """A text and the corners of the box that it takes."""

    text: str
    corners: list[Point]


class Turn(NamedTuple):
    """A place and a direction that drawing goes on from."""

    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0

    def moved(self, dx: float, dy: float) -> "Turn":
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return self._replace(x=self.x + dx * cos - dy * sin, y=self.y + dx * sin + dy * cos)


def words_in(svg: str, letter: float = USUAL) -> list[Words]:
    """Find all visible words of a drawing, where they stand and about how much room they take."""
    return list(_words(ElementTree.fromstring(svg), Turn(), letter))


def size_of(svg: str) -> Point:
    root = ElementTree.fromstring(svg)
    return float(root.attrib["width"]), float(root.attrib["height"])


def collisions(svg: str, letter: float = USUAL) -> list[tuple[str, str]]:
    """List the pairs of words that lie over each other."""
    return [
        (a.text, b.text) for a, b in combinations(words_in(svg, letter), 2) if _overlap(a.corners, b.corners)
    ]


def outside(svg: str, letter: float = USUAL) -> list[str]:
    """List the words that leave the drawing."""
    width, height = size_of(svg)
    return [
        words.text
        for words in words_in(svg, letter)
        if any(not (-1 <= x <= width + 1 and -1 <= y <= height + 1) for x, y in words.corners)
    ]


def _words(element: Any, turn: Turn, letter: float) -> Iterator[Words]:
    if element.attrib.get("display") == "none" or element.attrib.get("opacity") == "0":
        return
    for name, values in re.findall(r"(translate|rotate)\(([^)]*)\)", element.attrib.get("transform", "")):
        numbers = [float(one) for one in re.split(r"[ ,]+", values)]
        if name == "translate":
            turn = turn.moved(*numbers)
        else:
            turn = turn._replace(angle=turn.angle + math.radians(numbers[0]))
    if element.tag.endswith("}text"):
        size = float(element.attrib["font-size"].removesuffix("px"))
        lines = [element.text, *(line.text for line in element)]
        for at, line in enumerate(text for text in lines if text and text.strip()):
            width = len(line) * size * letter
            box = _box(width, size, element.attrib["text-anchor"], turn.moved(0, at * size * 1.2))
            yield Words(line, box)
        return
    for child in element:
        yield from _words(child, turn, letter)


def _box(width: float, size: float, anchor: str, turn: Turn) -> list[Point]:
    left = {"start": 0.0, "middle": -width / 2, "end": -width}[anchor]
    places = [(left, 0.0), (left + width, 0.0), (left + width, -size * _HIGH), (left, -size * _HIGH)]
    return [turn.moved(*place)[:2] for place in places]


def _overlap(a: list[Point], b: list[Point]) -> bool:
    """Two boxes lie apart where a side of one has all of the other beyond it."""
    for one, other in ((a, b), (b, a)):
        for (x0, y0), (x1, y1) in zip(one, [*one[1:], one[0]], strict=True):
            normal = (y1 - y0, x0 - x1)
            own = [x * normal[0] + y * normal[1] for x, y in one]
            far = [x * normal[0] + y * normal[1] for x, y in other]
            if max(own) <= min(far) or max(far) <= min(own):
                return False
    return True


def colours_in(png: Path) -> Counter[tuple[int, ...]]:
    """Count the pixels of each colour in a PNG file of 8-bit RGB or RGBA."""
    data = png.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    packed, at = b"", 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if name == b"IHDR":
            width, _, depth, colour_type, *_ = struct.unpack(">IIBBBBB", body)
            assert depth == 8
            step = {2: 3, 6: 4}[colour_type]
        packed += body if name == b"IDAT" else b""
        at += length + 12
    # Each line begins with a byte that names its filter.
    lines = np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(-1, 1 + width * step)
    pixels = np.zeros((len(lines) + 1, width, step), dtype=np.uint8)
    for at, line in enumerate(lines):
        pixels[at + 1] = _unfiltered(line[0], line[1:].reshape(width, step), pixels[at])
    red, green, blue = np.moveaxis(pixels[1:, :, :3].astype(np.uint32), 2, 0)
    colours, counts = np.unique(red << 16 | green << 8 | blue, return_counts=True)
    parts = zip(colours >> 16, colours >> 8 & 255, colours & 255, strict=True)
    return Counter({tuple(map(int, colour)): int(n) for colour, n in zip(parts, counts, strict=True)})


def _unfiltered(kind: int, line: Pixels, above: Pixels) -> Pixels:
    """Undo the filter of a line; sums wrap at 256."""
    if kind == 0:
        return line
    if kind == 1:
        return np.add.accumulate(line, axis=0, dtype=np.uint8)
    if kind == 2:
        return line + above
    columns = zip(line.T.tolist(), above.T.tolist(), strict=True)
    return np.array([_predicted(kind, *column) for column in columns], dtype=np.uint8).T


def _predicted(kind: int, line: list[int], above: list[int]) -> list[int]:
    """Undo a filter that looks at what is left of a pixel and above it, in one channel."""
    found = []
    a = c = 0
    for value, b in zip(line, above, strict=True):
        if kind == 3:
            guess = (a + b) // 2
        else:  # the one that is nearest to a + b - c; the first of them in a tie
            to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            guess = a if to_a <= to_b and to_a <= to_c else b if to_b <= to_c else c
        a, c = (value + guess) % 256, b
        found.append(a)
    return found
