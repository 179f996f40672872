"""Columns that say what a row is about, by their usual names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from ..sources.columns import find_column

Kind: TypeAlias = Literal["field", "action", "type", "entity"]

# Which field of the item changed.
_FIELDS: Final = (
    *("field", "field_name", "field_key", "field_label", "field_desc", "field_description", "field_id"),
    *("changed_field", "changed_field_key", "changed_field_name", "field_changed", "field / event"),
    *("property", "property_name", "attribute", "attribute_name", "column_name", "changed_column"),
    *("changed_attribute", "changed_property", "audited_field", "поле", "измененное поле", "feld", "champ"),
    *("campo", "field_id/name"),
)
# What happened; a column of these may also belong to the item.
_ACTIONS: Final = (
    *("action", "action_type", "action_name", "event", "event_type", "event_name", "change_type"),
    *("activity", "activity_type", "log_type", "operation", "entry_type", "действие", "событие"),
)
_TYPES: Final = ("type", "kind", "тип")
# What kind of item; their ids are only distinct beside it.
_ENTITIES: Final = (
    *("entity_type", "entity_type_id", "entity", "object_type", "res_model", "resource_type", "parent_type"),
    *("target_type", "subject_type", "auditable_type", "content_type", "related_to_type", "тип сущности"),
)
# These may as well say more about an item than what kind of item it is.
_PERHAPS_ENTITIES: Final = ("record_type", "item_type", "model", "module", "entity_name", "object_name")
_OF_KIND: Final[dict[Kind, Sequence[str]]] = {
    "field": _FIELDS,
    "action": _ACTIONS,
    "type": _TYPES,
    "entity": (*_ENTITIES, *_PERHAPS_ENTITIES),
}
# Columns whose ids are of any kind of item.
_ANY_IDS: Final = (
    *("id", "item", "item_id", "entity_id", "object_id", "record_id", "res_id", "resource_id", "parent_id"),
    *("target_id", "subject_id", "auditable_id", "related_to_id", "document_id", "mail_message_id/res_id"),
    *("related document id", "row_id", "key"),
)
# A property history of HubSpot's warehouses has the property in a column "name".
_NAMED_PROPERTY: Final = (("name", "key"), ("value",), ("timestamp", "_fivetran_start"))


def subject_columns(columns: Sequence[str], kind: Kind) -> list[str]:
    """List the columns that say what a row is about, of one kind."""
    found = [column for column in columns if find_column([column], _OF_KIND[kind]) is not None]
    if kind == "field" and not found:
        named = [find_column(columns, names) for names in _NAMED_PROPERTY]
        return [str(named[0])] if all(named) else []
    return found


def is_change_log(columns: Sequence[str]) -> bool:
    """Check whether a table has a column that says which field changed."""
    return bool(subject_columns(columns, "field"))


def may_be_change_log(columns: Sequence[str]) -> bool:
    """Check whether a table has a column that says which field changed, or what happened."""
    return any(subject_columns(columns, kind) for kind in ("field", "action", "type"))


def has_any_ids(column: str) -> bool:
    """Check whether the ids of a column may be of several kinds of items."""
    return find_column([column], _ANY_IDS) is not None


def is_perhaps_entity(column: str) -> bool:
    """Check for a column that may as well say more about an item as what kind of item it is."""
    return find_column([column], _PERHAPS_ENTITIES) is not None
