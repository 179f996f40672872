"""Trello: the actions of a board, and its lists and cards; or the board as its menu exports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ..build.items import read_items
from ..build.order import arrival, fetched_once
from ..build.tables import tables_by_role, times_of
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text
from ..sources.columns import column_or_missing, is_true, sorted_by_numbers
from ..sources.dates import read_times
from ..sources.places import rows_at
from ..sources.source import Source, Sources, Table
from .columns import export_of_moves

FORMAT = "trello"
ROLES: Mapping[str, str] = {
    "actions": "/1/boards/ID/actions: id, type, date, data; or the board as its menu exports it (JSON)",
    "cards": "/1/boards/ID/cards: id, name, idList",
    "lists": "/1/boards/ID/lists: id, name, pos",
}
_CREATIONS: Final = ("createCard", "copyCard", "emailCard", "convertToCardFromCheckItem", "moveCardToBoard")
_ENDS: Final = {"deleteCard": "were deleted", "moveCardFromBoard": "moved to another board"}
_MOST_OF_EXPORT: Final = 1_000
_ID_OF_TIME: Final = r"[0-9a-f]{24}"


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an answer of Trello's interface."""
    if source.has("id", "type", "date", "data"):
        has_card = any(
            isinstance(value, dict) and {"card", "board", "list"} & {*value} for value in source.frame["data"]
        )
        return "actions" if has_card else None
    if source.has("id", "name", "idList"):
        return "cards"
    return "lists" if source.has("id", "name", "pos") and source.has("idBoard") else None


def read(sources: Sources, options: Options) -> Export:
    """Read the moves of cards between lists."""
    notes = Notes()
    tables = tables_by_role(sources, ROLES, notes)
    if "actions" not in tables:
        raise ReaderError(
            "there is no history: a list of cards has only the list of each; fetch /1/boards/ID/actions with "
            "filter=createCard,copyCard,updateCard:idList and give it too"
        )
    actions = tables["actions"]
    notes.add(
        "pages_not_fetched",
        int(len(actions.frame) % _MOST_OF_EXPORT == 0),
        "files of 1,000 actions, the most of an export and of a page: earlier ones are missing unless these "
        "are all; fetch /1/boards/ID/actions page by page with before=",
    )
    once = fetched_once(actions.frame[["id", "type", "date"]], actions.frame["id"], actions.place, notes)
    frame, place = rows_at(actions.frame, actions.place, once)
    parts = _parts(frame)
    kind = frame["type"]
    is_move = (kind.eq("updateCard") & parts["to"].notna()).to_numpy()
    is_birth = (kind.isin(_CREATIONS) & parts["list"].notna()).to_numpy()
    _note_others(frame, parts, is_move | is_birth, notes)
    table = Table.of([Source(actions.sources[0].name, frame, place)])
    moves = pd.DataFrame(
        {
            "item": parts["card"],
            "from_stage": parts["from"].where(is_move),
            "to_stage": parts["to"].where(is_move, parts["list"]),
            "time": times_of(table, "date", options, notes),
        }
    )
    moves["order"] = arrival(moves["item"], moves["time"], newest_first=True)
    moves, place = rows_at(moves, place, np.flatnonzero(is_move | is_birth))
    cards = tables.get("cards")
    born = [*parts["card"].dropna(), *(cards.frame["id"].dropna() if cards is not None else ())]
    created = _created(born, moves, options, notes)
    items = current = None
    if cards is not None:
        items = _items(cards, options, notes)
        current = cards.frame["idList"].set_axis(items["item"])
    names, order = _lists(tables.get("lists"), parts, moves)
    return export_of_moves(
        FORMAT,
        moves,
        place,
        options,
        notes,
        items=items,
        current=current,
        created=created,
        names=names,
        order=order,
    )


def _parts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what the data of each action names: card, lists, and whether a card was archived."""
    data = [value if isinstance(value, dict) else {} for value in frame["data"]]

    def ids(name: str, key: str = "id") -> pd.Series:
        values = [value.get(key) if isinstance(value := one.get(name), dict) else None for one in data]
        return as_text(pd.Series(values, dtype=object))

    keys = {"card": "card", "from": "listBefore", "to": "listAfter", "list": "list"}
    columns = {column: ids(name) for column, name in keys.items()}
    columns |= {f"{column} name": ids(name, "name") for column, name in keys.items()}
    return pd.DataFrame({**columns, "closed": ids("card", "closed"), "before": ids("old", "closed")})


def _note_others(frame: pd.DataFrame, parts: pd.DataFrame, is_used: Any, notes: Notes) -> None:
    is_archived = is_true(parts["closed"]) & parts["before"].eq("false")
    notes.add(
        "archived",
        int(parts.loc[is_archived, "card"].nunique()),
        "cards that were archived at some time: they count in the list in which they were",
    )
    for kind, what in _ENDS.items():
        n_ended = int(parts.loc[frame["type"].eq(kind), "card"].nunique())
        notes.add("gone_items", n_ended, f"cards that {what}: they count in the list in which they were")
    is_other = ~is_used & ~is_archived.to_numpy() & ~frame["type"].isin([*_ENDS]).to_numpy()
    notes.add("other_events", int(is_other.sum()), "actions of other types, left out")


def _created(cards: list[str], moves: pd.DataFrame, options: Options, notes: Notes) -> pd.Series | None:
    """Return when cards were created: the first eight signs of an id of Trello are seconds since 1970."""
    known = {*moves.loc[moves["from_stage"].isna(), "item"]}
    ids = pd.Series([card for card in dict.fromkeys(cards) if card not in known], dtype=object)
    ids = ids[ids.astype("string").str.fullmatch(_ID_OF_TIME).fillna(False).to_numpy(dtype=bool)]
    if not len(ids):
        return None
    seconds = np.array([int(card[:8], 16) for card in ids], dtype="datetime64[s]")
    texts = pd.Series(np.datetime_as_string(seconds), dtype=object) + "Z"
    notes.add(
        "created_by_id",
        len(ids),
        "cards without an action of their creation, which are created at the time in their id",
    )
    times = read_times(texts.rename("id"), lambda row: f"card {ids.iloc[row]}", options, notes)
    return times.set_axis(pd.Index(ids))


def _items(cards: Table, options: Options, notes: Notes) -> pd.DataFrame:
    kept = [
        name
        for name in ("id", "name", "idList", "due", "closed", "shortUrl", "dateLastActivity")
        if name in cards.frame
    ]
    table = Table.of([Source(cards.sources[0].name, cards.frame[kept], cards.place)])
    return read_items(table, {"item": "id"}, options, notes)


def _lists(lists: Table | None, parts: pd.DataFrame, moves: pd.DataFrame) -> tuple[dict[str, str], list[str]]:
    """Return the names of the lists by id, and their order on the board: none if nothing says it."""
    names: dict[str, str] = {}
    for column in ("from", "to", "list"):
        pairs = parts[[column, f"{column} name"]].dropna()
        names = dict(zip(pairs[column], pairs[f"{column} name"], strict=True)) | names
    if lists is None:
        return names, []
    frame = sorted_by_numbers(lists.frame, "pos")
    used = {*moves["from_stage"].dropna(), *moves["to_stage"].dropna()}
    is_open = ~is_true(column_or_missing(frame, "closed"))
    frame = frame[(is_open | frame["id"].isin(used)).to_numpy()]
    return names | dict(zip(frame["id"], frame["name"].fillna(frame["id"]), strict=True)), list(frame["id"])
