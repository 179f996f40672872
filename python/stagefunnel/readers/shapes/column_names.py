"""Usual names of the columns of home-made tables, by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..options import Options
from ..sources.columns import find_column
from .subjects import is_change_log, may_be_change_log

# Case, blanks and underscores do not count; the first name that a table has wins.
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
        *("date_create", "add_time", "дата создания", "erstellt am", "erstelldatum", "erstellungsdatum"),
        *("angelegt am", "date de création", "créé le", "fecha de creación", "creado el"),
        *("data de criação", "criado em"),
    ),
    "pipeline": ("pipeline", "pipeline_name", "pipeline_id", "funnel", "funnel_name", "воронка"),
    "amount": ("amount", "value", "deal_value", "opportunity", "sum", "revenue", "price", "сумма"),
    "currency": ("currency", "currency_id", "currency_code", "валюта"),
    "manager": (
        *("manager", "owner", "owner_name", "responsible", "assigned_to", "sales_rep", "rep", "user"),
        *("менеджер", "ответственный"),
    ),
}


# Names that only mean this where a column says which field changed, or what happened.
_IN_CHANGE_LOGS: Final[Mapping[str, Sequence[str]]] = {
    "item": (
        *(
            "issue_key",
            "issue_id",
            "issue",
            "key",
            "contact_id",
            "object_id",
            "objectid_value",
            "res_id",
            "parent_id",
        ),
        *("mail_message_id/res_id", "related document id", "target_id", "subject_id", "auditable_id"),
        "resource_id",
    ),
    "from_stage": (
        *("old_value", "old_value_char", "before_value_string", "from_string", "from_value", "value_from"),
        *("previous_value", "prev_value", "original_value", "before_value", "value_before"),
        *("old_value_integer", "value_old", "old_val", "changed_from", "старое значение"),
    ),
    "to_stage": (
        *("new_value", "new_value_char", "after_value_string", "to_string", "to_value", "value_to"),
        *("after_value", "value_after", "new_value_integer", "value_new", "new_val", "changed_to"),
        *("property_value", "field_value", "attribute_value", "новое значение"),
    ),
    "time": (
        *("change_date", "edit_date", "log_time", "created", "create_date", "date_created", "changed"),
        *("changed_date", "modified_at", "updated_at", "updated"),
    ),
}
# Short names that a stage or another column may have as well: only beside the name of a field.
_BESIDE_FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "from_stage": ("old", "before", "было"),
    "to_stage": ("new", "after", "стало", "value"),
}


def _names_of(role: str, columns: Sequence[str]) -> Sequence[str]:
    """Return the usual names of a role in a table with these columns."""
    names = _NAMES[role]
    role = "to_stage" if role == "stage" else role
    more = _IN_CHANGE_LOGS.get(role, ())
    if not more or not may_be_change_log(columns):
        return names
    if role == "item":
        return (*names[:-1], *more, *names[-1:])  # a plain id is that of the row
    if role == "time":
        return (*names, *more) if _has_values(columns) else names
    if not is_change_log(columns):
        return (*names, *more)
    # Beside the name of a field stand its values; any other column of stages is that of today.
    return (*more, *names, *_BESIDE_FIELDS[role])


def _has_values(columns: Sequence[str]) -> bool:
    """Check for changes of values; other tables may have a time of their last change."""
    values = (*_IN_CHANGE_LOGS["to_stage"], *_IN_CHANGE_LOGS["from_stage"], *_NAMES["from_stage"])
    return is_change_log(columns) or find_column(columns, values) is not None


def item_names(columns: Sequence[str]) -> Sequence[str]:
    """Return the usual names of an item's column in a table with these columns, the most usual first."""
    return _names_of("item", columns)


def columns_of(columns: Sequence[str], options: Options, roles: Sequence[str]) -> dict[str, str]:
    """Return the column for each role: the one that the options name, otherwise one with a usual name."""
    column_of: dict[str, str] = {}
    for role in roles:
        option = "stage" if role == "to_stage" else role
        named = None if role == "pipeline" else getattr(options, option, None)
        free = [column for column in columns if column not in column_of.values()]
        column = named if named in columns else find_column(free, _names_of(role, columns))
        if column is not None:
            column_of[role] = column
    return column_of


def others_of(columns: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """List the columns of a history that describe the item rather than its stages and times."""
    of_log = {name for role, name in names.items() if role not in ("created", "pipeline")}
    return [column for column in columns if column not in of_log]


def is_usual(column: str, role: str) -> bool:
    """Check whether a column has one of the usual names of a role."""
    return find_column([column], _NAMES[role]) is not None
