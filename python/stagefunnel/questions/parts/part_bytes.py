"""Partials as bytes: a header of plain data, the counts of each question, and the keys of the items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Literal, get_args

from ... import _core
from ...errors import SchemaError, StageFunnelError, core_errors
from ...pipeline import Pipeline
from ...times.periods import Clock
from ..counted.plain import from_plain, to_plain
from ..counted.stages import Stages
from ..counted.stored import Stored
from .answer import Answer
from .fit_counts import KINDS
from .item_keys import ItemIds
from .item_sketch import ItemSketch

Precision = Literal["exact", "bounded"]
Check = Literal["keys", "sketch", "none"]
_MAGIC: Final = b"stagefunnel partial\n"
# Raise it when the bytes change so that an older version would misread them.
VERSION: Final = 1
_DIGEST: Final = 16
_DAMAGED: Final = "the stored partial is damaged: "
_OF_ODD_CONTENT: Final = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(MemoryError, RecursionError, StopIteration, TypeError, ValueError),
)
_KINDS_OF_KEYS: Final[dict[str, Any]] = {"keys": ItemIds, "sketch": ItemSketch}
_TYPES: Final[dict[str, Any]] = {
    "pipeline": Pipeline | None,
    "unit": str | None,
    "zone": str | None,
    "precision": str,
    "check": str,
    "_of_all": Stages,
    "_n_rows": int,
    "_n_items": int,
}
_PLAIN: Final = ("pipeline", "unit", "zone", "precision", "check", "_of_all", "_n_rows", "_n_items")


def to_bytes(state: Mapping[str, Any]) -> bytes:
    """Write the fields of a partial."""
    sections: list[bytes] = []
    answers = []
    for name, answer in state["_answers"].items():
        sections.append(answer.stored.blocks.to_bytes())
        answers.append(
            {
                "name": name,
                "question": answer.kind.name,
                "options": {option: to_plain(value) for option, value in answer.options.items()},
                "plain": {field: to_plain(value) for field, value in answer.stored.plain.items()},
            }
        )
    keys = state["_keys"]
    if keys is not None:
        sections += [one.blocks().to_bytes() for one in (keys, *state["_units"].values())]
    header = {
        "state": {name: to_plain(state[name]) for name in _PLAIN},
        "answers": answers,
        "units": list(state["_units"]),
        "sections": [len(section) for section in sections],
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    body = b"".join([_MAGIC, VERSION.to_bytes(4, "little"), len(text).to_bytes(8, "little"), text, *sections])
    return body + _digest(body)


def from_bytes(data: Any) -> dict[str, Any]:
    """Read the fields of a partial.

    Raises
    ------
    SchemaError
        If the bytes are not those of a partial, are damaged, or a newer version wrote them.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise SchemaError(f"a partial is read of bytes, got {type(data).__name__}")
    data = bytes(data)
    if not data.startswith(_MAGIC):
        raise SchemaError("the bytes are not a partial of stagefunnel")
    start = len(_MAGIC) + 12
    if len(data) < start + _DIGEST:
        raise SchemaError(f"{_DAMAGED}it ends too early")
    body = data[:-_DIGEST]
    version = int.from_bytes(body[len(_MAGIC) : len(_MAGIC) + 4], "little")
    is_whole = _digest(body) == data[-_DIGEST:]
    if version != VERSION:
        raise _of_version(version, is_whole=is_whole)
    if not is_whole:
        raise SchemaError(f"{_DAMAGED}its checksum is another one, so bytes were changed or are missing")
    end = start + int.from_bytes(body[len(_MAGIC) + 4 : start], "little")
    with fits_its_question(are_read=True), core_errors(_DAMAGED):
        return {**_state_of(json.loads(body[start:end]), body[end:]), "_is_read": True}


@contextmanager
def fits_its_question(*, are_read: bool) -> Iterator[None]:
    """Refuse partials that were read of whole bytes, and do not hold what their questions count."""
    try:
        yield
    except StageFunnelError:
        raise
    except _OF_ODD_CONTENT as error:
        if not are_read:
            raise
        raise SchemaError(
            f"the partial does not hold what its questions count ({type(error).__name__}: {error}); another "
            "program wrote it, or this is a fault of stagefunnel"
        ) from error


def _of_version(version: int, *, is_whole: bool) -> SchemaError:
    """Say what is to be done about another version; its checksum may be made in another way."""
    if version > VERSION and is_whole:
        return SchemaError(
            f"a newer stagefunnel wrote this partial (version {version}; this one reads version {VERSION}); "
            "update it with: pip install --upgrade stagefunnel"
        )
    newer = "a newer stagefunnel wrote it, or " if version > VERSION else ""
    return SchemaError(
        f"the stored partial says that it is of version {version} (this one reads version {VERSION}): {newer}"
        "bytes were changed or are missing"
    )


def _state_of(header: Mapping[str, Any], rest: bytes) -> dict[str, Any]:
    state = {name: from_plain(header["state"][name]) for name in _PLAIN}
    _check_types(state)
    sections = []
    for n in header["sections"]:
        sections.append(_core.counts.from_bytes(rest[:n]))
        rest = rest[n:]
    if rest:
        raise SchemaError(f"{_DAMAGED}there is more than it needs")
    answers = {}
    Clock(state["unit"], state["zone"])
    for one, blocks in zip(header["answers"], sections, strict=False):
        if one["question"] not in KINDS:
            raise SchemaError(f"this version of stagefunnel knows no partials of {one['question']!r}")
        kind = KINDS[one["question"]]
        plain = {field: from_plain(value) for field, value in one["plain"].items()}
        options = {name: from_plain(value) for name, value in one["options"].items()}
        defaults = {name: value for name, value in kind.options.items() if name not in kind.rules}
        answers[one["name"]] = Answer(kind, {**defaults, **options}, Stored(kind.of, blocks, plain))
        answers[one["name"]].stored.reader()
    keys = _KINDS_OF_KEYS.get(state["check"])
    of_items = [] if keys is None else [keys.of_blocks(blocks) for blocks in sections[len(answers) :]]
    return {
        **state,
        "_answers": answers,
        "_keys": of_items[0] if of_items else None,
        "_units": dict(zip(header["units"], of_items[1:], strict=True)),
    }


def _check_types(state: Mapping[str, Any]) -> None:
    """Refuse fields of other types than a partial has."""
    for name, types in _TYPES.items():
        if not isinstance(state[name], types) or isinstance(state[name], bool):
            raise SchemaError(f"{_DAMAGED}its {name.strip('_')} is {state[name]!r}")
    for name, known in (("precision", get_args(Precision)), ("check", get_args(Check))):
        if state[name] not in known:
            raise SchemaError(f"{_DAMAGED}its {name} is {state[name]!r}, not one of {', '.join(known)}")
    for name in ("_n_rows", "_n_items"):
        if state[name] < 0:
            raise SchemaError(f"{_DAMAGED}its {name.strip('_')} is {state[name]!r}")


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST).digest()
