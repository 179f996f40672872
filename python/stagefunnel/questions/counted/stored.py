"""Counts of a question as blocks of the core, which it merges, and counts made of these again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Self, cast

from ... import _core
from ...errors import SchemaError, core_errors, named
from ...pipeline import Pipeline
from ...times.periods import Clock
from ..scope.groups import ONE_GROUP
from .about import Facts
from .fields import Kind, kinds_of
from .group_labels import GroupColumns
from .reading import Reader
from .writing import CELLS, SumsNote, Writer

_GROUPS: Final = "groups"
_MOST_WHOLE: Final = 2**62  # sums of amounts of one log stay below it


@dataclass(frozen=True, eq=False)
class Stored:
    """The counts of a question: blocks of numbers, and what is not a number.

    Attributes
    ----------
    of
        The dataclass of the counts.
    blocks
        The numbers.
    plain
        All else, by the name of its field.
    """

    of: type
    blocks: _core.counts.Counts
    plain: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def write(cls, counts: Any, *, is_bounded: bool = False) -> Self:
        """Write counts as blocks; `is_bounded` keeps counts in cells in place of lengths of time."""
        kinds = kinds_of(counts)
        groups = next((getattr(counts, name) for name, kind in kinds if kind.what == "groups"), ONE_GROUP)
        columns = GroupColumns.of(groups)
        writer = Writer(columns.labels(groups), is_bounded=is_bounded, keeps_empty=groups.keeps_empty)
        writer.write(counts)
        writer.plain[_GROUPS] = columns
        with core_errors():
            blocks = _core.counts.in_order(cast(Any, writer.labels), writer.all_blocks())
        return cls(type(counts), blocks, writer.plain)

    @classmethod
    def merged(cls, parts: Sequence[Self], options: Sequence[str] = ()) -> Self:
        """Put the counts of parts together, whatever their order.

        Raises
        ------
        SchemaError
            If the parts differ in what has to be the same, or values of groups do not sort together.
        """
        with core_errors():
            blocks = _core.counts.merged([part.blocks for part in parts])
        names = dict.fromkeys(name for part in parts for name in part.plain)
        plain = {
            name: _settled(
                cls.kind_at(parts[0].of, name),
                name,
                {number: part.plain[name] for number, part in enumerate(parts) if name in part.plain},
            )
            for name in sorted(names)
        }
        total = cls(parts[0].of, blocks, plain)
        total.reader()  # groups that do not sort together are refused here
        total.refuse_too_large()
        return total

    def refuse_too_large(self) -> None:
        """Refuse sums of amounts that one log does not add up."""
        by_name = {block.name: block for block in self.blocks.blocks}
        for path, note in self.plain.items():
            if not isinstance(note, SumsNote):
                continue
            for scale in note.most:
                block = by_name.get(f"{path}@{scale}")
                if block is None or not block.n_rows:
                    continue
                n_keys = len(block.keys)
                whole = block.cells.reshape(block.n_rows, n_keys + len(block.rules))[:, n_keys::2]
                if whole.size and (whole.max() >= _MOST_WHOLE or whole.min() < -_MOST_WHOLE):
                    raise SchemaError(f"amounts are infinite or add up beyond 4.6e{18 - scale}")

    def reader(self) -> Reader:
        """Return what reads the counts again."""
        return Reader(self.blocks, self.plain, self.plain[_GROUPS])

    def read(self, pipeline: Pipeline, clock: Clock) -> Any:
        """Make the counts again, as those of one log."""

        def about_of(facts: Any) -> Any:
            return facts.about(pipeline, clock)

        return self.reader().read(self.of, about_of)

    @property
    def is_bounded(self) -> bool:
        """Whether lengths are counted in cells."""
        return any(block.name.endswith(CELLS) for block in self.blocks.blocks)

    @property
    def facts(self) -> Facts | None:
        """What tables remember, where the counts have it."""
        return next((value for value in self.plain.values() if isinstance(value, Facts)), None)

    @staticmethod
    @cache
    def kind_at(of: type, path: str) -> Kind:
        """Return the kind of a field, which is named from the outside in."""
        if path == _GROUPS:
            return Kind("groups")
        kind = Kind("nested", of=of)
        for name in path.split("/"):
            assert kind.of is not None  # only rows and nested counts have fields
            kind = dict(kinds_of(kind.of))[name.partition(":")[0]]
        return kind


def _settled(kind: Kind, name: str, values: Mapping[int, Any]) -> Any:
    """Make one value of those of the parts that have it."""
    listed = list(values.values())
    if kind.what == "groups":
        return GroupColumns.total(listed)
    if kind.what == "about":
        return type(listed[0]).total(listed)
    if kind.what == "samples" and kind.by_group:
        # A part without groups does not know how many samples each has.
        values = {number: value for number, value in values.items() if value} or values
        listed = list(values.values())
    if kind.what == "settled":
        assert kind.settle is not None
        return kind.settle(listed)
    if kind.what == "sums":
        return listed[0].joined(listed[1:])
    if kind.what == "samples":  # a part without groups has no cells
        values = {number: n for number, n in values.items() if n} or values
    first, *_ = values
    for number, value in values.items():
        if value != values[first]:
            raise SchemaError(
                "the partials differ in ",
                named(name.rpartition("/")[2]),
                f" ({values[first]!r} in number {first} and {value!r} in number {number})",
                option=name.rpartition("/")[2],
            )
    return values[first]
