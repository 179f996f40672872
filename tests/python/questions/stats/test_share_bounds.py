"""Bounds beside the shares of tables: where they stand, which shares have them, and what they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log
from stagefunnel.display.cells import is_share

SHOP = sf.datasets.worked_example()
DAYS = pd.to_datetime(["2026-01-05", "2026-01-20", "2026-02-03", "2026-01-10", "2026-02-12", "2026-02-20"])
DATED = sf.StageLog(
    {"item": [1, 1, 1, 2, 3, 3], "stage": ["New", "Offer", "Won", "New", "New", "Lost"], "time": DAYS},
    items=pd.DataFrame({"item": [1, 2, 3], "team": ["A", "B", "A"]}),
)
STAGES = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def bounds_of(count: Any, nobs: Any, confidence: float = 0.95) -> Any:
    return sf.stats.proportion_interval(count, nobs, confidence=confidence)[["low", "high"]].to_numpy()


def columns(table: pd.DataFrame, share: str) -> Any:
    return table[[f"{share}_low", f"{share}_high"]].to_numpy()


QUESTIONS: dict[str, tuple[Callable[..., pd.DataFrame], list[str]]] = {
    "funnel": (
        lambda **more: sf.funnel(SHOP.log, SHOP.pipeline, kind="both", **more),
        ["conversion_from_all", "conversion_from_previous", "skip_rate", "loss_rate"],
    ),
    "outcomes": (lambda **more: sf.outcomes(SHOP.log, SHOP.pipeline, **more), ["win_rate"]),
    "skips": (lambda **more: sf.skips(DATED, STAGES, by="team", **more), ["skip_rate"]),
    "losses": (lambda **more: sf.losses(SHOP.log, SHOP.pipeline, **more), ["share"]),
    "transitions": (lambda **more: sf.transitions(SHOP.log, SHOP.pipeline, **more), ["share"]),
    "funnel_by_period": (
        lambda **more: sf.funnel_by_period(DATED, STAGES, every="month", basis="created", **more),
        ["conversion_from_all", "conversion_from_previous", "skip_rate", "loss_rate"],
    ),
    "sequence_funnel": (
        lambda **more: sf.sequence_funnel(SHOP.log, ["New", "Won"], **more),
        ["conversion_from_first", "conversion_from_previous", "conversion_from_all"],
    ),
    "sequence_trend": (
        lambda **more: sf.sequence_trend(DATED, ["New", "Offer"], window="30d", **more),
        ["conversion", "conversion_mature"],
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_bounds_stand_right_after_each_share_and_change_nothing_else(name: str) -> None:
    ask, shares = QUESTIONS[name]
    plain, bounded = ask(), ask(confidence=0.9)
    expected: list[str] = []
    for column in plain.columns:
        expected += [column, f"{column}_low", f"{column}_high"] if column in shares else [column]
    assert bounded.columns.tolist() == expected
    pd.testing.assert_frame_equal(bounded[plain.columns], plain)
    remembered = dict(bounded.attrs["stagefunnel"])
    assert remembered.pop("confidence") == 0.9
    assert remembered == plain.attrs["stagefunnel"]
    for share in shares:
        low, value, high = (bounded[column] for column in (f"{share}_low", share, f"{share}_high"))
        known = low.notna()
        assert (known == high.notna()).all()
        assert ((low <= value) & (value <= high))[known].all()
        assert value[known].notna().all()


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("confidence", [0, 1, 95, "0.95", True])
def test_a_confidence_that_is_no_share_is_refused(name: str, confidence: Any) -> None:
    with pytest.raises(sf.SchemaError, match="is not a share between 0 and 1"):
        QUESTIONS[name][0](confidence=confidence)


def test_the_bounds_of_a_classic_funnel_are_of_its_base_and_not_of_bars_beside_each_other() -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline, confidence=0.95)
    np.testing.assert_allclose(
        columns(table, "conversion_from_all"), bounds_of(table["reached"], table["base"]), rtol=1e-12
    )
    assert np.isnan(columns(table, "conversion_from_previous")).all()
    assert table["conversion_from_previous"].notna().any()
    # Discussion: 9 skipped it of the 11 that got past it; Prepayment: 2 of the 4 that were there.
    skipped, lost = table.set_index("stage").loc["Discussion"], table.set_index("stage").loc["Prepayment"]
    assert (skipped["skip_rate_low"], skipped["skip_rate_high"]) == pytest.approx(
        tuple(bounds_of(skipped["skipped"], round(skipped["skipped"] / skipped["skip_rate"]))[0])
    )
    assert (lost["loss_rate_low"], lost["loss_rate_high"]) == pytest.approx(
        tuple(bounds_of(lost["lost_from"], lost["passed"])[0])
    )


@pytest.mark.parametrize("kind", ["furthest", "strict"])
def test_nested_bars_have_bounds_of_the_bar_before(kind: Any) -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline, kind=kind, confidence=0.95)
    reached, base = table["reached"].to_numpy(), table["base"].to_numpy()
    before = [None, *reached[:3], reached[3], base[5]]  # of Lost: all items
    np.testing.assert_allclose(
        columns(table, "conversion_from_previous"), bounds_of(reached, before), rtol=1e-12
    )


def test_bars_of_conversions_are_not_nested() -> None:
    table = sf.funnel(SHOP.log, SHOP.pipeline, kind="conversions", confidence=0.95)
    assert np.isnan(columns(table, "conversion_from_previous")).all()
    assert not np.isnan(columns(table, "conversion_from_all")).any()


def test_groups_read_at_the_stages_have_no_bounds() -> None:
    log = sf.StageLog(
        {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 1, 2], "who": ["a", "b", "a"]},
        columns="who",
    )
    pipeline = sf.Pipeline("New", won="Won")
    at_stage = sf.funnel(log, pipeline, by="who", at="stage", confidence=0.95)
    assert at_stage.filter(regex="_(low|high)$").isna().all().all()
    assert "No share has bounds: the same item may be counted more than once" in str(sf.show(at_stage))
    first = sf.funnel(log, pipeline, by="who", confidence=0.95)
    assert "No share has bounds" not in str(sf.show(first))
    assert first["conversion_from_all_low"].notna().all()
    assert sf.skips(log, pipeline, by="who", confidence=0.95).filter(like="_low").isna().all().all()
    assert sf.skips(log, pipeline, by="who", at="first", confidence=0.95)["skip_rate_low"].notna().any()


def test_periods_that_share_items_have_no_bounds_and_say_how_many_they_share() -> None:
    """Item 1 is active in January and February, and so is item 2, which stays open."""
    table = sf.funnel_by_period(DATED, STAGES, every="month", confidence=0.95)
    assert table.filter(regex="_(low|high)$").isna().all().all()
    assert table.attrs["stagefunnel"]["shared_items"] == 2
    says = "No share has bounds: 2 items are in more than one period; counted by creation, each is in one"
    assert says in str(sf.show(table))
    created = sf.funnel_by_period(DATED, STAGES, every="month", basis="created", confidence=0.95)
    assert "No share has bounds" not in str(sf.show(created))
    one = sf.funnel_by_period(DATED, STAGES, every="month", period="2026-01", confidence=0.95)
    assert one["conversion_from_all_low"].notna().all()
    assert "shared_items" not in one.attrs["stagefunnel"]
    single = sf.funnel(DATED, STAGES, period="2026-01", confidence=0.95)
    assert single["conversion_from_all_low"].notna().all()


def test_accounts_that_periods_share_are_counted_and_not_their_items() -> None:
    """Account x has two deals in January and two in February, y one in each, z one in January alone."""
    days = ["2026-01-05", "2026-01-06", "2026-02-05", "2026-02-06", "2026-01-07", "2026-02-08", "2026-01-09"]
    stages = ["New", "New", "New", "Won", "New", "New", "Won"]
    rows = {"item": range(1, 8), "stage": stages, "time": pd.to_datetime(days)}
    items = pd.DataFrame({"item": range(1, 8), "account": [*"xxxxyyz"]})
    log, pipeline = sf.StageLog(rows, items=items), sf.Pipeline("New", won="Won")
    asked: dict[str, Any] = {"confidence": 0.95, "unit": "account"}
    trend = sf.funnel_by_period(log, pipeline, every="month", **asked)
    assert trend.attrs["stagefunnel"]["shared_items"] == 2
    of_items = sf.funnel_by_period(log, pipeline, every="month", confidence=0.95)
    assert of_items.attrs["stagefunnel"]["shared_items"] == 3  # the open deals of January
    both = {"period": "2026-02", "basis": "active"}
    compared = sf.compare_periods(log, pipeline, **both, **asked)
    assert compared.attrs["stagefunnel"]["shared_items"] == 2
    sides = {"a": "2026-02", "b": "2026-01", "basis": "active", "unit": "account"}
    split = sf.decompose(log, pipeline, **sides)
    assert split.attrs["stagefunnel"]["shared_items"] == 2
    assert "2 accounts are on both sides" in str(sf.show(split))


def test_a_trend_whose_items_enter_in_several_periods_has_no_bounds_and_says_how_many_do() -> None:
    days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-02-02", "2026-02-20", "2026-01-03"])
    rows = {"item": [1, 1, 1, 2, 3], "stage": ["visit", "order", "visit", "visit", "visit"], "time": days}
    log = sf.StageLog(rows)
    shared = sf.sequence_trend(log, ["visit", "order"], window="7d", confidence=0.95)
    assert shared.filter(regex="_(low|high)$").isna().all().all()
    assert shared.attrs["stagefunnel"]["shared_items"] == 1
    assert "No share has bounds: 1 item is in more than one period" in str(sf.show(shared))
    assert "shared_items" not in sf.sequence_trend(log, ["visit", "order"], window="7d").attrs["stagefunnel"]
    alone = sf.sequence_trend(log, ["visit", "order"], window="7d", every="year", confidence=0.95)
    assert alone["conversion_low"].notna().all()
    assert "shared_items" not in alone.attrs["stagefunnel"]
    once = sf.sequence_trend(log.filter(items=[2, 3]), ["visit", "order"], window="7d", confidence=0.95)
    assert once["conversion_low"].notna().all()


def test_the_win_rate_is_of_what_is_closed() -> None:
    row = sf.outcomes(SHOP.log, SHOP.pipeline, confidence=0.95).iloc[0]
    assert (row["win_rate_low"], row["win_rate_high"]) == pytest.approx(tuple(bounds_of(6, 11)[0]))


def test_moves_are_of_all_moves_that_leave_the_stage() -> None:
    table = sf.transitions(SHOP.log, SHOP.pipeline, confidence=0.95)
    leaving = table.groupby("from_stage", observed=True)["moves"].transform("sum")
    np.testing.assert_allclose(columns(table, "share"), bounds_of(table["moves"], leaving), rtol=1e-12)


def test_losses_are_of_all_losses_of_the_group() -> None:
    log = journeys_log("New > Lost", "New > Offer > Lost", "New > Lost")
    table = sf.losses(log, STAGES, confidence=0.95)
    np.testing.assert_allclose(columns(table, "share"), bounds_of(table["items"], [3, 3]), rtol=1e-12)


def test_lines_that_count_entries_or_items_twice_have_no_bounds() -> None:
    steps = ["New", "Offer"]
    every_entry = sf.sequence_funnel(SHOP.log, ["New", "Won"], entries="all", confidence=0.95)
    assert every_entry.filter(regex="_(low|high)$").isna().all().all()
    trend = sf.sequence_trend(DATED, steps, window="30d", entries="all", confidence=0.95)
    assert trend.filter(regex="_(low|high)$").isna().all().all()


def test_a_step_after_an_optional_one_has_no_bounds_from_the_step_before() -> None:
    table = sf.sequence_funnel(SHOP.log, ["New", "Discussion", "Won"], optional={2}, confidence=0.95)
    has_bounds = table["conversion_from_previous_low"].notna().tolist()
    assert has_bounds == [False, True, False]
    assert table["conversion_from_first_low"].notna().all()


def test_a_chain_has_bounds_of_leads_where_leads_are_counted() -> None:
    leads = sf.StageLog(
        {"item": [1, 1, 2, 3], "stage": ["New", "Converted", "New", "New"], "time": [0, 1, 0, 0]}
    )
    deals = sf.StageLog({"item": [7, 7], "stage": ["Offer", "Won"], "time": [1, 2]})
    links = {"deal_id": [7], "lead_id": [1]}
    stages: Any = {
        "lead_pipeline": sf.Pipeline("New", won="Converted"),
        "deal_pipeline": sf.Pipeline(["Offer", "Delivery"], won="Won"),
    }
    origin = sf.chain_funnel(leads, deals, links, **stages, basis="origin", kind="furthest", confidence=0.95)
    np.testing.assert_allclose(
        columns(origin, "conversion_from_all"), bounds_of(origin["reached"], [3] * 5), rtol=1e-12
    )
    entity = sf.chain_funnel(leads, deals, links, **stages, kind="furthest", confidence=0.95)
    np.testing.assert_allclose(
        columns(entity, "conversion_from_all"), bounds_of(entity["reached"], [3, 3, 1, 1, 1]), rtol=1e-12
    )
    assert origin.attrs["stagefunnel"]["confidence"] == 0.95


def test_a_column_of_the_breakdown_with_the_name_of_a_bound_is_refused() -> None:
    log = sf.StageLog(
        {"item": [1], "stage": ["New"], "time": [0]}, items=pd.DataFrame({"item": [1], "win_rate_low": ["a"]})
    )
    with pytest.raises(sf.SchemaError, match="'win_rate_low'; rename the columns of the breakdown"):
        sf.outcomes(log, STAGES, by="win_rate_low", confidence=0.95)


def test_people_see_the_bounds_in_brackets() -> None:
    text = str(sf.show(sf.outcomes(SHOP.log, SHOP.pipeline, confidence=0.95)))
    assert "55% (28–79%)" in text
    assert "low" not in text
    funnel = str(sf.show(sf.funnel(SHOP.log, SHOP.pipeline, confidence=0.95)))
    assert "69% (42–87%)" in funnel


@pytest.mark.parametrize("name", ["win_rate_low", "conversion_from_all_high", "incidence_low", "naive"])
def test_bounds_are_shares_as_what_they_bound(name: str) -> None:
    assert is_share(name)
    assert not is_share("median_low")
