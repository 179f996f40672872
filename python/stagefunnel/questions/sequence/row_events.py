"""Rows told apart by the conditions of steps: the stage of a row that fulfils them gets a code of its own.

Conditions are read once, before the core looks for matches: to the core a row that fulfils a condition is of
another stage than one that does not.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import Option, SchemaError, did_you_mean, named, quoted
from ...log.data import LogData
from ..scope.conditions import Flags, condition_option, flags_of, keeps_missing
from ..scope.item_rows import rows_per_item
from .step import Step

# One for each stage of a log that fills a step, else zero; places are the codes of the stages.
StageFlags: TypeAlias = npt.NDArray[np.uint8]
StageCodes: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

#: Logs with rows told apart that are kept for the next question, for each log; each holds all of its rows.
_MOST_KEPT: Final = 2
_MOST_CODES: Final = 65_535  # codes have 16 bits, and one stands for a missing stage


class ConditionOption(Option):
    """A condition of a step in the text of an error, which a command writes in brackets."""

    def __str__(self) -> str:
        return f"where={self.value}"


class AskedStep(NamedTuple):
    """A step with conditions.

    Attributes
    ----------
    step
        Its event and conditions.
    stages
        The stages of its event.
    place, option
        Place that errors name, and the option that is wrong then.
    """

    step: Step
    stages: StageFlags
    place: str
    option: str


@dataclass(frozen=True, eq=False)
class RowEvents:
    """A log whose rows are told apart by conditions.

    Attributes
    ----------
    data
        The inside of the log: a stage some of whose rows fulfil a condition has several codes.
    stage_of
        For each of its codes that of the stage in the log as it was; the last is that of a missing stage.
    fits
        For each step with conditions the codes of the rows that fill it.
    """

    data: LogData
    stage_of: npt.NDArray[np.int64]
    fits: tuple[StageFlags, ...]

    def spread(self, stages: StageFlags) -> StageFlags:
        """Mark the codes of some stages, whatever conditions their rows fulfil."""
        found: StageFlags = stages[self.stage_of[:-1]]
        return found


# Weak, and no value holds the log that is its key: what is kept lives as long as its log.
_kept: WeakKeyDictionary[LogData, dict[Hashable, RowEvents]] = WeakKeyDictionary()


def row_events(data: LogData, asked: Sequence[AskedStep], *, is_part: bool) -> RowEvents:
    """Tell the rows of a log apart by the conditions of some steps.

    Parameters
    ----------
    data
        The inside of the log.
    asked
        Steps with conditions.
    is_part
        Whether the log is some items of one that was judged as a whole, so that a value that it lacks is no
        slip of the pen.

    Raises
    ------
    SchemaError
        If the log does not keep a column, or a condition makes no sense for its values.
    """
    key = _key_of(asked, is_part=is_part)
    kept = _kept.setdefault(data, {})
    if key is not None and key in kept:
        return kept[key]
    found = _tell_apart(data, asked, is_part=is_part)
    if key is not None:
        while len(kept) >= _MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = found
    return found


def _key_of(asked: Sequence[AskedStep], *, is_part: bool) -> Hashable | None:
    keys = [(one.step.key, one.stages.tobytes()) for one in asked]
    return None if any(key is None for key, _ in keys) else (is_part, *keys)


def _tell_apart(data: LogData, asked: Sequence[AskedStep], *, is_part: bool) -> RowEvents:
    stages = _core.journeys.parts_of(data.journeys)["stage"]
    n_labels = len(data.labels)
    # While codes are added, they come after that of a missing stage, which comes last in the end.
    stage_of = list(range(n_labels + 1))
    rows_of = [*data.label_rows.tolist(), 0]
    fitting: list[set[int]] = []
    codes = stages
    for number, one in enumerate(asked):
        is_of_event = np.append(one.stages, np.uint8(0)).astype(bool)[stage_of]
        rows = np.flatnonzero(is_of_event[codes])
        hit = rows[_fulfil(data, one, rows, is_part=is_part)]
        hits = np.bincount(codes[hit], minlength=len(stage_of))
        fitting.append(set())
        new_code = np.arange(len(stage_of))
        for code in np.flatnonzero(hits).tolist():
            if hits[code] == rows_of[code]:
                fitting[number].add(code)
                continue
            new_code[code] = own = len(stage_of)
            stage_of.append(stage_of[code])
            rows_of.append(int(hits[code]))
            rows_of[code] -= int(hits[code])
            for earlier in fitting[:number]:
                earlier |= {own} if code in earlier else set()
            fitting[number].add(own)
        if len(stage_of) > len(new_code):
            codes = _wide_enough(codes, len(stage_of), one, is_own=codes is not stages)
            codes[hit] = new_code[codes[hit]]
    return _as_log(data, codes, stage_of, rows_of, fitting)


def _wide_enough(codes: StageCodes, n_codes: int, one: AskedStep, *, is_own: bool) -> StageCodes:
    """Return codes that hold so many values, and are not those of the log, which nobody may write into."""
    if n_codes > _MOST_CODES:
        raise SchemaError(
            f"{one.place}: the conditions of the steps tell more than {_MOST_CODES:,} kinds of rows apart; "
            "ask for fewer steps at once",
            option=one.option,
        )
    is_narrow = codes.dtype == np.uint8 and n_codes > np.iinfo(np.uint8).max + 1
    if is_narrow:
        return codes.astype(np.uint16)
    return codes if is_own else codes.copy()


def _as_log(
    data: LogData,
    codes: StageCodes,
    stage_of: Sequence[int],
    rows_of: Sequence[int],
    fitting: Sequence[set[int]],
) -> RowEvents:
    n_labels, n_codes = len(data.labels), len(stage_of)
    in_order = [*range(n_labels), *range(n_labels + 1, n_codes), n_labels]
    place_of = np.empty(n_codes, dtype=np.int64)
    place_of[in_order] = np.arange(n_codes)
    fits = tuple(np.zeros(n_codes - 1, dtype=np.uint8) for _ in fitting)
    for flags, found in zip(fits, fitting, strict=True):
        flags[place_of[sorted(found)]] = 1
    if n_codes == n_labels + 1:  # no stage has rows of two kinds
        return RowEvents(data, np.arange(n_codes), fits)
    final: Any = place_of.astype(codes.dtype)[codes]
    own = np.array(stage_of, dtype=np.int64)[in_order]
    told_apart = replace(
        data,
        journeys=_core.journeys.with_stages(data.journeys, final, n_codes - 1),
        labels=[data.labels[stage] for stage in own[:-1].tolist()],
        label_rows=np.array(rows_of, dtype=np.int64)[in_order[:-1]],
        label_first_row=data.label_first_row[own[:-1]],
    )
    return RowEvents(told_apart, own, fits)


def _fulfil(data: LogData, one: AskedStep, rows: npt.NDArray[np.int64], *, is_part: bool) -> Flags:
    """Find the rows, among some rows of the journeys, that fulfil all conditions of a step."""
    fulfilled = np.ones(len(rows), dtype=bool)
    for column, condition in one.step.conditions:
        try:
            fulfilled &= _fulfil_one(data, column, condition, rows, is_part=is_part)
        except SchemaError as error:
            parts = [
                ConditionOption("step_condition", part.value, part.plain)
                if isinstance(part, Option) and part.name == "where"
                else part
                for part in error.parts
            ]
            raise SchemaError(f"{one.place}: ", *parts, option=one.option) from error
    return fulfilled


def _fulfil_one(
    data: LogData, column: Any, condition: Any, rows: npt.NDArray[np.int64], *, is_part: bool
) -> Flags:
    columns, table = data.columns, data.items_table
    in_table = table is not None and column in table
    if columns is not None and column in columns:
        if in_table:
            raise SchemaError(
                condition_option(column, condition),
                f": {column!r} is a column of the items table and one of the log; rename one of them",
            )
        category = columns.held_as_codes(column)
        if category is None:
            values = columns.values_at(column, rows)
            return flags_of(values, column, condition, is_part=is_part, of="row")
        # The last place, which the code -1 reads, is that of a missing value.
        of_value = flags_of(category.values, column, condition, is_part=is_part, of="row")
        return np.append(of_value, keeps_missing(condition))[category.code[rows]]
    if table is None or not in_table:
        raise _no_column(data, column, condition)
    values, item_rows = table.series(column, "where")
    of_row = flags_of(values, column, condition, is_part=is_part)
    of_item = np.append(of_row, keeps_missing(condition))[item_rows]
    return np.repeat(of_item, rows_per_item(data.journeys))[rows]


def _no_column(data: LogData, column: Any, condition: Any) -> SchemaError:
    kept = [] if data.columns is None else data.columns.names
    of_items = [] if data.items_table is None else list(data.items_table.frame.columns)
    where = f"keeps of its rows; it keeps: {quoted(kept) or 'none'}"
    if of_items:
        where += f"; its items table has: {quoted(of_items)}"
    return SchemaError(
        condition_option(column, condition),
        f": {column!r} is not a column that the log {where}; name it in ",
        *(named("columns"), f" of StageLog{did_you_mean(column, [*kept, *of_items])}"),
    )
