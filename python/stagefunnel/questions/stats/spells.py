"""Spells out of plain arrays: how long each was watched, how it ended, and in which group it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given, named
from ...times.lengths import Months, exact_length
from ...times.periods import Clock

Ticks = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

FROM_START: Final = np.iinfo(np.int64).min  # as the core reads an entry
CENSORED: Final = -1  # as the core reads a cause
LEFT_OUT: Final = -2
_NS: Final = "timedelta64[ns]"
_HIGH: Final = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_FEW_CODES: Final = 16
_THREADS: Final = 1  # arrays are of a size that pays for one


@dataclass(frozen=True)
class Scale:
    """How times are written as whole numbers of the same order: numbers as they are, the bits of others."""

    kind: Literal["integer", "real", "timedelta"]

    def ticks(self, values: npt.NDArray[Any]) -> Ticks:
        """Write times as whole numbers."""
        if self.kind == "real":
            # The bits of a float stand in the order of its value, once those of negative ones are flipped.
            bits = (values.astype(np.float64) + 0.0).view(np.int64)
            return bits ^ ((bits >> 63) & _HIGH)
        ticks = values.astype(_NS if self.kind == "timedelta" else np.int64, copy=False)
        return np.ascontiguousarray(ticks).view(np.int64)

    def times(self, ticks: Ticks) -> npt.NDArray[Any]:
        """Read them back."""
        if self.kind == "real":
            return (ticks ^ ((ticks >> 63) & _HIGH)).view(np.float64)
        return ticks.view(_NS) if self.kind == "timedelta" else ticks


@dataclass(frozen=True, eq=False)
class CurveSpells:
    """What is to be known of spells beside the curves of their groups.

    Attributes
    ----------
    scale, n_groups
        How their times are written, and the number of groups.
    last_exit
        The last moment at which a spell of each group is watched.
    """

    scale: Scale
    n_groups: int
    last_exit: Ticks


@dataclass(frozen=True, eq=False)
class Spells:
    """Spells as the core takes them.

    Attributes
    ----------
    scale
        How their times are written.
    exit, cause, entry
        When each ended, of which cause, and from when on it was watched; ``None``: all from the beginning.
    causes
        Label of each cause.
    group, groups
        Group of each spell, and the labels; ``None``: there are no groups.
    """

    scale: Scale
    exit: Ticks
    cause: Codes
    entry: Ticks | None
    causes: pd.Index
    group: Codes | None
    groups: pd.Index | None
    threads: int = field(default=_THREADS, kw_only=True)

    @property
    def n_groups(self) -> int:
        """Number of groups; at least one."""
        return 1 if self.groups is None else max(len(self.groups), 1)

    @property
    def last_exit(self) -> Ticks:
        """Return the last moment at which a spell of each group is watched."""
        exits = np.where(self.cause == LEFT_OUT, FROM_START, self.exit)
        if self.group is None:
            return np.full(1, exits.max(initial=FROM_START))
        last = np.full(self.n_groups, FROM_START)
        np.maximum.at(last, self.group, exits)
        return last

    def curves(self, wanted: Wanted | None = None, min_at_risk: int = 0) -> _core.stats.IncidenceCurves:
        """Estimate the incidence of each cause, at some times or at those of events."""
        return _core.stats.estimate_incidence(**self._arguments(wanted, min_at_risk), threads=self.threads)

    def robust_variances(
        self, wanted: Wanted | None, min_at_risk: int, item: Codes | None = None
    ) -> npt.NDArray[np.float64]:
        """Estimate the variances of the curves at the same rows, with the spells of one item together."""
        return _core.stats.robust_variances(**self._arguments(wanted, min_at_risk), item=item)

    def _arguments(self, wanted: Wanted | None, min_at_risk: int) -> dict[str, Any]:
        return {
            "exit": self.exit,
            "cause": self.cause,
            "entry": self.entry,
            "group": self.group,
            "n_causes": max(len(self.causes), 1),
            "n_groups": self.n_groups,
            "below": None if wanted is None else wanted.below,
            "above": None if wanted is None else wanted.above,
            "min_at_risk": min_at_risk,
        }


@dataclass(frozen=True, eq=False)
class Wanted:
    """The times that a table is asked for: as people read them, and the whole numbers around each."""

    times: npt.NDArray[Any]
    below: Ticks
    above: Ticks


def read_spells(time: Any, event: Any, entry: Any, group: Any, *, one_event: bool = False) -> Spells:
    """Read the arrays of a question.

    `one_event`: events are yes or no, not labels.

    Raises
    ------
    SchemaError
        If they differ in length, a time is missing, negative, or not a number or a length, or a spell is over
        before it began.
    """
    times = _times("time", time)
    n = len(times)
    starts = None if entry is None else _times("entry", entry)
    scale = _scale_of(times, starts)
    _refuse_missing("time", times)
    _refuse_negative(times)
    causes, labels = _flags(event) if one_event else _causes(event)
    codes, groups = (None, None) if group is None else _groups(group)
    for option, column in (("event", causes), ("entry", starts), ("group", codes)):
        if column is not None and len(column) != n:
            raise SchemaError(
                named(option),
                f" has {len(column):,} values and ",
                named("time"),
                f" has {n:,}; give as many",
            )
    exits = scale.ticks(times)
    return Spells(scale, exits, causes, _entries(scale, starts, times, exits), labels, codes, groups)


def wanted_times(spells: Spells, times: Any, option: str = "times") -> Wanted:
    """Read the times at which a curve is wanted; they are sorted, and each stands once."""
    wanted = np.unique(_times(option, _lengths_of_texts(option, times)))
    _refuse_missing(option, wanted)
    if (wanted.dtype.kind == "m") != (spells.scale.kind == "timedelta"):
        raise SchemaError(
            named(option),
            " and ",
            named("time"),
            " are not of one kind; give lengths of time in both, or numbers",
        )
    if spells.scale.kind != "integer" or wanted.dtype.kind in "iu":
        ticks = spells.scale.ticks(wanted)
        return Wanted(wanted.astype(_NS) if spells.scale.kind == "timedelta" else wanted, ticks, ticks)
    return Wanted(wanted, np.floor(wanted).astype(np.int64), np.ceil(wanted).astype(np.int64))


def _lengths_of_texts(option: str, values: Any) -> Any:
    """Read what people write for a length of time, such as "36h"; leave other values as they are."""
    if isinstance(values, str) or np.ndim(values) != 1 or not any(isinstance(one, str) for one in values):
        return values
    lengths = [exact_length(value, Clock("ns", None), option) for value in values]
    for value, length in zip(values, lengths, strict=True):
        if isinstance(length, Months):
            raise SchemaError(given(option, value), " is not the same length everywhere; give days")
    return np.array([int(length * 10**9) for length in lengths if not isinstance(length, Months)], dtype=_NS)


def _times(option: str, values: Any) -> npt.NDArray[Any]:
    """Read times that are numbers or lengths of time."""
    if isinstance(values, str) or np.ndim(values) != 1:
        raise SchemaError(given(option, values), " is not a list or an array of times")
    times = np.array(values)  # a copy: the core reads them more than once, and somebody may write into them
    if times.dtype.kind in "OU" and (texts := [one for one in values if isinstance(one, str)]):
        says = f" has text, such as {texts[0]!r}; give numbers, or lengths as of pandas.to_timedelta"
        raise SchemaError(named(option), says)
    if times.dtype.kind == "O":
        times = np.asarray(pd.Series(list(values), dtype=object).infer_objects())
    if times.dtype.kind == "O":
        # Numbers and missing values of several types.
        times = np.asarray(pd.Series(times).map(_number), dtype=np.float64)
    if times.dtype.kind == "M":
        raise SchemaError(
            named(option), " has moments; give lengths of time, such as those since the creation of each item"
        )
    if times.dtype.kind not in "iufm":
        raise SchemaError(
            named(option), f" has values of type {times.dtype}; give numbers or lengths of time"
        )
    return times


def _number(value: Any) -> float:
    """Read one number; what is not one becomes missing, and is refused as such."""
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else float("nan")


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


def _labels(values: Any) -> tuple[Codes, pd.Index]:
    """Give numbers to labels in their order; a missing one is -1."""
    column = pd.Series(values if isinstance(values, pd.Series | pd.Categorical) else list(values))
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        n_categories = len(column.cat.categories)
        used = _present(codes, n_categories)
        if len(used) == n_categories:
            return codes.astype(np.int32), pd.Index(column.cat.categories)
        number = np.full(n_categories + 1, -1, dtype=np.int32)  # the last place is that of -1
        number[used] = np.arange(len(used), dtype=np.int32)
        return number[codes], pd.Index(column.cat.categories[used])
    found, labels = pd.factorize(column, sort=True)
    return np.ascontiguousarray(found, dtype=np.int32), pd.Index(labels)


def _present(codes: npt.NDArray[np.integer[Any]], n: int) -> npt.NDArray[np.intp]:
    """Return which of the codes from 0 to `n` - 1 are there."""
    if n <= _FEW_CODES:
        # To compare all with one code is far quicker than to write to the place of each.
        return np.flatnonzero([np.any(codes == code) for code in range(n)])
    has = np.zeros(n + 1, dtype=bool)
    has[codes] = True
    return np.flatnonzero(has[:-1])


def _causes(event: Any) -> tuple[Codes, pd.Index]:
    """Give numbers to causes; yes and no are none of them, because no would be a cause too."""
    codes, labels = _labels(event)
    if len(labels) and all(isinstance(label, bool | np.bool_) for label in labels):
        raise SchemaError(
            named("event"),
            f" has {labels[0]}, which is not a cause; give its label, such as 'won', and None where a spell "
            "is still open",
        )
    return codes, labels


def _groups(values: Any) -> tuple[Codes, pd.Index]:
    """Give numbers to groups in their order; those without a label come last."""
    codes, labels = _labels(values)
    if (codes < 0).any():
        labels = labels.append(pd.Index([None if labels.dtype == object else np.nan], dtype=labels.dtype))
        codes = np.where(codes < 0, np.int32(len(labels) - 1), codes)
    return np.ascontiguousarray(codes, dtype=np.int32), labels


def _flags(event: Any) -> tuple[Codes, pd.Index]:
    """Read events that are yes or no: booleans, 0 and 1; a missing one is no."""
    column = pd.Series(event if isinstance(event, pd.Series) else list(event), dtype=object)
    values = column.where(column.notna(), False)
    wrong = np.flatnonzero(~values.isin([True, False, 0, 1]).to_numpy())
    if len(wrong):
        raise SchemaError(
            named("event"),
            f" is {values.iloc[int(wrong[0])]!r} at place {wrong[0]}, which is not True or False, 1 or 0",
        )
    codes = np.where(values.astype(bool).to_numpy(), 0, CENSORED)
    return codes.astype(np.int32), pd.Index([True])
