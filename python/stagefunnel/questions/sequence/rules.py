"""The rules of a sequence: which there are, their defaults, and the checks that need no log."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, Final, TypeAlias, TypedDict, TypeVar, cast, get_args

import numpy as np

from ...errors import SchemaError, advised, check_option, counted, given, may_be_label, named, quoted
from ...naming import public
from ...tables.options import (
    EffectName,
    EntriesName,
    MissingStages,
    SequenceMode,
    TimingName,
    WindowFunnelMode,
)
from ...times.lengths import LengthLike, length_of
from ...times.periods import Clock
from .step import SEVERAL, StageLike, Step

GapsLike: TypeAlias = LengthLike | Mapping[int, LengthLike | None] | None

_MOST_STEPS: Final = 64
_MOST_CONDITIONS: Final = 32
# Steps without an order have nothing that could be skipped, and steps without a match have no gaps.
_LACKING: Final[Mapping[str, tuple[str, ...]]] = {
    "first_entry": ("entries",),
    "unordered": ("max_gap", "min_gap", "optional", "entries"),
    "hybrid": ("max_gap", "min_gap", "exclude", "optional", "entries"),
    "open": ("max_gap", "min_gap", "exclude", "optional", "hold", "entries"),
    "clickhouse": ("max_gap", "min_gap", "exclude", "optional", "first_time", "hold", "entries"),
}


@public
@dataclass(frozen=True)
class Exclusion:
    """A stage that must not come between two steps of a sequence.

    Parameters
    ----------
    stage
        Stage that is excluded, a list of such stages, or ``"*"`` for every row that no step of the match
        has. A :class:`Step` excludes only the rows of its event that fulfil its conditions.
    after, before
        Numbers of the two steps; by default the first step and the last one.
    effect
        ``"drop"`` leaves an item out of all counts, ``"stop"`` ends the match there, ``"reset"`` makes the
        match count for nothing.

    Notes
    -----
    With ``mode="unordered"`` steps are numbered in order of time. All exclusions lie between the same two
    steps, and every effect is ``"reset"``.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.Exclusion("refund", after=2)
    Exclusion(stage='refund', after=2, before=None, effect='drop')
    """

    stage: StageLike
    after: int = 1
    before: int | None = None
    effect: EffectName = "drop"


class SequenceRules(TypedDict, total=False):
    """The options that decide what a match is; :class:`stagefunnel.Steps` explains them."""

    window: LengthLike | None
    mode: SequenceMode
    modes: Collection[WindowFunnelMode] | None
    max_gap: GapsLike
    min_gap: GapsLike
    timing: TimingName
    exclude: Exclusion | Sequence[Exclusion] | None
    optional: Collection[int] | None
    first_time: Collection[int] | None
    hold: str | Sequence[str] | None
    entries: EntriesName
    missing: MissingStages


DEFAULTS: Final[SequenceRules] = {
    "window": None,
    "mode": "ordered",
    "modes": (),
    "max_gap": None,
    "min_gap": None,
    "timing": "last_entry",
    "exclude": (),
    "optional": (),
    "first_time": (),
    "hold": (),
    "entries": "best",
    "missing": "near",
}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def lists_rules(function: _Function) -> _Function:
    """List the rules with their defaults in a signature, in the place of ``**rules``."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    types = {
        name: getattr(hint, "__forward_arg__", hint) for name, hint in SequenceRules.__annotations__.items()
    }
    rules = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[name])
        for name, default in DEFAULTS.items()
    ]
    first_keyword = sum(parameter.kind is not inspect.Parameter.KEYWORD_ONLY for parameter in own)
    shown = [*own[:first_keyword], *rules, *own[first_keyword:]]
    cast(Any, function).__signature__ = signature.replace(parameters=shown)
    return function


def stages_of_step(stage: Any, where: str, option: str) -> Hashable:
    """Read one stage, or several as a tuple or a frozenset; a ``Step`` stays if it has conditions."""
    if not isinstance(stage, SEVERAL):
        several: tuple[Any, ...] = (stage,)
    elif not stage:
        raise SchemaError(f"{where} names no stage", option=option)
    else:
        several = tuple(stage)
    parts: list[Hashable] = []
    for part in several:
        if not isinstance(part, Hashable):
            raise SchemaError(
                f"{where}: {part!r} is not a stage; give a label, a list of labels or '*'", option=option
            )
        parts += part.labels if isinstance(part, Step) and not part.conditions else (part,)
    if len(parts) == 1 and not isinstance(stage, SEVERAL):
        return parts[0]
    return frozenset(parts) if isinstance(stage, set | frozenset) else tuple(parts)


def checked_rules(rules: SequenceRules, n_steps: int) -> dict[str, Any]:
    """Check all rules and put them in one form, in which equal rules compare as equal.

    Parameters
    ----------
    rules
        A value for each rule.
    n_steps
        Number of steps.

    Raises
    ------
    SchemaError
        If a rule is wrong for every log, or two rules do not go together.
    """
    # Where no value is an empty list, None is one, too.
    defaults = cast(Mapping[str, Any], DEFAULTS)
    empty = {name: () for name, value in rules.items() if value is None and defaults[name] == ()}
    rules = cast(SequenceRules, {**rules, **empty})
    mode = rules["mode"]
    check_option("mode", mode, get_args(SequenceMode))
    check_option("timing", rules["timing"], get_args(TimingName))
    check_option("entries", rules["entries"], get_args(EntriesName))
    check_option("missing", rules["missing"], get_args(MissingStages))
    _refuse_too_many(n_steps, mode)
    _refuse_rules_without_meaning(rules, mode)
    optional = _step_numbers(rules["optional"], n_steps, "optional")
    if 1 in optional:
        raise SchemaError(named("optional"), " has step 1, which opens the match and cannot be skipped")
    return {
        **rules,
        "modes": _window_funnel_modes(rules["modes"], mode),
        "window": _checked_window(rules["window"], mode),
        "max_gap": _checked_gaps(rules["max_gap"], n_steps, "max_gap"),
        "min_gap": _checked_gaps(rules["min_gap"], n_steps, "min_gap"),
        "exclude": _checked_exclusions(rules["exclude"], n_steps, mode),
        "optional": optional,
        "first_time": _step_numbers(rules["first_time"], n_steps, "first_time"),
        "hold": _columns(rules["hold"]),
    }


def _refuse_too_many(n_steps: int, mode: SequenceMode) -> None:
    most = _MOST_CONDITIONS if mode == "clickhouse" else _MOST_STEPS
    if n_steps > most:
        raise SchemaError(
            named("steps"),
            f" has {counted(n_steps, 'step')}; with ",
            given("mode", mode),
            f" there can be {most} at most",
        )


def _refuse_rules_without_meaning(rules: SequenceRules, mode: SequenceMode) -> None:
    for rule in _LACKING.get(mode, ()):
        value = cast(Mapping[str, Any], rules)[rule]
        is_left_out = value is None or _is_empty(value) or (rule == "entries" and value == "best")
        if not is_left_out:
            raise SchemaError(
                *(named(rule), " has no meaning with ", advised("mode", mode)),
                "; leave it out, or choose another mode",
            )


def _is_empty(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str) and not len(value)


def _window_funnel_modes(modes: Any, mode: SequenceMode) -> frozenset[str]:
    if isinstance(modes, str) or not isinstance(modes, Iterable):
        raise SchemaError(given("modes", modes), " is not a list of modes, such as ['strict_order']")
    listed = list(modes)
    if not all(map(may_be_label, listed)):
        raise SchemaError(given("modes", modes), " is not a list of modes, such as ['strict_order']")
    chosen = frozenset(listed)
    for one in sorted(chosen, key=str):
        check_option("modes", one, get_args(WindowFunnelMode))
    if chosen and mode != "clickhouse":
        raise SchemaError(
            *(named("modes"), " are the modes of windowFunnel, for ", advised("mode", "clickhouse")),
            *("; this is ", given("mode", mode)),
        )
    if "allow_reentry" in chosen and "strict_order" not in chosen:
        raise SchemaError(
            named("modes"), " has 'allow_reentry' without 'strict_order'; add 'strict_order' to it"
        )
    return chosen


def _checked_window(window: Any, mode: SequenceMode) -> Any:
    length = _checked_length(window, "window")
    if mode == "clickhouse" and not isinstance(length, int):
        raise SchemaError(
            *(given("window", window), ": ", advised("mode", "clickhouse")),
            ' needs a window of a fixed length, such as "7d"',
        )
    return window


def _checked_length(value: Any, option: str) -> Any:
    """Read a length in the unit that suits it: a log that has another one refuses it later."""
    is_timed = isinstance(value, str | datetime.timedelta | np.timedelta64)
    # Days are the longest unit of a log: a length that is too long for them is too long for any log.
    return length_of(value, Clock("D" if is_timed else None, None), option)


def _checked_gaps(gaps: Any, n_steps: int, option: str) -> Any:
    if not isinstance(gaps, Mapping):
        _checked_length(gaps, option)
        return gaps
    for number, gap in gaps.items():
        _check_step_number(number, n_steps, option)
        if number == 1:
            raise SchemaError(
                named(option),
                f" has step 1, before which there is no step; gaps belong to steps 2 to {n_steps}",
            )
        _checked_length(gap, option)
    return {int(number): gap for number, gap in gaps.items()}


def _step_numbers(numbers: Any, n_steps: int, option: str) -> frozenset[int]:
    if isinstance(numbers, str | Integral) or not isinstance(numbers, Iterable):
        raise SchemaError(given(option, numbers), " is not a set of step numbers, such as {2}")
    listed = list(numbers)
    for number in listed:
        _check_step_number(number, n_steps, option)
    return frozenset(map(int, listed))


def _check_step_number(number: Any, n_steps: int, option: str) -> None:
    if not is_step_number(number, n_steps):
        raise SchemaError(
            named(option), f" has {number!r}, which is not a step; steps are numbered from 1 to {n_steps}"
        )


def is_step_number(number: Any, n_steps: int) -> bool:
    """Return whether a value is the number of a step."""
    is_whole = isinstance(number, Integral) and not isinstance(number, bool)
    return is_whole and 1 <= int(number) <= n_steps


def _checked_exclusions(exclude: Any, n_steps: int, mode: SequenceMode) -> tuple[Exclusion, ...]:
    listed = [exclude] if isinstance(exclude, Exclusion) else exclude
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        listed = [exclude]
    checked = tuple(_checked_exclusion(one, n_steps) for one in listed)
    between = sorted({(one.after, n_steps if one.before is None else one.before) for one in checked})
    if mode == "unordered" and len(between) > 1:
        pairs = " and ".join(f"{after} and {before}" for after, before in between[:2])
        raise SchemaError(
            *(named("exclude"), f" lies between steps {pairs}; with ", advised("mode", "unordered")),
            " all exclusions lie between the same two",
        )
    return checked


def _checked_exclusion(exclusion: Any, n_steps: int) -> Exclusion:
    if not isinstance(exclusion, Exclusion):
        raise SchemaError(named("exclude"), f" has {exclusion!r}; give Exclusion(stage, after=1, before=2)")
    if exclusion.effect not in get_args(EffectName):
        raise SchemaError(
            named("exclude"),
            f" has {exclusion!r}: ",
            given("effect", exclusion.effect),
            f" is not one of {quoted(get_args(EffectName))}",
        )
    before = n_steps if exclusion.before is None else exclusion.before
    for name, number in (("after", exclusion.after), ("before", before)):
        if not is_step_number(number, n_steps):
            raise SchemaError(
                named("exclude"),
                f" has {exclusion!r}: ",
                given(name, number),
                f" is not a step; steps are numbered from 1 to {n_steps}",
            )
    if exclusion.after >= before:
        raise SchemaError(
            named("exclude"),
            f" has {exclusion!r}, which lies between no two steps: ",
            given("after", exclusion.after),
            f" does not come before step {before}",
        )
    return replace(
        exclusion, stage=stages_of_step(exclusion.stage, f"exclusion of {exclusion.stage!r}", "exclude")
    )


def _columns(hold: Any) -> tuple[str, ...]:
    names = (hold,) if isinstance(hold, str) else tuple(hold) if isinstance(hold, Iterable) else (None,)
    if not all(isinstance(name, str) for name in names):
        raise SchemaError(given("hold", hold), " is not a list of columns of the log")
    if len(set(names)) < len(names):
        raise SchemaError(named("hold"), f" names a column twice: {quoted(names)}")
    return names
