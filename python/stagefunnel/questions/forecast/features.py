"""What was known of each open item at some moments, and what became of it: rows for a model of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given
from ...log.columns.kept import column_names
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, stage_values
from ...tables.options import MissingStages, Unlisted
from ...tables.schema import ITEM_FEATURES
from ...times.lengths import LengthLike, ends_of, length_of, length_text
from ...times.periods import MomentLike, moments_of
from ...times.stamps import NAT
from ...working_hours import WorkingHours
from ..scope.breakdown import by_columns
from ..scope.conditions import columns_of_where
from ..scope.further import further_names, further_values
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection, selection_of
from ..scope.today import refuse_of_today
from ..scope.where import Asked, Where, asked_of
from ..scope.working import Lengths
from ..stages.limits import exact_ticks
from ..stages.stays import OpenNow, Stays, open_now, stays_of
from .asking import shown_moment
from .standing import MOVED, NAMES, NOWHERE, Standing
from .walk import can_walk
from .walked_features import TICKS_A_DAY, TIME_IN, WalkedFeatures

_WINDOWS: Final = ("7d", "30d", "90d")
MOVES: Final = "moves_"
_WALK_WITHOUT: Final = {"optional", "since", "until", "paused"}  # rules that the walk does not know


def item_features(
    log: StageLog,
    pipeline: Pipeline,
    *,
    as_of: MomentLike | Sequence[MomentLike],
    horizon: LengthLike,
    columns: str | Sequence[str] | None = (),
    static: str | Sequence[str] | None = None,
    windows: Sequence[LengthLike] | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Describe each item that is open at a moment by what was known then, and say what became of it.

    Nothing that happened after the moment is in a row, but its `label`. With several moments an item has a
    row for each at which it is open: split a model's rows by `item`, or it is tested on items that it knows.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    as_of
        One moment, or a list of them.
    horizon
        How long after the moment the outcome is read: ``"90d"``, or a number where the log's times are plain
        integers.
    columns
        Columns of the log, whose last value before the moment is taken, or of the items table, which have to
        be named in `static` too.
    static
        Those of the items table: whoever names a column here vouches that its value was the same at each
        moment. A field that is filled in after the win "explains" it.
    windows
        Lengths of time before the moment in which moves are counted; by default 7, 30 and 90 days, and none
        where the log's times are plain integers.
    unlisted, missing, where
        As for :func:`funnel`; columns of the items table in `where` have to be named in `static`.
    calendar
        Working hours, in which times in stages and ages are measured.

    Returns
    -------
    DataFrame
        One row per moment and open item: ``item``, ``moment``, ``stage``; ``age`` and ``in_stage`` (in days,
        or the log's integers); ``visits``, ``back_moves``, ``skipped`` as of :func:`item_table`; for each
        window ``moves_7d`` …, the moves into another stage in it; for each stage in progress
        ``time_in_<stage>`` so far; the `columns`; and ``label``: ``won``, ``lost`` or ``open`` (or
        ``moved_out``) at the moment + `horizon`. The label is missing where the log ends before that,
        whatever is known by then: to drop the unknown ones alone would keep the quick ones.
        What happens between the end of the log and a later moment is not known to any row;
        ``attrs["stagefunnel"]["moments_after"]`` counts such moments.
        Times are float32, which has seven digits, NaN where the start of a visit is not known; counts are
        int64.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for columns of the items table that `static` does not name.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 1, 2, 2, 3], "stage": ["New", "Offer", "Won", "New", "Offer", "New"],
    ...         "time": [0, 4, 9, 2, 5, 6]}
    >>> log = sf.StageLog(rows, observed_until=12)
    >>> pipeline = sf.Pipeline(["New", "Offer"], won="Won")
    >>> table = sf.item_features(log, pipeline, as_of=[7, 11], horizon=3)
    >>> table[["item", "moment", "stage", "in_stage", "visits", "time_in_New", "label"]]
       item  moment  stage  in_stage  visits  time_in_New label
    0     1       7  Offer       3.0       2          4.0   won
    1     2       7  Offer       2.0       2          3.0  open
    2     3       7    New       1.0       1          1.0  open
    3     2      11  Offer       6.0       2          3.0   NaN
    4     3      11    New       5.0       1          5.0   NaN
    """
    vouched = [] if static is None else by_columns(static, "static")
    refuse_of_today(log, "columns", column_names(columns), vouched)
    refuse_of_today(log, "where", columns_of_where(where), vouched)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    counted = _windows(asked, windows)
    reserved = [*ITEM_FEATURES, *counted, *(f"{TIME_IN}{stage}" for stage in pipeline.stages)]
    names = further_names(asked.log, columns, reserved)
    moments = _moments(asked, as_of)
    ends = [_end_of(asked, moment, horizon) for moment in moments]
    whole = selection_of(asked.log, pipeline, unlisted=unlisted, missing=asked.missing)
    if can_walk(whole, calendar) and not _WALK_WITHOUT & set(pipeline.rules.given):
        table = WalkedFeatures(asked, unlisted, whole, moments, ends, counted, names).table()
    else:
        blocks = [
            _Moment(asked, pipeline, unlisted, moment, calendar).rows(names, counted, end)
            for moment, end in zip(moments, ends, strict=True)
        ]
        table = pd.concat(blocks, ignore_index=True)
    remember(
        table,
        "item_features",
        pipeline,
        horizon=str(length_text(horizon)),
        moments=len(moments),
        without_label=int(table["label"].isna().sum()),
        **_outside(asked, moments),
    )
    return asked.remarked(table)


def _outside(asked: Asked, moments: Sequence[int]) -> dict[str, int]:
    """Count the moments at which the log has not begun, and those after its end, if there are some."""
    reach, end = asked.log._data.time_range, asked.log._data.end_of_observation(None)
    n_before = sum(reach is not None and moment <= reach[0] for moment in moments)
    n_after = sum(end is not None and moment > end for moment in moments)
    before = {"moments_before": n_before} if n_before else {}
    return before | ({"moments_after": n_after} if n_after else {})


def _windows(asked: Asked, windows: Sequence[LengthLike] | None) -> dict[str, int]:
    """Read the windows in which moves are counted, by the names of their columns."""
    data = asked.log._data
    if windows is None:
        windows = () if data.unit is None else _WINDOWS
    if isinstance(windows, str) or not hasattr(windows, "__iter__"):
        raise SchemaError(given("windows", windows), " is not a list of lengths, such as ['7d', '30d']")
    plain = Lengths.of(data, None)
    lengths = [(one, int(exact_ticks(one, plain, "windows") // 1)) for one in windows]
    found = {f"{MOVES}{length_text(one)}": ticks for one, ticks in lengths}
    if any(length <= 0 for length in found.values()):
        raise SchemaError(given("windows", windows), " has a length that is not above 0")
    return found


def _moments(asked: Asked, as_of: Any) -> list[int]:
    clock = asked.log._data.clock
    several = isinstance(as_of, list | tuple | np.ndarray | pd.Series | pd.Index)
    return moments_of(list(as_of) if several else [as_of], clock, "as_of")


def _end_of(asked: Asked, moment: int, horizon: LengthLike) -> int | None:
    """Return the end of the horizon of a moment; ``None`` where the log ends before it."""
    data = asked.log._data
    length = length_of(horizon, data.clock, "horizon")
    if length is None:
        raise SchemaError(given("horizon", horizon), ' is not a length of time; give "90d" for example')
    end = int(ends_of(length, np.array([moment], dtype=np.int64), data.clock)[0])
    if end <= moment:
        raise SchemaError(given("horizon", horizon), " is not above 0; give a longer one")
    seen = data.end_of_observation(None)
    return None if seen is None or end > seen else end


class _Moment:
    """What was known at one moment."""

    def __init__(
        self, asked: Asked, pipeline: Pipeline, unlisted: Unlisted, moment: int, calendar: WorkingHours | None
    ) -> None:
        self.moment = moment
        self.shown = shown_moment(asked, moment)
        self._ask: dict[str, Any] = {"unlisted": unlisted, "missing": asked.missing}
        self.asked, self.pipeline = asked, pipeline
        self.selection: Selection = selection_of(asked.log, pipeline, **self._ask, as_of=self.shown)
        self.lengths = Lengths.of(self.selection.data, calendar)
        self.stays: Stays = stays_of(self.selection, self.lengths, as_of=self.shown)
        paused = [label in pipeline.rules.paused for label in pipeline.labels]
        self.now: OpenNow = open_now(self.stays, paused)

    def rows(self, names: Sequence[Any], windows: dict[str, int], end: int | None) -> pd.DataFrame:
        """Make the rows of the moment."""
        selection, now = self.selection, self.now
        standing = Standing(selection)
        facts, place = standing.facts, standing.place(now.item)
        columns: dict[str, Any] = {
            "item": selection.data.keys_at(selection.journeys.first_row[now.item]).reset_index(drop=True),
            "moment": selection.data.to_times(np.full(len(now.item), self.moment, dtype=np.int64)),
            "stage": stage_values(self.pipeline, self.stays.stage[now.visit]),
            "age": self._in_days(now.age),
            "in_stage": self._in_days(now.in_stage),
            "visits": facts.visits[place].astype(np.int64),
            "back_moves": facts.back_moves[place].astype(np.int64),
            "skipped": facts.skipped[place].astype(np.int64),
        }
        columns |= self._moves(windows)
        columns |= self._times_in_stages()
        further = further_values(selection.log, names, now.item, rows_of_items(selection, "last")[now.item])
        columns |= {str(name): values for name, values in further.items()}
        columns["label"] = self._labels(end)
        return pd.DataFrame(columns)

    def _in_days(self, ticks: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        values = np.where(ticks == NAT, np.nan, ticks.astype(np.float64))
        unit = self.lengths.unit
        return (values if unit is None else values / TICKS_A_DAY[unit]).astype(np.float32)

    @property
    def _own(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """The visits of the open items, and the place of the item of each."""
        items = np.flatnonzero(self.stays.is_open)
        lengths = self.stays.bounds[items + 1] - self.stays.bounds[items]
        place = np.repeat(np.arange(len(items)), lengths)
        starts = np.repeat(self.stays.bounds[items] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        return (np.arange(len(place)) + starts).astype(np.intp), place

    def _moves(self, windows: dict[str, int]) -> dict[str, npt.NDArray[np.int64]]:
        """Count the moves of each open item in windows before the moment."""
        if not windows or not len(self.now.item):
            return {name: np.zeros(len(self.now.item), dtype=np.int64) for name in windows}
        visit, place = self._own
        is_first = np.concatenate([[True], place[1:] != place[:-1]])
        entered = self.selection.data.journeys.time[self.stays.first_row[visit]]
        found = {}
        for name, length in windows.items():
            counts = ~is_first & (entered >= self.moment - length)
            found[name] = np.bincount(place[counts], minlength=len(self.now.item)).astype(np.int64)
        return found

    def _times_in_stages(self) -> dict[str, npt.NDArray[np.float32]]:
        """Add up how long each open item was in each stage so far; NaN where a start is not known."""
        n, labels = len(self.now.item), self.pipeline.stages
        if not n:
            return {f"{TIME_IN}{label}": np.zeros(0, dtype=np.float32) for label in labels}
        visit, place = self._own
        stage = self.stays.stage[visit].astype(np.int64)
        inside = stage < len(labels)
        until = np.minimum(self.stays.ended[visit], self.stays.until)
        length = np.maximum(until - self.stays.started[visit], 0).astype(np.float64)
        length[~self.stays.is_known[visit]] = np.nan
        cell = place[inside] * len(labels) + stage[inside]
        spent = np.bincount(cell, weights=length[inside], minlength=n * len(labels)).reshape(n, -1)
        scale = 1 if self.lengths.unit is None else TICKS_A_DAY[self.lengths.unit]
        times = (spent / scale).astype(np.float32)
        return {f"{TIME_IN}{label}": times[:, row] for row, label in enumerate(labels)}

    def _labels(self, end: int | None) -> Any:
        """Return what became of each open item by the end of the horizon."""
        if end is None:
            return pd.Categorical([None] * len(self.now.item), categories=list(NAMES[:MOVED]))
        later = selection_of(self.asked.log, self.pipeline, **self._ask, as_of=shown_moment(self.asked, end))
        own = Standing(later).outcome(self.now.item)
        labels = NAMES if (own == MOVED).any() else NAMES[:MOVED]
        codes = np.where(own == NOWHERE, -1, own)
        return pd.Categorical.from_codes(codes, categories=pd.Index(labels))
