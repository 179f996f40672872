from __future__ import annotations
import collections.abc
import enum
import numpy
import numpy.typing
import stagefunnel._core.journeys
import stagefunnel._core.stages
import typing
__all__: list[str] = ['Counts', 'Exclusion', 'ExclusionEffect', 'Length', 'Matches', 'Mode', 'Options', 'PeriodAnswers', 'Step', 'StepTime', 'Stop', 'Timing', 'TouchAt', 'WindowFunnelMode', 'answers_by_period', 'best_matches', 'count_sequence', 'entry_matches', 'window_funnel']
class Mode(enum.Enum):
    first_entry: typing.ClassVar[Mode]
    hybrid: typing.ClassVar[Mode]
    increase: typing.ClassVar[Mode]
    open: typing.ClassVar[Mode]
    ordered: typing.ClassVar[Mode]
    strict: typing.ClassVar[Mode]
    unordered: typing.ClassVar[Mode]
    @classmethod
    def __new__(cls, value):
        ...
class Timing(enum.Enum):
    first_entry: typing.ClassVar[Timing]
    last_entry: typing.ClassVar[Timing]
    @classmethod
    def __new__(cls, value):
        ...
class ExclusionEffect(enum.Enum):
    drop: typing.ClassVar[ExclusionEffect]
    reset: typing.ClassVar[ExclusionEffect]
    stop: typing.ClassVar[ExclusionEffect]
    @classmethod
    def __new__(cls, value):
        ...
class Stop(enum.Enum):
    completed: typing.ClassVar[Stop]
    excluded: typing.ClassVar[Stop]
    gap: typing.ClassVar[Stop]
    immature: typing.ClassVar[Stop]
    interrupted: typing.ClassVar[Stop]
    left_out: typing.ClassVar[Stop]
    no_event: typing.ClassVar[Stop]
    window: typing.ClassVar[Stop]
    @classmethod
    def __new__(cls, value):
        ...
class Length:
    def __init__(self, start: numpy.typing.NDArray[numpy.int64], shift: numpy.typing.NDArray[numpy.int64], least: numpy.typing.NDArray[numpy.int64]) -> None:
        ...
class Step:
    def __init__(self, matches: numpy.typing.NDArray[numpy.uint8], min_gap: Length | None, max_gap: Length | None, optional: bool, first_time: bool) -> None:
        ...
class Exclusion:
    def __init__(self, matches: numpy.typing.NDArray[numpy.uint8], after: typing.SupportsInt | typing.SupportsIndex, before: typing.SupportsInt | typing.SupportsIndex, effect: ExclusionEffect) -> None:
        ...
class Options:
    def __init__(self, steps: collections.abc.Sequence[Step], mode: Mode, timing: Timing, window: Length | None, exclusions: collections.abc.Sequence[Exclusion], as_of: typing.SupportsInt | typing.SupportsIndex | None, observed_until: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Matches:
    @property
    def done(self) -> numpy.typing.NDArray[numpy.uint64]:
        ...
    @property
    def item(self) -> numpy.typing.NDArray[numpy.uint32]:
        ...
    @property
    def level(self) -> numpy.typing.NDArray[numpy.uint8]:
        ...
    @property
    def n_steps(self) -> int:
        ...
    @property
    def stop(self) -> numpy.typing.NDArray[numpy.uint8]:
        ...
    @property
    def time(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class StepTime:
    @property
    def count(self) -> int:
        ...
    @property
    def mean(self) -> tuple[int, int, int]:
        ...
    @property
    def quantiles(self) -> list[tuple[int, int, int]]:
        ...
class Counts:
    @property
    def dropped(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def excess(self) -> int:
        ...
    @property
    def from_first(self) -> list[StepTime]:
        ...
    @property
    def from_previous(self) -> list[StepTime]:
        ...
    @property
    def immature(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def items(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def left_out(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def reached(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class TouchAt(enum.Enum):
    first: typing.ClassVar[TouchAt]
    last: typing.ClassVar[TouchAt]
    @classmethod
    def __new__(cls, value):
        ...
class PeriodAnswers:
    @property
    def converted(self) -> numpy.typing.NDArray[numpy.uint8]:
        ...
    @property
    def item(self) -> numpy.typing.NDArray[numpy.uint32]:
        ...
    @property
    def mature(self) -> numpy.typing.NDArray[numpy.uint8]:
        ...
    @property
    def period(self) -> numpy.typing.NDArray[numpy.int32]:
        ...
    @property
    def time(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def touch(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class WindowFunnelMode(enum.Enum):
    allow_reentry: typing.ClassVar[WindowFunnelMode]
    strict_deduplication: typing.ClassVar[WindowFunnelMode]
    strict_increase: typing.ClassVar[WindowFunnelMode]
    strict_once: typing.ClassVar[WindowFunnelMode]
    strict_order: typing.ClassVar[WindowFunnelMode]
    @classmethod
    def __new__(cls, value):
        ...
def answers_by_period(journeys: stagefunnel._core.journeys.Journeys, options: Options, hold: numpy.typing.NDArray[numpy.int32] | None, bounds: numpy.typing.NDArray[numpy.int64], from_step: typing.SupportsInt | typing.SupportsIndex, to_step: typing.SupportsInt | typing.SupportsIndex, every_entry: bool, timed_step: typing.SupportsInt | typing.SupportsIndex, valued: numpy.typing.NDArray[numpy.uint8] | None, touch: TouchAt, threads: typing.SupportsInt | typing.SupportsIndex) -> PeriodAnswers:
    ...
def best_matches(journeys: stagefunnel._core.journeys.Journeys, options: Options, hold: numpy.typing.NDArray[numpy.int32] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> Matches:
    ...
def count_sequence(journeys: stagefunnel._core.journeys.Journeys, options: Options, hold: numpy.typing.NDArray[numpy.int32] | None, every_entry: bool, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, quantiles: collections.abc.Sequence[stagefunnel._core.stages.Quantile] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> Counts:
    ...
def entry_matches(journeys: stagefunnel._core.journeys.Journeys, options: Options, hold: numpy.typing.NDArray[numpy.int32] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> Matches:
    ...
def window_funnel(journeys: stagefunnel._core.journeys.Journeys, steps: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.uint8]], window: typing.SupportsInt | typing.SupportsIndex, modes: collections.abc.Sequence[WindowFunnelMode], as_of: typing.SupportsInt | typing.SupportsIndex | None, threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    ...
