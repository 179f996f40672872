"""Change logs of all fields: a column says what a row is about, and only some rows are about stages."""

# Long because each kind of column has its own rules, and each format its own columns.

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, count

CHANGES = """\
ticket_id,field,from,to,changed_at
1,status,New,In Work,2026-01-05 10:00
1,assignee,Ann,Bob,2026-01-06 10:00
1,status,In Work,Done,2026-01-07 10:00
2,priority,Low,High,2026-01-05 11:00
2,status,New,Done,2026-01-08 10:00
"""


def table(text: str) -> list[dict[str, Any]]:
    """Read rows of text, separated by commas, as records; empty fields are missing."""
    header, *lines = (line.split(",") for line in text.strip().splitlines())
    return [{name: value or None for name, value in zip(header, line, strict=True)} for line in lines]


def reached(export: sf.Export) -> dict[str, int]:
    (pipeline,) = export.pipelines.values()
    funnel = sf.funnel(export.log, pipeline)
    return dict(zip(funnel["stage"].astype(str), funnel["reached"].tolist(), strict=True))


def refused(source: Any, **options: Any) -> sf.StageFunnelError:
    with pytest.raises(sf.StageFunnelError) as error:
        sf.read(source, **options)
    return error.value


@pytest.mark.parametrize(
    "column",
    ["field", "Field Name", "changed_field", "changed_field_key", "property", "attribute", "Field / Event"],
)
def test_only_rows_of_the_stage_are_moves(column: str) -> None:
    export = sf.read(table(CHANGES.replace("field", column)))
    assert reached(export) == {"New": 2, "In Work": 1, "Done": 2}
    line = export.quality.set_index("check").loc["other_fields"]
    assert line["count"] == 2
    assert line["note"] == f"rows with another {column} than 'status', left out: 'assignee', 'priority'"


@pytest.mark.parametrize(
    "name",
    ["status", "Stage", "StageName", "stage_id", "sales_stage", "Stage__c", "Lead Status", "Статус", "Etapa"],
)
def test_the_stage_has_many_names(name: str) -> None:
    export = sf.read(table(CHANGES.replace("status", name)))
    assert reached(export) == {"New": 2, "In Work": 1, "Done": 2}


def test_one_name_written_in_two_ways_is_one_field() -> None:
    export = sf.read(table(CHANGES.replace("status,In Work", "Status,In Work")))
    assert reached(export) == {"New": 2, "In Work": 1, "Done": 2}
    assert count(export, "other_fields") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [("status", "Schritt"), ("priority", "stage"), ("status", "payment status"), ("status", "State")],
)
def test_a_log_in_which_no_one_field_is_the_stage_is_refused_with_its_fields(old: str, new: str) -> None:
    # Two fields may be the stage; "State" beside a city is part of an address.
    text = CHANGES.replace(old, new).replace("assignee", "City")
    error = refused(table(text))
    assert error.option == "only"
    assert "column 'field' says what a row is about, and has several values: " in str(error)
    assert repr(new) in str(error)
    assert "'City'" in str(error)


def test_rows_are_chosen_by_hand() -> None:
    rows = table(CHANGES.replace("status", "Schritt"))
    for only in ({"field": "Schritt"}, {"field": ["Schritt"]}):
        export = sf.read(rows, only=only)
        assert reached(export) == {"New": 2, "In Work": 1, "Done": 2}
        assert count(export, "other_fields") == 2
    both = sf.read(table(CHANGES), only={"field": ["status", "priority"]})
    assert reached(both) == {"New": 2, "In Work": 1, "Done": 2}  # of the two, one is a usual name of a stage


def test_a_choice_that_the_input_does_not_have_is_refused() -> None:
    rows = table(CHANGES)
    assert "did you mean 'field'?" in str(refused(rows, only={"fild": "status"}))
    assert "did you mean 'status'?" in str(refused(rows, only={"field": "statsu"}))
    assert "is not a mapping" in str(refused(rows, only="status"))
    assert "no value" in str(refused(rows, only={"field": []}))
    error = refused(rows, only={"field": "priority", "ticket_id": 1})
    assert str(error) == "no row of the history has all that only= names"
    flags = refused(rows, only={"fild": "status"}).spelled(lambda option: f"--{option.name} {option.plain}")
    assert flags.startswith("--only fild=status: ")


def test_a_choice_is_taken_in_every_shape_and_format() -> None:
    tables = EXPORTS / "tables"
    assert sf.read(tables / "events.csv", only={"Manager": "Bo"}).log.n_items == 2
    assert sf.read(tables / "stays.csv", only={"stage": "New"}).log.n_rows == 3
    assert sf.read(tables / "wide.csv", only={"deal_id": [1, 3]}).log.n_items == 2
    history = EXPORTS / "salesforce/OpportunityFieldHistory.csv"
    export = sf.read(history, only={"Field": "StageName"})
    assert count(export, "other_fields") > 0


def test_a_log_of_one_field_that_is_no_stage_by_its_name_is_a_guess() -> None:
    rows = [row for row in table(CHANGES) if row["field"] == "priority"]
    line = sf.read(rows).quality.set_index("check").loc["rows_of_one_field"]
    assert (line["count"], line["level"]) == (1, "guess")
    assert "'priority'" in line["note"]
    stages = [row for row in table(CHANGES) if row["field"] == "status"]
    assert count(sf.read(stages), "rows_of_one_field") == 0


def test_values_without_the_one_before_are_events() -> None:
    text = "deal_id,changed_field,new_value,changed_at\n1,stage_id,5,2026-01-05\n1,owner,5,2026-01-06\n"
    export = sf.read(table(text))
    assert (export.format, reached(export)) == ("events", {"5": 1})
    text = text.replace("changed_field,new_value", "property,value")
    assert reached(sf.read(table(text))) == {"5": 1}


ACTIONS = """\
lead_id,action,from,to,created_at
1,created,,New,2026-01-05 09:00
1,assigned,Ann,Bob,2026-01-05 10:00
1,status_changed,New,Offer,2026-01-06 10:00
2,created,,New,2026-01-07 09:00
2,note,,Call back,2026-01-07 10:00
"""


@pytest.mark.parametrize("column", ["action", "event", "event_type", "change_type", "type"])
@pytest.mark.parametrize(
    "action", ["status_changed", "Stage change", "LeadStatusUpdated", "stage_moved", "status"]
)
def test_actions_that_move_an_item_are_told_from_others(column: str, action: str) -> None:
    export = sf.read(table(ACTIONS.replace("action", column).replace("status_changed", action)))
    assert reached(export) == {"New": 2, "Offer": 1}  # creations name the first stage
    assert count(export, "other_fields") == 2
    assert count(export, "first_stage_time_unknown") == 0


def test_creations_that_name_no_stage_say_when_the_item_was_created() -> None:
    rows = table(ACTIONS.replace("created,,New", "created,,A title"))
    export = sf.read(rows)
    assert reached(export) == {"New": 1, "Offer": 1}
    (pipeline,) = export.pipelines.values()
    times = sf.time_in_stage(export.log, pipeline).set_index("stage")["mean"]
    assert times["New"] == pd.Timedelta(hours=25)
    assert count(export, "items_without_stage") == 1


@pytest.mark.parametrize("values", [("call", "mail"), ("deal", "task")])
def test_actions_of_which_none_is_a_move_are_refused(values: tuple[str, str]) -> None:
    text = "deal_id,{},from,to,changed_at\n1,{},New,Offer,2026-01-05\n1,{},Ann,Bob,2026-01-06\n"
    for column in ("action", "type"):
        error = refused(table(text.format(column, *values)))
        assert error.option == "only"
        assert f"{values[0]!r}, {values[1]!r}" in str(error)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("type", ("Renewal", "Renewal", "New business")),  # a column of the item
        ("action", ("call", "mail", "mail")),  # what was done in a stage
        ("type", ("manual", "automatic", "manual")),
        ("action", ("create", "update", "create")),
        ("record_type", ("A", "A", "B")),
        ("entity_type", ("deal", "deal", "deal")),
    ],
)
def test_columns_beside_stages_that_say_nothing_about_the_row_are_let_be(
    column: str, values: tuple[str, ...]
) -> None:
    stages = [(1, "New", "2026-01-05"), (1, "Offer", "2026-01-06"), (2, "New", "2026-01-05")]
    rows = [
        {"id": f"{at}", "item_id": item, "stage": stage, column: value, "changed_at": at}
        for (item, stage, at), value in zip(stages, values, strict=True)
    ]
    if column in ("action", "type") and values[0] in ("call", "manual"):
        rows.append({**rows[0], "item_id": 3, column: values[1]})
        rows.append({**rows[1], "item_id": 3, column: values[0]})
    export = sf.read(rows)
    assert reached(export)["New"] >= 2
    assert count(export, "other_fields") == 0


def test_rows_of_actions_that_share_no_stage_are_refused() -> None:
    header, rows = "deal_id,action,status,changed_at", ["mail,sent", "deal,New", "deal,Offer"]
    text = "\n".join([header, *(f"1,{row},2026-01-0{day}" for day, row in enumerate(rows, start=5))])
    assert refused(table(text)).option == "only"
    assert reached(sf.read(table(text), only={"action": "deal"})) == {"New": 1, "Offer": 1}


def test_events_whose_stage_is_named_by_hand_are_not_asked_for_their_action() -> None:
    text = "user_id,event_type,action,event_time\n1,view,tap,2026-01-05\n1,cart,swipe,2026-01-06\n"
    export = sf.read(table(text), item="user_id", stage="event_type")
    assert reached(export) == {"view": 1, "cart": 1}


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("entity_type", "entity_id"),
        ("object_type", "object_id"),
        ("Entity", "record_id"),
        ("res_model", "res_id"),
    ],
)
def test_items_of_several_kinds_are_refused(kind: str, item: str) -> None:
    text = (
        f"{item},{kind},stage,field,changed_at\n1,lead,New,stage,2026-01-05\n1,deal,Offer,stage,2026-01-06\n"
    )
    error = refused(table(text), stage="stage", item=item)
    assert (error.option, f"column {kind!r} says what a row is about" in str(error)) == ("only", True)
    export = sf.read(table(text), stage="stage", item=item, only={kind: "deal"})
    assert reached(export) == {"Offer": 1}


@pytest.mark.parametrize("column", ["item_type", "record_type", "module", "model"])
def test_a_kind_is_refused_only_where_one_id_has_two(column: str) -> None:
    text = f"id,{column},stage,changed_at\n1,A,New,2026-01-05\n1,A,Offer,2026-01-06\n2,B,New,2026-01-06\n"
    assert reached(sf.read(table(text), item="id")) == {"New": 2, "Offer": 1}
    assert refused(table(text.replace("1,A,Offer", "1,B,Offer")), item="id").option == "only"


# Two deals in the change log of each system, worked out by hand: 1 goes New → Offer → Won, 2 goes New → Lost.
# A third never moves. Rows about other fields stand between.
FORMATS = {
    "Salesforce LeadHistory": """\
Id,LeadId,Field,OldValue,NewValue,CreatedById,CreatedDate
017A,00Q1,created,,,005A,2026-01-01T09:00:00.000Z
017B,00Q1,Status,New,Offer,005A,2026-01-03T09:00:00.000Z
017C,00Q1,Owner,Ann,Bob,005A,2026-01-03T09:00:00.000Z
017D,00Q1,Status,Offer,Won,005A,2026-01-04T09:00:00.000Z
017E,00Q2,created,,,005A,2026-01-01T09:00:00.000Z
017F,00Q2,Status,New,Lost,005A,2026-01-02T09:00:00.000Z
017G,00Q3,created,,,005A,2026-01-01T09:00:00.000Z
""",
    "Salesforce CaseHistory": """\
Id,CaseId,Field,DataType,OldValue,NewValue,CreatedDate
017A,5001,created,Text,,,2026-01-01T09:00:00.000Z
017B,5001,Status,DynamicEnum,New,Offer,2026-01-03T09:00:00.000Z
017D,5001,Status,DynamicEnum,Offer,Won,2026-01-04T09:00:00.000Z
017H,5001,Priority,DynamicEnum,Low,High,2026-01-04T09:00:00.000Z
017E,5002,created,Text,,,2026-01-01T09:00:00.000Z
017F,5002,Status,DynamicEnum,New,Lost,2026-01-02T09:00:00.000Z
017G,5003,created,Text,,,2026-01-01T09:00:00.000Z
""",
    "Salesforce X__History": """\
Id,ParentId,Field,OldValue,NewValue,CreatedDate
017A,a001,created,,,2026-01-01T09:00:00.000Z
017B,a001,Stage__c,New,Offer,2026-01-03T09:00:00.000Z
017C,a001,Region__c,East,West,2026-01-03T09:00:00.000Z
017D,a001,Stage__c,Offer,Won,2026-01-04T09:00:00.000Z
017E,a002,created,,,2026-01-01T09:00:00.000Z
017F,a002,Stage__c,New,Lost,2026-01-02T09:00:00.000Z
017G,a003,created,,,2026-01-01T09:00:00.000Z
""",
    "Salesforce report of field history": """\
Opportunity ID,Edited By,Field / Event,Old Value,New Value,Edit Date
0061,Ann,Created.,,,2026-01-01
0061,Ann,Stage,New,Offer,2026-01-03
0061,Ann,Amount,1,2,2026-01-03
0061,Ann,Stage,Offer,Won,2026-01-04
0062,Ann,Created.,,,2026-01-01
0062,Ann,Stage,New,Lost,2026-01-02
0063,Ann,Created.,,,2026-01-01
""",
    "SuiteCRM audit": """\
id,parent_id,date_created,created_by,field_name,data_type,before_value_string,after_value_string,before_value_text,after_value_text
a1,o1,2026-01-03 09:00:00,u1,sales_stage,enum,New,Offer,,
a2,o1,2026-01-03 09:05:00,u1,amount,currency,100,200,,
a3,o1,2026-01-04 09:00:00,u1,sales_stage,enum,Offer,Won,,
a4,o2,2026-01-02 09:00:00,u1,sales_stage,enum,New,Lost,,
a5,o3,2026-01-02 09:00:00,u1,description,text,,,long,longer
""",
    "Odoo tracking values": """\
id,create_date,field_id,field_desc,old_value_integer,old_value_char,new_value_integer,new_value_char,mail_message_id,model,res_id
1,2026-01-03 09:00:00,90,Stage,1,New,2,Offer,50,crm.lead,7
2,2026-01-03 09:00:00,91,Salesperson,4,Ann,5,Bob,50,crm.lead,7
3,2026-01-04 09:00:00,90,Stage,2,Offer,4,Won,51,crm.lead,7
4,2026-01-02 09:00:00,90,Stage,1,New,5,Lost,52,crm.lead,8
5,2026-01-02 09:00:00,91,Salesperson,4,Ann,5,Bob,53,crm.lead,9
""",
    "Jira changelog": """\
issue_key,author,created,field,fieldtype,from,fromString,to,toString
A-1,Ann,2026-01-03T09:00:00.000+0000,status,jira,1,New,2,Offer
A-1,Ann,2026-01-03T10:00:00.000+0000,assignee,jira,x,Ann,y,Bob
A-1,Ann,2026-01-04T09:00:00.000+0000,status,jira,2,Offer,3,Won
A-2,Ann,2026-01-02T09:00:00.000+0000,status,jira,1,New,4,Lost
A-3,Ann,2026-01-02T09:00:00.000+0000,summary,jira,,a,,b
""",
}
HAS_CREATIONS = ("LeadHistory", "CaseHistory", "X__History", "report of field history")


@pytest.mark.parametrize("name", FORMATS)
def test_the_change_log_of_a_system(name: str) -> None:
    export = sf.read(table(FORMATS[name]))
    (pipeline,) = export.pipelines.values()
    assert reached(export) == {"New": 2, "Offer": 1, "Won": 1, "Lost": 1}
    assert sf.outcomes(export.log, pipeline)[["won", "lost", "open"]].iloc[0].tolist() == [1, 1, 0]
    assert count(export, "items_without_stage") == 1
    has_creations = name.endswith(HAS_CREATIONS)
    assert count(export, "first_stage_time_unknown") == (0 if has_creations else 2)
    times = sf.time_in_stage(export.log, pipeline).set_index("stage")
    assert times["start_unknown"].tolist() == [0 if has_creations else 2, 0, 0, 0]
    times = times["mean"]
    assert times["Offer"] == pd.Timedelta(days=1)
    if has_creations:
        assert times["New"] == pd.Timedelta(hours=36)  # two days and one


@pytest.mark.parametrize("name", FORMATS)
def test_a_change_log_without_a_row_about_stages_is_refused_with_what_it_has(name: str) -> None:
    text = FORMATS[name]
    for stage in ("Status,", "Stage,", "status,", "sales_stage,", "Stage__c,"):
        text = text.replace(f",{stage}", ",Chance,")
    error = refused(table(text))
    assert error.option == "only"
    assert "'Chance'" in str(error)


def test_a_list_of_leads_beside_their_history_says_when_they_were_created() -> None:
    at = "2026-01-01T09:00:00.000Z"
    leads = f"Id,Status,CreatedDate,Owner\n00Q1,Won,{at},Ann\n00Q2,Lost,{at},Bob\n"
    moves = [row for row in table(FORMATS["Salesforce LeadHistory"]) if row["Field"] != "created"]
    export = sf.read([moves, table(leads)])
    assert reached(export) == {"New": 2, "Offer": 1, "Won": 1, "Lost": 1}
    assert count(export, "first_stage_time_unknown") == 0
    assert export.items["manager"].tolist() == ["Ann", "Bob"]


WAREHOUSE = """\
deal_id,change_time,changed_field_key,new_value
1,2026-01-05 10:00:00,add_time,2026-01-05 10:00:00
1,2026-01-05 10:00:00,user_id,4
1,2026-01-05 10:00:00,stage_id,1
1,2026-01-06 10:00:00,stage_id,2
1,2026-01-07 10:00:00,status,won
2,2026-01-06 10:00:00,add_time,2026-01-06 10:00:00
2,2026-01-06 10:00:00,stage_id,1
2,2026-01-08 10:00:00,status,lost
"""


def test_changes_of_pipedrive_in_a_warehouse() -> None:
    stages = table("stage_id,stage_name\n1,Lead\n2,Offer\n10,Deal\n")
    export = sf.read([table(WAREHOUSE), stages])
    assert export.format == "pipedrive"
    (pipeline,) = export.pipelines.values()
    assert list(pipeline.names.values())[:3] == ["Lead", "Offer", "Deal"]
    assert reached(export) == {"1": 2, "2": 1, "10": 0, "won": 1, "lost": 1}
    assert count(export, "start_unknown") == 0
    assert [count(export, check) for check in ("other_changes", "stages_by_id", "no_status")] == [1, 3, 0]


def test_changes_of_pipedrive_without_a_status_take_the_reason_of_a_loss() -> None:
    rows = [row for row in table(WAREHOUSE) if row["changed_field_key"] != "status"]
    rows.append(
        dict(rows[-1], change_time="2026-01-08 10:00:00", changed_field_key="lost_reason", new_value="3")
    )
    export = sf.read(rows)
    assert reached(export) == {"1": 2, "2": 1, "won": 0, "lost": 1}
    lines = export.quality.set_index("check")
    assert lines.loc["lost_by_reason", ["count", "level"]].tolist() == [1, "guess"]
    assert lines.loc["no_status", "level"] == "guess"
