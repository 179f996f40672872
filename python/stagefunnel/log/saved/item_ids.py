"""Keys of the items of two logs in one form, so that an item of both is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError
from ..columns.inputs import read_input
from ..columns.keys import StoredKeys
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


def joined_keys(first: LogData, second: LogData, new: Places) -> tuple[dict[str, Any], dict[str, Any] | None]:
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
    dict or None
        What else :class:`StoredKeys` holds of them; ``None`` where the texts are not known.
    """
    parts = [_core.journeys.parts_of(data.journeys) for data in (first, second)]
    if first.keys_of is None and first.journeys.holds_text and second.keys_of is not None:
        # The texts of the second, hashed as those of the first were, which nobody knows.
        column = read_input(second.keys_of(parts[1]["first_row"]), "item").column
        parts[1]["key"], parts[1]["high"] = _core.columns.hashes_of(column, first.journeys.text_hash)
    highs = [parts[0]["high"], parts[1]["high"]]
    about: dict[str, Any] = {
        "key": np.concatenate([parts[0]["key"], parts[1]["key"][new]]),
        "high": np.concatenate([highs[0], highs[1][new] if len(highs[1]) else highs[1]]),
        **{name: parts[0][name] for name in ("prefix", "hash_key", "is_unsigned")},
    }
    if _has_upper_bit(second):
        about["is_unsigned"] = parts[1]["is_unsigned"]
    are_alike = all(parts[0][name] == parts[1][name] for name in ("prefix", "hash_key", "is_unsigned"))
    if first.keys_of is None or second.keys_of is None:
        return about, None
    stored = [
        known if isinstance(known, StoredKeys) else StoredKeys.of(known, data.journeys)
        for known, data in ((first.keys_of, first), (second.keys_of, second))
    ]
    forms = {(one.form, one.dtype, one.texts is None) for one in stored}
    if are_alike and len(forms) == 1 and stored[0].series is None:
        if stored[0].texts is None or stored[0].ends is None:
            return about, stored[0].parts
        texts, ends = _texts_at(stored[1], new)
        ends = np.concatenate([stored[0].ends, ends + len(stored[0].texts)])
        return about, {**stored[0].parts, "texts": np.concatenate([stored[0].texts, texts]), "ends": ends}
    known = [stored[0](parts[0]["first_row"]), stored[1](parts[1]["first_row"][new])]
    series = _one_after_another(
        [keys for keys in known if len(keys)] or known[:1],
        np.dtype(np.uint64 if about["is_unsigned"] else np.int64),
    )
    kept = {"form": "series", "dtype": str(series.dtype), "texts": None, "ends": None, "series": series}
    if not first.journeys.holds_text:
        return about, kept
    hash_ = _core.columns.TextHash.of_process()
    about["key"], about["high"] = _core.columns.hashes_of(read_input(series, "item").column, hash_)
    return about | {"prefix": None, "hash_key": b"", "is_unsigned": False}, kept


def _one_after_another(keys: list[pd.Series], integers: np.dtype[Any]) -> pd.Series:
    """Put keys behind others; those of two types of numbers become `integers`, and not floats."""
    if len({one.dtype for one in keys}) > 1 and all(pd.api.types.is_numeric_dtype(one) for one in keys):
        keys = [one.astype(integers) for one in keys]
    return pd.concat(keys, ignore_index=True)


def _texts_at(stored: StoredKeys, items: Places) -> tuple[npt.NDArray[np.uint8], Places]:
    """Take the bytes of some keys, one after another, and where each of them ends."""
    assert stored.texts is not None  # the caller has seen both
    assert stored.ends is not None
    begins = np.concatenate([np.zeros(1, dtype=np.int64), stored.ends[:-1]])[items]
    lengths = stored.ends[items] - begins
    ends = np.cumsum(lengths)
    at = np.repeat(begins - (ends - lengths), lengths) + np.arange(int(lengths.sum()))
    return stored.texts[at], ends
