"""Partials whose bytes are cut, changed or made by somebody else, and pickles of odd states."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import stagefunnel as sf
from hostile.stored import ODD, PIPELINE, log_of

Case: TypeAlias = Callable[[Path], None]
MAGIC: Final = b"stagefunnel partial\n"
START: Final = len(MAGIC) + 12
QUESTIONS: Final[dict[str, Any]] = {
    "summary": (sf.summary, {"by": "manager", "limits": {"New": "2D"}}),
    "losses": sf.losses,
    "times": (sf.time_in_stage, {"by": "manager"}),
}
#: What JSON can say in the place of a value.
OTHERS: Final[dict[str, Any]] = {
    "null": None,
    "true": True,
    "a number": -7,
    "a huge number": 2**80,
    "a fraction": 0.5,
    "a text": "zzz",
    "an empty list": [],
    "a list": [1, "x"],
    "an empty object": {},
    "an object of an odd kind": {"zzz": 1},
    "a deep list": json.loads("[" * 200 + "]" * 200),
}


@cache
def data_of(check: Any = "keys") -> bytes:
    part = sf.partial(log_of("texts"), PIPELINE, questions=QUESTIONS, check=check, missing="ignore")
    return part.to_bytes()


def signed(body: bytes) -> bytes:
    return body + hashlib.blake2b(body, digest_size=16).digest()


def used(data: Any) -> None:
    """Read a partial and ask it for all that it has."""
    part = sf.Partial.from_bytes(data)
    assert repr(part)
    assert part.to_bytes()
    assert len(sf.merge([part]).tables) == len(part.questions)


def refused(act: Callable[[], object], *texts: str) -> None:
    """Check that an error says one of some texts."""
    try:
        act()
    except sf.SchemaError as error:
        assert any(text in str(error) for text in texts), error
        return
    raise AssertionError("it is not refused")


def every_truncation(_: Path) -> None:
    data = data_of()
    for end in range(len(data)):
        refused(lambda end=end: sf.Partial.from_bytes(data[:end]), "is damaged", "are not a partial")


def every_changed_byte(_: Path) -> None:
    data = data_of()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 + at % 255
        texts = ("is damaged", "are not a partial", "says that it is of version")
        refused(lambda changed=changed: sf.Partial.from_bytes(bytes(changed)), *texts)


def of_version(version: int, _: Path) -> None:
    body = bytearray(data_of()[:-16])
    body[len(MAGIC) : len(MAGIC) + 4] = version.to_bytes(4, "little")
    text = "a newer stagefunnel wrote this partial" if version else "says that it is of version 0"
    refused(lambda: sf.Partial.from_bytes(signed(bytes(body))), text)


def header_of(data: bytes) -> tuple[Any, bytes]:
    end = START + int.from_bytes(data[len(MAGIC) + 4 : START], "little")
    return json.loads(data[START:end]), data[end:-16]


def with_header(header: Any, rest: bytes) -> bytes:
    text = json.dumps(header).encode()
    return signed(data_of()[: len(MAGIC) + 4] + len(text).to_bytes(8, "little") + text + rest)


def changed_header(path: tuple[Any, ...], name: str, _: Path) -> None:
    """Put something else in a place of the header, and sign it."""
    header, rest = copy.deepcopy(header_of(data_of()))
    at = header
    for step in path[:-1]:
        at = at[step]
    if name == "not there":
        del at[path[-1]]
    else:
        at[path[-1]] = OTHERS[name]
    used(with_header(header, rest))


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        yield (*path, step)
        yield from paths_of(inner, (*path, step))


def pickled(state: Any, _: Path) -> None:
    refused(
        lambda: sf.Partial.__new__(sf.Partial).__setstate__(state), "stored", "are not a partial", "bytes"
    )


def other_section(_: Path) -> None:
    """Put the counts of one question in the place of those of another."""
    header, rest = header_of(data_of())
    first, second, *_others = header["sections"]
    moved = rest[first : first + second] + rest[:first] + rest[first + second :]
    header["sections"][:2] = [second, first]
    used(with_header(header, moved))


def sections(lengths: list[Any], _: Path) -> None:
    header, rest = header_of(data_of())
    header["sections"] = lengths
    used(with_header(header, rest))


def cases() -> Iterator[tuple[str, Case]]:
    yield "partial: every truncation", every_truncation
    yield "partial: every changed byte", every_changed_byte
    for version in (0, 2, 2**32 - 1):
        yield f"partial: version {version}", partial(of_version, version)
    number = 0
    for path in paths_of(header_of(data_of())[0]):
        for name in ("not there", *OTHERS):
            number += 1
            if number % 23 == 0:
                yield f"partial: {'.'.join(map(str, path))} is {name}", partial(changed_header, path, name)
    yield "partial: counts of another question", other_section
    for lengths in ([], [0] * 4, [2**63], [-1, 5], ["x"], [10**30]):
        yield f"partial: sections {lengths}", partial(sections, lengths)
    states = {
        **ODD,
        "of the first form": {"pipeline": 1},
        **{f"of version {one!r}": {"version": one} for one in (4, 3, 99, -1, "4", None, True, 4.0)},
        **{f"with {name} for bytes": {"version": 4, "bytes": value} for name, value in ODD.items()},
    }
    for name, state in states.items():
        yield f"pickled partial: {name}", partial(pickled, state)
