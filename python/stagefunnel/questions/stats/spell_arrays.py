"""Reads the plain arrays of a question as spells, and says what is wrong in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named
from ...times.lengths import Months, exact_length
from ...times.periods import Clock
from .spell_cells import SpellCells, counted_spells
from .spell_labels import Labelled, cause_labels, event_flags, labelled
from .spell_times import read_times, refuse_far
from .spells import FROM_START, Scale, Spells, Ticks, Wanted

_NS: Final = "timedelta64[ns]"
_FAR: Final = 2.0**62


def read_spells(
    time: Any, event: Any, entry: Any, group: Any, *, one_event: bool = False
) -> Spells | SpellCells:
    """Read the arrays of a question.

    `one_event`: events are yes or no, not labels.

    Raises
    ------
    SchemaError
        If they differ in length, a time is missing, negative, or not a number or a length, or a spell is over
        before it began.
    """
    times = read_times("time", time)
    starts = None if entry is None else read_times("entry", entry)
    scale = _scale_of(times, starts)
    causes = event_flags(event) if one_event else cause_labels(event)
    groups = None if group is None else labelled(group, "group")
    columns = (
        ("event", causes.codes),
        ("entry", starts),
        ("group", None if groups is None else groups.codes),
    )
    for option, column in columns:
        if column is not None and len(column) != len(times):
            raise SchemaError(
                named(option),
                f" has {len(column):,} values and ",
                named("time"),
                f" has {len(times):,}; give as many",
            )

    def listed(scale: Scale) -> Spells:
        return _listed(scale, times, starts, causes, groups)

    return counted_spells(scale, times, starts, causes, groups, listed) or listed(scale)


def _listed(
    scale: Scale,
    times: npt.NDArray[Any],
    starts: npt.NDArray[Any] | None,
    causes: Labelled,
    groups: Labelled | None,
) -> Spells:
    """List spells whose times are copied first: the core reads them twice, and somebody may write there."""
    times = times.copy()
    starts = None if starts is None else starts.copy()
    _refuse_missing("time", times)
    refuse_far("time", times)
    _refuse_negative(times)
    if starts is not None:
        refuse_far("entry", starts)
    ended = causes.used()
    exits = scale.ticks(times)
    entries = _entries(scale, starts, times, exits)
    if groups is None:
        return Spells(scale, exits, ended.codes, entries, ended.labels, None, None)
    own = groups.used()
    codes, labels = own.codes, own.labels
    if (codes < 0).any():
        labels = own.with_missing
        codes = np.where(codes < 0, np.int32(len(labels) - 1), codes)
    return Spells(scale, exits, ended.codes, entries, ended.labels, codes, labels)


def wanted_times(spells: Spells | SpellCells, times: Any, option: str = "times") -> Wanted:
    """Read the times at which a curve is wanted; they are sorted, and each stands once."""
    wanted = np.unique(read_times(option, _lengths_of_texts(option, times)))
    _refuse_missing(option, wanted)
    refuse_far(option, wanted)
    if wanted.dtype.kind == "f":
        wanted = wanted.astype(np.float64) + 0.0  # without a minus before 0
    if (wanted.dtype.kind == "m") != (spells.scale.kind == "timedelta"):
        raise SchemaError(
            named(option),
            " and ",
            named("time"),
            " are not of one kind; give lengths of time in both, or numbers",
        )
    if spells.scale.kind in ("real", "timedelta") or wanted.dtype.kind in "iu":
        ticks = spells.scale.ticks(wanted)
        return Wanted(wanted.astype(_NS) if spells.scale.kind == "timedelta" else wanted, ticks, ticks)
    # A time that is beyond all that whole numbers are is as far beyond the last spell as the largest of them.
    whole = np.clip(wanted, -_FAR, _FAR)
    return Wanted(wanted, np.floor(whole).astype(np.int64), np.ceil(whole).astype(np.int64))


def _lengths_of_texts(option: str, values: Any) -> Any:
    """Read what people write for a length of time, such as "36h"; leave other values as they are."""
    is_list = isinstance(values, Iterable) and not isinstance(values, str) and getattr(values, "ndim", 1) == 1
    if not is_list or not any(isinstance(one, str) for one in values):
        return values
    lengths = [exact_length(value, Clock("ns", None), option) for value in values]
    for value, length in zip(values, lengths, strict=True):
        if isinstance(length, Months):
            raise SchemaError(given(option, value), " is not the same length everywhere; give days")
    return np.array([int(length * 10**9) for length in lengths if not isinstance(length, Months)], dtype=_NS)


def _scale_of(times: npt.NDArray[Any], starts: npt.NDArray[Any] | None) -> Scale:
    columns = [times] if starts is None or not len(starts) else [times, starts]
    are_lengths = {column.dtype.kind == "m" for column in columns}
    if len(are_lengths) > 1:
        raise SchemaError(
            named("time"),
            " and ",
            named("entry"),
            " are not of one kind; give lengths of time in both, or numbers",
        )
    if are_lengths == {True}:
        return Scale("timedelta")
    return Scale("integer" if all(column.dtype.kind in "iu" for column in columns) else "real")


def _is_missing(times: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if times.dtype.kind == "f":
        return np.asarray(np.isnan(times))
    return np.asarray(np.isnat(times)) if times.dtype.kind == "m" else np.zeros(len(times), dtype=bool)


def _refuse_missing(option: str, times: npt.NDArray[Any]) -> None:
    if times.dtype.kind in "iu":
        return
    missing = np.flatnonzero(_is_missing(times))
    if len(missing):
        raise SchemaError(named(option), f" is missing at place {missing[0]}; leave such spells out")
    if times.dtype.kind == "f" and np.isinf(times).any():
        at = int(np.flatnonzero(np.isinf(times))[0])
        raise SchemaError(named(option), f" is infinite at place {at}; a spell that goes on is censored")


def _refuse_negative(times: npt.NDArray[Any]) -> None:
    if not len(times) or times.min() >= np.zeros(1, dtype=times.dtype)[0]:
        return
    negative = np.flatnonzero(times < np.zeros(1, dtype=times.dtype))
    if len(negative):
        at = int(negative[0])
        length = pd.Timedelta(times[at]) if times.dtype.kind == "m" else times[at]
        raise SchemaError(named("time"), f" is {length} at place {at}; a spell ends when it begins, or later")


def _entries(
    scale: Scale, starts: npt.NDArray[Any] | None, times: npt.NDArray[Any], exits: Ticks
) -> Ticks | None:
    """Write the times of entry; a missing one is the beginning."""
    if starts is None:
        return None
    missing = _is_missing(starts)
    if starts.dtype.kind == "f":
        missing |= np.isneginf(starts)
    filled = np.where(missing, times, starts) if starts.dtype.kind in "fm" else starts
    entries = np.where(missing, FROM_START, scale.ticks(filled))
    late = np.flatnonzero(entries >= exits)
    if len(late):
        at = int(late[0])
        raise SchemaError(
            named("entry"),
            f" is {starts[at]} and ",
            named("time"),
            f" is {times[at]} at place {at}; a spell is watched from before its end",
        )
    return entries
