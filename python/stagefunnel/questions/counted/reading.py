"""Blocks of the core as counts of a question, field by field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import core_errors
from .exact_sums import ExactSums, settled_scale
from .fields import Kind, kinds_of
from .group_labels import GroupColumns
from .plain import from_plain
from .samples import Binned, Samples
from .writing import CELLS, TOTALS, SumsNote

Integers: TypeAlias = npt.NDArray[np.int64]
_LABEL, _NUMBER = _core.counts.Key.label, _core.counts.Key.number
_LEAST, _MOST = np.iinfo(np.int64).max, np.iinfo(np.int64).min


class Reader:
    """Reads the fields of counts, with groups in the order of one log."""

    def __init__(self, blocks: _core.counts.Counts, plain: Mapping[str, Any], columns: GroupColumns) -> None:
        self._labels = blocks.labels
        self._plain = plain
        by_name = {block.name: block for block in blocks.blocks}
        of_groups = by_name.pop("groups").cells
        self.groups, numbers = columns.groups([self._labels[place] for place in of_groups])
        self._n = len(self.groups.values)
        self._number_of = np.full(len(self._labels), -1, dtype=np.int64)
        self._number_of[of_groups] = numbers
        self._blocks = by_name

    def read(self, of: type, about_of: Callable[[Any], Any], path: str = "") -> Any:
        """Make counts of a dataclass."""
        values: dict[str, Any] = {}
        for name, kind in kinds_of(of):
            at = path + name
            if kind.what == "groups":
                values[name] = self.groups
            elif kind.what == "nested":
                values[name] = self._nested(kind, at, about_of)
            elif kind.what == "whole" or at not in self._plain:
                values[name] = None
            elif kind.what == "about":
                values[name] = about_of(self._plain[at])
            else:
                values[name] = self._value(kind, at)
        return of(**values)

    def _nested(self, kind: Kind, path: str, about_of: Callable[[Any], Any]) -> Any:
        assert kind.of is not None
        if path in self._plain:
            return {name: self.read(kind.of, about_of, f"{path}:{name}/") for name in self._plain[path]}
        begins = f"{path}/"
        if not any(name.startswith(begins) for name in self._plain):
            return None
        return self.read(kind.of, about_of, begins)

    def _value(self, kind: Kind, path: str) -> Any:
        noted = self._plain[path]
        match kind.what:
            case "dense":
                return self._dense(kind, path, noted)
            case "rows":
                return self._rows(kind, path, noted)
            case "sums":
                first = (self._n,) if kind.by_group else ()
                return self._sums(path, noted, self._places if kind.by_group else None, first)
            case "samples":
                n = self._n * noted if kind.by_group else noted
                return self._samples(path, n, lambda keys: self._place_of_cell(keys, kind, noted))
        return noted

    def _place_of_cell(self, keys: Integers, kind: Kind, n: int) -> Integers:
        place: Integers = keys[:, 0] * n + keys[:, 1] if kind.by_group else keys[:, 0]
        return place

    @staticmethod
    def _places(keys: Integers) -> Integers:
        return keys[:, 0]

    def _block(self, name: str) -> tuple[Integers, Integers, Any] | None:
        """Return the keys, the values and the samples of a block, by the numbers of the groups."""
        block = self._blocks.get(name)
        if block is None:
            return None
        return _columns_of(block) if _LABEL not in block.keys else self._with_numbers(block)

    def _with_numbers(self, block: _core.counts.Block) -> tuple[Integers, Integers, Any]:
        """Put the number of its group in the place of each label; labels may be of one group."""
        n_keys = len(block.keys)
        cells = block.cells.reshape(block.n_rows, n_keys + len(block.rules)).copy()
        kinds = list(block.keys)
        for place, kind in enumerate(kinds):
            if kind == _LABEL and self._are_groups(cells[:, place]):
                cells[:, place] = self._number_of[cells[:, place]]
                kinds[place] = _NUMBER
        if _rise(cells[:, :n_keys]):  # as they mostly do; lengths of time are not copied then
            return cells[:, :n_keys], cells[:, n_keys:], block.samples
        bounds, lengths = (None, None) if block.samples is None else block.samples
        changed = _core.counts.Block(
            name=block.name,
            keys=kinds,
            rules=block.rules,
            cells=cells.reshape(-1),
            bounds=bounds,
            lengths=lengths,
        )
        labels = self._labels if _LABEL in kinds else []
        with core_errors():
            return _columns_of(_core.counts.in_order(labels, [changed]).blocks[0])

    def _are_groups(self, places: Integers) -> bool:
        return bool((self._number_of[places] >= 0).all())

    def _dense(self, kind: Kind, path: str, shape: tuple[int, ...]) -> Integers:
        start = {"sum": 0, "least": _LEAST, "most": _MOST}[kind.rule]
        full = (self._n, *shape) if kind.by_group else shape
        array = np.full(full, start, dtype=np.int64)
        found = self._block(path)
        if found is not None:
            keys, values, _ = found
            if kind.by_group:
                array[keys[:, 0]] = values.reshape(-1, *shape)
            else:
                array[...] = values.reshape(shape)
        return array

    def _rows(self, kind: Kind, path: str, shapes: Mapping[str, tuple[int, ...]]) -> Any:
        assert kind.of is not None
        found = self._block(path)
        assert found is not None  # rows have a block, also without a row
        keys, values, _ = found
        columns: dict[str, Any] = {}
        key = value = 0
        for name, of_column in kinds_of(kind.of):
            if of_column.what in ("group", "key", "label"):
                columns[name] = keys[:, key].copy()
                if of_column.what == "label":
                    columns[name] = [self._value_of(place) for place in keys[:, key]]
                key += 1
            elif of_column.what == "value":
                shape = shapes[name]
                width = int(np.prod(shape, dtype=np.int64))
                columns[name] = values[:, value : value + width].reshape(-1, *shape)
                value += width
        for name, of_column in kinds_of(kind.of):
            if of_column.what in ("sums", "samples"):
                columns[name] = self._beside(of_column, f"{path}/{name}", keys)
        return kind.of(**{one.name: columns[one.name] for one in fields(kind.of)})

    def _beside(self, kind: Kind, path: str, of_rows: Integers) -> Any:
        """Read the sums or samples of rows; `of_rows` are their keys.

        A part may have sums of another scale, and then a block of this scale lacks its rows.
        """
        n_rows = len(of_rows)

        def place_of(keys: Integers) -> Integers:
            return _places_in(of_rows, keys)

        if kind.what == "sums":
            if path not in self._plain:
                return None
            return self._sums(path, self._plain[path], place_of, (n_rows,))
        if path not in self._blocks and path + TOTALS not in self._blocks:
            return None
        return self._samples(path, n_rows, place_of)

    def _value_of(self, place: int) -> Any:
        return from_plain(json.loads(self._labels[place]))

    def _sums(
        self,
        path: str,
        note: SumsNote,
        place_of: Callable[[Integers], Integers] | None,
        first: tuple[int, ...],
    ) -> ExactSums:
        """Read sums of amounts, of all scales together."""
        parts = []
        for scale, most in note.most.items():
            sums = self._fixed(f"{path}@{scale}", note.shape, place_of, first, scale, most)
            parts.append(sums)
        common = settled_scale(parts, are_floats=note.are_floats)
        if common is None:
            kept = [part for part in parts if part.scale == 0]
            kept.append(self._fixed(f"{path}@plain", note.shape, place_of, first, 0, 0))
            return ExactSums.total(kept)
        return ExactSums.total([part.at(common) for part in parts])

    def _fixed(
        self,
        name: str,
        shape: tuple[int, ...],
        place_of: Callable[[Integers], Integers] | None,
        first: tuple[int, ...],
        scale: int,
        most: int,
    ) -> ExactSums:
        whole = np.zeros((*first, *shape), dtype=np.int64)
        fraction = np.zeros((*first, *shape), dtype=np.uint64)
        found = self._block(name)
        if found is not None:
            keys, values, _ = found
            words = values.reshape(-1, *shape, 2) if first else values.reshape(*shape, 2)
            at: Any = ... if place_of is None else place_of(keys)
            whole[at] = words[..., 0]
            fraction[at] = np.ascontiguousarray(words[..., 1]).view(np.uint64)
        return ExactSums(whole, fraction, scale, most)

    def _samples(self, path: str, n: int, place_of: Callable[[Integers], Integers]) -> Samples | Binned:
        found = self._block(path)
        if found is not None:
            keys, _, (bounds, lengths) = found
            sizes = np.zeros(n, dtype=np.int64)
            sizes[place_of(keys)] = np.diff(bounds.view(np.int64))
            return Samples(lengths, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))
        cells, totals = self._block(path + CELLS), self._block(path + TOTALS)
        assert cells is not None  # samples have one of the two
        assert totals is not None
        high, low = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.uint64)
        at = place_of(totals[0])
        high[at] = totals[1][:, 0]
        low[at] = np.ascontiguousarray(totals[1][:, 1]).view(np.uint64)
        row = place_of(cells[0])
        bounds = np.searchsorted(row, np.arange(n + 1)).astype(np.int64)
        return Binned(cells[0][:, -1].copy(), cells[1][:, 0].copy(), bounds, high, low)


def _columns_of(block: _core.counts.Block) -> tuple[Integers, Integers, Any]:
    """Return the keys, the values and the samples of a block."""
    n_keys = len(block.keys)
    cells = block.cells.reshape(block.n_rows, n_keys + len(block.rules))
    return cells[:, :n_keys], cells[:, n_keys:], block.samples


def _rise(keys: Integers) -> bool:
    """Check that each row of keys comes behind the row before, and that none comes twice."""
    steps = np.diff(keys, axis=0)
    first = (steps != 0).argmax(axis=1)  # the first key that differs
    return bool((steps[np.arange(len(steps)), first] > 0).all())


def _places_in(rows: Integers, keys: Integers) -> Integers:
    """Find the row of each of some keys, which may be followed by further ones; both are in rising order."""
    width = rows.shape[1]
    if len(keys) == len(rows):
        return np.arange(len(rows))
    both = np.concatenate([rows, keys[:, :width]])
    _, place = np.unique(both, axis=0, return_inverse=True)
    found: Integers = place.reshape(-1)[len(rows) :]
    return found
