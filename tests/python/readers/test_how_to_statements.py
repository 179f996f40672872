"""What the pages for each CRM say of their exports, asked of exports that were written down for it."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, noted

STAGES = [
    ("DEAL_STAGE", "NEW", "process"),
    ("DEAL_STAGE", "PREPARATION", "process"),
    ("DEAL_STAGE", "WON", "success"),
    ("DEAL_STAGE", "LOSE", "failure"),
    ("DEAL_STAGE_2", "C2:NEW", "process"),
    ("DEAL_STAGE_2", "C2:WON", "success"),
]
# Deal, day, pipeline, meaning and stage: 1 moves to another pipeline; 2 fails, is worked on again and
# succeeds; 3 fails and succeeds; 4 is in a stage, and 5 lost in one, that the list no longer has.
MOVES = [
    *[(1, 1, 0, "P", "NEW"), (1, 2, 0, "P", "PREPARATION"), (1, 3, 2, "P", "C2:NEW")],
    *[(2, 1, 0, "P", "NEW"), (2, 2, 0, "F", "LOSE"), (2, 3, 0, "P", "NEW"), (2, 4, 0, "S", "WON")],
    *[(3, 1, 0, "P", "NEW"), (3, 2, 0, "F", "LOSE"), (3, 4, 0, "S", "WON")],
    *[(4, 1, 0, "P", "NEW"), (4, 2, 0, "P", "GONE"), (5, 1, 0, "P", "NEW"), (5, 2, 0, "F", "BAD")],
]


@pytest.fixture
def bitrix24() -> sf.Export:
    history = [
        {
            "ID": number,
            "TYPE_ID": 2,
            "OWNER_ID": deal,
            "CREATED_TIME": f"2026-03-{day:02d}T10:00:00+03:00",
            "CATEGORY_ID": category,
            "STAGE_SEMANTIC_ID": meaning,
            "STAGE_ID": stage,
        }
        for number, (deal, day, category, meaning, stage) in enumerate(MOVES, start=1)
    ]
    listed = [
        {
            "ID": str(number),
            "ENTITY_ID": entity,
            "STATUS_ID": code,
            "NAME": code,
            "SORT": str(number),
            "EXTRA": {"SEMANTICS": meaning},
        }
        for number, (entity, code, meaning) in enumerate(STAGES, start=1)
    ]
    return sf.read([{"result": {"items": history}, "total": len(history)}, {"result": listed}])


def counts(export: sf.Export, **options: Any) -> dict[str, int]:
    """Count the items that passed each stage of the first pipeline, its base and what it leaves out."""
    pipeline = next(iter(export.pipelines.values()))
    moved_out = options.pop("moved_out", "exclude")
    table = sf.funnel(export.log, pipeline.replace(moved_out=moved_out), **options)
    passed = dict(zip(table["stage"].astype(str), table["passed"].tolist(), strict=True))
    return {**passed, "base": int(table["base"].iloc[0]), "left_out": int(table["left_out"].iloc[0])}


def test_a_deal_that_moved_is_left_out_unless_the_pipeline_keeps_it(bitrix24: sf.Export) -> None:
    # 2, 3 and 5 are in the pipeline now; 1 is in another one, 4 in a stage that the list no longer has.
    expected = {"NEW": 3, "PREPARATION": 0, "WON": 2, "LOSE": 2, "BAD": 1, "base": 3, "left_out": 0}
    assert counts(bitrix24) == expected
    kept = counts(bitrix24, moved_out="include")
    assert kept == {**expected, "NEW": 5, "PREPARATION": 1, "base": 5}


def test_failure_then_success_is_left_out_and_what_was_worked_on_between_stays(bitrix24: sf.Export) -> None:
    both = counts(bitrix24, kind="conversions")
    assert (both["base"], both["left_out"], both["WON"]) == (2, 1, 1)
    reopened = counts(bitrix24, kind="conversions", lost_then_won="exclude_reopened")
    assert (reopened["base"], reopened["left_out"], reopened["WON"]) == (1, 2, 0)


def test_deleted_stages_are_named(bitrix24: sf.Export) -> None:
    assert noted(bitrix24)["deleted_stages"] == 2
    note = bitrix24.log.quality().set_index("check").loc["deleted_stages"]
    assert note["level"] == "guess"
    assert "GONE, BAD" in note["note"]


def test_the_log_of_an_export_carries_the_lines_of_its_reader(bitrix24: sf.Export) -> None:
    pipeline = next(iter(bitrix24.pipelines.values()))
    of_reader = [*noted(bitrix24)]
    assert "changed_pipeline" in of_reader
    for quality in (
        bitrix24.quality,
        bitrix24.log.quality(),
        bitrix24.log.quality(pipeline),
        sf.summary(bitrix24.log, pipeline).quality,
    ):
        assert quality["check"].tolist()[-len(of_reader) :] == of_reader
    part = sf.partial(bitrix24.log, pipeline)
    merged = part.summary().quality.set_index("check")["count"]
    assert {check: int(merged[check]) for check in of_reader} == noted(bitrix24)


def test_deal_506_of_hubspot_counts_with_the_partners_alone() -> None:
    export = sf.read(str(EXPORTS / "hubspot/*.json"))
    sales = export.pipelines["Sales Pipeline"]
    keys = [
        sf.item_table(export.log, pipeline)["item"].tolist()
        for pipeline in (sales, export.pipelines["Partners"], sales.replace(moved_out="include"))
    ]
    assert ["506" in own for own in keys] == [False, True, True]


def test_kommos_log_does_not_keep_who_moved_a_lead() -> None:
    export = sf.read(str(EXPORTS / "kommo/*.json"))
    assert noted(export)["actor_left_out"] == 9
    sales = export.pipelines["Sales"]
    moved = [sf.item_table(export.log, one)["item"].tolist() for one in (sales, export.pipelines["Delivery"])]
    assert ["4825" in own for own in moved] == [False, True]
    # Who stands in a stage in progress is open there; who is won or lost is in the outcomes.
    table, outcomes = sf.funnel(export.log, sales), sf.outcomes(export.log, sales)
    assert table["open_at"].tolist() == [0, 1, 0, 0, 0, 0]
    assert outcomes[["won", "lost", "open"]].to_numpy().tolist() == [[2, 1, 1]]


def test_a_deal_of_pipedrive_that_moved_on_is_left_out_of_the_pipeline_that_it_left() -> None:
    export = sf.read(str(EXPORTS / "pipedrive/[dfps]*.json"))
    assert noted(export)["changed_pipeline"] == 1
    sales = export.pipelines["Sales"]
    (moved,) = set(sf.item_table(export.log, export.pipelines["Projects"])["item"])
    assert moved not in set(sf.item_table(export.log, sales)["item"])
    assert moved in set(sf.item_table(export.log, sales.replace(moved_out="include"))["item"])


def test_pages_that_were_not_fetched_warn() -> None:
    answer = {"result": {"items": [{**_ROW, "ID": 1}]}, "total": 3}
    export = sf.read([answer])
    line = export.log.quality().set_index("check").loc["rows_not_fetched"]
    assert (line["count"], line["level"]) == (2, "warning")
    assert "Warning: 2 rows of" in repr(sf.show(export.log.quality()))


_ROW = {
    "TYPE_ID": 1,
    "OWNER_ID": 1,
    "CREATED_TIME": "2026-03-01T10:00:00+03:00",
    "CATEGORY_ID": 0,
    "STAGE_SEMANTIC_ID": "P",
    "STAGE_ID": "NEW",
}
