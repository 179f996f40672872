"""The marks, places and words of every chart are those that were last accepted.

A change that is meant is accepted with ``STAGEFUNNEL_ACCEPT=1 python -m pytest`` of this file, after the
pictures were looked at.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from pictures import CHARTS, chart_of

ACCEPTED = Path(__file__).parents[2] / "golden" / "charts"


def structure_of(chart: Any) -> str:
    """Write the title, and each mark with its place to a pixel and its words."""
    specification = chart.to_dict()
    title = specification["title"]
    lines = [
        *title["text"],
        *title["subtitle"],
        f"{specification['width']:.0f} × {specification['height']:.0f}",
    ]
    for layer in specification["layer"]:
        for record in layer["data"]["values"]:
            places = " ".join(f"{record[name]:.0f}" for name in ("x", "y", "x2", "y2") if name in record)
            words = record.get("text", record.get("about", ""))
            colour = record.get("fill", record.get("colour", record.get("edge", "")))
            lines.append(f"{layer['mark']['type']} {places} {colour} {words}".rstrip())
    return "\n".join(lines) + "\n"


# The narrow trend of weeks has the marks of the wide one.
DRAWN = [
    (name, width)
    for name in CHARTS
    for width in (920, 340)
    if width == 920 or not name.startswith("trend of weeks")
]


@pytest.mark.parametrize(("name", "width"), DRAWN)
def test_a_chart_is_what_was_accepted(name: str, width: int) -> None:
    file = ACCEPTED / f"{name.replace(' ', '_')}_{width}.txt"
    found = structure_of(chart_of(name, "six stages", "light", width))
    if os.environ.get("STAGEFUNNEL_ACCEPT"):
        ACCEPTED.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")
