"""Questions about stages of parts, worked out by hand."""

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel.questions.funnel.skips import count_skips, skips_table
from stagefunnel.questions.stages.loss_counts import count_losses
from stagefunnel.questions.stages.losses import losses_table
from stagefunnel.questions.stages.time_to import count_time_to, time_to_table
from stagefunnel.questions.stages.transitions import count_transitions, transitions_table

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
COLUMNS = ["reason", "amount", "who"]


def part_of(*journeys: tuple[Any, list[tuple[str, Any]]], **options: Any) -> sf.StageLog:
    """Make a log of items, each with its visits and their times, and further columns of a list each."""
    rows = [(item, stage, time) for item, visits in journeys for stage, time in visits]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    further = {name: options.pop(name) for name in COLUMNS if name in options}
    for name, values in further.items():
        frame[name] = [value for value, (_, visits) in zip(values, journeys, strict=True) for _ in visits]
    return sf.StageLog(frame, columns=list(further), **options)


def table_of(question: Any, *logs: sf.StageLog, **options: Any) -> pd.DataFrame:
    parts = [sf.partial(log, PIPELINE, question, **options) for log in logs]
    sent = [sf.Partial.from_bytes(part.to_bytes()) for part in parts]
    return sf.merge(reversed(sent)).table()


def lost(item: int, after: int) -> tuple[int, list[tuple[str, Any]]]:
    return item, [("New", 0), ("Lost", after)]


def test_losses_add_up_amounts_exactly_and_have_the_median_of_all() -> None:
    one = part_of(lost(1, 2), lost(2, 3), reason=["price", "time"], amount=[Decimal("0.1"), Decimal("7")])
    other = part_of(
        lost(3, 9), lost(4, 4), reason=["price", "price"], amount=[Decimal("0.20"), Decimal("0.005")]
    )
    table = table_of(sf.losses, one, other, reason="reason", amount="amount")
    assert table["reason"].tolist() == ["price", "time"]
    assert table["items"].tolist() == [3, 1]
    assert table["share"].tolist() == [0.75, 0.25]
    assert table["amount"].tolist() == [0.305, 7.0]
    assert table["mean_until_lost"].tolist() == [5.0, 3.0]
    assert table["median_until_lost"].tolist() == [4.0, 3.0]


def test_a_sum_of_losses_does_not_depend_on_the_order_and_refuses_what_does_not_fit() -> None:
    amounts = [2.0**53, 1.0, 1.0]
    log = part_of(*(lost(item, 1) for item in range(3)), amount=amounts)
    turned = part_of(*(lost(item, 1) for item in range(3)), amount=amounts[::-1])
    for one in (log, turned):
        assert sf.losses(one, PIPELINE, amount="amount")["amount"].tolist() == [2.0**53 + 2]
    large = part_of(lost(1, 1), lost(2, 1), amount=[4e18, 4e18])
    with pytest.raises(sf.StageFunnelError, match=r"of column 'amount' .* add up beyond 4\.6e18"):
        sf.losses(large, PIPELINE, amount="amount")
    parts = [part_of(lost(item, 1), amount=[4e18]) for item in (1, 2, 3)]
    with pytest.raises(sf.SchemaError, match="a sum of amounts of column 'amount' goes beyond 128 bits"):
        table_of(sf.losses, *parts, amount="amount")


def test_losses_read_at_the_loss_remember_the_items_of_the_last_row() -> None:
    one = part_of(lost(1, 2), (2, [("New", 0)]), who=["ann", "bob"])
    other = part_of(lost(3, 2), (4, [("New", 0)]), who=["bob", "bob"])
    table = table_of(sf.losses, one, other, by="who")
    assert table["who"].tolist() == ["ann", "bob"]
    assert table["items"].tolist() == [1, 1]
    ages = '{"groups": [["ann"], ["bob"]], "items": [1, 3], "open": [0, 2]}'
    assert table.attrs["stagefunnel"]["ages"] == ages


def test_transitions_of_parts_share_what_leaves_a_stage() -> None:
    one = part_of((1, [("New", 0), ("Offer", 1)]))
    other = part_of((2, [("New", 0), ("Won", 1)]), (3, [("New", 0), ("Offer", 1), ("New", 2), ("Offer", 3)]))
    table = table_of(sf.transitions, one, other)
    assert table[["moves", "items"]].to_numpy().tolist() == [[3, 2], [1, 1], [1, 1]]
    assert table["share"].tolist() == [0.75, 0.25, 1.0]


def test_skips_of_parts_are_ranked_together() -> None:
    one = part_of((1, [("New", 0), ("Won", 1)]), who=["ann"])
    other = part_of((2, [("New", 0), ("Offer", 1), ("Won", 2)]), who=["ann"])
    table = table_of(sf.skips, one, other, by="who", at="first")
    of_offer = table[table["stage"] == "Offer"]
    assert of_offer[["passed", "beyond", "skipped"]].to_numpy().tolist() == [[1, 2, 1]]


def test_visits_that_go_on_count_as_far_as_they_were_seen() -> None:
    # Two of four visits of New end after 2; the others are seen for 4 and 1: at 2 three are at risk.
    one = part_of(*((item, [("New", 0), ("Won", 2)]) for item in (1, 4)), observed_until=5)
    other = part_of((2, [("New", 1)]), (3, [("New", 4)]), observed_until=5)
    table = table_of(sf.time_in_stage, one, other, open_visits="censored", quantiles=[])
    assert table["visits"].tolist() == [4, 0]
    assert table["median"].iloc[0] == 2.0
    with pytest.raises(sf.SchemaError, match="open_visits= depends on the end of observation"):
        sf.partial(part_of((1, [("New", 0)])), PIPELINE, sf.time_in_stage, open_visits="censored")


def test_times_to_a_stage_have_the_median_of_all_parts() -> None:
    one = part_of((1, [("New", 0), ("Offer", 4)]), (2, [("New", 0), ("Lost", 1)]))
    other = part_of((3, [("New", 0), ("Offer", 8)]), (4, [("New", 0)]))
    table = table_of(sf.time_to, one, other, to_stage="Offer", quantiles=[])
    assert table.to_numpy().tolist() == [[4, 2, 1, 1, 6.0, 6.0]]
    with pytest.raises(sf.SchemaError, match="time_to\\(\\) needs to_stage="):
        sf.partial(one, PIPELINE, sf.time_to)


def test_what_stands_when_a_part_ends_stands_until_the_last_period_of_all() -> None:
    one = part_of((1, [("New", pd.Timestamp("2026-01-10"))]))
    other = part_of((2, [("New", pd.Timestamp("2026-03-05"))]))
    table = table_of(sf.flow, one, other, every="month")
    of_new = table[table["stage"] == "New"]
    assert list(map(str, of_new["period"])) == ["2026-01", "2026-02", "2026-03"]
    assert of_new[["at_start", "entered", "at_end"]].to_numpy().tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 2]]


def test_variants_of_parts_are_listed_by_their_number() -> None:
    won = [("New", 0), ("Won", 4)]
    one = part_of((1, won), (2, [("New", 0), ("Lost", 1)]))
    other = part_of((3, [("New", 0), ("Won", 8)]), (4, [("New", 0), ("Offer", 1)]))
    table = table_of(sf.variants, one, other, top=2)
    assert table["variant"].tolist() == ["New → Won", "New → Offer", "other (1 variant)"]
    assert table["items"].tolist() == [2, 1, 1]
    assert table["median_cycle_time"].iloc[0] == 6.0
    assert table.attrs["stagefunnel"]["n_variants"] == 3


def test_the_incidence_of_parts_is_that_of_all_items() -> None:
    # Of four items one is won at 2, one is lost at 4, one is seen until 5, and one is won at 8.
    one = part_of((1, [("New", 0), ("Won", 2)]), (2, [("New", 0), ("Lost", 4)]), observed_until=8)
    other = part_of((3, [("New", 3)]), (4, [("New", 0), ("Won", 8)]), observed_until=8)
    table = table_of(sf.cumulative_incidence, one, other, times=[2, 4, 8])
    assert table["incidence"].tolist() == [0.25, 0.25, 0.75, 0, 0.25, 0.25]
    assert table["at_risk"].tolist() == [4, 3, 1] * 2
    with pytest.raises(sf.SchemaError, match="cumulative_incidence\\(\\) depends on the end of observation"):
        sf.partial(part_of((1, [("New", 0)])), PIPELINE, sf.cumulative_incidence)


def test_the_velocity_of_parts_is_that_of_all_items() -> None:
    begin, end = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-11")
    closed = [(item, [("New", begin), ("Won" if item < 20 else "Lost", end)]) for item in range(40)]
    still_open = [(item, [("New", begin)]) for item in range(40, 50)]
    one = part_of(*closed[:25], amount=[300.0] * 25)
    other = part_of(*closed[25:], *still_open, amount=[300.0] * 25)
    table = table_of(sf.sales_velocity, one, other, amount="amount")
    # 10 open × 0.5 × 300 / 10 days
    assert table[["open_at_end", "closed", "velocity"]].to_numpy().tolist() == [[10, 40, 150.0]]


@pytest.mark.parametrize(
    ("question", "options", "message"),
    [
        (sf.cumulative_incidence, {"se": "robust", "as_of": 9}, "robust"),
    ],
)
def test_what_does_not_add_up_is_refused(question: Any, options: dict[str, Any], message: str) -> None:
    log = part_of(lost(1, 2), amount=[1.0], who=["ann"])
    with pytest.raises(sf.SchemaError, match=message):
        sf.partial(log, PIPELINE, question, **options)


@pytest.mark.parametrize(
    ("question", "options"),
    [
        (sf.transitions, {}),
        (sf.losses, {"amount": "amount"}),
        (sf.skips, {}),
        (sf.time_in_stage, {"open_visits": "censored"}),
        (sf.time_to, {"to_stage": "Won", "open_visits": "censored"}),
        (sf.flow, {"every": "day"}),
        (sf.variants, {}),
        (sf.cumulative_incidence, {}),
        (sf.cohort_maturity, {"every": "day", "tau": "2d"}),
        (sf.bottlenecks, {}),
        (sf.sales_velocity, {"amount": "amount"}),
    ],
)
def test_parts_may_have_no_rows(question: Any, options: dict[str, Any]) -> None:
    day = pd.Timestamp("2026-01-01")
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [day, day + pd.Timedelta("1D")]}
    frame = pd.DataFrame({**rows, "amount": [2.5, 2.5], "who": ["ann", "ann"]})
    some, none = (
        sf.StageLog(part, columns=["amount", "who"], observed_until="2026-01-05", empty="allow")
        for part in (frame, frame[:0])
    )
    for by in (None, "who"):
        asked = {**options, "by": by, "missing": "ignore"}
        assert_frame_equal(table_of(question, some, none, **asked), question(some, PIPELINE, **asked))
        assert_frame_equal(table_of(question, none, none, **asked), question(none, PIPELINE, **asked))


def test_small_groups_are_put_together_before_or_after_they_are_counted() -> None:
    names = ["ann", "ann", "bob", "cyd", "cyd", "dan"]
    journeys = [lost(item, item + 1) for item in range(6)]
    log = part_of(*journeys, who=names, amount=[1.5, 2.5, None, 4.0, 5.0, 0.25])
    cases: list[dict[str, Any]] = [{"by": "who", "amount": "amount"}, {"by": "who", "at": "first"}]
    for options in cases:
        late = losses_table(count_losses(log, PIPELINE, **options), PIPELINE, top=1)
        assert_frame_equal(late, sf.losses(log, PIPELINE, **options, top=1))
        assert late.attrs == sf.losses(log, PIPELINE, **options, top=1).attrs
    moves = transitions_table(count_transitions(log, PIPELINE, by="who"), PIPELINE, top=1)
    assert_frame_equal(moves, sf.transitions(log, PIPELINE, by="who", top=1))
    skipped = skips_table(count_skips(log, PIPELINE, by="who", at="first"), PIPELINE, top=1)
    assert_frame_equal(skipped, sf.skips(log, PIPELINE, by="who", at="first", top=1))
    taken = sf.merge([sf.partial(log, PIPELINE, sf.time_to, to_stage="Lost", by="who")]).table(top=1)
    assert_frame_equal(taken, sf.time_to(log, PIPELINE, "Lost", by="who", top=1))
    early = time_to_table(count_time_to(log, PIPELINE, "Lost", by="who", top=1), PIPELINE, "Lost")
    assert_frame_equal(early, taken)


def test_a_part_may_have_no_row_between_the_begin_of_a_balance_and_its_moment() -> None:
    frame = pd.DataFrame(
        {
            "item": [1, 1, 2],
            "stage": ["New", "Won", "New"],
            "time": pd.to_datetime(["2026-01-03", "2026-01-08", "2026-01-04"]),
        }
    )
    pipeline = sf.Pipeline("New", won="Won")
    options: dict[str, Any] = {"every": "day", "period": ("2026-01-04", None), "as_of": "2026-01-06"}
    parts = [sf.partial(sf.StageLog(rows), pipeline, sf.flow, **options) for _, rows in frame.groupby("item")]
    table = sf.merge(parts).table()
    new = table[table["stage"] == "New"]
    assert new[["at_start", "entered", "at_end"]].values.tolist() == [[1, 1, 2]]
    assert_frame_equal(table, sf.flow(sf.StageLog(frame), pipeline, **options))
