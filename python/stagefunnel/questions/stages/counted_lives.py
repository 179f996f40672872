"""Lives of items and visits counted by group and age in the core, and the lives of a log that are kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ... import _core
from ...errors import core_errors
from ...log.columns.marks import RowMarks
from ...log.data import LogData
from ..scope.reading import elsewhere_flags
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stats.spells import Codes
from .lives import Watch

_MOST_KEPT = 4  # pipelines and targets of a log
_NO_MARKS = RowMarks(None, None)
_Key = tuple[object, ...]
_kept_lives: WeakKeyDictionary[LogData, dict[_Key, _core.stages.PackedLives | None]] = WeakKeyDictionary()
_kept_ranges: WeakKeyDictionary[LogData, _core.stages.TimeRange] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class CountedLives:
    """The lives of the items of a question, which the core counts by any groups.

    Attributes
    ----------
    causes, n_unknown
        As :class:`LogSpells` has them.
    count
        Counts them by the groups of items: codes and their number. It returns ``None`` where cells of group
        and age would be many.
    """

    causes: Sequence[Hashable]
    n_unknown: int
    count: Callable[[Codes, int], _core.stages.LifeCells | None]


def passed_of(cells: _core.stages.LifeCells) -> dict[str, int]:
    """Return what :class:`LogSpells` says of what the items passed."""
    return {name: getattr(cells, name) for name in ("passed_through", "ever_lost", "reopened")}


def counted_lives(
    selection: Selection, lengths: Lengths, watch: Watch, *, target: int, reopen: str, has_target: bool
) -> CountedLives | None:
    """Find the lives that :func:`item_spells` lists, without a list of them.

    It returns ``None`` where time does not run as it passes, or where times are too far apart.
    """
    is_paused = any(label in selection.pipeline.rules.paused for label in selection.pipeline.labels)
    if lengths.calendar is not None or is_paused:
        return None
    lives = _packed(selection, target, reopen)
    if lives is None:
        return None
    causes = ["reached" if has_target else "won", "lost"]
    if selection.moved is not None:
        causes.append("moved_out")

    def count(code: Codes, n_groups: int) -> _core.stages.LifeCells | None:
        with core_errors():
            return _core.stages.count_lives(
                lives=lives,
                start=watch.start,
                until=watch.end,
                is_cut=watch.is_cut,
                until_of_item=None if selection.ages is None else selection.ages.until,
                group=None if n_groups == 1 else code,
                n_groups=n_groups,
                n_causes=len(causes),
                threads=selection.data.threads,
            )

    return CountedLives(causes, lives.unknown, count)


def counted_visits(
    selection: Selection, lengths: Lengths, watch: Watch, n_stages: int, code: Codes | None, n_groups: int
) -> _core.stats.RiskCells | None:
    """Count the visits of the first stages by group and stage, and by how long they lasted or were watched.

    It returns ``None`` where ends of visits or unknown starts are to be read, where time does not run as it
    passes, or where cells would be many.
    """
    if lengths.calendar is not None or selection.data.marks is not None or selection.ages is not None:
        return None
    with core_errors():
        return _core.stages.count_stays(
            journeys=selection.journeys,
            pipeline=selection.lookup,
            n_stages=n_stages,
            range=_range_of(selection),
            until=watch.end,
            elsewhere=elsewhere_flags(selection.log, selection.pipeline),
            group=code,
            n_groups=n_groups,
            threads=selection.data.threads,
        )


def _range_of(selection: Selection) -> _core.stages.TimeRange:
    """Find the range of the times; that of a whole log is kept."""
    data = selection.data
    if not selection.is_whole:
        return _core.stages.range_of_times(selection.journeys, data.threads)
    if data not in _kept_ranges:
        _kept_ranges[data] = _core.stages.range_of_times(data.journeys, data.threads)
    return _kept_ranges[data]


def _packed(selection: Selection, target: int, reopen: str) -> _core.stages.PackedLives | None:
    """Find the lives of the items; those of a whole log are kept."""
    data, lookup = selection.data, selection.lookup
    elsewhere = elsewhere_flags(selection.log, selection.pipeline)

    def find() -> _core.stages.PackedLives | None:
        with core_errors():
            return _core.stages.pack_lives(
                journeys=selection.journeys,
                pipeline=lookup,
                target=target,
                reopened=_core.stages.Reopened[reopen],
                marks=selection.core_marks(data.marks or _NO_MARKS),
                threads=data.threads,
            )

    if not selection.is_whole or (data.marks is not None and selection.ended_before is not None):
        return find()
    kept = _kept_lives.setdefault(data, {})
    rows = tuple(np.asarray(lookup.rows).tolist())
    key: _Key = (lookup.n_open, lookup.n_won, rows, elsewhere.tobytes(), target, reopen)
    if key not in kept:
        if len(kept) >= _MOST_KEPT:
            del kept[next(iter(kept))]
        kept[key] = find()
    return kept[key]
