"""Random journeys, written as each CRM writes them and read again: no move is lost."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from readers.exports import moves

OPEN, FINAL = ("Lead", "Talk", "Offer"), ("won", "lost")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Visit(NamedTuple):
    stage: str
    second: int  # since START; several visits may begin in the same second


Journeys = Sequence[Sequence[Visit]]


@st.composite
def journeys(draw: st.DrawFn) -> Journeys:
    """Draw journeys that begin in progress; an item may be won, opened again, lost …"""
    drawn = []
    for _ in range(draw(st.integers(1, 5))):
        stages = [draw(st.sampled_from(OPEN))]
        for _ in range(draw(st.integers(0, 6))):
            stages.append(draw(st.sampled_from([one for one in OPEN + FINAL if one != stages[-1]])))
        steps = draw(st.lists(st.integers(0, 2), min_size=len(stages), max_size=len(stages)))
        drawn.append([Visit(stage, sum(steps[: at + 1])) for at, stage in enumerate(stages)])
    return drawn


def iso(second: int) -> str:
    return (START + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")


def shuffled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return random.Random(len(rows)).sample(rows, len(rows))


def as_hubspot(given: Journeys) -> Any:
    return [
        {
            "id": str(item),
            "propertiesWithHistory": {
                "dealstage": [{"value": one.stage, "timestamp": iso(one.second)} for one in reversed(visits)]
            },
        }
        for item, visits in enumerate(given)
    ]


def as_salesforce(given: Journeys) -> Any:
    rows = [
        {"OpportunityId": str(item), "StageName": one.stage, "CreatedDate": iso(one.second)}
        for item, visits in enumerate(given)
        for one in visits
    ]
    return shuffled([row | {"Id": f"008{number:06d}"} for number, row in enumerate(rows)])


def as_salesforce_fields(given: Journeys) -> Any:
    rows = [
        {
            "OpportunityId": str(item),
            "Field": "StageName",
            "OldValue": before.stage,
            "NewValue": after.stage,
            "CreatedDate": iso(after.second),
        }
        for item, visits in enumerate(given)
        for before, after in pairwise(visits)
    ]
    # Without any change of a stage there is no history.
    rows.append({"OpportunityId": "0", "Field": "Amount", "NewValue": "5", "CreatedDate": iso(0)})
    listed = [
        {
            "Id": str(item),
            "StageName": visits[-1].stage,
            "CreatedDate": iso(visits[0].second),
            "IsClosed": str(visits[-1].stage in FINAL),
        }
        for item, visits in enumerate(given)
    ]
    return [shuffled([row | {"Id": f"017{number:06d}"} for number, row in enumerate(rows)]), listed]


def as_pipedrive(given: Journeys) -> Any:
    """Write changes of stage and status: a closed deal that opens elsewhere changes its stage first."""
    rows, deals = [], []
    for item, visits in enumerate(given):
        stage, status = visits[0].stage, "open"
        born = (item, "add_time", None, iso(visits[0].second), visits[0].second)
        found = [born]
        for one in visits[1:]:
            if one.stage in FINAL:
                found.append((item, "status", status, one.stage, one.second))
                status = one.stage
                continue
            if one.stage != stage:
                found.append((item, "stage_id", stage, one.stage, one.second))
                stage = one.stage
            if status != "open":
                found.append((item, "status", status, "open", one.second))
                status = "open"
        rows += found
        deals.append({"id": item, "stage_id": stage, "pipeline_id": 1, "status": status, "title": "A"})
    names = ("item_id", "field_key", "old_value", "new_value", "log_time")
    data = [dict(zip(names, row, strict=True)) | {"id": number} for number, row in enumerate(rows)]
    flow = [
        {
            "object": "dealChange",
            "timestamp": iso(one["log_time"]),
            "data": one | {"log_time": iso(one["log_time"])},
        }
        for one in data
    ]
    stages = [
        {"id": stage, "name": stage, "order_nr": at, "pipeline_id": 1}
        for at, stage in enumerate(OPEN, start=1)
    ]
    return [shuffled(flow), deals, stages]


def as_kommo(given: Journeys) -> Any:
    status = {"Lead": 21, "Talk": 22, "Offer": 23, "won": 142, "lost": 143}

    def value(stage: str) -> list[dict[str, Any]]:
        return [{"lead_status": {"id": status[stage], "pipeline_id": 11}}]

    second = int(START.timestamp())
    events = [
        {
            "type": "lead_status_changed",
            "entity_id": item,
            "created_at": second + after.second,
            "value_before": value(before.stage),
            "value_after": value(after.stage),
        }
        for item, visits in enumerate(given)
        for before, after in pairwise(visits)
    ]
    events += [
        {
            "type": "lead_added",
            "entity_id": item,
            "created_at": second + visits[0].second,
            "value_before": [],
            "value_after": [],
        }
        for item, visits in enumerate(given)
    ]
    leads = [
        {
            "id": item,
            "price": 100,
            "status_id": status[visits[-1].stage],
            "pipeline_id": 11,
            "created_at": second + visits[0].second,
        }
        for item, visits in enumerate(given)
    ]
    return [shuffled([event | {"id": f"01h{number:023d}"} for number, event in enumerate(events)]), leads]


KOMMO = {"21": "Lead", "22": "Talk", "23": "Offer", "11:142": "won", "11:143": "lost"}


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        pytest.param(as_hubspot, {}, id="hubspot"),
        pytest.param(as_salesforce, {}, id="salesforce"),
        pytest.param(as_salesforce_fields, {}, id="salesforce fields"),
        pytest.param(as_pipedrive, {"1:won": "won", "1:lost": "lost"}, id="pipedrive"),
        pytest.param(as_kommo, KOMMO, id="kommo"),
    ],
)
@examples(ci=20, night=150)
@given(drawn=journeys())
def test_what_a_crm_would_write_is_read_as_it_was(
    written: Callable[[Journeys], Any], labels: dict[str, str], drawn: Journeys
) -> None:
    export = sf.read(written(drawn))
    assert export.log.n_items == len(drawn)
    assert export.log.n_rows == sum(map(len, drawn))
    (name,) = export.pipelines
    found = {
        (labels.get(before, before), labels.get(after, after)): count
        for (before, after), count in moves(export, name).items()
    }
    wanted = Counter((before.stage, after.stage) for visits in drawn for before, after in pairwise(visits))
    assert found == wanted
    last = Counter(visits[-1].stage if visits[-1].stage in FINAL else "open" for visits in drawn)
    outcomes = sf.outcomes(export.log, export.pipelines[name])[["won", "lost", "open"]].iloc[0].to_dict()
    assert outcomes == {outcome: last[outcome] for outcome in ("won", "lost", "open")}
