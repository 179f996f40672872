"""The sentence about skips: which stage is skipped most often, or that there are too few items to say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..tables.skipping import OnTheWay
from ..words import mark, tr
from .extremes import with_ties
from .numbers import count, part_of, so_many

_NOTHING_SKIPPED: Final = mark("No stage was skipped.")
_NO_OTHER_SKIPPED: Final = mark("No stage that has rows was skipped.")
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
        nothing = tr(_NO_OTHER_SKIPPED if of_some_stages else _NOTHING_SKIPPED)
        only_began = tr("Stages were skipped only by {things} that began beyond them.", things=things)
        return only_began if began_beyond.any() else nothing
    ranked = skips[on_the_way.is_ranked[skips]]
    if not len(ranked):
        named = [
            tr(
                "{places} ({skipped} of {base})",
                places=places[row],
                skipped=count(skipped[row]),
                base=count(base[row]),
            )
            for row in skips[:_MOST_NAMED]
        ]
        rest = len(skips) - len(named)
        more = tr(" and {rest} more", rest=count(rest)) if rest else ""
        return tr(
            "Skipped, too few {things} to rank: {named}{more}",
            things=things,
            named=", ".join(named),
            more=more,
        )
    worst = on_the_way.worst_first()[0]
    also = so_many("; {n} more began beyond it", began_beyond[worst]) if began_beyond[worst] else ""
    sentence = tr(
        "Most often skipped: {places} ({part_of}{also})",
        places=places[worst],
        part_of=part_of(skipped[worst], base[worst], tr("that got past it")),
        also=also,
    )
    return with_ties(sentence, pd.Series(on_the_way.rate[ranked]))
