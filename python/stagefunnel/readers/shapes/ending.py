"""From the rows of a home-made history to its export: its pipelines by names, and its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from ...errors import quoted
from ...pipeline import Pipeline
from ..build.items import COLUMNS
from ..build.log import finish, make_log
from ..build.meanings import meaning_of
from ..build.pipelines import guessed_pipelines
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.places import Place

_MOST_STATUSES: Final = 12


def export_of(
    format: str,
    rows: pd.DataFrame,
    place: Place,
    items: pd.DataFrame,
    options: Options,
    notes: Notes,
    *,
    first_by: str = "time",
) -> Export:
    """Make the export of a home-made history.

    Parameters
    ----------
    rows, first_by
        As :func:`guessed_pipelines` takes them.
    place
        Function that says where a row stands in the input.
    items
        Table of items.
    """
    rows, pipelines = guessed_pipelines(rows, options, notes, first_by=first_by)
    if options.pipeline is None:
        _note_outcomes_elsewhere(items, pipelines, notes)
    log = make_log(rows, place, options, items=items)
    return finish(format, log, pipelines, items, notes)


def _note_outcomes_elsewhere(items: pd.DataFrame, pipelines: Mapping[str, Pipeline], notes: Notes) -> None:
    """Count items that another column calls won or lost where no stage means that, so that they are open."""
    has_won = all(pipeline.won for pipeline in pipelines.values())
    has_lost = all(pipeline.lost for pipeline in pipelines.values())
    unseen = {"won": not has_won, "lost": not has_lost}
    if has_won and has_lost:
        return
    for column in items.columns.difference([*COLUMNS, "item"], sort=False):
        values = items[column].dropna()
        statuses: list[str] = values.astype(str).unique().tolist()
        if len(statuses) > _MOST_STATUSES:
            continue
        meant = [status for status in statuses if unseen.get(meaning_of(status) or "", False)]
        notes.add(
            "outcome_elsewhere",
            int(values.astype(str).isin(meant).sum()),
            f"items whose column {str(column)!r} is {quoted(meant)}, while no stage means that: they count "
            "as open. A funnel sees an outcome only as a stage: add a row of it to the history of each item",
        )
