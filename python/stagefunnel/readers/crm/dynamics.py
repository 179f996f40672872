"""Dynamics 365: the audit of its interface, whose changes of several attributes stand in one text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import ReaderError, quoted
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..shapes import from_to
from ..shapes.items import LIST_OF_ITEMS, LIST_ROLE, sniff_list
from ..sources.cells import as_text, described
from ..sources.columns import find_column
from ..sources.places import place_of, rows_at
from ..sources.source import Source, Sources

FORMAT = "dynamics"
ROLES: Mapping[str, str] = {
    "audit": "/api/data/v9.2/audits: _objectid_value, createdon, changedata",
    **LIST_ROLE,
}
_ITEM: Final = ("_objectid_value", "objectid")
_TIME: Final = ("createdon",)
_CHANGES: Final = ("changedata", "change_data")
# The names that hold a stage, before the codes of a status.
_STAGES: Final = (
    "stepname",
    "stageid",
    "activestageid",
    "salesstage",
    "salesstagecode",
    "statuscode",
    "statecode",
)
_LIST: Final = "changedAttributes"


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an audit names an object and keeps what changed in it."""
    if all(find_column(source.columns, names) is not None for names in (_ITEM, _TIME, _CHANGES)):
        return "audit"
    return sniff_list(source, options)


def read(sources: Sources, options: Options) -> Export:
    """Read an audit as a change log: a row for each attribute that changed."""
    changes = [_by_attribute(source) for source in sources["audit"]]
    numbers = pd.concat([source.frame["attribute"] for source in changes]).value_counts()
    stage = find_column(numbers.index, _STAGES)
    if stage is None:
        raise ReaderError(
            f"{changes[0].name}: the audit has no attribute of a stage, such as {quoted(_STAGES[:2])}; it "
            f"has {quoted(numbers.index, most=6)}. Turn auditing on for the stage, or give one row for each "
            f"attribute, with attribute, oldvalue and newvalue"
        )
    moves = [_of(source, stage) for source in changes]
    given = {"moves": moves, LIST_OF_ITEMS: sources.get(LIST_OF_ITEMS, [])}
    notes = Notes()
    others = [str(name) for name in numbers.index if name != stage]
    notes.add(
        "other_fields",
        int(numbers.drop(stage).sum()),
        f"changes of other attributes than {stage!r}, left out: {quoted(others, most=6)}",
    )
    return replace(notes.on(from_to.read(given, options)), format=FORMAT)


def _of(source: Source, attribute: str) -> Source:
    """Take the changes of one attribute."""
    kept = np.flatnonzero((source.frame["attribute"] == attribute).to_numpy())
    frame, place = rows_at(source.frame.drop(columns="attribute"), source.place, kept)
    return replace(source, frame=frame, place=place)


def _by_attribute(source: Source) -> Source:
    frame = source.frame
    item, time, changes = (str(find_column(source.columns, names)) for names in (_ITEM, _TIME, _CHANGES))
    rows: list[int] = []
    parts: list[dict[str, Any]] = []
    for row, text in enumerate(frame[changes]):
        for change in _changes(text, source, row, changes):
            rows.append(row)
            parts.append(change)
    origin = np.array(rows, dtype=np.intp)
    if not len(origin):
        raise ReaderError(
            f"{source.name}: no row of the audit says in {changes!r} what changed; turn auditing on for the "
            f"attribute of the stage, or export the audit with {changes!r}"
        )
    values = {
        name: as_text(pd.Series([part.get(key) for part in parts], dtype=object))
        for name, key in (("attribute", "logicalName"), ("from_stage", "oldValue"), ("to_stage", "newValue"))
    }
    of_row = frame[[item, time]].iloc[origin].reset_index(drop=True)
    of_row.columns = ["deal_id", "changed_at"]
    return replace(
        source, frame=pd.concat([of_row, pd.DataFrame(values)], axis=1), place=place_of(source.place, origin)
    )


def _changes(text: Any, source: Source, row: int, name: str) -> list[dict[str, Any]]:
    """Take the attributes that a row of the audit changed; a creation or an access may have none."""
    if not isinstance(text, str):
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    changes = value.get(_LIST) if isinstance(value, dict) else None
    if not isinstance(changes, list) or not all(
        isinstance(one, dict) and isinstance(one.get("logicalName"), str) for one in changes
    ):
        raise ReaderError(
            f"{source.place(row)}: {name!r} must be JSON with a list {_LIST!r} of logicalName, oldValue and "
            f"newValue, as the audit of Dynamics 365 has it, and is {described(text)}; or give one row for "
            f"each attribute, with attribute, oldvalue and newvalue"
        )
    return changes
