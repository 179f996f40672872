"""Groups as labels that mean the same in every part, and the groups of the labels of all parts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named, quoted
from ...log.columns.category import category_column
from ...log.columns.one_type import joined_values
from ..scope.groups import ONE_GROUP, Groups, combined
from .plain import from_plain, record, to_plain

_SOME_MISSING: Final = "Int64"  # the type of integers of which some are missing
_NO_CODES: Final = np.zeros(0, dtype=np.int32)


@record
@dataclass(frozen=True)
class GroupColumns:
    """The columns of groups, without their values.

    Attributes
    ----------
    names, each, keeps_empty, later
        As :class:`Groups` has them.
    types
        The types of the columns in the parts, as plain data, by a short hash that labels begin with.
    """

    names: tuple[Any, ...]
    each: Any
    keeps_empty: bool
    later: tuple[str, ...]
    types: Mapping[str, list[Any]]

    @classmethod
    def of(cls, groups: Groups) -> Self:
        """Take the columns of groups."""
        types = [_plain_type(groups.values[name].dtype) for name in groups.names]
        return cls(
            tuple(groups.names), groups.each, groups.keeps_empty, groups.later, {_hash_of(types): types}
        )

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Put the columns of parts together.

        Raises
        ------
        SchemaError
            If the columns differ.
        """
        first = parts[0]
        for number, part in enumerate(parts):
            if part.names != first.names:
                raise SchemaError(
                    *("the partials differ in the columns of ", named("by"), ": "),
                    f"{quoted(first.names)} in number 0 and {quoted(part.names)} in number {number}",
                    option="by",
                )
        return replace(
            first, types=dict(sorted({k: v for part in parts for k, v in part.types.items()}.items()))
        )

    def labels(self, groups: Groups) -> list[bytes]:
        """Write each group as bytes."""
        ((hash_, _),) = self.types.items()
        if groups.is_one:
            return [_bytes_of([hash_])]
        columns = [[to_plain(value) for value in groups.values[name]] for name in groups.names]
        return [_bytes_of([hash_, *values]) for values in zip(*columns, strict=True)]

    def groups(self, labels: Sequence[bytes]) -> tuple[Groups, npt.NDArray[np.int64]]:
        """Return the groups of labels in the order of one log, and which of them each label is.

        Raises
        ------
        SchemaError
            If values of the parts do not sort together.
        """
        if not self.names:
            return ONE_GROUP, np.zeros(len(labels), dtype=np.int64)
        read = [json.loads(label) for label in labels]
        frames, places = [], []
        for hash_, types in self.types.items():
            at = [place for place, label in enumerate(read) if label[0] == hash_]
            if at or len(self.types) == 1:
                rows = [read[place][1:] for place in at]
                frames.append(self._frame(rows, types))
                places += at
        if not frames:
            frames.append(self._frame([], next(iter(self.types.values()))))
        values = {name: joined_values([frame[name] for frame in frames]) for name in self.names}
        categories = [category_column(values[name], given("by", name)) for name in self.names]
        found = combined(categories, self.names, "item")
        for place, name in enumerate(self.names):
            some_missing = _SOME_MISSING in (types[place] for types in self.types.values())
            if some_missing and found.values[name].dtype == np.int64:
                # A part may have items without a value of which nothing is counted.
                found.values[name] = found.values[name].astype(_SOME_MISSING)
        code = np.zeros(len(labels), dtype=np.int64)
        code[places] = found.code
        groups = Groups(
            _NO_CODES, found.values, each=self.each, keeps_empty=self.keeps_empty, later=self.later
        )
        return groups, code

    def _frame(self, rows: Sequence[Sequence[Any]], types: Sequence[Any]) -> pd.DataFrame:
        columns = {}
        for place, (name, of_column) in enumerate(zip(self.names, types, strict=True)):
            values = [from_plain(row[place]) for row in rows]
            columns[name] = pd.Series(values, dtype=_type_of(of_column))
        return pd.DataFrame(columns)


def _bytes_of(plain: Any) -> bytes:
    return json.dumps(plain, separators=(",", ":")).encode()


def _hash_of(types: list[Any]) -> str:
    return _digest(_bytes_of(types))


@lru_cache(maxsize=256)
def _digest(plain: bytes) -> str:
    return hashlib.blake2b(plain, digest_size=8).hexdigest()


def _plain_type(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        return {
            "of": _plain_type(categories.dtype),
            "values": [to_plain(value) for value in categories],
            "ordered": bool(dtype.ordered),
        }
    return str(dtype)


def _type_of(plain: Any) -> Any:
    if isinstance(plain, dict):
        values = [from_plain(value) for value in plain["values"]]
        return pd.CategoricalDtype(pd.Index(values, dtype=_type_of(plain["of"])), ordered=plain["ordered"])
    try:
        return pd.api.types.pandas_dtype(plain)
    except TypeError as error:
        raise SchemaError(f"{plain!r} is not the type of a column") from error
