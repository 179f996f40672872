"""Keys of the items of two logs in one form, so that an item of both is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError
from ..columns.inputs import read_input
from ..columns.keys import StoredKeys, texts_at
from ..data import LogData
from ..intake.times import encode

Places = npt.NDArray[np.int64]


def places_in(whole: LogData, part: LogData) -> Places:
    """Find each item of a part among the items of another log; -1 where that does not have it.

    Raises
    ------
    SchemaError
        If the items of one are text and those of the other integers, or a text cannot be compared, because
        neither its letters nor a hash of the same key are known.
    """
    if not whole.journeys.n_items or not part.journeys.n_items:
        return np.full(part.journeys.n_items, -1, dtype=np.int64)
    _refuse_unlike(whole, part)
    if part.keys_of is None:
        return _places_of_hashes(whole, part)
    keys = read_input(part.keys_of(part.journeys.first_row), "item")
    found = encode(_core.columns.encode_items, keys, whole.threads, whole.journeys.text_hash)
    places: Places = np.asarray(_core.journeys.places_of(whole.journeys, found), dtype=np.int64)
    return places


def _refuse_unlike(whole: LogData, part: LogData) -> None:
    kinds = ["text" if data.journeys.holds_text else "integers" for data in (whole, part)]
    if kinds[0] != kinds[1]:
        raise SchemaError(
            f"the items of the new rows are {kinds[1]}, and those of the saved log are {kinds[0]}; make them "
            "one type"
        )
    if whole.journeys.is_unsigned != part.journeys.is_unsigned and all(map(_has_upper_bit, (whole, part))):
        raise SchemaError(
            "the items of the new rows and of the saved log are negative in one and 2^63 or more in the "
            "other, and no integers of 64 bits hold both; make them text"
        )
    has_no_text = part.keys_of is None and part.journeys.holds_text
    if has_no_text and (not whole.journeys.hashed or _hash_key(part) != _hash_key(whole)):
        raise SchemaError(
            "the texts of the new rows' items are hashed with another key than those of the saved log, so an "
            "item of both would not be found; keep the texts, or read the rows with the key of the saved log "
            "(hash_key)"
        )


def _has_upper_bit(data: LogData) -> bool:
    """Check whether an integer is negative, or 2^63 or more where the integers have no sign."""
    key = _core.journeys.parts_of(data.journeys)["key"]
    return not data.journeys.holds_text and bool((key >> np.uint64(63)).any())


def _hash_key(data: LogData) -> bytes:
    return bytes(data.journeys.text_hash.key)


def _places_of_hashes(whole: LogData, part: LogData) -> Places:
    """Compare the words of keys that both have in one form."""
    of_whole, of_part = (
        np.rec.fromarrays([np.asarray(words) for words in data.journeys.common_keys if len(words)])
        for data in (whole, part)
    )
    order = np.argsort(of_whole)
    at = np.minimum(np.searchsorted(of_whole, of_part, sorter=order), len(of_whole) - 1)
    places: Places = np.where(of_whole[order[at]] == of_part, order[at], -1)
    return places


KeysAt = Callable[[_core.journeys.Journeys], StoredKeys]


def joined_keys(first: LogData, second: LogData, new: Places) -> tuple[dict[str, Any], KeysAt | None]:
    """Put the keys of the new items of another log behind those of a log.

    Parameters
    ----------
    first, second
        The logs.
    new
        Places of the items of the second that the first does not have.

    Returns
    -------
    dict
        ``key``, ``high``, ``prefix``, ``hash_key`` and ``is_unsigned`` of the journeys to make.
    function or None
        What makes the keys themselves, given these journeys; ``None`` where the texts are not known.
    """
    parts = [_core.journeys.parts_of(data.journeys) for data in (first, second)]
    if not second.n_items:
        return {name: parts[0][name] for name in ("key", "high", *_FORM)}, _keys_of_one(first)
    if not first.n_items and first.journeys.holds_text != second.journeys.holds_text:
        return {name: parts[1][name] for name in ("key", "high", *_FORM)}, _keys_of_one(second)
    about: dict[str, Any] = {name: parts[0][name] for name in _FORM}
    words = [[part["key"], part["high"]] for part in parts]
    are_alike = all(parts[0][name] == parts[1][name] for name in _FORM)
    if first.journeys.holds_text and not are_alike:
        about["prefix"] = None
        words = [_hashes(data, first.journeys.text_hash) for data in (first, second)]
    elif _has_upper_bit(second):
        about["is_unsigned"] = parts[1]["is_unsigned"]
    mine, theirs = words
    about["key"] = np.concatenate([mine[0], theirs[0][new]])
    about["high"] = np.concatenate([mine[1], theirs[1][new] if len(theirs[1]) else theirs[1]])
    if first.keys_of is None or second.keys_of is None:
        return about, None
    return about, lambda journeys: _joined_keys(first, second, new, journeys)


#: How the keys of journeys are held.
_FORM: Final = ("prefix", "hash_key", "is_unsigned")


def _keys_of_one(data: LogData) -> KeysAt | None:
    keys_of = data.keys_of
    if keys_of is None:
        return None
    # The items stay in their order, and their first rows may have other numbers.
    return lambda journeys: StoredKeys(journeys, **StoredKeys.of(keys_of, data.journeys).parts)


def _hashes(data: LogData, hash_: _core.columns.TextHash) -> list[npt.NDArray[np.uint64]]:
    """Return the hashes of the items' texts, as two words."""
    if _hash_key(data) == bytes(hash_.key):
        return list(data.journeys.common_keys)
    assert data.keys_of is not None  # hashes of another key are refused without their texts
    stored = StoredKeys.of(data.keys_of, data.journeys)
    if stored.series is not None:
        return list(_core.columns.hashes_of(read_input(stored.series, "item").column, hash_))
    return list(_core.columns.hashes_of_joined(*stored.joined_texts, hash_))


def _joined_keys(
    first: LogData, second: LogData, new: Places, journeys: _core.journeys.Journeys
) -> StoredKeys:
    assert first.keys_of is not None
    assert second.keys_of is not None
    mine = StoredKeys.of(first.keys_of, first.journeys)
    theirs = StoredKeys.of(second.keys_of, second.journeys)
    first_rows = second.journeys.first_row[new]
    is_packed = _core.journeys.parts_of(journeys)["prefix"] is not None
    if (mine.form, mine.dtype) == (theirs.form, theirs.dtype) and mine.series is None:
        if mine.form == "numbers" or is_packed:
            return StoredKeys(journeys, mine.form, mine.dtype)
        texts, ends = mine.joined_texts
        texts_of_new, ends_of_new = texts_at(*theirs.joined_texts, new)
        return StoredKeys(
            journeys,
            mine.form,
            mine.dtype,
            np.concatenate([texts, texts_of_new]),
            np.concatenate([ends, ends_of_new + len(texts)]),
        )
    known = [mine(first.journeys.first_row), theirs(first_rows)]
    series = _one_after_another(
        [keys for keys in known if len(keys)] or known[:1],
        np.dtype(np.uint64 if journeys.is_unsigned else np.int64),
    )
    return StoredKeys(journeys, "series", str(series.dtype), series=series)


def _one_after_another(keys: list[pd.Series], integers: np.dtype[Any]) -> pd.Series:
    """Put keys behind others; those of two types of numbers become `integers`, and not floats."""
    if len({one.dtype for one in keys}) > 1 and all(pd.api.types.is_numeric_dtype(one) for one in keys):
        keys = [one.astype(integers) for one in keys]
    return pd.concat(keys, ignore_index=True)
