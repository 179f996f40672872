"""A sheet to draw on: marks at places in pixels, which a specification of Vega-Lite is made of.

A chart that is laid out before it is drawn knows how wide its texts are, so that nothing overlaps and nothing
is cut, and it is made in a few milliseconds. Its records have what they mean beside their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal, TypeAlias

from ...words import tr, trc
from ...words.forms import read_out
from .letters import fitted, width_of, wrapped
from .style import FONT, HEADING, NARROW, SMALL, TITLE, Meaning, Theme, inert

Align: TypeAlias = Literal["left", "center", "right"]
About: TypeAlias = Mapping[str, Any]  # what pointing at a mark shows: headings and texts
Record: TypeAlias = dict[str, Any]

_HATCH: Final = 6.0  # pixels between two lines of a hatching
# Layers from the lowest to the highest: texts lie over everything.
_LAYERS: Final = (
    "grid",
    "area",
    "stream",
    "bar",
    "ghost",
    "hatch",
    "rule",
    "line",
    "point",
    "left",
    "center",
    "right",
)
# What no channel of an encoding sets, and each text has for itself.
_OF_TEXT: Final = {"fontSize": "size", "fontWeight": "weight", "angle": "angle"}
_MARKS: Final[Mapping[str, Record]] = {
    "grid": {"type": "rule"},
    "stream": {"type": "line", "strokeOpacity": 0.5, "strokeCap": "butt"},
    "area": {"type": "area"},
    "bar": {"type": "rect"},
    "ghost": {"type": "rect", "strokeDash": [4, 3], "fillOpacity": 0},
    "hatch": {"type": "rule", "strokeWidth": 1.4},
    "rule": {"type": "rule"},
    "line": {"type": "line"},
    "point": {"type": "point", "opacity": 1},
    **{
        align: {
            "type": "text",
            "align": align,
            "baseline": "alphabetic",
            **{name: {"expr": f"datum.{field}"} for name, field in _OF_TEXT.items()},
        }
        for align in ("left", "center", "right")
    },
}


class Sheet:
    """The marks of a chart, on a sheet of some width; it is as high as what is drawn on it.

    Attributes
    ----------
    look
        Colours, by what they mean.
    whole
        Width of the chart in pixels.
    width, height
        Width that there is to draw on, and height that is drawn on so far.
    """

    def __init__(self, look: Theme, width: int) -> None:
        self.look = look
        self.whole = width
        self.padding = 14 if width < NARROW else 22
        self.width = float(width - 2 * self.padding)
        self.height = 1.0
        self._layers: dict[tuple[str, tuple[str, ...]], list[Record]] = {}
        self._n_lines = 0

    @property
    def is_narrow(self) -> bool:
        """Whether it is as narrow as a phone."""
        return self.whole < NARROW

    def _add(self, layer: str, record: Record, about: About | None) -> None:
        shown = {
            _field(trc("column", heading.strip())): inert(str(text))
            for heading, text in (about or {}).items()
        }
        self._layers.setdefault((layer, tuple(shown)), []).append({**record, **shown})
        self.height = max(self.height, record["y"], record.get("y2", 0))

    def bar(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        about: About | None = None,
        *,
        edge: str | None = None,
        opacity: float = 1,
    ) -> None:
        """Draw a filled rectangle; a thin edge in the colour of the paper parts it from its neighbours."""
        record = {"x": _r(x), "x2": _r(x + width), "y": _r(y), "y2": _r(y + height)}
        self._add("bar", {**record, "fill": fill, "edge": edge or self.look.paper, "opacity": opacity}, about)

    def ghost(
        self, x: float, y: float, width: float, height: float, about: About | None = None, edge: str = ""
    ) -> None:
        """Draw the outline of what is not there: items that skipped a stage."""
        record = {"x": _r(x), "x2": _r(x + width), "y": _r(y), "y2": _r(y + height)}
        self._add("ghost", {**record, "edge": edge or self.look.skipped}, about)

    def hatched(
        self, x: float, y: float, width: float, height: float, colour: str, about: About | None = None
    ) -> None:
        """Draw a hatched rectangle: what is not known, or only assumed."""
        self.bar(x, y, width, height, self.look.paper, about, edge=colour)
        at = x - height + _HATCH / 2
        while at < x + width:
            # A line goes up by as much as it goes to the right, and ends at the edges.
            left, right = max(at, x), min(at + height, x + width)
            if right - left > 1:
                low, high = y + height - (left - at), y + height - (right - at)
                places = {"x": _r(left), "x2": _r(right), "y": _r(low), "y2": _r(high)}
                self._add("hatch", {**places, "colour": colour}, None)
            at += _HATCH

    def rule(
        self,
        x: float,
        y: float,
        x2: float,
        y2: float,
        colour: str,
        *,
        thick: float = 1.5,
        about: About | None = None,
        grid: bool = False,
    ) -> None:
        """Draw a straight line; one of a grid lies below everything."""
        places = {"x": _r(x), "x2": _r(x2), "y": _r(y), "y2": _r(y2)}
        self._add("grid" if grid else "rule", {**places, "colour": colour, "thick": thick}, about)

    def line(
        self,
        points: Iterable[tuple[float, float]],
        colour: str,
        *,
        thick: float = 2.2,
        dashed: bool = False,
        dotted: bool = False,
    ) -> None:
        """Draw a line through some points."""
        self._n_lines += 1
        for x, y in points:
            record = {"x": _r(x), "y": _r(y), "line": self._n_lines, "colour": colour}
            self._add("line", {**record, "thick": thick, "dash": 2 if dotted else 1 if dashed else 0}, None)

    def area(self, edges: Iterable[tuple[float, float, float]], fill: str, *, opacity: float = 1) -> None:
        """Fill what lies between two lines, each place with the upper and the lower edge at it."""
        self._n_lines += 1
        for x, y, y2 in edges:
            record = {"x": _r(x), "y": _r(y), "y2": _r(y2), "line": self._n_lines}
            self._add("area", {**record, "fill": fill, "opacity": opacity}, None)

    def stream(self, points: Iterable[tuple[float, float]], colour: str, thick: float, about: About) -> None:
        """Draw a thick line that others may cross."""
        self._n_lines += 1
        for at, (x, y) in enumerate(points):
            record = {"x": _r(x), "y": _r(y), "at": at, "line": self._n_lines, "colour": colour}
            self._add("stream", {**record, "thick": _r(thick)}, about)

    def point(
        self,
        x: float,
        y: float,
        colour: str,
        about: About | None = None,
        *,
        hollow: bool = False,
        size: float = 50,
    ) -> None:
        """Draw a dot; a hollow one is too early to tell."""
        fill = self.look.paper if hollow else colour
        self._add("point", {"x": _r(x), "y": _r(y), "fill": fill, "colour": colour, "size": size}, about)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = SMALL,
        colour: str = "",
        align: Align = "left",
        bold: bool = False,
        room: float | None = None,
        angle: float = 0,
        about: About | None = None,
    ) -> float:
        """Write a text on a base line, cut where it is wider than the room; return its width."""
        text = inert(text)
        shown = text if room is None else fitted(text, room, size, bold=bold)
        if shown != text and about is None:
            about = {"in full": text}
        record = {"x": _r(x), "y": _r(y), "text": shown, "size": size}
        ink = {"colour": colour or self.look.ink, "weight": "bold" if bold else "normal", "angle": angle}
        self._add(align, {**record, **ink}, about)
        self.height = max(self.height, y + 0.3 * size)
        return width_of(shown, size, bold=bold)

    def heading(self, x: float, y: float, text: str, sentences: Sequence[str], room: float) -> float:
        """Write the heading of one of several panels with sentences below it; return where it ends."""
        y += HEADING
        for line in wrapped([inert(text)], room, HEADING, bold=True)[:3]:
            self.text(x, y, line, size=HEADING, bold=True)
            y += 1.3 * HEADING
        for line in wrapped([inert(one) for one in sentences], room, SMALL):
            self.text(x, y, line, colour=self.look.quiet)
            y += 1.35 * SMALL
        return y

    def key(self, x: float, y: float, words: Mapping[Meaning, str], room: float) -> float:
        """Write which colour means what, in as many lines as it needs; return where it ends."""
        at = x
        for meaning, word in words.items():
            needed = 17 + width_of(word, SMALL) + 16
            if at > x and at + needed - 16 > x + room:
                at, y = x, y + 18
            self.sample(at, y, meaning)
            self.text(at + 17, y + 10, word, colour=self.look.quiet)
            at += needed
        return y + 22

    def sample(self, x: float, y: float, meaning: Meaning) -> None:
        """Draw a small square that looks as marks of a meaning do."""
        colour = self.look.colour(meaning)
        if meaning == "assumed":
            self.hatched(x, y, 12, 11, colour)
        elif meaning == "skipped":
            self.ghost(x, y, 12, 11)
        else:
            self.bar(x, y, 12, 11, colour)

    def specification(
        self, title: str, sentences: Sequence[str], all_sentences: Sequence[str], described: Sequence[str]
    ) -> Record:
        """Make the specification of the chart, with its title and the sentences below it.

        What a screen reader reads is `described`, where sentences of panels have the names of these.
        """
        look = self.look
        scales = {"domain": [0, _r(self.width)], "nice": False, "zero": False}
        height = _r(self.height + 2)
        down = {"domain": [height, 0], "nice": False, "zero": False}
        places = {
            "x": {"field": "x", "type": "quantitative", "scale": scales, "axis": None},
            "y": {"field": "y", "type": "quantitative", "scale": down, "axis": None},
        }
        layers = [
            _layer(layer, fields, records, look)
            for layer, fields, records in sorted(
                ((layer, fields, records) for (layer, fields), records in self._layers.items()),
                key=lambda one: _LAYERS.index(one[0]),
            )
        ]
        return {
            "title": {
                "text": wrapped([inert(title)], self.width, TITLE, bold=True),
                "subtitle": wrapped([inert(one) for one in sentences], self.width, 12.5),
                "anchor": "start",
                "frame": "group",
                "fontSize": TITLE,
                "subtitleFontSize": 12.5,
                "lineHeight": 21,
                "subtitleLineHeight": 17,
                "subtitlePadding": 6,
                "color": look.ink,
                "subtitleColor": look.quiet,
                "offset": 14,
            },
            "width": _r(self.width),
            "height": height,
            "padding": self.padding,
            "background": look.paper,
            "description": inert(read_out([title, *described])),
            "usermeta": {"sentences": [inert(one) for one in (title, *all_sentences)]},
            "config": {"font": FONT, "view": {"stroke": None}},
            "encoding": places,
            "layer": layers,
        }


def _layer(name: str, fields: Sequence[str], records: list[Record], look: Theme) -> Record:
    mark = dict(_MARKS[name])
    encoding: Record = {channel: _as_is(field) for channel, field in _CHANNELS[name].items()}
    for second in ("x2", "y2"):
        if second in records[0]:
            encoding[second] = {"field": second}
    if name == "area":
        encoding["detail"] = {"field": "line", "type": "nominal"}
    if name in ("line", "stream"):
        encoding["detail"] = {"field": "line", "type": "nominal"}
        encoding["order"] = {"field": "x" if name == "line" else "at", "type": "quantitative"}
    if name == "bar":
        mark["strokeWidth"] = 1
    if fields:
        encoding["tooltip"] = [{"field": field, "type": "nominal"} for field in fields]
        for record in records:
            record["about"] = "; ".join(
                tr("{what}: {names}", what=field, names=record[field]) for field in fields
            )
        encoding["description"] = {"field": "about", "type": "nominal"}
    else:
        mark["aria"] = False
        mark["tooltip"] = None
    return {"mark": mark, "data": {"values": records}, "encoding": encoding}


def _as_is(field: str) -> Record:
    """Take a value as it stands in a record: a colour, a size, a text."""
    if field == "text":
        return {"field": field, "type": "nominal"}
    if field == "dash":
        return {
            "field": field,
            "type": "nominal",
            "scale": {"domain": [0, 1, 2], "range": [[1, 0], [5, 4], [1.5, 3.5]]},
            "legend": None,
        }
    kind = "quantitative" if field in ("size", "thick", "opacity") else "nominal"
    return {"field": field, "type": kind, "scale": None, "legend": None}


_CHANNELS: Final[Mapping[str, Mapping[str, str]]] = {
    "grid": {"stroke": "colour", "strokeWidth": "thick"},
    "stream": {"stroke": "colour", "strokeWidth": "thick"},
    "area": {"fill": "fill", "fillOpacity": "opacity"},
    "bar": {"fill": "fill", "stroke": "edge", "fillOpacity": "opacity"},
    "ghost": {"stroke": "edge"},
    "hatch": {"stroke": "colour"},
    "rule": {"stroke": "colour", "strokeWidth": "thick"},
    "line": {"stroke": "colour", "strokeWidth": "thick", "strokeDash": "dash"},
    "point": {"fill": "fill", "stroke": "colour", "size": "size"},
    **{align: {"text": "text", "fill": "colour"} for align in ("left", "center", "right")},
}


@cache
def _field(heading: str) -> str:
    """Make a name of a field that Vega-Lite reads as it stands."""
    return (
        "".join(letter if letter.isalnum() or letter in " _,%’" else " " for letter in heading).strip()
        or "of"
    )


def _r(value: float) -> float:
    return round(float(value), 2)
