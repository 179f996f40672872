"""Kaplan and Meier's curve, its quantiles and means, and the log-rank test, on plain arrays."""

import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from reference.incidence import Spell, curve

#: Remission of leukaemia in weeks under 6-MP and a placebo: E. J. Freireich and others, "The effect of
#: 6-mercaptopurine on the duration of steroid-induced remissions in acute leukemia", Blood 21, 1963; every
#: textbook of survival analysis has it.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


@st.composite
def spells(draw: st.DrawFn) -> list[Spell]:
    found = []
    for _ in range(draw(st.integers(1, 25))):
        end = draw(st.integers(0, 12))
        entry = draw(st.none() | st.integers(-2, end - 1)) if end > 0 else None
        found.append(Spell(end, draw(st.sampled_from(["left", None])), entry))
    return found


def columns_of(drawn: list[Spell]) -> dict[str, Any]:
    return {
        "time": [spell.exit for spell in drawn],
        "event": [spell.cause is not None for spell in drawn],
        "entry": [np.nan if spell.entry is None else spell.entry for spell in drawn],
    }


def test_the_curve_of_the_textbooks() -> None:
    """D. G. Kleinbaum and M. Klein, "Survival Analysis", 3rd edition, table 2.2."""
    table = sf.stats.kaplan_meier(TREATED, RELAPSED)
    assert list(table) == ["time", "at_risk", "events", "survival", "se", "low", "high"]
    assert table["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert table["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert table["events"].tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert table["survival"].round(4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert table["se"].round(4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]


def test_the_medians_of_the_textbooks() -> None:
    """23 weeks under treatment and 8 under placebo."""
    time, event = TREATED + PLACEBO, RELAPSED + [1] * 21
    group = ["treated"] * 21 + ["placebo"] * 21
    table = sf.stats.survival_quantiles(time, event, group=group, quantiles=[0.5])
    assert list(table) == ["group", "quantile", "value", "low", "high"]
    assert table["group"].tolist() == ["placebo", "treated"]
    assert table["value"].tolist() == [8, 23]
    assert math.isnan(table["high"][1])


def test_the_log_rank_test_of_the_textbooks() -> None:
    """Kleinbaum and Klein, chapter 2: a statistic of 16.79."""
    found = sf.stats.logrank(TREATED + PLACEBO, RELAPSED + [1] * 21, ["t"] * 21 + ["p"] * 21)
    assert list(found) == ["statistic", "df", "p_value"]
    assert found["statistic"][0] == pytest.approx(16.79, abs=0.005)
    assert found["df"][0] == 1


def test_where_the_curve_is_flat_at_the_share_it_is_the_middle() -> None:
    """The median of 2, 4, 6, 8 is 5 as of any numbers, and 6 once the last two are one of 6 and one open."""
    assert sf.stats.survival_quantiles([2, 4, 6, 8], [1, 1, 1, 1], quantiles=[0.5])["value"][0] == 5
    ends = sf.stats.survival_quantiles([2, 4, 8, 8], [1, 1, 0, 0], quantiles=[0.5, 0.75])
    assert ends["value"][0] == 6  # flat from 4 until the last one is watched, at 8
    assert math.isnan(ends["value"][1])


@given(times=st.lists(st.integers(0, 20), min_size=1, max_size=30), share=st.sampled_from([0.25, 0.5, 0.75]))
@examples(ci=40, night=400)
def test_without_open_ones_the_median_is_that_of_the_numbers(times: list[int], share: float) -> None:
    found = sf.stats.survival_quantiles(times, [True] * len(times), quantiles=[0.5, share])["value"]
    assert found[0] == np.median(times)
    assert found[1] == np.quantile(times, share, method="averaged_inverted_cdf")


def test_a_restricted_mean_by_hand() -> None:
    """One until 2, 3/4 until 4, 1/2 until 6: 2 + 1.5 + 1.

    Areas behind the events: 2.5 and 1, so that the variance is 2.5²/(4 · 3) + 1²/(3 · 2).
    """
    found = sf.stats.restricted_mean([2, 4, 5, 8], [1, 1, 0, 1], tau=6)
    assert list(found) == ["tau", "mean", "se"]
    assert found["mean"][0] == 4.5
    assert found["se"][0] == pytest.approx(math.sqrt(2.5**2 / 12 + 1 / 6))


def test_a_mean_beyond_what_was_watched_is_missing_unless_all_have_ended() -> None:
    assert math.isnan(sf.stats.restricted_mean([2, 4], [1, 0], tau=5)["mean"][0])
    assert sf.stats.restricted_mean([2, 4], [1, 1], tau=5)["mean"][0] == 3


def test_lengths_of_time_stay_lengths_of_time() -> None:
    lengths, ended = pd.to_timedelta(["2D", "4D", "6D", "8D"]), [1, 1, 1, 1]
    assert sf.stats.survival_quantiles(lengths, ended, quantiles=[0.5])["value"][0] == pd.Timedelta("5D")
    found = sf.stats.restricted_mean(lengths, ended, tau=pd.Timedelta("5D"))
    assert found["tau"][0] == pd.Timedelta("5D")
    assert found["mean"][0] == pd.Timedelta("4D")  # 2 + 3/4 · 2 + 1/2 · 1
    pd.testing.assert_frame_equal(sf.stats.restricted_mean(lengths, ended, tau="5d"), found)
    with pytest.raises(sf.SchemaError, match="tau='soon' is not a length of time"):
        sf.stats.restricted_mean(lengths, ended, tau="soon")
    with pytest.raises(sf.SchemaError, match="tau= and time= are not of one kind"):
        sf.stats.restricted_mean(lengths, ended, tau=5)


@given(drawn=spells())
@examples(ci=60, night=600)
def test_it_is_the_reference(drawn: list[Spell]) -> None:
    table = sf.stats.kaplan_meier(**columns_of(drawn))
    expected = curve(drawn, ["left"])
    assert table["at_risk"].tolist() == [point.at_risk for point in expected]
    assert table["events"].tolist() == [point.events["left"] for point in expected]
    np.testing.assert_allclose(table["survival"], [float(p.survival) for p in expected], atol=1e-12)
    variance = [float(point.survival_variance) for point in expected]
    np.testing.assert_allclose(table["se"] ** 2, variance, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_statsmodels_and_scipy(seed: int) -> None:
    from scipy import stats
    from statsmodels.duration.survfunc import SurvfuncRight

    random = np.random.default_rng(seed)
    time, event = random.integers(1, 30, 80), random.integers(0, 2, 80)
    time[:2], event[:2] = (30, 0), (0, 1)  # the others divide by zero, or warn, at curves of 0 and 1
    table = sf.stats.kaplan_meier(time, event)
    other = SurvfuncRight(time, event)
    np.testing.assert_allclose(table["survival"], other.surv_prob, rtol=1e-9)
    np.testing.assert_allclose(table["se"], other.surv_prob_se, rtol=1e-9)
    scipys = stats.ecdf(stats.CensoredData.right_censored(time, event == 0)).sf
    steps = scipys.evaluate(table["time"])
    np.testing.assert_allclose(table["survival"], steps, rtol=1e-9)
    bounds = scipys.confidence_interval(method="log-log")
    np.testing.assert_allclose(table["low"], bounds.low.evaluate(table["time"]), rtol=1e-9)
    np.testing.assert_allclose(table["high"], bounds.high.evaluate(table["time"]), rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_scikit_survival(seed: int) -> None:
    from sksurv.nonparametric import kaplan_meier_estimator

    random = np.random.default_rng(seed)
    time, entry = random.integers(5, 30, 80), random.integers(0, 4, 80)
    event = random.integers(0, 2, 80).astype(bool)
    times, survival = kaplan_meier_estimator(event, time, time_enter=entry, time_min=5)
    table = sf.stats.kaplan_meier(time, event, entry=entry, times=times)
    np.testing.assert_allclose(table["survival"], survival, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_log_rank_test_agrees_with_statsmodels_and_scipy(seed: int) -> None:
    from scipy import stats
    from statsmodels.duration.survfunc import survdiff

    random = np.random.default_rng(seed)
    time, event, group = random.integers(1, 30, 90), random.integers(0, 2, 90), random.integers(0, 3, 90)
    found = sf.stats.logrank(time, event, group).iloc[0]
    statistic, p_value = survdiff(time, event, group)
    assert found["statistic"] == pytest.approx(statistic, rel=1e-9)
    assert found["p_value"] == pytest.approx(p_value, rel=1e-9)
    one, other = (stats.CensoredData.right_censored(time[group == k], event[group == k] == 0) for k in (0, 1))
    two = sf.stats.logrank(time[group < 2], event[group < 2], group[group < 2]).iloc[0]
    assert two["p_value"] == pytest.approx(stats.logrank(one, other).pvalue, rel=1e-9)


def test_nothing_to_test_is_missing() -> None:
    for time, event, group in (([1, 2], [1, 1], ["a", "a"]), ([1, 2], [0, 0], ["a", "b"]), ([], [], [])):
        found = sf.stats.logrank(time, event, group)
        assert found[["statistic", "p_value"]].isna().all().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sf.stats.kaplan_meier([1, 2], ["yes", "no"]), "event= is 'yes' at place 0"),
        (lambda: sf.stats.kaplan_meier([1, 2], [1, 2]), "event= is 2 at place 1"),
        (
            lambda: sf.stats.survival_quantiles([1], [1], quantiles=[1.5]),
            "quantiles=1.5 is not between 0 and 1",
        ),
        (lambda: sf.stats.survival_quantiles([1], [1], quantiles="half"), "quantiles='half' is not a list"),
        (lambda: sf.stats.restricted_mean([1], [1], tau=0), "tau=0 is not after the beginning"),
        (lambda: sf.stats.restricted_mean([1], [1], tau=pd.Timedelta("1D")), "are not of one kind"),
        (lambda: sf.stats.logrank([1], [1], None), "group= is missing"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize("times", [None, [1, 2]])
def test_no_spells_are_in_no_group(times: Any) -> None:
    table = sf.stats.kaplan_meier([], [], group=[], times=times)
    assert list(table)[:3] == ["group", "time", "at_risk"]
    assert table.empty
    assert sf.stats.survival_quantiles([], [], group=[]).empty
    assert sf.stats.restricted_mean([], [], group=[], tau=3).empty


@pytest.mark.parametrize("time", [[], np.zeros(0, dtype=int), pd.to_timedelta([])])
def test_no_spells_have_no_mean(time: Any) -> None:
    tau = pd.Timedelta(days=3) if isinstance(time, pd.TimedeltaIndex) else 3
    table = sf.stats.restricted_mean(time, [], tau=tau)
    assert table["mean"].isna().tolist() == [True]
    assert table["se"].isna().tolist() == [True]


FLAGS: dict[str, Any] = {
    "bool": np.array([True, False, True, False]),
    "int8": np.array([1, 0, 1, 0], dtype=np.int8),
    "float": np.array([1.0, np.nan, 1.0, 0.0]),
    "objects": np.array([True, None, 1, 0], dtype=object),
    "nullable": pd.Series([True, None, True, False], dtype="boolean"),
    "whole": pd.Series([1, None, 1, 0], dtype="Int64"),
    "tuple": (True, None, 1.0, False),
    "list": [True, False, True, False],
    "list of numbers": [1, 0, np.int64(1), 0],
    "list with missing ones": [True, pd.NA, True, False],
    "Arrow": pa.array([True, None, True, False]),
    "polars": pl.Series([True, None, True, False]),
    "masked": np.ma.masked_array([1, 1, 1, 0], mask=[0, 1, 0, 0]),
}


@pytest.mark.parametrize("name", FLAGS)
def test_yes_and_no_may_be_of_any_type(name: str) -> None:
    expected = sf.stats.kaplan_meier([1, 2, 3, 4], [True, False, True, False])
    pd.testing.assert_frame_equal(sf.stats.kaplan_meier([1, 2, 3, 4], FLAGS[name]), expected)


@pytest.mark.parametrize(
    "event",
    [
        *([1, 2], [1, 255], [1, -1], [1, 256], np.array([1, 2]), np.array([0.0, 2.0]), ["yes", "no"]),
        np.array([True, "no"], dtype=object),
    ],
)
def test_an_event_that_is_neither_is_named_with_its_place(event: Any) -> None:
    place = 0 if event[0] == "yes" else 1
    with pytest.raises(sf.SchemaError, match=f"at place {place}, which is not True or False, 1 or 0"):
        sf.stats.kaplan_meier([1, 2], event)
