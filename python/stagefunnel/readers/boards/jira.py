"""Jira: issues with their changelogs, changelogs fetched in bulk, and the list of statuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from ...errors import ReaderError
from ..build.items import read_items
from ..build.order import arrival
from ..build.tables import tables_by_role
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text
from ..sources.dates import read_times
from ..sources.places import place_of
from ..sources.source import Source, Sources, Table
from .columns import Category, export_of_moves

FORMAT = "jira"
ROLES: Mapping[str, str] = {
    "issues": "/rest/api/3/search/jql with expand=changelog: key, fields, changelog",
    "changelogs": "/rest/api/3/changelog/bulkfetch: issueId, changeHistories",
    "statuses": "/rest/api/3/status: id, name, statusCategory",
    "changelog of one issue": "/rest/api/3/issue/KEY/changelog: id, created, items",
}
_CATEGORIES: Final[Mapping[str, Category]] = {"new": "new", "indeterminate": "progress", "done": "done"}
# Fields of an issue that are attributes of the item, and the key of their name where they are objects.
_FIELDS: Final = {
    "summary": None,
    "issuetype": "name",
    "priority": "name",
    "project": "key",
    "resolution": "name",
    "created": None,
}


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an answer of Jira's interface."""
    if source.has("issueId", "changeHistories"):
        return "changelogs"
    if source.has("changelog") and (source.has("key") or source.has("id")):
        return "issues"
    if source.has("key", "fields") and _holds(source.frame["fields"], "status", "issuetype", "created"):
        return "issues"
    if source.has("name", "statusCategory"):
        return "statuses"
    if source.has("id", "created", "items") and not source.has("event_name"):
        changes = (one for items in source.frame["items"] if isinstance(items, list) for one in items)
        first = next(changes, None)
        return "changelog of one issue" if isinstance(first, dict) and "toString" in first else None
    return None


def _holds(column: pd.Series, *keys: str) -> bool:
    first = next((value for value in column if isinstance(value, dict)), {})
    return any(key in first for key in keys)


def read(sources: Sources, options: Options) -> Export:
    """Read the changes of the status of issues."""
    notes = Notes()
    tables = tables_by_role(sources, ROLES, notes)
    if "changelog of one issue" in tables:
        name = tables["changelog of one issue"].sources[0].name
        raise ReaderError(
            f"{name}: the changelog of an issue does not say which issue it is of; fetch issues with "
            "expand=changelog, or changelogs with /rest/api/3/changelog/bulkfetch"
        )
    issues, bulk = tables.get("issues"), tables.get("changelogs")
    keys = {} if issues is None or "id" not in issues.frame else _keys_by_id(issues.frame)
    source = issues if bulk is None else bulk  # what was fetched in bulk is whole
    column, inner = ("changelog", "histories") if bulk is None else ("changeHistories", None)
    found = [*_changes(source, column, inner, notes)]
    if source is None or (issues is not None and "changelog" not in issues.frame and bulk is None):
        raise ReaderError(
            "there is no history: these are issues without their changelog, or statuses alone; fetch issues "
            "with expand=changelog and give them too"
        )
    moves = pd.DataFrame(
        {
            name: as_text(pd.Series([change[number] for change in found], dtype=object))
            for number, name in enumerate(("item", "from_stage", "to_stage", "created", "id"))
        }
    )
    moves["item"] = moves["item"].map(lambda key: keys.get(key, key), na_action="ignore")
    place = place_of(source.place, [change[5] for change in found])
    moves["time"] = read_times(moves["created"], place, options, notes)
    moves["order"] = arrival(moves["item"], moves["time"], moves["id"])
    notes.ids_decide = True
    items, created, current, categories = None, None, None, _listed(tables.get("statuses"))
    if issues is not None:
        items, current = _items(issues, options, notes)
        created = items.set_index("item")["created"] if "created" in items else None
        categories = {**_categories_of(issues), **categories}
    return export_of_moves(
        FORMAT,
        moves[["item", "from_stage", "to_stage", "time", "order"]],
        place,
        options,
        notes,
        items=items,
        current=current,
        created=created,
        categories=categories,
    )


def _keys_by_id(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(frame["id"], frame["key"], strict=True)) if "key" in frame else {}


def _changes(
    table: Table | None, column: str, inner: str | None, notes: Notes
) -> Iterator[tuple[Any, Any, Any, Any, Any, int]]:
    """Walk the changes of the status: issue, status before and after, time, id, and the row of the input."""
    if table is None or column not in table.frame:
        return
    key = next(name for name in ("key", "issueId", "id") if name in table.frame)
    n_others = n_missing = 0
    for row, (issue, value) in enumerate(zip(table.frame[key], table.frame[column], strict=True)):
        histories = value.get(inner) if inner is not None and isinstance(value, dict) else value
        if not isinstance(histories, list):
            continue
        if isinstance(value, dict) and isinstance(value.get("total"), int):
            n_missing += max(value["total"] - len(histories), 0)
        for history in histories:
            for change in _dicts(history.get("items") if isinstance(history, dict) else None):
                if str(change.get("field")).lower() != "status":
                    n_others += 1
                    continue
                before, after = (change.get(name) for name in ("fromString", "toString"))
                yield issue, before, after, history.get("created"), history.get("id"), row
    notes.add("other_fields", n_others, "changes of other fields than the status, left out")
    notes.add(
        "rows_not_fetched",
        n_missing,
        "changes that a changelog counts and does not hold: fetch them with /rest/api/3/changelog/bulkfetch",
    )


def _dicts(values: Any) -> Iterator[dict[str, Any]]:
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))


def _field(issues: Table, name: str, inner: str | None) -> pd.Series:
    fields = [value if isinstance(value, dict) else {} for value in issues.frame["fields"]]
    values = [one.get(name) for one in fields]
    if inner is not None:
        values = [value.get(inner) if isinstance(value, dict) else value for value in values]
    return as_text(pd.Series(values, dtype=object)).rename(name)


def _items(issues: Table, options: Options, notes: Notes) -> tuple[pd.DataFrame, pd.Series | None]:
    """Return the items and the status in which each is now."""
    key = "key" if "key" in issues.frame else "id"
    columns = {"item": issues.frame[key]}
    if "fields" not in issues.frame:
        frame = pd.DataFrame(columns)
        return read_items(_table(issues, frame), {"item": "item"}, options, notes), None
    columns |= {name: _field(issues, name, inner) for name, inner in _FIELDS.items()}
    columns["manager"] = _field(issues, "assignee", "displayName")
    frame = pd.DataFrame(columns).dropna(axis="columns", how="all")
    names = {role: role for role in ("item", "created", "manager") if role in frame}
    items = read_items(_table(issues, frame), names, options, notes)
    status = _field(issues, "status", "name").set_axis(items["item"])
    return items, status if status.notna().any() else None


def _table(issues: Table, frame: pd.DataFrame) -> Table:
    return Table.of([Source(issues.sources[0].name, frame, issues.place)])


def _categories_of(issues: Table) -> dict[str, Category]:
    """Return what the statuses mean in which issues are now, as each says of its own."""
    if "fields" not in issues.frame:
        return {}
    values = [fields.get("status") for fields in issues.frame["fields"] if isinstance(fields, dict)]
    return _by_category(_dicts(values))


def _listed(statuses: Table | None) -> dict[str, Category]:
    if statuses is None:
        return {}
    frame = statuses.frame
    pairs = zip(frame["name"], frame["statusCategory"], strict=True)
    return _by_category({"name": name, "statusCategory": category} for name, category in pairs)


def _by_category(statuses: Iterator[dict[str, Any]]) -> dict[str, Category]:
    found: dict[str, Category] = {}
    for status in statuses:
        category = status.get("statusCategory")
        key = category.get("key") if isinstance(category, dict) else None
        if isinstance(status.get("name"), str) and isinstance(key, str) and key in _CATEGORIES:
            found[status["name"]] = _CATEGORIES[key]
    return found
