"""HubSpot: which closed stage is won, in every way in which warehouses and answers fill the flags."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import count

HISTORY = [
    {"deal_id": 1, "value": "s1", "date_entered": "2026-01-05"},
    {"deal_id": 1, "value": "s3", "date_entered": "2026-01-09"},
    {"deal_id": 2, "value": "s1", "date_entered": "2026-01-05"},
    {"deal_id": 2, "value": "s4", "date_entered": "2026-01-08"},
]
LABELS = ("New", "Offer", "Closed Won", "Closed Lost")


def warehouse(labels: tuple[str, ...] = LABELS, **columns: Any) -> list[dict[str, Any]]:
    """Make the stages s1 to s4 of one pipeline in their order, with some more columns."""
    rows = [
        {"stage_id": f"s{at}", "pipeline_id": "p", "label": label, "display_order": at}
        for at, label in enumerate(labels, start=1)
    ]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


def answer(labels: tuple[str, ...], metadata: list[dict[str, str]]) -> dict[str, Any]:
    """Make the answer of /crm/v3/pipelines/deals with one pipeline of the stages s1 to s4."""
    stages = [
        {"id": f"s{at}", "label": label, "displayOrder": at, "metadata": facts}
        for at, (label, facts) in enumerate(zip(labels, metadata, strict=True), start=1)
    ]
    return {"results": [{"id": "p", "label": "Sales", "displayOrder": 0, "stages": stages}]}


def read(stages: Any, **options: Any) -> sf.Export:
    return sf.read([HISTORY, stages], **options)


def outcomes(export: sf.Export) -> list[int]:
    """Count the deals won, lost and open; deal 1 ends in s3, deal 2 in s4."""
    (pipeline,) = export.pipelines.values()
    return sf.outcomes(export.log, pipeline)[["won", "lost", "open"]].iloc[0].tolist()


NO, YES = "false", "true"
ONLY_CLOSED = [NO, NO, YES, YES]
ONLY_WON = [NO, NO, YES, NO]
SHARES = [0.2, 0.5, 1.0, 0.0]
STRANGE = ("Start", "Offer", "Signed", "Gone")  # no name says won or lost
# Columns of a warehouse beside those of every stage: deal 1 is won and deal 2 is lost in all of them.
CERTAIN = {
    "closed_won says closed": {"probability": SHARES, "closed_won": ONLY_CLOSED},
    "percents": {"probability": [20, 50, 100, 0], "closed_won": ONLY_CLOSED},
    "percent signs": {"probability": ["20%", "50 %", "100%", "0%"], "is_closed": ONLY_CLOSED},
    "is_closed alone, with shares": {"probability": SHARES, "is_closed": ONLY_CLOSED},
    "a column of no values": {"probability": SHARES, "is_closed": ONLY_CLOSED, "closed_won": [None] * 4},
    "is_closed without values": {"probability": SHARES, "is_closed": [None] * 4, "closed_won": ONLY_CLOSED},
    "is_closed that is never true": {"probability": SHARES, "is_closed": [NO] * 4, "closed_won": ONLY_CLOSED},
    "flags without shares": {"is_closed": ONLY_CLOSED, "closed_won": ONLY_WON},
    "shares without values": {"probability": [None] * 4, "is_closed": ONLY_CLOSED, "closed_won": ONLY_WON},
    "a lost stage of some chance": {"probability": [0.2, 0.5, 1, 0.05], "closed_won": ONLY_CLOSED},
}


@pytest.mark.parametrize("columns", CERTAIN.values(), ids=list(CERTAIN))
def test_flags_and_probability_say_what_is_won_whatever_the_names(columns: dict[str, Any]) -> None:
    export = read(warehouse(STRANGE, **columns))
    assert outcomes(export) == [1, 1, 0]
    guesses = ("lost_by_zero", "meaning_by_name", "open_at_zero", "meaning_differs_from_name")
    assert [count(export, check) for check in guesses] == [0, 0, 0, 0]


def test_a_loss_that_rests_on_a_probability_of_0_alone_is_a_guess() -> None:
    for columns in ({"probability": SHARES}, {"probability": SHARES, "closed_won": ONLY_WON}):
        export = read(warehouse(STRANGE, **columns))
        assert outcomes(export) == [1, 1, 0]
        line = export.quality.set_index("check").loc["lost_by_zero"]
        assert (line["count"], line["level"]) == (1, "guess")
        assert "'Gone'" in line["note"]


def test_what_rests_on_a_label_or_a_code_is_a_guess() -> None:
    export = read(warehouse(is_closed=ONLY_CLOSED))
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "meaning_by_name") == 2
    codes = [
        dict(row, stage_id=code)
        for row, code in zip(warehouse(STRANGE), ("s1", "s2", "closedwon", "closedlost"), strict=True)
    ]
    history = [
        dict(row, value={"s3": "closedwon", "s4": "closedlost"}.get(row["value"], row["value"]))
        for row in HISTORY
    ]
    export = sf.read(
        [history, [row | {"is_closed": closed} for row, closed in zip(codes, ONLY_CLOSED, strict=True)]]
    )
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "meaning_by_name") == 2


def test_a_flag_of_won_stages_only_leaves_no_lost_stage_open() -> None:
    export = read(warehouse(closed_won=ONLY_WON))
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "meaning_by_name") == 1  # Closed Lost


def test_a_flag_of_all_closed_stages_is_not_taken_for_won() -> None:
    export = read(warehouse(closed_won=ONLY_CLOSED))
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "meaning_by_name") == 2


def test_two_won_stages_beside_a_closed_one_without_the_flag_are_both_won() -> None:
    labels = ("Start", "Signed", "Renewed", "Gone")
    export = read(warehouse(labels, is_closed=[NO, YES, YES, YES], closed_won=[NO, YES, YES, NO]))
    (pipeline,) = export.pipelines.values()
    assert (pipeline.stages, pipeline.won, pipeline.lost) == (("s1",), ("s2", "s3"), ("s4",))


REST = {
    "shares and isClosed": [{"isClosed": NO, "probability": "0.2"}] * 2
    + [{"isClosed": YES, "probability": "1.0"}, {"isClosed": YES, "probability": "0.0"}],
    "isClosed only": [{"isClosed": NO}] * 2 + [{"isClosed": YES}] * 2,
}


@pytest.mark.parametrize(
    ("metadata", "n_guesses"), [(REST["shares and isClosed"], 0), (REST["isClosed only"], 2)]
)
def test_answers_of_the_interface(metadata: list[dict[str, str]], n_guesses: int) -> None:
    export = read(answer(LABELS, metadata))
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "meaning_by_name") == n_guesses


@pytest.mark.parametrize(
    "stages",
    [
        answer(STRANGE, REST["isClosed only"]),
        warehouse(STRANGE, is_closed=ONLY_CLOSED),
        warehouse(STRANGE, closed_won=ONLY_CLOSED),
    ],
    ids=["interface", "is_closed", "closed_won of all closed"],
)
def test_closed_stages_of_which_nothing_says_which_is_won_are_refused(stages: Any) -> None:
    with pytest.raises(sf.ReaderError, match=r"'Signed', 'Gone' are closed, .*: pipeline=$") as error:
        read(stages)
    assert error.value.option == "pipeline"
    pipeline = sf.Pipeline(["s1", "s2"], won="s3", lost="s4")
    assert outcomes(read(stages, pipeline=pipeline)) == [1, 1, 0]


def test_a_probability_of_0_before_stages_in_progress_is_no_loss() -> None:
    export = read(warehouse(STRANGE, probability=[0, 0.5, 1, 0], closed_won=ONLY_WON))
    (pipeline,) = export.pipelines.values()
    assert (pipeline.stages, pipeline.won, pipeline.lost) == (("s1", "s2"), ("s3",), ("s4",))
    assert (count(export, "open_at_zero"), count(export, "lost_by_zero")) == (1, 1)


def test_a_name_that_contradicts_the_flags_is_counted() -> None:
    export = read(warehouse(probability=[0.2, 0.5, 0, 1], is_closed=ONLY_CLOSED))
    assert outcomes(export) == [1, 1, 0]  # by probability: deal 2 in "Closed Lost" is won
    assert count(export, "meaning_differs_from_name") == 2


def test_an_archived_stage_that_nothing_uses_is_not_asked_for() -> None:
    stages = [
        *warehouse(probability=SHARES, is_closed=ONLY_CLOSED),
        {"stage_id": "s9", "pipeline_id": "p", "label": "Gone", "display_order": 9, "is_closed": YES},
    ]
    export = read(stages)
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "closed_unknown") == 1


PROPERTIES = [
    (1, "dealstage", "appointmentscheduled", "2026-01-05 10:00"),
    (1, "dealstage", "closedwon", "2026-01-09 10:00"),
    (1, "amount", "100", "2026-01-09 10:00"),
]


@pytest.mark.parametrize("name", ["name", "property", "property_name", "Name"])
@pytest.mark.parametrize("time", ["timestamp", "_fivetran_start"])
def test_a_property_history_of_a_warehouse_is_not_a_wide_table(name: str, time: str) -> None:
    rows = [
        {
            "deal_id": deal,
            time: at,
            "_fivetran_synced": "2026-02-01",
            "source": "CRM",
            name: what,
            "value": value,
        }
        for deal, what, value, at in PROPERTIES
    ]
    export = sf.read(rows)
    assert export.format == "hubspot"
    (pipeline,) = export.pipelines.values()
    funnel = sf.funnel(export.log, pipeline)
    reached = dict(zip(funnel["stage"], funnel["reached"], strict=True))
    assert reached == {"appointmentscheduled": 1, "closedwon": 1}
    assert count(export, "other_properties") == 1


def test_a_property_history_of_tickets_is_read_by_the_name_of_its_property() -> None:
    rows = [
        {"ticket_id": 7, "timestamp": f"2026-01-0{day}", "name": what, "value": value}
        for day, what, value in [
            (1, "hs_pipeline_stage", "New"),
            (2, "subject", "Help"),
            (3, "hs_pipeline_stage", "Closed"),
        ]
    ]
    export = sf.read(rows)
    assert (export.format, export.log.n_rows, count(export, "other_fields")) == ("events", 2, 1)


def test_a_list_of_deals_with_a_name_and_a_value_is_no_property_history() -> None:
    deals = [{"deal_id": 1, "name": "Big", "value": 100, "timestamp": "2026-01-05"}]
    with pytest.raises(sf.ReaderError):
        sf.read(deals, crm="hubspot")
