"""Keys of the items of several logs, which show whether an item is in two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, Way, counted
from ...log.columns.inputs import read_input
from ...log.data import LogData
from ..counted.plain import text_of

# One row per item, in rising order.
Words: TypeAlias = npt.NDArray[np.uint64]

# Integers take one word with or without a sign, or two where some are negative and some beyond int64.
_SIGNED, _UNSIGNED, _WIDE = "integers", "integers without a sign", "integers of 65 bits"
_INTEGERS: Final = (_SIGNED, _UNSIGNED, _WIDE)
_TEXT: Final = "text"  # the hash of it that has no key


@dataclass(frozen=True, eq=False)
class ItemIds:
    """What stands for the items of a log, or of several, on every machine.

    Attributes
    ----------
    words
        The integers, or hashes of 128 bits of the texts, by the kind of hash: logs that know their texts have
        the one without a key, others that of their key. All kinds stand for the same items.
    """

    words: Mapping[str, Words]

    def __len__(self) -> int:
        return len(next(iter(self.words.values())))

    def sent(self) -> ItemIds:
        """Return what leaves the process: its own key is of no use elsewhere, unless it is the only one."""
        return ItemIds(without_own(self.words))

    def of_sketch(self) -> dict[str, Words]:
        """Return the words by kinds of which equal items have equal words: all integers are one."""
        if self.is_text:
            return dict(self.words)
        ((kind, words),) = self.words.items()
        return {_WIDE: _wide(words, kind)}

    def blocks(self) -> _core.counts.Counts:
        """Return the keys as blocks of the core, which writes them as differences."""
        return _core.counts.in_order(
            [],
            [
                _core.counts.Block(
                    name=kind,
                    keys=[_core.counts.Key.number] * words.shape[1],
                    rules=[],
                    cells=np.ascontiguousarray(words).view(np.int64).reshape(-1),
                    bounds=None,
                    lengths=None,
                )
                for kind, words in self.words.items()
            ],
        )

    @classmethod
    def of_blocks(cls, blocks: _core.counts.Counts) -> ItemIds:
        """Read keys that were written so."""
        return cls(
            {
                block.name: _rising(block.cells.view(np.uint64).reshape(-1, len(block.keys)))
                for block in blocks.blocks
            }
        )

    @property
    def is_text(self) -> bool:
        """Whether the items are text."""
        return not any(kind in self.words for kind in _INTEGERS)

    @classmethod
    def of(cls, data: LogData) -> ItemIds:
        """Take the items of a log, each once."""
        journeys = data.journeys
        if not journeys.holds_text:
            low, _ = journeys.common_keys
            kind = _UNSIGNED if journeys.is_unsigned else _SIGNED
            return cls({kind: _rising(low.reshape(-1, 1))})
        own, streams = journeys.text_hash, _core.columns.TextHash.of_streams()
        if own.key and own.key != streams.key:  # a key that was given
            hashes = [own]
        else:
            hashes = [_core.columns.TextHash.of_process(), streams]
        if not journeys.hashed:
            halves = [_core.journeys.portable_keys(journeys, hash_) for hash_ in hashes]
        elif own.key:
            hashes = [own]
            halves = [_core.journeys.portable_keys(journeys, own)]
        else:
            texts = read_input(data.keys_at(journeys.first_row), "item").column
            halves = [_core.columns.portable_hashes(texts, hash_) for hash_ in hashes]
        return cls(
            {
                _kind_of(hash_): _rising(np.column_stack(pair))
                for hash_, pair in zip(hashes, halves, strict=True)
            }
        )

    @classmethod
    def of_values(cls, values: pd.Series) -> ItemIds:
        """Take the distinct values of a column in the place of items."""
        # A column of integers with missing values may be one of floats in another part.
        plain = (int(one) if isinstance(one, float) and one.is_integer() else one for one in values.tolist())
        texts = list(map(text_of, plain))
        column = read_input(pd.Series(texts, dtype=object), "unit").column
        pair = _core.columns.portable_hashes(column, _core.columns.TextHash.of_process())
        return cls({_TEXT: _rising(np.column_stack(pair))})

    @classmethod
    def merged(cls, parts: Sequence[ItemIds], what: str = "item") -> ItemIds:
        """Put the items of several logs together, or what else is to be in one of them alone.

        Raises
        ------
        SchemaError
            If the items are text in one part and integers in another, texts are hashed with different keys,
            or an item is in two parts.
        """
        filled = [number for number, ids in enumerate(parts) if len(ids)]
        if not filled:
            return parts[0]
        first = filled[0]
        for number in filled:
            if parts[number].is_text != parts[first].is_text:
                types = " and ".join(f"{_type_of(parts[i])} in number {i}" for i in (first, number))
                raise SchemaError(f"the {what}s of the partials are {types}; make them one type")
        if not parts[first].is_text:
            return cls(_merged_integers(parts, filled, what))
        kinds = [kind for kind in parts[first].words if all(kind in parts[i].words for i in filled)]
        if not kinds:
            _refuse_kinds(parts, filled)
        return cls(
            {kind: _together([parts[i].words[kind] for i in filled], filled, kind, what) for kind in kinds}
        )


def without_own(by_kind: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is made with the key of this process, unless that is all."""
    own = _kind_of(_core.columns.TextHash.of_streams())
    return {kind: one for kind, one in by_kind.items() if kind != own} or dict(by_kind)


def _kind_of(hash_: _core.columns.TextHash) -> str:
    """Name a hash so that nobody can tell its key."""
    if not hash_.key:
        return _TEXT
    return f"text of key {hashlib.blake2b(hash_.key, digest_size=8, person=b'item key').hexdigest()}"


def _rising(words: Words) -> Words:
    return words[_order(words)]


def _order(words: Words) -> npt.NDArray[np.intp]:
    # The sort is stable: an item that is in two parts is found in the earlier part first.
    return np.lexsort(words.T)


def _merged_integers(parts: Sequence[ItemIds], filled: Sequence[int], what: str) -> dict[str, Words]:
    """Put integers together: 2^64 - 1 is not -1, though both have the same word."""
    kinds = {next(iter(parts[number].words)) for number in filled}
    kind = kinds.pop() if len(kinds) == 1 else _WIDE
    numbers = [words for number in filled for words in parts[number].words.values()]
    if kind == _WIDE:
        numbers = [
            _wide(words, of_kind) for number in filled for of_kind, words in parts[number].words.items()
        ]
    return {kind: _together(numbers, filled, kind, what)}


def _wide(words: Words, kind: str) -> Words:
    """Give integers a second word, which says whether they are negative."""
    if kind == _WIDE:
        return words
    sign = words[:, 0] >> np.uint64(63) if kind == _SIGNED else np.zeros(len(words), dtype=np.uint64)
    return np.column_stack([words[:, 0], sign])


def _together(words: Sequence[Words], filled: Sequence[int], kind: str, what: str) -> Words:
    """Put the words of several parts in one order and refuse an item that two of them have."""
    together = np.concatenate(words)
    order = _order(together)
    together = together[order]
    repeats = np.flatnonzero((together[1:] == together[:-1]).all(axis=1))
    if len(repeats):
        part_of_row = np.repeat(filled, [len(own) for own in words])
        _refuse_shared(together, repeats, part_of_row[order], kind, what)
    return together


def _number_of(words: Words, kind: str) -> int:
    is_negative = words[1] == 1 if kind == _WIDE else kind == _SIGNED and words[0] >> np.uint64(63) == 1
    return int(words[0]) - (2**64 if is_negative else 0)


def _type_of(ids: ItemIds) -> str:
    return "text" if ids.is_text else "integers"


def _refuse_kinds(parts: Sequence[ItemIds], filled: Sequence[int]) -> None:
    """Say between which parts no kind of hash is common, and how to make them alike."""
    first = filled[0]
    other = next(i for i in filled if not {*parts[first].words} & {*parts[i].words})
    raise SchemaError(
        f"the items' texts are hashed with different keys in number {first} and number {other}, so an item "
        "that is in both would not be found; ",
        # A saved log has a key of its own, also where it keeps the texts.
        Way(
            "read the logs of all parts with one hash_key= (such as that of the first log, log.hash_key) "
            'before they are saved, or keep the texts of all with keys="keep" where none is saved',
            "count the parts of the files of rows in place of saved logs; or, where the rows were split by "
            "item, count them with --check none",
        ),
    )


def _one(what: str) -> str:
    return "an item" if what == "item" else f"a {what}"


def _refuse_shared(
    words: Words, repeats: npt.NDArray[np.intp], part: npt.NDArray[np.intp], kind: str, what: str
) -> None:
    """Raise an error with the number of items that are in several parts, and the parts of the first item."""
    n_shared = int(np.count_nonzero(np.diff(repeats, prepend=-2) > 1))
    row = int(repeats[0])
    # The text that a hash was made of is not kept.
    which = f"{what} {_number_of(words[row], kind)}" if kind in _INTEGERS else "one"
    how_many = f"{counted(n_shared, what)} {'is' if n_shared == 1 else 'are'}"
    raise SchemaError(
        f"{how_many} in more than one partial: {which} in number {part[row]} and number {part[row + 1]}; "
        f"all rows of {_one(what)} must be in one of them, so split the rows by {what}"
    )
