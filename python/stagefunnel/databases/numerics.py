"""Numerics of databases: keys as whole numbers where 64 bits hold every one, else as text of digits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1


class WideNumeric(Exception):
    """A column of keys has a numeric that is not a whole number of 64 bits, so that all of them become text.

    Attributes
    ----------
    column
        The column.
    """

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def digits(number: Decimal) -> str:
    """Write a numeric without an exponent, and without zeros that add nothing.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from stagefunnel.databases.numerics import digits
    >>> digits(Decimal("12.00")), digits(Decimal("1E+3")), digits(Decimal("0.50"))
    ('12', '1000', '0.5')
    """
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def keys_of_decimals(values: Sequence[Any], column: str, *, as_text: bool) -> list[Any]:
    """Make keys of decimals, among them ``None`` for missing ones.

    Raises
    ------
    WideNumeric
        If they are to be whole numbers, and one is not, or has more than 64 bits.
    """
    if as_text:
        return [None if value is None else digits(Decimal(value)) for value in values]
    keys: list[int | None] = []
    for value in values:
        if value is None:
            keys.append(None)
            continue
        number = Decimal(value)
        if not number.is_finite() or number != number.to_integral_value() or not _LEAST <= number <= _MOST:
            raise WideNumeric(column)
        keys.append(int(number))
    return keys
