"""Values that name a stage in a change log of all fields: ``status``, ``StageName``, ``status_changed``."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A stage by its usual names; the better ones first. A state may also be part of an address.
_RANKS: Sequence[frozenset[str]] = (
    frozenset(
        {
            *(
                "stage",
                "stages",
                "dealstage",
                "salesstage",
                "leadstage",
                "status",
                "leadstatus",
                "statuscode",
            ),
            *("lifecyclestage", "phase", "stadium", "фаза", "стадия", "стадии", "стадию", "этап", "этапа"),
            *("статус", "статуса", "etapa", "fase", "étape", "etape", "statut", "stato", "estatus", "état"),
            *("阶段", "状态", "狀態", "階段", "ステージ", "ステータス", "フェーズ"),
        }
    ),
    frozenset({"state", "statecode", "estado"}),
)
# Words that say whose stage it is, or that it changed.
_BESIDE = {
    *("deal", "deals", "lead", "opportunity", "ticket", "case", "issue", "sales", "pipeline", "lifecycle"),
    *("hs", "crm", "id", "name", "code", "key", "label", "value", "field", "new", "current", "c", "to"),
    *("change", "changed", "changes", "update", "updated", "set", "move", "moved", "transition", "entered"),
    *("сделки", "лида", "изменение", "изменена", "изменён", "изменен", "смена", "id", "de", "da", "do", "du"),
}
_OF_ADDRESSES = {"city", "country", "street", "zip", "postal", "postcode", "province"}
_CREATED = {
    "create",
    "created",
    "creation",
    "add",
    "added",
    "insert",
    "inserted",
    "opened",
    "создано",
    "создана",
}
_OF_ANY_ROW = {
    *("update", "updated", "edit", "edited", "modify", "modified", "upsert", "change", "changed"),
    *(
        "move",
        "moved",
        "transition",
        "transitioned",
        "enter",
        "entered",
        "import",
        "imported",
        "new",
        "i",
        "u",
    ),
}


def words(text: str) -> list[str]:
    """Split a name into its words, in lower case: ``StageName`` and ``stage_name`` alike.

    Examples
    --------
    >>> from stagefunnel.readers.shapes.stage_words import words
    >>> words("Lead_Status__c"), words("StageName"), words("deal.stage-changed")
    (['lead', 'status', 'c'], ['stage', 'name'], ['deal', 'stage', 'changed'])
    """
    parted = re.sub(r"(?<=[a-zа-яё0-9])(?=[A-ZА-ЯЁ])", " ", text)
    return re.findall(r"[^\W\d_]+", parted.lower())


def names_of_stages(values: Sequence[str]) -> list[list[str]]:
    """Return the values that name a stage by a usual name; those of the same words are one name.

    Examples
    --------
    >>> from stagefunnel.readers.shapes.stage_words import names_of_stages
    >>> names_of_stages(["assignee", "sales_stage", "payment status", "Sales Stage", "created"])
    [['sales_stage', 'Sales Stage']]
    """
    of_addresses = any(_OF_ADDRESSES & {*words(value)} for value in values)
    for usual in _RANKS[:1] if of_addresses else _RANKS:
        found: dict[tuple[str, ...], list[str]] = {}
        for value in values:
            if _is_of(parts := words(value), usual):
                found.setdefault(tuple(parts), []).append(value)
        if found:
            return list(found.values())
    return []


def _is_of(parts: Sequence[str], usual: frozenset[str]) -> bool:
    of_stage = [part for part in parts if part in usual]
    return bool(of_stage) and {*parts} <= {*usual, *_BESIDE}


def is_creation(value: str) -> bool:
    """Check whether a row of this kind records that its item was created."""
    parts = {*words(value)}
    return bool(parts & _CREATED) and parts <= {*_CREATED, *_BESIDE}


def is_of_any_row(value: str) -> bool:
    """Check for a value that says only that a row was written: created, updated, moved."""
    parts = {*words(value)}
    return bool(parts & {*_CREATED, *_OF_ANY_ROW}) and parts <= {*_CREATED, *_OF_ANY_ROW, *_BESIDE}


def has_stage_word(value: str) -> bool:
    """Check whether a word of a name is a usual one for a stage, whatever stands beside it.

    Examples
    --------
    >>> from stagefunnel.readers.shapes.stage_words import has_stage_word
    >>> has_stage_word("incident_state"), has_stage_word("Vertriebsphase"), has_stage_word("priority")
    (True, False, False)
    """
    parts = {*words(value)}
    return not parts & _OF_ADDRESSES and any(parts & usual for usual in _RANKS)
