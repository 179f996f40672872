from __future__ import annotations
import collections.abc
import enum
import numpy
import numpy.typing
import stagefunnel._core.journeys
import typing
__all__: list[str] = ['Basis', 'Marks', 'MovedOut', 'Pipeline', 'moved_items', 'select_journeys', 'with_departures', 'with_pauses', 'without_short_visits']
class Pipeline:
    @typing.overload
    def __init__(self, n_open: typing.SupportsInt | typing.SupportsIndex, n_won: typing.SupportsInt | typing.SupportsIndex, n_lost: typing.SupportsInt | typing.SupportsIndex, row_of_label: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    @typing.overload
    def __init__(self, n_open: typing.SupportsInt | typing.SupportsIndex, n_won: typing.SupportsInt | typing.SupportsIndex, n_lost: typing.SupportsInt | typing.SupportsIndex, row_of_label: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], optional: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], since: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], until: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    @property
    def n_open(self) -> int:
        ...
    @property
    def n_won(self) -> int:
        ...
    @property
    def optional(self) -> list[int]:
        ...
    @property
    def rows(self) -> list[int]:
        ...
    @property
    def since(self) -> list[int]:
        ...
    @property
    def until(self) -> list[int]:
        ...
class Marks:
    def __init__(self, whole: stagefunnel._core.journeys.Journeys, ended: numpy.typing.NDArray[numpy.int64] | None, start_unknown: numpy.typing.NDArray[numpy.uint8] | None, ended_before: typing.SupportsInt | typing.SupportsIndex | None, until: numpy.typing.NDArray[numpy.int64] | None, elsewhere: numpy.typing.NDArray[numpy.uint8]) -> None:
        ...
class Basis(enum.Enum):
    active: typing.ClassVar[Basis]
    closed: typing.ClassVar[Basis]
    created: typing.ClassVar[Basis]
    @classmethod
    def __new__(cls, value):
        ...
class MovedOut(enum.Enum):
    exclude: typing.ClassVar[MovedOut]
    include: typing.ClassVar[MovedOut]
    @classmethod
    def __new__(cls, value):
        ...
def moved_items(journeys: stagefunnel._core.journeys.Journeys, pipeline: Pipeline, elsewhere: numpy.typing.NDArray[numpy.uint8], threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    ...
def select_journeys(journeys: stagefunnel._core.journeys.Journeys, pipeline: Pipeline, basis: Basis, start: typing.SupportsInt | typing.SupportsIndex | None, end: typing.SupportsInt | typing.SupportsIndex | None, as_of: typing.SupportsInt | typing.SupportsIndex | None, elsewhere: numpy.typing.NDArray[numpy.uint8], moved_out: MovedOut, until: numpy.typing.NDArray[numpy.int64] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> stagefunnel._core.journeys.Journeys:
    ...
def with_departures(journeys: stagefunnel._core.journeys.Journeys, pipeline: Pipeline, elsewhere: numpy.typing.NDArray[numpy.uint8], threads: typing.SupportsInt | typing.SupportsIndex) -> stagefunnel._core.journeys.Journeys:
    ...
def with_pauses(journeys: stagefunnel._core.journeys.Journeys, pipeline: Pipeline, paused: numpy.typing.NDArray[numpy.uint8], threads: typing.SupportsInt | typing.SupportsIndex, marks: Marks | None) -> stagefunnel._core.journeys.Journeys:
    ...
def without_short_visits(journeys: stagefunnel._core.journeys.Journeys, pipeline: Pipeline, least: numpy.typing.NDArray[numpy.int64], threads: typing.SupportsInt | typing.SupportsIndex) -> tuple[stagefunnel._core.journeys.Journeys | None, list[int]]:
    ...
