"""Drawings as parts of the page: one for light and dark screens, whose marks say their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_COLOURED: Final = ("fill", "stroke")
_NO_LETTER: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_FINE: Final = re.compile(r"(\.\d\d)\d+")  # a hundredth of a pixel is fine enough
_PLACES: Final = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height")
# What a browser has no use for, or a screen reader.
_SPARE: Final = ("class", "role", "aria-roledescription", "version", "stroke-miterlimit", "pointer-events")
_MARK: Final = " mark"
_TALL: Final = 0.6  # of its width


@dataclass
class Colours:
    """The colours of a page's drawings that are others on a dark screen, each with a class of its own.

    Attributes
    ----------
    found
        Number of the class by what is coloured, and the light and the dark colour.
    """

    found: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def class_of(self, what: str, light: str, dark: str) -> str:
        """Return the class of a pair of colours."""
        return f"k{self.found.setdefault((what, light, dark), len(self.found))}"

    @property
    def style(self) -> str:
        """The dark colours, for a screen."""
        rules = "".join(f".k{at}{{{what}:{dark}}}" for (what, _, dark), at in self.found.items())
        return f"@media screen and (prefers-color-scheme:dark){{{rules}}}\n"


def picture(light: str, dark: str, alt: str, size: str, colours: Colours) -> str:
    """Make one drawing of two that are alike but for their colours; of unlike ones both are kept.

    Parameters
    ----------
    light, dark
        The drawings as SVG.
    alt
        What the drawing shows.
    size
        The kind of screen that it is for, which is its class.
    colours
        The colours of the page, to which those of the drawing are added.
    """
    first, second = (ElementTree.fromstring(_NO_LETTER.sub("", one)) for one in (light, dark))
    if _are_alike(first, second):
        for own, other in zip(first.iter(), second.iter(), strict=True):
            pairs = [(name, own.get(name, ""), other.get(name, "")) for name in _COLOURED]
            own.set("data-k", " ".join(colours.class_of(*pair) for pair in pairs if pair[1] != pair[2]))
        return _written(first, alt, size)
    return _written(first, alt, f"{size} of-light") + _written(second, alt, f"{size} of-dark")


def _are_alike(first: Element, second: Element) -> bool:
    own, other = [*first.iter()], [*second.iter()]
    return len(own) == len(other) and all(
        one.tag == two.tag and one.text == two.text and _uncoloured(one.attrib) == _uncoloured(two.attrib)
        for one, two in zip(own, other, strict=True)
    )


def _uncoloured(attributes: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in attributes.items()
        if name not in _COLOURED or not value.startswith(("#", "rgb"))
    }


def _is_tall(root: Element) -> bool:
    """Check whether a drawing needs more of the height of a sheet of paper to be read."""
    _, _, width, height = map(float, root.get("viewBox", "0 0 1 0").split())
    return height > _TALL * width


def _written(root: Element, alt: str, size: str) -> str:
    """Write a drawing with what people and browsers need of it: the marks say what they show."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        is_mark = element.get("aria-roledescription", "").endswith(_MARK)
        for name in _SPARE:
            element.attrib.pop(name, None)
        classes = element.attrib.pop("data-k", "")
        if is_mark and element.get("aria-label"):
            element.set("role", "img")
            classes = f"mark {classes}".strip()
        else:
            element.attrib.pop("aria-label", None)
        if classes:
            element.set("class", classes)
        for name in _PLACES:
            if name in element.attrib:
                element.set(name, _FINE.sub(r"\1", element.attrib[name]))
    if _is_tall(root):
        size = f"{size} tall"
    root.attrib |= {"role": "group", "aria-label": alt, "class": size}
    return ElementTree.tostring(root, encoding="unicode")
