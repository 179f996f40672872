from __future__ import annotations
import collections.abc
import enum
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Block', 'Counts', 'Key', 'Rule', 'from_bytes', 'in_order', 'merged']
class Key(enum.Enum):
    label: typing.ClassVar[Key]
    number: typing.ClassVar[Key]
    @classmethod
    def __new__(cls, value):
        ...
class Rule(enum.Enum):
    fraction: typing.ClassVar[Rule]
    least: typing.ClassVar[Rule]
    most: typing.ClassVar[Rule]
    sum: typing.ClassVar[Rule]
    whole: typing.ClassVar[Rule]
    @classmethod
    def __new__(cls, value):
        ...
class Block:
    def __init__(self, name: str, keys: collections.abc.Sequence[Key], rules: collections.abc.Sequence[Rule], cells: numpy.typing.NDArray[numpy.int64], bounds: numpy.typing.NDArray[numpy.uint64] | None, lengths: numpy.typing.NDArray[numpy.uint64] | None) -> None:
        ...
    @property
    def cells(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def keys(self) -> list[Key]:
        ...
    @property
    def n_rows(self) -> int:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def rules(self) -> list[Rule]:
        ...
    @property
    def samples(self) -> typing.Any:
        ...
class Counts:
    def to_bytes(self) -> bytes:
        ...
    @property
    def blocks(self) -> list[Block]:
        ...
    @property
    def labels(self) -> list:
        ...
def from_bytes(bytes: bytes) -> Counts:
    ...
def in_order(labels: collections.abc.Sequence[str], blocks: collections.abc.Sequence[Block]) -> Counts:
    ...
def merged(parts: collections.abc.Sequence[Counts]) -> Counts:
    ...
