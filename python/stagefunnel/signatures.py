"""Signatures that say what may be given: the values of an option in the place of the name of its type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Final, Literal, cast, get_args, get_origin

from .tables import options

_NAME: Final = re.compile(r"\b[A-Za-z]\w*\b")


class Written(str):
    """An annotation as people read it, which a signature shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def show_values(public: object) -> None:
    """Let the signatures of a public function, or of a class and its methods, show the values of options.

    Annotations stay what they are; only what ``help`` and :func:`inspect.signature` show is written anew.
    """
    for function in _functions_of(public):
        cast(Any, function).__signature__ = shown_signature(function)


def shown_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Write the values of options into a signature: ``Literal['visit', 'item']`` in the place of a name."""
    signature = inspect.signature(function)
    known = vars(options) | getattr(function, "__globals__", {})
    parameters = [
        parameter.replace(annotation=_written(parameter.annotation, known))
        for parameter in signature.parameters.values()
    ]
    returned = _written(signature.return_annotation, known)
    return signature.replace(parameters=parameters, return_annotation=returned)


def _functions_of(public: object) -> list[FunctionType]:
    if isinstance(public, FunctionType):
        return [public]
    if not isinstance(public, type):
        return []
    members = [getattr(member, "__func__", member) for member in vars(public).values()]
    return [member for member in members if isinstance(member, FunctionType)]


def _written(annotation: Any, known: Mapping[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation

    def values_of(name: re.Match[str]) -> str:
        named = known.get(name[0])
        if get_origin(named) is not Literal:
            return name[0]
        return f"Literal[{', '.join(map(repr, get_args(named)))}]"

    return Written(_NAME.sub(values_of, annotation))
