"""GitHub Projects: the status changes in the timelines of issues, or those that a webhook was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from ...errors import ReaderError
from ..build.items import read_items
from ..build.order import arrival
from ..build.stage_lists import StageList
from ..build.tables import one_history, tables_by_role
from ..export import Export
from ..notes import Notes
from ..options import Options
from ..sources.cells import as_text
from ..sources.dates import read_times
from ..sources.places import place_of
from ..sources.source import Source, Sources, Table
from .columns import board_list, export_of_moves

FORMAT = "github_projects"
ROLES: Mapping[str, str] = {
    "issues": "issues of GraphQL with timelineItems of ProjectV2ItemStatusChangedEvent",
    "webhooks": "projects_v2_item of a webhook: action, projects_v2_item, changes",
    "timeline": "/repos/O/R/issues/N/timeline: event project_v2_item_status_changed",
}
_STATUS_CHANGED: Final = "ProjectV2ItemStatusChangedEvent"
_OF_REST: Final = "project_v2_item_status_changed"

_Move = tuple[Any, Any, Any, Any, Any, int]  # issue, status before and after, time, project, row


def sniff(source: Source, options: Options) -> str | None:
    """Return the role of a source by its columns: an answer of GitHub's interfaces."""
    if source.has("timelineItems"):
        return "issues"
    if source.has("content") and any(
        isinstance(one, dict) and "timelineItems" in one for one in source.frame["content"]
    ):
        return "issues"
    if source.has("projects_v2_item", "changes"):
        return "webhooks"
    is_timeline = source.has("event", "created_at") and source.frame["event"].eq(_OF_REST).any()
    return "timeline" if is_timeline else None


def read(sources: Sources, options: Options) -> Export:
    """Read the changes of the status of the items of projects."""
    notes = Notes()
    tables = tables_by_role(sources, ROLES, notes)
    if "timeline" in tables:
        raise ReaderError(
            f"{tables['timeline'].sources[0].name}: the REST timeline does not say the issue, nor, as far as "
            "it is documented, the status before and after; ask GraphQL for timelineItems of the type "
            "PROJECT_V2_ITEM_STATUS_CHANGED_EVENT with createdAt, previousStatus and status"
        )
    role = one_history(tables, ("issues", "webhooks"), "issues", "ask GraphQL for their timelineItems")
    table = tables[role]
    issues = _issues(table) if role == "issues" else []
    found = [*(_moves(issues, notes) if role == "issues" else _hooks(table, notes))]
    moves = pd.DataFrame(
        {
            name: as_text(pd.Series([move[number] for move in found], dtype=object))
            for number, name in enumerate(("item", "from_stage", "to_stage", "text", "project"))
        }
    )
    place = place_of(table.place, [move[5] for move in found])
    moves["time"] = read_times(moves.pop("text").rename("createdAt"), place, options, notes)
    moves["order"] = arrival(moves["item"], moves["time"])
    is_left = moves["to_stage"].isna()
    notes.add(
        "left_status", int(is_left.sum()), "changes to no status, after which an item is in none; left out"
    )
    kept = moves.index[~is_left.to_numpy()]
    place = place_of(place, kept.to_numpy())
    moves = moves.loc[kept].reset_index(drop=True)
    lists, moves = _by_project(moves, options, notes)
    items = _items(table, issues, options, notes) if role == "issues" else None
    return export_of_moves(FORMAT, moves, place, options, notes, items=items, lists=lists)


def _issues(table: Table) -> list[dict[str, Any]]:
    """Return the issues; items of a project hold theirs as their content."""
    records: list[dict[str, Any]] = table.frame.to_dict("records")  # type: ignore[assignment]  # names are text
    contents = [record.get("content") for record in records]
    return [
        content if isinstance(content, dict) else record
        for content, record in zip(contents, records, strict=True)
    ]


def _key(issue: Mapping[str, Any]) -> Any:
    """Name an issue by its repository and number, else by its address, number or id."""
    repository, number = issue.get("repository"), issue.get("number")
    owner = repository.get("nameWithOwner") if isinstance(repository, dict) else None
    if owner and number is not None:
        return f"{owner}#{number}"
    return next((issue[name] for name in ("url", "number", "id") if issue.get(name) is not None), None)


def _moves(issues: list[dict[str, Any]], notes: Notes) -> Iterator[_Move]:
    n_missing = n_others = 0
    for row, issue in enumerate(issues):
        items = issue.get("timelineItems")
        timeline = items if isinstance(items, dict) else {}
        nodes: list[Any] = timeline["nodes"] if isinstance(timeline.get("nodes"), list) else []
        if isinstance(timeline.get("filteredCount"), int):
            n_missing += max(timeline["filteredCount"] - len(nodes), 0)
        elif isinstance(info := timeline.get("pageInfo"), dict):
            n_missing += bool(info.get("hasNextPage"))
        for node in nodes:
            is_move = isinstance(node, dict) and node.get("__typename", _STATUS_CHANGED) == _STATUS_CHANGED
            if not is_move or not {"status", "previousStatus"} & {*node}:
                n_others += 1
                continue
            project = node.get("project")
            title = project.get("title", project.get("number")) if isinstance(project, dict) else None
            before, after = (node.get(name) or None for name in ("previousStatus", "status"))
            yield _key(issue), before, after, node.get("createdAt"), title, row
    notes.add("other_events", n_others, "events of a timeline that are no change of a status, left out")
    notes.add(
        "rows_not_fetched", n_missing, "events of timelines, or timelines, that are not fetched to the end"
    )


def _hooks(table: Table, notes: Notes) -> Iterator[_Move]:
    n_others = 0
    for row, (item, changes) in enumerate(
        zip(table.frame["projects_v2_item"], table.frame["changes"], strict=True)
    ):
        change = changes.get("field_value") if isinstance(changes, dict) else None
        if not isinstance(item, dict) or not isinstance(change, dict) or change.get("field_name") != "Status":
            n_others += 1
            continue
        before, after = (_name(change.get(name)) for name in ("from", "to"))
        key = next((item[name] for name in ("content_node_id", "node_id", "id") if item.get(name)), None)
        yield key, before, after, item.get("updated_at"), item.get("project_node_id"), row
    notes.add("other_events", n_others, "calls of a webhook that are no change of a status, left out")


def _name(option: Any) -> Any:
    return option.get("name") if isinstance(option, dict) else option


def _by_project(
    moves: pd.DataFrame, options: Options, notes: Notes
) -> tuple[list[StageList] | None, pd.DataFrame]:
    """List the stages of each project; those of several projects have its name before theirs."""
    project = moves.pop("project").fillna("Project")
    if project.nunique() <= 1 or options.pipeline is not None:
        return None, moves
    names: dict[str, str] = {}
    for column in ("from_stage", "to_stage"):
        plain = moves[column]
        moves[column] = (project + " / " + plain).where(plain.notna(), None)
        names |= dict(zip(moves[column].dropna(), plain.dropna(), strict=True))
    in_time = moves.sort_values(["time", "order"], kind="stable")
    lists = []
    for title, own in in_time.assign(project=project).groupby("project", sort=False):
        used = list(dict.fromkeys(own[["from_stage", "to_stage"]].stack().dropna()))
        lists.append(board_list(str(title), used, notes, {code: names[code] for code in used}))
    return lists, moves


def _items(table: Table, issues: list[dict[str, Any]], options: Options, notes: Notes) -> pd.DataFrame:
    keys = [_key(issue) for issue in issues]
    if None in keys:
        raise ReaderError(
            f"{table.place(keys.index(None))}: the issue has no number, url or id; ask GraphQL for its number"
        )
    frame = pd.DataFrame(
        {
            "item": as_text(pd.Series(keys, dtype=object)),
            "title": as_text(pd.Series([issue.get("title") for issue in issues], dtype=object)),
            "state": as_text(pd.Series([issue.get("state") for issue in issues], dtype=object)),
            "created": as_text(pd.Series([issue.get("createdAt") for issue in issues], dtype=object)),
        }
    ).drop_duplicates("item")
    frame = frame.dropna(axis="columns", how="all").reset_index(drop=True)
    source = Source(table.sources[0].name, frame, table.place)
    return read_items(
        Table.of([source]), {role: role for role in ("item", "created") if role in frame}, options, notes
    )
