from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stagefunnel as sf
from stagefunnel import datasets

GOLDEN = Path(__file__).parents[2] / "golden" / "worked_example"
IN_PROGRESS = ["New", "Discussion", "Prepayment invoice", "Delivery"]


@pytest.fixture(scope="module")
def shop() -> datasets.Shop:
    return datasets.furniture_shop()


@pytest.fixture(scope="module")
def tables(shop: datasets.Shop) -> dict[str, pd.DataFrame]:
    both = sf.funnel(shop.log, shop.pipeline, kind="both")
    return {kind: both[both["kind"] == kind].set_index("stage") for kind in ("classic", "conversions")}


@pytest.fixture(scope="module")
def journeys(shop: datasets.Shop) -> "pd.Series[str]":
    return shop.frame.groupby("deal_id")["stage"].agg(" > ".join)


@pytest.mark.parametrize("kind", ["classic", "conversions"])
def test_discussion_is_skipped_most_often(tables: dict[str, pd.DataFrame], kind: str) -> None:
    skipped = tables[kind]["skipped"]
    assert skipped.idxmax() == "Discussion"
    assert skipped["Discussion"] > 2 * skipped.drop("Discussion").max()


@pytest.mark.parametrize("kind", ["classic", "conversions"])
def test_most_deals_are_lost_from_the_prepayment_invoice(tables: dict[str, pd.DataFrame], kind: str) -> None:
    lost_from = tables[kind]["lost_from"]
    assert lost_from.idxmax() == "Prepayment invoice"
    assert lost_from["Prepayment invoice"] > 1.5 * lost_from.drop("Prepayment invoice").max()


def test_fewer_than_half_of_the_deals_reach_delivery(tables: dict[str, pd.DataFrame]) -> None:
    share = tables["classic"].loc["Delivery", "conversion_from_all"]
    assert 0.2 < share < 0.5


def test_conversions_fill_the_gap_that_classic_shows(tables: dict[str, pd.DataFrame]) -> None:
    classic, conversions = tables["classic"], tables["conversions"]
    assert classic.loc["Discussion", "reached"] < classic.loc["Prepayment invoice", "reached"]
    gain = conversions["conversion_from_all"] - classic["conversion_from_all"]
    assert gain[IN_PROGRESS].idxmax() == "Discussion"
    assert (gain[IN_PROGRESS] > 0.03).all()


def test_deals_lost_and_then_won_are_left_out_of_conversions(
    tables: dict[str, pd.DataFrame], journeys: "pd.Series[str]"
) -> None:
    flipped = int(journeys.str.endswith("Lost > Won").sum())
    assert flipped > 0
    assert (tables["conversions"]["left_out"] == flipped).all()
    assert (tables["classic"]["left_out"] == 0).all()


def test_some_managers_skip_discussion_far_more_than_others(shop: datasets.Shop) -> None:
    table = sf.funnel(shop.log, shop.pipeline, by="manager")
    skip_rate = table[table["stage"] == "Discussion"].set_index("manager")["skip_rate"]
    assert len(skip_rate) == 5
    assert skip_rate.max() > 3 * skip_rate.min()


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("Prepayment invoice > Discussion", id="moved back"),
        pytest.param("Lost > Discussion", id="reopened"),
        pytest.param("Lost > Discussion > Prepayment invoice > Delivery > Won", id="reopened, won"),
        pytest.param("Won > Lost", id="returned"),
        pytest.param("New > Won", id="won at once"),
    ],
)
def test_the_shop_has_deals_that(journeys: "pd.Series[str]", part: str) -> None:
    assert journeys.str.contains(part, regex=False).any()


def test_the_shop_has_deals_created_in_a_later_stage(journeys: "pd.Series[str]") -> None:
    first = set(journeys.str.split(" > ").str[0])
    assert first == {"New", "Discussion", "Prepayment invoice", "Delivery", "Won"}


def test_the_shop_has_open_deals(journeys: "pd.Series[str]") -> None:
    last = journeys.str.split(" > ").str[-1]
    assert 0.05 < last.isin(IN_PROGRESS).mean() < 0.3


def test_rows_are_in_order_of_time_without_ties_in_a_deal(shop: datasets.Shop) -> None:
    for frame, key in ((shop.frame, "deal_id"), (shop.lead_frame, "lead_id")):
        assert frame["entered_at"].is_monotonic_increasing
        assert not frame.duplicated([key, "entered_at"]).any()


def test_times_are_utc_from_2025_to_the_middle_of_2026(shop: datasets.Shop) -> None:
    for frame in (shop.frame, shop.lead_frame):
        assert str(frame["entered_at"].dt.tz) == "UTC"
        assert frame["entered_at"].min() >= pd.Timestamp("2025-01-01", tz="UTC")
        assert frame["entered_at"].max() < pd.Timestamp("2026-07-01", tz="UTC")


def test_every_deal_has_rows_and_every_row_its_deal(shop: datasets.Shop) -> None:
    assert len(shop.deals) == 2_000
    assert shop.deals["deal_id"].is_unique
    assert set(shop.deals["deal_id"]) == set(shop.frame["deal_id"])


def test_deals_and_leads_are_numbered_as_they_are_created(shop: datasets.Shop) -> None:
    for frame, key in ((shop.frame, "deal_id"), (shop.lead_frame, "lead_id")):
        assert frame.groupby(key)["entered_at"].min().is_monotonic_increasing


def test_links_are_the_deals_with_a_lead(shop: datasets.Shop) -> None:
    linked = shop.deals.loc[shop.deals["lead_id"].notna(), ["deal_id", "lead_id"]]
    assert shop.links["deal_id"].tolist() == linked["deal_id"].tolist()
    assert shop.links["lead_id"].tolist() == linked["lead_id"].tolist()
    assert 0.5 < len(shop.links) / len(shop.deals) < 0.9
    assert shop.links["lead_id"].duplicated().any(), "some lead makes two deals"


def test_a_linked_deal_is_created_when_its_lead_is_converted(shop: datasets.Shop) -> None:
    leads = shop.lead_frame
    converted_at = leads[leads["stage"] == "Converted"].set_index("lead_id")["entered_at"]
    created_at = shop.frame.groupby("deal_id")["entered_at"].min()
    assert set(converted_at.index) == set(shop.links["lead_id"])
    assert converted_at[shop.links["lead_id"]].tolist() == created_at[shop.links["deal_id"]].tolist()


def test_amounts_are_whole_cents_and_a_few_are_missing(shop: datasets.Shop) -> None:
    amount = shop.deals["amount"]
    assert 0 < amount.isna().mean() < 0.05
    assert (amount.dropna() == amount.dropna().round(2)).all()
    assert (amount.dropna() > 0).all()


def test_equal_seeds_give_equal_shops(shop: datasets.Shop) -> None:
    again = datasets.furniture_shop(seed=2026)
    for name in ("frame", "deals", "lead_frame", "links"):
        assert_frame_equal(getattr(shop, name), getattr(again, name))


def test_another_seed_gives_another_shop(shop: datasets.Shop) -> None:
    assert not datasets.furniture_shop(seed=1).frame.equals(shop.frame)


@pytest.mark.parametrize("deals", [1, 2, 37])
def test_a_small_shop_has_the_number_of_deals_of_the_option(deals: int) -> None:
    small = datasets.furniture_shop(deals)
    assert small.deals["deal_id"].tolist() == list(range(1, deals + 1))
    assert set(small.frame["deal_id"]) == set(small.deals["deal_id"])


def test_a_shop_without_deals_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="deals=0: a shop has at least one deal") as error:
        datasets.furniture_shop(0)
    assert error.value.option == "deals"


def test_the_worked_example_is_the_golden_one() -> None:
    golden = pd.read_csv(GOLDEN / "events.csv").sort_values(["item", "time"], kind="stable")
    expected = golden.groupby("item")["stage"].agg(" > ".join)
    frame = datasets.worked_example().frame
    assert frame.groupby("item")["stage"].agg(" > ".join).to_dict() == expected.to_dict()


def test_the_worked_example_takes_one_step_a_day() -> None:
    frame = datasets.worked_example().frame
    journey = frame[frame["item"] == 11]
    assert journey["time"].tolist() == list(pd.date_range("2026-03-02", periods=5))
    assert (frame.groupby("item")["time"].min() == pd.Timestamp("2026-03-02")).all()


def test_the_worked_example_gives_the_numbers_of_the_definitions() -> None:
    example = datasets.worked_example()
    assert sf.funnel(example.log, example.pipeline)["reached"].tolist() == [9, 2, 3, 3, 8, 7]
    filled = sf.funnel(example.log, example.pipeline, kind="conversions")
    assert filled["reached"].tolist() == [10, 7, 8, 7, 7, 6]
    assert filled["left_out"].tolist() == [1] * 6
