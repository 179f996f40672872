"""Logs that were stored: of other versions, damaged, and hashed with odd keys."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

import stagefunnel as sf

Case: TypeAlias = Callable[[Path], None]
PIPELINE: Final = sf.Pipeline("New", won="Won")
KEY: Final = b"a secret of 16 b"


def log_of(kind: str) -> sf.StageLog:
    """Make a log with keys that are numbers, packed, or hashed with or without their texts."""
    items: list[Any] = [1, 1, 2, 3]
    if kind != "numbers":
        items = [
            f"D-{item}" if kind == "packed" else f"{item} is a long text that is hashed" for item in items
        ]
    rows = {
        "item": items,
        "stage": ["New", "Won", "New", "New"],
        "time": ["2026-01-01", "2026-01-05", "2026-01-02", "2026-01-03"],
    }
    if kind == "hashes":
        return sf.StageLog.from_batches([rows], keys="auto", hash_key=KEY)
    return sf.StageLog(rows, items={"item": list(dict.fromkeys(items)), "manager": ["A", "B", "A"]})


KINDS: Final = ("numbers", "packed", "texts", "hashes")
ODD: Final[dict[str, Any]] = {
    "nothing": None,
    "a number": 7,
    "a text": "x",
    "an empty list": [],
    "an empty dict": {},
    "bytes": b"xx",
    "other numbers": np.array([-1, 2**40]),
    "fractions": np.array([0.5]),
    "an object": object(),
}


# What stands in the place of all numbers of an array.
ABSURD: Final[dict[str, Callable[[Any], Any]]] = {
    "all the largest": lambda part: np.iinfo(part.dtype).max,
    "all the least": lambda part: np.iinfo(part.dtype).min,
    "far apart": lambda part: np.linspace(0, np.iinfo(part.dtype).max // 2, len(part)).astype(part.dtype),
}


def restored(body: Any) -> sf.StageLog:
    log = sf.StageLog.__new__(sf.StageLog)
    log.__setstate__(body)
    return log


def used(log: sf.StageLog) -> None:
    """Ask a restored log for what reads each of its parts."""
    assert repr(log)
    sf.funnel(log, PIPELINE, missing="ignore")
    sf.item_table(log, PIPELINE, missing="ignore")
    sf.row_table(log)
    assert log.quality()["count"].dtype.kind in "iuO"
    if log.items is not None:
        sf.funnel(log, PIPELINE, by="manager", missing="ignore")


def changed_part(kind: str, path: tuple[str, ...], name: str, _: Path) -> None:
    """Put something else in the place of a part, or take it out."""
    body = copy.deepcopy(log_of(kind).__getstate__())
    at = body
    for key in path[:-1]:
        at = at[key]
    if name == "not there":
        del at[path[-1]]
    elif name == "shorter":
        at[path[-1]] = at[path[-1]][:-1]
    elif name in ABSURD:
        part = np.array(at[path[-1]])
        part[:] = ABSURD[name](part)
        at[path[-1]] = part
    elif name == "damaged":
        part = np.array(at[path[-1]])
        part[len(part) // 2] = -1 if part.dtype.kind == "i" else np.iinfo(part.dtype).max
        at[path[-1]] = part
    else:
        at[path[-1]] = ODD[name]
    used(restored(body))


def number_in_place(kind: str, path: tuple[str, ...], value: int, _: Path) -> None:
    body = copy.deepcopy(log_of(kind).__getstate__())
    at = body
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    used(restored(body))


def of_version(kind: str, version: Any, _: Path) -> None:
    body = dict(log_of(kind).__getstate__())
    body["version"] = version
    used(restored(body))


def of_an_older_version(kind: str, _: Path) -> None:
    """Leave out what the first stored form had not: it answers alike, or is refused with what to do."""
    log = log_of(kind)
    body = copy.deepcopy(log.__getstate__())
    for name in ("hash_key", "is_unsigned"):
        body["journeys"].pop(name, None)
    if kind == "hashes":
        try:
            used(restored(body))
        except sf.SchemaError as error:
            assert "an earlier version stored this log" in str(error)
            raise
        raise AssertionError("hashes of no known key are not refused")
    old = restored(body)
    used(old)
    assert sf.funnel(old, PIPELINE).equals(sf.funnel(log, PIPELINE))


def not_a_body(value: Any, _: Path) -> None:
    used(restored(value))


def cut(kind: str, share: float, _: Path) -> None:
    """Cut the bytes of a pickled log: it is refused by pickle."""
    data = pickle.dumps(log_of(kind))
    try:
        used(pickle.loads(data[: int(len(data) * share)]))
    except (pickle.UnpicklingError, EOFError):
        return
    raise AssertionError("it is not refused")


HASH_KEYS: Final[dict[str, Any]] = {
    "no bytes": b"",
    "15 bytes": b"x" * 15,
    "65 bytes": b"x" * 65,
    "16 bytes": b"x" * 16,
    "64 zeros": bytes(64),
    "text": "x" * 16,
    "a number": 10**20,
    "a list": [1] * 16,
    "an array": np.arange(16, dtype=np.uint8),
    "a byte array": bytearray(16),
    "a view": memoryview(bytes(16)),
    "true": True,
    "a class": bytes,
}


def hash_key(way: str, value: Any, folder: Path) -> None:
    rows = {"item": ["a long text of an item"], "stage": ["New"], "time": ["2026-01-01"]}
    if way == "frame":
        log = sf.StageLog(rows, hash_key=value)
    elif way == "batches":
        log = sf.StageLog.from_batches([rows], keys="auto", hash_key=value)
    else:
        (folder / "log.csv").write_text("item,stage,time\na long text of an item,New,2026-01-01\n")
        log = sf.StageLog.from_csv(folder / "log.csv", keys="auto", hash_key=value)
    assert isinstance(value, bytes)
    assert 16 <= len(value) <= 64
    used(log)
    used(pickle.loads(pickle.dumps(log)))


def _paths(body: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, value in body.items():
        yield (key,)
        if isinstance(value, Mapping):
            yield from ((key, inner) for inner in value)


def cases() -> Iterator[tuple[str, Case]]:
    number = 0
    for kind in KINDS:
        body = log_of(kind).__getstate__()
        for path in _paths(body):
            part = body
            for key in path:
                part = part[key]
            names = ["not there", *ODD]
            if isinstance(part, np.ndarray | list | bytes | str) and len(part):
                names.append("shorter")
            # First rows may be any numbers: a log of some items keeps those of the whole.
            if isinstance(part, np.ndarray) and len(part) and "first_row" not in path:
                names.append("damaged")
            if kind in ("numbers", "hashes") and isinstance(part, np.ndarray) and part.dtype.kind in "iu":
                names.extend(ABSURD if len(part) else ())
            for name in names:
                number += 1
                if name in ("not there", "shorter", "damaged", *ABSURD) or number % 5 == 0:
                    yield (
                        f"stored {kind}: {'.'.join(path)} is {name}",
                        partial(changed_part, kind, path, name),
                    )
        for path in (("n_input_rows",), ("threads",), ("journeys", "n_labels"), ("observed_until",)):
            for value in (2**31, 2**62, 2**63, 2**200, -1, -(2**63), -(2**63) - 1):
                yield (
                    f"stored {kind}: {'.'.join(path)} is {value}",
                    partial(number_in_place, kind, path, value),
                )
        yield f"stored {kind}: an older version", partial(of_an_older_version, kind)
        for version in (99, -1, "1", None, 1.5, True):
            yield f"stored {kind}: version {version!r}", partial(of_version, kind, version)
        for share in (0.0, 0.3, 0.99):
            yield f"stored {kind}: cut at {share}", partial(cut, kind, share)
    for name, value in ODD.items():
        yield f"stored: the body is {name}", partial(not_a_body, value)
    for way in ("frame", "batches", "CSV"):
        for name, value in HASH_KEYS.items():
            yield f"hash_key of {way}: {name}", partial(hash_key, way, value)
