"""Merged partials of some of the items give the summary of all items."""

import pickle
import re
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import (
    FRENCH,
    SHOP,
    SMALL,
    assert_frame_equal,
    assert_summary,
    frame_of,
    golden_rows,
    journeys_log,
    log_of,
    pipeline_of,
    records,
)
from strategies import Case, cases

OPTIONS = st.fixed_dictionaries(
    {"unlisted": st.just("ignore"), "per": st.sampled_from(["visit", "item", "longest"])},
    optional={
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from(["include", "exclude", "exclude_reopened"]),
    },
)
QUANTILES = [0, 0.1, 0.333, 0.75, 1]


@st.composite
def splits(draw: st.DrawFn, times: Any = "integer") -> tuple[Case, list[sf.StageLog]]:
    """Draw a log, and its items dealt out to up to three others, each in the order of the rows."""
    case = draw(cases(unlisted="some", times=times, max_items=8))
    items = list(dict.fromkeys(item for item, _, _ in case.rows))
    part_of = {item: draw(st.integers(0, 2)) for item in items}
    dealt = [[row for row in case.rows if part_of[row[0]] == part] for part in range(3)]
    return case, [log_of(case._replace(rows=rows)) for rows in dealt if rows]


@pytest.mark.parametrize("times", ["integer", "naive", "zoned"])
@given(data=st.data(), options=OPTIONS)
def test_the_merged_partials_are_the_summary_of_the_whole(
    times: Any, data: st.DataObject, options: dict[str, Any]
) -> None:
    case, logs = data.draw(splits(times))
    pipeline = pipeline_of(case.pipeline)
    merged = sf.merge(sf.partial(log, pipeline, **options) for log in logs)
    whole = sf.summary(log_of(case), pipeline, quantiles=QUANTILES, **options)
    assert_summary(merged.summary(quantiles=QUANTILES), whole.tables)


@given(
    split=splits(),
    start=st.none() | st.integers(0, 6),
    length=st.integers(1, 6),
    basis=st.sampled_from(["active", "created", "closed"]),
    as_of=st.none() | st.integers(1, 10),
)
def test_the_partials_of_a_period_are_the_summary_of_it(
    split: tuple[Case, list[sf.StageLog]], start: int | None, length: int, basis: Any, as_of: int | None
) -> None:
    case, logs = split
    pipeline = pipeline_of(case.pipeline)
    period = None if start is None else (start, start + length)
    options: dict[str, Any] = {"unlisted": "ignore", "period": period, "basis": basis, "as_of": as_of}
    merged = sf.merge(sf.partial(log, pipeline, **options) for log in logs)
    whole = sf.summary(log_of(case), pipeline, quantiles=QUANTILES, **options)
    assert_summary(merged.summary(quantiles=QUANTILES), whole.tables)


def test_partials_of_different_periods_are_not_merged() -> None:
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": [3]})
    parts = [sf.partial(log, sf.Pipeline("New"), period=(0, end)) for end in (5, 9)]
    with pytest.raises(sf.SchemaError, match=r"differ in period= \(.*end=5.* in number 0 and .*end=9"):
        sf.merge(parts)


def content(part: sf.Partial) -> list[Any]:
    """Return everything that a partial holds, as what is sent of it has it."""
    return [part.to_bytes(), part.pipeline]


@given(split=splits(), options=OPTIONS)
def test_the_order_and_the_steps_of_merging_change_nothing(
    split: tuple[Case, list[sf.StageLog]], options: dict[str, Any]
) -> None:
    case, logs = split
    parts = [sf.partial(log, pipeline_of(case.pipeline), **options) for log in logs]
    expected = content(sf.merge(parts))
    for turned in permutations(parts):
        assert content(sf.merge(turned)) == expected
        assert content(sf.merge([sf.merge(turned[:1]), *turned[1:]])) == expected
        assert content(sf.merge([*turned[:1], *([sf.merge(turned[1:])] if turned[1:] else [])])) == expected


@given(split=splits("zoned"), options=OPTIONS)
def test_a_partial_can_be_sent(split: tuple[Case, list[sf.StageLog]], options: dict[str, Any]) -> None:
    case, logs = split
    part = sf.partial(logs[0], pipeline_of(case.pipeline), **options)
    received = pickle.loads(pickle.dumps(part))
    assert content(received) == content(part)
    assert repr(received) == repr(part)
    assert_summary(received.summary(), part.summary().tables)


@pytest.mark.parametrize("cut", [1, 6, 12])
def test_the_totals_of_the_worked_example_are_met_from_two_parts(cut: int) -> None:
    rows = golden_rows("worked_example")
    parts = [[row for row in rows if (int(row[0]) > cut) == later] for later in (False, True)]
    merged = sf.merge(sf.partial(sf.StageLog(frame_of(part)), SHOP) for part in parts)
    funnel = merged.summary().funnel
    for kind in ("classic", "conversions"):
        expected = records(f"worked_example/totals_{kind}.csv")
        found = funnel.loc[funnel["kind"] == kind, list(expected[0])]
        assert found.astype(str).to_dict("records") == expected
    assert merged.n_items == 13


def test_the_french_times_in_stage_are_met_item_by_item() -> None:
    frame = frame_of(golden_rows("french"))
    frame["time"] = pd.to_datetime(frame["time"], utc=True).dt.tz_convert("Europe/Paris").dt.as_unit("us")
    parts = [sf.partial(sf.StageLog(rows), FRENCH) for _, rows in frame.groupby("item")]
    assert len(parts) > 2
    table = sf.merge(parts).summary().time_in_stage
    expected = pd.DataFrame(records("french/expected_time_in_stage.csv"))
    for column in ["mean", "median", "q25", "q75", "q90"]:
        assert table[column].tolist() == pd.to_timedelta(expected[column]).tolist()


def test_the_quantiles_are_those_of_all_durations_not_of_the_parts() -> None:
    # In New for 1, 2 and 9 units, and for 10: the median is 5.5, the mean of the medians would be 6.
    rows = {"item": [1, 1, 2, 2, 3, 3], "stage": ["New", "Won"] * 3, "time": [0, 1, 0, 2, 0, 9]}
    other = {"item": [4, 4], "stage": ["New", "Won"], "time": [5, 15]}
    merged = sf.merge([sf.partial(sf.StageLog(one), SMALL) for one in (rows, other)])
    table = merged.summary(quantiles=[0.25]).time_in_stage
    # A quarter of the way from the first to the last of 1, 2, 9, 10 is 2 less a quarter of 1.
    assert table.loc[0, ["mean", "median", "q25"]].tolist() == [5.5, 5.5, 1.75]


def test_sums_of_lengths_beyond_64_bits_are_exact() -> None:
    low, high = -(2**63) + 1, 2**63 - 1
    rows = [{"item": [key, key], "stage": ["New", "Won"], "time": [low, high]} for key in (1, 2)]
    merged = sf.merge([sf.partial(sf.StageLog(one), SMALL) for one in rows])
    assert merged.summary().time_in_stage["mean"].iloc[0] == float(2**64 - 1)


def test_stages_are_counted_once_though_many_parts_have_them() -> None:
    parts = [
        sf.partial(log, SMALL, unlisted="ignore")
        for log in (
            sf.StageLog({"item": [1, 1], "stage": ["New", "Odd"], "time": [0, 1]}),
            sf.StageLog({"item": [2, 2, 2], "stage": ["Odd", "Won", "Strange"], "time": [0, 1, 2]}),
        )
    ]
    found = sf.merge(parts).summary().quality.set_index("check")["count"]
    assert found[["stages", "unlisted_stages", "unlisted_rows"]].tolist() == [4, 2, 3]


def test_an_items_table_is_not_in_a_partial() -> None:
    items = {"item": [1, 9], "manager": ["Bo", "Al"]}
    with_table = sf.partial(journeys_log("New", "Offer", items=items), SMALL).summary()
    assert_summary(with_table, sf.summary(journeys_log("New", "Offer"), SMALL).tables)


def test_invalid_rows_that_were_left_out_are_counted() -> None:
    rows = {"item": [1, None], "stage": ["New", "New"], "time": [0, 1]}
    part = sf.partial(sf.StageLog(pd.DataFrame(rows), invalid="drop"), SMALL)
    assert (part.n_rows, part.n_items) == (1, 1)
    found = part.summary().quality.set_index("check")["count"]
    assert found[["rows", "dropped", "missing_item"]].tolist() == [2, 1, 1]


def test_a_part_without_rows_adds_nothing() -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": np.zeros(0, dtype=np.int64)}, empty="allow")
    log = sf.StageLog({"item": ["a", "b"], "stage": ["New", "Won"], "time": [0, 1]})
    parts = [sf.partial(one, SMALL) for one in (empty, log, empty)]
    assert_summary(sf.merge(parts).summary(), sf.summary(log, SMALL).tables)
    assert_summary(sf.merge([parts[0], parts[2]]).summary(), sf.summary(empty, SMALL).tables)


def test_the_size_of_a_partial_does_not_grow_with_repeated_rows() -> None:
    rows = {"item": np.zeros(100_000, dtype=np.int64), "stage": ["New"] * 100_000, "time": range(100_000)}
    part = sf.partial(sf.StageLog(pd.DataFrame(rows)), SMALL)
    assert part.n_rows == 100_000
    assert len(pickle.dumps(part)) < 10_000


def test_the_repr_of_a_partial_has_its_rows_and_items() -> None:
    part = sf.partial(journeys_log("New > Won", "New"), SMALL)
    assert repr(part) == "Partial: 3 rows, 2 items\n  Pipeline: New → Offer | won: Won | lost: Lost"


def one(item: Any = 1, *, pipeline: sf.Pipeline = SMALL, time: Any = (0,), **options: Any) -> sf.Partial:
    log = sf.StageLog({"item": [item], "stage": list(pipeline.stages[:1]), "time": time})
    return sf.partial(log, pipeline, **options)


def stamps(unit: str, zone: str | None = None) -> Any:
    return pd.Series(np.zeros(1, dtype=f"datetime64[{unit}]")).dt.tz_localize(zone)


PIPELINES = (
    "the partials read different pipelines, number 0 Pipeline: New → Offer | won: Won | lost: Lost and "
    "number 1 Pipeline: "
)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            one(2, pipeline=sf.Pipeline(["New", "Ofer"], won="Won", lost="Lost")),
            PIPELINES + "New → Ofer | won: Won | lost: Lost: stages[1] is 'Offer' and 'Ofer'",
        ),
        (
            one(2, pipeline=sf.Pipeline(["New", "Offer"], won="Won")),
            PIPELINES + "New → Offer | won: Won: lost[0] is 'Lost' and None",
        ),
        (
            one(2, pipeline=sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", names={"New": "Neu"})),
            PIPELINES + "Neu → Offer | won: Won | lost: Lost: 'New' is named 'New' and 'Neu'",
        ),
        (one(2, fill="moves"), "the partials differ in fill= ('won' in number 0 and 'moves' in number 1)"),
        (
            one(2, lost_then_won="include"),
            "the partials differ in lost_then_won= (None in number 0 and 'include' in number 1)",
        ),
        (one(2, per="item"), "the partials differ in per= ('visit' in number 0 and 'item' in number 1)"),
        (
            one(2, unlisted="ignore"),
            "the partials differ in unlisted= ('error' in number 0 and 'ignore' in number 1)",
        ),
        (one(2, time=stamps("us")), "the partials differ in unit= (None in number 0 and 'us' in number 1)"),
        (
            one("a"),
            "the items of the partials are integers in number 0 and text in number 1; make them one type",
        ),
    ],
)
def test_partials_with_different_options_are_refused(other: sf.Partial, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"^{re.escape(message)}$"):
        sf.merge([one(), other])


def test_parts_of_different_zones_are_refused() -> None:
    parts = [one(key, time=stamps("us", zone)) for key, zone in [(1, "UTC"), (2, "Europe/Paris")]]
    with pytest.raises(sf.SchemaError, match=r"in zone= \('UTC' in number 0 and 'Europe/Paris' in number 1"):
        sf.merge(parts)


SPLIT = "; all rows of an item must be in one of them, so split the rows by item"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([[1, 2], [3], [2, 4]], "1 item is in more than one partial: item 2 in number 0 and number 2"),
        ([[9], [-5], [-5]], "1 item is in more than one partial: item -5 in number 1 and number 2"),
        (
            [[1, 2, 3], [3, 2], [2]],
            "2 items are in more than one partial: item 2 in number 0 and number 1",
        ),
        ([["a", "b"], ["b"]], "1 item is in more than one partial: one in number 0 and number 1"),
        ([["é", "a"], ["a", "é"]], "2 items are in more than one partial: one in number 0 and number 1"),
    ],
)
def test_an_item_in_two_parts_is_refused(keys: list[list[Any]], message: str) -> None:
    logs = [
        sf.StageLog({"item": part, "stage": ["New"] * len(part), "time": range(len(part))}) for part in keys
    ]
    parts = [sf.partial(log, SMALL) for log in logs]
    with pytest.raises(sf.SchemaError, match=f"^{re.escape(message + SPLIT)}$"):
        sf.merge(parts)


def test_an_item_in_two_parts_is_found_after_steps_too() -> None:
    parts = [one(key) for key in (1, 2, 3, 2)]
    with pytest.raises(sf.SchemaError, match="1 item is in more than one partial: item 2"):
        sf.merge([sf.merge(parts[:2]), sf.merge(parts[2:])])


def test_an_item_in_two_parts_is_found_though_its_rows_are_unlisted() -> None:
    log = sf.StageLog({"item": [1], "stage": ["Odd"], "time": [0]})
    parts = [sf.partial(log, SMALL, unlisted="ignore")] * 2
    with pytest.raises(sf.SchemaError, match="1 item is in more than one partial: item 1"):
        sf.merge(parts)


@pytest.mark.parametrize(
    ("given_parts", "message"),
    [
        ([], "there is nothing to merge"),
        ([one(), "a"], "merge takes partials, got str"),
        (5, "merge takes partials, got int"),
        ([sf.summary(journeys_log("New"), SMALL)], "merge takes partials, got Summary"),
    ],
)
def test_what_is_not_a_partial_is_not_merged(given_parts: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.merge(given_parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fill": "all"}, "fill='all' is not one of"),
        ({"lost_then_won": "drop"}, "lost_then_won='drop' is not one of"),
        ({"per": "row"}, "per='row' is not one of"),
        ({"unlisted": "drop"}, "unlisted='drop' is not one of"),
    ],
)
def test_an_unknown_option_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        one(**options)


def test_a_quantile_is_checked_by_the_summary() -> None:
    with pytest.raises(sf.SchemaError, match="quantiles=2 is not between"):
        one().summary(quantiles=[2])


def test_a_part_without_rows_travels_and_changes_nothing() -> None:
    frame = pd.DataFrame({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 5]})
    some, none = (sf.partial(sf.StageLog(rows, empty="allow"), SMALL) for rows in (frame, frame[:0]))
    sent = sf.Partial.from_bytes(none.to_bytes())
    assert (sent.n_rows, sent.n_items) == (0, 0)
    for name, table in sf.merge([sent, some]).summary().tables.items():
        assert_frame_equal(table, some.summary().tables[name])
