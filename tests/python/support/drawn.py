"""What a chart draws: its words, its bars and dots, with what pointing at them shows."""

from typing import Any

Record = dict[str, Any]


def title_of(chart: Any) -> str:
    """Return the title, its lines joined."""
    return " ".join(chart.to_dict()["title"]["text"])


def sentences_of(chart: Any) -> list[str]:
    """Return the sentences below the title and those of the panels, unbroken."""
    sentences: list[str] = chart.to_dict()["usermeta"]["sentences"]
    return sentences[1:]


def marks_of(chart: Any, kind: str) -> list[Record]:
    """Return all records of the layers of one kind of mark, such as ``rect``, ``text`` or ``point``."""
    layers = chart.to_dict()["layer"]
    return [
        {**record, "is_ghost": "strokeDash" in layer["mark"]}
        for layer in layers
        if layer["mark"]["type"] == kind
        for record in layer["data"]["values"]
    ]


def words_of(chart: Any) -> list[str]:
    """Return all texts, from top to bottom and from left to right."""
    return [text["text"] for text in sorted(marks_of(chart, "text"), key=lambda one: (one["y"], one["x"]))]


def bars_of(chart: Any, **about: str) -> list[Record]:
    """Return the bars that show some values where people point at them, in order."""
    bars = marks_of(chart, "rect")
    found = [bar for bar in bars if all(bar.get(name) == value for name, value in about.items())]
    return sorted(found, key=lambda bar: (bar["y"], bar["x"]))


def length_of(bar: Record) -> float:
    """Return the length of a bar in pixels."""
    return float(bar["x2"] - bar["x"])
