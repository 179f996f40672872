"""The keys of a log's items without the input that they came from."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...cached import cached_property

KeysOf: TypeAlias = Callable[[npt.NDArray[np.uint32]], pd.Series]
# How each type of key is made of the bytes that stand for it.
_FROM_BYTES: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "text": bytes.decode,
    "bytes": bytes,
    "uuid": lambda key: uuid.UUID(bytes=key),
}
_TO_BYTES: Final[Mapping[type, tuple[str, Callable[[Any], bytes]]]] = {
    str: ("text", str.encode),
    bytes: ("bytes", bytes),
    uuid.UUID: ("uuid", lambda key: key.bytes),
}


@dataclass(frozen=True, eq=False)
class StoredKeys:
    """The keys of the items of some journeys.

    Integers and short texts are in the journeys already; longer texts are kept as bytes, one after another.

    Attributes
    ----------
    journeys
        The journeys whose items these are.
    form
        ``"numbers"``, ``"text"``, ``"bytes"``, ``"uuid"``, or ``"series"`` for keys of any other type.
    dtype
        Name of the type that pandas gives a column of them.
    texts
        The bytes of all keys, one after another; ``None`` where the journeys have the keys.
    ends
        Where the bytes of each key end.
    series
        The keys themselves, with the form ``"series"``.
    """

    journeys: _core.journeys.Journeys
    form: str
    dtype: str
    texts: npt.NDArray[np.uint8] | None = None
    ends: npt.NDArray[np.int64] | None = None
    series: pd.Series | None = None

    @classmethod
    def of(cls, keys_of: KeysOf, journeys: _core.journeys.Journeys) -> StoredKeys:
        """Take the keys of the items of some journeys out of what knows them."""
        parts = _core.journeys.parts_of(journeys)
        if isinstance(keys_of, LaterKeys):
            keys_of = keys_of.stored
        if isinstance(keys_of, StoredKeys):
            are_apart = keys_of.texts is not None or keys_of.series is not None
            items = keys_of._items_at(parts["first_row"]) if are_apart else parts["first_row"]
            taken = keys_of.at(items, journeys)
            if taken is not None:
                return taken
        example = keys_of(parts["first_row"][:1])
        form, to_bytes = _form_of(example, journeys.holds_text)
        dtype = str(example.dtype)
        if form == "series":
            keys = keys_of(parts["first_row"]).reset_index(drop=True)
            return cls(journeys, form, dtype, series=keys)
        if to_bytes is None or parts["prefix"] is not None:
            return cls(journeys, form, dtype)
        texts = list(map(to_bytes, keys_of(parts["first_row"]).tolist()))
        return cls(journeys, form, dtype, *_joined(texts))

    def at(self, items: npt.NDArray[np.integer[Any]], journeys: _core.journeys.Journeys) -> StoredKeys | None:
        """Return the keys of the items at some places, which other journeys are of.

        It is ``None`` where these journeys hold their keys in another way, so that they are to be made anew.
        """
        if self.series is not None:
            keys = self.series.iloc[items].reset_index(drop=True)
            return StoredKeys(journeys, self.form, self.dtype, series=keys)
        if self.texts is not None and self.ends is not None:
            texts, ends = texts_at(self.texts, self.ends, items)
            return StoredKeys(journeys, self.form, self.dtype, texts, ends)
        is_packed = [_core.journeys.parts_of(one)["prefix"] is not None for one in (self.journeys, journeys)]
        return StoredKeys(journeys, self.form, self.dtype) if is_packed[0] == is_packed[1] else None

    @property
    def parts(self) -> dict[str, Any]:
        """All of it but the journeys, as plain data."""
        return {
            "form": self.form,
            "dtype": self.dtype,
            "texts": self.texts,
            "ends": self.ends,
            "series": self.series,
        }

    @property
    def joined_texts(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """The bytes of all texts, one after another, and where each of them ends."""
        if self.texts is not None and self.ends is not None:
            return self.texts, self.ends
        items = np.arange(self.journeys.n_items, dtype=np.uint32)
        return _joined(_core.journeys.packed_texts(self.journeys, items))

    def __call__(self, first_rows: npt.NDArray[np.uint32]) -> pd.Series:
        """Return the keys of the items that have these first rows."""
        items = self._items_at(first_rows)
        if self.series is not None:
            return self.series.iloc[items].reset_index(drop=True)
        if self.form == "numbers":
            key: npt.NDArray[Any] = _core.journeys.parts_of(self.journeys)["key"][items]
            numbers = key if self.dtype == "uint64" else key.view(np.int64)
            return pd.Series(numbers).astype(pd.api.types.pandas_dtype(self.dtype))
        made = _FROM_BYTES[self.form]
        return pd.Series([made(text) for text in self._texts_at(items)], dtype=self.dtype)

    def _items_at(self, first_rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        of_items = _core.journeys.parts_of(self.journeys)["first_row"]
        if np.array_equal(of_items, first_rows):
            return np.arange(len(of_items))
        order = np.argsort(of_items)
        found: npt.NDArray[np.int64] = order[np.searchsorted(of_items, first_rows, sorter=order)]
        return found

    def _texts_at(self, items: npt.NDArray[np.int64]) -> list[bytes]:
        if self.texts is None or self.ends is None:
            return _core.journeys.packed_texts(self.journeys, items.astype(np.uint32))
        joined = self.texts.tobytes()
        ends = self.ends[items]
        begins = np.concatenate([np.zeros(1, dtype=np.int64), self.ends])[items]
        return [joined[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]


class LaterKeys:
    """Keys that are put together when they are first needed, which few questions do.

    Parameters
    ----------
    make
        Function that puts them together.
    """

    def __init__(self, make: Callable[[], StoredKeys]) -> None:
        self._make = make

    @cached_property
    def stored(self) -> StoredKeys:
        """The keys."""
        return self._make()

    def __call__(self, first_rows: npt.NDArray[np.uint32]) -> pd.Series:
        """Return the keys of the items that have these first rows."""
        return self.stored(first_rows)


def _joined(texts: list[bytes]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))
    return np.frombuffer(b"".join(texts), dtype=np.uint8), ends


def texts_at(
    texts: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], items: npt.NDArray[np.integer[Any]]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Take the bytes of some texts, one after another, and where each of them ends."""
    begins = np.concatenate([np.zeros(1, dtype=np.int64), ends])[items]
    lengths = ends[items] - begins
    taken = np.cumsum(lengths)
    at = np.repeat(begins - (taken - lengths), lengths) + np.arange(int(lengths.sum()))
    return texts[at], taken


def _form_of(example: pd.Series, holds_text: bool) -> tuple[str, Callable[[Any], bytes] | None]:
    """Choose the form that holds keys so that they come back as they are."""
    dtype = example.dtype
    if pd.api.types.pandas_dtype(str(dtype)) != dtype:
        return "series", None  # such as a type of Arrow whose name pandas reads as one of its own
    kind = type(example.iloc[0]) if len(example) else (str if holds_text else int)
    if holds_text:
        return _TO_BYTES.get(kind, ("series", None))
    is_number = kind is int if pd.api.types.is_object_dtype(dtype) else pd.api.types.is_numeric_dtype(dtype)
    return ("numbers" if is_number else "series"), None
