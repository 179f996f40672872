"""A horizon that is very short beside the visits: the same chances, out of little memory."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from forecast_cases import END, PIPELINE, STAGES, columns_of, journey, visits_of
from reference.forecast import OVER, WON, chance, occupation, visits_behind
from stagefunnel import _core
from stagefunnel.questions.forecast import bins, fit

OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")


def offers(age: int, unit: int = 10**8) -> sf.StageLog:
    """Six deals as in section 13 of the definitions, a day being so many ticks; one is open for an age."""
    times = [0, 10 * unit, 0, 20 * unit, 0, 30 * unit, 0, 40 * unit, 50 * unit - age, 0]
    stages = ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"]
    rows: dict[str, Any] = {"item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6], "stage": stages, "time": times}
    return sf.StageLog(rows, observed_until=50 * unit)


# Three deals lasted longer than 20 days, and one of them is won on day 30: 1/3. As sure as one of three
# visits is, Beta(1, 2), whose 5% and 95% are 1 − √0.95 and 1 − √0.05. Where steps of 7 ticks begin with the
# age, and where day 30 is in the step that begins within the horizon.
@pytest.mark.parametrize("before", [3, 7])
def test_a_win_within_few_ticks_has_its_chance_and_its_bounds(before: int) -> None:
    log = offers(30 * 10**8 - before)
    table = sf.win_probability(log, OFFER, horizon=7, confidence=0.9)
    one = table.set_index("item").loc[5]
    assert table.attrs["stagefunnel"]["steps"] == 7
    assert one["win"] == pytest.approx(1 / 3)
    # All that leave later are this win and a loss on day 40.
    assert one["win_if_closed"] == pytest.approx(1 / 2)
    assert [one["win_low"], one["win_high"]] == pytest.approx([1 - 0.95**0.5, 1 - 0.05**0.5], abs=0.03)
    row = sf.win_within(log, OFFER, horizon=7, ages=[30 * 10**8 - before]).iloc[0]
    assert row["win"] == pytest.approx(1 / 3)
    total = sf.forecast(log, OFFER, horizon=7).set_index("line").loc["total"]
    assert total["expected_wins"] == pytest.approx(1 / 3)
    assert (total["expected_wins_low"], total["expected_wins_high"]) == (0, 1)
    where = sf.state_occupation(log, OFFER, times=[7])["items"]
    assert where.tolist() == pytest.approx([1 + 2 / 3, 1 / 3, 0])


def test_what_is_won_at_the_end_of_the_horizon_is_no_certain_share() -> None:
    # 23 days and a horizon of 7: the win of day 30 is the last moment, which steps of 7/32 days just miss.
    one = sf.win_probability(offers(23, unit=1), OFFER, horizon=7).set_index("item").loc[5]
    assert one["win"] == pytest.approx(1 / 3)
    assert [one["win_low"], one["win_high"]] == pytest.approx([1 - 0.95**0.5, 1 - 0.05**0.5], abs=0.03)


QUESTIONS: dict[str, Callable[[sf.StageLog], pd.DataFrame]] = {
    "win_probability": lambda log: sf.win_probability(log, OFFER, horizon=7),
    "forecast": lambda log: sf.forecast(log, OFFER, horizon=7),
    "win_within": lambda log: sf.win_within(log, OFFER, horizon=7),
    "state_occupation": lambda log: sf.state_occupation(log, OFFER, times=[7]),
    "backtest": lambda log: sf.backtest(log, OFFER, dates=[35 * 10**8], horizon=7),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_memory_follows_the_exits_and_not_the_length_of_visits(question: str) -> None:
    log = offers(30 * 10**8 - 3)
    tracemalloc.start()
    try:
        QUESTIONS[question](log)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The steps of the oldest visit alone would be 4·10⁹.
    assert peak < 8 * 2**20


@examples(ci=25, night=150)
@given(seed=st.integers(0, 2**32), horizon=st.integers(1, 6))
def test_rows_of_exits_say_what_the_reference_says(seed: int, horizon: int) -> None:
    random = Random(seed)
    journeys = [journey(random) for _ in range(random.randrange(2, 12))]
    log = sf.StageLog(columns_of(journeys), observed_until=END)
    visits = [visit for rows in journeys for visit in visits_of(rows)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "_MOST_NUMBERS", 0)
        patch.setattr(bins, "_MOST_AGES", 0)
        table = sf.win_probability(log, PIPELINE, horizon=horizon, missing="ignore", confidence=0.9)
        where = sf.state_occupation(log, PIPELINE, times=[horizon], missing="ignore")["items"]
    expected = dict.fromkeys([*STAGES, WON, OVER], 0.0)
    row: Any
    for row in table.itertuples():
        one = chance(visits, STAGES, row.stage, int(row.in_stage), horizon)
        for value, other in ((row.win, one.win), (row.win_if_closed, one.win_if_closed)):
            assert value == pytest.approx(np.nan if other is None else float(other), abs=1e-9, nan_ok=True)
        assert row.beyond_support == one.beyond
        if one.beyond:
            expected[row.stage] += 1
            continue
        for name, share in occupation(visits, STAGES, row.stage, int(row.in_stage), horizon).items():
            expected[name] += share
        if one.win == 0:
            n = visits_behind(visits, STAGES, row.stage, int(row.in_stage), horizon)
            assert row.win_high == pytest.approx(1 - 0.1 ** (1 / n), abs=1e-6)
        elif one.win is not None and one.win < 1:
            assert 0 <= row.win_low <= row.win <= row.win_high <= 1
            assert row.win_high > row.win_low
    assert where.tolist() == pytest.approx(list(expected.values()), abs=1e-6)


def many(n: int, length: int, **options: Any) -> sf.StageLog:
    """Return deals that are won at ages that are even up to a length, and open ones in between."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item in range(2 * n):
        age = (item + 1) * length // (2 * n)
        rows["item"].append(item)
        rows["stage"].append("Offer")
        rows["time"].append(3 * length - age if item % 2 else 0)
        if item % 2 == 0:
            rows["item"].append(item)
            rows["stage"].append("Won")
            rows["time"].append(age)
    return sf.StageLog(rows, observed_until=3 * length, **options)


def test_bins_that_are_joined_are_as_sure_as_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # A horizon holds one exit or none, and a few hundred bins have some.
    log, horizon = many(600, 10**7), 10_000
    alone = sf.win_probability(log, OFFER, horizon=horizon)
    monkeypatch.setattr(fit, "MOST_OF_ITEMS", 0)  # 96 bins
    joined = sf.win_probability(log, OFFER, horizon=horizon)
    assert alone["win"].equals(joined["win"])
    some = alone["win"].between(0, 1, inclusive="neither")
    assert some.sum() > 100
    # The chance of one visit of many is that of a gamma number with the mean 1: 0.05 and 3.0 times as high.
    for name, least, most in (("win_low", 0.03, 0.08), ("win_high", 2.6, 3.4)):
        for table in (alone, joined):
            ratio = (table[name] / table["win"])[some & (alone["win"] < 0.02)]
            assert least < ratio.min() <= ratio.max() < most


def test_bins_that_nobody_is_in_are_not_drawn_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log, horizon = many(600, 10**7), 10_000
    columns = ["item", "win", "win_low", "win_high"]
    table = sf.win_probability(log, OFFER, horizon=horizon)[columns]
    sums = sf.forecast(log, OFFER, horizon=horizon)
    monkeypatch.setattr(bins.Bins, "seen_from", every_bin)
    drawn = sf.win_probability(log, OFFER, horizon=horizon)[columns]
    pd.testing.assert_frame_equal(drawn, table, rtol=1e-9)
    pd.testing.assert_frame_equal(sf.forecast(log, OFFER, horizon=horizon), sums, rtol=1e-9)


def every_bin(own: bins.Bins, at: npt.NDArray[np.int64]) -> tuple[bins.Bins, npt.NDArray[np.int64]]:
    return replace(own, number=np.arange(len(own.weight))), at


def test_the_bounds_of_bins_that_are_joined_are_near_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    # Half of 4,000 deals end, so that few are at risk at the highest ages.
    rng = np.random.default_rng(5)
    age = np.sort(rng.exponential(10**7, 4_000).astype(np.int64))
    begun = np.where(np.arange(4_000) % 2 == 0, 0, int(age[-1]) - age)
    won = {"item": np.arange(0, 4_000, 2), "stage": "Won", "time": age[::2]}
    rows = pd.concat(
        [pd.DataFrame({"item": np.arange(4_000), "stage": "Offer", "time": begun}), pd.DataFrame(won)]
    )
    log = sf.StageLog(rows, observed_until=int(age[-1]))
    alone = sf.win_probability(log, OFFER, horizon=20_000)
    monkeypatch.setattr(fit, "MOST_OF_ITEMS", 256)
    joined = sf.win_probability(log, OFFER, horizon=20_000)
    assert alone["win"].equals(joined["win"])
    some = alone["win"].between(0, 1, inclusive="neither")
    for name, most in (("win_low", 2.5), ("win_high", 1.5)):
        ratio = (joined[name] / alone[name])[some]
        assert ratio.median() == pytest.approx(1, abs=0.1)
        assert ratio.between(1 / most, most).mean() > 0.95
    assert joined["win_high"][some].max() < 2 * alone["win_high"][some].max()


@pytest.mark.parametrize("question", ["forecast", "state_occupation"])
def test_one_two_and_three_threads_follow_exits_to_the_same_bytes(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    follow = _core.stats.follow_exits

    def follow_and_note(**options: Any) -> Any:
        assert len(options["stage"]) >= 3 * 2**14  # fewer are not worth three threads
        asked.append(options["threads"])
        return follow(**options)

    monkeypatch.setattr(_core.stats, "follow_exits", follow_and_note)
    monkeypatch.setattr(fit, "_MOST_NUMBERS", 0)
    found = []
    for threads in (1, 2, 3):
        log = many(50_000, 10**8, threads=threads)
        options = {"times": [10_000]} if question == "state_occupation" else {"horizon": 10_000}
        found.append(getattr(sf, question)(log, OFFER, **options))
    assert set(asked) == {1, 2, 3}
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0], other, check_exact=True)


def test_ages_of_a_visit_of_two_hundred_years_are_not_below_zero() -> None:
    times = pd.to_datetime(["1900-01-01", "2099-12-31", "1990-01-01"]).as_unit("ns")
    log = sf.StageLog({"item": [1, 1, 2], "stage": ["Offer", "Won", "Offer"], "time": times})
    table = sf.win_within(log, OFFER, horizon="1h", missing="ignore")
    assert table["age"].is_monotonic_increasing
    assert table["age"].iloc[[0, -1]].tolist() == [pd.Timedelta(0), times[1] - times[0]]
    # The only win is at the last age: within an hour of no age that is listed but one an hour before it.
    assert table["win"].iloc[:-1].tolist() == [0] * (len(table) - 1)


def test_what_is_shown_says_until_when() -> None:
    log = offers(15, unit=1)
    assert "expected to be won before 65" in str(sf.show(sf.win_probability(log, OFFER, horizon=15)))
    assert "Chance to be won before 65, by stage" in str(sf.show(sf.win_within(log, OFFER, horizon=15)))
    assert "expected to be won;" in str(sf.show(sf.win_probability(log, OFFER)))
