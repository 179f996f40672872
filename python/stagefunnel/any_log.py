"""Public questions take a log in partitions as they take any other log."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_T = TypeVar("_T")


def of_any_log(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a public function be asked of a log in partitions; it answers all other logs itself.

    The package calls the function itself, so that this happens where a caller asks and nowhere else.
    """

    @wraps(function)
    def asked(*args: _P.args, **options: _P.kwargs) -> _T:
        # Only the class of such a log says so, and a program without one does not load it.
        if not any(getattr(type(one), "is_partitioned", False) for one in (*args, *options.values())):
            return function(*args, **options)
        answer = import_module(".questions.parts.of_partitions", __package__).answer
        return cast(_T, answer(function, args, options))

    return asked
