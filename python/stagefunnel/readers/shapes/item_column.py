"""Which column of a home-made table identifies the item, where names alone leave a choice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd

from ...errors import quoted
from ..notes import Notes
from ..options import Options
from ..sources.columns import find_column, find_columns
from ..sources.dates import looks_like_times
from .column_names import columns_of, item_names

# A column with one of these names may hold the key of an item, or its title, which several items share.
_NOUNS: Final = ("item", "deal", "lead", "opportunity", "case", "ticket", "сделка", "лид")
# With one of these roles a table has a row for each move; without, a row for each item.
_OF_ROWS: Final = frozenset(("stage", "to_stage"))
_FEW: Final = 3


def columns_in(frame: pd.DataFrame, options: Options, roles: Sequence[str]) -> dict[str, str]:
    """Return the column for each role as :func:`columns_of` does; the values help to choose that of the item.

    A column of dates is no key, whatever its name: ``Lead`` of a wide table is a stage. Where the values of a
    column such as ``deal`` stand for several values of ``id``, they are titles, and ``id`` is the key.
    """
    if "item" not in roles:
        return columns_of(list(frame.columns), options, roles)
    item = _item_column(frame, options, one_row_each=not _OF_ROWS & {*roles})
    if item is None:
        return columns_of(list(frame.columns), options, [role for role in roles if role != "item"])
    return columns_of(list(frame.columns), replace(options, item=item), roles)


def has(frame: pd.DataFrame, options: Options, roles: Sequence[str]) -> bool:
    """Check whether a table has a column for each role."""
    return len(columns_in(frame, options, roles)) == len(roles)


def note_titles(frame: pd.DataFrame, item: str, options: Options, notes: Notes) -> None:
    """Count the titles that stand for several items, if they are why another column is the key."""
    by_name = columns_of(list(frame.columns), options, ("item",)).get("item")
    if by_name is None or by_name == item or looks_like_times(frame[by_name]):
        return
    pairs = frame[[item, by_name]].drop_duplicates()
    shared = pairs[by_name].value_counts()
    titles = shared.index[shared > 1]
    notes.add(
        "items_by_id",
        len(titles),
        f"values of column {by_name!r} that several values of column {item!r} share: "
        f"{quoted(list(titles[:_FEW]))}{', …' if len(titles) > _FEW else ''}; column {item!r} identifies the "
        "items. Pass item= for another column",
    )


def key_in(frame: pd.DataFrame, keys: Collection[object], options: Options, chosen: str) -> str:
    """Return the column of a list of items that has keys of the history: the one chosen if it has any."""
    if options.item is not None or frame[chosen].isin(keys).any():
        return chosen
    others = (column for column in _candidates(frame) if frame[column].isin(keys).any())
    return next(others, chosen)


def _item_column(frame: pd.DataFrame, options: Options, *, one_row_each: bool) -> str | None:
    if options.item in frame:
        return options.item
    columns = _candidates(frame)
    if not columns:
        return None
    first = columns[0]
    key = find_column(columns, ["id"])
    is_title = (
        key is not None
        and find_column([first], _NOUNS) is not None
        and _are_titles(frame[first], frame[key], one_row_each=one_row_each)
    )
    return key if is_title else first


def _candidates(frame: pd.DataFrame) -> list[str]:
    """List the columns with usual names of an item that hold no dates, the most usual first."""
    columns = list(frame.columns)
    found = find_columns(columns, item_names(columns))
    return [column for column in found if not looks_like_times(frame[column])]


def _are_titles(titles: pd.Series, keys: pd.Series, *, one_row_each: bool) -> bool:
    """Check whether titles stand for several keys; a key that differs on every row of moves is the row's."""
    if titles.is_unique or (keys.is_unique and not one_row_each):
        return False
    pairs = pd.DataFrame({"key": keys, "title": titles}).drop_duplicates()
    return bool(pairs["key"].is_unique and not pairs["title"].is_unique)
