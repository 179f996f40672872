"""What shares of the value and their bounds are made of, which adds up over parts of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import core_errors
from ...log.columns.number import NumberColumn
from ..counted.exact_sums import ExactSums, plain_numbers
from ..counted.fields import dense, key, key_of_group, nested, rows, sums, value
from ..scope.money import Amounts
from ..scope.scope import Scope
from ..scope.where import is_read_as_part, read_as_part
from .count import count_all
from .counts import FunnelCounts
from .kinds import Rule
from .outcome_money import cells_of_items
from .squares import exact_of_words, windows_of, words_of

Integers: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
_OF_BASE, _AS_FLOATS = -1, -1  # in the place of a stage, and of decimal places


@dataclass(frozen=True, eq=False)
class SquareRows:
    """Sums of the squares of amounts.

    Attributes
    ----------
    group, stage
        The group, and the stage that the items reached; -1: all items of the base.
    scale
        Decimal places by which the amounts are scaled up; -1: decimals as the floats that they are where
        another part has floats.
    words
        The sum, see :func:`words_of`.
    """

    group: Integers = key_of_group()
    stage: Integers = key()
    scale: Integers = key()
    words: Integers = value()


@dataclass(frozen=True, eq=False)
class GroupValue:
    """The amounts of the items of each group, whether they reached a stage or not.

    Attributes
    ----------
    total
        Their sums.
    n, missing
        Items with an amount, and without.
    largest
        The bits of the largest amount, or of 0; of floats that are not negative they have the same order.
    is_negative
        1 where an amount is below zero, so that a share of the value means nothing.
    """

    total: ExactSums = sums()
    n: Integers = dense()
    missing: Integers = dense()
    largest: Integers = dense("most")
    is_negative: Integers = dense("most")


@dataclass(frozen=True, eq=False)
class ReportValue(GroupValue):
    """The same of the whole report: groups that are read at the stages have no items of their own."""

    total: ExactSums = sums(by_group=False)
    n: Integers = dense(by_group=False)
    missing: Integers = dense(by_group=False)
    largest: Integers = dense("most", by_group=False)
    is_negative: Integers = dense("most", by_group=False)


@dataclass(frozen=True, eq=False)
class ValueCounted:
    """What shares of the value of one kind of funnel are made of.

    Attributes
    ----------
    squares
        Sums of squares of the amounts.
    of_groups, of_report
        The amounts that shares are of; one of the two.
    """

    squares: SquareRows = rows(SquareRows)
    of_groups: GroupValue | None = nested(GroupValue, default=None)
    of_report: ReportValue | None = nested(ReportValue, default=None)

    @classmethod
    def of(cls, scope: Scope, rules: Sequence[Rule]) -> dict[str, Self]:
        """Add up the amounts of a scope, which has one for each item, by kind."""
        numbers = scope.amounts.numbers
        assert numbers is not None  # the caller has amounts
        forms = [(numbers.scale, numbers)]
        if numbers.scale and is_read_as_part():
            forms.append((_AS_FLOATS, plain_numbers(numbers)))
        by_entry = scope.groups.each == "row"
        # Groups that are read at the stages have no bounds, and without these nobody needs the squares.
        squares = [(scale, windows_of(form.values)) for scale, form in forms if not by_entry]
        found = {}
        reached = [(scale, _squares_of_stages(scope, rules, windows)) for scale, windows in squares]
        for rule in rules:
            outcome, group = cells_of_items(scope, rule)
            cell = np.where(outcome < 0, -1, 0 if by_entry else group)
            n_cells = 1 if by_entry else scope.groups.n_groups
            of_base = [(scale, _squares_of_cells(windows, cell, n_cells)) for scale, windows in squares]
            base = _base_of(scope, cell, n_cells)
            parts = [_rows_of(words[rule.kind], scale) for scale, words in reached]
            parts += [_rows_of(words[:, np.newaxis], scale, first_stage=_OF_BASE) for scale, words in of_base]
            found[rule.kind] = cls(
                _joined(parts),
                None if by_entry else GroupValue(**base),
                ReportValue(**base) if by_entry else None,
            )
        return found

    @property
    def base(self) -> GroupValue:
        """The amounts that shares are of."""
        base = self.of_groups if self.of_report is None else self.of_report
        assert base is not None  # there is one of the two
        return base

    def sums_of_squares(self, n_groups: int, n_stages: int) -> tuple[Floats, Floats]:
        """Return the sums of squares of what reached each stage, and those of the base, each rounded once."""
        scale = self.base.total.scale
        # The base stands in the last column, which is that of the place -1.
        exact = np.full((n_groups, n_stages + 1), Fraction(0), dtype=object)
        rows_ = self.squares
        columns = (rows_.group, rows_.stage, rows_.scale, rows_.words)
        for group, stage, of_row, words in zip(*(column.tolist() for column in columns), strict=True):
            # Either all amounts are decimals of one scale, or all are floats.
            if of_row >= 0 if scale else of_row <= 0:
                exact[group, stage] += exact_of_words(words) / 100 ** max(of_row, 0)
        rounded = exact.astype(np.float64)
        return rounded[:, :n_stages], rounded[:, n_stages]


def _squares_of_stages(
    scope: Scope, rules: Sequence[Rule], windows: Sequence[Floats | None]
) -> dict[str, Integers]:
    """Add up the squares of the items that reached each stage, by kind, group and stage."""
    of_window: list[Mapping[str, FunnelCounts]] = []
    for window in windows:
        if window is None:
            of_window.append({})
            continue
        amounts = Amounts(NumberColumn(window), scope.amounts.each, column=scope.amounts.column)
        with read_as_part():
            of_window.append(count_all(replace(scope, amounts=amounts), rules))

    def words(kind: str) -> Integers:
        return words_of([counted[kind].sums if counted else None for counted in of_window])

    return {rule.kind: words(rule.kind) for rule in rules}


def _squares_of_cells(windows: Sequence[Floats | None], cell: Integers, n_cells: int) -> Integers:
    """Add up the squares of the items of each cell."""
    found: list[ExactSums | None] = []
    for window in windows:
        if window is None:
            found.append(None)
            continue
        with core_errors():
            one = _core.funnel.sums_of_cells(amount=window, cell=cell, n_cells=n_cells, scale=0)
        found.append(ExactSums(one.whole, one.fraction, 0))
    return words_of(found)


def _base_of(scope: Scope, cell: Integers, n_cells: int) -> dict[str, Any]:
    """Add up the amounts of the items of each cell."""
    numbers = scope.amounts.numbers
    assert numbers is not None  # the caller has amounts
    values = numbers.values

    def added_up(of: NumberColumn) -> tuple[ExactSums, Any]:
        with scope.amounts.errors():
            found = _core.funnel.sums_of_cells(amount=of.values, cell=cell, n_cells=n_cells, scale=of.scale)
        return ExactSums(found.whole, found.fraction, of.scale), found

    total, found = added_up(numbers)
    if is_read_as_part():
        plain = added_up(plain_numbers(numbers))[0] if numbers.scale else None
        total = total.of_part(numbers, plain, is_converted=scope.amounts.is_converted)
    counts = (cell >= 0) & ~np.isnan(values)
    largest, least = np.zeros(n_cells), np.zeros(n_cells)
    np.maximum.at(largest, cell[counts], values[counts])
    np.minimum.at(least, cell[counts], values[counts])
    return {
        "total": total,
        "n": found.present,
        "missing": found.missing,
        "largest": (largest / 10.0**numbers.scale).view(np.int64),
        "is_negative": (least < 0).astype(np.int64),
    }


def _rows_of(words: Integers, scale: int, first_stage: int = 0) -> SquareRows:
    """Make rows of the sums of each group and stage that are not zero."""
    group, stage = np.nonzero(words.any(axis=-1))
    return SquareRows(
        group.astype(np.int64),
        stage.astype(np.int64) + first_stage,
        np.full(len(group), scale, dtype=np.int64),
        words[group, stage],
    )


_NO_ROWS: Final = _rows_of(words_of([ExactSums.nothing(0, 0)] * 4), 0)


def _joined(parts: Sequence[SquareRows]) -> SquareRows:
    names = ("group", "stage", "scale", "words")
    return SquareRows(
        *(np.concatenate([getattr(part, name) for part in (_NO_ROWS, *parts)]) for name in names)
    )
