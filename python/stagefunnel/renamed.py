"""Arguments that have a new name: the old one still works, and says what the new one is."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from .errors import SchemaError, named

_Params = ParamSpec("_Params")
_Answer = TypeVar("_Answer")


def renamed(**names: str) -> Callable[[Callable[_Params, _Answer]], Callable[_Params, _Answer]]:
    """Let a function take arguments by their old names too, with a warning.

    Parameters
    ----------
    **names
        New name of each old one.

    Examples
    --------
    >>> @renamed(with_="against")
    ... def compare(*, against="previous"):
    ...     return against
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     compare(with_="last_year")
    'last_year'
    >>> print(caught[0].message)
    with_= of compare is now called against=
    """

    def of(function: Callable[_Params, _Answer]) -> Callable[_Params, _Answer]:
        @wraps(function)
        def call(*args: _Params.args, **options: _Params.kwargs) -> _Answer:
            for old in names.keys() & options.keys():
                new = names[old]
                if new in options:
                    raise SchemaError(named(old), " is the old name of ", named(new), "; give one of them")
                warnings.warn(
                    f"{old}= of {function.__name__} is now called {new}=", FutureWarning, stacklevel=3
                )
                options[new] = options.pop(old)
            return function(*args, **options)

        return call

    return of
