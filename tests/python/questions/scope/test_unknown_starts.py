"""Items of unknown start beside the rules that came with them: units of items, short visits, other names."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import assert_frame_equal, items_of, pipeline_of, plain
from marked import MarkedCase, marked_cases

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
# Acme and item 5 begin at an unknown time; Birch with item 3, whose start is known.
ROWS = [
    *[(1, "New", 1, True), (1, "Won", 5, False), (2, "New", 3, False), (2, "Lost", 8, False)],
    *[(3, "New", 2, False), (3, "Lost", 9, False), (4, "New", 4, True), (4, "Lost", 10, False)],
    *[(5, "New", 6, True), (5, "Offer", 7, False)],
]
ACCOUNTS = {1: "Acme", 2: "Acme", 3: "Birch", 4: "Birch"}
COHORTS: list[dict[str, Any]] = [
    {"basis": "created"},
    {"basis": "created", "period": (0, 20)},
    {"within": 3},
    {"within": 3, "period": (0, 20)},
]


def worked() -> sf.StageLog:
    frame = pd.DataFrame(ROWS, columns=["item", "stage", "time", "unknown"])
    return sf.StageLog(frame, start_unknown="unknown", items=items_of(ACCOUNTS, "account", [1, 2, 3, 4, 5]))


@pytest.mark.parametrize("options", COHORTS)
def test_an_account_whose_first_item_has_an_unknown_start_is_in_no_created_cohort(options: Any) -> None:
    table = sf.funnel(worked(), PIPELINE, unit="account", **options)
    assert (table["base"][0], table.attrs["stagefunnel"]["start_unknown"]) == (1, 2)  # Birch alone
    assert table["passed"].tolist() == [1, 0, 0, 0 if "within" in options else 1]
    assert "Start unknown, so in no created cohort: 2 accounts" in str(sf.show(table))


def test_the_start_of_an_account_is_that_of_its_first_item_at_the_moment_of_the_report() -> None:
    early = sf.funnel(worked(), PIPELINE, unit="account", basis="created", as_of=6)
    assert (early["base"][0], early.attrs["stagefunnel"]["start_unknown"]) == (1, 1)
    everything = sf.funnel(worked(), PIPELINE, unit="account")
    assert everything["base"][0] == 3
    assert "start_unknown" not in everything.attrs["stagefunnel"]


def test_a_lost_account_has_the_times_that_are_known() -> None:
    table = sf.losses(worked(), PIPELINE, unit="account")
    # Birch began at 2 with item 3, and was lost at 10 with item 4, in New since nobody knows when.
    names = ("items", "mean_until_lost", "mean_in_stage")
    assert [plain(table[name]) for name in names] == [[1], [8], [None]]
    alone = sf.losses(worked(), PIPELINE)
    assert [plain(alone[name]) for name in names] == [[3], [6], [6]]  # 5 and 7 of items 2 and 3


@given(marked=marked_cases(), within=st.none() | st.integers(0, 6))
def test_each_item_by_itself_counts_as_without_units(marked: MarkedCase, within: int | None) -> None:
    items = [*dict.fromkeys(item for item, _, _ in marked.case.rows)]
    table = items_of({item: f"unit {place}" for place, item in enumerate(items)}, "account", items)
    log, pipeline = marked.log(items=table), pipeline_of(marked.case.pipeline)
    options: dict[str, Any] = {"basis": "created"} if within is None else {"within": within}
    for ask in (sf.funnel, sf.losses, sf.outcomes):
        alone, found = ask(log, pipeline, **options), ask(log, pipeline, **options, unit="account")
        assert_frame_equal(found, alone, check_exact=True)
        remembered = [one.attrs["stagefunnel"].get("start_unknown") for one in (alone, found)]
        assert remembered[0] == remembered[1]


@given(data=st.data(), marked=marked_cases(), within=st.none() | st.integers(0, 6))
def test_the_other_accounts_count_as_if_those_of_unknown_start_were_not_there(
    data: st.DataObject, marked: MarkedCase, within: int | None
) -> None:
    items = [*dict.fromkeys(item for item, _, _ in marked.case.rows)]
    accounts = {item: data.draw(st.sampled_from(["A", "B", "C"])) for item in items}
    frame, pipeline = marked.frame, pipeline_of(marked.case.pipeline)
    place = {item: at for at, item in enumerate(items)}
    # A stable order by time has the first row of each item, and the first item of each account.
    in_time = frame.assign(place=frame["item"].map(place), account=frame["item"].map(accounts))
    in_time = in_time.sort_values(["time", "place"], kind="stable")
    firsts = in_time.drop_duplicates("account").set_index("account")["unknown"]
    kept = frame[~frame["item"].map(accounts).map(firsts)]
    if not len(kept):
        return
    table = items_of(accounts, "account", items)
    options: dict[str, Any] = {"basis": "created"} if within is None else {"within": within}
    options |= {"unit": "account"}
    end = int(frame["time"].max()) + 3
    log = sf.StageLog(frame, start_unknown="unknown", items=table, observed_until=end)
    known = sf.StageLog(kept, items=table, observed_until=end)
    found, expected = (sf.funnel(one, pipeline, **options, missing="ignore") for one in (log, known))
    assert_frame_equal(found, expected, check_exact=True)
    assert found.attrs["stagefunnel"].get("start_unknown", 0) == int(firsts.sum())


def test_short_visits_and_other_names_leave_marks_with_their_rows() -> None:
    frame = pd.DataFrame(
        [
            *[(1, "New", 0, 4, True), (1, "Note", 5, 6, False), (1, "New", 7, 8, False)],
            *[(1, "Offer", 9, 10, False), (1, "Bid", 11, 15, False), (1, "Won", 20, None, False)],
            *[(2, "Fresh", 3, 6, False), (2, "Note", 7, None, True), (2, "Offer", 9, None, False)],
        ],
        columns=["item", "stage", "time", "left", "unknown"],
    )
    log = sf.StageLog(frame, exited="left", start_unknown="unknown")
    pipeline = sf.Pipeline(
        ["Note", "New", "Offer"],
        won="Won",
        aliases={"Bid": "Offer", "Fresh": "New"},
        ignore_shorter={"Note": 3},
    )
    # 1 is read as New ?–8, Offer 9–15, Won 20; 2 as New 3–6, Offer 9.
    table = sf.visits(log, pipeline)
    assert plain(table["entered"]) == [None, 9, 20, 3, 9]
    assert plain(table["exited"]) == [8, 15, None, 6, None]
    times = sf.time_in_stage(log, pipeline)
    assert times["start_unknown"].tolist() == [0, 1, 0, 0]
    assert plain(times["mean"]) == [None, 3, 6, None]
    created = sf.funnel(log, pipeline, basis="created")
    assert (created["base"][0], created.attrs["stagefunnel"]["start_unknown"]) == (1, 1)
    reasons = sf.explain(log, pipeline, item=1, kind="classic")["reason"].tolist()
    assert reasons[1] == "passed: entered at 0, or at an unknown time before"
    (reason,) = set(sf.explain(log, pipeline, item=1, basis="created")["reason"])
    assert reason == "left out: its start is unknown"
