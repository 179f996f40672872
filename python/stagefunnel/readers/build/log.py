"""From the rows that a reader found to a log, its pipelines and its table of items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ...errors import InvalidRowError, ReaderError
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import Place
from ..sources.dates import read_times
from ..sources.source import Source, Sources, Table


@dataclass(frozen=True)
class StageList:
    """The stages of one pipeline as a format lists them: codes in their order, by what they mean."""

    name: str
    stages: Sequence[str]
    won: Sequence[str] = ()
    lost: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def make_pipelines(lists: Iterable[StageList], also: Iterable[str] = ()) -> dict[str, Pipeline]:
    """Make the pipelines of an export, by name; each knows the stages of the others as stages elsewhere.

    Parameters
    ----------
    lists
        The pipelines. One without an in-progress stage is left out: it is no pipeline.
    also
        Stages of the log that belong to none of them, such as those of a deleted pipeline.
    """
    given = list(lists)
    made: dict[str, Pipeline] = {}
    everything = dict.fromkeys([*(label for one in given for label in _labels(one)), *also])
    for one in given:
        if not one.stages:
            continue
        own = set(_labels(one))
        names = {label: name for label, name in one.names.items() if label in own}
        elsewhere = [label for label in everything if label not in own]
        made[_free_name(one.name, made)] = Pipeline(
            one.stages, won=one.won, lost=one.lost, names=names, elsewhere=elsewhere
        )
    return made


def distinct_names(names: Mapping[str, str]) -> dict[str, str]:
    """Keep pipelines of one name apart: a name that an earlier one has gets its id.

    Examples
    --------
    >>> from stagefunnel.readers.build.log import distinct_names
    >>> distinct_names({"1": "Sales", "2": "Sales"})
    {'1': 'Sales', '2': 'Sales (2)'}
    """
    made: dict[str, str] = {}
    for code, name in names.items():
        made[code] = f"{name} ({code})" if name in made.values() else name
    return made


def _labels(one: StageList) -> list[str]:
    return [*one.stages, *one.won, *one.lost]


def _free_name(name: str, taken: Mapping[str, Pipeline]) -> str:
    """Keep two pipelines of one name apart."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def make_log(
    rows: pd.DataFrame, place: Place, options: Options, *, items: pd.DataFrame | None = None
) -> StageLog:
    """Build a log from ``item``, ``stage``, ``time`` and, where there is one, ``order``.

    Parameters
    ----------
    rows
        The rows in the order of the export.
    place
        Says where a row stood.
    options
        `invalid` tells what to do about rows that miss something.
    items
        The table of items, keyed by ``item``.
    """
    _refuse_rounded_keys(rows["item"], place)
    if not len(rows):
        raise ReaderError(
            "the history does not tell any stage of any item; a list of items would tell theirs"
        )
    order = "order" if "order" in rows else None
    try:
        return StageLog(rows, order=order, items=items, invalid=options.invalid)
    except InvalidRowError as error:
        raise ReaderError(f"{place(error.row)}: {error}") from error


def _refuse_rounded_keys(keys: pd.Series, place: Place) -> None:
    """Refuse keys of which a spreadsheet has kept the first digits only: ``1,23E+11`` is many items."""
    rounded = keys.astype("string").str.match(r"^\d[.,]\d+E\+\d+$", na=False)
    if rounded.any():
        row = int(np.flatnonzero(rounded.to_numpy())[0])
        raise ReaderError(
            f"{place(row)}: a spreadsheet has rounded the key {keys.iloc[row]!r}; export it anew, or "
            f"make its column text in the spreadsheet first"
        )


def finish(
    format: str,
    log: StageLog,
    pipelines: dict[str, Pipeline],
    items: pd.DataFrame,
    notes: Notes,
) -> Export:
    """Put an export together; the notes go under the log's own quality."""
    return Export(format, log, pipelines, items, notes.below(log.quality()))


def times_of(table: Table, column: str, options: Options, notes: Notes) -> pd.Series:
    """Read the times in a column of a table."""
    return read_times(table.frame[column], table.place, options, notes)


def note_sources(sources: Iterable[Source], notes: Notes) -> None:
    """Take over what reading the files has to say."""
    for source in sources:
        for check, count, note in source.notes:
            notes.add(check, count, note)


def stacked(sources: Sources, role: str, notes: Notes) -> Table | None:
    """Put the files of one role under each other; none is ``None``."""
    if not sources.get(role):
        return None
    note_sources(sources[role], notes)
    table = Table.of(sources[role])
    total = max((source.total or 0 for source in sources[role]), default=0)
    notes.add(
        "rows_not_fetched",
        max(total - len(table.frame), 0),
        f"rows of {role} that the answer counts and its pages do not hold; fetch all pages",
    )
    notes.add(
        "pages_not_fetched",
        int(all(source.goes_on for source in sources[role])),
        f"answers with {role} of which every page says that another one follows; fetch all pages",
    )
    return table
