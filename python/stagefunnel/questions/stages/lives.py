"""The lives of items and the lengths of visits as spells: from when to when each was watched, and its end."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import core_errors
from ...log.columns.marks import RowMarks
from ...times.periods import MomentLike, PeriodLike, moment_of, period_of
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stats.spells import CENSORED, FROM_START, LEFT_OUT, Codes, Ticks
from .stays import Stays, stays_of

_NO_MARKS: Final = RowMarks(None, None)
_ENDS: Final = _core.stages.LifeEnd
_REOPENED: Final = 4  # as the core marks what an item passed through
_LOST: Final = 2
_PASSED_FINAL: Final = 1
OVER, START_UNKNOWN, LAST = 1, 2, 4  # the state of a visit, as the core marks it


@dataclass(frozen=True, eq=False)
class LogSpells:
    """Spells of a log in the measure of a question, one for each item in the order of the journeys, or visit.

    Attributes
    ----------
    exit, cause, entry
        As :class:`Spells` has them.
    followed
        How long after its beginning each would have been watched, had it not ended.
    item
        Place of the item of each spell; ``None``: the spells are those of the items.
    causes
        What may end them.
    n_unknown
        Spells without a known beginning or end, which are left out.
    passed
        How many items had a closing that another visit follows, were ever lost, and were worked on or won
        after that.
    began
        When the life of each item began, in the unit of the log.
    """

    exit: Ticks
    cause: Codes
    entry: Ticks | None
    followed: Ticks
    item: npt.NDArray[np.int64] | None
    causes: Sequence[Hashable]
    n_unknown: int
    passed: dict[str, int] = field(default_factory=dict)
    began: Ticks | None = None

    @property
    def is_counted(self) -> npt.NDArray[np.bool_]:
        """Flag the spells that count."""
        return np.asarray(self.cause != LEFT_OUT)


@dataclass(frozen=True)
class Watch:
    """From when to when the items of a log are watched, in its unit.

    Attributes
    ----------
    start, end
        First moment that counts, ``None`` for the beginning of each item, and the first that does not.
    is_cut
        Whether rows at the end and after it are there, and do not count.
    """

    start: int | None
    end: int
    is_cut: bool

    @classmethod
    def of(
        cls,
        selection: Selection,
        *,
        observed: PeriodLike | None,
        period: PeriodLike | None,
        basis: str,
        as_of: MomentLike | None,
    ) -> Watch:
        """Read until when a question sees the items, and between which moments it watches them."""
        clock = selection.data.clock
        end = selection.data.end_of_observation(moment_of(as_of, clock, "as_of")) or 0
        if basis == "active" and (last := period_of(period, clock).ticks(clock)[1]) is not None:
            end = min(end, last)
        watched = period_of(observed, clock, "observed")
        start, stop = watched.ticks(clock)
        is_cut = stop is not None and stop <= end
        return cls(start, end if stop is None else min(end, stop), is_cut)


def item_spells(
    selection: Selection,
    lengths: Lengths,
    watch: Watch,
    *,
    target: int,
    reopen: str,
    as_of: MomentLike | None,
    has_target: bool,
) -> LogSpells:
    """Follow each item from its creation until it is won, lost, at a target or elsewhere."""
    raw = _lives(selection, selection.journeys, selection.core_marks(_marks_of(selection)), target, reopen)
    clock = _ItemClock.of(selection, lengths, raw.began, as_of)
    if clock.is_plain:
        measured = raw
    else:
        journeys = lengths.with_pauses(selection, lengths.journeys(selection.journeys))
        marks = lengths.marks(selection) or selection.core_marks(_NO_MARKS)
        measured = _lives(selection, journeys, marks, target, reopen)
    code = raw.end.astype(np.int32)
    cause = np.where(code <= _ENDS.moved_out.value, code, CENSORED).astype(np.int32)
    cause[(code == _ENDS.none.value) | (code == _ENDS.unknown.value)] = LEFT_OUT
    if selection.moved is None:
        cause[code == _ENDS.moved_out.value] = CENSORED
    end = np.full(len(code), watch.end, dtype=np.int64)
    if selection.ages is not None:
        end = np.where(cause == LEFT_OUT, end, np.minimum(end, selection.ages.until))
    followed = np.maximum(clock.age_at(end), 0)
    ended = raw.ended
    if watch.is_cut:
        cause[(cause >= 0) & (ended >= watch.end)] = CENSORED
        cause[raw.began >= watch.end] = LEFT_OUT
    exits = np.where(cause >= 0, measured.ended - measured.began, followed)
    entry = None
    if watch.start is not None:
        cause[(cause >= 0) & (ended < watch.start)] = LEFT_OUT
        begun = raw.began < watch.start
        age = clock.age_at(np.full(len(code), watch.start, dtype=np.int64))
        # What happens at the moment itself counts, so that the item is at risk at that age.
        entry = np.where(begun, age - 1, FROM_START)
        # Nothing is left to watch of an item that is still open when the watch begins after its end.
        cause[begun & (cause == CENSORED) & (exits <= entry)] = LEFT_OUT
    counted = cause != LEFT_OUT
    passed = raw.passed[counted]
    causes = ["reached" if has_target else "won", "lost"]
    if selection.moved is not None:
        causes.append("moved_out")
    return LogSpells(
        exit=np.where(counted, exits, 0),
        cause=cause,
        entry=None if entry is None else np.where(counted, entry, FROM_START),
        followed=followed,
        item=None,
        causes=causes,
        n_unknown=int(np.count_nonzero(code == _ENDS.unknown.value)),
        passed={
            "passed_through": int(np.count_nonzero(passed & _PASSED_FINAL)),
            "ever_lost": int(np.count_nonzero(passed & _LOST)),
            "reopened": int(np.count_nonzero(passed & _REOPENED)),
        },
        began=raw.began,
    )


def visit_spells(
    selection: Selection, lengths: Lengths, watch: Watch, stages: range, *, by_next: bool
) -> tuple[LogSpells, npt.NDArray[np.int32]]:
    """Follow each visit of some stages until the next one begins; return the stage of each, too.

    `by_next`: what ends a visit is the stage of the next one; else any end is one.
    """
    item, stage, following, entered, exited, state = list_stays(selection, stages)
    has_end, is_last = (state & OVER) != 0, (state & LAST) != 0
    is_known = (state & START_UNKNOWN) == 0
    n = len(item)
    end = np.full(n, watch.end, dtype=np.int64)
    if selection.ages is not None:
        end = np.minimum(end, selection.ages.until[item])
    ended = np.where(has_end, exited, end)
    labels = selection.pipeline.labels
    moved = np.zeros(n, dtype=bool)
    if selection.moved is not None:
        moved = selection.moved[item] & is_last
    cause = np.full(n, CENSORED, dtype=np.int32)
    causes: list[Hashable] = [True]
    if by_next:
        present = np.unique(following[following >= 0])
        number = np.full(len(labels) + 1, CENSORED, dtype=np.int32)
        number[present] = np.arange(len(present), dtype=np.int32)
        causes = [labels[row] for row in present.tolist()]
        cause = np.where(following >= 0, number[following], CENSORED).astype(np.int32)
        if moved.any():
            cause[moved & has_end] = len(causes)
            causes.append("moved_out")
    else:
        cause[has_end] = 0
    if watch.is_cut:
        cause[ended >= watch.end] = CENSORED
        ended = np.minimum(ended, watch.end)
    cause[~is_known | (entered >= watch.end if watch.is_cut else False)] = LEFT_OUT
    moments = [entered, ended, end]
    if watch.start is not None:
        cause[ended < watch.start] = LEFT_OUT
        moments.append(np.full(n, watch.start, dtype=np.int64))
    if lengths.calendar is not None:
        moments = np.split(lengths.times(np.concatenate(moments)), len(moments)) if n else moments
    exits = np.maximum(moments[1] - moments[0], 0)
    entry = None
    if watch.start is not None:
        entry = np.where(entered < watch.start, moments[3] - moments[0] - 1, FROM_START)
        cause[(cause == CENSORED) & (exits <= entry)] = LEFT_OUT
    counted = cause != LEFT_OUT
    spells = LogSpells(
        exit=np.where(counted, exits, 0),
        cause=cause,
        entry=None if entry is None else np.where(counted, entry, FROM_START),
        followed=np.maximum(moments[2] - moments[0], 0),
        item=item,
        causes=causes,
        n_unknown=int(np.count_nonzero(~is_known)),
    )
    return spells, stage


def ends_of_ways(
    selection: Selection,
    lengths: Lengths,
    watch: Watch,
    *,
    from_row: int,
    arrived: npt.NDArray[np.uint64],
    way: npt.NDArray[np.uint8],
    as_of: MomentLike | None,
) -> Ticks:
    """Return how long each item was on its way: until it arrived, was closed, or is seen no longer.

    `from_row` is the stage from whose first entry the way goes, -1 for the creation; `arrived` has the time
    of those that arrived.
    """
    raw = _lives(selection, selection.journeys, selection.core_marks(_marks_of(selection)), -1, "last")
    clock = _ItemClock.of(selection, lengths, raw.began, as_of)
    set_out = raw.began.copy() if from_row < 0 else _first_entries(selection, from_row, raw.began)
    is_over = raw.end <= _ENDS.moved_out.value
    end = np.where(is_over, raw.ended, watch.end)
    waited = np.maximum(clock.age_at(np.maximum(end, set_out)) - clock.age_at(set_out), 0)
    has_arrived = way == _core.stages.Way.there.value
    return np.where(has_arrived, arrived.astype(np.int64), waited)


def list_stays(selection: Selection, stages: range) -> tuple[npt.NDArray[Any], ...]:
    """List the visits of some stages: item, stage, next stage, begin, end and state of each."""
    with core_errors():
        found = _core.stages.list_stays(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            first=stages.start,
            end=stages.stop,
            marks=selection.core_marks(_marks_of(selection)),
            threads=selection.data.threads,
        )
    columns = found.take_item(), found.take_stage(), found.take_next(), found.take_began()
    return (*columns, found.take_ended(), found.take_state())


def _first_entries(selection: Selection, row: int, began: Ticks) -> Ticks:
    """Return when each item first entered a stage; where it did not, when it began."""
    item, _, _, entered_at, _, _ = list_stays(selection, range(row, row + 1))
    entered = began.copy()
    # The earliest visit of an item is written last.
    entered[item[::-1]] = entered_at[::-1]
    return entered


class _Lives(NamedTuple):
    """How the life of each item ended, as the core has it."""

    end: npt.NDArray[np.int8]
    began: Ticks
    ended: Ticks
    passed: npt.NDArray[np.uint8]


def _marks_of(selection: Selection) -> RowMarks:
    return selection.data.marks or _NO_MARKS


def _lives(
    selection: Selection,
    journeys: _core.journeys.Journeys,
    marks: _core.scan.Marks,
    target: int,
    reopen: str,
) -> _Lives:
    with core_errors():
        found = _core.stages.find_lives(
            journeys=journeys,
            pipeline=selection.lookup,
            target=target,
            reopened=_core.stages.Reopened[reopen],
            marks=marks,
            threads=selection.data.threads,
        )
    return _Lives(found.take_end(), found.take_began(), found.take_ended(), found.take_passed())


@dataclass(frozen=True, eq=False)
class _ItemClock:
    """How old each item is at some moment: as time passes, in working hours, without paused stages."""

    lengths: Lengths
    began: Ticks
    stays: Stays | None
    is_paused: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, selection: Selection, lengths: Lengths, began: Ticks, as_of: MomentLike | None) -> _ItemClock:
        paused = selection.pipeline.rules.paused
        flags = np.array([label in paused for label in selection.pipeline.labels], dtype=bool)
        stays = stays_of(selection, lengths, as_of=as_of) if flags.any() else None
        return cls(lengths, began, stays, flags)

    @property
    def is_plain(self) -> bool:
        """Whether time is as it passes."""
        return self.stays is None and self.lengths.calendar is None

    def age_at(self, moment: Ticks) -> Ticks:
        """Return the age of each item at a moment of the log, one for each."""
        if self.is_plain:
            return moment - self.began
        times: Any = self.lengths.times(np.concatenate([self.began, moment]))
        began, moment = times[: len(moment)], times[len(moment) :]
        age = moment - began
        if self.stays is not None:
            age -= self._paused_until(moment)
        return np.asarray(age)

    def _paused_until(self, moment: Ticks) -> Ticks:
        """Return how long the clock of each item has stood still by a moment."""
        stays = self.stays
        assert stays is not None  # the caller has some
        of_item = np.repeat(stays.item.astype(np.int64), np.diff(stays.bounds))
        until = np.minimum(stays.ended, moment[of_item])
        passed = np.where(self.is_paused[stays.stage], np.maximum(until - stays.started, 0), 0)
        return np.bincount(of_item, weights=passed, minlength=len(moment)).astype(np.int64)
