"""Optional stages and stages that come and go, against the reference, on random pipelines and logs."""

# Every question that reads the rules is asked about the same random pipelines.

import json
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, assert_same, frame_of, items_of, log_of, order_of, records
from ruled_pipelines import ruled
from strategies import Case, cases

KINDS = ["classic", "conversions", "furthest", "strict"]
OPTIONS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([*KINDS, "both"]),
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from([None, "include", "exclude", "exclude_reopened"]),
    }
)
ONE_KIND = OPTIONS.filter(lambda options: options["kind"] != "both")


def people_of(case: Case, seed: int) -> list[str | None]:
    random = Random(seed)
    return [random.choice(["ann", "Zoe", None]) for _ in case.rows]


@pytest.mark.parametrize("times", ["integer", "naive", "zoned"])
@given(data=st.data(), options=OPTIONS, ordered=st.booleans())
def test_a_funnel_counts_what_the_reference_counts(
    times: Any, data: st.DataObject, options: dict[str, Any], ordered: bool
) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    pipeline = data.draw(ruled(case))
    options |= {"unlisted": "ignore"}
    found = sf.funnel(log_of(case, ordered=ordered), pipeline, **options)
    assert_same(found, reference.funnel(case.rows, pipeline, **options, order=order_of(case, ordered)))


@given(data=st.data(), options=OPTIONS)
def test_a_breakdown_is_that_of_the_reference(data: st.DataObject, options: dict[str, Any]) -> None:
    case = data.draw(cases())
    pipeline = data.draw(ruled(case))
    items = items_of(case.groups, "group", [row[0] for row in case.rows])
    found = sf.funnel(log_of(case, items=items), pipeline, by="group", **options)
    assert_same(found, reference.funnel(case.rows, pipeline, groups=case.groups, **options), by=["group"])


@given(data=st.data(), options=ONE_KIND, seed=st.integers(0, 2**32 - 1))
def test_a_stage_counts_in_the_group_of_the_entry_that_it_counts_for(
    data: st.DataObject, options: dict[str, Any], seed: int
) -> None:
    case = data.draw(cases(unlisted="some"))
    pipeline, people = data.draw(ruled(case)), people_of(case, seed)
    sums = [Random(seed + 1).choice([0.5, -3.0, 1e6, None]) for _ in case.rows]
    log = sf.StageLog(
        frame_of(case.rows).assign(group=people, sum=pd.Series(sums, dtype=float)), columns=["group", "sum"]
    )
    options |= {"unlisted": "ignore"}
    found = sf.funnel(log, pipeline, by="group", at="stage", amount="sum", amount_at="stage", **options)
    expected = reference.funnel_at_stages(case.rows, pipeline, people, amounts=sums, **options)
    assert_same(found, expected, by=["group"])


def test_a_group_that_only_went_past_a_stage_that_was_not_there_is_not_shown() -> None:
    # Bob's entry into Offer is before New is there; Ann's later one is that in which the item counts.
    rows = {
        "item": [1, 1, 1],
        "stage": ["Offer", "New", "Offer"],
        "time": [0, 1, 2],
        "who": ["Bob", "Ann", "Ann"],
    }
    log = sf.StageLog(pd.DataFrame(rows), columns=["who"])
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", since={"New": 1})
    table = sf.funnel(log, pipeline, by="who", at="stage", missing="ignore")
    assert table["who"].unique().tolist() == ["Ann"]
    assert table["reached"].tolist() == [1, 1, 0, 0]
    assert table["skipped"].tolist() == [0, 0, 0, 0]


@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_skips_at_the_move_are_those_of_the_reference(data: st.DataObject, seed: int) -> None:
    case = data.draw(cases(unlisted="some", max_items=10))
    pipeline, people = data.draw(ruled(case)), people_of(case, seed)
    log = sf.StageLog(frame_of(case.rows).assign(group=people), columns=["group"])
    found = sf.skips(log, pipeline, by="group", unlisted="ignore")
    expected = reference.skips_at_moves(case.rows, pipeline, people, unlisted="ignore")
    assert_same(found, expected, by=["group"])


@given(data=st.data(), ordered=st.booleans())
def test_items_are_those_of_the_reference(data: st.DataObject, ordered: bool) -> None:
    case = data.draw(cases(times="naive"))
    pipeline = data.draw(ruled(case))
    found = sf.item_table(log_of(case, ordered=ordered), pipeline)
    assert_same(found, reference.item_table(case.rows, pipeline, order=order_of(case, ordered)))


@given(data=st.data(), options=OPTIONS, basis=st.sampled_from(["active", "created", "closed"]))
def test_a_trend_is_the_funnel_of_each_period_alone(
    data: st.DataObject, options: dict[str, Any], basis: Any
) -> None:
    case = data.draw(cases(times="naive"))
    pipeline = data.draw(ruled(case))
    log = log_of(case)
    every = data.draw(st.sampled_from(["day", "month"]))
    trend = sf.funnel_by_period(log, pipeline, every=every, basis=basis, **options)
    alone = []
    for period in pd.period_range(trend["period"].min(), trend["period"].max()):
        table = sf.funnel(log, pipeline, period=period, basis=basis, **options)
        table.insert(list(table.columns).index("stage"), "period", period)
        alone.append(table)
    expected = pd.concat(alone, ignore_index=True)
    if options["kind"] == "both":
        expected = expected.sort_values("kind", kind="stable", ignore_index=True)
    expected["period"] = expected["period"].astype(trend["period"].dtype)
    assert_frame_equal(trend, expected, check_exact=True)


@given(data=st.data(), options=ONE_KIND, basis=st.sampled_from(["entity", "origin"]))
def test_a_chain_is_that_of_the_reference(data: st.DataObject, options: dict[str, Any], basis: Any) -> None:
    leads, deals = data.draw(cases(unlisted="some")), data.draw(cases(unlisted="some"))
    pipelines = data.draw(ruled(leads)), data.draw(ruled(deals))
    options |= {"lost_then_won": options["lost_then_won"] or "include"}
    keys = [list(dict.fromkeys(item for item, _, _ in case.rows)) for case in (deals, leads)]
    links = data.draw(st.lists(st.tuples(*map(st.sampled_from, keys)), max_size=12))
    table = pd.DataFrame(
        {
            name: pd.Series([pair[at] for pair in links], dtype="Int64" if isinstance(of[0], int) else object)
            for at, (name, of) in enumerate(zip(["deal_id", "lead_id"], keys, strict=True))
        }
    )
    found = sf.chain_funnel(
        log_of(leads),
        log_of(deals),
        table,
        lead_pipeline=pipelines[0],
        deal_pipeline=pipelines[1],
        basis=basis,
        unlisted="ignore",
        **options,
    )
    expected = reference.chain_funnel(
        leads.rows, deals.rows, links, *pipelines, **options, basis=basis, amounts={}, unlisted="ignore"
    )
    expected = expected.drop(columns=["amount", "amount_missing"]).astype({"part": object})
    assert_same(found.astype({"part": object, "stage": object}), expected)


@given(data=st.data(), options=OPTIONS, seed=st.integers(0, 2**32 - 1))
def test_parts_add_up_to_the_whole(data: st.DataObject, options: dict[str, Any], seed: int) -> None:
    case = data.draw(cases(max_items=8, times="naive"))
    pipeline = data.draw(ruled(case))
    random = Random(seed)
    part_of = {item: random.randrange(2) for item, _, _ in case.rows}
    parts = [[row for row in case.rows if part_of[row[0]] == part] for part in (0, 1)]
    logs = [sf.StageLog(frame_of(rows)) for rows in parts if rows]
    more = {"fill": options["fill"], "lost_then_won": options["lost_then_won"], "missing": "ignore"}
    whole = sf.merge([sf.partial(log, pipeline, **more) for log in logs]).summary()
    expected = sf.summary(log_of(case), pipeline, **more)
    assert_frame_equal(whole.funnel, expected.funnel, check_exact=True)
    assert whole.funnel.attrs == expected.funnel.attrs
    assert_frame_equal(whole.quality, expected.quality, check_exact=True)


def many_items(n: int, seed: int) -> list[reference.Row]:
    random = Random(seed)
    stages = ["New", "Demo", "Offer", "Won", "Lost"]
    rows: list[reference.Row] = []
    for item in range(n):
        time = random.randrange(60)
        for _ in range(random.randrange(1, 6)):
            rows.append((item, random.choice(stages), time))
            time += random.randrange(12)
    return rows


GROUP = {item: "abc"[item % 3] for item in range(8_000)}
AMOUNT = {item: float(item % 7) if item % 5 else None for item in range(8_000)}


@cache
def expected_of_many(rules: str) -> dict[str, pd.DataFrame]:
    """Ask the reference about many items once, for any number of threads."""
    pipeline = sf.Pipeline(["New", "Demo", "Offer"], won="Won", lost="Lost", **json.loads(rules))
    rows = many_items(8_000, seed=len(json.loads(rules)))
    expected = {"plain": reference.funnel(rows, pipeline.replace(optional=(), since={}, until={}))}
    for kind in ("classic", "conversions", "furthest"):
        expected[kind] = reference.funnel(rows, pipeline, kind=kind)
        by = reference.funnel(rows, pipeline, kind=kind, groups=GROUP, amounts=AMOUNT)
        expected[f"{kind} by group"] = by
    expected["summary"] = reference.funnel(rows, pipeline, kind="both", groups=GROUP)
    return expected


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "rules",
    [
        {"optional": "Demo"},
        {"since": {"Demo": 30}},
        {"since": {"Demo": 20, "New": 25}, "until": {"Offer": 40, "Demo": 55}},
        {"optional": ["New", "Demo"], "until": {"Demo": 33}},
    ],
)
def test_items_that_are_counted_by_state_are_counted_as_one_by_one(
    rules: dict[str, Any], threads: int
) -> None:
    pipeline = sf.Pipeline(["New", "Demo", "Offer"], won="Won", lost="Lost", **rules)
    plain = pipeline.replace(optional=(), since={}, until={})
    rows, group, amount = many_items(8_000, seed=len(rules)), GROUP, AMOUNT
    expected_of = expected_of_many(json.dumps(rules))
    items = items_of(group, "group", [0]).assign(value=pd.Series(amount, dtype=float))
    for kind in ("classic", "conversions", "furthest"):
        log = sf.StageLog(frame_of(rows), items=items, threads=threads)
        assert_same(sf.funnel(log, pipeline, kind=kind), expected_of[kind])
        found = sf.funnel(log, pipeline, kind=kind, by="group", amount="value")
        assert_same(found, expected_of[f"{kind} by group"], by=["group"])
    # Another pipeline of the same stages does not take what was kept for this one.
    assert_same(sf.funnel(log, plain), expected_of["plain"])
    summary = sf.summary(log, pipeline, by="group")
    assert_same(summary.funnel, expected_of["summary"], by=["group"])


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_an_explanation_counts_as_the_funnel_does(kind: Any, data: st.DataObject) -> None:
    case = data.draw(cases(times="naive"))
    pipeline = data.draw(ruled(case))
    item = case.rows[0][0]
    fill = data.draw(st.sampled_from(["won", "moves"]))
    table = sf.explain(log_of(case), pipeline, item=item, kind=kind, fill=fill, lost_then_won="include")
    own = [row for row in case.rows if row[0] == item]
    expected = reference.funnel(own, pipeline, kind=kind, fill=fill, lost_then_won="include")
    assert table["passed"].astype(int).tolist() == expected["passed"].tolist()
    assert table["assumed"].astype(int).tolist() == expected["assumed"].tolist()
    first_words = np.where(table["passed"], "passed", np.where(table["assumed"], "assumed", "not counted"))
    assert table["reason"].str.split(":").str[0].tolist() == first_words.tolist()


@given(data=st.data())
def test_rows_outside_the_dates_are_counted_and_read(data: st.DataObject) -> None:
    case = data.draw(cases(unlisted="some", times="naive"))
    pipeline = data.draw(ruled(case))
    outside = sum(
        stage in pipeline.stages and not reference.is_there(stage, time, pipeline)
        for _, stage, time in case.rows
    )
    quality = log_of(case).quality(pipeline).set_index("check")["count"]
    if pipeline.rules.since or pipeline.rules.until:
        assert quality["rows_outside_dates"] == outside
    else:
        assert "rows_outside_dates" not in quality.index


DISCUSSION = sf.Pipeline(
    ["New", "Discussion", "Prepayment", "Delivery"], won="Won", lost="Lost", optional="Discussion"
)
DEMO = sf.Pipeline(["New", "Demo", "Offer"], won="Won", lost="Lost", since={"Demo": "2026-06-01"})


def golden(name: str) -> tuple[list[dict[str, str]], list[reference.Row]]:
    """Read the lines of a worked example, and the rows of their journeys."""
    lines = records(f"stage_rules/{name}.csv")
    rows: list[reference.Row] = []
    for line in lines:
        for move in line["journey"].split(" > "):
            stage, day = move.split()
            rows.append((int(line["item"]), stage, pd.Timestamp(day)))
    return lines, rows


def cell(reached: "pd.Series[Any]", n_open: int) -> str:
    counts = [str(count) for count in reached]
    return "\N{MIDDLE DOT}".join(["".join(counts[:n_open]), *counts[n_open:]])


@pytest.mark.parametrize(("name", "pipeline"), [("optional", DISCUSSION), ("dated", DEMO)])
@pytest.mark.parametrize("column", ["classic", "conversions_won", "conversions_moves", "furthest", "strict"])
def test_every_cell_of_the_worked_example_is_met(name: str, pipeline: sf.Pipeline, column: str) -> None:
    lines, rows = golden(name)
    kind, _, fill = column.partition("_")
    options: Any = {"kind": kind, "fill": fill or "won"}
    for line in lines:
        own = [row for row in rows if row[0] == int(line["item"])]
        for table in (
            sf.funnel(sf.StageLog(frame_of(own)), pipeline, missing="ignore", **options),
            reference.funnel(own, pipeline, **options),
        ):
            assert cell(table["reached"], len(pipeline.stages)) == line[column], line["journey"]


def test_an_optional_stage_is_passed_over_and_never_skipped() -> None:
    _, rows = golden("optional")
    log = sf.StageLog(frame_of(rows))
    table = sf.funnel(log, DISCUSSION).set_index("stage")
    assert table.loc["Discussion", ["skipped", "began_beyond"]].tolist() == [0, 0]
    assert np.isnan(table.loc["Discussion", "skip_rate"])
    assert table["conversion_from_previous"].tolist()[1:3] == [3 / 5, 3 / 5]
    assert sf.skips(log, DISCUSSION, by=None)["stage"].tolist()[-1] == "Discussion"
    assert sf.item_table(log, DISCUSSION).set_index("item").loc[6, "furthest_stage"] == "Discussion"


def test_a_stage_is_skipped_by_moves_that_were_made_while_it_was_there() -> None:
    lines, rows = golden("dated")
    log = sf.StageLog(frame_of(rows))
    expected = [line["skipped"] == "yes" for line in lines]
    demo = [sf.StageLog(frame_of([row for row in rows if row[0] == int(line["item"])])) for line in lines]
    found = [bool(sf.funnel(one, DEMO, missing="ignore")["skipped"].iloc[1]) for one in demo]
    assert found == expected
    table = sf.funnel(log, DEMO).set_index("stage")
    assert table.loc["Demo", ["skipped", "skip_rate"]].tolist() == [5, 1]
    assert table["conversion_from_previous"].isna().tolist() == [True, True, True, False, False]
    july = sf.funnel(log, DEMO, period="2026-07", basis="created").set_index("stage")
    assert july.loc["Demo", "conversion_from_previous"] == 0
    assert "absent" not in july.attrs["stagefunnel"]
