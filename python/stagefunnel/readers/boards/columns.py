"""The columns of a board as the stages of a pipeline: their order, and which mean done or given up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import pandas as pd

from ...errors import quoted
from ...pipeline import Pipeline
from ..build.items import complete_items, last_stages, note_other_stages
from ..build.log import finish, make_log
from ..build.meanings import meaning_of
from ..build.moves import rows_of_moves
from ..build.pipelines import in_time, listed_pipelines
from ..build.stage_lists import StageList
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..shapes.stage_words import words
from ..sources.places import Place

Category: TypeAlias = Literal["new", "progress", "done", "removed"]

_DONE: Final = {
    *("done", "closed", "complete", "completed", "resolved", "released", "deployed", "shipped", "finished"),
    *("live", "accepted", "delivered", "готово", "завершено", "erledigt", "fertig", "terminé", "hecho"),
}
_REMOVED: Final = {
    *("removed", "cancelled", "canceled", "rejected", "duplicate", "obsolete", "abandoned", "declined"),
    *("invalid", "wontfix", "wontdo", "discarded", "отменено", "отклонено"),
}
_BESIDE: Final = {"task", "tasks", "issue", "issues", "item", "items", "card", "cards", "and", "or", "as"}
_PHRASES: Final = (
    "won't do",
    "won't fix",
    "wont do",
    "wont fix",
    "will not do",
    "not planned",
    "cannot reproduce",
)
_RANKS: Final = {"new": 0, "progress": 1, None: 1, "done": 2, "removed": 3}


def category_by_name(name: str) -> Category | None:
    """Return what the name of a column means on a board: done or given up; ``None`` for any other.

    Examples
    --------
    >>> from stagefunnel.readers.boards.columns import category_by_name
    >>> category_by_name("Done"), category_by_name("Won't do"), category_by_name("Ready for release")
    ('done', 'removed', None)
    """
    text = name.lower().replace("\u2019", "'").strip()
    if any(phrase in text for phrase in _PHRASES):
        return "removed"
    parts = {*words(text)} - _BESIDE
    if parts and parts <= _REMOVED:
        return "removed"
    if parts and parts <= _DONE:
        return "done"
    meant = meaning_of(name)
    return {"won": "done", "lost": "removed"}.get(meant or "")  # type: ignore[return-value]  # two of them


def export_of_moves(
    format: str,
    moves: pd.DataFrame,
    place: Place,
    options: Options,
    notes: Notes,
    *,
    items: pd.DataFrame | None = None,
    current: pd.Series | None = None,
    created: pd.Series | None = None,
    lists: Iterable[StageList] | None = None,
    names: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    categories: Mapping[str, Category] | None = None,
) -> Export:
    """Make the export of a board of the moves between its columns.

    Parameters
    ----------
    moves
        Columns ``item``, ``from_stage``, ``to_stage``, ``time`` and ``order``; a creation leaves no stage.
    place
        Function that says where a move stands in the input.
    items, current
        The list of items, and where each is now, by item, if the export has them.
    created
        When items were created, by item.
    lists
        The stages of each board, where there are several boards; otherwise they are made of the rows.
    names, order, categories
        Names of the columns, their order as far as it is known, and what they mean as far as the board says.
    """
    rows, row_place = rows_of_moves(moves, created, current, place, notes)
    if current is not None:
        note_other_stages(last_stages(rows), current, notes)
    pipelines = board_pipelines(rows, options, notes, names or {}, order, categories or {}, lists)
    items = complete_items(items, rows, notes)
    log = make_log(rows, row_place, options, items=items)
    return finish(format, log, pipelines, items, notes)


def board_pipelines(
    rows: pd.DataFrame,
    options: Options,
    notes: Notes,
    names: Mapping[str, str],
    order: Sequence[str],
    categories: Mapping[str, Category],
    lists: Iterable[StageList] | None = None,
) -> dict[str, Pipeline]:
    """Return the pipeline that was passed, or make one of the columns of the board."""
    used = in_time(rows)
    if options.pipeline is not None or not used:
        return listed_pipelines([], rows, options, notes)
    made = [*lists] if lists is not None else [board_list("Board", used, notes, names, order, categories)]
    return listed_pipelines(made, rows, options, notes)


def board_list(
    name: str,
    used: Sequence[str],
    notes: Notes,
    names: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    categories: Mapping[str, Category] | None = None,
) -> StageList:
    """List the columns of one board: in its order, else by what they mean and as they first appear."""
    names = names or {}
    known: dict[str, Any] = dict(categories or {})
    codes = [*order, *(code for code in used if code not in order)]
    by_names = {code: category_by_name(names.get(code, code)) for code in codes}
    # Jira has no category for what was given up: "Won't do" is done to it.
    known = {code: one for code, one in known.items() if (one, by_names.get(code)) != ("done", "removed")}
    meant = {code: known.get(code) or by_names[code] for code in codes}
    if not order:
        codes.sort(key=lambda code: _RANKS[meant[code]])
    by_name = [code for code in codes if meant[code] is not None and code not in known]
    unlisted = [code for code in codes if code not in order]
    if all(meant[code] in ("done", "removed") for code in codes):
        meant = dict.fromkeys(codes)  # a pipeline needs a stage in progress
    said = [names.get(code, code) for code in by_name]
    if by_name or unlisted:
        notes.add(
            "guessed_stages",
            len(unlisted) or len(by_name),
            "columns of a board "
            + ("in the order in which they first appear" if unlisted else "in its order")
            + f"; done or given up by their names: {quoted(said, most=6) or 'none'}. Pass pipeline= for "
            "other stages, order or meaning",
        )
    return StageList.by_meaning(
        name,
        codes,
        won=[meant[code] == "done" for code in codes],
        lost=[meant[code] == "removed" for code in codes],
        names=names,
    )
