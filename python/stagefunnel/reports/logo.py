"""The logo of the page: a small PNG or SVG file, embedded if nothing in it acts or loads."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from ..errors import SchemaError, given

LARGEST: Final = 200_000  # bytes
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_PNG: Final = b"IEND\xaeB`\x82"
_SVG: Final = "{http://www.w3.org/2000/svg}"
# What draws and does nothing else. A list of what is refused would miss what browsers learn next.
_DRAWS: Final = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "switch", "view", "style"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image"),
        *("text", "tspan", "textPath", "marker", "clipPath", "mask", "pattern"),
        *("linearGradient", "radialGradient", "stop", "filter"),
        *("feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix"),
        *("feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood"),
        *("feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode"),
        *("feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile"),
        "feTurbulence",
    )
)
_INERT: Final = re.compile(r"\{(?!http://www\.w3\.org/(1999/xlink|XML/1998/namespace|2000/svg|1999/xhtml)\})")
_EMBEDDED: Final = re.compile(r"data:image/(png|jpeg|gif);base64,", re.IGNORECASE)
_LOADS: Final = re.compile(
    r"@import|javascript:|expression\s*\(|url\s*\(\s*['\"]?\s*(?!['\"]?\s*#)|\\", re.IGNORECASE
)


def logo_address(logo: str | os.PathLike[str] | None) -> str:
    """Read a logo and return it as a data address; nothing without one.

    Raises
    ------
    SchemaError
        If it cannot be read, is too large, is neither PNG nor SVG, or is an SVG that has a script, loads
        something or declares entities.
    """
    if logo is None:
        return ""
    if not isinstance(logo, str | os.PathLike) or not os.fspath(logo):
        raise SchemaError(given("logo", logo), " is not the path of a PNG or SVG file")
    path = Path(os.fspath(logo))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SchemaError(given("logo", str(path)), f" cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise _refused(path, f"has more than {LARGEST // 1000} kB; make the picture smaller")
    if content.startswith(_PNG):
        if not content.endswith(_END_OF_PNG):
            raise _refused(path, "is a PNG file that is cut off or goes on after its end")
        return f"data:image/png;base64,{base64.b64encode(content).decode()}"
    _check_svg(path, content)
    return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"


def _check_svg(path: Path, content: bytes) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(path, "is not a PNG or SVG file (in UTF-8)") from None
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]*\[|<\?xml-stylesheet", text, re.IGNORECASE):
        raise _refused(path, "declares entities or a style sheet of its own; save it as plain SVG")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        raise _refused(path, "is not a PNG or SVG file") from None
    if root.tag != f"{_SVG}svg":
        raise _refused(path, "is XML, but not SVG")
    for element in root.iter():
        _check_element(path, element)


def _check_element(path: Path, element: Any) -> None:
    """Refuse what acts or loads; what other namespaces have, as drawing programs leave it, does nothing."""
    tag = str(element.tag)
    name = tag.rpartition("}")[2]
    if not _INERT.match(tag) and (not tag.startswith(_SVG) or name not in _DRAWS):
        raise _refused(path, f"has <{name}>, which may act or load something; save it as plain SVG")
    if name == "style" and _LOADS.search("".join(element.itertext())):
        raise _refused(path, "loads something in its style; save it as plain SVG")
    for key, value in () if _INERT.match(tag) else element.attrib.items():
        if not _INERT.match(str(key)):
            _check_attribute(path, name, str(key).rpartition("}")[2].lower(), value.strip())


def _check_attribute(path: Path, element: str, name: str, value: str) -> None:
    if name.startswith("on"):
        raise _refused(path, f"has a script in {name}; save it as plain SVG")
    is_address = name in ("href", "src", "base")
    is_local = value.startswith("#") or (element == "image" and bool(_EMBEDDED.match(value)))
    if (is_address and value and not is_local) or (not is_address and _LOADS.search(value)):
        raise _refused(path, f"loads something in {name}; save it as plain SVG")


def _refused(path: Path, why: str) -> SchemaError:
    return SchemaError(given("logo", str(path)), f" {why}")
