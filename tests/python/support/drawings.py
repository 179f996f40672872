"""Reading drawings: where the words of an SVG stand, and the colours of a PNG."""

import math
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

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
    lines = zlib.decompress(packed)
    stride = width * step
    above = bytearray(stride)
    counts: Counter[tuple[int, ...]] = Counter()
    for start in range(0, len(lines), stride + 1):
        line = _unfiltered(lines[start], bytearray(lines[start + 1 : start + 1 + stride]), above, step)
        counts.update(zip(line[0::step], line[1::step], line[2::step], strict=True))
        above = line
    return counts


def _unfiltered(kind: int, line: bytearray, above: bytearray, step: int) -> bytearray:
    for i in range(len(line) if kind else 0):
        a = line[i - step] if i >= step else 0
        b, c = above[i], above[i - step] if i >= step else 0
        nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
        line[i] = (line[i] + (0, a, b, (a + b) // 2, nearest)[kind]) % 256
    return line
