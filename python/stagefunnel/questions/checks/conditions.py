"""Conditions as text: a name, a comparison and a limit. They are read here, and never run as code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...errors import SchemaError, did_you_mean, named, quoted, written
from ...tables.schema import CHECKED_SHARES
from ...times.periods import Clock, moment_of

MOMENTS: Final = ("last_row",)
_COMPARES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_MEANT: Final = {"=": "==", "=>": ">=", "=<": "<=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!=", "===": "=="}
_CONDITION: Final = re.compile(r"\s*([^\W\d]\w*)\s*([<>=!≤≥≠]+)\s*(\S.*?)\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"([+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d+)?)\s*(%?)", re.ASCII)
_EXAMPLES: Final = '"unlisted_rows > 0" or "win_rate < 10%"'


@dataclass(frozen=True)
class Condition:
    """One condition.

    Attributes
    ----------
    text
        The condition as it was written.
    name
        What is compared.
    limit
        What it is compared with: a number, or the moment of ``last_row`` in ticks of the log's unit.
    """

    text: str
    name: str
    sign: str
    limit: float

    def is_met(self, value: float) -> bool:
        """Compare a value with the limit."""
        return bool(_COMPARES[self.sign](value, self.limit))


def read_conditions(conditions: str | Sequence[str], known: Sequence[str], clock: Clock) -> list[Condition]:
    """Read conditions.

    Parameters
    ----------
    conditions
        One text or several.
    known
        Names that a condition may be about.
    clock
        Unit and zone of the log, in which moments are read.

    Raises
    ------
    SchemaError
        If there is none, or one is not a name, a comparison and a limit that fits the name.
    """
    if not isinstance(conditions, Iterable):
        raise _refused(conditions, f"is not text; give one such as {_EXAMPLES}")
    texts = [conditions] if isinstance(conditions, str) else list(conditions)
    if not texts:
        raise SchemaError(named("fail_if"), f" is empty; give at least one, such as {_EXAMPLES}")
    return [_condition(text, known, clock) for text in texts]


def what_is_wrong(text: str, clocks: Iterable[Clock]) -> SchemaError | None:
    """Return what is wrong with a condition whatever the log is; ``None`` where only the log can tell."""
    found = _CONDITION.fullmatch(text)
    known = [] if found is None else [found[1]]
    if found is not None and found[1] not in CHECKED_SHARES:
        text = text.replace("%", "")  # what is none of the names is refused as that
    errors = []
    for clock in clocks:
        try:
            _condition(text, known, clock)
        except SchemaError as error:
            errors.append(error)
        else:
            return None
    return errors[0]


def _condition(text: Any, known: Sequence[str], clock: Clock) -> Condition:
    if not isinstance(text, str):
        raise _refused(text, f"is not text; give one such as {_EXAMPLES}")
    if re.search(r"(^|\s)(and|or|not)\s|&&|\|\|", text, re.IGNORECASE):
        raise _refused(text, "joins conditions; give each by itself, and any that is met fails")
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise _refused(text, f"is not a name, a comparison and a limit, such as {_EXAMPLES}")
    name, sign, limit = found.groups()
    if sign not in _COMPARES:
        meant = f"; did you mean {_MEANT[sign]!r}?" if sign in _MEANT else ""
        raise _refused(text, f"compares by {sign!r}; the comparisons are {quoted(_COMPARES)}{meant}")
    if name not in known:
        listed = quoted(known, most=len(known))
        nearest = did_you_mean(name, known)
        raise _refused(text, f"is about {written(name)}, which is not known{nearest}; the names are {listed}")
    return Condition(text.strip(), name, sign, _limit(text, name, limit, clock))


def _limit(text: str, name: str, limit: str, clock: Clock) -> float:
    if name in MOMENTS and clock.unit is not None:
        try:
            moment = moment_of(limit.strip("\"'"), clock, "fail_if")
        except SchemaError:
            moment = None
        if moment is None:
            raise _refused(text, f"compares a moment with {written(limit)}; write it as {name} < 2026-04-01")
        return moment
    found = _NUMBER.fullmatch(limit)
    if found is None:
        raise _refused(text, f"compares with {written(limit)}, which is not a number; write 1000, 0.1 or 10%")
    number, is_percent = float(found[1]), bool(found[2])
    if name not in CHECKED_SHARES:
        if is_percent:
            raise _refused(text, f"compares {name} with a percentage, and it is not a share; give a number")
        return number
    share = number / 100 if is_percent else number
    if not 0 <= share <= 1:
        raise _refused(text, f"compares a share with {limit}; a share is from 0 to 1, or from 0% to 100%")
    return share


def _refused(text: Any, problem: str) -> SchemaError:
    return SchemaError(f"the condition {written(text)} {problem}", option="fail_if")
