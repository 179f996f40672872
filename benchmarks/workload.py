"""The workload: rows of item, stage and time as a CRM might export them, drawn from a seed.

Stages 0 to 7 are the pipeline, 8 is won, 9 is lost; an item's rows have strictly rising times. An item
starts at stage 0 (80%) or 1 at a time within 730 days from 2024-01-01, in milliseconds. From a pipeline
stage it goes on by one stage (60%) or by two (12%; past the last stage it is won), goes back by one (8%),
is won (5%), is lost (10%) or stays open (5%). A won item ends; a lost item is reopened in 3% of cases.
Gaps are log-normal around 36 hours, at least a millisecond; an item has at most 40 rows. Ten million rows are
about two million items.

Neither the order of the rows nor the kind of the keys changes an answer.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Order = Literal["random", "time", "grouped"]
Keys = Literal["sparse", "dense", "string", "uuid"]
Ints = npt.NDArray[np.int64]
Columns = dict[str, Any]  # item (integers, or Arrow text), stage (int8), time (int64)

SEED = 20260101
STAGES = (
    *("new", "qualified", "meeting", "proposal", "negotiation"),
    *("contract", "invoice", "delivery", "won", "lost"),
)
N_OPEN, WON, LOST = 8, 8, 9
_DAY = 86_400_000
_START = 1_704_067_200_000


def columns(n_rows: int, order: Order = "random", keys: Keys = "sparse", seed: int = SEED) -> Columns:
    """Draw exactly `n_rows` rows.

    Orders: ``grouped`` has item after item in order of creation, ``time`` is sorted by time, ``random`` is a
    permutation. Keys: ``sparse`` are 63-bit integers, ``dense`` rise from 1,000,000, ``string`` looks like
    ``D-1234567``, ``uuid`` is the text of a UUID.
    """
    item, stage, time = _grouped(n_rows, seed)
    place: Any = slice(None)
    if order == "random":
        place = np.random.default_rng(seed + 1).permutation(n_rows)
    elif order == "time":
        place = np.argsort(time, kind="stable")
    return {"item": keys_of(item, keys, seed)[place], "stage": stage[place], "time": time[place]}


def keys_of(item: Ints, keys: Keys, seed: int = SEED) -> Any:
    """Turn item numbers, counted from 0, into keys; keys of text stay numbers until their text is needed."""
    if keys == "dense":
        return item + 1_000_000
    if keys == "sparse":
        return (_mixed(item + seed) >> np.uint64(1)).astype(np.int64)
    if keys == "string":
        span = 10 ** max(7, len(str(int(item.max()))))
        return TextKeys((item * 7_368_787 + 1_234_567) % span, len(str(span)) - 1)
    return TextKeys(item, 0)


class TextKeys:
    """Text keys held as numbers until the rows are in their order, since text is several times as large."""

    def __init__(self, number: Ints, digits: int) -> None:
        self.number = number
        self.digits = digits  # 0 stands for UUIDs

    def __getitem__(self, place: Any) -> TextKeys:
        """Return the keys at these places."""
        return TextKeys(self.number[place], self.digits)

    def text(self) -> Any:
        """Return the keys as an Arrow array of text."""
        letters = _uuids(self.number) if self.digits == 0 else _numbered(self.number, self.digits)
        return _arrow_text(letters)


def _numbered(number: Ints, digits: int) -> npt.NDArray[np.uint8]:
    letters = np.empty((len(number), 2 + digits), np.uint8)
    letters[:, :2] = np.frombuffer(b"D-", np.uint8)
    for place in range(digits):
        letters[:, -1 - place] = ord("0") + number // 10**place % 10
    return letters


def _uuids(number: Ints) -> npt.NDArray[np.uint8]:
    halves = np.stack([_mixed(number + SEED), _mixed(number - SEED)], axis=1)
    nibbles = halves.view(np.uint8)[:, :, np.newaxis] >> np.array([4, 0], np.uint8) & 15
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)[nibbles.reshape(len(number), 32)]
    return np.insert(digits, [8, 12, 16, 20], ord("-"), axis=1)


def _arrow_text(letters: npt.NDArray[np.uint8]) -> Any:
    import pyarrow as pa

    n_rows, width = letters.shape
    fits = n_rows * width < 1 << 31
    offsets = np.arange(n_rows + 1, dtype=np.int32 if fits else np.int64) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string() if fits else pa.large_string(), n_rows, buffers)


def named_table(drawn: Columns) -> Any:
    """Return the Arrow table that a file holds: keys, names of stages, timestamps."""
    import pyarrow as pa

    item, stage, time = (drawn[name] for name in ("item", "stage", "time"))
    names = pa.DictionaryArray.from_arrays(pa.array(stage), pa.array(STAGES)).cast(pa.string())
    stamps = pa.array(time).cast(pa.timestamp("ms"))
    keys = item.text() if isinstance(item, TextKeys) else pa.array(item)
    return pa.table({"item": keys, "stage": names, "time": stamps})


def _grouped(n_rows: int, seed: int) -> tuple[Ints, npt.NDArray[np.int8], Ints]:
    rng = np.random.default_rng(seed)
    blocks, have, base, size = [], 0, 0, max(1, min(1 << 18, n_rows // 4))
    while have < n_rows:
        item, stage, time = _block(rng, size)
        blocks.append((item + base, stage, time))
        have += len(item)
        base += size
    item, stage, time = (np.concatenate(column)[:n_rows] for column in zip(*blocks, strict=True))
    return item, stage, time


def _block(rng: np.random.Generator, size: int) -> tuple[Ints, npt.NDArray[np.int8], Ints]:
    stage = np.where(rng.random(size) < 0.80, 0, 1).astype(np.int8)
    time = (_START + rng.integers(0, 730 * _DAY, size)).astype(np.int64)
    item = np.arange(size, dtype=np.int64)
    parts = [(item, stage, time)]
    for _ in range(39):
        if not len(item):
            break
        u = rng.random(len(item))
        gap = np.maximum(1, np.exp(rng.normal(math.log(1.5 * _DAY), 1.2, len(item)))).astype(np.int64)
        following = _next_stage(stage.astype(np.int64), u)
        goes_on = following >= 0
        item, stage, time = item[goes_on], following[goes_on].astype(np.int8), (time + gap)[goes_on]
        parts.append((item, stage, time))
    item, stage, time = (np.concatenate(column) for column in zip(*parts, strict=True))
    grouped = np.argsort(item, kind="stable")
    return item[grouped], stage[grouped], time[grouped]


def _next_stage(stage: Ints, u: npt.NDArray[np.float64]) -> Ints:
    """Draw the stage that follows, -1 where the item ends."""
    is_open = stage < N_OPEN
    following = np.full(len(stage), -1, np.int64)
    following = np.where(is_open & (u < 0.60), stage + 1, following)
    following = np.where(is_open & (u >= 0.60) & (u < 0.72), stage + 2, following)
    following = np.where(following > N_OPEN - 1, WON, following)
    following = np.where(is_open & (u >= 0.72) & (u < 0.80), np.where(stage == 0, 1, stage - 1), following)
    following = np.where(is_open & (u >= 0.80) & (u < 0.85), WON, following)
    following = np.where(is_open & (u >= 0.85) & (u < 0.95), LOST, following)
    reopened = (stage == LOST) & (u < 0.03)
    return np.where(reopened, np.minimum(5, (6 * u / 0.03).astype(np.int64)), following)


def _mixed(x: Ints) -> npt.NDArray[np.uint64]:
    """Spread integers over 64 bits (SplitMix64; Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        z = x.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
