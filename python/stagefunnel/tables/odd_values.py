"""Values that no option of any question takes: they are refused by the option's name, before they do harm."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from numbers import Integral
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

import numpy as np

from ..errors import SchemaError, given

_MOST_BITS: Final = 64
_MOST_DIGITS: Final = 400  # of a decimal: what a float has at most, and a little more
_MOST_LOOKED_AT: Final = 1_000
_OF_QUESTIONS: Final = "questions"  # its values are functions, and it looks at them itself
_NO_VALUES: Final = (FunctionType, BuiltinFunctionType, ModuleType)


def refuse_odd_values(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Refuse arguments that no option takes.

    Raises
    ------
    SchemaError
        For a whole number beyond 64 bits, a decimal beyond all floats, a missing moment of NumPy, an array
        without a dimension, and a function or a module inside a list or a mapping.

    Examples
    --------
    >>> from stagefunnel.tables.odd_values import refuse_odd_values
    >>> try:
    ...     refuse_odd_values(print, (), {"top": 10**30})
    ... except SchemaError as error:
    ...     print(error)
    top=1000000000000000000000000000000 is beyond 64 bits
    """
    for name, value in [*zip(_names(function), args, strict=False), *kwargs.items()]:
        problem = "" if name == _OF_QUESTIONS else _problem(value) or _problem_inside(value)
        if problem:
            raise SchemaError(given(name, value), problem, option=name)


@cache
def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _problem(value: Any) -> str:
    if value is None or isinstance(value, str | bool | float):
        return ""
    if isinstance(value, np.datetime64 | np.timedelta64):  # NumPy's lengths are integers too
        return " is missing (NaT)" if np.isnat(value) else ""
    if isinstance(value, Integral) and int(value).bit_length() > _MOST_BITS:
        return " is beyond 64 bits"
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS):
        return " is not a number that a float is near to"
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return " is an array without a dimension; give its value"
    return ""


def _problem_inside(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inside = [*value]
    else:
        return ""
    for one in inside[:_MOST_LOOKED_AT]:
        if isinstance(one, _NO_VALUES):
            return f" holds a {type(one).__name__}, which is not a value"
        problem = _problem(one)
        if problem:
            return f" holds a value that{problem}"
    return ""
