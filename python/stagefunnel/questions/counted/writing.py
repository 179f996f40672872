"""Counts of a question, field by field, as blocks of the core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from .exact_sums import ExactSums
from .fields import Kind, kinds_of
from .plain import record, text_of
from .samples import Binned, Samples

Integers: TypeAlias = npt.NDArray[np.int64]
_RULES: Final = {rule.name: rule for rule in _core.counts.Rule}
_NUMBER, _LABEL = _core.counts.Key.number, _core.counts.Key.label
FIXED: Final = [_RULES["whole"], _RULES["fraction"]]
#: What stands behind the name of a block: lengths in cells with their numbers, and the sums of all lengths.
CELLS, TOTALS = "@cells", "@totals"


@record
@dataclass(frozen=True)
class SumsNote:
    """What is kept of sums beside their blocks.

    Attributes
    ----------
    shape
        Shape of one group's sums, or of one row's.
    most
        The largest amount of each scale.
    are_floats
        Whether the amounts of a part are floats.
    """

    shape: tuple[int, ...]
    most: dict[int, int]
    are_floats: bool

    def joined(self, others: Sequence[Self]) -> Self:
        """Join the notes of several parts."""
        most = dict(self.most)
        for other in others:
            for scale, value in other.most.items():
                most[scale] = max(most.get(scale, 0), value)
        are_floats = self.are_floats or any(other.are_floats for other in others)
        return type(self)(self.shape, dict(sorted(most.items())), are_floats)


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of some rows."""

    columns: Sequence[Integers]
    kinds: Sequence[_core.counts.Key]
    n: int

    def at(self, places: npt.NDArray[np.integer[Any]]) -> Keys:
        """Take some rows."""
        return Keys([column[places] for column in self.columns], self.kinds, len(places))

    def times(self, n: int) -> Keys:
        """Repeat each row, with a number below `n` behind its keys."""
        columns = [np.repeat(column, n) for column in self.columns]
        return Keys([*columns, np.tile(np.arange(n), self.n)], [*self.kinds, _NUMBER], self.n * n)

    def with_column(self, column: Integers) -> Keys:
        """Add a key."""
        return Keys([*self.columns, column], [*self.kinds, _NUMBER], self.n)


class Writer:
    """Writes the fields of counts."""

    def __init__(self, groups: list[bytes], *, is_bounded: bool, keeps_empty: bool) -> None:
        self.labels = list(groups)
        self.plain: dict[str, Any] = {}
        self._blocks: list[_core.counts.Block] = []
        self._is_bounded = is_bounded
        self._of_groups = Keys([np.arange(len(groups), dtype=np.int64)], [_LABEL], len(groups))
        self._has_items = np.full(len(groups), keeps_empty)

    def all_blocks(self) -> list[_core.counts.Block]:
        """Return the blocks, with one of the groups in which anything is counted."""
        keys = self._of_groups.at(np.flatnonzero(self._has_items))
        return [*self._blocks, _block("groups", keys, [], [])]

    def write(self, counts: Any, path: str = "") -> None:
        """Write all fields of counts."""
        for name, kind in kinds_of(counts):
            value = getattr(counts, name)
            if value is not None:
                self._field(path + name, kind, value)
            elif kind.what == "same":
                self.plain[path + name] = None

    def _field(self, path: str, kind: Kind, value: Any) -> None:
        match kind.what:
            case "nested" if isinstance(value, dict):
                self.plain[path] = tuple(value)
                for name, one in value.items():
                    self.write(one, f"{path}:{name}/")
            case "nested":
                self.write(value, f"{path}/")
            case "dense":
                self._dense(path, kind, value)
            case "rows":
                self._rows(path, value)
            case "sums":
                # Where there is no group, the core has one nevertheless, in which nothing is.
                value = value.at_places(np.arange(self._of_groups.n)) if kind.by_group else value
                keys, shape = self._keys_of_array(kind, value.shape)
                self._sums(path, keys, value, shape, by_group=kind.by_group)
            case "samples":
                self._samples_of_cells(path, kind, value)
            case "about":
                self.plain[path] = value.facts()
            case "same" | "settled":
                self.plain[path] = value
            case _:
                pass  # groups are the labels, and what does not add up is left out

    def _keys_of_array(self, kind: Kind, shape: tuple[int, ...]) -> tuple[Keys, tuple[int, ...]]:
        return (self._of_groups, shape[1:]) if kind.by_group else (Keys([], [], 1), shape)

    def _dense(self, path: str, kind: Kind, value: Integers) -> None:
        value = value[: self._of_groups.n] if kind.by_group else value
        keys, shape = self._keys_of_array(kind, value.shape)
        self.plain[path] = tuple(shape)
        width = int(np.prod(shape, dtype=np.int64))
        cells = np.asarray(value, dtype=np.int64).reshape(keys.n, width)
        if not width:
            return
        if kind.rule == "sum" and kind.by_group:
            places = np.flatnonzero(cells.any(axis=1))
            keys, cells = self._used(keys, places), cells[places]
        elif kind.by_group:
            self._has_items[:] = True
        self._blocks.append(_block(path, keys, [_RULES[kind.rule]] * width, [cells]))

    def _used(self, keys: Keys, places: npt.NDArray[np.integer[Any]]) -> Keys:
        """Take the keys at some places, whose groups have something."""
        chosen = keys.at(places)
        self._has_items[chosen.columns[0]] = True
        return chosen

    def _rows(self, path: str, value: Any) -> None:
        columns: list[Integers] = []
        kinds: list[_core.counts.Key] = []
        rules: list[_core.counts.Rule] = []
        values: list[Integers] = []
        shapes: dict[str, tuple[int, ...]] = {}
        beside: list[tuple[str, Kind, Any]] = []
        for name, kind in kinds_of(value):
            column = getattr(value, name)
            if kind.what == "group":
                columns.append(np.asarray(column, dtype=np.int64))
                kinds.append(_LABEL)
                self._has_items[columns[-1]] = True
            elif kind.what == "key":
                columns.append(np.asarray(column, dtype=np.int64))
                kinds.append(_NUMBER)
            elif kind.what == "label":
                columns.append(np.arange(len(self.labels), len(self.labels) + len(column), dtype=np.int64))
                kinds.append(_LABEL)
                self.labels += [text_of(one).encode() for one in column]
            elif kind.what == "value":
                array = np.asarray(column, dtype=np.int64)
                shapes[name] = array.shape[1:]
                values.append(_by_row(array, len(array)))
                rules += [_RULES[kind.rule]] * values[-1].shape[1]
            elif column is not None:
                beside.append((name, kind, column))
        keys = Keys(columns, kinds, len(columns[0]))
        self.plain[path] = shapes
        self._blocks.append(_block(path, keys, rules, values))
        for name, kind, column in beside:
            if kind.what == "sums":
                self._sums(f"{path}/{name}", keys, column, column.shape[1:])
            else:
                self._samples(f"{path}/{name}", keys, column)

    def _sums(
        self, path: str, keys: Keys, sums: ExactSums, shape: tuple[int, ...], *, by_group: bool = False
    ) -> None:
        most = {sums.scale: sums.most}
        if by_group:
            has_sums = [_by_row(words, keys.n).any(axis=1) for words in (sums.whole, sums.fraction)]
            places = np.flatnonzero(has_sums[0] | has_sums[1])
            keys, sums = self._used(keys, places), sums.at_places(places)
        if sums.plain is not None:
            most[0] = 0
            self._fixed(f"{path}@plain", keys, sums.plain)
        self.plain[path] = SumsNote(tuple(shape), most, sums.is_float)
        self._fixed(f"{path}@{sums.scale}", keys, sums)

    def _fixed(self, name: str, keys: Keys, sums: ExactSums) -> None:
        words = _by_row(np.stack([sums.whole, sums.fraction.view(np.int64)], axis=-1), keys.n)
        if words.shape[1]:
            self._blocks.append(_block(name, keys, FIXED * (words.shape[1] // 2), [words]))

    def _samples_of_cells(self, path: str, kind: Kind, samples: Samples) -> None:
        """Write the samples of each group and cell, or of each cell; empty ones say nothing."""
        n_rows, n_groups = len(samples), self._of_groups.n
        n = n_rows // n_groups if kind.by_group and n_groups else n_rows
        self.plain[path] = n if n_groups or not kind.by_group else 0  # nobody knows how many
        places = np.flatnonzero(samples.sizes)
        if kind.by_group:
            keys = self._used(self._of_groups.times(n), places)
        else:
            keys = Keys([places], [_NUMBER], len(places))
        self._samples(path, keys, Samples(samples.values, np.append(0, np.cumsum(samples.sizes[places]))))

    def _samples(self, path: str, keys: Keys, samples: Samples) -> None:
        if not self._is_bounded:
            self._blocks.append(_block(path, keys, [], [], samples))
            return
        binned = Binned.of(samples)
        row = np.repeat(np.arange(len(binned)), np.diff(binned.bounds))
        of_cells = keys.at(row).with_column(binned.cell)
        totals = np.stack([binned.total_high, binned.total_low.view(np.int64)], axis=-1)
        self._blocks.append(_block(path + CELLS, of_cells, [_RULES["sum"]], [binned.n.reshape(-1, 1)]))
        self._blocks.append(_block(path + TOTALS, keys, FIXED, [totals]))


def _by_row(array: npt.NDArray[Any], n: int) -> npt.NDArray[Any]:
    """Return what each of `n` rows has as a row of a table, which is as wide where there is no row."""
    width = array.shape[1:] if array.ndim and len(array) == n else array.shape
    return array.reshape(n, int(np.prod(width, dtype=np.int64)))


def _block(
    name: str,
    keys: Keys,
    rules: Sequence[_core.counts.Rule],
    values: Sequence[Integers],
    samples: Samples | None = None,
) -> _core.counts.Block:
    columns = [column.reshape(-1, 1) for column in keys.columns]
    cells = np.concatenate([*columns, *values], axis=1) if columns or values else np.zeros((0, 0))
    return _core.counts.Block(
        name=name,
        keys=list(keys.kinds),
        rules=list(rules),
        cells=np.ascontiguousarray(cells, dtype=np.int64).reshape(-1),
        bounds=None if samples is None else np.ascontiguousarray(samples.bounds).view(np.uint64),
        lengths=None if samples is None else np.ascontiguousarray(samples.values),
    )
