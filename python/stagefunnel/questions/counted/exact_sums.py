"""Sums of amounts that are exact, so that sums of several parts add up to that of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, core_errors
from ...log.columns.number import NumberColumn

Integers: TypeAlias = npt.NDArray[np.int64]
_S = TypeVar("_S", bound="ExactSums")
# Sums of halves of a fraction go beyond no word.
_HALF, _HALF_BITS = np.uint64(2**32 - 1), np.uint64(32)
_EXACT: Final = 2**53  # whole numbers up to here are doubles


@dataclass(frozen=True, eq=False)
class ExactSums:
    """Sums of amounts in fixed point, not yet rounded.

    Attributes
    ----------
    whole, fraction
        The two parts of each sum: a whole number, and a fraction of 64 bits above it. Arrays of one shape.
    scale
        Decimal places by which the amounts are scaled up.
    most
        The largest amount of the column, without its sign, as it is scaled up.
    is_float
        Whether the amounts are floats: they have fractions, or are products with rates.
    plain
        The same sums of amounts that are not scaled up; ``None`` where these are the sums themselves.
    """

    whole: Integers
    fraction: npt.NDArray[np.uint64]
    scale: int
    most: int = 0
    is_float: bool = False
    plain: ExactSums | None = None

    @classmethod
    def nothing(cls, *shape: int) -> Self:
        """Return sums of no amounts."""
        return cls(np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.uint64), 0)

    def of_part(self, numbers: NumberColumn, plain: Self | None, *, is_converted: bool = False) -> Self:
        """Say what is known of the amounts of a part of a log, of which others may have more decimal places.

        `plain` are the sums of the :func:`plain_numbers`, where the amounts are scaled up.
        """
        present = numbers.values[~np.isnan(numbers.values)]
        is_float = is_converted or (numbers.scale == 0 and bool((present % 1 != 0).any()))
        return replace(self, most=int(np.abs(present).max(initial=0.0)), is_float=is_float, plain=plain)

    def at_places(self, places: npt.NDArray[np.integer[Any]]) -> Self:
        """Take the sums at some places of the first axis."""
        plain = None if self.plain is None else self.plain.at_places(places)
        return replace(self, whole=self.whole[places], fraction=self.fraction[places], plain=plain)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the arrays."""
        return self.whole.shape

    def reshape(self, *shape: int) -> Self:
        """Return the same sums in another shape."""
        plain = None if self.plain is None else self.plain.reshape(*shape)
        return replace(
            self, whole=self.whole.reshape(shape), fraction=self.fraction.reshape(shape), plain=plain
        )

    def rounded(self) -> npt.NDArray[np.float64]:
        """Round each sum to a float, once."""
        with core_errors():
            found = _core.funnel.rounded(
                whole=np.ascontiguousarray(self.whole.reshape(-1)),
                fraction=np.ascontiguousarray(self.fraction.reshape(-1)),
                scale=self.scale,
            )
        rounded: npt.NDArray[np.float64] = found.reshape(self.shape)
        return rounded

    def to(self, code: npt.NDArray[np.integer[Any]], n: int) -> Self:
        """Add up the sums along the first axis, each where its place went."""
        if len(code) == n and (code == np.arange(n)).all():
            return self
        plain = None if self.plain is None else self.plain.to(code, n)
        halves = (self.fraction & _HALF, self.fraction >> _HALF_BITS)
        low, high, whole = (np.zeros((n, *self.shape[1:]), dtype=np.int64) for _ in range(3))
        for total, values in zip((low, high, whole), (*halves, self.whole), strict=True):
            np.add.at(total, code, values.astype(np.int64))
        high += low >> _HALF_BITS.astype(np.int64)
        whole += high >> _HALF_BITS.astype(np.int64)
        fraction = (high.astype(np.uint64) & _HALF) << _HALF_BITS | low.astype(np.uint64) & _HALF
        return replace(self, whole=whole, fraction=fraction, plain=plain)

    @classmethod
    def total(cls, parts: Sequence[Self]) -> Self:
        """Add up sums of one shape and scale."""
        if len(parts) == 1:
            return parts[0]
        total = sum((numbers_of(part) for part in parts[1:]), start=numbers_of(parts[0]))
        return of_numbers(parts[0], total)

    def running(self) -> Self:
        """Add up the sums along the first axis, each with all before it."""
        made: Self = replace(of_numbers(self, np.cumsum(numbers_of(self), axis=0)), plain=None)
        return made

    def at(self, scale: int) -> Self:
        """Scale the sums up to more decimal places.

        Raises
        ------
        SchemaError
            If they become too large.
        """
        if scale == self.scale:
            return self
        return replace(of_numbers(self, numbers_of(self) * 10 ** (scale - self.scale)), scale=scale)


def plain_numbers(numbers: NumberColumn) -> NumberColumn:
    """Return amounts as the floats that they are where a column has no scale."""
    return NumberColumn(numbers.values / 10.0**numbers.scale)


def settled_scale(parts: Sequence[ExactSums], *, are_floats: bool) -> int | None:
    """Return the decimal places of all parts together; ``None``: their amounts are floats.

    The amounts of one log are whole numbers of one decimal place where all of them are decimals that a float
    holds as such; else all are floats. `are_floats` says that those of a part are.
    """
    scale = max((part.scale for part in parts), default=0)
    if scale == 0:
        return 0
    if are_floats or any(part.most * 10 ** (scale - part.scale) > _EXACT for part in parts):
        return None
    return scale


def numbers_of(sums: ExactSums) -> npt.NDArray[Any]:
    """Return the sums as integers of Python, in units of 2^-64."""
    numbers: npt.NDArray[Any] = (sums.whole.astype(object) << 64) + sums.fraction.astype(object)
    return numbers


def of_numbers(sums: _S, numbers: npt.NDArray[Any]) -> _S:
    """Return sums of other numbers, in units of 2^-64.

    Raises
    ------
    SchemaError
        If one is too large.
    """
    flat = numbers.reshape(-1).tolist()
    if any(not -(2**126) <= number < 2**126 for number in flat):
        raise SchemaError(f"amounts are infinite or add up beyond 4.6e{18 - sums.scale}")
    whole = np.array([number >> 64 for number in flat], dtype=np.int64).reshape(numbers.shape)
    fraction = np.array([number & (2**64 - 1) for number in flat], dtype=np.uint64).reshape(numbers.shape)
    return replace(sums, whole=whole, fraction=fraction)
