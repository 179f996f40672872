from __future__ import annotations
import collections.abc
import enum
import numpy
import numpy.typing
import stagefunnel._core.journeys
import stagefunnel._core.scan
import typing
__all__: list[str] = ['ByKey', 'CellSums', 'Counts', 'ItemOutcome', 'ItemStates', 'Kind', 'LostThenWon', 'OriginCounts', 'RowAt', 'Standing', 'UnitCounts', 'UnitFacts', 'UnitWords', 'count_entries', 'count_funnel', 'count_funnels', 'count_origin', 'count_trend', 'count_unit_trend', 'count_united', 'count_units', 'count_units_in_place', 'facts_of_units', 'find_states', 'find_states_of_chosen', 'find_states_of_items', 'items_of_units', 'outcomes_of_items', 'periods_of_items', 'rounded', 'rows_of_items', 'states_of_chosen', 'sums_of_cells', 'unite_items', 'values_of_rows']
class Kind(enum.Enum):
    classic: typing.ClassVar[Kind]
    conversions_moves: typing.ClassVar[Kind]
    conversions_won: typing.ClassVar[Kind]
    furthest: typing.ClassVar[Kind]
    strict: typing.ClassVar[Kind]
    @classmethod
    def __new__(cls, value):
        ...
class LostThenWon(enum.Enum):
    exclude: typing.ClassVar[LostThenWon]
    exclude_reopened: typing.ClassVar[LostThenWon]
    include: typing.ClassVar[LostThenWon]
    @classmethod
    def __new__(cls, value):
        ...
class Counts:
    def rounded_sums(self, groups: numpy.typing.NDArray[numpy.int64], joined: numpy.typing.NDArray[numpy.int64], scale: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def amount_missing(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def assumed(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def began_beyond(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def beyond(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def beyond_absent(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def fraction(self) -> numpy.typing.NDArray[numpy.uint64]:
        ...
    @property
    def has_amounts(self) -> bool:
        ...
    @property
    def left_out(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def lost(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def lost_from(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def open(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def open_at(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def passed(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def reopened_won(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def skipped(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def visited(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def whole(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def won(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class ItemStates:
    @property
    def has_items(self) -> bool:
        ...
class RowAt(enum.Enum):
    first: typing.ClassVar[RowAt]
    last: typing.ClassVar[RowAt]
    @classmethod
    def __new__(cls, value):
        ...
class OriginCounts:
    @property
    def converted(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def deals(self) -> Counts:
        ...
    @property
    def is_counted(self) -> numpy.typing.NDArray[numpy.uint8]:
        ...
    @property
    def moved_out(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class ItemOutcome(enum.Enum):
    left_out: typing.ClassVar[ItemOutcome]
    lost: typing.ClassVar[ItemOutcome]
    none: typing.ClassVar[ItemOutcome]
    open: typing.ClassVar[ItemOutcome]
    won: typing.ClassVar[ItemOutcome]
    @classmethod
    def __new__(cls, value):
        ...
class CellSums:
    @property
    def fraction(self) -> numpy.typing.NDArray[numpy.uint64]:
        ...
    @property
    def missing(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def present(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def sum(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def whole(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class Standing(enum.Enum):
    lost: typing.ClassVar[Standing]
    moved_out: typing.ClassVar[Standing]
    none: typing.ClassVar[Standing]
    open: typing.ClassVar[Standing]
    won: typing.ClassVar[Standing]
    @classmethod
    def __new__(cls, value):
        ...
class ByKey:
    pass
class UnitFacts:
    @property
    def deciding_item(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def first_item(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def first_time(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def gone_at(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
    @property
    def standing(self) -> numpy.typing.NDArray[numpy.uint8]:
        ...
class UnitCounts:
    @property
    def counts(self) -> Counts:
        ...
    @property
    def moved_out(self) -> numpy.typing.NDArray[numpy.int64]:
        ...
class UnitWords:
    pass
def count_entries(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, whole: stagefunnel._core.journeys.Journeys, group: numpy.typing.NDArray[numpy.int32], n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> Counts:
    ...
def count_funnel(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> Counts:
    ...
def count_funnels(pipeline: stagefunnel._core.scan.Pipeline, kinds: collections.abc.Sequence[tuple[Kind, LostThenWon]], group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, threads: typing.SupportsInt | typing.SupportsIndex, item_states: ItemStates) -> list[Counts]:
    ...
def count_origin(leads: stagefunnel._core.journeys.Journeys, lead_pipeline: stagefunnel._core.scan.Pipeline, deals: stagefunnel._core.journeys.Journeys, deal_pipeline: stagefunnel._core.scan.Pipeline, moved_deals: numpy.typing.NDArray[numpy.uint8] | None, lead: numpy.typing.NDArray[numpy.uint32], deal: numpy.typing.NDArray[numpy.uint32], kind: Kind, lost_then_won: LostThenWon, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, threads: typing.SupportsInt | typing.SupportsIndex) -> OriginCounts:
    ...
def count_trend(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, bounds: numpy.typing.NDArray[numpy.int64], as_of: typing.SupportsInt | typing.SupportsIndex | None, elsewhere: numpy.typing.NDArray[numpy.uint8], moved_out: stagefunnel._core.scan.MovedOut, threads: typing.SupportsInt | typing.SupportsIndex) -> Counts:
    ...
def count_unit_trend(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, items: ByKey, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, bounds: numpy.typing.NDArray[numpy.int64], as_of: typing.SupportsInt | typing.SupportsIndex | None, elsewhere: numpy.typing.NDArray[numpy.uint8], moved_out: stagefunnel._core.scan.MovedOut, threads: typing.SupportsInt | typing.SupportsIndex) -> UnitCounts:
    ...
def count_united(pipeline: stagefunnel._core.scan.Pipeline, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, units: UnitWords, threads: typing.SupportsInt | typing.SupportsIndex) -> UnitCounts:
    ...
def count_units(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, items: ByKey, in_report: numpy.typing.NDArray[numpy.uint8] | None, moved: numpy.typing.NDArray[numpy.uint8] | None, group: numpy.typing.NDArray[numpy.int32] | None, n_groups: typing.SupportsInt | typing.SupportsIndex, amount: numpy.typing.NDArray[numpy.float64] | None, threads: typing.SupportsInt | typing.SupportsIndex, item_states: ItemStates | None) -> UnitCounts:
    ...
def count_units_in_place(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, unit_of_item: numpy.typing.NDArray[numpy.uint32], n_units: typing.SupportsInt | typing.SupportsIndex, in_report: numpy.typing.NDArray[numpy.uint8] | None, item_states: ItemStates, threads: typing.SupportsInt | typing.SupportsIndex) -> UnitCounts:
    ...
def facts_of_units(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, elsewhere: numpy.typing.NDArray[numpy.uint8], lost_then_won: LostThenWon, items: ByKey, threads: typing.SupportsInt | typing.SupportsIndex) -> UnitFacts:
    ...
def find_states(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, threads: typing.SupportsInt | typing.SupportsIndex) -> ItemStates | None:
    ...
def find_states_of_chosen(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, items: numpy.typing.NDArray[numpy.uint32], threads: typing.SupportsInt | typing.SupportsIndex) -> ItemStates | None:
    ...
def find_states_of_items(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, threads: typing.SupportsInt | typing.SupportsIndex) -> ItemStates | None:
    ...
def items_of_units(unit_of_item: numpy.typing.NDArray[numpy.uint32], n_units: typing.SupportsInt | typing.SupportsIndex) -> ByKey:
    ...
def outcomes_of_items(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, lost_then_won: LostThenWon, threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    ...
def periods_of_items(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, basis: stagefunnel._core.scan.Basis, bounds: numpy.typing.NDArray[numpy.int64], threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int32]:
    ...
def rounded(whole: numpy.typing.NDArray[numpy.int64], fraction: numpy.typing.NDArray[numpy.uint64], scale: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
    ...
def rows_of_items(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, whole: stagefunnel._core.journeys.Journeys, at: RowAt, threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int64]:
    ...
def states_of_chosen(all: ItemStates, items: numpy.typing.NDArray[numpy.uint32], threads: typing.SupportsInt | typing.SupportsIndex) -> ItemStates:
    ...
def sums_of_cells(amount: numpy.typing.NDArray[numpy.float64], cell: numpy.typing.NDArray[numpy.int64], n_cells: typing.SupportsInt | typing.SupportsIndex, scale: typing.SupportsInt | typing.SupportsIndex) -> CellSums:
    ...
def unite_items(journeys: stagefunnel._core.journeys.Journeys, pipeline: stagefunnel._core.scan.Pipeline, kind: Kind, lost_then_won: LostThenWon, items: ByKey, in_report: numpy.typing.NDArray[numpy.uint8] | None, item_states: ItemStates, threads: typing.SupportsInt | typing.SupportsIndex) -> UnitWords:
    ...
@typing.overload
def values_of_rows(column: numpy.typing.NDArray[numpy.int32], rows: numpy.typing.NDArray[numpy.uint32], threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int32]:
    ...
@typing.overload
def values_of_rows(column: numpy.typing.NDArray[numpy.int64], rows: numpy.typing.NDArray[numpy.uint32], threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int64]:
    ...
@typing.overload
def values_of_rows(column: numpy.typing.NDArray[numpy.uint8], rows: numpy.typing.NDArray[numpy.uint32], threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.uint8]:
    ...
@typing.overload
def values_of_rows(column: numpy.typing.NDArray[numpy.float64], rows: numpy.typing.NDArray[numpy.uint32], threads: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
    ...
