"""The options of a question about parts: read once, compared in all parts, and written with them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...errors import SchemaError, did_you_mean, named
from ...log.stage_log import StageLog
from ...times.lengths import length_of
from ...times.periods import Clock, moment_of, period_of
from ..counted.plain import text_of
from ..scope.breakdown import by_columns
from ..scope.conditions import conditions_of
from .question_kind import Mergeable

_LENGTHS: Final = ("within", "horizon")
_PLAIN: Final = (None, "apart", False)  # what an option is where it does not depend on the end of observation


def read_options(kind: Mergeable, options: Mapping[str, Any], log: StageLog) -> dict[str, Any]:
    """Return all options of a question, as given or by default.

    Raises
    ------
    SchemaError
        If the question has no such option, a part cannot have it, or the end of observation is not known.
    """
    known = kind.options
    complete = {**known, **options}
    refused = kind.refused(complete)
    if refused is not None:
        raise SchemaError(*refused)
    strangers = [name for name in options if name not in known]
    if strangers:
        hint = did_you_mean(strangers[0], list(known))
        raise SchemaError(
            f"{kind.name}() has no option {strangers[0]!r}{hint} (it has: {', '.join(known)})",
            option=strangers[0],
        )
    lacking = [name for name, value in complete.items() if value is inspect.Parameter.empty]
    if lacking:
        raise SchemaError(f"{kind.name}() needs ", named(lacking[0]), option=lacking[0])
    complete = kind.read(complete, options)
    depending = [name for name in kind.needs_end if complete.get(name) not in _PLAIN]
    if kind.depends is not None:
        depending = list(kind.depends(complete))
    needs_end: list[Any] = [f"{kind.name}()"] if kind.always_needs_end else list(map(named, depending))
    if needs_end and complete.get("as_of") is None and log._data.noted_end is None:
        raise SchemaError(
            needs_end[0],
            " depends on the end of observation, which no part knows by its own rows; pass ",
            named("as_of"),
            ", or make the log with ",
            named("observed_until"),
            option="as_of" if kind.always_needs_end else depending[0],
        )
    return complete


def known_option(name: str, value: Any, clock: Clock) -> Any:
    """Return an option so that two ways to write one thing are equal."""
    if name in ("period", "observed"):
        return period_of(value, clock)
    if value is None:
        return None
    if name == "as_of":
        return moment_of(value, clock, name)
    if name == "by":
        return tuple(by_columns(value))
    if name == "where":
        return tuple(sorted(conditions_of(value), key=repr))
    if name in _LENGTHS:
        return length_of(value, clock, name)
    return value


def are_equal(one: Any, other: Any) -> bool:
    """Whether two values of an option are the same."""
    try:
        if text_of(one) == text_of(other):
            return True
    except SchemaError:
        pass  # what has no plain form is compared as it is
    return bool(one == other)


def one_of(options: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Choose of two ways to write the same options one, whatever their order."""
    return {
        name: value if _order(value) <= _order(others[name]) else others[name]
        for name, value in options.items()
    }


def _order(value: Any) -> str:
    try:
        return text_of(value)
    except SchemaError:
        return repr(value)


def call(function: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """Call a function with those of the options that it names."""
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return function(*given, **options)
    names = {one.name for one in parameters}
    return function(*given, **{name: value for name, value in options.items() if name in names})
