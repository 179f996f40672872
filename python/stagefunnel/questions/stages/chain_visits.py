"""The visits of a log as moves of a chain: from which stage, to which or to which end, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...pipeline import Pipeline
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stats.spells import CENSORED, Codes, Ticks
from .lives import LAST, OVER, START_UNKNOWN, Watch, list_stays

ENDS: Final = ("won", "lost", "moved_out")


@dataclass(frozen=True, eq=False)
class ChainVisits:
    """The visits of all stages, item by item and in the order of time.

    Attributes
    ----------
    item, stage
        Place of the item, and row of the stage.
    to
        Row of the next stage; behind the stages come the ends won, lost and moved out; ``CENSORED``: the
        visit has not ended, or ended with nothing after it.
    length
        How long it took, or was seen; 0 of the visits of the closing run, which begins when the item is over.
    is_timed
        Whether its start is known.
    is_first
        Whether it is the first of its item.
    """

    item: npt.NDArray[np.int64]
    stage: Codes
    to: Codes
    length: Ticks
    is_timed: npt.NDArray[np.bool_]
    is_first: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, selection: Selection, lengths: Lengths, watch: Watch) -> ChainVisits:
        """List the visits of a selection."""
        pipeline, n_items = selection.pipeline, selection.log.n_items
        labels = len(pipeline.labels)
        found_item, stage, following, entered, exited, state = list_stays(selection, range(labels))
        item = found_item.astype(np.int64)
        is_last, is_over = (state & LAST) != 0, (state & OVER) != 0
        to = np.where(is_last, CENSORED, following).astype(np.int32)
        is_final = stage >= len(pipeline.stages)
        at_end = is_last & is_final
        to[at_end] = labels + _ends_of_stages(pipeline)[stage[at_end]]
        if selection.moved is not None:
            to[is_last & selection.moved[item]] = labels + ENDS.index("moved_out")
        end = np.full(len(item), watch.end, dtype=np.int64)
        if selection.ages is not None:
            end = np.minimum(end, selection.ages.until[item])
        moments = [entered, np.where(is_over, exited, end)]
        if lengths.calendar is not None and len(item):
            moments = np.split(lengths.times(np.concatenate(moments)), 2)
        length = np.maximum(moments[1] - moments[0], 0)
        length[_closing(item, is_final, n_items)] = 0
        is_first = np.ones(len(item), dtype=bool)
        is_first[1:] = item[1:] != item[:-1]
        return cls(item, stage, to, length, (state & START_UNKNOWN) == 0, is_first)

    def at(self, places: npt.NDArray[Any]) -> ChainVisits:
        """Take some of the visits."""
        columns = (self.item, self.stage, self.to, self.length, self.is_timed, self.is_first)
        return ChainVisits(*(column[places] for column in columns))


def _ends_of_stages(pipeline: Pipeline) -> Codes:
    """Return the end of each stage where a journey ends there; those in progress are none."""
    ends = np.full(len(pipeline.labels), CENSORED, dtype=np.int32)
    first_won = len(pipeline.stages)
    first_lost = first_won + len(pipeline.won)
    ends[first_won:first_lost] = ENDS.index("won")
    ends[first_lost:] = ENDS.index("lost")
    return ends


def _closing(
    item: npt.NDArray[np.int64], is_final: npt.NDArray[np.bool_], n_items: int
) -> npt.NDArray[np.bool_]:
    """Flag the final visits that end the journey of their item, with none in progress after them."""
    place = np.arange(len(item), dtype=np.int64)
    last_open = np.full(n_items, -1, dtype=np.int64)
    last_open[item[~is_final]] = place[~is_final]  # of several of one item the last one stays
    return np.asarray(is_final & (place > last_open[item]))
