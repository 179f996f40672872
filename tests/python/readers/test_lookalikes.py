"""Home-made tables with columns that resemble those of a CRM: they are read as home-made tables."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import reached

NEW = {"id": 1, "deal_id": 1, "opportunity_id": 1, "value": 100, "pipeline_id": 1, "status": "open"}
COLUMNS = [
    ("deal_id", "deal_stage", "changed_at"),
    ("deal_id", "stage", "date_entered", "value"),
    ("opportunity_id", "stage_name", "changed_at"),
    ("id", "stage_name", "created_date"),
    ("id", "stage_id", "changed_at", "status", "pipeline_id"),
    ("id", "status_id", "changed_at", "pipeline_id"),
]


@pytest.mark.parametrize("columns", COLUMNS, ids=" ".join)
def test_a_table_of_events_is_not_taken_for_an_export_of_a_crm(columns: tuple[str, ...]) -> None:
    stage, time = columns[1], columns[2]

    def row(label: str, day: int) -> dict[str, Any]:
        return {name: NEW.get(name) for name in columns} | {stage: label, time: f"2026-03-0{day}"}

    export = sf.read([row("New", 1), row("Won", 2)])
    assert export.format == "events"
    assert list(reached(export, *export.pipelines).values()) == [1, 1]
    assert export.log.n_items == 1


def test_events_that_tell_no_stage_are_refused() -> None:
    added = {"type": "lead_added", "entity_id": 1, "created_at": 1772435700, "value_after": []}
    with pytest.raises(sf.ReaderError, match="does not name a stage of any item"):
        sf.read([added])
