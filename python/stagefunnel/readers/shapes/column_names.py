"""What columns of home-made tables are usually called, and the list of items beside such a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from ...errors import ReaderError, quoted
from ..build.items import complete_items, read_items
from ..build.log import stacked
from ..notes import Notes
from ..options import Options
from ..sources.cells import find_column
from ..sources.source import Source, Sources, Table

LIST_OF_ITEMS: Final = "list of items"

# Case, blanks and underscores do not count; the first that a table has is taken.
_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "item": (
        *("item", "item_id", "deal_id", "lead_id", "opportunity_id", "case_id", "ticket_id", "entity_id"),
        *(
            "record_id",
            "deal",
            "lead",
            "opportunity",
            "case",
            "ticket",
            "id сделки",
            "id лида",
            "сделка",
            "лид",
        ),
        "id",
    ),
    "stage": (
        *(
            "stage",
            "stage_name",
            "to_stage",
            "new_stage",
            "deal_stage",
            "lead_status",
            "stage_id",
            "to_status",
        ),
        *("new_status", "status", "status_name", "status_id", "state", "step", "стадия", "этап", "статус"),
    ),
    "time": (
        *("time", "timestamp", "changed_at", "change_time", "changed_on", "change_date", "date_changed"),
        *("moved_at", "moved_on", "entered_at", "date_entered", "stage_date", "event_time", "occurred_at"),
        *("logged_at", "datetime", "date_time", "date", "дата изменения", "время", "дата"),
        *("created_at", "created_time", "created_date", "created_on"),
    ),
    "order": ("order", "seq", "sequence", "event_id", "history_id", "row_id", "row_number", "id"),
    "from_stage": (
        *("from_stage", "from", "old_stage", "previous_stage", "prev_stage", "stage_from", "from_status"),
        *("old_status", "previous_status", "из стадии"),
    ),
    "to_stage": (
        *("to_stage", "to", "new_stage", "next_stage", "stage_to", "to_status", "new_status"),
        *("stage", "status", "в стадию"),
    ),
    "entered": (
        *(
            "entered",
            "entered_at",
            "date_entered",
            "entered_on",
            "start",
            "start_time",
            "start_date",
            "started_at",
        ),
        *("valid_from", "effective_from", "begin", "from_date", "_fivetran_start", "вход", "начало"),
    ),
    "exited": (
        *(
            "exited",
            "exited_at",
            "date_exited",
            "exited_on",
            "left_at",
            "end",
            "end_time",
            "end_date",
            "ended_at",
        ),
        *("valid_to", "effective_to", "to_date", "_fivetran_end", "выход", "конец"),
    ),
    "created": (
        *(
            "created",
            "created_at",
            "created_time",
            "created_date",
            "created_on",
            "create_date",
            "date_created",
        ),
        *("date_create", "add_time", "дата создания"),
    ),
    "pipeline": ("pipeline", "pipeline_name", "pipeline_id", "funnel", "funnel_name", "воронка"),
    "amount": ("amount", "value", "deal_value", "opportunity", "sum", "revenue", "price", "сумма"),
    "currency": ("currency", "currency_id", "currency_code", "валюта"),
    "manager": (
        *("manager", "owner", "owner_name", "responsible", "assigned_to", "sales_rep", "rep", "user"),
        *("менеджер", "ответственный"),
    ),
}


def columns_of(columns: Sequence[str], options: Options, roles: Sequence[str]) -> dict[str, str]:
    """Find the columns that play some roles: those that the options name, else by usual names."""
    found: dict[str, str] = {}
    for role in roles:
        given = (
            None if role == "pipeline" else getattr(options, "stage" if role == "to_stage" else role, None)
        )
        left = [column for column in columns if column not in found.values()]
        name = given if given in columns else find_column(left, _NAMES[role])
        if name is not None:
            found[role] = name
    return found


def others_of(columns: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """List the columns of a history that tell of the item, beside its stages and times."""
    taken = {name for role, name in names.items() if role not in ("created", "pipeline")}
    return [column for column in columns if column not in taken]


def is_usual(column: str, role: str) -> bool:
    """Say whether a column bears one of a role's usual names."""
    return find_column([column], _NAMES[role]) is not None


def has(source: Source, options: Options, roles: Sequence[str]) -> bool:
    """Say whether a source has a column for each of some roles."""
    return len(columns_of(source.columns, options, roles)) == len(roles)


def sniff_list(source: Source, options: Options) -> str | None:
    """Tell whether a source may be the list of items beside a history."""
    return LIST_OF_ITEMS if has(source, options, ("item",)) and len(source.columns) > 1 else None


def history(sources: Sources, role: str, options: Options, roles: Sequence[str], notes: Notes) -> Table:
    """Put the files of a history under each other, once it is sure that their columns are alike."""
    first, *others = sources[role]
    wanted = columns_of(first.columns, options, roles)
    for other in others:
        if columns_of(other.columns, options, roles) != wanted:
            raise ReaderError(
                f"{first.name} and {other.name} have other columns for the same ({wanted} and "
                f"{columns_of(other.columns, options, roles)}); rename them, or read each by itself"
            )
    table = stacked(sources, role, notes)
    assert table is not None
    if len(roles) > 1:  # a wide table has each item once
        _refuse_row_ids(table, wanted["item"], options)
    return table


def _refuse_row_ids(table: Table, item: str, options: Options) -> None:
    """Refuse a plain ``id`` that differs on every row of a history: it is the row's, not the item's."""
    plain = options.item is None and find_column([item], ["id"]) is not None
    if plain and len(table.frame) > 2 and table.frame[item].is_unique:
        raise ReaderError(
            f"{table.sources[0].name}: column {item!r} differs on every row, as the id of a row does; name "
            f"the column of the item: item= (item={item!r} if each item has one row)"
        )


def items_beside(
    sources: Sources, rows: pd.DataFrame, others: pd.DataFrame, options: Options, notes: Notes
) -> pd.DataFrame:
    """Read the list of items; without one, the other columns of a history as of each item's last row.

    Parameters
    ----------
    rows
        The rows of the log, ``item``, ``stage`` and ``time``.
    others
        The columns of the history that the log does not take, row by row.
    """
    table = stacked(sources, LIST_OF_ITEMS, notes)
    if table is not None:
        names = item_columns(table.frame, options)
        unused = list(others.columns)
        notes.add(
            "columns_left_out",
            len(unused),
            f"columns of the history that are not used, because there is a list of items: {quoted(unused)}",
        )
        return complete_items(read_items(table, names, options, notes), rows, notes)
    if not len(others.columns):
        return complete_items(None, rows, notes)
    in_time = rows.dropna(subset=["item", "time"]).sort_values("time", kind="stable")
    last_of = pd.Series(in_time.index, index=in_time["item"]).groupby(level=0, sort=False).last()
    last = last_of.reindex(pd.unique(rows["item"].dropna())).dropna().astype("int64")
    kept = others.loc[last].reset_index(drop=True)
    kept.insert(0, "item", rows.loc[last, "item"].reset_index(drop=True), allow_duplicates=True)
    source = Source(
        "the last row of each item", kept, lambda row: f"the last row of item {kept['item'].iloc[row]!r}"
    )
    names = {**item_columns(others, options), "item": "item"}
    items = read_items(Table.of([source]), names, options, notes)
    notes.add(
        "from_last_rows", len(items), "items whose amount, manager and the like are those of their last row"
    )
    return complete_items(items, rows, notes)


def item_columns(frame: pd.DataFrame, options: Options) -> dict[str, str]:
    """Find what a list of items tells; a ``value`` or ``opportunity`` without a digit is no amount."""
    names = columns_of(
        list(frame.columns), options, ("item", "pipeline", "amount", "currency", "manager", "created")
    )
    amount = names.get("amount")
    if amount is not None and not frame[amount].astype("string").str.contains(r"\d", na=False).any():
        del names["amount"]
    return names
