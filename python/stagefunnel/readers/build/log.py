"""From the rows that a reader takes out of an export to its log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from ...errors import InvalidRowError, ReaderError, advised
from ...log.quality import quality_of, ties_deciding_outcome
from ...log.stage_log import StageLog, with_data, with_reader_lines
from ...pipeline import Pipeline
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.places import Place
from .keys import refuse_rounded_keys


def make_log(
    rows: pd.DataFrame, place: Place, options: Options, *, items: pd.DataFrame | None = None
) -> StageLog:
    """Build a log from rows.

    Parameters
    ----------
    rows
        Columns ``item``, ``stage``, ``time`` and optionally ``order``, ``exited`` and ``start_unknown``, one
        row per entry into a stage, in the order of the export.
    place
        Function that says where a row stands in the input.
    options
        Options of the reader; ``invalid`` decides what happens to incomplete rows.
    items
        Table of items, keyed by ``item``.

    Raises
    ------
    ReaderError
        If there are no rows, if a row is incomplete, or if a spreadsheet has rounded the keys.
    """
    refuse_rounded_keys(rows["item"], place)
    if not len(rows):
        raise ReaderError(
            "the history does not name a stage of any item; a list of items would have their current stages"
        )
    further: dict[str, Any] = {role: role for role in ("order", "exited") if role in rows}
    if "start_unknown" in rows and rows["start_unknown"].any():
        further["start_unknown"] = "start_unknown"
    try:
        log = StageLog(rows, **further, items=items, invalid=options.invalid)
    except InvalidRowError as error:
        # The log's own advice has values of the option that a reader does not take.
        raise ReaderError(
            f"{place(error.row)}: ",
            *error.problem,
            "; fill it in, or pass ",
            advised("invalid", "drop"),
            " to leave such rows out",
        ) from error
    return with_data(log, replace(log._data, read_as={}))  # these names are not those of the export


def finish(
    format: str,
    log: StageLog,
    pipelines: dict[str, Pipeline],
    items: pd.DataFrame,
    notes: Notes,
) -> Export:
    """Put an export together; the log carries the notes below its own quality lines."""
    for name, pipeline in pipelines.items():
        of_one = f" in the pipeline {name!r}" if len(pipelines) > 1 else ""
        notes.add(
            "ties_deciding_outcome",
            ties_deciding_outcome(log._data, pipeline),
            f"items whose last time has rows of several outcomes{of_one}: their order decides",
        )
    noted = with_reader_lines(log, notes.with_levels())
    return Export(format, noted, pipelines, items, quality_of(noted._data, None))
