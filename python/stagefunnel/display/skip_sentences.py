"""The sentence about skips: which stage is skipped most often, or that there are too few items to say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ..tables.skipping import OnTheWay
from .numbers import count, part_of

_NOTHING_SKIPPED: Final = "No stage was skipped."
_NO_OTHER_SKIPPED: Final = "No stage that has rows was skipped."
_MOST_NAMED = 4


def skip_sentence(
    places: Sequence[str],
    on_the_way: OnTheWay,
    began_beyond: npt.NDArray[np.int64],
    *,
    of_some_stages: bool = False,
    things: str = "items",
) -> str:
    """Say what is skipped most often, among the places that are ranked; of too few items give the counts.

    Parameters
    ----------
    places
        What people read for each row: its stage, and its group if there are groups.
    on_the_way
        Counts of each row without the items that began beyond its stage.
    began_beyond
        Number of these items.
    of_some_stages
        Whether stages that no row of the log has are left out.
    things
        What is counted.
    """
    skipped, base = on_the_way
    skips = np.flatnonzero(skipped)
    if not len(skips):
        nothing = _NO_OTHER_SKIPPED if of_some_stages else _NOTHING_SKIPPED
        only_began = f"Stages were skipped only by {things} that began beyond them."
        return only_began if began_beyond.any() else nothing
    ranked = skips[on_the_way.is_ranked[skips]]
    if not len(ranked):
        named = [
            f"{places[row]} ({count(skipped[row])} of {count(base[row])})" for row in skips[:_MOST_NAMED]
        ]
        rest = len(skips) - len(named)
        more = f" and {count(rest)} more" if rest else ""
        return f"Skipped, too few {things} to rank: {', '.join(named)}{more}"
    worst = on_the_way.worst_first()[0]
    also = f"; {count(began_beyond[worst])} more began beyond it" if began_beyond[worst] else ""
    return (
        f"Most often skipped: {places[worst]} "
        f"({part_of(skipped[worst], base[worst], 'that got past it')}{also})"
    )
