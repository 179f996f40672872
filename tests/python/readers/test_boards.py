"""Boards: Jira, Azure DevOps, Trello and GitHub Projects, whose columns are the stages."""

from copy import deepcopy
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, answer, count, journeys, noted, reached
from stagefunnel.readers.boards.columns import category_by_name

FOLDER = EXPORTS / "boards"


def test_the_changelogs_of_jira_make_a_funnel() -> None:
    export = sf.read(FOLDER / "jira.json")
    board = export.pipelines["Board"]
    assert (export.format, export.log.n_rows, export.log.n_items) == ("jira", 9, 4)
    assert (board.stages, board.won, board.lost) == (
        ("To Do", "In Progress", "Review"),
        ("Done",),
        ("Won't Do",),
    )
    # By hand: each began in To Do when it was created, and the fourth never moved.
    assert reached(export, "Board") == {"To Do": 4, "In Progress": 2, "Review": 1, "Done": 1, "Won't Do": 1}
    assert export.items.set_index("item").loc["SH-1", ["issuetype", "manager"]].tolist() == ["Bug", "Ann"]
    found = noted(export)
    assert (found["other_fields"], found["items_without_move"]) == (2, 1)
    first = journeys(export, "Board")["SH-1"]
    assert first == [
        ("To Do", "2026-03-02 08:00:00"),
        ("In Progress", "2026-03-03 08:00:00"),
        ("Review", "2026-03-04 08:00:00"),
        ("Done", "2026-03-06 08:00:00"),
    ]


def test_changelogs_of_jira_fetched_in_bulk_find_their_issues() -> None:
    search = answer("boards/jira.json")
    logs = [
        {"issueId": one["id"], "changeHistories": one.pop("changelog")["histories"]}
        for one in search["issues"]
    ]
    bulk = {"issueChangeLogs": logs, "nextPageToken": None}
    assert reached(sf.read([bulk, search]), "Board") == reached(sf.read(FOLDER / "jira.json"), "Board")
    alone = sf.read(bulk)
    assert reached(alone, "Board") == {"To Do": 3, "In Progress": 2, "Review": 1, "Done": 1, "Won't Do": 1}
    assert count(alone, "first_stage_time_unknown") == 3


def test_the_list_of_statuses_says_what_jira_means() -> None:
    statuses = [
        {"id": "1", "name": "Review", "statusCategory": {"key": "done"}},
        {"id": "2", "name": "To Do", "statusCategory": {"key": "new"}},
    ]
    assert sf.read([answer("boards/jira.json"), statuses]).pipelines["Board"].won == ("Review", "Done")


def test_a_changelog_of_jira_that_is_cut_is_counted_and_one_without_issue_refused() -> None:
    search = answer("boards/jira.json")
    search["issues"][0]["changelog"]["total"] = 120
    assert count(sf.read(search), "rows_not_fetched") == 117
    page = {"isLast": True, "values": search["issues"][0]["changelog"]["histories"]}
    with pytest.raises(sf.ReaderError, match="does not say which issue"):
        sf.read(page)
    with pytest.raises(sf.ReaderError, match="no history"):
        sf.read([{key: one[key] for key in ("id", "key", "fields")} for one in search["issues"]])


def test_a_changelog_of_jira_as_a_table_is_a_change_log() -> None:
    rows = [
        {"Issue key": "A-1", "Field": field, "From": before, "To": after, "Date": time}
        for field, before, after, time in [
            ("status", "To Do", "Done", "2026-03-03 10:00"),
            ("assignee", "Ann", "Bob", "2026-03-03 09:00"),
        ]
    ]
    for given in (rows, rows[::-1], [{key.upper(): value for key, value in row.items()} for row in rows]):
        export = sf.read(given)
        assert (export.format, export.log.n_rows, count(export, "other_fields")) == ("from_to", 2, 1)


AZURE = {"New": 3, "Active": 1, "Closed": 1, "Removed": 1}


@pytest.mark.parametrize("name", ["azure_updates", "azure_revisions"])
def test_the_history_of_work_items_makes_a_funnel(name: str) -> None:
    export = sf.read(FOLDER / f"{name}.json")
    board = export.pipelines["Board"]
    assert (export.format, export.log.n_rows, export.log.n_items) == ("azure_devops", 6, 3)
    assert (board.stages, board.won, board.lost) == (("New", "Active"), ("Closed",), ("Removed",))
    assert reached(export, "Board") == AZURE
    assert count(export, "other_changes") == 1
    assert journeys(export, "Board")["7"][-1] == ("Closed", "2026-03-05 08:00:00")  # not the date of revision


def test_revisions_of_analytics_in_any_order_and_case() -> None:
    fields = [one["fields"] for one in answer("boards/azure_revisions.json")["values"]]
    meant = {"New": "Proposed", "Active": "InProgress", "Closed": "Completed", "Removed": "Removed"}
    rows = pd.DataFrame(
        {
            "WorkItemId": [one["System.Id"] for one in fields],
            "Revision": [1, 2, 3, 4, 1, 2, 1],
            "State": [one["System.State"] for one in fields],
            "StateCategory": [meant[one["System.State"]] for one in fields],
            "ChangedDate": [one["System.ChangedDate"] for one in fields],
        }
    )
    for given in (rows, rows[::-1], rows.rename(columns=str.lower), {"value": rows.to_dict("records")}):
        export = sf.read(given)
        assert (export.format, reached(export, "Board")) == ("azure_devops", AZURE)
        assert "guessed_stages" not in noted(export) or count(export, "guessed_stages") == 4


def test_an_update_that_was_fetched_twice_counts_once() -> None:
    page = answer("boards/azure_updates.json")
    export = sf.read([page, deepcopy(page)])
    assert (export.log.n_rows, count(export, "rows_fetched_twice")) == (6, 6)


def test_the_actions_of_trello_make_a_funnel() -> None:
    export = sf.read(FOLDER / "trello_board.json")
    board = export.pipelines["Board"]
    assert (export.format, export.log.n_items) == ("trello", 4)
    assert [board.names[code] for code in board.labels] == ["To do", "Doing", "Done"]
    assert [board.names[code] for code in board.won] == ["Done"]
    # By hand: 3 has no action of its creation, 4 no action at all; their ids say when they were created.
    assert sorted(reached(export, "Board").values()) == [1, 3, 4]
    found = noted(export)
    assert (found["archived"], found["created_by_id"], found["items_without_move"]) == (1, 2, 1)
    assert found["other_events"] == 1
    assert "stage_differs_from_list" not in found


def test_actions_of_trello_alone_have_their_lists_in_order_of_time() -> None:
    actions = answer("boards/trello_board.json")["actions"]
    for given in (actions, actions[::-1]):
        export = sf.read(given)
        board = export.pipelines["Board"]
        assert [board.names[code] for code in board.labels] == ["To do", "Doing", "Done"]
        assert export.log.n_items == 3
    with pytest.raises(sf.ReaderError, match="no history"):
        sf.read(answer("boards/trello_board.json")["cards"])


def test_a_page_of_trello_that_is_full_is_a_warning() -> None:
    board = answer("boards/trello_board.json")
    comments = [
        {**board["actions"][2], "id": f"c{number}"} for number in range(1_000 - len(board["actions"]))
    ]
    export = sf.read({**board, "actions": [*board["actions"], *comments]})
    assert count(export, "pages_not_fetched") == 1


def test_the_timelines_of_github_make_a_funnel() -> None:
    export = sf.read(FOLDER / "github.json")
    board = export.pipelines["Board"]
    assert (export.format, board.stages, board.won) == ("github_projects", ("Todo", "In Progress"), ("Done",))
    assert reached(export, "Board") == {"Todo": 2, "In Progress": 2, "Done": 1}
    assert journeys(export, "Board")["acme/shop#1"][0] == ("Todo", "2026-03-02 08:00:00")
    found = noted(export)
    assert (found["other_events"], found["first_stage_time_unknown"]) == (1, 1)


def test_issues_of_github_without_a_name_are_refused_by_their_place() -> None:
    value = answer("boards/github.json")
    nodes = value["data"]["repository"]["issues"]["nodes"]
    for node in nodes[1:]:
        del node["number"]
    with pytest.raises(sf.ReaderError, match=r"record 2: .*no number, url or id; ask GraphQL for its number"):
        sf.read(value)
    value["data"]["repository"]["issues"]["nodes"] = nodes[1:]
    with pytest.raises(sf.ReaderError, match=r"record 1: .*no number, url or id"):
        sf.read(value)


def test_projects_of_github_are_pipelines_of_their_own() -> None:
    value = answer("boards/github.json")
    value["data"]["repository"]["issues"]["nodes"][1]["timelineItems"]["nodes"][0]["project"]["title"] = (
        "Bugs"
    )
    export = sf.read(value)
    assert sorted(export.pipelines) == ["Bugs", "Roadmap"]
    assert export.pipelines["Roadmap"].names["Roadmap / Todo"] == "Todo"


def test_calls_of_a_webhook_are_moves_and_the_rest_timeline_is_refused() -> None:
    def call(before: str | None, after: str, time: str) -> dict[str, Any]:
        change = {"field_name": "Status", "from": before and {"name": before}, "to": {"name": after}}
        item = {"id": 5, "content_node_id": "I_1", "updated_at": time}
        return {"action": "edited", "projects_v2_item": item, "changes": {"field_value": change}}

    calls = [call(None, "Todo", "2026-03-02T08:00:00Z"), call("Todo", "Done", "2026-03-03T08:00:00Z")]
    assert reached(sf.read(calls), "Board") == {"Todo": 1, "Done": 1}
    timeline = [{"id": 1, "event": "project_v2_item_status_changed", "created_at": "2026-03-02T08:00:00Z"}]
    with pytest.raises(sf.ReaderError, match="GraphQL"):
        sf.read(timeline)


@pytest.mark.parametrize(
    ("name", "category"),
    [
        *[(name, "done") for name in ("Done", "CLOSED", "Completed", "Erledigt", "Done and deployed", "Won")],
        *[
            (name, "removed")
            for name in ("Won\u2019t do", "Not planned", "Cancelled", "Duplicate", "Rejected")
        ],
        *[(name, None) for name in ("Ready for release", "In review", "Not done", "To be closed", "Doing")],
    ],
)
def test_a_column_means_done_or_given_up_by_its_name(name: str, category: str | None) -> None:
    assert category_by_name(name) == category
